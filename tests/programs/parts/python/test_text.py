"""JSON as it is sent, and times as people read them."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.programs.python.text import (
    DEEPEST,
    clock,
    cut_deep,
    decode_answer,
    decode_json,
    earlier,
    is_deep,
    iso,
    json_bytes,
    moment_of,
    shallow,
    shown,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(JSON)
def test_json_comes_back(value: object) -> None:
    """Whatever JSON can say is the same after a round trip, and stands on one line."""
    line = json_bytes(value)
    assert json.loads(line) == value
    assert b"\n" not in line


def test_a_number_of_thousands_of_digits_counts_as_nothing() -> None:
    """Python reads none; the answer around it was paid for."""
    assert decode_answer(f'{{"a": {"7" * 5000}, "b": 7}}') == {"a": None, "b": 7}


def test_half_a_surrogate_is_escaped() -> None:
    """It has no UTF-8; the other characters stay as they are."""
    assert json_bytes("é\ud800") == b'"\xc3\xa9\\ud800"'


@pytest.mark.parametrize("text", ["NaN", "[Infinity]", '{"a": -Infinity}', "{", "01"])
def test_what_is_no_json(text: str) -> None:
    """Python's own constants are refused, as the API would."""
    with pytest.raises(ValueError):
        decode_json(text)


def test_names_are_short_and_on_one_line() -> None:
    """A name from somebody's file cannot break a log."""
    assert shown('a\n"b"') == '"a\\n\\"b\\""'
    assert len(shown("x" * 200)) == 80


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.04, "0.0 s"), (59.94, "59.9 s"), (60, "0:01:00"), (3725, "1:02:05")]
)
def test_clock(seconds: float, text: str) -> None:
    """Seconds below a minute, then hours, minutes and seconds."""
    assert clock(seconds) == text


def test_iso_sorts_by_time() -> None:
    """A moment without microseconds is as long as one with them."""
    first = datetime(2026, 11, 24, 8, 0, 0, tzinfo=UTC)
    assert iso(first) < iso(first.replace(microsecond=40_000))


@pytest.mark.parametrize(
    ("text", "microsecond"),
    [
        ("2026-11-24T08:00:00Z", 0),
        ("2026-11-24T08:00:00.5Z", 500_000),
        ("2026-11-24T09:00:00.123+01:00", 123_000),
        ("2026-11-24T08:00:00.123456789Z", 123_456),
    ],
)
def test_moments_as_apis_and_journals_write_them(text: str, microsecond: int) -> None:
    """With any fraction, any zone, on every Python."""
    expected = datetime(2026, 11, 24, 8, 0, 0, microsecond, tzinfo=UTC)
    assert moment_of(text) == expected


@pytest.mark.parametrize("text", ["", "yesterday", "2026-11-24", "2026-13-24T08:00:00Z"])
def test_what_is_no_moment(text: str) -> None:
    """It is an error, not another moment."""
    with pytest.raises(ValueError):
        moment_of(text)


def test_earlier() -> None:
    """The same form, so that it sorts beside others."""
    moment = datetime(2026, 11, 24, 8, 0, 0, 7, tzinfo=UTC)
    assert earlier(iso(moment), 300.0) == iso(moment - timedelta(minutes=5))


@given(JSON)
def test_what_is_not_deep_stays(value: object) -> None:
    """Brackets in texts are no levels."""
    text = json.dumps(value)
    assert shallow(text) == text


@pytest.mark.parametrize("levels", [DEEPEST, DEEPEST + 1, 5_000, 50_000])
def test_what_is_deep_counts_as_nothing(levels: int) -> None:
    """The rest of an answer is read all the same."""
    value = decode_answer('{"a":' + '[{"]":' * levels + '"]}"' + "}]" * levels + ',"b":7}')
    assert value["b"] == 7
    assert len(json.dumps(value)) < 10 * DEEPEST
    assert value["a"][0]["]"][0]["]"], "what lies near is there"


@given(JSON, st.integers(0, 5))
def test_a_value_is_cut_where_it_is_deep(value: object, levels: int) -> None:
    """What is cut is not deep, and nothing else is cut."""
    cut = cut_deep(value, levels)
    assert not is_deep(cut, levels)
    assert (cut == value) is not is_deep(value, levels)


@pytest.mark.parametrize("levels", [DEEPEST - 1, DEEPEST, DEEPEST + 1, DEEPEST + 2])
def test_text_and_value_are_cut_alike(levels: int) -> None:
    """At the same level, lists or objects."""
    for opened, closed in (("[", "]"), ('{"a":', "}")):
        text = opened * levels + "7" + closed * levels
        value = json.loads(text)
        assert cut_deep(value) == json.loads(shallow(text))
        assert is_deep(value) is (levels > DEEPEST)


@pytest.mark.parametrize("text", ["[" * 50_000, "[" * 50_000 + "]" * 49_999, "[" * 50_000 + '"'])
def test_what_is_deep_and_torn_is_no_answer(text: str) -> None:
    """It is told as any other torn line."""
    with pytest.raises(ValueError, match=r"."):
        decode_answer(text)
