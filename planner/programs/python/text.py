"""Write and read JSON; write names and times for people."""

from __future__ import annotations

import json
import math
import re
from datetime import datetime, timedelta, timezone
from typing import Any, NoReturn

Event = dict[str, Any]  # a line of the journal, or another JSON object from outside

UTC = timezone.utc  # noqa: UP017 - datetime.UTC is not in Python 3.10
MOMENT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]+))?"
    r"([Zz]|[+-][0-9]{2}:[0-9]{2})"
)
STRING_OR_BRACKET = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{}]', re.DOTALL)
DEEPEST = 100  # levels of nesting: beyond some hundred Python reads and writes none
# What JavaScript's \s is: a row is empty for both programs, or for none.
BLANK = re.compile("[\t-\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]*")
LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def finite(text: str) -> float | None:
    value = float(text)
    return value if math.isfinite(value) else None


def writable(text: str) -> int | None:
    try:
        return int(text)
    except ValueError:  # Python reads no number of some thousand digits
        return None


# NaN and Infinity are Python's own: the API would refuse the whole batch for one of them.
decode_json = json.JSONDecoder(parse_constant=no_constant).decode
# What JSON cannot write counts as nothing.
decode_lenient = json.JSONDecoder(
    parse_constant=finite, parse_float=finite, parse_int=writable
).decode
encode_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def decode_answer(text: str) -> Any:
    """JSON that was paid for, whatever stands in it, or holds a piece of such. Raises ValueError.

    Python reads nesting of some hundred levels; nothing that is looked at lies so deep.
    """
    try:
        return decode_lenient(text)
    except RecursionError:
        return decode_lenient(shallow(text))


def shallow(text: str) -> str:
    """The same JSON with null for each value that lies deeper than DEEPEST levels."""
    pieces, depth, start = [], 0, 0
    for token in STRING_OR_BRACKET.finditer(text):
        if token[0] in ("[", "{"):
            depth += 1
            if depth == DEEPEST + 1:
                pieces.append(text[start : token.start()] + "null")
        elif token[0] in ("]", "}"):
            depth -= 1
            if depth == DEEPEST:
                start = token.end()
    if depth:
        raise ValueError("no end")
    return "".join(pieces) + text[start:]


def cut_deep(value: Any, levels: int = DEEPEST) -> Any:
    """The same value with null for each that lies deeper than so many levels, as `shallow`."""
    if isinstance(value, dict):
        return (
            {name: cut_deep(each, levels - 1) for name, each in value.items()} if levels else None
        )
    if isinstance(value, list):
        return [cut_deep(each, levels - 1) for each in value] if levels else None
    return value


def is_deep(value: Any, levels: int = DEEPEST) -> bool:
    """Whether a value is nested deeper than so many levels."""
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, list):
        return False
    return not levels or any(is_deep(each, levels - 1) for each in value)


def json_bytes(value: object) -> bytes:
    """Compact JSON in UTF-8. Half a surrogate pair has no UTF-8, and is written as its escape."""
    text = encode_json(value)
    try:
        return text.encode()
    except UnicodeEncodeError:
        return LONE_SURROGATE.sub(lambda half: f"\\u{ord(half[0]):04x}", text).encode()


def shown(value: object) -> str:
    """A name out of somebody's file, short and on one line."""
    text = json.dumps(value)
    return text if len(text) <= 80 else text[:77] + "..."


def clock(seconds: float) -> str:
    """A duration: "0.5 s", "1:02:03"."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    hours, rest = divmod(int(seconds), 3600)
    return f"{hours}:{rest // 60:02d}:{rest % 60:02d}"


def moment_of(text: str) -> datetime:
    """A moment in RFC 3339. Raises ValueError. Python 3.10 reads neither "Z" nor all fractions."""
    match = MOMENT.fullmatch(text)
    if match is None:
        raise ValueError("no moment")
    whole, fraction, zone = match.groups("")
    zone = "+00:00" if zone in "Zz" else zone
    return datetime.fromisoformat(f"{whole}.{fraction[:6]:0<6}{zone}")


def iso(moment: datetime) -> str:
    """A moment as text that sorts by time."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def now_iso() -> str:
    """This moment, by this machine's clock."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def earlier(moment: str, seconds: float) -> str:
    """A moment of `iso`, so many seconds before."""
    return iso(moment_of(moment) - timedelta(seconds=seconds))


def seconds_since(moment: str) -> float:
    """Seconds from a moment until now, by this machine's clock; never below zero."""
    return max(0.0, (datetime.now(UTC) - moment_of(moment)).total_seconds())
