"""Recognise a file by its first bytes: what is to be sent, what came back, or what tells of a run."""

import json
import re
import zlib
from collections.abc import Mapping
from typing import Any, NamedTuple

from planner.measure.lines import BYTE_ORDER_MARK
from planner.measure.measurement import is_csv

_HEAD_BYTES = 2**16
_GZIP = b"\x1f\x8b"
_DELIMITER = re.compile(rb"[,;\t|]")
_KEYS = re.compile(
    rb'"(event|request_counts|has_more|data|result|attempts|params|prompt|messages|requests|object)"'
    rb"\s*:"
)
# Of a file that is no JSON Lines, or whose first line is longer than its head: by its first key.
_REVIEWED = {b"event", b"request_counts", b"has_more", b"data", b"object"}
_RESULTS = {b"result", b"attempts"}
# Where a program sorts the answers; it leaves one empty where there is nothing to put into it.
_ANSWERS = ("succeeded.jsonl", "failed.jsonl")


class Kind(NamedTuple):
    """Who reads a file; results tell both of requests and of a run."""

    measured: bool
    reviewed: bool
    csv: bool = False


class Head:
    """The beginning of one file, as its bytes come in."""

    def __init__(self, name: str) -> None:
        self._name = name
        self.pieces: list[bytes] = []  # until it is known what the file is
        self._held = 0

    def feed(self, piece: bytes) -> Kind | None:
        """What the file is, None while more of it is needed."""
        self.pieces.append(piece)
        self._held += len(piece)
        return self.end() if self._held >= _HEAD_BYTES else None

    def end(self) -> Kind:
        """What the file is, of which no more comes."""
        return kind_of_head(b"".join(self.pieces)[:_HEAD_BYTES], self._name)


def is_of_answers(name: str) -> bool:
    """Whether a file is one of the two that a program sorts answers into, by its name."""
    return name.replace("\\", "/").rpartition("/")[2] in _ANSWERS


def kind_of_head(head: bytes, name: str) -> Kind:
    """What the file is that begins so; what cannot be told is measured, which says what is wrong."""
    text = _unpacked(head).removeprefix(BYTE_ORDER_MARK).lstrip()
    line = text.partition(b"\n")[0]
    if not text and is_of_answers(name):
        return Kind(measured=False, reviewed=True)
    if is_csv(name) or (text[:1] not in b"{[" and b"\0" not in line and _DELIMITER.search(line)):
        return Kind(measured=True, reviewed=False, csv=True)
    try:
        return _kind_of(json.loads(line.decode()))
    except (ValueError, RecursionError):
        found = _KEYS.search(text)
        key = found[1] if found else b""
        return Kind(key not in _REVIEWED, key in _REVIEWED or key in _RESULTS)


def _kind_of(value: Any) -> Kind:
    """The kind of a first line that is JSON."""
    first = value[0] if isinstance(value, list) and value else value
    keys = first.keys() if isinstance(first, Mapping) else set[str]()
    if "result" in keys or {"reason", "attempts"} <= keys:
        return Kind(measured=True, reviewed=True)
    told = isinstance(first, Mapping) and (
        bool({"event", "request_counts"} & keys)
        or isinstance(first.get("data"), list)
        or first.get("type") == "message_batch"
        or first.get("object") in ("batch", "list")
    )
    return Kind(measured=not told, reviewed=told)


def _unpacked(head: bytes) -> bytes:
    if not head.startswith(_GZIP):
        return head
    try:
        return zlib.decompressobj(31).decompress(head, _HEAD_BYTES)
    except zlib.error:
        return head
