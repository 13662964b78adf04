"""Rows of one's own batches with the time at which they were made: text, JSON, link, and back."""

import pytest

from planner import parse
from planner.errors import ScenarioError
from planner.scenario import texts, to_json

ROWS = ((8150, 1200.0, "2026-11-20T22:00Z"), (300, 60.5))


@pytest.mark.parametrize(
    "text",
    [
        "8150:1200@2026-11-20T22:00Z 300:60.5",
        "8150:1200@2026-11-20T22:00Z;300:60.5",
        "8150: 1200 @ 2026-11-20T22:00+00:00\n300:60.5",
    ],
)
def test_a_row_may_have_a_time(text: str) -> None:
    """After an @, with its offset; rows are parted as ever."""
    some = texts.read_texts({"duration.history": text})
    assert some.duration.history == ROWS
    assert texts.read_query(texts.write_query(some)) == some
    assert parse(to_json(some)) == some


@pytest.mark.parametrize(
    "row",
    [
        [8150, 1200, "2026-11-20T22:00Z"],
        {"requests": 8150, "seconds": 1200, "created_at": "2026-11-20T22:00Z"},
    ],
)
def test_rows_of_a_file(row: object) -> None:
    """As a list of three, or by name."""
    assert parse({"duration": {"history": [row]}}).duration.history == ROWS[:1]


@pytest.mark.parametrize("at", ["2026-11-20T22:00", "2026-02-30T22:00Z", "yesterday", 5, None, ""])
def test_a_time_that_cannot_be_read(at: object) -> None:
    """One problem, which names the row and shows the form."""
    with pytest.raises(ScenarioError) as caught:
        parse({"duration": {"history": [[1, 60], [8150, 1200, at]]}})
    (problem,) = caught.value.problems
    assert problem.field == "duration.history"
    assert problem.message.startswith("Row 2 ")
    assert "2026-11-20T22:00Z" in problem.message
