"""A person's own batches as rows of requests and seconds: the kind "history" of a question."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from planner import facts
from planner.scenario.questions import Field
from planner.words import plain

History = tuple[tuple[int, float], ...]

MAX_CHARS = 240_000  # ten thousand rows fit
_SHOWN_CHARS = 40
# what a row may hold, lowest and highest
ROW_REQUESTS = Decimal(1), Decimal(facts.limit("batch_max_requests").value)
ROW_SECONDS = Decimal("0.001"), Decimal(30 * 86_400)


def check(field: Field, answer: Any) -> History:
    """The rows as the scenario keeps them, from lists or objects of requests and seconds."""
    if not isinstance(answer, list | tuple):
        raise ValueError(
            f"{field.label} must be a list of rows of requests and seconds, such as [[8150, 1200]]."
        )
    if len(answer) > field.high:
        raise ValueError(
            f"{field.label} may have at most {field.high:,} rows; there are {len(answer):,}."
        )
    return tuple(_row(row, number) for number, row in enumerate(answer, start=1))


def _row(row: Any, number: int) -> tuple[int, float]:
    if isinstance(row, Mapping) and set(row) == {"requests", "seconds"}:
        row = (row["requests"], row["seconds"])
    if not isinstance(row, list | tuple) or len(row) != 2:
        raise ValueError(
            f"Row {number:,} of the history must be requests and seconds, such as [8150, 1200]."
        )
    requests, seconds = row
    if not (
        _is_inside(requests, ROW_REQUESTS) and requests == int(requests)
        and _is_inside(seconds, ROW_SECONDS)
    ):  # fmt: skip
        (fewest, most), (least_s, most_s) = ROW_REQUESTS, ROW_SECONDS
        raise ValueError(
            f"Row {number:,} of the history: requests must be a whole number from {fewest} to "
            f"{most:,}, seconds a number from {least_s} to {most_s:,} ({most_s / 86_400} days)."
        )
    # to the millisecond: what is finer says nothing, and would not come back from a text
    return int(requests), float(round(Decimal(seconds), 3))


def _is_inside(value: Any, bounds: tuple[Decimal, Decimal]) -> bool:
    # bool first: True is an int in Python
    return (
        not isinstance(value, bool)
        and isinstance(value, int | float | Decimal)
        and Decimal(value).is_finite()
        and bounds[0] <= value <= bounds[1]
    )


def read(_field: Field, text: str) -> list[list[Decimal]]:
    """The rows of a text: `8150:1200`, parted by lines, semicolons or spaces."""
    rows = []
    # a space parts two rows only between digits: "8150: 1200" is one row
    for number, row in enumerate(re.split(r"[\n;]+|(?<=\d) +(?=\d)", text), start=1):
        if not row.strip():
            continue
        try:
            rows.append([Decimal(part.strip()) for part in re.split(r"[:,\t]", row.strip())])
        except ArithmeticError:
            raise ValueError(
                f"Row {number:,} must be requests:seconds, such as 8150:1200, "
                f"not “{row.strip()[:40]}”."
            ) from None
    return rows


def dump(history: History) -> list[list[int | float]]:
    """The rows as JSON has them, whole seconds without a point."""
    return [[requests, int(s) if s == int(s) else s] for requests, s in history]


def write(history: History) -> str:
    """'8150:1200;300:60.5'."""
    return ";".join(_texts(history))


def fill(history: History) -> str:
    """One row a line."""
    return "\n".join(_texts(history))


def say(_field: Field, history: History) -> str:
    """The first rows."""
    text = write(history)
    return text if len(text) <= _SHOWN_CHARS else text[: _SHOWN_CHARS - 1] + "…"


def phrase(_field: Field, history: History) -> str:
    """How many: '2 of them', after words that name one's own batches."""
    return f"{len(history)} of them" if history else ""


def _texts(history: History) -> list[str]:
    return [f"{requests}:{plain(seconds)}" for requests, seconds in history]
