"""Say whether the goal is met, and if nothing meets it what is missing and what would have to change."""

import re
from collections.abc import Iterator, Sequence

from planner.advice.caveats import blocking
from planner.advice.time import likely
from planner.advice.ways import Way
from planner.plan import Plan
from planner.show.rows import when
from planner.words import count, deadline, money, percent


def verdict_words(plan: Plan) -> str:
    """The verdict on the goal in one sentence; what blocks the run goes first, "" without either."""
    for caveat in blocking(plan)[:1]:
        why = re.split(r"[.:] ", caveat.message)[0].removesuffix(".")  # the caveat says the rest
        return f"It cannot run like this: {why.replace('The ', 'the ', 1)}."
    parts = [*_in_time(plan), *_in_budget(plan)]
    if not parts:
        return ""
    sentence = " and ".join(parts)
    return f"{sentence[0].upper()}{sentence[1:]}."


def _in_time(plan: Plan) -> Iterator[str]:
    goal, chance = plan.scenario.goal, plan.forecast.deadline_probability
    if chance is not None:
        yield f"{likely(plan, chance)} likely to be done {deadline(goal.deadline_h, goal.deadline_at)}"


def _in_budget(plan: Plan) -> Iterator[str]:
    budget, cost = plan.scenario.goal.budget_usd, plan.cost.batch_usd
    if budget and cost > budget:
        yield f"{money(cost - budget)} above the budget"
    elif budget:
        yield f"{money(budget - cost)} below the budget"


def missing(plan: Plan, ways: Sequence[Way]) -> str:
    """What to know of the ways: nothing where one meets the goal, else what would have to change."""
    goal = plan.scenario.goal
    if any(way.meets for way in ways) or not (goal.deadline_s or goal.budget_usd):
        return ""
    able = [way for way in ways if not way.blocked] or list(ways)
    first = f"No way meets the goal; the nearest is {able[0].label}."
    changes = (*_deadline_for(plan, able), *_budget_for(plan, able), *_account_for(plan, ways))
    return " ".join((first, *changes))


def _deadline_for(plan: Plan, ways: Sequence[Way]) -> Iterator[str]:
    """The deadline that the budget allows."""
    if not plan.scenario.goal.deadline_s:
        return
    affordable = [way for way in ways if way.in_budget]
    if affordable:
        soonest = min(affordable, key=lambda way: way.confident_s)
        sure = percent(plan.scenario.goal.confidence)
        money_words = " within the budget" if plan.scenario.goal.budget_usd else ""
        yield (
            f"The earliest time that is {sure} sure{money_words} is "
            f"{when(plan, soonest.confident_s)}, with {soonest.label}."
        )


def _budget_for(plan: Plan, ways: Sequence[Way]) -> Iterator[str]:
    """The budget that the deadline needs."""
    if not plan.scenario.goal.budget_usd:
        return
    timely = [way for way in ways if way.in_time]
    if timely:
        least = min(timely, key=lambda way: way.usd)
        in_time = " in time" if plan.scenario.goal.deadline_s else ""
        yield f"The least that it costs{in_time} is {money(least.usd)}, with {least.label}."


def _account_for(plan: Plan, ways: Sequence[Way]) -> Iterator[str]:
    """What of the account stands in the way: its monthly limit, its queue."""
    account, tier = plan.account, plan.account.tier.name
    left = account.spend_left_usd
    if left is not None and all(way.usd > left for way in ways):
        yield f"The monthly limit of tier {tier} leaves {money(left)}: too little for any of them."
    if plan.rounds[0].sent > account.queue_requests:
        yield (
            f"The queue limit of tier {tier}, {count(account.queue_requests)} requests, lets the "
            "batches run only one part after the other."
        )
