"""Let one program at a time write to a folder.

DIR/lock has a line for each program that takes the folder, and a line when it leaves. Lines are appended whole, so they
have one order for everybody: the first holder that has not left and is alive has the folder. A killed holder is known
by its process id and the time that process started.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

from planner.programs.python.errors import InputError
from planner.programs.python.text import Event, json_bytes, shown


class Lock:
    """The lock file of one folder, and this program's place in it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.me: Event = {
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "started": process_start(os.getpid()),
            "token": os.urandom(8).hex(),
        }

    def take(self) -> None:
        """Take the folder. Raises InputError if another program has it."""
        self.refuse_if_held()
        self.append({"taken": self.me})
        try:
            self.refuse_if_held()
        except InputError:
            self.leave()
            raise

    def leave(self) -> None:
        self.append({"left": self.me["token"]})

    def append(self, entry: Event) -> None:
        # A line of its own, even after one that was torn.
        with self.path.open("ab", buffering=0) as file:
            file.write(b"\n" + json_bytes(entry) + b"\n")

    def holders(self) -> list[Event]:
        """Those that took the folder and have not left, in their order."""
        holders: list[Event] = []
        for line in self.path.read_bytes().split(b"\n") if self.path.exists() else []:
            with contextlib.suppress(ValueError, TypeError, KeyError):  # a torn line took nothing
                entry = json.loads(line)
                if "taken" in entry:
                    holders.append({name: entry["taken"][name] for name in self.me})
                else:
                    holders = [holder for holder in holders if holder["token"] != entry["left"]]
        return holders

    def refuse_if_held(self) -> None:
        for holder in self.holders():
            if holder["token"] == self.me["token"]:
                return
            if holder["host"] != self.me["host"]:
                raise InputError(
                    f"A program on another host ({shown(holder['host'])}, process {holder['pid']}) "
                    "has this folder. "
                    f"If it no longer runs, delete {self.path} and start again."
                )
            if process_start(holder["pid"]) in (holder["started"], ""):
                raise InputError(
                    f"Another program (process {holder['pid']}) has this folder. Wait for it or "
                    "stop it; one program at a time writes to a folder."
                )


def process_start(pid: int) -> str | None:
    """When a process began, as text that another process began at another time does not have.

    None: there is no such process. "": it is there, and this system does not say since when.
    """
    if sys.platform == "win32":
        listed = subprocess.run(
            ["tasklist", "/NH", "/FI", f"PID eq {pid}"], capture_output=True, text=True
        ).stdout
        return "" if str(pid) in listed.split() else None
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except PermissionError:
        pass
    with contextlib.suppress(OSError, IndexError):
        # State and start time are the 3rd and 22nd fields; the 2nd, a name in brackets, may hold
        # anything.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return None if fields[0] in "ZX" else f"{boot} {fields[19]}"
    clock = {**os.environ, "LC_ALL": "C", "TZ": "UTC"}
    with contextlib.suppress(OSError):
        return subprocess.run(
            ["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, env=clock
        ).stdout.strip()
    return ""
