"""What an answer of the API means: examples made without a connection."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import anthropic
import httpx2
import pytest

from planner.programs.python.answer import (
    Waits,
    account_is_stopped,
    batch_in,
    batches_in,
    nameless,
    reason_of,
    refusal,
    remedy,
    retry_after,
)
from planner.programs.python.errors import NoAnswerError
from tests.programs.parts.python.conftest import SETTINGS


def status_error(status: int, body: Any = None, **headers: str) -> anthropic.APIStatusError:
    """The SDK's error for an answer of this status, with these words."""
    request = httpx2.Request("POST", "http://127.0.0.1/")
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    response = httpx2.Response(status, request=request, headers=named, json=body)
    return anthropic.APIStatusError("words", response=response, body=body)


def said(kind: str, message: str, code: str | None = None) -> dict[str, Any]:
    details = {"details": {"error_code": code}} if code else {}
    return {"type": "error", "error": {"type": kind, "message": message, **details}}


@pytest.mark.parametrize(
    ("status", "body", "headers", "stopped"),
    [
        (401, said("authentication_error", "invalid x-api-key"), {}, True),
        (402, said("billing_error", ""), {}, True),
        (400, said("invalid_request_error", "Your credit balance is too low"), {}, True),
        (400, said("invalid_request_error", "requests: too many"), {}, False),
        (429, said("rate_limit_error", "slow down"), {"retry_after": "3"}, False),
        (429, said("rate_limit_error", "spend limit reached"), {}, True),
        (429, said("rate_limit_error", "spend limit reached"), {"retry_after": "3"}, False),
        (529, said("overloaded_error", ""), {}, False),
    ],
)
def test_whether_the_account_is_stopped(
    status: int, body: Any, headers: dict[str, str], stopped: bool
) -> None:
    """What passes by itself is no stop."""
    assert account_is_stopped(status_error(status, body, **headers)) is stopped


def test_retry_after_is_a_number_or_a_date() -> None:
    """Never below zero, never above a day; nonsense is nothing."""
    assert retry_after(status_error(429, retry_after="2.5")) == 2.5
    assert retry_after(status_error(429, retry_after="-1")) == 0
    assert retry_after(status_error(429, retry_after="1e9")) == 86_400
    assert retry_after(status_error(429, retry_after="soon")) is None
    assert retry_after(status_error(429)) is None
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    assert 55 < (retry_after(status_error(429, retry_after=date)) or 0) <= 60


def test_a_refusal_says_what_to_do() -> None:
    """Too large and too fast may go out again; a bad request may not."""
    assert not refusal(status_error(413)).for_good
    fast = refusal(status_error(429, said("rate_limit_error", "slow"), retry_after="3"))
    assert (fast.for_good, fast.wait_s, fast.queue_is_full) == (False, 3.0, False)
    full = refusal(status_error(429, said("rate_limit_error", "too many in the queue")))
    assert full.queue_is_full
    assert refusal(status_error(400, said("invalid_request_error", "no"))).for_good


def test_remedies() -> None:
    """What is no answer of the API is the address's fault."""
    assert "ANTHROPIC_BASE_URL" in remedy(status_error(404))
    assert "ANTHROPIC_API_KEY" in remedy(status_error(401, said("authentication_error", "")))
    assert "credit" in remedy(status_error(402, said("billing_error", "")))


def test_other_errors_are_named_by_kind() -> None:
    """Their words may hold a body."""
    request = httpx2.Request("GET", "http://127.0.0.1/")
    assert nameless(NoAnswerError("the answer is no batch")) == "the answer is no batch"
    assert "secret" not in nameless(anthropic.APIConnectionError(message="secret", request=request))
    assert nameless(ValueError("secret")) == "the answer makes no sense"


BATCH = {
    "id": "msgbatch_1",
    "processing_status": "ended",
    "created_at": "2026-11-24T08:00:00Z",
    "ended_at": None,
    "request_counts": {"succeeded": 3, "errored": "1", "expired": 2},
    "results_url": "https://elsewhere.example/",
    "archived_at": None,
}


def test_a_batch_as_the_api_shows_it() -> None:
    """Counts that are none count as nothing."""
    batch = batch_in(BATCH)
    assert batch.requests() == 5
    assert (batch.has_results, batch.archived, batch.ended_at) == (True, False, "")
    assert batches_in({"data": [BATCH]}) == [batch]


@pytest.mark.parametrize(
    "answer",
    [None, "<html>", [], 7, {**BATCH, "id": "../x"}, {**BATCH, "created_at": "soon"}, {"id": "b"}],
)
def test_what_is_no_batch(answer: object) -> None:
    """A proxy's page with status 200 is no answer."""
    with pytest.raises(NoAnswerError):
        batch_in(answer)
    with pytest.raises(NoAnswerError):
        batches_in(answer)


def test_the_apis_own_words_are_not_shown() -> None:
    """They may hold a prompt: what is said is status, class, code, place and request."""
    body = said("invalid_request_error", "messages.0.content: my secret prompt is bad", "too_odd")
    text = reason_of(status_error(400, body, request_id="req_1"))
    assert text == "HTTP 400, invalid_request_error, too_odd, messages.0.content:, request req_1"
    body = said("my secret prompt", "secret: words", "secret words")
    assert reason_of(status_error(500, body, request_id="secret words")) == "HTTP 500, secret:"
    body = said("invalid_request_error", "Your credit balance is too low for: secret")
    assert "the account lacks credit" in reason_of(status_error(400, body))


def test_waits_grow_to_the_poll_interval() -> None:
    """With a random part; never shorter for being told a short one."""
    waits = Waits(SETTINGS)
    assert all(0 < waits.next() <= SETTINGS.poll_seconds for _ in range(9))
    assert waits.next(5.0) == 5.0
    assert waits.next(0.0) > 0
