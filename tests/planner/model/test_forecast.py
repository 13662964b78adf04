"""A cut is forecast from so many runs as its size allows, and the best cut is found."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from planner.model.cut import Bounds, Choice, Cut
from planner.model.durations import DurationModel
from planner.model.forecast import Work, chosen, forecast_of, not_before
from planner.model.simulate import MAX_REPLICATIONS, MOST_BATCHES, Rules, Run, simulate
from planner.model.summary import summarise
from planner.scenario import Goal, Retries
from tests.durations import AT_ONCE, lasting
from tests.kept import kept

DAY_S = 86_400.0
NEVER_FAIL = Retries(max=0, transient_rate=0.0)
WIDE = Bounds(largest=1000, queue_requests=500_000, most_open=100)
ALONE = Cut(100, 1)
SECOND = lasting(1.0)


def work(
    *sent: int,
    durations: DurationModel = SECOND,
    primes: bool = False,
    retry: Retries = NEVER_FAIL,
    deadline_s: float = 0.0,
    seed: int = 1,
) -> Work:
    """Requests of each round as expected, in batches that are polled every second."""
    return Work(
        sent=sent,
        primes=primes,
        durations=durations,
        rules=Rules(
            concurrent=7,
            queue_requests=10**9,
            poll_s=1.0,
            expiry_s=DAY_S,
            shared_load=0.0,
            retry=retry,
            batch_requests=7,
            writing=AT_ONCE,
        ),
        seed=seed,
        confidence=0.9,
        deadline_s=deadline_s,
    )


# ---- beside real time

SOME = summarise(
    [Run(kept(), 0, float(seconds), 0) for seconds in range(1, 101)],
    confidence=0.9,
    deadline_s=60.0,
)


def goal(deadline_s: float = 0.0) -> Goal:
    """As sure as SOME is, by a deadline."""
    return Goal(confidence=0.9, deadline_h=deadline_s / 3600)


def test_a_run_is_not_done_before_what_goes_in_real_time() -> None:
    """After 70 s in real time no run is done sooner, and those that are later stay as they are."""
    late = not_before(70.0, SOME, goal())
    assert late.makespans_s == (*[70.0] * 70, *map(float, range(71, 101)))
    typical = (late.p50, late.p85, late.p95, late.confident)
    assert [run.makespan_s for run in typical] == [70.0, 85.0, 95.0, 90.0]
    latest = not_before(99.0, SOME, goal())
    assert {run.makespan_s for run in (latest.p85, latest.p95, latest.confident)} == {99.0}


@pytest.mark.parametrize(
    ("seconds", "deadline_s", "chance"),
    [(0.0, 60.0, 0.6), (59.0, 60.0, 0.6), (60.0, 60.0, 0.6), (60.1, 60.0, 0.0), (70.0, 0.0, None)],
)
def test_the_deadline_is_missed_in_real_time(
    seconds: float, deadline_s: float, chance: float | None
) -> None:
    """By more than nothing; without a deadline there is none to miss."""
    assert not_before(seconds, SOME, goal(deadline_s)).deadline_probability == chance


# ---- one cut


def test_a_cut_is_what_is_simulated() -> None:
    """250 requests in batches of 100, two at a time: the third waits for the first."""
    forecast = forecast_of(work(250), Cut(100, 2))
    assert [(each.requests, each.submitted_s) for each in forecast.p50.records] == [
        (100, 0.0),
        (100, 0.0),
        (50, 1.0),
    ]
    assert forecast.makespans_s == (2.0,) * forecast.replications


def test_a_batch_of_one_goes_first() -> None:
    """It primes the cache: the others wait until it was noticed."""
    forecast = forecast_of(work(251, primes=True), Cut(100, 3))
    assert [(each.requests, each.submitted_s) for each in forecast.p50.records] == [
        (1, 0.0),
        (100, 1.0),
        (100, 1.0),
        (50, 1.0),
    ]


def test_retry_rounds_are_cut_alike() -> None:
    """What fails is sent again in batches of the same size."""
    half = Retries(max=1, base_delay_s=0.0, transient_rate=0.5)
    records = forecast_of(work(400, 200, retry=half), ALONE).p50.records
    again = [each.requests for each in records if each.round == 1]
    assert len(again) >= 2 and set(again[:-1]) == {100}


def test_the_goal_is_asked_of_the_runs() -> None:
    """Three batches, one after the other, take three seconds; the run at the confidence is 0.9's."""
    meets = forecast_of(work(300, deadline_s=3.0), ALONE)
    assert meets.deadline_probability == 1.0
    assert forecast_of(work(300, deadline_s=2.9), ALONE).deadline_probability == 0.0
    assert meets.confident.makespan_s == meets.done_by(0.9) == 3.0


@pytest.mark.parametrize(
    ("sent", "most_batches", "runs"),
    [
        ((1000,), MOST_BATCHES, MAX_REPLICATIONS),  # as many as any small plan
        ((1000,), 500, 50),  # ten batches a run
        ((1001,), 500, 45),  # eleven
        ((1000, 100), 500, 45),  # ten and one
        ((1000,), 50, 8),  # few say little
        ((160_000,), 50, 5),  # five runs of 1,600 batches are 8,000
        ((500_000,), 50, 2),  # one alone says nothing
    ],
)
def test_runs_are_what_is_affordable(sent: tuple[int, ...], most_batches: int, runs: int) -> None:
    """So many batches are simulated that all runs together stay within what is allowed."""
    forecast = forecast_of(work(*sent), ALONE, most_batches=most_batches)
    assert forecast.replications == runs


def test_batches_may_come_back_in_every_round() -> None:
    """Ten, up to ten times again: a run may have 110, of which three times 1,100 are 30 runs, though
    1,100 would do for 110."""
    often = Retries(max=10, transient_rate=0.0)
    forecast = forecast_of(work(1000, retry=often), ALONE, most_batches=1100)
    assert forecast.replications == 30
    # 1,000 batches that may come eleven times: fewer than eight, for 8,000 are looked at
    assert forecast_of(work(100_000, retry=often), ALONE, most_batches=50).replications == 2
    # and 200 of them: 8,000 of 2,200
    assert forecast_of(work(20_000, retry=often), ALONE, most_batches=50).replications == 3


def test_cuts_that_are_compared_have_equally_many_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many as the one of the most batches would have alone; none is simulated twice for it."""
    seen: list[tuple[int, int]] = []

    def seeing(stages: Sequence[Sequence[int]], *rules: Any, runs: int, seed: int) -> Sequence[Run]:
        seen.append((len(stages[0]), runs))
        return simulate(stages, *rules, runs=runs, seed=seed)

    monkeypatch.setattr("planner.model.simulate.simulate", seeing)
    chosen(work(3001), Cut(0, 0), WIDE)
    # 100 batches make 12 runs of 8, but no fewer than 8 are asked for
    assert seen[:4] == [(8, 12), (4, 12), (12, 8), (4, 8)]
    assert len(set(seen)) == len(seen)


def test_runs_are_kept() -> None:
    """What differs in the goal alone is not simulated again."""
    one = forecast_of(work(1000), ALONE, most_batches=101)
    other = forecast_of(work(1000, deadline_s=5.0), ALONE, most_batches=101)
    assert one.runs[0] is other.runs[0]
    assert forecast_of(work(1000, seed=2), ALONE, most_batches=101).runs[0] is not one.runs[0]


# ---- the best cut


def test_the_largest_where_size_costs_nothing() -> None:
    """Of batches that all take a second, the fewest."""
    assert chosen(work(3000), Cut(0, 0), WIDE) == Choice(cut=Cut(1000, 3), reason="largest")


def test_smaller_where_that_is_sooner() -> None:
    """A request takes a second, and a batch works on them one by one: 100 at once, thrice."""
    by_size = lasting(float)
    choice = chosen(work(3000, durations=by_size), Cut(0, 0), WIDE)
    assert choice == Choice(cut=Cut(10, 100), reason="sooner", gain_s=970.0)


def test_what_was_asked_for_stays() -> None:
    """Of two open answers the one that is given."""
    by_size = lasting(float)
    assert chosen(work(3000, durations=by_size), Cut(700, 0), WIDE).cut == Cut(700, 5)
    assert chosen(work(3000, durations=by_size), Cut(0, 3), WIDE).cut == Cut(1000, 3)


def test_the_request_that_primes_is_in_no_batch_of_the_cut() -> None:
    """2,000 that follow it make two full batches."""
    assert chosen(work(2001, primes=True), Cut(0, 0), WIDE).cut == Cut(1000, 2)
    assert chosen(work(2001), Cut(0, 0), WIDE).cut == Cut(667, 3)


def test_batches_that_expire_are_avoided() -> None:
    """Above 500 requests they do; smaller ones take longer and lose nothing."""
    late = lasting(lambda requests: DAY_S + 1 if requests > 500 else DAY_S)
    choice = chosen(work(3000, durations=late), Cut(0, 0), WIDE)
    assert (choice.cut, choice.reason) == (Cut(500, 6), "expiry")
    assert chosen(work(3000, durations=lasting(DAY_S + 1)), Cut(0, 0), WIDE).reason == "largest"


def test_a_choice_is_made_once() -> None:
    """The same work, asked for the same, is not compared again."""
    some = work(3000)
    assert chosen(some, Cut(0, 0), WIDE) is chosen(replace(some), Cut(0, 0), WIDE)
