"""Cut a round into batches, each a folder of the store that its task works in.

Batches of one round are made from different machines, which do not know each other's batches. So
their counts differ, n, n - 1, n - 2 and so on, and none takes its sister for itself; where they
have to be equal, the ids of the results tell.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

from planner.programs.airflow.folder import Folder
from planner.programs.airflow.store import Store
from planner.programs.python.cut import Cut, Source, cut_range
from planner.programs.python.errors import InputError
from planner.programs.python.request import END, Place, request_settings
from planner.programs.python.scan import Scan
from planner.programs.python.settings import Settings
from planner.programs.python.state import State
from planner.programs.python.text import Event, json_bytes

RUN = "run.json"


def place_of(round_number: int, number: int) -> str:
    """The folder of a batch."""
    return f"rounds/{round_number + 1}/{number:05d}"


def plan_of(round_number: int) -> str:
    """The file that says how a round was cut: what stands in it stays so."""
    return f"rounds/{round_number + 1}/batches.json"


class Counts:
    """Counts of the batches of one round, downwards from the largest, half as far at the most."""

    def __init__(self, most: int) -> None:
        self.most, self.taken = most, set[int]()

    def largest(self) -> int:
        """The largest that no other batch has; where there is none, they begin again."""
        count = self.free(self.most)
        if count is None:
            self.taken.clear()
        return count or self.most

    def free(self, most: int) -> int | None:
        """The largest that no other batch has, up to a count."""
        counts = range(most, max(1, self.most // 2) - 1, -1)
        return next((count for count in counts if count not in self.taken), None)


def cuts_of(source: Source, state: State) -> Iterator[Cut]:
    """The batches of a round, in order."""
    settings = source.settings
    most = min(settings.requests_per_batch, settings.max_queued_requests)
    counts, start, canary = Counts(most), 0, settings.canary if state.round == 0 else 0
    while True:
        count = min(canary, most) if canary else counts.largest()
        cut = cut_range(source, state, start, END, count, count)
        if cut.requests < count and not canary:  # bytes were in the way, or it is the last
            count = counts.free(cut.requests) or cut.requests
            if count < cut.requests:
                cut = cut_range(source, state, start, cut.end, count, count)
        if not cut.requests:
            return
        if cut.retired:
            raise InputError(f"{cut.retired}. What is not sent yet is not sent.")
        counts.taken.add(cut.requests)
        yield cut
        start, canary = cut.end, max(0, canary - cut.requests)


def cut_round(source: Source, store: Store, state: State, scratch: Path) -> list[Event]:
    """Cut a round, and put the requests of each batch into its folder. What was cut stays so."""
    cuts, canary = [], source.settings.canary if state.round == 0 else 0
    for cut in cuts_of(source, state):
        event = cut.event(state.numbers + 1, state.round, canary > 0)
        canary -= cut.requests
        place = place_of(state.round, event["batch"])
        requests, places = scratch / "batch.jsonl", scratch / "batch-places.jsonl"
        with requests.open("wb") as file, places.open("wb") as again:
            for each, _ in source.places(state.round, cut.start, cut.end):
                line = source.wire_of(each).body + b"\n"
                moved = replace(each, offset=file.tell(), length=len(line))
                again.write(json_bytes(asdict(moved)) + b"\n")
                file.write(line)
        store.put(requests, f"{place}/requests.jsonl")
        if state.round:
            store.put(places, f"{place}/places.jsonl")
        read = places if state.round else requests
        event |= {"start": 0, "end": read.stat().st_size}
        state.add(event)
        cuts.append(event)
    return cuts


def claim(store: Store, scan: Scan, settings: Settings) -> None:
    """Begin a run in its folder, or see that it is the same. Raises InputError."""
    began = store.read(RUN)
    if began is None:
        run = {"input": scan.identity(), "request_settings": request_settings(settings)}
        store.write(RUN, run)
    elif began["request_settings"] != request_settings(settings):
        raise InputError(
            f"{store.root} belongs to a run with other settings. Set them as they were, or begin "
            "another run."
        )


def first_round(store: Store, path: Path, settings: Settings, folder: Folder) -> list[Event]:
    """Read and check all of INPUT, and cut it. Raises InputError with every problem."""
    with contextlib.closing(Source(path, folder, settings)) as source:
        began = store.read(RUN)
        if began:
            folder.state.began = began
        scan = source.scan()
        claim(store, scan, settings)
        return cut_round(source, store, folder.state, folder.path)


def later_round(
    store: Store, folder: Folder, settings: Settings, before: list[Event]
) -> list[Event]:
    """Cut what the round before left to try again."""
    requests, scratch = folder.path / "requests.jsonl", folder.path
    places = folder.round_file(folder.state.round)
    with requests.open("wb") as file, places.open("wb") as again:
        for cut in before:
            place = place_of(cut["round"], cut["batch"])
            if not store.has(f"{place}/again.jsonl"):
                continue
            own = store.get(f"{place}/requests.jsonl", scratch / "before.jsonl")
            with own.open("rb") as bodies:
                for line_of_place in store.events(f"{place}/again.jsonl"):
                    each = Place(**line_of_place)
                    bodies.seek(each.offset)
                    line = bodies.read(each.length)
                    moved = replace(each, offset=file.tell())
                    again.write(json_bytes(asdict(moved)) + b"\n")
                    file.write(line)
    with contextlib.closing(Source(requests, folder, settings)) as source:
        return cut_round(source, store, folder.state, scratch)
