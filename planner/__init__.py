"""Plan a workload for the Message Batches API: batches, cost, time, chances, programs.

    >>> from planner import make_plan, parse
    >>> plan = make_plan(parse({"workload": {"requests": 10_000}}))
    >>> plan.cost.batch_usd
    Decimal('55')

Standard library only; the same package runs under CPython and in the browser.
"""

from planner.errors import Problem, ScenarioError
from planner.plan import Plan, make_plan
from planner.scenario import Scenario, parse

__version__ = "1.0.0"

__all__ = ["Plan", "Problem", "Scenario", "ScenarioError", "__version__", "make_plan", "parse"]
