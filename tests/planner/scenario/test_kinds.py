"""Each kind of field: a JSON value, a text, a form's text and words are the same value."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner import scenario
from planner.scenario import FIELDS, Field, kinds
from tests.strategies import scenarios

HISTORY = ((8150, 1200.0), (300, 60.5))


@pytest.mark.parametrize(
    ("name", "value", "json_value", "text", "form", "words", "phrase"),
    [
        ("workload.requests", 25_000, 25_000, "25000", "25,000", "25,000", "Requests 25,000"),
        ("limits.queue_requests", 9000, 9000, "9000", "9,000", "9,000", "Queue limit 9,000 requests"),
        ("batches.poll_s", 60.0, 60, "60", "60", "60", "Poll every 60 s"),
        ("retries.transient_rate", 0.01, 0.01, "0.01", "1 %", "1 %", "Transient failures 1 %"),
        ("retries.transient_rate", 1e-9, 1e-9, "0.000000001", "0.0000001 %", "0.0000001 %", "Transient failures 0.0000001 %"),
        ("goal.budget_usd", Decimal("1500.00"), 1500, "1500", "1500", "1500", "Budget 1500 US$"),
        ("goal.budget_usd", Decimal("0.5"), 0.5, "0.5", "0.5", "0.5", "Budget 0.5 US$"),
        ("caching.prime", True, True, "true", "true", "yes", "Prime the cache: yes"),
        ("caching.prime", False, False, "false", "false", "no", "Prime the cache: no"),
        ("retries.backoff", "fixed", "fixed", "fixed", "fixed", "Fixed: always the same", "Backoff: fixed: always the same"),
        ("workload.model", "claude-haiku-4-5-20251001", "claude-haiku-4-5-20251001", "claude-haiku-4-5-20251001", "claude-haiku-4-5-20251001", "Claude Haiku 4.5", "Claude Haiku 4.5"),
        ("goal.start_at", "", "", "", "", "none", "Start none"),
        ("goal.start_at", "2026-11-22T22:00+01:00", "2026-11-22T22:00+01:00", "2026-11-22T22:00+01:00", "Sun 22 Nov 2026, 22:00 +01:00", "Sun 22 Nov 2026, 22:00 +01:00", "Start Sun 22 Nov 2026, 22:00 +01:00"),
        ("goal.deadline_h", 48.0, 48, "48", "48", "48", "Deadline 48 h"),
        ("goal.deadline_h", 0.0, 0, "0", "", "none", "Deadline none"),
        ("workload.max_tokens", 0, 0, "0", "", "proposed", "max_tokens proposed"),
        ("duration.history", (), [], "", "", "none", ""),
        ("duration.history", HISTORY, [[8150, 1200], [300, 60.5]], "8150:1200;300:60.5", "8150:1200\n300:60.5", "8150:1200;300:60.5", "2 of them"),
    ],
)  # fmt: skip
def test_a_value(
    name: str, value: Any, json_value: Any, text: str, form: str, words: str, phrase: str
) -> None:
    """The value as a file, a link, a form and people have it."""
    field = scenario.field(name)
    assert field.dump(value) == json_value and type(field.dump(value)) is type(json_value)
    assert field.write(value) == text
    assert field.fill(value) == form
    assert field.say(value) == words
    assert field.phrase(value) == phrase


@given(scenarios())
def test_every_way_leads_back(some: scenario.Scenario) -> None:
    """A file, a link and a form give the same value again, of the same type."""
    for field in FIELDS:
        value = scenario.value_of(some, field.name)
        for answer in (field.dump(value), field.read(field.write(value)), field.read(field.fill(value)), value):  # fmt: skip
            assert field.check(answer) == value
            assert type(field.check(answer)) is type(value)


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.name)
def test_the_default_is_a_value(field: Field) -> None:
    """What a field has when nobody answers passes its own check."""
    assert field.check(field.default) == field.default


def test_kinds_have_names_of_their_own() -> None:
    """The style sheet knows a field by the name of its kind."""
    rows = {field.kind.name: field.kind for field in FIELDS}
    assert set(rows) == {
        "integer",
        "share",
        "span",
        "money",
        "flag",
        "choice",
        "model",
        "time",
        "history",
    }
    assert all(field.kind.control == rows[field.kind.name].control for field in FIELDS)


@pytest.mark.parametrize(
    ("kind", "control", "inputmode"),
    [
        (kinds.INTEGER, "text", "numeric"),
        (kinds.SHARE, "text", "decimal"),
        (kinds.SPAN, "text", ""),
        (kinds.MONEY, "text", "decimal"),
        (kinds.FLAG, "checkbox", ""),
        (kinds.CHOICE, "select", ""),
        (kinds.MODEL, "select", ""),
        (kinds.TIME, "text", ""),
        (kinds.HISTORY, "textarea", ""),
    ],
    ids=lambda part: getattr(part, "name", ""),
)
def test_controls(kind: Any, control: str, inputmode: str) -> None:
    """The control of a form, and the keyboard of a telephone."""
    assert (kind.control, kind.inputmode) == (control, inputmode)


def test_a_long_history_is_cut_in_words() -> None:
    """Ten thousand rows are said in forty characters."""
    words = scenario.field("duration.history").say(((8150, 1200.0),) * 10_000)
    assert words == "8150:1200;8150:1200;8150:1200;8150:1200;8150:1200"[:39] + "…"


@pytest.mark.parametrize(
    ("name", "most"), [("workload.requests", 200), ("duration.history", 420_000)]
)
def test_a_text_that_is_too_long(name: str, most: int) -> None:
    """A number has at most 200 characters, a history room for ten thousand rows; both say so."""
    field = scenario.field(name)
    text = "1" * most if name == "workload.requests" else "1:1;" * (most // 4 - 1) + "1:11"
    field.read(text)
    with pytest.raises(ValueError, match=f"{most + 1:,} characters; at most {most:,} can be read"):
        field.read(text + "1")
    field.read(f"  {text}\n")


@given(st.text(max_size=10))
def test_short_is_one_short_line(text: str) -> None:
    """What somebody typed, quoted in a message, does not break it."""
    line = kinds.short(text * 30)
    assert len(line) <= 60 and "\n" not in line
    assert line == " ".join((text * 30).split()) or line.endswith("…")
