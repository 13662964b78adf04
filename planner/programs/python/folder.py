"""Keep the folder of a run: its files, its journal, and the state that follows from it.

`Folder.note` is the one way to change a run's state: the line is on disk before anything that it
announces is done.
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

from planner.programs.python.errors import InputError, StoppedError
from planner.programs.python.lock import Lock
from planner.programs.python.pace import until_set
from planner.programs.python.report import Log
from planner.programs.python.request import request_settings, run_settings
from planner.programs.python.settings import PROGRAM, Settings
from planner.programs.python.state import State
from planner.programs.python.text import Event, json_bytes, now_iso, shown

JOURNAL_FORMAT = 2


class Journal:
    """Append-only JSON Lines; a line is on disk when `write` returns."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.file = -1

    def read(self) -> Iterator[tuple[int, Event]]:
        """Every whole line with its number; one that was written twice, once. Raises InputError.

        And StoppedError where it cannot be read: then there may be a run, and another folder would
        pay for everything again.
        """
        try:
            yield from self.lines()
        except (FileNotFoundError, NotADirectoryError):
            return
        except OSError as error:
            raise StoppedError(
                f"{self.path}: cannot be read ({error.strerror}), so what was sent is not known. "
                "Let this user read and write it."
            ) from None

    def lines(self) -> Iterator[tuple[int, Event]]:
        with self.path.open("rb") as file:
            before = b""
            for number, line in enumerate(file, 1):
                if not line.endswith(b"\n"):
                    return  # torn: it announced a step that was not taken
                if line == before:
                    continue
                before = line
                try:
                    event = json.loads(line)
                except (ValueError, RecursionError):
                    raise self.damaged(number, "is no JSON") from None
                if not isinstance(event, dict) or not isinstance(event.get("event"), str):
                    raise self.damaged(number, "is no line of a journal")
                if number == 1:
                    self.refuse_other_formats(event)
                yield number, event

    def sum_up(self) -> State:
        """The state that the journal tells. Raises InputError."""
        state = State()
        for number, event in self.read():
            try:
                state.apply(event)
            except (LookupError, TypeError, ValueError, ArithmeticError, AttributeError):
                raise self.damaged(number, f"({shown(event['event'])}) makes no sense") from None
        return state

    def refuse_other_formats(self, first: Event) -> None:
        if first["event"] != "run":
            raise self.damaged(1, "is not the beginning of a run")
        if first.get("format") != JOURNAL_FORMAT:
            raise InputError(
                f"{self.path}: line 1 has format {shown(first.get('format'))}, and this program "
                f"reads format {JOURNAL_FORMAT}. Go on with the program that began the run."
            )

    def damaged(self, number: int, what: str) -> InputError:
        return InputError(
            f"{self.path}: line {number} {what}, so what was sent is not known. "
            "Restore the file from a copy; do not delete the line."
        )

    def open(self) -> None:
        """Open to write at the end. A torn last line is cut off."""
        self.file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o666)
        with self.path.open("rb") as file:
            whole = sum(len(line) for line in file if line.endswith(b"\n"))
        os.ftruncate(self.file, whole)
        sync_folder(self.path.parent)

    def write(self, event: Event) -> None:
        """Append a line, whole or not at all. Raises OSError."""
        line, length = json_bytes(event) + b"\n", os.fstat(self.file).st_size
        try:
            if os.write(self.file, line) < len(line):
                raise OSError("the disk took half a line of the journal")
            os.fsync(self.file)
        except OSError:
            os.ftruncate(self.file, length)
            raise

    def close(self) -> None:
        if self.file >= 0:
            os.close(self.file)
            self.file = -1


class Folder:
    """DIR, and what its journal adds up to."""

    def __init__(self, path: Path, log: Log) -> None:
        self.path = path
        self.succeeded = path / "succeeded.jsonl"
        self.failed = path / "failed.jsonl"
        self.journal = Journal(path / "journal.jsonl")
        self.lock = Lock(path / "lock", log)
        self.state = State()
        self.changed = asyncio.Event()

    def round_file(self, number: int) -> Path:
        return self.path / "rounds" / f"round-{number}.jsonl"

    def results_file(self, batch_id: str) -> Path:
        return self.path / "results" / f"{batch_id}.jsonl"

    def outputs(self) -> tuple[Path, Path, Path]:
        """The files whose lengths the journal keeps, in its order."""
        return self.succeeded, self.failed, self.round_file(self.state.round + 1)

    def look(self) -> State:
        """What the journal tells, without taking the folder. Raises InputError."""
        self.state = self.journal.sum_up()
        return self.state

    def same_input(self, identity: Event, settings: Settings) -> None:
        """A run goes on with the file that it began with, to the byte, and the same requests."""
        began = self.state.began
        if began is None:
            return
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
        """Take the folder, and take up what the journal says. Raises InputError or StoppedError."""
        try:
            is_new = not self.path.exists()
            for folder in (self.path, self.path / "results", self.path / "rounds"):
                folder.mkdir(parents=True, exist_ok=True)
            if is_new:
                sync_folder(self.path.parent)
            self.lock.take()
        except OSError as error:
            raise self.cannot_be_written(error) from None
        try:
            self.look()  # another program may have gone on while INPUT was read
            self.same_input(identity, settings)
            self.take_up()
            self.announce(identity, settings)
        except OSError as error:
            self.close()
            raise self.cannot_be_written(error) from None
        except (InputError, StoppedError):
            self.close()
            raise

    def cannot_be_written(self, error: OSError) -> Exception:
        """With a run in the folder, another folder would pay for everything again."""
        why, flying = error.strerror or str(error), len(self.state.in_flight())
        if self.state.began is None:
            return InputError(f"{self.path}: cannot be written ({why}). Choose another --out.")
        return StoppedError(
            f"{error.filename or self.path}: {why}. Free space on {self.path} and start the same "
            f"command again: {flying} batches are open and paid for."
        )

    def take_up(self) -> None:
        """Finish renaming what --retry-failed replaces, and cut off what torn steps left."""
        if self.state.began is None:
            for path in (self.succeeded, self.failed):
                if path.exists():
                    problem = f"{self.path} has a {path.name} and no journal. Choose another --out."
                    raise InputError(problem)
        self.journal.open()
        self.rename_failed()
        for path, length in zip(self.outputs(), self.state.lengths, strict=True):
            trim(path, length)

    def rename_failed(self) -> None:
        """Put the list of what stays failed in the place of the old one; repeated after a kill."""
        if not self.state.failed_before:
            return
        part, before = self.path / "failed.jsonl.part", self.path / self.state.failed_before
        if not before.exists():
            self.failed.rename(before)
        if not self.failed.exists():
            part.rename(self.failed)
        sync_folder(self.path)

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
        """Journal what is about to be done or was learnt; the state follows from it."""
        entry = {"event": event, "at": now_iso(), **fields}
        self.lock.refuse_if_lost()
        self.journal.write(entry)
        self.state.apply(entry)
        self.wake()

    def wake(self) -> None:
        """Wake whoever waits now; whoever waits from now on waits for the next line."""
        self.changed.set()
        self.changed = asyncio.Event()

    async def change(self, longest_s: float | None = None) -> None:
        """Wait for the next line of the journal, or so long."""
        await until_set(self.changed, longest_s)


def write_whole(path: Path, content: bytes) -> None:
    """Put a small file into a folder, whole or not at all."""
    part = path.with_name(path.name + ".part")
    with part.open("wb") as file:
        file.write(content)
        sync(file)
    part.replace(path)
    sync_folder(path.parent)


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
