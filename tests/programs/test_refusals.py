"""Promises 1 and 8: what a create's answer says for certain, and what it does not."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.programs.cases import error, on
from tests.programs.harness import Bench
from tests.programs.written import other

IDS = [f"r{number}" for number in range(8)]
FOUR = ["--requests-per-batch", "4"]


@pytest.mark.parametrize("status", [400, 403, 404, 451])
def test_a_page_of_a_proxy_after_the_batch_was_made(
    status: int, language: str, bench: Callable[..., Bench]
) -> None:
    """ "After any doubt …": a refusal that is no answer of the API proves nothing."""
    there = bench({"faults": [on("create", "html-after", status=status)]})
    there.write(*IDS)
    done = there.run(language, *FOUR)
    if done.code != 0:
        assert done.code == 3, done.said
        assert there.run(other(language), *FOUR).code == 0
    there.is_complete(IDS)
    assert there.api.calls["create"] == 2


BODIES: dict[str, Any] = {
    "an empty object": {},
    "a list": [],
    "null": None,
    "a text": "msgbatch_000001",
    "no id": {"id": None, "type": "message_batch", "processing_status": "in_progress"},
    "an id that is a number": {"id": 7, "created_at": "2026-11-24T00:00:00Z"},
    "an id that is a path": {"id": "../../x", "created_at": "2026-11-24T00:00:00Z"},
    "no moment": {"id": "msgbatch_000001", "processing_status": "in_progress"},
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_an_answer_that_is_no_batch(
    body: object, language: str, bench: Callable[..., Bench]
) -> None:
    """Status 200 and nonsense: a doubt, never an id."""
    there = bench({"faults": [on("create", "json-after", body=body)]})
    there.write(*IDS)
    done = there.run(language, *FOUR)
    assert done.code == 0, done.said
    there.is_complete(IDS)
    assert there.api.calls["create"] == 2


@pytest.mark.parametrize("seconds", [3.0, 20.0], ids=["then it closes", "then it is silent"])
def test_413_before_the_body_has_come(
    seconds: float, language: str, bench: Callable[..., Bench]
) -> None:
    """ "A 413 halves the batch and goes on", also when it comes while the body is still on its way: it is read, and what
    became of the batch is not in doubt."""
    early = on("create", "early", bytes=1_500_000, seconds=seconds, times=-1)
    there = bench({"faults": [early], "receive_buffer": 8192})
    rows = [{"id": name, "prompt": "x" * 1_000_000} for name in IDS[:4]]
    there.input.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    done = there.run(language, *FOUR)
    assert done.code == 0, done.said
    there.is_complete(IDS[:4])
    assert not there.events("doubt")
    assert there.api.calls["create"] == 7, "one of four, two of two, four of one"


REFUSALS = {
    "no credit": error("create", 402, "billing_error", nth=2),
    "spend limit": error(
        "create", 429, "rate_limit_error", error_code="enforced_spend_limit_reached", nth=2
    ),
    "no permission": error("create", 403, "permission_error", nth=2),
    "a reason of its own": error("create", 400, "invalid_request_error", nth=2),
}


@pytest.mark.parametrize("fault", REFUSALS.values(), ids=REFUSALS)
def test_what_is_open_is_collected_before_the_run_stops(
    fault: dict[str, Any], language: str, bench: Callable[..., Bench]
) -> None:
    """ "Trouble with one batch does not keep the others from being collected": what is paid for is fetched, then code 3."""
    there = bench({"faults": [fault], "polls": 8})
    there.write(*IDS)
    done = there.run(language, *FOUR, "--concurrent-batches", "2")
    assert done.code == 3, done.said
    assert len(there.lines("succeeded.jsonl")) == 4
    assert there.run(other(language), *FOUR).code == 0
    there.is_complete(IDS)
