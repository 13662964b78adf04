"""At each moment of a run every batch is done, at work or waiting."""

import re
from dataclasses import replace as with_values

from hypothesis import given, settings

from planner.model.records import Record
from planner.model.simulate import Run
from planner.model.split import Batch
from planner.model.summary import summarise
from planner.plan import make_plan
from planner.scenario import Scenario
from planner.show.moments import FIRST_MOMENT, MOMENTS, moment_s, moments
from planner.show.timeline import Timeline, lay_out, timeline_of
from tests.kept import kept
from tests.strategies import scenarios


def running(*ends: tuple[float, float]) -> Timeline:
    """Batches from a time to a time."""
    records = tuple(Record(0, 10, start, end, end, 0) for start, end in ends)
    run = Run(kept(*records), 0, max(end for _, end in ends), 0)
    planned = [Batch(number, 10, 100, 0, "count") for number in range(1, len(ends) + 1)]
    return lay_out(run, summarise([run], confidence=0.85, deadline_s=0.0), planned, 100, None)


def whole(text: str) -> int:
    """'1,234' -> 1234, '7 + 3 retries' -> 10."""
    return sum(map(int, re.findall(r"\d+", text.replace(",", ""))))


def test_moments_are_true() -> None:
    """Two batches one after the other, a third at the end: at the very time of it a batch counts."""
    timeline = with_values(running((0.0, 100.0), (100.0, 200.0), (150.0, 400.0)), end_s=500.0)
    cells = {
        row["at"]: (row["completed"], row["processing"], row["queued"]) for row in moments(timeline)
    }
    assert cells["0.0"] == ("0", "1", "2")
    assert cells["95.0"] == ("0", "1", "2")
    assert cells["100.0"] == ("1", "1", "1")
    assert cells["145.0"] == ("1", "1", "1")
    assert cells["150.0"] == ("1", "2", "0")
    assert cells["200.0"] == ("2", "1", "0")
    assert cells["400.0"] == ("3", "0", "0")
    assert cells["500.0"] == ("3", "0", "0")


def test_retries_are_counted_apart() -> None:
    """They are no batches of the plan, and wait until the first round is over."""
    ends = ((0, 100.0, 200.0), (0, 100.0, 300.0), (1, 300.0, 400.0), (2, 400.0, 500.0))
    records = tuple(Record(number, 10, start, end, end, 0) for number, start, end in ends)
    timeline = with_values(running((0.0, 500.0)), records=records, end_s=500.0)
    cells = {
        row["at"]: (row["completed"], row["processing"], row["queued"]) for row in moments(timeline)
    }
    assert cells["0.0"] == ("0", "0", "2 + 2 retries")
    assert cells["350.0"] == ("2", "0 + 1 retry", "0 + 1 retry")
    assert cells["500.0"] == ("2 + 2 retries", "0", "0")


def test_moments_have_a_label() -> None:
    """The time in words."""
    rows = moments(with_values(running((0.0, 7000.0)), end_s=7200.0))
    assert (rows[0]["label"], rows[50]["label"], rows[100]["label"]) == ("0 s", "1 h", "2 h")


def test_moments_are_those_of_the_axis() -> None:
    """The slider goes from one end of the axis to the other, exactly."""
    timeline = with_values(running((0.0, 0.1 + 0.2)), end_s=0.1 + 0.2)
    assert [moment_s(timeline, step) for step in (0, MOMENTS)] == [0.0, 0.1 + 0.2]
    assert 0 < FIRST_MOMENT < MOMENTS


@given(scenarios(most_batches=60))
@settings(max_examples=10)
def test_moments_count_every_batch(scenario: Scenario) -> None:
    """At each of 101 moments done, at work and waiting are all batches; at the end all are done."""
    plan = make_plan(scenario)
    rows = moments(timeline_of(plan, plan.forecast.p85))
    assert len(rows) == MOMENTS + 1
    counts = [
        tuple(whole(row[name]) for name in ("completed", "processing", "queued")) for row in rows
    ]
    assert len({sum(three) for three in counts}) == 1
    assert counts[-1][1:] == (0, 0)
    assert [three[0] for three in counts] == sorted(three[0] for three in counts)
    assert [float(row["at"]) for row in rows] == sorted(float(row["at"]) for row in rows)
