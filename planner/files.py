"""The commands that read files: `measure`, with what it writes, and `review`.

What a file means is decided in the folders of that name; here files are opened, read in pieces and
written.
"""

import json
import os
import stat
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO

from planner.errors import Problem, ScenarioError
from planner.measure.becomes import scenario_of
from planner.measure.export import export
from planner.measure.lines import ReadError
from planner.measure.measured import Measured
from planner.measure.measurement import Measurement
from planner.measure.rewriting import IDS, Repairing, Splitting
from planner.plan import make_plan
from planner.review.actual import actual_of
from planner.review.batches import moment_of
from planner.review.export import export as export_review
from planner.review.export import learnt
from planner.review.reading import Reading
from planner.scenario import Scenario
from planner.show import reviewed
from planner.show.measured import report
from planner.streams import reason
from planner.words import counted

_PIECE_BYTES = 2**20
Told = tuple[list[str], int, list[str]]  # lines, exit code, complaints


def add_measure(commands: Any, add_plan: Callable[[ArgumentParser, str], None]) -> ArgumentParser:
    """The parser of `measure`; `add_plan` adds how a scenario is named."""
    parser: ArgumentParser = commands.add_parser(
        "measure",
        help="what files of requests, rows or results hold, and what is wrong with them",
        allow_abbrev=False,
    )
    parser.add_argument(
        "files", nargs="+", metavar="FILE", help="JSON Lines or CSV, plain or gzip; - for input"
    )
    parser.add_argument("--json", action="store_true", help="print all of it as JSON")
    parser.add_argument(
        "--split", metavar="DIR", help="write the plan's batches as files into a new folder"
    )
    parser.add_argument(
        "--mend", metavar="DIR", help="write the files with valid, unique ids into a new folder"
    )
    parser.add_argument("--column", default="", metavar="NAME", help="the prompts' column of a CSV")
    parser.add_argument("--id-column", default="", metavar="NAME", help="the ids' column of a CSV")
    add_plan(parser, "what rows are sent with, and the limits of the batches")
    return parser


def measure(options: Namespace, base: Scenario) -> Told:
    """Run `measure`: 0 without errors, 1 with, 2 when a file cannot be read."""
    measurement = Measurement(base, column=options.column, id_column=options.id_column)
    complaints = read_files(options.files, measurement.begin, measurement.feed, measurement.end)
    measured = measurement.measured()
    if complaints:
        complaints.append(f"error: Read up to there: {counted(measured.lines, 'line')}.")
    lines = (
        [json.dumps(export(measured, base), ensure_ascii=False, indent=1)]
        if options.json
        else report(measured, base)
    )
    code = 2 if complaints else 1 if measured.findings.errors else 0
    if code < 2:
        for folder, write in ((options.mend, _mend), (options.split, _split)):
            if folder is not None:
                written = write(options, _empty_folder(folder), measured, base)
                (complaints if options.json else lines).extend(written)
    return lines, code, complaints


def add_review(commands: Any, add_plan: Callable[[ArgumentParser, str], None]) -> ArgumentParser:
    """The parser of `review`; `add_plan` adds how a scenario is named."""
    parser: ArgumentParser = commands.add_parser(
        "review",
        help="what became of a run, from its journal, the provider's list, or results",
        allow_abbrev=False,
    )
    parser.add_argument(
        "files",
        nargs="+",
        metavar="FILE",
        help="journal.jsonl, the JSON of batches.list, results; - for input",
    )
    parser.add_argument("--json", action="store_true", help="print all of it as JSON")
    parser.add_argument(
        "--now",
        dest="moment",
        default="",
        metavar="TIME",
        help="the moment at which it is reviewed, with offset; else now",
    )
    add_plan(parser, "what was planned")
    return parser


def review(options: Namespace, base: Scenario) -> Told:
    """Run `review`: 0, or 2 when a file cannot be read."""
    if moment_of(options.moment) is None:
        raise ScenarioError(Problem("", "--now takes a moment such as 2026-11-28T22:00:00Z."))
    reading = Reading()
    complaints = read_files(options.files, reading.begin, reading.feed, reading.end)
    planned = make_plan(base) if options.scenario is not None or options.set else None
    actual = actual_of(reading.found, planned, options.moment)
    lines = (
        [json.dumps(export_review(reading.found, actual, base), ensure_ascii=False, indent=1)]
        if options.json
        else reviewed.report(reading.found, actual, learnt(actual), base)
    )
    if complaints:
        complaints.append(
            f"error: Read up to there: {counted(len(actual.own), 'batch', 'batches')}."
        )
    return lines, 2 if complaints else 0, complaints


# Reading


def read_files(
    names: Sequence[str],
    begin: Callable[[str], None],
    feed: Callable[[bytes], None],
    end: Callable[[], None],
) -> list[str]:
    """Feed the bytes of each file; returns what stopped it, as complaints."""
    for name in names:
        try:
            begin("standard input" if name == "-" else name)
            for piece in pieces_of(name):
                feed(piece)
            end()
        except (OSError, ValueError) as why:  # ReadError, or a name that no file can have
            return [f"error: {name} cannot be read: {reason(why)}."]
    return []


def pieces_of(name: str) -> Iterator[bytes]:
    """The bytes of a file in pieces. Raises OSError, and ReadError for one that shrinks."""
    if name == "-":
        if sys.stdin is None:  # closed by the shell, as with `<&-`
            raise ReadError("it is closed")
        while piece := sys.stdin.buffer.read(_PIECE_BYTES):
            yield piece
        return
    with Path(name).open("rb") as file:
        status, read = os.fstat(file.fileno()), 0
        while piece := file.read(_PIECE_BYTES):
            read += len(piece)
            yield piece
        if stat.S_ISREG(status.st_mode) and read < status.st_size:
            raise ReadError(
                f"it shrank from {status.st_size:,} bytes to {read:,} while it was read"
            )


# Writing


def _empty_folder(name: str) -> Path:
    folder = Path(name)
    try:
        if not name:
            raise ValueError("it has no name")
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise ValueError("it is not empty, and nothing is written over")
    except (OSError, ValueError) as why:
        raise _cannot_be_written(name, why) from None
    return folder


def _cannot_be_written(name: object, why: Exception) -> ScenarioError:
    return ScenarioError(
        Problem("", f"{name} cannot be written: {reason(why)}. Name another folder.")
    )


def _split(options: Namespace, folder: Path, measured: Measured, base: Scenario) -> list[str]:
    """Write the plan's batches as files; put together they are the input, to the byte."""
    if measured.findings.errors:
        return ["Nothing was split: mend the errors first, ids with --mend."]
    plan = make_plan(scenario_of(measured, base))
    columns = {"column": options.column, "id_column": options.id_column}
    written = _rewrite(options.files, folder, Splitting(plan, base, **columns))
    if not written:
        return ["Nothing was split: there is no request."]
    return [f"{counted(len(written), 'batch', 'batches')} written, from {written[0]} on"]


def _mend(options: Namespace, folder: Path, _measured: Measured, _base: Scenario) -> list[str]:
    """Write the files again with ids that are valid and unique, and a map back."""
    repairing = Repairing(column=options.column, id_column=options.id_column)
    _rewrite(options.files, folder, repairing)
    (folder / IDS).touch()  # though it says of none
    return [
        f"{counted(repairing.changed, 'id')} mended in {folder}; {IDS} leads back to the old ones"
    ]


def _rewrite(names: Sequence[str], folder: Path, writing: Splitting | Repairing) -> list[str]:
    """Write the parts that come of the files into the folder; returns the files written."""
    if "-" in names:
        raise ScenarioError(Problem("", "Standard input cannot be read again: name a file."))
    written: list[str] = []
    try:
        with ExitStack() as stack:
            file: BinaryIO | None = None
            for name, data in _parts(names, writing):
                path = str(folder / name)
                if not written or path != written[-1] or file is None:
                    stack.close()
                    file = stack.enter_context(Path(path).open("wb"))
                    written.append(path)
                file.write(data)
    except ReadError as why:
        told = f"{folder} is not whole: {why}. Run it again, into another folder."
        raise ScenarioError(Problem("", told)) from None
    except OSError as why:
        raise _cannot_be_written(folder, why) from None
    return written


def _parts(names: Sequence[str], writing: Splitting | Repairing) -> Iterator[tuple[str, bytes]]:
    for _ in range(writing.passes):
        writing.begin_pass()
        for name in names:
            writing.begin(name)
            for piece in pieces_of(name):
                yield from writing.feed(piece)
            yield from writing.end()
