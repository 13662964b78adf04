"""A run laid out in rows: every batch in one of them, at most forty, unfolded where asked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.model.records import Record
from planner.model.simulate import Run
from planner.model.split import Batch, body_bytes
from planner.model.summary import Forecast, summarise
from planner.show.timeline import MAX_ROWS, Timeline, lay_out
from tests.kept import kept


def run_of(*batches_by_round: int, size: int = 10, service_s: float = 60.0) -> Run:
    """So many batches in each round, one after the other."""
    records, clock = [], 0.0
    for number, batches in enumerate(batches_by_round):
        for _ in range(batches):
            records.append(Record(number, size, clock, clock + service_s, clock + service_s, 0))
            clock += service_s
    return Run(kept(*records), 0, clock, 0)


def forecast_of(*runs: Run) -> Forecast:
    """What these runs say."""
    return summarise(runs, confidence=0.85, deadline_s=0.0)


def planned(count: int, binding: str = "count") -> list[Batch]:
    """So many batches of ten."""
    return [Batch(number, 10, body_bytes(10, 100), 0, binding) for number in range(1, count + 1)]


def laid_out(run: Run, shown: tuple[int, int] | None = None, binding: str = "count") -> Timeline:
    """The timeline of a run that is its own forecast."""
    return lay_out(run, forecast_of(run), planned(len(run.records), binding), 100, shown)


def test_a_row_for_each_batch() -> None:
    """Up to forty batches have a row of their own."""
    timeline = laid_out(run_of(40))
    assert [(row.first, row.last, row.folded) for row in timeline.rows] == [
        (number, number, False) for number in range(1, 41)
    ]


def test_forty_one_batches_are_folded() -> None:
    """One more and pairs share a row; the last is alone."""
    timeline = laid_out(run_of(41))
    assert [row.name for row in timeline.rows[:2]] == ["1–2", "3–4"]
    assert (timeline.rows[-1].first, timeline.rows[-1].last) == (41, 41)


def test_retry_rounds_are_named() -> None:
    """A row says which retry it belongs to, and rows do not mix rounds."""
    assert [row.name for row in laid_out(run_of(2, 1)).rows] == ["1", "2", "3 · retry 1"]


def test_a_folded_row_spans_its_batches() -> None:
    """From the first that is sent to the last that ends, with the sums of requests and bytes."""
    row = laid_out(run_of(80)).rows[1]
    assert (row.first, row.last, row.requests, row.bytes) == (3, 4, 20, 2 * body_bytes(10, 100))
    assert (row.submitted_s, row.ended_s) == (120.0, 240.0)


def test_unfolding() -> None:
    """A range that is asked for is shown, folded again if it is long."""
    assert [row.name for row in laid_out(run_of(1000), (26, 50)).rows] == [
        str(number) for number in range(26, 51)
    ]
    assert len(laid_out(run_of(1000), (1, 100)).rows) == 34


@pytest.mark.parametrize("shown", [(0, 5), (5, 4), (50, 60), (1, 11), (-3, -1)])
def test_a_range_that_this_run_does_not_have(shown: tuple[int, int]) -> None:
    """Another percentile has fewer batches: all are shown."""
    assert len(laid_out(run_of(10), shown).rows) == 10


def test_the_end_in_95_of_100_runs() -> None:
    """A row says by when its batch has ended in nearly all runs, however the whole run goes there: the
    run at P95 may have its slow batch elsewhere."""
    quick, slow = run_of(2), run_of(2, service_s=600.0)
    timeline = lay_out(quick, forecast_of(*[quick] * 18, slow, slow), planned(2), 100, None)
    assert [row.latest_s for row in timeline.rows] == [600.0, 1200.0]
    timeline = lay_out(quick, forecast_of(*[quick] * 19, slow), planned(2), 100, None)
    assert [row.latest_s for row in timeline.rows] == [row.ended_s for row in timeline.rows]


def test_no_batch_ends_earlier_at_p95_than_in_the_run_that_is_shown() -> None:
    """The run that is shown may be the one of twenty."""
    quick, slow = run_of(2), run_of(2, service_s=600.0)
    timeline = lay_out(slow, forecast_of(*[quick] * 19, slow), planned(2), 100, None)
    assert [row.latest_s for row in timeline.rows] == [600.0, 1200.0]


def test_a_batch_that_most_runs_do_not_need() -> None:
    """A round is compared with the same round; a run without it is done with it."""
    again, once = run_of(1, 2, service_s=600.0), run_of(2, service_s=900.0)
    timeline = lay_out(again, forecast_of(*[once] * 18, again, again), planned(3), 100, None)
    assert [row.latest_s for row in timeline.rows] == [900.0, 1200.0, 1800.0]
    timeline = lay_out(again, forecast_of(*[once] * 19, again), planned(3), 100, None)
    assert [row.latest_s for row in timeline.rows] == [900.0, 1200.0, 1800.0]
    assert timeline.latest_s == 1800.0


def test_a_batch_beyond_those_planned_has_their_limit() -> None:
    """A run with more retries than expected is bound by what binds the others."""
    run = run_of(2, 2)
    timeline = lay_out(run, forecast_of(run), planned(3, "bytes"), 100, None)
    assert {row.binding for row in timeline.rows} == {"bytes"}


def test_waiting_counts_from_the_start_of_the_round() -> None:
    """The second batch of a retry round waits from when that round began."""
    rows = laid_out(run_of(1, 2)).rows
    assert [row.submitted_s - row.ready_s for row in rows] == [0.0, 0.0, 60.0]


@given(
    st.lists(st.integers(1, 400), min_size=1, max_size=11),
    st.tuples(st.integers(-5, 2000), st.integers(-5, 2000)) | st.none(),
)
def test_every_batch_is_in_one_row(rounds: list[int], shown: tuple[int, int] | None) -> None:
    """Rows follow each other without gap, are at most forty, stay within a round, and hold all that
    is shown.
    """
    run = run_of(*rounds)
    timeline = laid_out(run, shown)
    rows = timeline.rows
    assert 1 <= len(rows) <= MAX_ROWS
    assert timeline.batches == len(run.records)
    assert all(
        after.first == before.last + 1 for before, after in zip(rows, rows[1:], strict=False)
    )
    if shown is None:
        assert (rows[0].first, rows[-1].last) == (1, len(run.records))
    elif 1 <= shown[0] <= shown[1] <= len(run.records):
        assert (rows[0].first, rows[-1].last) == shown
    for row in rows:
        members = list(run.records)[row.first - 1 : row.last]
        assert {record.round for record in members} == {row.round}
        assert row.requests == sum(record.requests for record in members)
        assert row.ready_s <= row.submitted_s < row.ended_s <= row.noticed_s
        assert row.ended_s <= row.latest_s
    assert timeline.end_s > timeline.makespan_s
