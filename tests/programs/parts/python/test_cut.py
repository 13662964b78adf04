"""What a batch holds: as many requests as fit, each once, in order."""

import asyncio
import gzip
import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from planner.programs.python.cut import Source, count_below, halves, next_cut, open_input
from planner.programs.python.errors import InputError, StoppedError
from planner.programs.python.folder import Folder
from planner.programs.python.request import Requests
from planner.programs.python.state import Batch, State
from tests.programs.parts.python.conftest import SETTINGS, Quiet, Work

BODY = Requests(SETTINGS).wire(b'{"id": "a", "prompt": "?"}').body


def all_cut(there: Work) -> list[Batch]:
    """Every batch of the round, in order."""
    while cut := next_cut(there.source, there.folder.state):
        there.folder.note("cut", **cut)
    return [*there.folder.state.batches.values()]


def sent(source: Source, batch: Batch) -> list[str]:
    """The ids in the body of a batch; its size is what the journal says."""

    async def read() -> bytes:
        return b"".join([piece async for piece in source.body_of(batch)])

    body = asyncio.run(read())
    assert len(body) == batch.bytes
    ids = [request["custom_id"] for request in json.loads(body)["requests"]]
    assert len(ids) == batch.requests
    return ids


def test_a_round_is_cut_in_order(work: Callable[..., Work]) -> None:
    """Two, two, one."""
    there = work(*"abcde")
    assert [sent(there.source, batch) for batch in all_cut(there)] == [
        ["a", "b"],
        ["c", "d"],
        ["e"],
    ]


def test_the_canary_goes_alone(work: Callable[..., Work]) -> None:
    """Then the rest, in batches of their own."""
    there = work(*"abcde", canary=1)
    batches = all_cut(there)
    assert [batch.canary for batch in batches] == [True, False, False]
    assert [batch.requests for batch in batches] == [1, 2, 2]


def test_bytes_bind(work: Callable[..., Work]) -> None:
    """A batch is never longer than its limit, but for a request that is alone."""
    two_fit = 2 * len(BODY) + len('{"requests":[,]}')
    there = work(*"abc", requests_per_batch=100, max_bytes_per_batch=two_fit)
    assert [batch.requests for batch in all_cut(there)] == [2, 1]
    assert there.folder.state.batches[1].bytes == two_fit


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(
    prompts=st.lists(st.text(min_size=1).filter(str.strip), min_size=1, max_size=12),
    most=st.integers(1, 5),
    longest=st.integers(400, 900),
)
def test_every_request_is_in_one_batch(
    prompts: list[str], most: int, longest: int, tmp_path: Path
) -> None:
    """Whatever the sizes: all of them, once, in order, within both limits."""
    path = tmp_path / "in.jsonl"
    rows = [{"id": f"r{n}", "prompt": prompt} for n, prompt in enumerate(prompts)]
    path.write_bytes(b"".join(json.dumps(row).encode() + b"\n" for row in rows))
    changed: dict[str, Any] = {"requests_per_batch": most, "max_bytes_per_batch": longest}
    folder = Folder(Path(tempfile.mkdtemp(dir=tmp_path)), Quiet())
    folder.lock.append({"taken": folder.lock.me})
    source = Source(path, folder, type(SETTINGS)(**changed))
    state = State()
    while cut := next_cut(source, state):
        state.apply({"event": "cut", **cut})
    source_batches = [*state.batches.values()]
    assert [one for batch in source_batches for one in sent(source, batch)] == [
        row["id"] for row in rows
    ]
    assert all(batch.requests <= most for batch in source_batches)
    assert all(batch.bytes <= longest or batch.requests == 1 for batch in source_batches)
    source.close()


def test_halves_hold_what_the_whole_held(work: Callable[..., Work]) -> None:
    """The first half first, with bytes and cost of its own."""
    there = work(*"abcde", requests_per_batch=5)
    (whole,) = all_cut(there)
    into = halves(there.source, there.folder.state, whole)
    there.folder.note("halved", batch=whole.number, into=into)
    first, second = there.folder.state.batches.values()
    assert [sent(there.source, half) for half in (first, second)] == [["a", "b"], ["c", "d", "e"]]
    assert first.worst + second.worst == whole.worst


def test_a_changed_input_stops_the_run(work: Callable[..., Work], tmp_path: Path) -> None:
    """Bytes at the same place would be other requests."""
    there = work("a")
    (tmp_path / "in.jsonl").write_text("")
    with pytest.raises(StoppedError, match="was changed while the run went on"):
        next_cut(there.source, there.folder.state)


def test_an_input_that_is_not_there(tmp_path: Path) -> None:
    """Said with what to do."""
    with pytest.raises(InputError, match="Check the path"):
        open_input(tmp_path / "none.jsonl")


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    """It could not be read again either."""
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match="Save it as one"):
        open_input(tmp_path / "pipe")


def test_counts_of_their_own(work: Callable[..., Work]) -> None:
    """A little below the full size, none like another; the rest as it is."""
    there = work(*(f"r{number}" for number in range(310)), requests_per_batch=100)
    counts = [batch.requests for batch in all_cut(there)]
    assert all(96 <= count <= 100 for count in counts[:3])
    assert len(set(counts)) == len(counts)
    assert sum(counts) == 310


@given(full=st.integers(1, 100_000), taken=st.sets(st.integers(1, 100_000), max_size=5))
def test_a_count_is_free_and_near_the_full_one(full: int, taken: set[int]) -> None:
    """Unless all near ones are taken."""
    spread = min(full // 25, 100 + full // 100)
    count = count_below(full, taken)
    assert full - spread <= count <= full
    assert count not in taken or set(range(full - spread, full + 1)) <= taken


def test_a_range_between_others_is_cut_first(work: Callable[..., Work]) -> None:
    """What was dissolved comes before what was never cut."""
    there = work(*"abcdef")
    for _ in range(2):
        there.folder.note("cut", **(next_cut(there.source, there.folder.state) or {}))
    there.folder.note("recut", batches=[1])
    batches = all_cut(there)
    assert [sent(there.source, batch) for batch in batches] == [["c", "d"], ["a", "b"], ["e", "f"]]


def test_a_retired_model_is_not_sent(
    work: Callable[..., Work], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says what to use, and how to end the run."""
    there = work("a")
    there.source.requests.retired = {SETTINGS.model: "model is retired: use other"}
    with pytest.raises(StoppedError, match=r"use other.*--cancel"):
        next_cut(there.source, there.folder.state)


def test_a_gzip_file_is_read_as_what_it_unpacks_to(
    work: Callable[..., Work], tmp_path: Path
) -> None:
    """The run is known by the file as it is."""
    path = tmp_path / "in.jsonl"
    rows = "".join(json.dumps({"id": each, "prompt": "?"}) + "\n" for each in "abc")
    path.write_bytes(gzip.compress(rows.encode()))
    there = work()
    assert [sent(there.source, batch) for batch in all_cut(there)] == [["a", "b"], ["c"]]
    assert there.scan.bytes == path.stat().st_size


def test_a_torn_gzip_file_is_bad_input(work: Callable[..., Work], tmp_path: Path) -> None:
    """Nothing of it is sent."""
    packed = gzip.compress(b'{"id": "a", "prompt": "?"}\n' * 99)
    (tmp_path / "in.jsonl").write_bytes(packed[:-9])
    with pytest.raises(InputError, match="no whole gzip file"):
        work()
