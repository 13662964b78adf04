"""Make rows of the lines of a CSV file, with the column of prompts that a person chose."""

import csv
from collections.abc import Iterator

from planner.measure.checks import shown
from planner.measure.lines import ReadError

_DELIMITERS = ",;\t|"
_PROMPT_COLUMNS = ("prompt", "text", "content", "input", "question")
_ID_COLUMNS = ("custom_id", "id")

csv.field_size_limit(2**31 - 1)  # a prompt may be longer than the module's 128 kB


class CsvRows:
    """Takes the lines of a CSV file one by one, and gives rows `{"id", "prompt"}`.

    `column` and `id_column` name the columns; "" looks for usual names. Rows without an id get
    one by their line. Raises ReadError for a file that has no such column.
    """

    def __init__(self, column: str = "", id_column: str = "") -> None:
        self._column, self._id_column = column, id_column
        self.names: list[str] = []  # of the columns
        self._delimiter = ""
        self._prompt = self._id = -1
        self._open: list[str] = []  # lines of a record whose quotes are still open
        self._quotes = 0  # in them
        self._first_line = 0

    def line(self, text: str, number: int) -> Iterator[tuple[int, dict[str, str | None]]]:
        """The row that ends with this line, if one does, and the line on which it begins."""
        if not self._open:
            self._first_line = number
        self._open.append(text)
        self._quotes += text.count('"')
        if self._quotes % 2:
            return  # a line's end inside quotes
        yield from self._record()

    def end(self) -> None:
        """No more lines come. Raises ReadError where quotes are still open."""
        if self._open:
            raise ReadError(
                f"a quote that opens in line {self._first_line:,} is never closed: "
                "quotes inside quotes are written twice"
            )

    def _record(self) -> Iterator[tuple[int, dict[str, str | None]]]:
        text, number = "\n".join(self._open), self._first_line
        self._open.clear()
        self._quotes = 0
        if not text.strip():
            return
        if not self._delimiter:
            self._delimiter = max(_DELIMITERS, key=text.count)
            self._header(self._cells(text))
            return
        cells = self._cells(text)
        prompt = cells[self._prompt] if self._prompt < len(cells) else None
        custom_id = cells[self._id] if 0 <= self._id < len(cells) else f"line-{number}"
        yield number, {"id": custom_id or None, "prompt": prompt}

    def _cells(self, text: str) -> list[str]:
        try:
            return next(csv.reader([text], delimiter=self._delimiter), [])
        except csv.Error as why:
            raise ReadError(f"line {self._first_line:,} is no CSV ({why})") from None

    @property
    def chosen(self) -> dict[str, str]:
        """The columns of the prompts and of the ids, "" where there is none."""
        places = {"column": self._prompt, "id_column": self._id}
        return {key: self.names[at] if at >= 0 else "" for key, at in places.items()}

    def _header(self, names: list[str]) -> None:
        self.names += names
        lower = [name.strip().lower() for name in names]
        self._prompt = _place(self._column, lower, _PROMPT_COLUMNS)
        self._id = _place(self._id_column, lower, _ID_COLUMNS)
        if self._prompt < 0 and len(names) == 1 and not self._column:
            self._prompt = 0
        columns = ", ".join(shown(name) for name in names[:20])
        if self._prompt < 0:
            wanted = f"no column {shown(self._column)}" if self._column else "no column “prompt”"
            raise ReadError(
                f"it has {wanted}: say which column holds the prompts (--column). "
                f"Its columns are {columns}"
            )
        if self._id < 0 and self._id_column:
            raise ReadError(
                f"it has no column {shown(self._id_column)} for the ids. Its columns are {columns}"
            )


def _place(wanted: str, names: list[str], usual: tuple[str, ...]) -> int:
    for name in (wanted.strip().lower(),) if wanted else usual:
        if name in names:
            return names.index(name)
    return -1
