"""How the body of a request comes in: with a length or in chunks, at a pace, and as JSON."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from typing import Any, BinaryIO

CUSTOM_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")
PIECE = 1 << 16


class BodyError(Exception):
    """The body is no batch; the message says why."""


def pieces(file: BinaryIO, length: int | None, size: int = PIECE) -> Iterator[bytes]:
    """The body in pieces of `size`: `length` bytes, or, for None, in the chunks of HTTP/1.1."""
    if length is not None:
        while length > 0 and (piece := file.read(min(size, length))):
            length -= len(piece)
            yield piece
        return
    while left := int(line(file).split(b";")[0], 16):
        yield file.read(left)
        line(file)
    while file.readline().strip():  # trailers
        pass


def line(file: BinaryIO) -> bytes:
    """The next line. Raises ConnectionResetError when the sender has gone."""
    if not (text := file.readline()):
        raise ConnectionResetError
    return text


def read(file: BinaryIO, length: int | None, bytes_per_second: float = 0.0) -> bytes:
    """The whole body, read no faster than that; 0 for as fast as it comes."""
    body, began = bytearray(), time.monotonic()
    # Small pieces at a pace, so that a sender who has gone is noticed soon.
    size = max(1, int(bytes_per_second / 50)) if bytes_per_second else PIECE
    for piece in pieces(file, length, size):
        body += piece
        if bytes_per_second:
            due = began + len(body) / bytes_per_second
            time.sleep(max(0.0, due - time.monotonic()))
    return bytes(body)


def requests_in(body: bytes, most: int) -> list[dict[str, Any]]:
    """The requests of a create. Raises BodyError for what the API refuses at once."""
    try:
        requests: list[dict[str, Any]] = json.loads(body)["requests"]
        ids = [request["custom_id"] for request in requests]
        if any(
            set(request) != {"custom_id", "params"} or not isinstance(request["params"], dict)
            for request in requests
        ):
            raise ValueError("requests: Extra inputs are not permitted")
    except (ValueError, KeyError, TypeError) as error:
        raise BodyError(f"The body is no batch: {error}") from None
    if not 1 <= len(ids) <= most:
        raise BodyError(f"requests: from 1 to {most}")
    if len(set(ids)) < len(ids):
        raise BodyError("custom_id: repeated")
    if not all(isinstance(name, str) and CUSTOM_ID.fullmatch(name) for name in ids):
        raise BodyError("custom_id: malformed")
    return requests
