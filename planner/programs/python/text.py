"""Write and read JSON; write names and times for people."""

from __future__ import annotations

import json
import re
from datetime import datetime, timezone
from typing import Any, NoReturn

Event = dict[str, Any]  # a line of the journal, or another JSON object from outside

UTC = timezone.utc  # noqa: UP017 - datetime.UTC is not in Python 3.10
LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


# NaN and Infinity are Python's own: the API would refuse the whole batch for one of them.
decode_json = json.JSONDecoder(parse_constant=no_constant).decode
encode_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


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


def one_line(text: str, secrets: tuple[str, ...]) -> str:
    """The API's own words, on one line, short, and without the key."""
    for secret in secrets:
        text = text.replace(secret, "[key]")
    return " ".join(text.split())[:300]


def clock(seconds: float) -> str:
    """A duration: "0.5 s", "1:02:03"."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    hours, rest = divmod(int(seconds), 3600)
    return f"{hours}:{rest // 60:02d}:{rest % 60:02d}"


def iso(moment: object) -> str:
    """A moment of the API as text that sorts by time; "" for what is none."""
    if not isinstance(moment, datetime):
        return ""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def now_iso() -> str:
    """This moment, by this machine's clock."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")
