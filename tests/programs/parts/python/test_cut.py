"""What a batch holds: as many requests as fit, each once, in order."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from planner.programs.python.cut import Source, halves, next_cut, open_input
from planner.programs.python.errors import InputError, StoppedError
from planner.programs.python.folder import Folder
from planner.programs.python.request import Requests
from planner.programs.python.state import Batch, State
from tests.programs.parts.python.conftest import SETTINGS, Work

BODY = Requests(SETTINGS).wire(b'{"id": "a", "prompt": "?"}').body


def all_cut(there: Work) -> list[Batch]:
    """Every batch of the round, in order."""
    while cut := next_cut(there.source, there.folder.state):
        there.folder.note("cut", **cut)
    return [*there.folder.state.batches.values()]


def sent(source: Source, batch: Batch) -> list[str]:
    """The ids in the body of a batch; its size is what the journal says."""
    body = source.body_of(batch)
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
    source = Source(path, Folder(tmp_path), type(SETTINGS)(**changed))
    state = State(round_bytes=path.stat().st_size)
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
