"""Processes of programs under test: started, signalled, and waited for, never for ever."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

# So long a program may take, and so long to end after a signal: that is a promise.
LIMIT_S = 60.0
ENDS_WITHIN_S = 10.0


class Cue(NamedTuple):
    """When something happens inside a program, and what; see zygote.py."""

    nth: int | str  # a line of the journal by its number or its event; a rename by its number
    when: str  # before, torn, after
    do: str = "SIGKILL"
    what: str = "journal"


class Zygote:
    """Starts Python programs; see zygote.py."""

    def __init__(self) -> None:
        python = os.environ.get("PROGRAM_PYTHON", sys.executable)
        command = [python, str(Path(__file__).with_name("zygote.py"))]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.codes: dict[int, int] = {}

    def start(self, job: dict[str, Any]) -> int:
        assert self.process.stdin
        self.process.stdin.write(json.dumps(job) + "\n")
        self.process.stdin.flush()
        while "code" in (message := self.read()):
            pass
        return int(message["pid"])

    def read(self) -> dict[str, Any]:
        assert self.process.stdout
        message: dict[str, Any] = json.loads(self.process.stdout.readline())
        if "code" in message:
            self.codes[message["pid"]] = message["code"]
        return message

    def wait(self, pid: int) -> int:
        while pid not in self.codes:
            self.read()
        return self.codes.pop(pid)

    def close(self) -> None:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.close()
        self.process.wait(10)
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
        limit_s = limit_s or LIMIT_S
        watchdog = subprocess.Popen(
            ["sh", "-c", f"sleep {limit_s}; kill -9 {self.pid}"], start_new_session=True
        )
        try:
            if self.process:
                code = self.process.wait()
            else:
                assert self.zygote
                code = self.zygote.wait(self.pid)
        finally:
            self.ended = True
            os.killpg(watchdog.pid, signal.SIGKILL)
            watchdog.wait()
        return Done(
            code,
            self.stdout.read_text("utf-8", "replace"),
            self.stderr.read_text("utf-8", "replace"),
        )

    def kill(self, number: int = signal.SIGKILL, times: int = 1) -> Done:
        """Send a signal, once or more, and wait for the end, which must come within ten seconds."""
        for time_sent in range(times):
            if time_sent:
                time.sleep(0.05)  # signals that come together are one
            with contextlib.suppress(ProcessLookupError):  # it may have come to its end
                os.kill(self.pid, number)
        return self.wait(ENDS_WITHIN_S)
