"""Mend what is safe to mend: ids become valid and unique, and a map leads back to the old ones.

Nothing else of a line changes, to the byte, where its id is a text; a line that lacks one is written
anew. A line that is no JSON object is left as it is.
"""

import json
import re
from typing import Any, NamedTuple

from planner import facts
from planner.measure.kinds import REQUESTS, RESULTS, kind_of
from planner.measure.lines import ReadError

_LONGEST = int(facts.limit("custom_id_max_chars").value)
_FORBIDDEN = re.compile(r"[^a-zA-Z0-9_-]")
_is_id = re.compile(str(facts.limit("custom_id_pattern").value).strip("^$")).fullmatch


class Mended(NamedTuple):
    """A line with its new id, and the old one, whatever it was."""

    line: bytes
    old: Any
    new: str


class Mending:
    """First `see` every line, then `mend` every line, in the same order; `again` to mend anew."""

    def __init__(self) -> None:
        self._valid: set[int] = set()  # numbers of valid ids: they keep theirs
        self._given: set[int] = set()

    def again(self) -> None:
        """The first line comes once more: the same ids are given."""
        self._given.clear()

    def see(self, line: bytes) -> None:
        """Take the id of a line, so that no other gets it."""
        value = _value_of(line)
        custom_id = value.get(_key_of(value)) if value is not None else None
        if isinstance(custom_id, str) and _is_id(custom_id):
            self._valid.add(hash(custom_id))

    def mend(self, line: bytes, number: int) -> Mended | None:
        """The mended line, or None where there is nothing to mend, or nothing that can be."""
        value = _value_of(line)
        if value is None:
            return None
        key = _key_of(value)
        old = value.get(key)
        if isinstance(old, str) and _is_id(old) and hash(old) not in self._given:
            self._given.add(hash(old))
            return None
        new = self._new(old if isinstance(old, str | int) else f"line-{number}")
        return Mended(_with_id(line, value, key, old, new), old, new)

    def _new(self, old: str | int) -> str:
        stem = _FORBIDDEN.sub("_", str(old))[:_LONGEST] or "id"
        new, number = stem, 1
        while hash(new) in self._given or hash(new) in self._valid:
            number += 1
            end = f"-{number}"
            new = stem[: _LONGEST - len(end)] + end
        self._given.add(hash(new))
        return new


def _value_of(line: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(line.decode())
        # what is no request is not mended
        return value if isinstance(value, dict) and kind_of(value) != RESULTS else None
    except (ValueError, RecursionError, ReadError):
        return None


def _key_of(value: dict[str, Any]) -> str:
    return "custom_id" if kind_of(value) == REQUESTS else "id"


def _with_id(line: bytes, value: dict[str, Any], key: str, old: Any, new: str) -> bytes:
    """The line with another id: only its text is replaced where that leads to the same."""
    wanted = {key: new, **{name: each for name, each in value.items() if name != key}}
    if isinstance(old, str):
        for escaped in (True, False):
            text = json.dumps(old, ensure_ascii=escaped).encode("utf-8", "surrogatepass")
            mended = line.replace(text, json.dumps(new).encode(), 1)
            try:
                if mended != line and json.loads(mended) == wanted:
                    return mended
            except ValueError:
                continue
    return json.dumps(wanted).encode()
