"""Where each answer goes."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from planner.programs.python.cut import next_cut
from planner.programs.python.sort import (
    give_up_batch,
    give_up_rest,
    is_account_trouble,
    reason_in,
    result_in,
    sort_batch,
)
from tests.programs.parts.python.conftest import Work


def success(**message: Any) -> dict[str, Any]:
    usage = {"input_tokens": 3, "output_tokens": 2}
    answer = {"model": "claude-sonnet-5-5", "stop_reason": "end_turn", "usage": usage, **message}
    return {"type": "succeeded", "message": answer}


def error(kind: str, message: str = "") -> dict[str, Any]:
    return {
        "type": "errored",
        "error": {"type": "error", "error": {"type": kind, "message": message}},
    }


def collected(there: Work, counted: int = 0, **results: dict[str, Any] | None) -> bool:
    """One batch with these results by id, `counted` as succeeded by the API, sorted."""
    cut = next_cut(there.source, there.folder.state)
    assert cut
    there.folder.note("cut", **cut)
    (batch,) = there.folder.state.batches.values()
    there.folder.note("submit", batch=batch.number, since=None)
    there.folder.note("created", batch=batch.number, id="b", created_at="2026")
    counts = {"succeeded": counted}
    there.folder.note("ended", batch=batch.number, id="b", ended_at="2026", counts=counts)
    lines = [{"custom_id": name, "result": result} for name, result in results.items() if result]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    there.folder.results_file("b").write_text(text)
    return sort_batch(there.folder, there.source, there.log, batch)


def test_what_the_api_counts_and_does_not_give_is_not_sent_again(work: Callable[..., Work]) -> None:
    """It may be paid for, whatever class it is counted in: a class may be one that nobody knows."""
    there = work(*"ab")
    cut = next_cut(there.source, there.folder.state)
    assert cut
    there.folder.note("cut", **cut)
    (batch,) = there.folder.state.batches.values()
    there.folder.note("submit", batch=batch.number, since=None)
    there.folder.note("created", batch=batch.number, id="b", created_at="2026")
    counts = {"succeeded": 1, "errored": 1}
    there.folder.note("ended", batch=batch.number, id="b", ended_at="2026", counts=counts)
    line = json.dumps({"custom_id": "a", "result": success()})
    there.folder.results_file("b").write_text(f"{line}\n<html>\n")
    sort_batch(there.folder, there.source, there.log, batch)
    assert there.folder.state.again == 0
    assert there.folder.state.totals.reasons == {"missing": 1}


def test_each_request_in_one_place(work: Callable[..., Work]) -> None:
    """Succeeded, given up, to be tried again, missing; and lines of others are passed over."""
    there = work(*"abcd", requests_per_batch=4)
    assert not collected(
        there,
        a=success(),
        b=error("invalid_request_error"),
        c={"type": "expired"},
        stranger=success(),
    )
    folder = there.folder
    assert there.ids(folder.succeeded) == ["a"]
    assert there.ids(folder.failed) == ["b"]
    assert there.ids(folder.round_file(1)) == ["c", "d"]
    (event,) = there.events("sorted")
    assert (event["succeeded"], event["given_up"], event["again"]) == (1, 1, 2)
    assert event["lengths"] == [path.stat().st_size for path in folder.outputs()]
    assert event["usage"]["output_tokens"] == 2


def test_the_last_attempt_gives_up(work: Callable[..., Work]) -> None:
    """With its reason and its number."""
    there = work("a", max_retries=0)
    collected(there, a={"type": "expired"})
    (line,) = [json.loads(line) for line in there.folder.failed.read_bytes().splitlines()]
    assert line == {
        "custom_id": "a",
        "reason": "expired",
        "attempts": 1,
        "result": {"type": "expired"},
    }


def test_truncated_and_refused_answers_count(work: Callable[..., Work]) -> None:
    """They stay in succeeded.jsonl."""
    there = work(*"ab")
    collected(there, a=success(stop_reason="max_tokens"), b=success(stop_reason="refusal"))
    totals = there.folder.state.totals
    assert (totals.succeeded, totals.truncated, totals.refused) == (2, 1, 1)


def test_trouble_with_the_account_costs_no_attempt(work: Callable[..., Work]) -> None:
    """It is told, and the request is tried again."""
    there = work("a", max_retries=0)
    words = "Your credit balance is too low"
    assert collected(there, a=error("invalid_request_error", words))
    (line,) = [json.loads(line) for line in there.folder.round_file(1).read_bytes().splitlines()]
    assert line["attempts"] == 0


def test_what_is_counted_and_not_there_is_never_sent_again(work: Callable[..., Work]) -> None:
    """It was paid for; what nothing counts as succeeded is tried again."""
    there = work(*"ab")
    collected(there, counted=2, a=success())
    assert there.ids(there.folder.failed) == ["b"]
    assert there.folder.state.totals.reasons == {"missing": 1}


def test_blocked_output_is_tried_again(work: Callable[..., Work]) -> None:
    """It differs from try to try; blocked input does not."""
    there = work(*"ab")
    collected(
        there,
        a=error("invalid_request_error", "Output blocked by content filtering policy"),
        b=error("invalid_request_error", "Input blocked by content filtering policy"),
    )
    assert there.ids(there.folder.round_file(1)) == ["a"]
    assert there.ids(there.folder.failed) == ["b"]


def test_an_answer_of_an_unknown_model_costs_what_was_asked_for(work: Callable[..., Work]) -> None:
    """The budget must see it."""
    there = work("a")
    collected(there, a=success(model="something-new"))
    totals = there.folder.state.totals
    assert totals.spent > 0 and totals.unpriced == 0


def test_an_unknown_class_is_tried_again_and_logged(work: Callable[..., Work]) -> None:
    """An unknown type of result may have been paid for, and is not."""
    there = work(*"ab")
    collected(there, a=error("strange_error"), b={"type": "strange"})
    assert there.ids(there.folder.round_file(1)) == ["a"]
    assert there.ids(there.folder.failed) == ["b"]
    assert sum("is not known here" in line for line in there.log.lines) == 2


def test_what_a_torn_step_wrote_is_written_over(work: Callable[..., Work]) -> None:
    """The journal says how long the files are."""
    there = work("a")
    there.folder.succeeded.write_text('{"torn": ')
    collected(there, a=success())
    assert there.ids(there.folder.succeeded) == ["a"]


def test_a_batch_is_given_up(work: Callable[..., Work]) -> None:
    """All of it, for one reason."""
    there = work(*"ab")
    cut = next_cut(there.source, there.folder.state)
    assert cut
    there.folder.note("cut", **cut)
    give_up_batch(there.folder, there.source, there.log, there.folder.state.batches[1], "lost")
    assert there.folder.state.totals.reasons == {"lost": 2}


def test_the_rest_is_given_up(work: Callable[..., Work]) -> None:
    """What was cut, what was not, and what waits for another try."""
    there = work(*"abcde")
    collected(there, a=success(), b={"type": "expired"})
    cut = next_cut(there.source, there.folder.state)
    assert cut
    there.folder.note("cut", **cut)
    give_up_rest(there.folder, there.source)
    assert sorted(there.ids(there.folder.failed)) == ["b", "c", "d", "e"]
    assert there.folder.state.totals.reasons == {"not_sent": 3, "expired": 1}


@pytest.mark.parametrize(
    "line", [b"", b"null", b"[]", b'{"custom_id": 7, "result": {}}', b'{"custom_id": "a"}', b"\xff"]
)
def test_a_line_that_is_no_result(line: bytes) -> None:
    """It is none, and no crash."""
    assert result_in(line) is None


@pytest.mark.parametrize(
    ("result", "reason"),
    [
        (error("overloaded_error"), "overloaded_error"),
        ({"type": "expired"}, "expired"),
        ({"type": "errored"}, "unknown"),
        ({"type": "errored", "error": {"error": 7}}, "unknown"),
    ],
)
def test_the_class_is_nested_twice(result: dict[str, Any], reason: str) -> None:
    """What is not there has no class."""
    assert reason_in(result)[0] == reason


@pytest.mark.parametrize(
    ("reason", "message", "account"),
    [
        ("billing_error", "", True),
        ("invalid_request_error", "Your credit balance is too low", True),
        ("invalid_request_error", "max_tokens: too large", False),
        ("api_error", "credit balance", False),
    ],
)
def test_whose_trouble(reason: str, message: str, account: bool) -> None:
    """The account's, or the request's."""
    assert is_account_trouble(reason, message) is account
