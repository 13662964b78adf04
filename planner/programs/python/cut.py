"""Choose the requests of a batch.

A batch is a range of bytes of its round's file: of INPUT in round 0, later of the list of requests
to try again. What is sent is read again each time, so memory never holds a batch. Batches of one
run have counts of their own, drawn at random from a small range below the full size, so that each
is recognised in the workspace's list.
"""

from __future__ import annotations

import errno
import gzip
import os
import stat
import tempfile
import zlib
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, cast

from planner.programs.python.count import count_below
from planner.programs.python.errors import InputError, StoppedError, TroubleError
from planner.programs.python.folder import Folder
from planner.programs.python.money import usd_exact
from planner.programs.python.report import Log
from planner.programs.python.request import (
    BYTE_ORDER_MARK,
    ENVELOPE,
    ENVELOPE_BYTES,
    Place,
    Requests,
    Wire,
)
from planner.programs.python.scan import Scan, scan_input
from planner.programs.python.settings import Settings
from planner.programs.python.state import Batch, State
from planner.programs.python.text import Event, decode_answer

PIECE_BYTES = 2**14  # of a body: a slow line moves one within the time that counts as silence
GZIP = b"\x1f\x8b"


class Source:
    """INPUT, open while a run goes on, and the requests that each round takes from it.

    `file` is what is read: INPUT, or what a gzip file unpacks to.
    """

    def __init__(self, path: Path, folder: Folder, settings: Settings) -> None:
        self.path, self.folder, self.settings = path, folder, settings
        self.requests = Requests(settings)
        self.stack = ExitStack()
        self.original = self.file = self.stack.enter_context(open_input(path))
        self.opened = os.fstat(self.original.fileno())

    def close(self) -> None:
        self.stack.close()

    def scan(self) -> Scan:
        """What INPUT holds. Raises InputError with every problem, and for another run's INPUT."""
        self.folder.look()
        try:
            if self.original.read(2) == GZIP:
                self.file = self.unpacked()
            began = self.folder.state.began is not None
            scan, problems = scan_input(
                self.original, self.file, self.path.name, self.settings, began
            )
        except (EOFError, zlib.error, gzip.BadGzipFile):
            raise InputError(f"{self.path}: is no whole gzip file. Pack it again.") from None
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):  # of a temporary file
                raise self.folder.cannot_be_written(error) from None
            raise InputError(f"{self.path}: cannot be read ({error.strerror}).") from None
        self.folder.same_input(scan.identity(), self.settings)
        if problems.count:
            raise InputError(problems.text())
        return scan

    def unpacked(self) -> BinaryIO:
        """A file without a name with what INPUT unpacks to; in DIR, where there is room."""
        place = self.folder.path if self.folder.path.is_dir() else None
        temporary = tempfile.TemporaryFile(dir=place)  # noqa: SIM115 - open for the run
        file = cast(BinaryIO, self.stack.enter_context(temporary))
        self.original.seek(0)
        with gzip.open(self.original) as packed:
            while piece := packed.read(2**20):
                file.write(piece)
        file.flush()
        return file

    def refuse_if_changed(self) -> None:
        now, then = os.fstat(self.original.fileno()), self.opened
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
                yield Place(**decode_answer(line.decode())), file.tell()

    def places_in_input(self, position: int, end: int) -> Iterator[tuple[Place, int]]:
        while position < end:
            self.file.seek(position)  # others read it between two steps of this iterator
            line = self.file.readline()
            if not line:
                return
            after = position + len(line)
            if line.removeprefix(BYTE_ORDER_MARK).strip():
                yield Place(self.requests.id_of(line), position, len(line)), after
            position = after

    def places_of(self, batch: Batch) -> Iterator[Place]:
        return (place for place, _ in self.places(batch.round, batch.start, batch.end))

    def wire_of(self, place: Place) -> Wire:
        self.file.seek(place.offset)
        return self.requests.wire(self.file.read(place.length))

    def model_of(self, place: Place) -> str:
        """The model that a request asks for."""
        self.file.seek(place.offset)
        return self.requests.model_of(self.file.read(place.length))

    async def body_of(self, batch: Batch) -> AsyncIterator[bytes]:
        """The body of the POST in pieces, `batch.bytes` in all."""
        piece = bytearray(ENVELOPE[0])
        for number, place in enumerate(self.places_of(batch)):
            piece += b"," if number else b""
            piece += self.wire_of(place).body
            while len(piece) >= PIECE_BYTES:
                self.folder.lock.refuse_if_lost()  # a body takes hours on a slow line
                yield bytes(piece[:PIECE_BYTES])
                del piece[:PIECE_BYTES]
        self.folder.lock.refuse_if_lost()
        yield bytes(piece) + ENVELOPE[1]


def open_input(path: Path) -> BinaryIO:
    """INPUT, to be read more than once. Raises InputError."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # to open a pipe would wait for its writer
            raise InputError(f"{path}: cannot be read twice, for it is no file. Save it as one.")
        return path.open("rb")
    except OSError as error:
        problem = f"{path}: cannot be read ({error.strerror}). Check the path."
        raise InputError(problem) from None


@dataclass
class Cut:
    """A batch that grows request by request."""

    start: int
    end: int
    requests: int = 0
    bytes: int = ENVELOPE_BYTES - 1  # the first has no comma before it
    worst: int = 0
    retired: str = ""  # what is wrong with the model of a request that is gone

    def add(self, wire: Wire, end: int) -> None:
        self.requests += 1
        self.bytes += 1 + len(wire.body)
        self.worst += wire.worst()
        self.end = end
        self.retired = self.retired or wire.retired

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
    """The next batch of this round; None when the round has no more.

    Raises TroubleError when a model that it asks for is gone.
    """
    settings = source.settings
    canary = 0 if state.canary.rest else max(0, settings.canary - state.canary.cut)
    full = min(
        canary or settings.requests_per_batch,
        settings.requests_per_batch,
        settings.max_queued_requests,
        state.largest_requests,
    )
    count = (
        full if canary else count_below(full, {each.requests for each in state.batches.values()})
    )
    for start, end in state.uncut:
        cut = cut_range(source, state, start, end, count, full)
        if cut.requests:
            if cut.retired:
                raise TroubleError(
                    f"{cut.retired}. What is not sent yet is not sent. "
                    "Send it as a run of its own with that model, and end this run with --cancel."
                )
            return cut.event(state.numbers + 1, state.round, bool(canary))
    return None


def cut_range(source: Source, state: State, start: int, end: int, count: int, full: int) -> Cut:
    """`count` requests of a range; all of up to `full`; or as many as bytes allow."""
    longest = min(source.settings.max_bytes_per_batch, state.largest_bytes)
    cut, chosen = Cut(start, start), None
    for place, after in source.places(state.round, start, end):
        wire = source.wire_of(place)
        fits = cut.requests < full and cut.bytes + 1 + len(wire.body) <= longest
        if cut.requests and not fits:
            return chosen or cut
        cut.add(wire, after)
        if cut.requests == count:
            chosen = replace(cut)
    return cut


def halves(source: Source, state: State, batch: Batch) -> list[Event]:
    """Two batches of half the requests, instead of one that is too large for the API."""
    first, second = (Cut(batch.start, batch.start) for _ in range(2))
    for place, after in source.places(batch.round, batch.start, batch.end):
        half = first if first.requests < batch.requests // 2 else second
        half.add(source.wire_of(place), after)
    second.start = first.end
    second.end = batch.end
    return [
        half.event(number, batch.round, batch.canary)
        for number, half in enumerate((first, second), state.numbers + 1)
    ]


def note_not_made(folder: Folder, log: Log, batch: Batch) -> None:
    """It is certain that no batch was made. Its requests are cut anew: settings may differ."""
    folder.note("not_made", batch=batch.number)
    folder.note("recut", batches=[batch.number])
    log.line(f"Batch {batch.number} was not made; its requests are still to be sent")
