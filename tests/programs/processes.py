"""Processes of programs under test: started, signalled, and waited for, never for ever."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

# So long a program may take, and so long to end after a signal: that is a promise.
LIMIT_S = 120.0
ENDS_WITHIN_S = 10.0


class Cue(NamedTuple):
    """When something happens inside a program, and what; see zygote.py."""

    nth: (
        int | str
    )  # a line of the journal by its number or its event, or each; a rename by its number
    when: str  # before, torn, after
    do: str = "SIGKILL"
    what: str = "journal"


class Zygote:
    """Starts Python programs; see zygote.py."""

    def __init__(self) -> None:
        python = os.environ.get("PROGRAM_PYTHON", sys.executable)
        command = [python, str(Path(__file__).with_name("zygote.py"))]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
        )
        self.codes: dict[int, int] = {}
        self.unread = b""

    def start(self, job: dict[str, Any]) -> int:
        self.tell(job)
        while "code" in (message := self.read()):
            pass
        return int(message["pid"])

    def tell(self, job: dict[str, Any]) -> None:
        assert self.process.stdin
        self.process.stdin.write(json.dumps(job).encode() + b"\n")

    def read(self) -> dict[str, Any]:
        """The next message. Raises ConnectionError when the process has ended."""
        assert self.process.stdout
        while b"\n" not in self.unread:
            if not select.select([self.process.stdout], [], [], LIMIT_S)[0]:
                raise TimeoutError("the process that starts programs does not answer")
            piece = os.read(self.process.stdout.fileno(), 65536)
            if not piece:
                raise ConnectionError("the process that starts programs has ended")
            self.unread += piece
        line, _, self.unread = self.unread.partition(b"\n")
        message: dict[str, Any] = json.loads(line)
        if "code" in message:
            self.codes[message["pid"]] = message["code"]
        return message

    def wait(self, pid: int, limit_s: float) -> int:
        """The exit code. Raises TimeoutExpired."""
        end = time.monotonic() + limit_s
        while pid not in self.codes:
            left_s = max(0.0, end - time.monotonic())
            if (
                b"\n" not in self.unread
                and not select.select([self.process.stdout], [], [], left_s)[0]
            ):
                raise subprocess.TimeoutExpired("a program", limit_s)
            self.read()
        return self.codes.pop(pid)

    def has_ended(self, pid: int) -> bool:
        while b"\n" in self.unread or select.select([self.process.stdout], [], [], 0)[0]:
            self.read()
        return pid in self.codes

    def kill(self, pid: int, number: int) -> None:
        """Send a signal to a program, if it has not ended."""
        if pid not in self.codes:
            self.tell({"kill": pid, "signal": number})

    def close(self) -> None:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.close()
        self.process.wait(LIMIT_S)  # it may still be starting
        self.process.stdout.close()


@dataclass
class Done:
    """How a program ended, and what it said. `code` is negative for a signal."""

    code: int
    stdout: str
    stderr: str

    @property
    def said(self) -> str:
        return self.stdout + self.stderr


@dataclass
class Running:
    """A program under way."""

    pid: int
    stdout: Path
    stderr: Path
    zygote: Zygote | None = None
    process: subprocess.Popen[bytes] | None = None
    ended: bool = False

    def wait(self, limit_s: float | None = None) -> Done:
        """How it ended; a program that takes longer is killed."""
        try:
            code = self.code(limit_s or LIMIT_S)
        except subprocess.TimeoutExpired:
            self.send(signal.SIGKILL)
            code = self.code(LIMIT_S)
        self.ended = True
        return Done(
            code,
            self.stdout.read_text("utf-8", "replace"),
            self.stderr.read_text("utf-8", "replace"),
        )

    def code(self, limit_s: float) -> int:
        if self.process:
            return self.process.wait(limit_s)
        assert self.zygote
        return self.zygote.wait(self.pid, limit_s)

    def has_ended(self) -> bool:
        if self.process:
            return self.process.poll() is not None
        assert self.zygote
        return self.zygote.has_ended(self.pid)

    def is_stopped(self) -> bool:
        """Whether SIGSTOP holds it."""
        with contextlib.suppress(OSError):  # it may have ended
            return Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"
        return False

    def has_open(self, path: Path) -> bool:
        """Whether it has begun to read a file: by then it hears signals."""
        with contextlib.suppress(OSError):  # what it closes meanwhile
            return any(link.readlink() == path for link in Path(f"/proc/{self.pid}/fd").iterdir())
        return False

    def send(self, number: int) -> None:
        """Send a signal, if it has not ended: its number may be another's by then."""
        if self.process:
            self.process.send_signal(number)
        elif self.zygote:
            self.zygote.kill(self.pid, number)

    def kill(self, number: int = signal.SIGKILL, times: int = 1) -> Done:
        """Send a signal, once or more, and wait for the end, which must come within ten seconds."""
        for time_sent in range(times):
            if time_sent:
                time.sleep(0.05)  # signals that come together are one
            self.send(number)
        return self.wait(ENDS_WITHIN_S)
