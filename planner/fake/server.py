"""The fake API at an address of its own."""

from __future__ import annotations

import socket
import sys
import threading
from http.server import ThreadingHTTPServer
from types import TracebackType
from typing import Any

from planner.fake.door import Door
from planner.fake.provider import Provider


class Server(ThreadingHTTPServer):
    """A thread for each connection; none of them keeps the process alive."""

    request_queue_size = 128
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A program that was killed leaves its connection; anything else is our own defect."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class FakeApi(Provider):
    """The provider, served, as a context manager; read its counts when the program has ended."""

    def __init__(self, scenario: dict[str, Any] | None = None, *, port: int = 0) -> None:
        super().__init__(scenario)

        class OwnDoor(Door):
            provider = self

        self.server = Server(("127.0.0.1", port), OwnDoor)
        if size := self.scenario["receive_buffer"]:
            self.server.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, size)
        self.origin = f"http://127.0.0.1:{self.server.server_address[1]}"
        OwnDoor.address = self.url
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)

    @property
    def url(self) -> str:
        """What a program is told as ANTHROPIC_BASE_URL."""
        return f"{self.origin}{self.scenario['prefix']}"

    def __enter__(self) -> FakeApi:
        self.thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.server.shutdown()
        self.server.server_close()
