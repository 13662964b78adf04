"""How many bytes a request has when the Python SDK sends it.

The SDK reads a line into values and writes them as compact JSON in UTF-8. To write every request
again takes longer than to read it, so for most lines the bytes are told from the line itself: it is
what is sent, but for the spaces between the values. Lines in which anything else may change are
written again and counted: those with numbers that may be written in another way, with keys that
stand twice, and with escaped characters beyond the first 65,536.
"""

import json
import re
from typing import Any

# As the SDK's own encoder: anthropic/_utils/_json.py of the version in pyproject.toml.
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode

ENVELOPE_BYTES = len('{"requests":[]}')
# A number that may be written in another way than it was read: 1.50, 1E3, -0.
_REWRITTEN = re.compile(rb"[.E+-]|[0-9]e")
_MOST_SHAPES = 4096
_ESCAPE = re.compile(rb"\\u(....)")


def json_bytes(value: Any) -> bytes:
    """Compact JSON in UTF-8. Raises UnicodeEncodeError for half a surrogate pair."""
    return _encode(value).encode()


class _Escapes(dict[bytes, int]):
    """By the four digits of an escape: how many of its six bytes are not sent."""

    def __missing__(self, digits: bytes) -> int:
        letter = chr(int(digits, 16))
        # half of a pair: the whole line is written again
        saved = _PAIR if "\ud800" <= letter <= "\udfff" else 6 - (len(json_bytes(letter)) - 2)
        self[digits] = saved
        return saved


_PAIR = 2**40


class Wire:
    """Counts the bytes of one line after the other as it is sent."""

    def __init__(self) -> None:
        self._spaces: dict[bytes, int] = {}  # by what stands between the strings; -1: write again
        self._escapes = _Escapes()

    def size(self, line: bytes, value: Any) -> int:
        """The bytes of a line as compact JSON. Raises UnicodeEncodeError for half a pair."""
        bare, saved = line, 0
        if b"\\" in line:
            bare = line.replace(b"\\\\", b"")  # so that what follows a backslash is its own
            # \u00e9 becomes é and \/ becomes /; the other escapes are written as they were read
            if b"\\u" in bare:
                saved = sum(map(self._escapes.__getitem__, _ESCAPE.findall(bare)))
            if b"\\/" in bare:
                saved += bare.count(b"\\/")
            bare = bare.replace(b'\\"', b"")
        # without escaped quotes every second piece between quotes lies outside of strings
        between = b"".join(bare.split(b'"')[::2])
        spaces = self._spaces.get(between)
        if spaces is None:
            spaces = self._learn(between)
        # a key that stands twice is sent once
        if spaces < 0 or saved >= _PAIR or between.count(b":") != _entries(value):
            return len(json_bytes(value))
        return len(line) - spaces - saved

    def _learn(self, between: bytes) -> int:
        rewritten = _REWRITTEN.search(between)
        spaces = -1 if rewritten else len(between) - len(b"".join(between.split()))
        if len(self._spaces) < _MOST_SHAPES:
            self._spaces[between] = spaces
        return spaces


def _entries(value: Any) -> int:
    """The keys of all objects in a value, at any depth."""
    entries = len(value) if type(value) is dict else 0
    for each in value.values() if type(value) is dict else value:
        if type(each) is dict or type(each) is list:
            entries += _entries(each)
    return entries
