"""Say what an answer of the API means.

The API's own words may hold a prompt: none of them is shown or written. What is said of an error
is its status, its class and code, its request id, the place in the request that it names, and our
own words.
"""

from __future__ import annotations

import contextlib
import json
import math
import random
import re
import sys
import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from planner.programs.python.errors import ACCOUNT_WORDS, NoAnswerError, RefusedError
from planner.programs.python.settings import Settings
from planner.programs.python.text import iso, moment_of

try:
    import anthropic
except ImportError:
    print("The package anthropic 2.x is missing: pip install anthropic", file=sys.stderr)
    sys.exit(2)

BATCH_ID = re.compile(r"[a-zA-Z0-9_-]{1,200}")
WORD = re.compile(r"[a-zA-Z0-9_-]{1,64}")
# The place in a request that a message begins with: "messages.0.content: …"
PLACE = re.compile(r"([a-z_]+(?:\.[a-z0-9_]+)*):")
COUNTS = ("processing", "succeeded", "errored", "canceled", "expired")
# Of so many requests one may be missing from the counts of a batch.
COUNTED_OF_ONE_MISSING = 10
# The account's trouble, not the request's, by the code of an error.
ACCOUNT_CODES = {"enforced_spend_limit_reached", "contract_spend_limit_reached"}
CHECK_ADDRESS = "This is no answer of the API: check ANTHROPIC_BASE_URL and any proxy."

FIRST_WAIT_SECONDS = 1.0
LONGEST_RETRY_AFTER_SECONDS = 86_400.0


@dataclass(frozen=True)
class ApiBatch:
    """A batch as the API shows it. Moments are text that sorts by time, "" where there is none."""

    id: str
    status: str
    created_at: str
    ended_at: str
    counts: dict[str, int]
    has_results: bool
    archived: bool

    def requests(self) -> int:
        return sum(self.counts.values())

    def may_count(self, requests: int) -> bool:
        """Whether a batch of so many may be counted so, now or at its end, or not at all."""
        missing = max(1, requests // COUNTED_OF_ONE_MISSING)
        return self.requests() == 0 or 0 <= requests - self.requests() <= missing

    def may_have(self, requests: int) -> bool:
        """Whether it may be of so many requests, as it is: before its end all of them count."""
        is_sure = self.status != "ended" and self.requests() > 0
        return self.requests() == requests if is_sure else self.may_count(requests)


class Waits:
    """Growing, jittered waits: from a second to the poll interval, or so many of them."""

    def __init__(self, settings: Settings, intervals: int = 1) -> None:
        self.longest_s = settings.poll_seconds * intervals
        self.next_s = min(FIRST_WAIT_SECONDS, settings.poll_seconds)

    def next(self, told_s: float | None = None) -> float:
        """Seconds to wait: what the API asks for, but no less than without its word."""
        wait_s = self.next_s * random.uniform(0.75, 1.0)
        self.next_s = min(2 * self.next_s, self.longest_s)
        return max(wait_s, told_s or 0.0)


def json_in(content: bytes) -> object:
    """What an answer says. Raises NoAnswerError: a proxy may send HTML with status 200."""
    try:
        value: object = json.loads(content)
    except (ValueError, RecursionError):
        raise NoAnswerError("the answer is no JSON") from None
    return value


def batch_in(answer: object) -> ApiBatch:
    """The answer, if it is a batch. Raises NoAnswerError."""
    batch = answer if isinstance(answer, dict) else {}
    batch_id, status, created_at = (
        batch.get(name) for name in ("id", "processing_status", "created_at")
    )
    if not (isinstance(batch_id, str) and BATCH_ID.fullmatch(batch_id)):
        raise NoAnswerError("the answer is no batch")
    if not (isinstance(status, str) and moment_in(created_at)):
        raise NoAnswerError("the answer is no batch")
    reported = batch.get("request_counts")
    counts = reported if isinstance(reported, dict) else {}
    return ApiBatch(
        id=batch_id,
        status=status,
        created_at=moment_in(created_at),
        ended_at=moment_in(batch.get("ended_at")),
        counts={name: count for name in COUNTS if type(count := counts.get(name, 0)) is int},
        has_results=bool(batch.get("results_url")),
        archived=batch.get("archived_at") is not None,
    )


def batches_in(answer: object) -> list[ApiBatch]:
    """The answer, if it is a page of the list of batches. Raises NoAnswerError."""
    rows = answer.get("data") if isinstance(answer, dict) else None
    if not isinstance(rows, list):
        raise NoAnswerError("the answer is no list of batches")
    return [batch_in(row) for row in rows]


def moment_in(value: object) -> str:
    """A moment as text that sorts by time; "" for what is none."""
    with contextlib.suppress(ValueError):
        if isinstance(value, str):
            return iso(moment_of(value))
    return ""


def error_in(error: anthropic.APIStatusError) -> dict[str, object]:
    """The `error` of an error's body; empty where the answer is not the API's."""
    body = error.body if isinstance(error.body, dict) else {}
    inner = body.get("error")
    return inner if isinstance(inner, dict) else {}


def message_in(error: anthropic.APIStatusError) -> str:
    """The API's own words, to look into, not to be shown."""
    return str(error_in(error).get("message", ""))


def code_in(error: anthropic.APIStatusError) -> str:
    """The code that names the cause, "" where there is none."""
    details = error_in(error).get("details")
    code = details.get("error_code") if isinstance(details, dict) else None
    return code if isinstance(code, str) else ""


def reason_of(error: anthropic.APIStatusError) -> str:
    """What is said of an error: nothing that could come from a request."""
    words = [error_in(error).get("type"), code_in(error)]
    parts = [f"HTTP {error.status_code}", *(word for word in words if is_word(word))]
    if place := PLACE.match(message_in(error)):
        parts.append(f"{place[1][:100]}:")
    if account_is_stopped(error) and ACCOUNT_WORDS.search(message_in(error)):
        parts.append("the account lacks credit or its spend limit is reached")
    if is_word(request_id := error.response.headers.get("request-id")):
        parts.append(f"request {request_id}")
    return ", ".join(map(str, parts))


def is_word(value: object) -> bool:
    return isinstance(value, str) and bool(WORD.fullmatch(value))


def retry_after(error: anthropic.APIStatusError) -> float | None:
    """Seconds that the API asks to wait: a number or a date."""
    text: str = error.response.headers.get("retry-after", "")
    seconds = math.nan
    with contextlib.suppress(ValueError):
        seconds = float(text)
    with contextlib.suppress(ValueError, TypeError):
        seconds = parsedate_to_datetime(text).timestamp() - time.time()
    return min(max(seconds, 0.0), LONGEST_RETRY_AFTER_SECONDS) if math.isfinite(seconds) else None


def is_final(error: anthropic.APIStatusError) -> bool:
    """Whether the same call would get the same answer. A redirect would carry the key elsewhere."""
    return error.status_code < 500 and error.status_code not in (408, 409, 429)


def proves_nothing(error: anthropic.APIStatusError) -> bool:
    """Whether a batch may have been made all the same: a proxy may answer for the API."""
    if error.status_code in (408, 409) or not 400 <= error.status_code < 500:
        return True
    return not error_in(error).get("type") and error.status_code != 413


def no_answer(error: anthropic.APIStatusError) -> NoAnswerError:
    """What proves nothing, as the doubt that it leaves; a proxy that says no will say it again."""
    for_good = 400 <= error.status_code < 500 and error.status_code not in (408, 409, 429)
    return NoAnswerError(reason_of(error), CHECK_ADDRESS if for_good else "")


def account_is_stopped(error: anthropic.APIStatusError) -> bool:
    """Whether the API will say the same until somebody has seen to the account."""
    if code_in(error) in ACCOUNT_CODES or error.status_code in (401, 402, 403):
        return True
    passes = error.status_code == 429 and "retry-after" in error.response.headers
    return (
        error.status_code in (400, 429)
        and not passes
        and bool(ACCOUNT_WORDS.search(message_in(error)))
    )


def refusal(error: anthropic.APIStatusError) -> RefusedError:
    wait_s = retry_after(error)
    return RefusedError(
        reason_of(error),
        status=error.status_code,
        remedy=remedy(error),
        wait_s=wait_s,
        for_good=error.status_code not in (413, 429) or account_is_stopped(error),
        queue_is_full=wait_s is None or "queue" in message_in(error).lower(),
    )


def remedy(error: anthropic.APIStatusError) -> str:
    if not error_in(error).get("type"):
        return CHECK_ADDRESS
    if error.status_code == 401:
        return "Check ANTHROPIC_API_KEY."
    if error.status_code == 403:
        return "Use a key that may do this."
    if error.status_code == 402 or account_is_stopped(error):
        return "Add credit or raise the spend limit."
    return "Put right what it says."


def nameless(error: Exception) -> str:
    """What went wrong below HTTP, by kind: the words of other libraries may hold a body."""
    if isinstance(error, NoAnswerError):
        return str(error)
    if isinstance(error, anthropic.APIConnectionError):
        return "no answer (" + type(error.__cause__ or error).__name__ + ")"
    return "the answer makes no sense"
