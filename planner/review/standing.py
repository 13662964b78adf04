"""How a run stands that still goes on: what has ended, and how likely its deadline is by now."""

from bisect import bisect_right
from dataclasses import dataclass
from datetime import datetime

from planner.plan import Plan
from planner.review.actual import Actual
from planner.review.reading import Found


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """Batches by state, with their requests; `requests` of the whole input, 0 where not known.

    `elapsed_s` since the first batch was made. Of the simulated runs `done_by_now` had ended by
    then; of the `runs_left` that had not, `deadline_chance` end by the deadline. None without a
    plan, a deadline, or such a run.
    """

    ended: int
    ended_requests: int
    at_work: int
    at_work_requests: int
    doubts: int
    requests: int
    elapsed_s: float | None
    done_by_now: float | None
    runs_left: int
    deadline_s: float
    deadline_chance: float | None


def standing_of(found: Found, actual: Actual) -> Standing | None:
    """How the run stands, None where it has ended."""
    if not actual.running:
        return None
    ended = [each for each in actual.own if each.ended]
    at_work = [each for each in actual.own if not each.ended]
    elapsed = elapsed_s(actual)
    times = actual.planned.forecast.makespans_s if actual.planned else ()
    deadline = _deadline_s(actual.planned, actual.first_created or actual.began)
    passed = None if elapsed is None or not times else bisect_right(times, elapsed)
    left = 0 if passed is None else len(times) - passed
    chance = None
    if passed is not None and deadline and left:
        chance = max(0, bisect_right(times, deadline) - passed) / left
    return Standing(
        ended=len(ended),
        ended_requests=sum(each.requests for each in ended),
        at_work=len(at_work),
        at_work_requests=sum(each.requests for each in at_work),
        doubts=len(found.journal.doubts) if found.journal else 0,
        requests=found.journal.requests if found.journal else 0,
        elapsed_s=elapsed,
        done_by_now=None if passed is None else passed / len(times),
        runs_left=left,
        deadline_s=deadline,
        deadline_chance=chance,
    )


def elapsed_s(actual: Actual) -> float | None:
    """Seconds from the first batch to the latest moment that is known."""
    began = actual.first_created or actual.began
    if began is None or actual.seen_at is None:
        return None
    return max(0.0, (actual.seen_at - began).total_seconds())


def _deadline_s(plan: Plan | None, began: datetime | None) -> float:
    """Seconds from the first batch to the deadline; 0 without one."""
    if plan is None:
        return 0.0
    goal = plan.scenario.goal
    if goal.deadline_at and began:
        return max(0.0, (datetime.fromisoformat(goal.deadline_at) - began).total_seconds())
    return goal.deadline_s
