"""Keep the journal of one task, and the files that it works with.

The journal is in the task's state store, which every try of the task sees, and a copy of it is
beside the answers: whatever one of them forgot, the other knows. The files are on this machine as
long as the task is; what must last goes to the object store before the journal says that it is
there.
"""

from __future__ import annotations

import asyncio
import math
import os
from pathlib import Path
from typing import Any, BinaryIO

from planner.programs.airflow.engine import JOURNAL, NEVER_EXPIRE, StateStore
from planner.programs.airflow.rest import rest
from planner.programs.airflow.store import Store
from planner.programs.python.errors import InputError, StoppedError
from planner.programs.python.report import Log
from planner.programs.python.settings import Settings
from planner.programs.python.state import State
from planner.programs.python.text import Event, json_bytes, now_iso


class Keeper:
    """Nobody else has this folder: Airflow lets one try of a task write to its state store."""

    def refuse_if_lost(self) -> None:
        """It cannot be."""


class Folder:
    """A folder of this machine for one task, and what its journal adds up to.

    Without a state store the state is of this try alone, as when batches are cut.
    """

    def __init__(
        self,
        path: Path,
        log: Log,
        kept: StateStore | None = None,
        store: Store | None = None,
        place: str = "",
    ) -> None:
        self.path, self.log, self.kept, self.store, self.place = path, log, kept, store, place
        self.lock = Keeper()
        self.state = State()
        self.events: list[Event] = []
        self.changed = asyncio.Event()

    def round_file(self, _number: int) -> Path:
        return self.path / "places.jsonl"

    def results_file(self, batch_id: str) -> Path:
        return self.path / f"{batch_id}.jsonl"

    def outputs(self) -> tuple[Path, Path, Path]:
        one, two, three = (self.path / f"{it}.jsonl" for it in ("succeeded", "failed", "again"))
        return one, two, three

    def look(self) -> State:
        return self.state

    def take_up(self, cut: Event) -> bool:
        """Go on with the batch of `cut`, from its journal. Whether anything of it was sent."""
        assert self.kept and self.store
        stored: list[Event] = self.kept.get(JOURNAL, [])
        copy = self.store.events(f"{self.place}/journal.jsonl")
        self.events = copy if len(copy) > len(stored) else [*stored]
        self.state.add(cut)
        self.state.round = cut["round"]
        for event in self.events:
            self.state.apply(event)
        return any(event["event"] == "submit" for event in self.events)

    def same_input(self, identity: Event, _settings: Settings) -> None:
        """A run goes on with the file that it began with, to the byte. Raises InputError."""
        before = self.state.began["input"] if self.state.began else identity
        if (before["bytes"], before["sha256"]) != (identity["bytes"], identity["sha256"]):
            raise InputError(
                f"This run began with another input: {before['bytes']:,} bytes, SHA-256 "
                f"{before['sha256'][:12]}; now it has {identity['bytes']:,} bytes, SHA-256 "
                f"{identity['sha256'][:12]}. Restore the file, or begin another run."
            )

    def cannot_be_written(self, error: OSError) -> Exception:
        why = error.strerror or str(error)
        return StoppedError(f"{self.path}: {why}. Free space on this worker.")

    def note(self, event: str, **fields: Any) -> None:
        """Journal what is about to be done or was learnt; the state follows from it.

        What was sorted is not journalled: it follows from the results, and is told at the end.
        What was not made is not cut anew: this task has it.
        """
        if event == "recut":
            return
        entry = {"event": event, "at": now_iso(), **fields}
        if event == "stored" and self.store:
            batch_id = self.state.batches[fields["batch"]].id
            self.store.put(self.results_file(batch_id), f"{self.place}/results/{batch_id}.jsonl")
        if event != "sorted" and self.kept and self.store:
            events = [*self.events, entry]
            self.kept.set(JOURNAL, events, retention=NEVER_EXPIRE)
            lines = (json_bytes(each) + b"\n" for each in events)
            self.store.fill(f"{self.place}/journal.jsonl", lines)
            self.events = events
        self.state.apply(entry)

    def wake(self) -> None:
        """Nobody waits: this task does one thing after the other."""

    async def change(self, longest_s: float = math.inf) -> None:
        """Nobody else writes this journal: come back after so long."""
        await rest(longest_s)


def sync_folder(_path: Path) -> None:
    """Nothing here outlives the task."""


def sync(file: BinaryIO) -> None:
    file.flush()


def trim(path: Path, length: int) -> None:
    """Cut off what a torn step left behind."""
    if path.exists():
        os.truncate(path, length)
