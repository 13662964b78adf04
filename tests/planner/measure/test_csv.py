"""CSV: quotes, line ends inside them, delimiters, columns."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.measure.csv_rows import CsvRows
from planner.measure.lines import ReadError
from tests.planner.measure.examples import measure, rules_of

CELL = st.text(st.sampled_from(list('ab",;\n é')), max_size=12)


def rows_of(text: str, column: str = "", id_column: str = "") -> list[dict[str, str | None]]:
    """The rows of a CSV text."""
    rows = CsvRows(column, id_column)
    found = []
    for number, line in enumerate(text.split("\n"), 1):
        found += [row for _, row in rows.line(line.removesuffix("\r"), number)]
    rows.end()
    return found


@given(st.lists(st.tuples(CELL, CELL), max_size=6), st.sampled_from([",", ";", "\t"]))
def test_rows_are_those_that_were_written(cells: list[tuple[str, str]], delimiter: str) -> None:
    """Whatever stands in the cells, and whatever parts them."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(["note", "prompt"])
    writer.writerows(cells)
    assert [row["prompt"] for row in rows_of(text.getvalue())] == [prompt for _, prompt in cells]


def test_columns() -> None:
    """The column of prompts is named or usual; an id is the file's or the line's."""
    text = "id,question,prompt\n7,q,p\n"
    assert rows_of(text) == [{"id": "7", "prompt": "p"}]
    assert rows_of(text, "Question") == [{"id": "7", "prompt": "q"}]
    assert rows_of("prompt\np\n\nq\n") == [
        {"id": "line-2", "prompt": "p"},
        {"id": "line-4", "prompt": "q"},
    ]


@pytest.mark.parametrize(
    ("text", "column", "words"),
    [
        ("a,b\n1,2\n", "", "which column"),
        ("a,b\n1,2\n", "c", "no column “c”"),
        ('prompt\n"open\nfor ever\n', "", "line 2 is never closed"),
    ],
)
def test_what_is_wrong_is_told(text: str, column: str, words: str) -> None:
    """No such column, or a quote that is never closed."""
    with pytest.raises(ReadError, match=words):
        rows_of(text, column)


def test_short_record() -> None:
    """A record without the prompt's cell is a row without a prompt."""
    measured = measure(b"id,prompt\na\nb,c\n", name="x.csv")
    assert rules_of(measured) == [(2, "messages-missing", "error")]
    assert measured.requests == 1
