"""Say what an answer of the API means."""

from __future__ import annotations

import contextlib
import math
import random
import re
import sys
import time
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime

from planner.programs.python.errors import ACCOUNT_WORDS, NoAnswerError, RefusedError
from planner.programs.python.settings import Settings
from planner.programs.python.text import iso

try:
    import anthropic
except ImportError:
    print("The package anthropic 2.x is missing: pip install anthropic", file=sys.stderr)
    sys.exit(2)

BATCH_ID = re.compile(r"[a-zA-Z0-9_-]{1,200}")
# The account's trouble, not the request's, by the code of an error.
ACCOUNT_CODES = {"enforced_spend_limit_reached", "contract_spend_limit_reached"}
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


class Waits:
    """Growing, jittered waits: from a second to the poll interval."""

    def __init__(self, settings: Settings) -> None:
        self.longest_s = settings.poll_seconds
        self.next_s = min(FIRST_WAIT_SECONDS, self.longest_s)

    def next(self) -> float:
        wait_s = self.next_s * random.uniform(0.75, 1.0)
        self.next_s = min(2 * self.next_s, self.longest_s)
        return wait_s


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
    """Whether the same call would get the same answer."""
    return 400 <= error.status_code < 500 and error.status_code not in (408, 409, 429)


def account_is_stopped(error: anthropic.APIStatusError) -> bool:
    """Whether the API will say the same until somebody has seen to the account."""
    if error.error_code in ACCOUNT_CODES or error.status_code in (401, 402, 403):
        return True
    passes = error.status_code == 429 and "retry-after" in error.response.headers
    return (
        error.status_code in (400, 429)
        and not passes
        and bool(ACCOUNT_WORDS.search(error.api_message or ""))
    )


def refusal(error: anthropic.APIStatusError, why: str) -> RefusedError:
    wait_s = retry_after(error)
    return RefusedError(
        why,
        status=error.status_code,
        remedy=remedy(error),
        wait_s=wait_s,
        for_good=error.status_code not in (413, 429) or account_is_stopped(error),
        queue_is_full=wait_s is None or "queue" in (error.api_message or "").lower(),
    )


def remedy(error: anthropic.APIStatusError) -> str:
    if error.type is None:
        return "This is no answer of the API: check ANTHROPIC_BASE_URL and any proxy."
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


def batch_in(answer: object) -> ApiBatch:
    """The answer, if it is a batch: a proxy may send a page of HTML with status 200."""
    if not (
        isinstance(answer, anthropic.types.messages.MessageBatch)
        and isinstance(getattr(answer, "created_at", None), datetime)
        and isinstance(answer.id, str)
        and BATCH_ID.fullmatch(answer.id)
        and isinstance(getattr(answer, "processing_status", None), str)
    ):
        raise NoAnswerError("the answer is no batch")
    counts = getattr(answer, "request_counts", None)
    names = ("processing", "succeeded", "errored", "canceled", "expired")
    return ApiBatch(
        id=answer.id,
        status=answer.processing_status,
        created_at=iso(answer.created_at),
        ended_at=iso(answer.ended_at),
        counts={name: count for name in names if type(count := getattr(counts, name, 0)) is int},
        has_results=bool(answer.results_url),
        archived=answer.archived_at is not None,
    )
