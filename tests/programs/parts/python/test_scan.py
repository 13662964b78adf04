"""One reading of INPUT: what it holds, what is wrong with it, how it would be split."""

import hashlib
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.programs.python.request import ENVELOPE_BYTES
from planner.programs.python.scan import Ids, Problems, Scan, lines_of, scan_input
from planner.programs.python.settings import Settings

SETTINGS = Settings(model="claude-sonnet-5-5", max_tokens=100, requests_per_batch=3, canary=0)


def scan(folder: Path, content: bytes, settings: Settings = SETTINGS) -> tuple[Scan, str]:
    """What a file of this content holds, and the list of its problems."""
    path = folder / "in.jsonl"
    path.write_bytes(content)
    with path.open("rb") as file:
        result, problems = scan_input(file, file, path.name, settings, False)
    return result, problems.text() if problems.count else ""


def rows(*ids: str) -> bytes:
    return b"".join(json.dumps({"id": each, "prompt": "?"}).encode() + b"\n" for each in ids)


def test_a_good_file(tmp_path: Path) -> None:
    """Seven rows in batches of three are three batches."""
    content = rows(*"abcdefg")
    result, problems = scan(tmp_path, content)
    assert problems == ""
    assert result.identity() == {
        "name": "in.jsonl",
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "kind": "rows",
        "requests": 7,
    }
    assert (result.batches, result.largest) == (3, 3)
    assert result.worst > result.cost > 0


def test_the_canary_is_a_batch_of_its_own(tmp_path: Path) -> None:
    """The split that is shown is the one that is sent."""
    result, _ = scan(tmp_path, rows(*"abcdefg"), replace(SETTINGS, canary=1))
    assert result.batches == 3
    result, _ = scan(tmp_path, rows(*"abcdefg"), replace(SETTINGS, canary=2))
    assert result.batches == 3


def test_bytes_split_too(tmp_path: Path) -> None:
    """A batch is full when the next request would make its body too long."""
    one, _ = scan(tmp_path, rows("a"))
    two_fit = 2 * one.text_bytes + 1 + ENVELOPE_BYTES
    result, problems = scan(tmp_path, rows(*"abcd"), replace(SETTINGS, max_bytes_per_batch=two_fit))
    assert (problems, result.batches, result.largest) == ("", 2, 2)
    result, _ = scan(tmp_path, rows(*"abcd"), replace(SETTINGS, max_bytes_per_batch=two_fit - 1))
    assert (result.batches, result.largest) == (4, 1)


def test_empty_lines_and_line_ends_do_no_harm(tmp_path: Path) -> None:
    """A carriage return belongs to no request, and the last line needs no end."""
    result, problems = scan(tmp_path, b"\n" + rows("a").replace(b"\n", b"\r\n") + rows("b")[:-1])
    assert (result.requests, problems) == (2, "")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "the file is empty"),
        (rows("a") + b"nonsense\n", "line 2: not JSON (Expecting value at character 1)"),
        (rows("a") + b"\xff\n", "line 2: not UTF-8"),
        (rows("a").decode().encode("utf-16"), "line 1: the file is UTF-16 or UTF-32"),
        (rows("a") + b"[]\n", "line 2: not a JSON object"),
        (b'{"id": "a", "prompt": NaN}\n', "line 1: not JSON (a number or constant"),
        (b"[" * 200_000, "line 1: nested deeper than 100 levels"),
        (rows("a", "b", "a"), 'line 3, id "a": the id stands in line 1 too'),
        (rows("a") + b'{"custom_id": "b", "params": {}}\n', "the file began with rows (line 1)"),
    ],
)
def test_problems_say_where(content: bytes, problem: str, tmp_path: Path) -> None:
    """Each is listed with its line."""
    _, problems = scan(tmp_path, content)
    assert problem in problems


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    """Editors write it."""
    result, problems = scan(tmp_path, b"\xef\xbb\xbf" + rows("a"))
    assert (result.requests, problems) == (1, "")


def test_a_retired_model_is_bad_input_before_the_first_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Afterwards what is paid for must still be collected."""
    gone = {SETTINGS.model: ("2020-01-01", "new")}
    monkeypatch.setattr("planner.programs.python.request.RETIRES", gone)
    path = tmp_path / "in.jsonl"
    path.write_bytes(rows("a"))
    with path.open("rb") as file:
        for began, count in ((False, 1), (True, 0)):
            _, problems = scan_input(file, file, path.name, SETTINGS, began)
            assert problems.count == count


def test_a_request_that_fits_no_batch(tmp_path: Path) -> None:
    """It is bad input, whether its line is just too long or much too long."""
    small = replace(SETTINGS, max_bytes_per_batch=300)
    for length in (400, 100_000):
        line = json.dumps({"id": "a", "prompt": "x" * length}).encode() + b"\n"
        result, problems = scan(tmp_path, line + rows("b"), small)
        assert "shorten it" in problems
        assert result.bytes == len(line + rows("b"))


def test_fifty_problems_are_listed_in_order_and_the_rest_counted() -> None:
    """However they came."""
    problems = Problems("f")
    for number in range(300, 0, -1):
        problems.add(number, None, "bad")
    first, *_, last, end = problems.text().split("\n")
    assert first == "f: line 1: bad"
    assert last == "and 250 more problems"
    assert end == "Nothing was submitted."


@given(st.lists(st.sampled_from("abcdefgh"), max_size=40), st.integers(0, 2**32))
def test_repeated_ids_are_found(names: list[str], input_bytes: int) -> None:
    """Each repetition once, with the line of the first, however many files they went to."""
    ids = Ids(input_bytes)
    for line_number, name in enumerate(names, 1):
        ids.add(name, line_number)
    expected = {
        (name, number, names.index(name) + 1)
        for number, name in enumerate(names, 1)
        if name in names[: number - 1]
    }
    assert {*ids.repeated()} == expected


@given(st.binary(max_size=300), st.integers(1, 40))
def test_lines_are_all_there(content: bytes, longest: int) -> None:
    """Split at line feeds only; every byte is seen; a line of any length is one line."""
    seen = bytearray()
    lines = [*lines_of(io.BytesIO(content), longest, seen.extend)]
    assert bytes(seen) == content
    expected = content.split(b"\n")
    assert len(lines) == len(expected) - (expected[-1] == b"")
