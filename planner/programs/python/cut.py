"""Choose the requests of a batch.

A batch is a range of bytes of its round's file: of INPUT in round 0, later of the list of requests to try again. What
is sent is read again each time, so that memory holds one batch at most.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from planner.programs.python.errors import InputError, StoppedError
from planner.programs.python.folder import Folder
from planner.programs.python.money import usd_exact
from planner.programs.python.request import ENVELOPE, ENVELOPE_BYTES, Place, Requests, Wire
from planner.programs.python.scan import Scan, scan_input
from planner.programs.python.settings import Settings
from planner.programs.python.state import Batch, State
from planner.programs.python.text import Event, decode_json


def open_input(path: Path) -> BinaryIO:
    """INPUT, to be read more than once. Raises InputError."""
    try:
        file = path.open("rb")
    except OSError as error:
        problem = f"{path}: cannot be read ({error.strerror}). Check the path."
        raise InputError(problem) from None
    if not file.seekable():
        file.close()
        raise InputError(f"{path}: is no file that can be read again. Save it as a file.")
    return file


class Source:
    """INPUT, open while a run goes on, and the requests that each round takes from it."""

    def __init__(self, path: Path, folder: Folder, settings: Settings) -> None:
        self.path, self.folder, self.settings = path, folder, settings
        self.requests = Requests(settings)
        self.file = open_input(path)
        self.opened = os.fstat(self.file.fileno())

    def close(self) -> None:
        self.file.close()

    def scan(self) -> Scan:
        """What INPUT holds. Raises InputError with every problem, and for another run's INPUT."""
        try:
            scan, problems = scan_input(self.file, self.path.name, self.settings)
        except OSError as error:
            raise InputError(f"{self.path}: cannot be read ({error.strerror}).") from None
        self.folder.same_input(scan.identity(), self.settings)
        if problems.count:
            raise InputError(problems.text())
        return scan

    def refuse_if_changed(self) -> None:
        now, then = os.fstat(self.file.fileno()), self.opened
        if (now.st_size, now.st_mtime_ns) != (then.st_size, then.st_mtime_ns):
            raise StoppedError(
                f"{self.path} was changed while the run went on: {then.st_size:,} bytes before, "
                f"{now.st_size:,} now. Restore it."
            )

    def places(self, round_number: int, start: int, end: int) -> Iterator[tuple[Place, int]]:
        """The requests in bytes `start` to `end` of a round, each with the byte after it."""
        self.refuse_if_changed()
        if round_number == 0:
            yield from self.places_in_input(start, end)
            return
        with self.folder.round_file(round_number).open("rb") as file:
            file.seek(start)
            while file.tell() < end and (line := file.readline()):
                yield Place(**decode_json(line.decode())), file.tell()

    def places_in_input(self, position: int, end: int) -> Iterator[tuple[Place, int]]:
        while position < end:
            self.file.seek(position)  # others read it between two steps of this iterator
            line = self.file.readline()
            if not line:
                return
            after = position + len(line)
            if not line.isspace():
                value = decode_json(line.decode())
                custom_id = value["custom_id"] if "params" in value else value["id"]
                yield Place(custom_id, position, len(line)), after
            position = after

    def places_of(self, batch: Batch) -> Iterator[Place]:
        return (place for place, _ in self.places(batch.round, batch.start, batch.end))

    def wire_of(self, place: Place) -> Wire:
        self.file.seek(place.offset)
        return self.requests.wire(self.file.read(place.length))

    def body_of(self, batch: Batch) -> bytes:
        """The body of the POST. It is made here, not by the SDK, so that its size is known."""
        body = BytesIO()
        body.write(ENVELOPE[0])
        for number, place in enumerate(self.places_of(batch)):
            body.write(b"," if number else b"")
            body.write(self.wire_of(place).body)
        body.write(ENVELOPE[1])
        return body.getvalue()


class Cut:
    """A batch that grows request by request."""

    def __init__(self, start: int) -> None:
        self.start = self.end = start
        self.requests = self.worst = 0
        self.bytes = ENVELOPE_BYTES - 1  # the first has no comma before it

    def add(self, wire: Wire, end: int) -> None:
        self.requests += 1
        self.bytes += 1 + len(wire.body)
        self.worst += wire.worst()
        self.end = end

    def event(self, number: int, round_number: int, canary: bool) -> Event:
        """What the journal says of it."""
        return {
            "batch": number,
            "round": round_number,
            "start": self.start,
            "end": self.end,
            "requests": self.requests,
            "bytes": self.bytes,
            "worst_usd": usd_exact(self.worst),
            "canary": canary,
        }


def next_cut(source: Source, state: State) -> Event | None:
    """The next batch of this round: as many requests as fit. None when the round has no more."""
    settings = source.settings
    canary = 0 if state.rest_began else max(0, settings.canary - state.canary.cut)
    most = min(
        canary or settings.requests_per_batch,
        settings.requests_per_batch,
        settings.max_queued_requests,
        state.largest_requests,
    )
    longest = min(settings.max_bytes_per_batch, state.largest_bytes)
    cut = Cut(state.position)
    for place, after in source.places(state.round, state.position, state.round_bytes):
        wire = source.wire_of(place)
        fits = cut.requests < most and cut.bytes + 1 + len(wire.body) <= longest
        if cut.requests and not fits:
            break
        cut.add(wire, after)
    return cut.event(state.numbers + 1, state.round, bool(canary)) if cut.requests else None


def halves(source: Source, state: State, batch: Batch) -> list[Event]:
    """Two batches of half the requests, instead of one that is too large for the API."""
    first, second = Cut(batch.start), Cut(batch.start)
    for place, after in source.places(batch.round, batch.start, batch.end):
        half = first if first.requests < batch.requests // 2 else second
        half.add(source.wire_of(place), after)
    second.start = first.end
    second.end = batch.end
    return [
        half.event(number, batch.round, batch.canary)
        for number, half in enumerate((first, second), state.numbers + 1)
    ]
