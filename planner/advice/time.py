"""Say whether the run is done in time: by the deadline, or by another way that is."""

from collections.abc import Iterator

from planner import scenario
from planner.advice.caveat import Caveat, Change
from planner.plan import Plan
from planner.words import count, deadline, duration, money, percent, share


def _deadline(plan: Plan) -> Iterator[Caveat]:
    goal, chance = plan.scenario.goal, plan.forecast.deadline_probability
    if chance is None or chance >= goal.confidence:
        return
    hours = int(-(-plan.confident_s // 3600))  # rounded up
    allowed = hours <= scenario.field("goal.deadline_h").high
    fix: Change = {"goal.deadline_h": hours} if allowed else {}
    yield Caveat(
        code="deadline-unlikely",
        severity="warns",
        message=(
            f"The chance of being done {deadline(goal.deadline_h, goal.deadline_at)} is "
            f"{share(chance)}, "
            f"below the {percent(goal.confidence)} asked for."
        ),
        fix=fix,
        fix_label=f"Allow {count(hours)} h" if fix else "",
    )


def _real_time_is_near(plan: Plan) -> Iterator[Caveat]:
    fast, deadline_s = plan.realtime, plan.scenario.goal.deadline_s
    late = (plan.forecast.deadline_probability or 0) < plan.scenario.goal.confidence
    if deadline_s and late and fast and fast.seconds <= deadline_s:
        yield Caveat(
            code="realtime-meets-deadline",
            severity="notes",
            message=(
                "In real time the rate limits allow the workload in "
                f"{duration(fast.seconds)}, for {money(plan.cost.realtime_usd)}."
            ),
        )


RULES = (_deadline, _real_time_is_near)
