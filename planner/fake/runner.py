"""Run a command against the fake API; when a fault kills it, start it again."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Sequence

MOST_STARTS = 100


class Runner:
    """A command with its children: they are one process group, and are killed together."""

    def __init__(self, command: Sequence[str], environment: dict[str, str]) -> None:
        self.command = list(command)
        self.environment = {**os.environ, **environment}
        self.process: subprocess.Popen[bytes] | None = None
        self.starts = 0
        self.kills = 0

    def run(self) -> int:
        """Until it ends by itself; its exit code. Raises OSError when it cannot be started."""
        while True:
            kills = self.kills
            self.process = subprocess.Popen(
                self.command, env=self.environment, start_new_session=True
            )
            self.starts += 1
            try:
                code = self.process.wait()
            except KeyboardInterrupt:
                self.send(signal.SIGKILL)
                self.process.wait()
                raise
            if self.kills == kills or self.starts == MOST_STARTS:
                return code

    def kill(self) -> None:
        """End it in the middle of what it does; nothing where it has ended."""
        if self.process and self.process.poll() is None:
            self.kills += 1
            self.send(signal.SIGKILL)

    def send(self, number: int) -> None:
        if self.process:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)
