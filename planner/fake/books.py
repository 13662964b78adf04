"""The books: what was accepted, what it cost, and what was sent without need.

They are kept by `custom_id`, from what happens at the provider alone: no word of a program enters
them.
"""

from __future__ import annotations

import contextlib
import json
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

# What an attempt may end in so that another attempt is in order.
MAY_BE_SENT_AGAIN = {
    "api_error",
    "overloaded_error",
    "rate_limit_error",
    "timeout_error",
    "expired",
    "missing",
}
# Batch prices by family, US dollars per million tokens of input and of output.
USD_PER_MTOK = {
    "claude-haiku-4-5": ("0.5", "2.5"),
    "claude-sonnet-4-5": ("1.5", "7.5"),
    "claude-sonnet-5-5": ("1", "5"),
    "claude-opus-5-5": ("2", "10"),
}


@dataclass
class Entry:
    """One request of a batch: what was asked and what becomes of it."""

    custom_id: str
    model: str
    input_tokens: int
    attempt: int
    outcome: dict[str, Any]

    def usage(self) -> dict[str, Any]:
        """What the answer reports if the request succeeds."""
        return {
            "input_tokens": self.input_tokens,
            "output_tokens": self.outcome.get("output_tokens", 7),
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 0,
            "service_tier": "batch",
            **self.outcome.get("usage", {}),
        }

    def usd(self) -> Decimal:
        """The price of the answer, by the model that was asked for; 0 for one without a price."""
        for family, (usd_in, usd_out) in USD_PER_MTOK.items():
            if self.model.startswith(family):
                usage = self.usage()
                read = Decimal(usage["input_tokens"]) * Decimal(usd_in)
                written = Decimal(usage["output_tokens"]) * Decimal(usd_out)
                return (read + written) / 10**6
        return Decimal(0)


@dataclass
class Books:
    """What was accepted, what it cost, and what was sent without need."""

    accepted: Counter[str] = field(default_factory=Counter)  # batches that hold the id
    billed: Counter[str] = field(default_factory=Counter)  # answers that cost money
    usd: dict[str, Decimal] = field(default_factory=dict)  # and how much
    standing: dict[str, str] = field(default_factory=dict)  # open, succeeded, or why it failed
    needless: list[str] = field(default_factory=list)  # accepted again though the last stands
    handed_over: set[str] = field(default_factory=set)  # results that went out, whole

    def accept(self, custom_id: str) -> int:
        """Book one more sending of a request; how often it was sent now."""
        self.accepted[custom_id] += 1
        if self.standing.get(custom_id, "missing") not in MAY_BE_SENT_AGAIN:
            self.needless.append(custom_id)
        self.standing[custom_id] = "open"
        return self.accepted[custom_id]

    def close(self, entry: Entry) -> None:
        """Book what became of a request."""
        kind = entry.outcome["type"]
        if kind == "succeeded":
            self.billed[entry.custom_id] += 1
            self.usd[entry.custom_id] = self.usd.get(entry.custom_id, Decimal(0)) + entry.usd()
        self.standing[entry.custom_id] = (
            "missing" if entry.outcome.get("retriable") else entry.outcome.get("error", kind)
        )

    def hand_over(self, lines: list[bytes]) -> None:
        """Book whose results were fetched to the last byte."""
        for line in lines:
            with contextlib.suppress(ValueError, TypeError, KeyError):  # a line that was spoilt
                self.handed_over.add(json.loads(line)["custom_id"])

    def paid_twice(self) -> list[str]:
        """Requests whose answers cost money more than once."""
        return sorted(custom_id for custom_id, times in self.billed.items() if times > 1)

    def lost(self, answered: set[str]) -> list[str]:
        """Requests that cost money and whose answers are not among those of a run."""
        return sorted(set(self.billed) - answered)

    def spent_usd(self) -> Decimal:
        """What the account was charged, all in all."""
        return sum(self.usd.values(), Decimal(0))
