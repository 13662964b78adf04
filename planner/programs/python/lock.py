"""Let one program at a time write to a folder.

DIR/lock has a line for each program that takes the folder, and a line when it leaves. Lines are
appended whole, so they have one order for everybody: the first holder that has not left and lives
has the folder. Of a holder in our own process table we know whether it lives: by its process id
and the time that process started. Any other, in another container or on another host, shows that it
lives by its heartbeat: it touches the file. Whoever takes over writes that the other has left, so
that a program that slept through it sees that the folder is no longer its own.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

from planner.programs.python.errors import InputError, StoppedError
from planner.programs.python.pace import STANDS_BY
from planner.programs.python.report import Log
from planner.programs.python.text import Event, json_bytes, shown

HEARTBEAT_SECONDS = 5.0
LOCK_WATCH_SECONDS = 20.0


class Lock:
    """The lock file of one folder, and this program's place in it."""

    def __init__(self, path: Path, log: Log) -> None:
        self.path, self.log = path, log
        self.me: Event = {
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "started": process_start(os.getpid()),
            "boot": boot_id(),
            "pidns": process_table(),
            "token": os.urandom(8).hex(),
        }
        self.length = 0  # of the file when it was last read
        self.lost = False
        self.left = threading.Event()

    def take(self) -> None:
        """Take the folder. Raises InputError if another program has it."""
        self.stand_by()
        self.append({"taken": self.me})
        try:
            self.refuse_if_held()
        except InputError:
            self.leave()
            raise
        self.holders()  # so that its length is known
        threading.Thread(target=self.beat, daemon=True).start()

    def stand_by(self) -> None:
        """Wait for the folder to be free, or do not. Raises InputError if another program has it."""
        said = False
        while True:
            try:
                self.refuse_if_held()
                return
            except InputError as held:
                if not STANDS_BY:
                    raise
                if not said:
                    self.log.line(f"Standing by, to go on when that one is gone: {held}")
                said = True
                time.sleep(HEARTBEAT_SECONDS)

    def leave(self) -> None:
        self.left.set()
        self.append({"left": self.me["token"]})

    def append(self, entry: Event) -> None:
        # A line of its own, even after one that was torn.
        with self.path.open("ab", buffering=0) as file:
            file.write(b"\n" + json_bytes(entry) + b"\n")

    def beat(self) -> None:
        """Show that this program lives, until it leaves."""
        while not self.left.wait(HEARTBEAT_SECONDS):
            with contextlib.suppress(OSError):
                os.utime(self.path)

    def holders(self) -> list[Event]:
        """Those that took the folder and have not left, in their order."""
        content = self.path.read_bytes() if self.path.exists() else b""
        self.length = len(content)
        holders: list[Event] = []
        for line in content.split(b"\n"):
            with contextlib.suppress(ValueError, TypeError, KeyError):  # a torn line took nothing
                entry = json.loads(line)
                if "taken" in entry:
                    holder = entry["taken"]
                    names = ("host", "pid", "started", "token")
                    known = {name: holder[name] for name in names}
                    known |= {name: holder.get(name, "") for name in ("boot", "pidns")}
                    holders.append(known)
                else:
                    holders = [holder for holder in holders if holder["token"] != entry["left"]]
        return holders

    def refuse_if_held(self) -> None:
        """Write that holders before this program are gone. Raises InputError if one lives."""
        for holder in self.holders():
            if holder["token"] == self.me["token"]:
                return
            where = f"process {holder['pid']} on {shown(holder['host'])}"
            if self.lives(holder, where):
                raise InputError(
                    f"Another program ({where}) has this folder. Wait for it or stop it; "
                    "one program at a time writes to a folder."
                )
            self.append({"left": holder["token"]})
            self.log.line(f"The program that had this folder ({where}) is gone; it is taken over")

    def lives(self, holder: Event, where: str) -> bool:
        """Whether a holder is there still: by a process table that we share, or its heartbeat."""
        tables = [(each["boot"], each["pidns"]) for each in (holder, self.me)]
        if all(boot and table for boot, table in tables):
            shared = tables[0] == tables[1]
        else:
            shared = holder["host"] == self.me["host"]
        if shared:
            return process_start(holder["pid"]) in (holder["started"], "")
        self.log.line(
            f"Watching for {LOCK_WATCH_SECONDS} s whether another program ({where}) lives"
        )
        seen, until = self.touched(), time.monotonic() + LOCK_WATCH_SECONDS
        while time.monotonic() < until:
            time.sleep(min(1.0, LOCK_WATCH_SECONDS / 10))
            if self.touched() != seen:
                return True
        return False

    def touched(self) -> int:
        # Opened anew: a shared folder may answer `stat` from memory.
        with self.path.open("rb") as file:
            return os.fstat(file.fileno()).st_mtime_ns

    def refuse_if_lost(self) -> None:
        """Raises StoppedError when another program took the folder while this one slept."""
        with contextlib.suppress(OSError):
            if self.path.stat().st_size == self.length and not self.lost:
                return
        holders = self.holders()
        self.lost = not holders or holders[0]["token"] != self.me["token"]
        if self.lost:
            raise StoppedError(
                "Another program took this folder while this one did not answer. "
                "It goes on there; nothing more is done here."
            )


def boot_id() -> str:
    """What differs from one start of the machine to the next; "" where it is not known."""
    with contextlib.suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return ""


def process_table() -> str:
    """The name of the table that our process ids are of; "" where it is not known."""
    with contextlib.suppress(OSError):
        return str(Path("/proc/self/ns/pid").readlink())
    return ""


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
        return None if fields[0] in "ZX" else f"{boot_id()} {fields[19]}"
    clock = {**os.environ, "LC_ALL": "C", "TZ": "UTC"}
    with contextlib.suppress(OSError):
        return subprocess.run(
            ["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, env=clock
        ).stdout.strip()
    return ""
