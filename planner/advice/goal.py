"""Search for the scenario that meets a goal."""

import dataclasses
from decimal import Decimal

from planner.plan import cost_of
from planner.scenario import Scenario


def requests_within(scenario: Scenario, usd: Decimal) -> int:
    """How many of the requests that sum buys, everything else unchanged; 0 if not one.

    The scenario itself must cost more.
    """
    # Cost never falls with the requests, but not in proportion: retries and the cache write round.
    fitting, too_many = 0, scenario.workload.requests
    while too_many - fitting > 1:
        middle = (fitting + too_many) // 2
        if cost_of(_with_requests(scenario, middle)).batch_usd <= usd:
            fitting = middle
        else:
            too_many = middle
    return fitting


def _with_requests(scenario: Scenario, requests: int) -> Scenario:
    # not `scenario.replace`, which checks thousands of rows of history again at each step
    return dataclasses.replace(
        scenario, workload=dataclasses.replace(scenario.workload, requests=requests)
    )
