"""Keep the folder of a run: its files, its journal, and the state that follows from the journal.

`Folder.note` is the one way to change a run's state: the line is on disk before anything that it announces is done.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from planner.programs.python.errors import InputError
from planner.programs.python.lock import Lock
from planner.programs.python.request import request_settings, run_settings
from planner.programs.python.settings import PROGRAM, Settings
from planner.programs.python.state import Batch, State
from planner.programs.python.text import Event, json_bytes, now_iso, shown

JOURNAL_FORMAT = 1


class Journal:
    """Append-only JSON Lines; a line is on disk when `write` returns."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.file = -1

    def read(self) -> Iterator[Event]:
        """Every whole line. A torn last line is cut off."""
        if not self.path.exists():
            return
        whole = 0
        with self.path.open("rb") as file:
            for number, line in enumerate(file, 1):
                if not line.endswith(b"\n"):
                    break
                whole += len(line)
                try:
                    yield json.loads(line)
                except ValueError:
                    raise InputError(
                        f"{self.path}: line {number} is no JSON, so what was sent is not known. "
                        "Restore the file from a copy; do not delete the line."
                    ) from None
        if whole < self.path.stat().st_size:
            os.truncate(self.path, whole)

    def first(self) -> Event | None:
        """The line that says with what the run began."""
        if not self.path.exists():
            return None
        with self.path.open("rb") as file:
            line = file.readline()
        if not line.endswith(b"\n"):
            return None
        with contextlib.suppress(ValueError):
            event = json.loads(line)
            if isinstance(event, dict) and event.get("event") == "run":
                return event
        raise InputError(f"{self.path} is no journal of this program. Choose another --out.")

    def open(self) -> None:
        self.file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
        sync_folder(self.path.parent)

    def write(self, event: Event) -> None:
        line = json_bytes(event) + b"\n"
        if os.write(self.file, line) < len(line):
            raise OSError("the disk took half a line of the journal")
        os.fsync(self.file)

    def close(self) -> None:
        if self.file >= 0:
            os.close(self.file)
            self.file = -1


class Folder:
    """DIR, and what its journal adds up to."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.succeeded = path / "succeeded.jsonl"
        self.failed = path / "failed.jsonl"
        self.journal = Journal(path / "journal.jsonl")
        self.lock = Lock(path / "lock")
        self.state = State()
        self.changed = asyncio.Event()

    def round_file(self, number: int) -> Path:
        return self.path / "rounds" / f"round-{number}.jsonl"

    def results_file(self, batch: Batch) -> Path:
        return self.path / "results" / f"{batch.id}.jsonl"

    def outputs(self) -> tuple[Path, Path, Path]:
        """The files whose lengths the journal keeps, in its order."""
        return self.succeeded, self.failed, self.round_file(self.state.round + 1)

    def same_input(self, identity: Event, settings: Settings) -> None:
        """A run goes on with the file that it began with, to the byte, and the same requests."""
        began = self.journal.first()
        if began is None:
            return
        if began.get("format") != JOURNAL_FORMAT:
            raise InputError(
                f"{self.journal.path} is of another version of this program. "
                "Use that version, or another --out."
            )
        before = began["input"]
        if (before["bytes"], before["sha256"]) != (identity["bytes"], identity["sha256"]):
            raise InputError(
                f"{self.path} belongs to a run on another input: it began with "
                f"{shown(before['name'])}, {before['bytes']:,} bytes, "
                f"SHA-256 {before['sha256'][:12]}; {shown(identity['name'])} has "
                f"{identity['bytes']:,} bytes, SHA-256 {identity['sha256'][:12]}. "
                "Restore that file, or choose another --out. Nothing was submitted."
            )
        now = request_settings(settings)
        differ = [name for name, value in began["request_settings"].items() if now[name] != value]
        if differ:
            raise InputError(
                f"{self.path} belongs to a run with other settings: {', '.join(differ)} differ. "
                "Set them as they were, or choose another --out. Nothing was submitted."
            )

    def open(self, identity: Event, settings: Settings) -> None:
        """Take the folder, and take up what the journal says. Raises InputError."""
        try:
            for folder in (self.path, self.path / "results", self.path / "rounds"):
                folder.mkdir(parents=True, exist_ok=True)
            self.lock.take()
        except OSError as error:
            problem = f"{self.path}: cannot be written ({error.strerror}). Choose another --out."
            raise InputError(problem) from None
        try:
            self.same_input(identity, settings)  # another run may have begun while INPUT was read
            self.take_up()
            self.announce(identity, settings)
        except OSError as error:
            self.lock.leave()
            problem = (
                f"{self.path}: {error.strerror or error}. Free the disk or choose another --out."
            )
            raise InputError(problem) from None
        except InputError:
            self.lock.leave()
            raise

    def take_up(self) -> None:
        """Read the journal, and cut off what torn steps left in the other files."""
        for event in self.journal.read():
            self.state.apply(event)
        if self.state.began is None:
            for path in (self.succeeded, self.failed):
                if path.exists():
                    problem = f"{self.path} has a {path.name} and no journal. Choose another --out."
                    raise InputError(problem)
        self.journal.open()
        for path, length in zip(self.outputs(), self.state.lengths, strict=True):
            trim(path, length)

    def announce(self, identity: Event, settings: Settings) -> None:
        """Write that a run begins, or goes on."""
        if self.state.began is None:
            self.note(
                "run",
                format=JOURNAL_FORMAT,
                program=PROGRAM,
                input=identity,
                request_settings=request_settings(settings),
                settings=run_settings(settings),
            )
        elif self.state.done is None:
            self.note("resume", program=PROGRAM, settings=run_settings(settings))

    def close(self) -> None:
        self.journal.close()
        with contextlib.suppress(OSError):
            self.lock.leave()

    def note(self, event: str, **fields: Any) -> None:
        """Write to the journal what is about to be done or was learnt; the state follows from it."""
        entry = {"event": event, "at": now_iso(), **fields}
        self.journal.write(entry)
        self.state.apply(entry)
        # Whoever waits now is woken; whoever waits from now on waits for the next line.
        self.changed.set()
        self.changed = asyncio.Event()

    async def change(self, longest_s: float | None = None) -> None:
        """Wait for the next line of the journal, or so long."""
        waiting = asyncio.ensure_future(self.changed.wait())
        try:
            await asyncio.wait({waiting}, timeout=longest_s)
        finally:
            waiting.cancel()

    def replace(self, name: str, content: bytes) -> None:
        """Put a small file into the folder, whole or not at all."""
        part = self.path / f"{name}.part"
        with part.open("wb") as file:
            file.write(content)
            sync(file)
        part.replace(self.path / name)
        sync_folder(self.path)


def sync_folder(path: Path) -> None:
    """Make names that were added to a folder survive a power cut."""
    if sys.platform == "win32":  # there, a folder cannot be opened
        return
    folder = os.open(path, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def sync(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def trim(path: Path, length: int) -> None:
    """Cut off what a torn step left behind; the journal says how long the file was before it."""
    size = path.stat().st_size if path.exists() else 0
    if size < length:
        raise InputError(
            f"{path} has {size:,} bytes and had {length:,}: something else changed it. "
            "Restore it from a copy."
        )
    if size > length:
        os.truncate(path, length)
