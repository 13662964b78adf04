"""Nothing that a file may hold crashes or hangs the readers, and the pieces do not matter."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from planner.drop import Drop
from planner.measure.export import export
from planner.measure.lines import ReadError
from planner.measure.measurement import Measurement
from planner.measure.rewriting import Part
from planner.review.actual import actual_of
from planner.review.export import export as export_review
from planner.review.export import learnt
from planner.review.reading import Reading
from planner.scenario import Scenario, parse
from planner.show import measured, reviewed
from tests.planner.measure.examples import lines_of, request
from tests.planner.review.account import account

BASE = Scenario()
CORPUS = sorted((Path(__file__).parent / "corpus").iterdir())


def fed(reader: Measurement | Reading, name: str, data: bytes, piece: int) -> str:
    """Feed a file; what it says about one that cannot be read."""
    try:
        reader.begin(name)
        for start in range(0, len(data), piece):
            reader.feed(data[start : start + piece])
        reader.end()
    except ReadError as why:
        return str(why)
    return ""


def measure_all(data: bytes, name: str, piece: int) -> str:
    """All that `measure` makes of a file."""
    measurement = Measurement(BASE)
    error = fed(measurement, name, data, piece)
    found = measurement.measured()
    told = export(found, BASE)
    parse(told["scenario"])
    return error + json.dumps(told, allow_nan=False) + "\n".join(measured.report(found, BASE))


def review_all(data: bytes, name: str, piece: int) -> str:
    """All that `review` makes of a file."""
    reading = Reading()
    error = fed(reading, name, data, piece)
    actual = actual_of(reading.found, None)
    told = export_review(reading.found, actual, BASE)
    parse(told["scenario"])
    lines = reviewed.report(reading.found, actual, learnt(actual), BASE)
    return error + json.dumps(told, allow_nan=False) + "\n".join(lines)


QUERY = "workload.requests=3&batches.requests_per_batch=2&batches.concurrent=1"


def drop_all(data: bytes, piece: int) -> None:
    """All that the page makes of a file; it must find out what it is, and writes it again."""
    dropped = Drop("{}")
    dropped.begin("a.txt")
    if all(dropped.feed(data[at : at + piece]) for at in range(0, len(data), piece)):
        dropped.end()
    for want in ("json", "csv", "review"):
        dropped.tell(json.dumps({"want": want, "query": QUERY}))
    told = json.loads(dropped.tell(json.dumps({"query": QUERY})))
    for what in () if told["troubles"] else told["can"]:
        written = written_again(dropped, what, data, piece)
        if what == "split" and data.startswith(b"{"):
            assert written == data


def written_again(dropped: Drop, what: str, data: bytes, piece: int) -> bytes:
    """A file that was dropped, split or mended, its parts put together."""
    writing = dropped.write(json.dumps({"query": QUERY, "what": what, "zip": False}))
    parts: list[Part] = []
    for _ in range(writing.passes):
        writing.begin_pass()
        if writing.begin(0):
            for at in range(0, len(data), piece):
                parts += writing.feed(data[at : at + piece])
            parts += writing.end()
    return b"".join(part for _, part in parts)


ODD = [b'"', b"\\", b"\n", b"\r", b"{", b"}", b"[", b"\0", b"\xff", b"\xef\xbb\xbf", b"\\ud800", b"1e999",
       b"NaN", b"null", b"-1", b'"9"', b"true", b"\xe2\x80\xa8", b"[" * 3000, b"9" * 5000, b", ", b""]  # fmt: skip


def seeds() -> list[bytes]:
    """Good files, to be spoilt."""
    made = account(2)  # a short one
    blocks = [{"type": "text", "text": "Block " * 30, "cache_control": {"type": "ephemeral"}}]
    image = {"type": "image", "source": {"type": "base64", "data": "iVBORw0KGgo="}}
    result = {
        "custom_id": "a",
        "result": {"type": "succeeded", "message": {"usage": {"output_tokens": 9}}},
    }
    return [
        lines_of([request(n, "Hello " * 20 + str(n)) for n in range(4)]),
        lines_of([request(n, f"{n}", system=blocks, tools=[{"name": "f"}]) for n in range(4)]),
        lines_of([request(1, [image, {"type": "tool_result", "content": blocks}])]),
        lines_of([{"id": f"r{n}", "prompt": f"“{n}”"} for n in range(4)]),
        lines_of([result, {"custom_id": "b", "result": {"type": "expired"}}]),
        b'id,prompt\n1,"a ""b""\nc"\n2,d\n',
        made.journal_bytes(),
        made.list_bytes(),
        made.list_bytes().replace(b"\n ", b" "),
        gzip.compress(lines_of([request(n) for n in range(3)])),
    ]


@st.composite
def spoilt(draw: st.DrawFn) -> bytes:
    """A good file in which some bytes were cut, doubled or replaced."""
    data = draw(st.sampled_from(SEEDS))
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, len(data)))
        end = draw(st.integers(start, min(len(data), start + 200)))
        middle = draw(st.sampled_from([*ODD, data[start:end] * 2]) | st.binary(max_size=4))
        data = data[:start] + middle + data[end:]
    return data


SEEDS = seeds()
BOTH = pytest.mark.parametrize("read", [measure_all, review_all])


@BOTH
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    data=spoilt() | st.binary(max_size=200),
    name=st.sampled_from(["a.jsonl", "a.csv"]),
    piece=st.integers(1, 700),
)
def test_nothing_crashes_the_readers(
    read: Callable[[bytes, str, int], str], data: bytes, name: str, piece: int
) -> None:
    """A spoilt file is told, not stumbled over; and it is the same in pieces of any length."""
    assert read(data, name, piece) == read(data, name, 10**9)


@BOTH
@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.name)
def test_corpus(read: Callable[[bytes, str, int], str], path: Path) -> None:
    """Files that once were stumbled over, and those that fuzzing found to be different."""
    data = path.read_bytes()
    for name in ("a.jsonl", "a.csv"):
        assert read(data, name, 7) == read(data, name, 10**9)


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.name)
def test_corpus_on_the_page(path: Path) -> None:
    """The same files, dropped; what can be written of them is written."""
    drop_all(path.read_bytes(), 7)
