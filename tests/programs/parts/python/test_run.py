"""A whole run in this process, and the parts that decide what is done next."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from planner.fake import FakeApi
from planner.programs.python.errors import InputError, StoppedError
from planner.programs.python.run import BatchRunner
from planner.programs.python.state import Batch, State
from planner.programs.python.submit import backoff_seconds, has_room
from tests.programs.parts.python.conftest import SETTINGS, Quiet


def runner(folder: Path, ids: str, **changed: Any) -> BatchRunner:
    path = folder / "in.jsonl"
    rows = [json.dumps({"id": each, "prompt": "?"}) for each in ids]
    path.write_text("".join(row + "\n" for row in rows))
    runner = BatchRunner(path, folder / "out", replace(SETTINGS, **changed))
    runner.log = runner.folder.lock.log = Quiet()
    return runner


def test_a_run_from_input_to_answers(fake_api: Callable[..., FakeApi], tmp_path: Path) -> None:
    """Five requests in three batches; the same command again does nothing more."""
    fake = fake_api()
    first = runner(tmp_path, "abcde")
    assert asyncio.run(first.run()) == 0
    assert "5 of 5 requests succeeded" in first.last_line()
    assert len(fake.own()) == 3
    assert asyncio.run(runner(tmp_path, "abcde").run()) == 0
    assert len(fake.own()) == 3


def test_expired_requests_go_into_another_round(
    fake_api: Callable[..., FakeApi], tmp_path: Path
) -> None:
    """Once, then they succeed."""
    fake_api(outcomes=[{"id": "b", "attempt": 1, "type": "expired"}])
    run = runner(tmp_path, "abc")
    assert asyncio.run(run.run()) == 0
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert (summary["rounds"], summary["retried"], summary["succeeded"]) == (2, 1, 3)


def test_a_lost_answer_is_paid_once(fake_api: Callable[..., FakeApi], tmp_path: Path) -> None:
    """The batch is found and adopted."""
    fake = fake_api(faults=[{"on": "create", "nth": 1, "do": "lose-answer"}])
    assert asyncio.run(runner(tmp_path, "abcd").run()) == 0
    assert fake.books.paid_twice() == [] and len(fake.own()) == 2


def test_cancel_ends_a_run(fake_api: Callable[..., FakeApi], tmp_path: Path) -> None:
    """What was not sent is given up; a folder without a run has nothing to cancel."""
    fake_api(
        faults=[{"on": "create", "nth": 2, "do": "error", "status": 402, "type": "billing_error"}]
    )
    with pytest.raises(InputError, match="holds no run to cancel"):
        asyncio.run(runner(tmp_path, "abcd").run(cancel=True))
    with pytest.raises(StoppedError):
        asyncio.run(runner(tmp_path, "abcd").run())
    run = runner(tmp_path, "abcd")
    assert asyncio.run(run.run(cancel=True)) == 1
    assert run.state.totals.given_up >= 2


def test_check_submits_nothing(fake_api: Callable[..., FakeApi], tmp_path: Path) -> None:
    """It says the split and the cost."""
    fake = fake_api()
    text = runner(tmp_path, "abcde").check()
    assert "Split: 3 batches, the largest of 2 requests" in text
    assert not fake.calls and not (tmp_path / "out").exists()


def batch(number: int, status: str, **fields: Any) -> Batch:
    whole: dict[str, Any] = {"round": 0, "start": 0, "end": 1, "requests": 10, "bytes": 99}
    return Batch(
        **{**whole, "number": number, "worst": 10**13, "canary": False, "status": status, **fields}
    )


def state_with(*batches: Batch) -> State:
    return State(batches={each.number: each for each in batches})


@pytest.mark.parametrize(
    ("changed", "room"),
    [
        ({}, True),
        ({"concurrent_batches": 1}, False),
        ({"max_queued_requests": 19}, False),
        ({"max_queued_requests": 20}, True),
        ({"budget_usd": "2"}, True),
        ({"budget_usd": "1.99"}, False),
    ],
)
def test_room_for_another_batch(changed: dict[str, Any], room: bool) -> None:
    """Beside one of ten requests that may cost a dollar."""
    limits = {"concurrent_batches": 2, "max_queued_requests": 100, **changed}
    settings = replace(SETTINGS, **limits)
    following = batch(2, "unsent")
    assert has_room(state_with(batch(1, "open"), following), following, settings) is room


def test_a_budget_that_nothing_frees_stops() -> None:
    """Waiting would not help."""
    following = batch(1, "unsent")
    with pytest.raises(StoppedError, match="Raise --budget-usd"):
        has_room(state_with(following), following, replace(SETTINGS, budget_usd="0.5"))


def test_the_rest_waits_for_the_canary() -> None:
    """And never goes when it failed."""
    settings = replace(SETTINGS, canary=1)
    following = batch(2, "unsent")
    state = state_with(batch(1, "stored", canary=True), following)
    assert not has_room(state, following, settings)
    state = state_with(following)
    state.canary.sorted, state.canary.given_up = 3, 2
    with pytest.raises(StoppedError, match="The canary failed: 2 of the first 3"):
        has_room(state, following, settings)


@pytest.mark.parametrize(
    ("backoff", "waits"),
    [("exponential", [2, 4, 8, 16]), ("linear", [2, 4, 6, 8]), ("fixed", [2, 2, 2, 2])],
)
def test_backoff(backoff: str, waits: list[float]) -> None:
    """Before retry 1, 2, 3, 4."""
    settings = replace(SETTINGS, backoff=backoff, base_delay_seconds=2.0)
    assert [backoff_seconds(settings, retry) for retry in (1, 2, 3, 4)] == waits
