"""Read one's own batches as samples: which of them count, and beside what they ran."""

from collections import Counter
from datetime import datetime
from functools import cache
from typing import NamedTuple

from planner import facts
from planner.model.fit import Sample
from planner.scenario import History

_EXPIRY_S = float(facts.limit("expiry_h").value) * 3600


class LeftOut(NamedTuple):
    """A row, counted from 1, that does not count, and why: "expired" (longer than a batch may live)
    or "cancelled" (sooner over than any batch that was ever worked on)."""

    row: int
    why: str


class _Own(NamedTuple):
    requests: int
    seconds: float
    at_s: float | None  # when it was made, in seconds of the clock


def samples_of(history: History) -> tuple[Sample, ...]:
    """The rows that count. One with a time has the size of all that was open when it was made, itself
    included; rows of one hour met one luck, and weigh one together."""
    out = {left.row for left in left_out(history)}
    rows = [_own(row) for number, row in enumerate(history, start=1) if number not in out]
    hours = Counter(_hour(row, number) for number, row in enumerate(rows))
    sizes = _sizes(rows)
    return tuple(
        Sample(size, row.seconds, False, 1 / hours[_hour(row, number)])
        for number, (row, size) in enumerate(zip(rows, sizes, strict=True))
    )


def left_out(history: History) -> tuple[LeftOut, ...]:
    """The rows that do not count, in order."""
    return tuple(
        LeftOut(number, "expired" if row[1] > _EXPIRY_S else "cancelled")
        for number, row in enumerate(history, start=1)
        if not soonest_s() <= row[1] <= _EXPIRY_S
    )


@cache
def soonest_s() -> float:
    """Seconds before which no batch has ended unless it was cancelled: half of the quickest that is
    known."""
    return min(row.seconds_low for row in facts.observations() if row.used) / 2


def _own(row: tuple[int, float] | tuple[int, float, str]) -> _Own:
    requests, seconds, *at = row
    return _Own(requests, seconds, datetime.fromisoformat(at[0]).timestamp() if at else None)


def _hour(row: _Own, number: int) -> tuple[str, int]:
    return ("row", number) if row.at_s is None else ("hour", int(row.at_s // 3600))


def _sizes(rows: list[_Own]) -> list[int]:
    """What was open when each row was made: rows without a time ran alone, as far as is known."""
    sizes = [row.requests for row in rows]
    timed = sorted((row.at_s, place) for place, row in enumerate(rows) if row.at_s is not None)
    open_rows: list[int] = []
    for at_s, place in timed:
        open_rows = [
            other for other in open_rows if (rows[other].at_s or 0.0) + rows[other].seconds > at_s
        ]
        sizes[place] += sum(rows[other].requests for other in open_rows)
        open_rows.append(place)
    return sizes
