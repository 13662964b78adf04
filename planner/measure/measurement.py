"""Measure files as their bytes come in: requests, rows, CSV, or results of an earlier batch.

    measurement = Measurement()
    measurement.begin("requests.jsonl")
    for piece in pieces:
        measurement.feed(piece)
    measurement.end()
    measurement.measured()

Nothing is opened here, and little is kept: whoever feeds it may stop at any time and ask for what
was measured up to there.
"""

import json
import math
from dataclasses import dataclass
from string import whitespace
from typing import Any, NoReturn

from planner.measure.checks import too_deep
from planner.measure.csv_rows import CsvRows
from planner.measure.findings import Findings
from planner.measure.kinds import REQUESTS, RESULTS, kind_of, refuse_one_document
from planner.measure.lines import Lines
from planner.measure.measured import Measured
from planner.measure.requests import MOST_BYTES, Requests, too_large
from planner.measure.results import Results
from planner.measure.rules import Fault
from planner.measure.wire import ENVELOPE_BYTES
from planner.scenario import Scenario

_ONE_OBJECT = "Write one JSON object a line, without line breaks inside"


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _finite(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _no_constant(text)


# What the SDK cannot write again is no request: NaN, and numbers beyond all bounds.
_decode = json.JSONDecoder(parse_constant=_no_constant, parse_float=_finite).decode


_Place = tuple[str, str, str]  # the kind of a line, where it stands, and in which file


@dataclass(slots=True)
class _File:
    """The file that is being read."""

    name: str
    lines: Lines
    csv: CsvRows | None
    number: int = 0  # of the line that is taken
    filled: int = 0  # lines that say something
    first: _Place | None = None


class Measurement:
    """Takes files piece by piece. Rows are sent with the model and the limit of `base`.

    `column` and `id_column` are those of CSV files, which are told by their names, unless `begin`
    says what they are. `csv` are the rows of the last of them.
    """

    def __init__(
        self, base: Scenario | None = None, *, column: str = "", id_column: str = ""
    ) -> None:
        self.base = base or Scenario()
        self.bytes_read = 0
        self._columns = column, id_column
        self.csv: CsvRows | None = None
        self._file: _File | None = None
        self.lines = 0
        self._first: _Place | None = None  # request or row
        self._findings, self._results = Findings(), Results()
        self._requests = Requests(self.base, self._findings)

    def begin(self, name: str, *, csv: bool | None = None) -> None:
        """A file begins."""
        self._requests.begin(name)
        # a line may have spaces and escapes that are not sent
        lines = Lines(MOST_BYTES + 2**20)
        rows = CsvRows(*self._columns) if (is_csv(name) if csv is None else csv) else None
        self._file = _File(name, lines, rows)
        self.csv = rows or self.csv

    def feed(self, piece: bytes) -> None:
        """The next bytes of the file. Raises ReadError."""
        assert self._file is not None
        file, self.bytes_read = self._file, self.bytes_read + len(piece)
        for block in file.lines.blocks(piece):
            self._block(file, block)

    def end(self) -> None:
        """The file ends. Raises ReadError."""
        assert self._file is not None
        for block in self._file.lines.last_blocks():
            self._block(self._file, block)
        if self._file.csv:
            self._file.csv.end()
        if not self._file.filled:
            self._found(1, Fault("empty-file", "The file is empty", "Write requests into it"))

    def measured(self) -> Measured:
        """What was measured so far."""
        requests, findings = self._requests, self._findings.copy()
        requests.repeated(findings)
        commas = max(0, requests.count - 1)
        return Measured(
            files=len(requests.files),
            lines=self.lines,
            requests=requests.count,
            bytes=ENVELOPE_BYTES + requests.bytes + commas,
            workloads=tuple(
                sorted(requests.workloads.values(), key=lambda each: (-each.requests, each.name))
            ),
            findings=findings,
            results=self._results,
            duplicates=requests.duplicates(),
            repeats_left_out=requests.repeats_left_out,
        )

    def _block(self, file: _File, block: bytes | None) -> None:
        """Take lines that follow one another; None is one that is too long."""
        if block is None:
            self._count(file)
            file.filled += 1
            self._found(file.number, too_large(MOST_BYTES))
            return
        try:
            text = block.decode()
        except UnicodeDecodeError as why:
            self._no_utf_8(file, block.removesuffix(b"\n").split(b"\n"), why)
            return
        take = self._json_lines if file.csv is None else self._csv_lines
        take(file, text if text.endswith("\n") else text + "\n")

    def _no_utf_8(self, file: _File, lines: list[bytes], why: UnicodeDecodeError) -> None:
        if len(lines) > 1:  # which of them is it?
            for line in lines:
                self._block(file, line)
            return
        self._count(file)
        if file.csv is not None:
            wrong = "The line is not UTF-8"
        else:
            file.filled += 1
            wrong = f"The line is not UTF-8 from its byte {why.start + 1:,} on"
        self._found(file.number, Fault("utf-8", wrong, "Save the file as UTF-8"))
        if file.csv is not None:
            self._csv_line(file, file.csv, lines[0].decode("utf-8", "replace"))

    def _csv_lines(self, file: _File, text: str) -> None:
        assert file.csv is not None
        for line in text.removesuffix("\n").split("\n"):
            self._count(file)
            self._csv_line(file, file.csv, line)

    def _json_lines(self, file: _File, text: str) -> None:
        start = 0
        while start < len(text):
            taken, end = self._take_run(file, text, start, file.number + 1)
            if taken:
                self._count(file, taken)
                file.filled += taken
            else:
                self._count(file)
                end = text.index("\n", start) + 1
                line = text[start : end - 1]
                if line.strip(whitespace):
                    file.filled += 1
                    self._json_line(file, line)
            start = end

    def _json_line(self, file: _File, text: str) -> None:
        number = file.number
        try:
            value = _decode(text)
        except RecursionError:
            self._found(number, too_deep())
        except ValueError as why:
            if file.filled == 1:
                refuse_one_document(text)
            wrong = f"The line is not JSON: {_reason(why, text)}"
            self._found(number, Fault("json", wrong, _ONE_OBJECT))
        else:
            if type(value) is dict:
                self._take(value, text, number)
            else:
                self._found(number, Fault("object", "The line is JSON, but no object", _ONE_OBJECT))

    def _csv_line(self, file: _File, csv: CsvRows, text: str) -> None:
        for number, row in csv.line(text.removesuffix("\r"), file.number):
            file.filled += 1
            text = json.dumps(row, ensure_ascii=False)
            if not self._take_run(file, f"{text}\n", 0, number)[0]:
                self._take(row, text, number)

    def _take_run(self, file: _File, text: str, start: int, number: int) -> tuple[int, int]:
        """How many lines are like an earlier one of whatever file, and where they end."""
        if file.first and file.first[0] == RESULTS:  # each that is none is to be told
            return 0, start
        taken, end = self._requests.take_run(text, start, number)
        if taken and self._first:
            file.first = file.first or (self._first[0], f"line {number:,}", file.name)
        return taken, end

    def _count(self, file: _File, lines: int = 1) -> None:
        """The next lines are taken."""
        file.number += lines
        self.lines += lines

    def _take(self, value: dict[str, Any], text: str, number: int) -> None:
        kind = kind_of(value)
        self._tell_mixed(kind, number)
        if kind == RESULTS:
            self._results.add(value)
        elif kind == REQUESTS:
            self._requests.take(value, text, number)
        else:
            self._requests.take_row(value, text, number)

    def _tell_mixed(self, kind: str, number: int) -> None:
        """A file is of results throughout or of none; all files are of requests, or all of rows."""
        assert self._file is not None
        file, here = self._file, (kind, f"line {number:,}", self._file.name)
        file.first = file.first or here
        if kind != RESULTS:
            self._first = self._first or here
        began, place, name = file.first if RESULTS in (kind, file.first[0]) else self._first or here
        if kind != began:
            what = "The file" if name == file.name else name
            wrong = f"{what} began with {began} ({place}); this is one of {kind}"
            self._found(number, Fault("mixed-rows", wrong, "Use one form throughout"))
            self._requests.learns = False  # each line of the other kind is to be told

    def _found(self, number: int, fault: Fault) -> None:
        assert self._file is not None
        self._findings.add(self._file.name, number, None, [fault])


def is_csv(name: str) -> bool:
    """Whether a file is CSV, by its name."""
    return name.lower().removesuffix(".gz").endswith((".csv", ".tsv"))


def _reason(why: ValueError, line: str) -> str:
    if not isinstance(why, json.JSONDecodeError):
        return "it holds a number or a constant that JSON does not have"
    if "\r{" in line:
        return "its lines end with a carriage return alone; save it with line feeds"
    return f"{why.msg.removesuffix(' at')} at character {why.pos + 1:,}"
