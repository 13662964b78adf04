"""What a person is asked: the words of a question, its bounds, and the check of one answer."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from planner import facts
from planner.words import plain

Choices = tuple[tuple[str, str], ...]
History = tuple[tuple[int, float], ...]

_HUNDREDTH_OF_A_CENT = Decimal("0.0001")
# what every version of Python reads alike: some take 24:00 and week dates, others do not
TIME = re.compile(r"\d{4}-\d\d-\d\d[T ](?!24)\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)", re.ASCII)
# what a row of history may hold, lowest and highest
ROW_REQUESTS = Decimal(1), Decimal(100_000)
ROW_SECONDS = Decimal("0.001"), Decimal(2_592_000)


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """What a person is asked: its words and what is allowed."""

    kind: str  # integer number money choice model flag time history
    label: str
    help: str = ""
    low: Decimal = Decimal(0)
    high: Decimal = Decimal(0)
    choices: Choices = ()
    unit: str = ""
    slider: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Field(Question):
    """A question with its place in the scenario: `name` is dotted, `default` as `parse` would return it."""

    name: str
    group: str
    default: Any


def check(entry: Field, given: Any) -> Any:
    """The value of a field as the scenario keeps it, from a JSON value, a Decimal or a text.

    Raises ValueError with the sentence that a person reads: what is allowed.
    """
    return _CHECKS[entry.kind](entry, given)


def _within(entry: Field, given: Any, what: str) -> Decimal:
    allowed = f"must be {what} from {bound(entry.low)} to {bound(entry.high)}"
    # bool first: True is an int in Python
    if isinstance(given, bool) or not isinstance(given, int | float | Decimal):
        raise ValueError(f"{entry.label} {allowed}.")
    number = Decimal(repr(given)) if isinstance(given, float) else Decimal(given)
    if not number.is_finite() or not entry.low <= number <= entry.high:
        raise ValueError(f"{entry.label} {allowed}.")
    return number


def _integer(entry: Field, given: Any) -> int:
    number = _within(entry, given, "a whole number")
    if number != number.to_integral_value():
        raise ValueError(f"{entry.label} must be a whole number, not {plain(number)[:20]}.")
    return int(number)


def _number(entry: Field, given: Any) -> float:
    return _rounded(_within(entry, given, "a number"), 9)


def _money(entry: Field, given: Any) -> Decimal:
    return _within(entry, given, "an amount").quantize(_HUNDREDTH_OF_A_CENT).normalize() + 0


def _flag(entry: Field, given: Any) -> bool:
    if not isinstance(given, bool):
        raise ValueError(f"{entry.label} must be true or false.")
    return given


def _choice(entry: Field, given: Any) -> str:
    allowed = [value for value, _ in entry.choices]
    if not isinstance(given, str) or given not in allowed:
        raise ValueError(f"{entry.label} must be one of {', '.join(allowed)}.")
    return given


def _model(entry: Field, given: Any) -> str:
    if isinstance(given, str):
        try:
            return facts.model(given).id
        except KeyError:
            pass
    shown = (
        f"“{short(given)}” is not in the catalogue"
        if isinstance(given, str)
        else "The model must be a text"
    )
    raise ValueError(
        f"{shown}. Choose a model such as {entry.default}; the method page lists all of them."
    )


def _time(entry: Field, given: Any) -> str:
    example = f"{entry.label} must be a date and time with offset, such as 2026-11-22T22:00+01:00."
    if given == "":
        return ""
    if not isinstance(given, str) or not TIME.fullmatch(given):
        raise ValueError(example)
    try:
        moment = datetime.fromisoformat(given)
    except ValueError:
        raise ValueError(example) from None
    if moment.utcoffset() is None or not 2020 <= moment.year <= 2100:
        raise ValueError(example)
    return moment.isoformat(timespec="seconds" if moment.second else "minutes")


def _history(entry: Field, given: Any) -> History:
    if not isinstance(given, list | tuple):
        raise ValueError(
            f"{entry.label} must be a list of rows of requests and seconds, such as [[8150, 1200]]."
        )
    if len(given) > entry.high:
        raise ValueError(
            f"{entry.label} may have at most {entry.high:,} rows; there are {len(given):,}."
        )
    return tuple(_history_row(row, number) for number, row in enumerate(given, start=1))


def _history_row(row: Any, number: int) -> tuple[int, float]:
    if isinstance(row, Mapping) and set(row) == {"requests", "seconds"}:
        row = (row["requests"], row["seconds"])
    if not isinstance(row, list | tuple) or len(row) != 2:
        raise ValueError(
            f"Row {number:,} of the history must be requests and seconds, such as [8150, 1200]."
        )
    requests, seconds = row
    if not (
        _is_number(requests) and _inside(requests, ROW_REQUESTS) and requests == int(requests)
        and _is_number(seconds) and _inside(seconds, ROW_SECONDS)
    ):  # fmt: skip
        raise ValueError(
            f"Row {number:,} of the history: requests must be a whole number from 1 to 100,000, "
            "seconds a number from 0.001 to 2,592,000 (30 days)."
        )
    return int(requests), _rounded(Decimal(seconds), 3)


def _inside(number: Any, bounds: tuple[Decimal, Decimal]) -> bool:
    low, high = bounds
    return bool(low <= number <= high)


def _rounded(number: Decimal, digits: int) -> float:
    """To so many decimals: what is finer says nothing, and would not come back from a text."""
    return float(round(number, digits)) + 0.0  # + 0.0: there is no minus zero


def _is_number(value: Any) -> bool:
    """A finite number; True is none, although Python counts it as an int."""
    return (
        isinstance(value, int | float | Decimal)
        and not isinstance(value, bool)
        and Decimal(value).is_finite()
    )


def bound(number: Decimal) -> str:
    """A bound as messages and help texts write it: '10,000,000', '0.9'."""
    return f"{number:,}" if number == number.to_integral_value() else plain(number)


def short(text: Any) -> str:
    """At most 60 characters of what somebody typed, on one line."""
    line = " ".join(str(text).split())
    return line if len(line) <= 60 else line[:59] + "…"


_CHECKS: dict[str, Callable[[Field, Any], Any]] = {
    "integer": _integer,
    "number": _number,
    "money": _money,
    "flag": _flag,
    "choice": _choice,
    "model": _model,
    "time": _time,
    "history": _history,
}
