"""Send a body, and listen meanwhile.

A server may answer before a body has come to its end, as one does for which it is too large. The
library below reads an answer after the body only: by then the connection is broken, or both wait
for each other. So whatever comes in between is heard here, and ends the sending.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator
from typing import Any

from planner.programs.python.cut import PIECE_BYTES

# What the system takes of a body before it is sent: silence is told on the line, not here.
SEND_BUFFER_BYTES = 2**18


class Upload:
    """A body on its way, and how much of it was taken."""

    def __init__(self, body: AsyncIterator[bytes]) -> None:
        self.body, self.sent = body, 0

    async def pieces(self) -> AsyncIterator[bytes]:
        async for piece in self.body:
            yield piece
            self.sent += len(piece)


async def watch_connection(request: Any) -> None:
    """Have `prepare` called for the connection that a request opens."""
    request.extensions["trace"] = prepare


async def prepare(event: str, info: dict[str, Any]) -> None:
    """Keep little of an upload in the system's hands, so that it is broken off at once; listen."""
    if event.endswith("connect_tcp.complete"):
        connection = info["return_value"].get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    if event.endswith(("connect_tcp.complete", "start_tls.complete")):
        Listener(info["return_value"])


class Listener:
    """A connection that hears an answer while a body goes out, and sends no more of it then.

    It stands in for `read` and `write` of a stream of the library below.
    """

    def __init__(self, stream: Any) -> None:
        self.read_on, self.write_on = stream.read, stream.write
        self.heard: asyncio.Future[bytes] | None = None
        stream.read, stream.write = self.read, self.write

    async def write(self, data: bytes, timeout: float | None = None) -> None:
        """Send a piece, unless there is an answer already."""
        if self.has_answer():
            return
        if self.heard is None:
            if len(data) < PIECE_BYTES:  # of a small body there is nothing to be kept back
                await self.write_on(data, timeout)
                return
            self.heard = asyncio.ensure_future(self.read_on(2**16, None))
            self.heard.add_done_callback(take_note)
        going_out = asyncio.ensure_future(self.write_on(data, timeout))
        going_out.add_done_callback(take_note)
        try:
            await asyncio.wait({going_out, self.heard}, return_when=asyncio.FIRST_COMPLETED)
            if not self.has_answer():
                await going_out
        finally:
            going_out.cancel()

    def has_answer(self) -> bool:
        """Whether something was heard: an end or a failure of the connection is no answer."""
        heard = self.heard
        if heard is None or not heard.done() or heard.cancelled() or heard.exception():
            return False
        return bool(heard.result())

    async def read(self, most: int, timeout: float | None = None) -> bytes:
        heard, self.heard = self.heard, None
        if heard:
            heard.cancel()  # which loses nothing: what came before is its result
            await asyncio.wait({heard})
            if not heard.cancelled():
                return heard.result()
        data: bytes = await self.read_on(most, timeout)
        return data


def take_note(task: asyncio.Future[Any]) -> None:
    """A failure of what nobody waits for any more is not told on standard error."""
    if not task.cancelled():
        task.exception()
