"""A run that still goes on: what has ended, and how likely its deadline is by now."""

import json
from datetime import timedelta

from planner.plan import make_plan
from planner.review.actual import Actual, actual_of
from planner.review.reading import Found, Reading
from planner.review.standing import Standing, standing_of
from planner.scenario import parse
from tests.planner.review.account import Account, account

PLAN = make_plan(parse({"workload": {"requests": 300}, "goal": {"deadline_h": 9}}))


def found_of(made: Account, share: float) -> Found:
    """What the first part of a journal tells."""
    reading = Reading()
    events = made.journal[: int(len(made.journal) * share)]
    reading.begin("journal.jsonl")
    reading.feed("".join(json.dumps(event) + "\n" for event in events).encode())
    reading.end()
    return reading.found


def standing(now_h: float, share: float = 0.66) -> tuple[Standing | None, Actual]:
    """So many hours after the first batch."""
    found = found_of(account(3), share)
    first = actual_of(found, None).first_created
    assert first
    actual = actual_of(found, PLAN, (first + timedelta(hours=now_h)).isoformat())
    return standing_of(found, actual), actual


def test_batches_by_state() -> None:
    """Ended and at work add up to the run's own batches."""
    told, actual = standing(1.0)
    assert told
    assert (told.ended, told.at_work) == (2, 2)
    assert told.ended_requests + told.at_work_requests == sum(each.requests for each in actual.own)
    assert told.requests == 9  # of the input, as the journal says


def test_the_chance_is_that_of_the_runs_that_are_not_done() -> None:
    """It is what the simulated runs say that took longer than this one so far."""
    times = PLAN.forecast.makespans_s
    for hours in (0.0, 1.0, 3.0, 8.9):
        told, _ = standing(hours)
        assert told and told.elapsed_s == hours * 3600
        left = [time for time in times if time > hours * 3600]
        assert told.runs_left == len(left)
        assert told.done_by_now == (len(times) - len(left)) / len(times)
        assert told.deadline_chance == sum(time <= 9 * 3600 for time in left) / len(left)


def test_past_all_simulated_runs_nothing_is_promised() -> None:
    """No run is left to say anything."""
    told, _ = standing(24 * 60)
    assert told and told.deadline_chance is None and told.done_by_now == 1
    assert told.runs_left == 0


def test_a_deadline_by_the_clock_counts_from_the_first_batch() -> None:
    """The plan's own start is not the run's."""
    made = account(3)
    found = found_of(made, 0.66)
    first = actual_of(found, None).first_created
    assert first
    due = (first.replace(microsecond=0) + timedelta(hours=2)).isoformat()
    goal = {"start_at": "2026-01-01T00:00:00+00:00", "deadline_at": due}
    plan = make_plan(parse({"goal": goal}))
    told = standing_of(found, actual_of(found, plan, first.isoformat()))
    assert told and 2 * 3600 - 1 < told.deadline_s <= 2 * 3600


def test_a_run_that_has_ended_has_no_standing() -> None:
    """Nor one without a plan a chance."""
    assert standing(1.0, share=1.0)[0] is None
    found = found_of(account(3), 0.66)
    told = standing_of(found, actual_of(found, None))
    assert told and told.done_by_now is None and told.deadline_chance is None
