"""Say whether the money is enough: what is left of a month's limit, and the budget."""

from collections.abc import Iterator
from decimal import Decimal

from planner import facts
from planner.advice.caveat import Caveat
from planner.advice.goal import requests_within
from planner.plan import Plan
from planner.words import counted, money


def _spend(plan: Plan) -> Iterator[Caveat]:
    left, cost = plan.account.spend_left_usd, plan.cost.batch_usd
    if left is None or cost <= left:
        return
    own = plan.scenario.limits.monthly_spend_usd
    whose = "your monthly limit" if own else f"the monthly limit of tier {plan.account.tier.name}"
    yield Caveat(
        code="spend-limit",
        severity="blocks",
        message=(
            f"The run costs {money(cost)}, but only {money(left)} are left of {whose}: it would "
            "stop part-way until the first of next month, or until the limit is raised. "
            f"{_enough(plan)}{_reach(plan, left)}"
        ),
    )


def _budget(plan: Plan) -> Iterator[Caveat]:
    budget, cost = plan.scenario.goal.budget_usd, plan.cost.batch_usd
    if budget and cost > budget:
        yield Caveat(
            code="budget-exceeded",
            severity="warns",
            message=(
                f"The run costs {money(cost)}, {money(cost - budget)} more than the budget of "
                f"{money(budget)}. {_reach(plan, budget)}"
            ),
        )


def _enough(plan: Plan) -> str:
    """Which tier would let the run through, if it is the tier that does not."""
    needed = plan.cost.batch_usd + plan.scenario.limits.spent_this_month_usd
    if plan.scenario.limits.monthly_spend_usd:
        return ""
    tiers = (tier for tier in facts.tiers() if (tier.monthly_spend_usd or 0) >= needed)
    tier = next(tiers, None)
    return f"Tier {tier.name} would allow it. " if tier else ""


def _reach(plan: Plan, usd: Decimal) -> str:
    """What the sum buys of the workload. It is no remedy, for that is another question."""
    requests = requests_within(plan.scenario, usd)
    return (
        f"That buys {counted(requests, 'request')}." if requests else "That buys not one request."
    )


RULES = (_spend, _budget)
