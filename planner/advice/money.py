"""Say whether the money is enough: what is left of a month's limit, and the budget."""

from collections.abc import Iterator
from decimal import Decimal

from planner import facts
from planner.advice.caveat import Caveat, Change
from planner.advice.goal import requests_within
from planner.plan import Plan
from planner.words import counted, money


def _spend(plan: Plan) -> Iterator[Caveat]:
    left, cost = plan.account.spend_left_usd, plan.cost.batch_usd
    if left is None or cost <= left:
        return
    own = plan.scenario.limits.monthly_spend_usd
    fix, label = _fewer_requests(plan, left) if own else _larger_tier(plan, left)
    whose = "your monthly limit" if own else f"the monthly limit of tier {plan.account.tier.name}"
    yield Caveat(
        code="spend-limit",
        severity="blocks",
        message=(
            f"The run costs {money(cost)}, but only {money(left)} are left of {whose}: it would "
            "stop part-way until the first of next month, or until the limit is raised."
        ),
        fix=fix,
        fix_label=label,
    )


def _budget(plan: Plan) -> Iterator[Caveat]:
    budget, cost = plan.scenario.goal.budget_usd, plan.cost.batch_usd
    if budget and cost > budget:
        fix, label = _fewer_requests(plan, budget)
        yield Caveat(
            code="budget-exceeded",
            severity="warns",
            message=(
                f"The run costs {money(cost)}, {money(cost - budget)} more than the budget of "
                f"{money(budget)}."
            ),
            fix=fix,
            fix_label=label,
        )


def _larger_tier(plan: Plan, left: Decimal) -> tuple[Change, str]:
    """The remedy of the smallest tier that lets the run through, or of fewer requests."""
    needed = plan.cost.batch_usd + plan.scenario.limits.spent_this_month_usd
    for tier in facts.tiers():
        if (tier.monthly_spend_usd or 0) >= needed:
            return {"limits.tier": tier.key}, f"Plan with tier {tier.name}"
    return _fewer_requests(plan, left)


def _fewer_requests(plan: Plan, usd: Decimal) -> tuple[Change, str]:
    """The remedy of as many requests as that sum buys; none if it does not buy one."""
    requests = requests_within(plan.scenario, usd)
    if not requests:
        return {}, ""
    return {"workload.requests": requests}, f"Plan {counted(requests, 'request')}"


RULES = (_spend, _budget)
