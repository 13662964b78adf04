"""Read INPUT once: check every line, and count what a run would send.

Nothing is submitted before the whole file is good. Every problem is listed with its line.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

from planner.programs.python.request import (
    BYTE_ORDER_MARK,
    CUSTOM_ID,
    ENVELOPE_BYTES,
    Requests,
    Wire,
    wrong_with_row,
)
from planner.programs.python.settings import BYTES_PER_TOKEN, PLANNED_OUTPUT_TOKENS, Settings
from planner.programs.python.text import DEEPEST, Event, decode_json, is_deep, shown

PROBLEMS_SHOWN = 50
TOO_DEEP = f"nested deeper than {DEEPEST} levels: flatten the request"
OTHER_ENCODINGS = (b"\xff\xfe", b"\xfe\xff")  # and those with zeros, which JSON does not have


class Problems:
    """The first problems of a file, by line, and how many there are."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.count = 0
        self.first: list[tuple[int, str]] = []

    def add(self, line_number: int, custom_id: object, *texts: str) -> None:
        """Note what is wrong with a line; line 0 is the settings."""
        self.count += len(texts)
        named = f", id {shown(custom_id)}" if isinstance(custom_id, str) else ""
        where = f"line {line_number}{named}" if line_number else "settings"
        self.first += [(line_number, f"{where}: {text}") for text in texts]
        if len(self.first) > 4 * PROBLEMS_SHOWN:
            self.cut()

    def cut(self) -> None:
        self.first = sorted(self.first, key=lambda problem: problem[0])[:PROBLEMS_SHOWN]

    def text(self) -> str:
        self.cut()
        listed = [f"{self.name}: {text}" for _, text in self.first]
        if self.count > len(listed):
            listed.append(f"and {self.count - len(listed):,} more problems")
        return "\n".join([*listed, "Nothing was submitted."])


class Ids:
    """Finds repeated ids in bounded memory.

    Ids go to temporary files by checksum, and each file is looked at alone.
    """

    def __init__(self, input_bytes: int) -> None:
        count = min(128, 1 + input_bytes // 2**25)
        # They are open for the whole scan.
        self.files = [tempfile.TemporaryFile() for _ in range(count)]  # noqa: SIM115

    def add(self, custom_id: str, line_number: int) -> None:
        name = custom_id.encode()
        self.files[hash(name) % len(self.files)].write(b"%b %d\n" % (name, line_number))

    def repeated(self) -> Iterator[tuple[str, int, int]]:
        """Each repetition: the id, its line, and the line where the id came first."""
        for file in self.files:
            file.seek(0)
            seen: dict[bytes, bytes] = {}
            for entry in file:
                custom_id, _, line_number = entry.rstrip().partition(b" ")
                first = seen.setdefault(custom_id, line_number)
                if first != line_number:
                    yield custom_id.decode(), int(line_number), int(first)
            file.close()


@dataclass
class Scan:
    """What one reading of INPUT found. Money in units of `money`."""

    name: str
    bytes: int = 0
    sha256: str = ""
    kind: str = ""
    requests: int = 0
    batches: int = 0
    largest: int = 0  # requests in the largest batch
    text_bytes: int = 0
    output_tokens: int = 0
    cost: int = 0
    worst: int = 0
    unpriced: int = 0

    def identity(self) -> Event:
        """What the journal says of INPUT."""
        names = ("name", "bytes", "sha256", "kind", "requests")
        return {name: getattr(self, name) for name in names}


class Scanner:
    """Checks lines one after the other, and adds up those that are good."""

    def __init__(
        self, scan: Scan, problems: Problems, ids: Ids, settings: Settings, began: bool
    ) -> None:
        self.scan, self.problems, self.ids, self.settings = scan, problems, ids, settings
        self.began = began
        self.requests = Requests(settings)
        self.kind_line = 0
        self.longest = settings.max_bytes_per_batch - ENVELOPE_BYTES
        self.most = min(settings.requests_per_batch, settings.max_queued_requests)
        self.placed = self.in_batch = self.batch_bytes = 0

    def line(self, line_number: int, line: bytes) -> None:
        """Check one line, and count it if it is good."""
        if line_number == 1:
            line = line.removeprefix(BYTE_ORDER_MARK)
        if not line.strip():
            return
        self.scan.requests += 1
        value, problem = value_of(line)
        if value is None:
            self.problems.add(line_number, None, problem)
            return
        custom_id, wrong = self.wrong_with(line_number, value)
        if isinstance(custom_id, str) and CUSTOM_ID.fullmatch(custom_id):
            self.ids.add(custom_id, line_number)
        if not wrong:
            wire = self.requests.wire(line, value)
            if len(wire.body) <= self.longest:
                self.count(wire)
                return
            size, most = f"{len(wire.body):,}", f"{self.longest:,}"
            wrong = [f"the request has {size} bytes, and a batch takes {most}: shorten it"]
        self.problems.add(line_number, custom_id, *wrong)

    def too_long(self, line_number: int) -> None:
        most = self.settings.max_bytes_per_batch
        problem = f"the line is longer than a batch of {most:,} bytes: shorten it"
        self.problems.add(line_number, None, problem)

    def wrong_with(self, line_number: int, value: Event) -> tuple[object, list[str]]:
        """The id of a line, whatever it is, and all that is wrong with the line."""
        kind = "requests" if "params" in value or "custom_id" in value else "rows"
        if not self.kind_line:
            self.scan.kind, self.kind_line = kind, line_number
            if kind == "rows":
                wrong = [*self.requests.wrong_with_settings()]
                wrong += self.wrong_with_age({"model": self.settings.model})
                self.problems.add(0, None, *wrong)
        if kind == "rows":
            custom_id, wrong = value.get("id"), [*wrong_with_row(value)]
        else:
            custom_id, wrong = value.get("custom_id"), [*self.requests.wrong_with_request(value)]
            wrong += self.wrong_with_age(value.get("params"))
        if kind != self.scan.kind:
            wrong.append(
                f"the file began with {self.scan.kind} (line {self.kind_line}), "
                f"and this is one of the {kind}: use one form throughout"
            )
        return custom_id, wrong

    def wrong_with_age(self, params: object) -> list[str]:
        """That the model is gone. Once a run has begun, what is paid for is still collected."""
        model = params.get("model") if isinstance(params, dict) else None
        retired = self.requests.retired.get(model, "") if isinstance(model, str) else ""
        return [retired] if retired and not self.began else []

    def count(self, wire: Wire) -> None:
        """Put a request into the split, and add its tokens and its cost."""
        scan, size = self.scan, len(wire.body)
        full = self.in_batch == self.most or self.batch_bytes + 1 + size > self.longest
        if not self.in_batch or full or self.placed == self.settings.canary:
            scan.batches += 1
            self.in_batch, self.batch_bytes = (
                0,
                -1,
            )  # between requests, not before the first, a comma
        self.placed += 1
        self.in_batch += 1
        self.batch_bytes += 1 + size
        scan.largest = max(scan.largest, self.in_batch)
        scan.text_bytes += size
        output_tokens = min(wire.max_tokens, PLANNED_OUTPUT_TOKENS)
        scan.output_tokens += output_tokens
        if wire.price is None:
            scan.unpriced += 1
            return
        rates = wire.price.rates
        scan.cost += math.ceil(size / BYTES_PER_TOKEN) * rates.input + output_tokens * rates.output
        scan.worst += wire.worst()


def scan_input(
    original: BinaryIO, file: BinaryIO, name: str, settings: Settings, began: bool
) -> tuple[Scan, Problems]:
    """What INPUT holds and would cost, with its SHA-256; and all that is wrong with it.

    `file` is what `original` unpacks to, or the same. When a run has begun, a model that is gone
    since is no fault of the file.
    """
    scan, problems, digest = Scan(name), Problems(name), hashlib.sha256()
    file.seek(0)
    head = file.read(4)
    is_utf_8 = not head.startswith(OTHER_ENCODINGS) and b"\0" not in head
    if file is not original or not is_utf_8:
        original.seek(0)
        while piece := original.read(2**20):
            digest.update(piece)
    scan.bytes = os.fstat(original.fileno()).st_size
    if not is_utf_8:
        scan.sha256 = digest.hexdigest()
        problems.add(1, None, "the file is UTF-16 or UTF-32: save it as UTF-8")
        return scan, problems
    file.seek(0)
    see = digest.update if file is original else len  # it has been seen
    ids = Ids(os.fstat(file.fileno()).st_size)
    scanner = Scanner(scan, problems, ids, settings, began)
    for line_number, line in enumerate(lines_of(file, scanner.longest, see), 1):
        if line is None:
            scanner.too_long(line_number)
        else:
            scanner.line(line_number, line)
    scan.sha256 = digest.hexdigest()
    if not scan.requests:
        problems.add(1, None, 'the file is empty: write one {"id": …, "prompt": …} a line')
    for custom_id, line_number, first in ids.repeated():
        problem = f"the id stands in line {first} too: each needs one of its own"
        problems.add(line_number, custom_id, problem)
    return scan, problems


def lines_of(
    file: BinaryIO, longest: int, see: Callable[[bytes], object]
) -> Iterator[bytes | None]:
    """Every line; None for one that fits no batch, which is not read into memory whole.

    `see` gets every byte.
    """
    while line := file.readline(longest + 2**16):
        see(line)
        if len(line) <= longest or line.endswith(b"\n"):
            yield line
            continue
        while rest := file.readline(2**20):
            see(rest)
            if rest.endswith(b"\n"):
                break
        yield None


def value_of(line: bytes) -> tuple[Event | None, str]:
    """The object that a line is, or None and what is wrong with the line."""
    try:
        value: Any = decode_json(line.decode())
    except UnicodeDecodeError:
        return None, "not UTF-8: save the file as UTF-8"
    except ValueError as error:
        return None, f"not JSON ({why_not_json(error)}): each line is one JSON object"
    except RecursionError:
        return None, TOO_DEEP
    if not isinstance(value, dict):
        return (
            None,
            'not a JSON object: write {"id": …, "prompt": …} or {"custom_id": …, "params": …}',
        )
    return (None, TOO_DEEP) if is_deep(value) else (value, "")


def why_not_json(error: ValueError) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} at character {error.pos + 1}"
    return "a number or constant that JSON does not have"
