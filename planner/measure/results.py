"""Count what became of requests, from results of an earlier batch.

The API's own result lines, and the lines of failed.jsonl that the planner's programs write.
"""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from planner.measure.sample import Sample

# Classes of `result.error.error.type` (fact error_path) that may pass when a request is sent again.
_PASSING = {
    "api_error",
    "overloaded_error",
    "rate_limit_error",
    "timeout_error",
    "expired",
    "content_filtered",
    "missing",
}
# The account's trouble says nothing about the requests (fact credit_mid_batch).
_ACCOUNT = re.compile(r"credit balance|billing|spend limit", re.IGNORECASE)
# What the filter blocks in an answer differs from try to try (fact output_blocked).
_FILTERED = re.compile(r"(?=.*(output|response)).*content filter", re.IGNORECASE | re.DOTALL)
_PROMPT_KINDS = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")


@dataclass(slots=True)
class Results:
    """What the results say. `errors` by class; `account`: failed for want of credit."""

    lines: int = 0
    succeeded: int = 0
    passing: int = 0
    lasting: int = 0
    account: int = 0
    canceled: int = 0
    input: Sample = field(default_factory=Sample)
    output: Sample = field(default_factory=Sample)
    stop_reasons: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    models: Counter[str] = field(default_factory=Counter)

    def add(self, value: Mapping[str, Any]) -> None:
        """Take one line of results that was read as JSON."""
        self.lines += 1
        result = value.get("result")
        if not isinstance(result, Mapping):  # a line of failed.jsonl with its reason alone
            self._failed(str(value.get("reason", "unknown")), "")
            return
        kind = result.get("type")
        if kind == "succeeded":
            self._succeeded(result.get("message"))
        elif kind == "canceled":
            self.canceled += 1
            self.errors["canceled"] += 1
        else:
            self._failed(*_class_of(result))

    def _succeeded(self, message: Any) -> None:
        self.succeeded += 1
        message = message if isinstance(message, Mapping) else {}
        usage = message.get("usage")
        self.stop_reasons[_word(message.get("stop_reason"))] += 1
        self.models[_word(message.get("model"))] += 1
        if isinstance(usage, Mapping):
            self.output.add([tokens_in(usage, "output_tokens")])
            self.input.add([sum(tokens_in(usage, kind) for kind in _PROMPT_KINDS)])

    def _failed(self, kind: str, message: str) -> None:
        self.errors[kind] += 1
        if kind == "billing_error" or _ACCOUNT.search(message):
            self.account += 1
        elif passes(kind) or _FILTERED.search(message):
            self.passing += 1
        else:
            self.lasting += 1

    @property
    def judged(self) -> int:
        """Requests whose fate says something about such requests."""
        return self.succeeded + self.passing + self.lasting


def passes(kind: str) -> bool:
    """Whether a failure of that class may pass when the request is sent again."""
    return kind in _PASSING


def tokens_in(usage: Mapping[str, Any], name: str) -> int:
    """A count out of `usage`; whatever else stands there counts as none."""
    count = usage.get(name)
    return count if type(count) is int and count > 0 else 0


def _class_of(result: Mapping[str, Any]) -> tuple[str, str]:
    """The class of a failed request and the API's words; it is nested twice."""
    if result.get("type") != "errored":
        return _word(result.get("type")), ""
    outer = result.get("error")
    inner = outer.get("error") if isinstance(outer, Mapping) else None
    error = inner if isinstance(inner, Mapping) else {}
    return _word(error.get("type")), str(error.get("message", ""))


def _word(value: Any) -> str:
    return value[:64] if isinstance(value, str) else "unknown"
