"""Judge a plan by its goal: is it done by the deadline, within the budget, and can it run at all?"""

from dataclasses import dataclass
from decimal import Decimal

from planner.advice.caveats import blocking
from planner.plan import Plan


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """Whether the deadline and the budget are kept, None where there is none; `blocked`: the run
    would fail or stop.
    """

    deadline: bool | None
    budget: bool | None
    blocked: bool

    @property
    def meets(self) -> bool:
        """Nothing that is asked for is missed."""
        return self.deadline is not False and self.budget is not False and not self.blocked


def verdict(plan: Plan) -> Verdict:
    """The verdict on a plan."""
    goal, chance = plan.scenario.goal, plan.forecast.deadline_probability
    return Verdict(
        deadline=None if chance is None else chance >= goal.confidence,
        budget=within(plan, plan.cost.batch_usd),
        blocked=bool(blocking(plan)),
    )


def within(plan: Plan, usd: Decimal) -> bool | None:
    """Whether a sum is within the budget of the plan's scenario; None if it has none."""
    budget = plan.scenario.goal.budget_usd
    return usd <= budget if budget else None
