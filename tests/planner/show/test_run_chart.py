"""The run beside its plan: bars as the batches were, on an axis that reaches as far as both."""

import re
from dataclasses import replace
from xml.etree import ElementTree

from planner.plan import make_plan
from planner.review.actual import actual_of
from planner.review.batches import Batch
from planner.review.reading import Found
from planner.scenario import Scenario
from planner.show.run_chart import bars_of, run_chart
from tests.planner.review.account import stamp

PLAN = make_plan(Scenario())


def found(batches: int, *, ended: bool = True) -> Found:
    """A list of batches, each made a minute after the one before, and an hour long."""
    listed = {}
    for number in range(batches):
        made = 1_790_000_000 + 60.0 * number
        end = stamp(made + 3600) if ended or number else ""
        listed[f"b{number}"] = Batch(
            id=f"b{number}", requests=10, created_at=stamp(made), ended_at=end, listed=True
        )
    return Found(listed=listed, lists=1)


def test_one_bar_a_batch_and_never_more_than_forty() -> None:
    """Every batch is in exactly one bar; times are the batches' own."""
    assert [(bar.start_s, bar.end_s) for bar in bars_of(actual_of(found(2), None))] == [
        (0.0, 3600.0),
        (60.0, 3660.0),
    ]
    bars = bars_of(actual_of(found(1001), None))
    assert len(bars) <= 40 and sum(bar.requests for bar in bars) == 10_010
    assert [bar.first for bar in bars[1:]] == [bar.last + 1 for bar in bars[:-1]]


def test_what_is_at_work_reaches_to_now() -> None:
    """It is told apart, and ends where the clock stands."""
    actual = actual_of(found(2, ended=False), None, stamp(1_790_000_000 + 9000) or "")
    first, second = bars_of(actual)
    assert (first.ended, first.end_s) == (False, 9000.0) and second.ended
    svg = run_chart(actual)
    assert svg.count("is-processing") == 1 and "now: 2 h 30 min" in svg


def test_the_axis_reaches_as_far_as_run_and_plan() -> None:
    """No bar and no mark leaves the picture; it is whole XML."""
    for planned in (None, PLAN):
        svg = run_chart(replace(actual_of(found(50), None), planned=planned))
        ElementTree.fromstring(svg)
        places = [float(x) for x in re.findall(r'(?:x|x1|x2)="([\d.]+)%"', svg)]
        assert places and max(places) <= 97.0
        assert ("curve" in svg) is (planned is not None)


def test_nothing_known_is_an_empty_picture() -> None:
    """A list without batches."""
    ElementTree.fromstring(run_chart(actual_of(found(0), PLAN)))
