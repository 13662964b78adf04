"""A body that goes out, and an answer that comes before its end."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from planner.programs.python.cut import PIECE_BYTES
from planner.programs.python.upload import Listener, Upload, prepare, watch_connection

PIECE = b"x" * PIECE_BYTES


class Line:
    """A stream of which reads and writes wait until they are let go."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self.is_stuck = False

    async def write(self, data: bytes, _timeout: float | None = None) -> None:
        if self.is_stuck:
            await asyncio.sleep(60)
        self.written.append(data)

    async def read(self, _most: int, _timeout: float | None = None) -> bytes:
        return await asyncio.shield(self.answer)


def test_a_body_that_is_taken() -> None:
    """Every piece is written, and the answer is read afterwards."""

    async def run() -> None:
        line = Line()
        Listener(line)
        for piece in (PIECE, PIECE, b"end"):
            await line.write(piece)
        assert line.written == [PIECE, PIECE, b"end"]
        asyncio.get_running_loop().call_later(0.01, line.answer.set_result, b"HTTP/1.1 200")
        assert await line.read(100) == b"HTTP/1.1 200"

    asyncio.run(run())


@pytest.mark.parametrize("is_stuck", [False, True], ids=["between pieces", "in a piece"])
def test_an_answer_before_the_end(is_stuck: bool) -> None:
    """What is left of the body is not sent, and the answer is there to be read, once."""

    async def run() -> None:
        line = Line()
        Listener(line)
        await line.write(PIECE)
        line.is_stuck = is_stuck
        asyncio.get_running_loop().call_soon(line.answer.set_result, b"HTTP/1.1 413")
        if not is_stuck:
            await asyncio.sleep(0.01)
        await line.write(PIECE)
        await line.write(b"end")
        assert line.written == [PIECE]
        assert await line.read(100) == b"HTTP/1.1 413"

    asyncio.run(run())


@pytest.mark.parametrize("failure", [b"", OSError("reset")], ids=["an end", "a failure"])
def test_a_connection_that_breaks_is_no_answer(failure: bytes | OSError) -> None:
    """The sending goes on, to fail in its own way; whoever reads then learns what it was."""

    async def run() -> None:
        line = Line()
        Listener(line)
        await line.write(PIECE)
        if isinstance(failure, bytes):
            line.answer.set_result(failure)
        else:
            line.answer.set_exception(failure)
        await asyncio.sleep(0.01)
        await line.write(PIECE)
        assert line.written == [PIECE, PIECE]
        if isinstance(failure, bytes):
            assert await line.read(100) == b""
        else:
            with pytest.raises(OSError, match="reset"):
                await line.read(100)

    asyncio.run(run())


def test_what_is_small_is_not_listened_for() -> None:
    """Its answer is left to whoever reads."""

    async def run() -> None:
        line = Line()
        listener = Listener(line)
        await line.write(b"GET / HTTP/1.1")
        assert listener.heard is None
        line.answer.set_result(b"HTTP/1.1 200")
        assert await line.read(100) == b"HTTP/1.1 200"

    asyncio.run(run())


def test_how_much_was_taken() -> None:
    """A piece counts when the next is asked for."""

    async def body() -> AsyncIterator[bytes]:
        for piece in (b"abc", b"de"):
            yield piece

    async def run() -> None:
        upload = Upload(body())
        pieces = upload.pieces()
        await anext(pieces)
        assert upload.sent == 0
        await anext(pieces)
        assert upload.sent == 3
        assert [piece async for piece in pieces] == []
        assert upload.sent == 5

    asyncio.run(run())


def test_each_connection_is_listened_to() -> None:
    """The one below TLS and the one above it, also of a proxy; little is kept in the system's hands."""

    class Socket:
        options: list[int] = []  # noqa: RUF012 - of the one test

        def setsockopt(self, _level: int, name: int, _value: object) -> None:
            self.options.append(name)

    class Connected(Line):
        def get_extra_info(self, _what: str) -> Socket:
            return Socket()

    class Request:
        extensions: dict[str, Any] = {}  # noqa: RUF012 - of the one test

    async def run() -> None:
        await watch_connection(Request)
        assert Request.extensions == {"trace": prepare}
        for event in ("connection.connect_tcp.complete", "proxy.start_tls.complete"):
            line = Connected()
            await prepare(event, {"return_value": line})
            assert isinstance(line.read.__self__, Listener)  # type: ignore[attr-defined]
        await prepare("http11.send_request_headers.started", {})
        assert len(Socket.options) == 2

    asyncio.run(run())
