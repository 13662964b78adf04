"""Write files again as their bytes come in: cut into a plan's batches, or with ids mended.

Both take files as `Measurement` does, in the order in which it took them, and give parts: the name
of the file that some bytes go to, and the bytes. Files are written one after the other: a name that
has been left never comes again in the same pass. At most a line and a piece are held.
"""

import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from typing import ClassVar

from planner.measure.csv_rows import CsvRows
from planner.measure.cutting import Cutting
from planner.measure.lines import BYTE_ORDER_MARK, Lines
from planner.measure.measurement import is_csv
from planner.measure.mending import Mending
from planner.measure.requests import MOST_BYTES
from planner.plan import Plan
from planner.scenario import Scenario

Part = tuple[str, bytes]
_Line = tuple[int, bytes, bytes]  # its number, itself, and the bytes that end it
IDS = "ids.jsonl"


class _File:
    """The lines of one file; a CSV file gives the rows that it becomes."""

    def __init__(self, name: str, columns: tuple[str, str], csv: bool | None) -> None:
        self.name = name
        self._lines = Lines(MOST_BYTES + 2**20)
        self._rows = CsvRows(*columns) if (is_csv(name) if csv is None else csv) else None

    def feed(self, piece: bytes) -> Iterator[_Line]:
        return self._each(self._lines.feed(piece))

    def end(self) -> Iterator[_Line]:
        return self._each(self._lines.end())

    def _each(self, lines: Iterable[bytes | None]) -> Iterator[_Line]:
        for line in lines:
            if self._rows is not None:
                # what is no UTF-8 was told when the file was measured, which read it so too
                text = (line or b"").decode("utf-8", "replace").removesuffix("\r")
                for number, row in self._rows.line(text, self._lines.number):
                    yield number, json.dumps(row, ensure_ascii=False).encode(), b"\n"
            else:
                mark = self._lines.mark if self._lines.number == 1 else b""
                yield self._lines.number, mark + (line or b""), b"" if self._lines.torn else b"\n"


class _Rewriting(ABC):
    """What splitting and mending have in common: `passes` times all files are read."""

    passes: ClassVar[int] = 1

    def __init__(self, *, column: str = "", id_column: str = "") -> None:
        self._columns = column, id_column
        self._file: _File | None = None
        self._place = 0  # of the file in its pass, from 1
        self._pass = 0

    def begin_pass(self) -> None:
        """All files come, from the first on."""
        self._place, self._pass = 0, self._pass + 1

    def begin(self, name: str, *, csv: bool | None = None) -> None:
        """A file begins."""
        self._place += 1
        self._file = _File(name, self._columns, csv)

    def feed(self, piece: bytes) -> Iterator[Part]:
        """The next bytes of the file. Raises ReadError."""
        assert self._file is not None
        return _joined(self._parts(self._file, self._file.feed(piece)))

    def end(self) -> Iterator[Part]:
        """The file ends. Raises ReadError."""
        assert self._file is not None
        return _joined(self._parts(self._file, self._file.end()))

    @abstractmethod
    def _parts(self, file: _File, lines: Iterator[_Line]) -> Iterator[Part]:
        """What the lines of a file become."""


class Splitting(_Rewriting):
    """The plan's batches as files; put together they are the input, to the byte.

    But for the byte order mark of a file whose first line goes into a batch that is begun.
    """

    def __init__(
        self, plan: Plan, base: Scenario, *, column: str = "", id_column: str = ""
    ) -> None:
        super().__init__(column=column, id_column=id_column)
        self._cutting = Cutting(plan, base)
        self.batches = 0  # that were written

    def _parts(self, _file: _File, lines: Iterator[_Line]) -> Iterator[Part]:
        for _, line, end in lines:
            bare = line.removeprefix(BYTE_ORDER_MARK)
            batch = self._cutting.line(bare)
            if not batch:
                continue
            # a byte order mark is one at the beginning of a file alone
            begins, self.batches = batch > self.batches, max(self.batches, batch)
            yield f"batch-{batch:05d}.jsonl", (line if begins else bare) + end
            if not end and line:  # the next file would go on in the same line
                self._cutting.begin()


class Repairing(_Rewriting):
    """The files once more with ids that are valid and unique, and `ids.jsonl`, which leads back.

    The first pass takes the ids that are there, the second writes the files, the third the map.
    """

    passes = 3

    def __init__(self, *, column: str = "", id_column: str = "") -> None:
        super().__init__(column=column, id_column=id_column)
        self._mending = Mending()
        self.changed = 0

    def begin_pass(self) -> None:
        super().begin_pass()
        self._mending.again()
        self.changed = 0

    def _parts(self, file: _File, lines: Iterator[_Line]) -> Iterator[Part]:
        for number, line, end in lines:
            bare = line.removeprefix(BYTE_ORDER_MARK)
            if self._pass == 1:
                self._mending.see(bare)
                continue
            mended = self._mending.mend(bare, number)
            self.changed += mended is not None
            if self._pass == 2:
                yield mended_name(file.name, self._place), (mended.line if mended else line) + end
            elif mended:
                back = {"file": file.name, "line": number, "old": mended.old, "new": mended.new}
                yield IDS, json.dumps(back).encode() + b"\n"


def mended_name(name: str, place: int) -> str:
    """The name of the file that has the mended lines of another, the so-and-so-many-th."""
    stem = name.replace("\\", "/").rpartition("/")[2].removesuffix(".gz")
    for ending in (".csv", ".tsv", ".jsonl"):
        stem = stem.removesuffix(ending)
    return f"{stem or 'requests'}-{place}.jsonl"


def _joined(parts: Iterator[Part]) -> Iterator[Part]:
    """Parts of one file that follow one another as one."""
    name, held = "", list[bytes]()
    for following, data in parts:
        if following != name and held:
            yield name, b"".join(held)
            held.clear()
        name = following
        held.append(data)
    if held:
        yield name, b"".join(held)
