"""A person's own batches as rows of requests, seconds and, where it is known, the time at which a
batch was made: the kind "history" of a question."""

import re
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from planner import facts
from planner.scenario.questions import Field
from planner.words import plain

Row = tuple[int, float] | tuple[int, float, str]
History = tuple[Row, ...]

MAX_CHARS = 420_000  # ten thousand rows fit, with their times
_SHOWN_CHARS = 40
# what a row may hold, lowest and highest
ROW_REQUESTS = Decimal(1), Decimal(facts.limit("batch_max_requests").value)
ROW_SECONDS = Decimal("0.001"), Decimal(30 * 86_400)
# no space before the time of day: a space parts two rows
AT_FORM = re.compile(
    r"20\d\d-\d\d-\d\dT(?!24)\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)", re.ASCII
)
_KEYS = ("requests", "seconds", "created_at")
_TEXT = re.compile(r"([^:,\t@]+)[:,\t]([^:,\t@]+)(?:@(.*))?", re.DOTALL)


def check(field: Field, answer: Any) -> History:
    """The rows as the scenario keeps them, from lists or objects of requests, seconds and, perhaps,
    when the batch was made."""
    if not isinstance(answer, list | tuple):
        raise ValueError(
            f"{field.label} must be a list of rows of requests and seconds, such as [[8150, 1200]]."
        )
    if len(answer) > field.high:
        raise ValueError(
            f"{field.label} may have at most {field.high:,} rows; there are {len(answer):,}."
        )
    return tuple(_row(row, number) for number, row in enumerate(answer, start=1))


def _row(row: Any, number: int) -> Row:
    if isinstance(row, Mapping) and {"requests", "seconds"} <= set(row) <= {*_KEYS}:
        row = [row[key] for key in _KEYS if key in row]
    if not isinstance(row, list | tuple) or not 2 <= len(row) <= 3:
        raise ValueError(
            f"Row {number:,} of the history must be requests and seconds, such as [8150, 1200], "
            'or with the time at which it was made, [8150, 1200, "2026-11-20T22:00Z"].'
        )
    requests, seconds, *at = row
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
    pair = int(requests), float(round(Decimal(seconds), 3))
    return (*pair, _moment(at[0], number)) if at else pair


def _moment(at: Any, number: int) -> str:
    wrong = ValueError(
        f"Row {number:,} of the history: the time at which the batch was made must be a date and time "
        "with offset, such as 2026-11-20T22:00Z."
    )
    if not isinstance(at, str) or not AT_FORM.fullmatch(at):
        raise wrong
    try:
        moment = datetime.fromisoformat(at).replace(microsecond=0)
    except ValueError:
        raise wrong from None
    text = moment.isoformat(timespec="seconds" if moment.second else "minutes")
    return text.replace("+00:00", "Z")


def _is_inside(value: Any, bounds: tuple[Decimal, Decimal]) -> bool:
    # bool first: True is an int in Python
    return (
        not isinstance(value, bool)
        and isinstance(value, int | float | Decimal)
        and Decimal(value).is_finite()
        and bounds[0] <= value <= bounds[1]
    )


def read(_field: Field, text: str) -> list[list[Decimal | str]]:
    """The rows of a text, `8150:1200` or `8150:1200@2026-11-20T22:00Z`, parted by lines, semicolons or
    spaces."""
    rows = []
    # a space parts two rows only between digits, or after a time: "8150: 1200" is one row
    for number, row in enumerate(re.split(r"[\n;]+|(?<=[\dZ]) +(?=\d)", text), start=1):
        if row.strip():
            rows.append(_read_row(row.strip(), number))
    return rows


def _read_row(row: str, number: int) -> list[Decimal | str]:
    match = _TEXT.fullmatch(row)
    try:
        if match:
            requests, seconds, at = match.groups()
            pair: list[Decimal | str] = [Decimal(requests.strip()), Decimal(seconds.strip())]
            return pair if at is None else [*pair, at.strip()]
    except ArithmeticError:
        pass
    raise ValueError(
        f"Row {number:,} must be requests:seconds, such as 8150:1200, perhaps with the time at which "
        f"the batch was made, 8150:1200@2026-11-20T22:00Z, not “{row[:40]}”."
    )


def dump(history: History) -> list[list[int | float | str]]:
    """The rows as JSON has them, whole seconds without a point."""
    return [[row[0], int(row[1]) if row[1] == int(row[1]) else row[1], *row[2:]] for row in history]


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


@lru_cache(maxsize=2)  # a plan writes many links of one history, which may be long
def _texts(history: History) -> tuple[str, ...]:
    return tuple("@".join((f"{row[0]}:{plain(row[1])}", *row[2:])) for row in history)
