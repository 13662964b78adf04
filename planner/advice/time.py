"""Say whether the run is done in time: by the deadline, or by another way that is."""

from collections.abc import Iterator

from planner.advice.caveat import Caveat
from planner.plan import Plan
from planner.words import deadline, duration, money, percent, share, share_below, share_of_runs


def likely(plan: Plan, chance: float) -> str:
    """The chance of the deadline in words, as exact as the runs of the plan can tell it."""
    forecast, confidence = plan.forecast, plan.scenario.goal.confidence
    # runs that are all alike were not drawn: their share is certain, not a sample
    alike = forecast.makespans_s[0] == forecast.makespans_s[-1]
    words = share(chance) if alike else share_of_runs(chance, forecast.replications)
    return share_below(chance, confidence) if chance < confidence and words[0].isdigit() else words


def _deadline(plan: Plan) -> Iterator[Caveat]:
    goal, chance = plan.scenario.goal, plan.forecast.deadline_probability
    if chance is None or chance >= goal.confidence:
        return
    yield Caveat(
        code="deadline-unlikely",
        severity="warns",
        message=(
            f"The chance of being done {deadline(goal.deadline_h, goal.deadline_at)} is "
            f"{likely(plan, chance)}, below the {percent(goal.confidence)} asked for; they are reached within "
            f"{duration(plan.confident_s)}."
        ),
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
