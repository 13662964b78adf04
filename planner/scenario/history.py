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
_LEAST_S, _MOST_S = Decimal("0.001"), Decimal(30 * 86_400)


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
    most = int(facts.limit("batch_max_requests").value)
    return tuple(_row(row, number, most) for number, row in enumerate(answer, start=1))


def _row(row: Any, number: int, most: int) -> tuple[int, float]:
    if isinstance(row, Mapping) and set(row) == {"requests", "seconds"}:
        row = (row["requests"], row["seconds"])
    if not isinstance(row, list | tuple) or len(row) != 2:
        raise ValueError(
            f"Row {number:,} of the history must be requests and seconds, such as [8150, 1200]."
        )
    requests, seconds = row
    if not (
        _is_number(requests) and 1 <= requests <= most and requests == int(requests)
        and _is_number(seconds) and _LEAST_S <= seconds <= _MOST_S
    ):  # fmt: skip
        raise ValueError(
            f"Row {number:,} of the history: requests must be a whole number from 1 to {most:,}, "
            f"seconds a number from {_LEAST_S} to {_MOST_S:,} ({_MOST_S / 86_400} days)."
        )
    # to the millisecond: what is finer says nothing, and would not come back from a text
    return int(requests), float(round(Decimal(seconds), 3))


def _is_number(value: Any) -> bool:
    """A finite number; True is none, although Python counts it as an int."""
    return (
        isinstance(value, int | float | Decimal)
        and not isinstance(value, bool)
        and Decimal(value).is_finite()
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
