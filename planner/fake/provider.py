"""The provider behind the API: its batches and how they go, apart from HTTP.

Time passes for a batch when it is polled, so that no test waits for a clock that it does not need.
"""

from __future__ import annotations

import copy
import random
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from typing import Any

from planner.fake import wire
from planner.fake.batch import Batch
from planner.fake.books import Books, Entry
from planner.fake.scenario import Calls, Fault, Scenario


class Provider:
    """Batches, books and a log of calls. Hold `lock` while you change them."""

    def __init__(self, scenario: dict[str, Any] | None = None) -> None:
        self.lock = threading.RLock()
        self.books = Books()
        self.batches: list[Batch] = []
        self.vanished: set[str] = set()
        self.numbers = 0
        self.counted = Calls()
        self.moments: dict[str, list[float]] = {}  # of each call, by a clock that is never set
        self.log: deque[str] = deque(maxlen=2000)
        self.headers: deque[dict[str, str]] = deque(maxlen=1000)
        self.params: dict[str, list[Any]] = {}
        self.bodies: list[bytes] = []
        self.creating = 0
        self.most_creating = 0  # creates under way at once
        self.most_queued = 0
        self.largest = {"requests": 0, "bytes": 0}
        self.newest_size = 1  # requests of the newest create, made or not
        self.kill: Callable[[], None] = lambda: None  # ends the runner that is run against it
        self.set_scenario(scenario or {})

    def set_scenario(self, values: dict[str, Any]) -> None:
        """Another scenario from now on. Raises ValueError for a word that it does not know."""
        scenario = Scenario.of(values)
        with self.lock:
            self.scenario = scenario
            self.key: str = scenario["key"]

    def memory(self) -> dict[str, Any]:
        """All that happened, for another provider to go on from."""
        names = ("books", "batches", "vanished", "numbers", "counted", "params", "newest_size")
        with self.lock:
            return copy.deepcopy({name: getattr(self, name) for name in names})

    def remember(self, memory: dict[str, Any]) -> None:
        """Go on from what happened elsewhere."""
        with self.lock:
            for name, value in copy.deepcopy(memory).items():
                setattr(self, name, value)

    @property
    def calls(self) -> Counter[str]:
        """How often each operation was called."""
        return self.counted.of_all

    def fault(self, operation: str, batch: Batch | None = None) -> Fault:
        """Count a call; the fault that is due on it, or an empty one."""
        number = batch.number if batch else None
        self.counted.count(operation, number)
        self.moments.setdefault(operation, []).append(time.monotonic())
        return self.scenario.fault(operation, self.counted, number)

    def now(self) -> float:
        return time.time() + float(self.scenario["clock_offset"])

    # --- making batches -----------------------------------------------------------------------

    def make(
        self, requests: list[dict[str, Any]], size: int, version: str, workspace: str, fault: Fault
    ) -> Batch:
        """A batch of what was sent."""
        entries = []
        for request in requests:
            custom_id, params = request["custom_id"], request["params"]
            attempt = self.books.accept(custom_id)
            if self.scenario["keep_params"]:
                self.params.setdefault(custom_id, []).append(params)
            outcome = self.scenario.outcome(custom_id, attempt)
            if outcome is None:
                outcome = wire.judge(params, version, self.scenario["retired"])
            model, tokens = str(params.get("model", "")), wire.input_tokens(params)
            entries.append(Entry(custom_id, model, tokens, attempt, outcome))
        batch = self.add(entries, size, workspace, float(fault.get("stamp_s", 0.0)))
        self.most_queued = max(self.most_queued, self.queued())
        return batch

    def make_foreign(
        self, size: int, ids: list[str] | None = None, fault: Fault | None = None
    ) -> Batch:
        """A batch of somebody else in our workspace, with ids of their own or with those given."""
        fault = fault or {}
        each, by_id = fault.get("theirs", {}), fault.get("theirs_by_id", {})
        names = ids or [f"theirs-{self.numbers}-{n}" for n in range(size)]
        theirs = {"type": "succeeded", "text": "An answer to somebody else", **each}
        entries = [
            Entry(name, "claude-sonnet-5-5", 32, 1, {**theirs, **by_id.get(name, {})})
            for name in names
        ]
        batch = self.add(entries, 0, self.scenario["workspace"])
        batch.foreign = True
        return batch

    def add(self, entries: list[Entry], size: int, workspace: str, stamp_s: float = 0.0) -> Batch:
        self.numbers += 1
        created = self.now()
        if self.batches and created <= self.batches[-1].created:
            created = self.batches[-1].created + 1e-6
        batch = Batch(
            id=f"msgbatch_{self.numbers:06d}",
            number=self.numbers,
            created=created + stamp_s,
            entries=entries,
            workspace=workspace,
            polls_left=int(self.scenario["polls"]),
            bytes=size,
        )
        self.batches.append(batch)
        self.largest["requests"] = max(self.largest["requests"], len(entries))
        self.largest["bytes"] = max(self.largest["bytes"], size)
        return batch

    # --- what becomes of them -----------------------------------------------------------------

    def poll(self, batch: Batch) -> None:
        """Let time pass for one batch: it ends after its polls and its seconds."""
        if batch.ended is None:
            takes = float(self.scenario["seconds"]) + len(batch.entries) * float(
                self.scenario["seconds_per_request"]
            )
            if batch.polls_left <= 0 and self.now() - batch.created >= takes:
                self.end(batch, batch.created + takes if takes else None)
            batch.polls_left -= 1

    def end(self, batch: Batch, at: float | None = None) -> None:
        """The batch has ended: what was canceled is canceled, the rest is booked."""
        batch.ended = self.now() if at is None else at
        for entry in batch.entries:
            succeeds = entry.outcome["type"] == "succeeded"
            if batch.cancel_initiated and succeeds and entry.outcome.get("cancelable", True):
                entry.outcome = {"type": "canceled"}
            if not batch.foreign:
                self.books.close(entry)

    def end_all(self) -> None:
        """What is open goes on at a provider, whether anybody asks or not."""
        for batch in self.batches:
            if batch.ended is None:
                self.end(batch)

    def vanish(self, batch: Batch) -> None:
        """Its owner deletes it."""
        self.batches.remove(batch)
        self.vanished.add(batch.id)

    def queued(self) -> int:
        """Requests of ours in batches that have not ended."""
        return sum(len(batch.entries) for batch in self.own() if batch.ended is None)

    def listed(self, workspace: str) -> list[Batch]:
        """The batches that a key of a workspace sees, newest first by their stamps."""
        until = self.now() - float(self.scenario["list_delay"])
        seen = [b for b in self.batches if b.workspace == workspace and b.created <= until]
        return sorted(seen, key=lambda batch: (batch.created, batch.number), reverse=True)

    def result_lines(self, batch: Batch) -> Iterator[bytes]:
        """The lines of its results, in an order of their own."""
        entries = list(batch.entries)
        random.Random(f"{self.scenario['seed']} {batch.number}").shuffle(entries)
        for entry in entries:
            if entry.outcome["type"] != "missing":
                yield wire.result_line(entry)

    # --- what a test reads --------------------------------------------------------------------

    def own(self) -> list[Batch]:
        """The batches that programs under test sent, in order of making."""
        return [batch for batch in self.batches if not batch.foreign]
