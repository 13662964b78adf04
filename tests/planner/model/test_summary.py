"""What many runs say together: quantiles, chances, and how full the queue is."""

from fractions import Fraction
from math import ceil, fsum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.model.records import Record
from planner.model.simulate import Run
from planner.model.summary import QueueStep, queue_depth, summarise
from tests.kept import kept
from tests.oracles import depth_at


def run(makespan_s: float, expired: int = 0, given_up: int = 0, *, stopped: bool = False) -> Run:
    """A run of one batch of ten requests."""
    records = kept(Record(0, 10, 0.0, makespan_s, makespan_s, expired))
    return Run(records, given_up, makespan_s, expired, stopped)


def makespans() -> st.SearchStrategy[list[float]]:
    """Makespans of a few runs, in any order, equal ones among them."""
    return st.lists(st.integers(1, 1000).map(float), min_size=1, max_size=200)


# ---- quantiles


def test_quantiles_of_twenty() -> None:
    """Of twenty runs P50 is the tenth, P85 the seventeenth and P95 the nineteenth: nearest ranks."""
    forecast = summarise(
        [run(float(number)) for number in range(20, 0, -1)], confidence=0.9, deadline_s=0.0
    )
    assert (forecast.p50.makespan_s, forecast.p85.makespan_s, forecast.p95.makespan_s) == (
        10.0,
        17.0,
        19.0,
    )
    assert forecast.confident.makespan_s == 18.0


def test_one_run_is_every_quantile() -> None:
    """A single run is all that is known."""
    forecast = summarise([run(5.0)], confidence=0.5, deadline_s=0.0)
    assert {forecast.p50, forecast.p85, forecast.p95, forecast.confident} == {run(5.0)}


@given(makespans(), st.integers(500, 990))
def test_a_quantile_is_the_nearest_rank(times: list[float], thousandths: int) -> None:
    """The smallest run that at least that share of the runs does not exceed, counted in fractions."""
    forecast = summarise(
        [run(time) for time in times], confidence=thousandths / 1000, deadline_s=0.0
    )
    rank = ceil(Fraction(thousandths, 1000) * len(times))
    assert forecast.confident.makespan_s == sorted(times)[rank - 1]
    assert forecast.done_by(thousandths / 1000) == sorted(times)[rank - 1]


@given(makespans())
def test_quantiles_are_in_order(times: list[float]) -> None:
    """P50 is not after P85, and P85 not after P95."""
    forecast = summarise([run(time) for time in times], confidence=0.85, deadline_s=0.0)
    assert forecast.p50.makespan_s <= forecast.p85.makespan_s <= forecast.p95.makespan_s
    assert forecast.p85 == forecast.confident
    assert list(forecast.makespans_s) == sorted(times)
    assert forecast.replications == len(times)


@given(makespans())
def test_a_quantile_is_a_run_that_was_drawn(times: list[float]) -> None:
    """What is shown as typical is a whole run, not a mixture of several."""
    runs = [run(time) for time in times]
    forecast = summarise(runs, confidence=0.6, deadline_s=0.0)
    assert {forecast.p50, forecast.p85, forecast.p95, forecast.confident} <= set(runs)


@given(makespans(), st.integers(0, 1000))
def test_the_chance_of_being_done(times: list[float], by: int) -> None:
    """The share of runs that take no longer; a run that ends on the dot is in time."""
    forecast = summarise([run(time) for time in times], confidence=0.85, deadline_s=float(by))
    share = sum(time <= by for time in times) / len(times)
    assert forecast.chance_by(by) == share
    assert forecast.deadline_probability == (share if by else None)


@given(makespans(), st.integers(1, 100))
def test_done_by_and_chance_by_are_inverse(times: list[float], percent: int) -> None:
    """By the time within which that share is done, at least that share is done; a moment before,
    less.
    """
    forecast = summarise([run(time) for time in times], confidence=0.85, deadline_s=0.0)
    by = forecast.done_by(percent / 100)
    assert forecast.chance_by(by) >= percent / 100 - 1e-9
    assert forecast.chance_by(by - 0.5) < percent / 100


def test_no_deadline_no_chance() -> None:
    """Without a deadline there is nothing to meet."""
    assert summarise([run(5.0)], confidence=0.85, deadline_s=0.0).deadline_probability is None


def test_expiry() -> None:
    """The share of runs in which a batch leaves requests undone, however many."""
    runs = [run(1.0), run(2.0, expired=1), run(3.0, expired=10), run(4.0)]
    assert summarise(runs, confidence=0.85, deadline_s=0.0).expiry_probability == 0.5


def test_what_expires() -> None:
    """The mean over all runs, and what was given up in those in which anything expired."""
    runs = [run(1.0, 4, given_up=7), run(2.0, given_up=9), run(3.0, 2, given_up=3), run(4.0)]
    forecast = summarise(runs, confidence=0.85, deadline_s=0.0)
    assert (forecast.mean_expired, forecast.expiring) == (1.5, (7, 3))
    # two more and none, in four runs: that 3 is fewer than 5 makes nothing good
    assert forecast.more_given_up(5.0) == 0.5
    assert forecast.more_given_up(1.0) == 2.0


def test_batches_of_a_round_have_ended() -> None:
    """The latest of the first two of a round, in each run; 0 where there was no need of it."""
    runs = []
    for late_s in range(1, 5):
        ends = [(0, 5.0), (0, 10.0 * late_s), (0, 99.0), *[(1, 100.0 * late_s)] * (late_s > 2)]
        records = (Record(round_, 1, 0.0, end, end + 1, 0) for round_, end in ends)
        runs.append(Run(kept(*records), 0, 200.0, 0))
    forecast = summarise(runs[::-1], confidence=0.85, deadline_s=0.0)
    assert [forecast.ended_by(chance, 0, range(2)) for chance in (0.25, 0.5, 1.0)] == [10, 20, 40]
    assert [forecast.ended_by(chance, 1, range(2)) for chance in (0.5, 0.75, 1.0)] == [0, 300, 400]


def test_given_up() -> None:
    """The mean over the runs."""
    runs = [run(1.0, given_up=1), run(1.0, given_up=4)]
    assert summarise(runs, confidence=0.85, deadline_s=0.0).mean_given_up == 2.5


def test_a_stopped_run_is_never_in_time() -> None:
    """It would have gone on beyond the time at which it was stopped."""
    runs = [run(1.0), run(2.0, stopped=True), run(5.0), run(5.1)]
    forecast = summarise(runs, confidence=0.85, deadline_s=5.0)
    assert (forecast.deadline_probability, forecast.stopped_share) == (0.5, 0.25)
    assert summarise(runs[:1], confidence=0.85, deadline_s=5.0).stopped_share == 0.0


# ---- the queue


@st.composite
def records(draw: st.DrawFn) -> list[Record]:
    """Batches that overlap in any way, on whole seconds."""
    made = []
    for _ in range(draw(st.integers(1, 15))):
        sent = draw(st.integers(0, 100))
        ended = sent + draw(st.integers(1, 50))
        noticed = ended + draw(st.integers(0, 10))
        made.append(
            Record(0, draw(st.integers(1, 500)), float(sent), float(ended), float(noticed), 0)
        )
    return made


def test_depth_of_two_batches() -> None:
    """Up when a batch is sent, down when its end is noticed; at the same moment both at once."""
    line = [Record(0, 10, 0.0, 50.0, 60.0, 0), Record(0, 5, 60.0, 90.0, 120.0, 0)]
    assert queue_depth(line) == (QueueStep(0.0, 10), QueueStep(60.0, 5), QueueStep(120.0, 0))


@given(records())
def test_depth_is_what_is_open(line: list[Record]) -> None:
    """At every half second the depth is the sum of the batches that are open then."""
    steps = queue_depth(line)
    open_batches = [(record.submitted_s, record.noticed_s, record.requests) for record in line]
    for half in range(330):
        at_s = half / 2 + 0.25
        level = next((step.requests for step in reversed(steps) if step.at_s <= at_s), 0)
        assert level == depth_at(open_batches, at_s)


@given(records())
def test_littles_law(line: list[Record]) -> None:
    """The time-average number of requests in the queue is their throughput times their mean time in
    it.
    """
    steps = queue_depth(line)
    first, last = steps[0].at_s, steps[-1].at_s
    area = fsum(
        step.requests * (after.at_s - step.at_s)
        for step, after in zip(steps, steps[1:], strict=False)
    )
    requests = sum(record.requests for record in line)
    mean_time = (
        fsum(record.requests * (record.noticed_s - record.submitted_s) for record in line)
        / requests
    )
    assert area / (last - first) == pytest.approx(requests / (last - first) * mean_time)


@given(records())
def test_depth_ends_empty(line: list[Record]) -> None:
    """Moments rise, nothing is negative, and at the end nothing is left."""
    steps = queue_depth(line)
    moments = [step.at_s for step in steps]
    assert moments == sorted(set(moments))
    assert min(step.requests for step in steps) == steps[-1].requests == 0
