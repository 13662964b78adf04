"""One's own batches as samples: what does not count, and what ran side by side."""

import pytest

from planner.model.fit import Sample
from planner.model.history import LeftOut, left_out, samples_of, soonest_s


def test_rows_without_times_ran_alone() -> None:
    """Each has its own size and its full weight."""
    assert samples_of(((8150, 1200.0), (300, 60.5))) == (Sample(8150, 1200.0), Sample(300, 60.5))


def test_a_row_beside_others_has_the_size_of_all_that_was_open() -> None:
    """The third was made while the first two still ran, the fourth when all had ended."""
    rows = (
        (100, 7200.0, "2026-11-20T22:00Z"),
        (200, 7200.0, "2026-11-20T23:30Z"),
        (300, 600.0, "2026-11-20T23:50+00:00"),
        (400, 600.0, "2026-11-21T03:00+01:00"),
    )
    assert [sample.requests for sample in samples_of(rows)] == [100, 300, 600, 400]


def test_what_has_ended_is_not_open() -> None:
    """A batch of an hour is over when the next is made an hour later."""
    rows = ((100, 3600.0, "2026-11-20T22:00Z"), (200, 60.0, "2026-11-20T23:00Z"))
    assert [sample.requests for sample in samples_of(rows)] == [100, 200]


def test_the_order_of_the_rows_is_not_that_of_time() -> None:
    """A list may begin with the newest batch."""
    rows = ((300, 600.0, "2026-11-20T22:10Z"), (100, 7200.0, "2026-11-20T22:00Z"))
    assert [sample.requests for sample in samples_of(rows)] == [400, 100]


def test_rows_of_one_hour_weigh_one() -> None:
    """They met one luck, as batches of a run do that are sent in one hour."""
    rows = (
        (100, 60.0, "2026-11-20T22:00Z"),
        (100, 60.0, "2026-11-20T22:59Z"),
        (100, 60.0, "2026-11-20T23:00Z"),
        (100, 60.0),
        (100, 60.0),
    )
    assert [sample.weight for sample in samples_of(rows)] == [0.5, 0.5, 1.0, 1.0, 1.0]


@pytest.mark.parametrize(
    ("seconds", "why"),
    [
        (86_400.0, None),
        (86_400.1, "expired"),
        (90_000.0, "expired"),
        (1.5, "cancelled"),
        (4.55, None),
    ],
)
def test_what_does_not_count(seconds: float, why: str | None) -> None:
    """Longer than a batch may live, or sooner over than any that was worked on; told by row."""
    rows = ((8150, 1200.0), (100, seconds), (300, 60.5))
    assert left_out(rows) == ((LeftOut(2, why),) if why else ())
    kept = [row for number, row in enumerate(rows, start=1) if number != 2 or not why]
    assert [(sample.requests, sample.seconds) for sample in samples_of(rows)] == kept


def test_the_soonest_is_half_of_what_was_seen() -> None:
    """The quickest public batch took 9.1 s."""
    assert soonest_s() == 4.55
