#!/usr/bin/env python3
"""Take a file of requests to a file of answers through the Message Batches API, without ever paying twice.

    pip install anthropic
    python run_batches.py INPUT --out DIR            (ANTHROPIC_API_KEY in the environment)

INPUT is JSON Lines in UTF-8, lines split at "\\n" only; a "\\r" before it and empty lines do no harm. A line is a
whole request, {"custom_id": "…", "params": {…}}, which is sent byte for byte as it stands, or a row,
{"id": "…", "prompt": "…"}, which becomes a request with the settings below. `--check` reads and counts, and
submits nothing. Whatever happens, a power cut included: start the same command again and it goes on.

Exit codes: 0 every request succeeded; 1 complete, some requests were given up; 2 bad usage or bad input, nothing
was submitted; 3 something outside stops the run (key, permission, credit, spend limit, budget, canary, disk): put
it right and start the same command again; 130 and 143 interrupted, likewise.

THE LIFE OF A BATCH

1. cut        its requests are chosen: a range of lines of INPUT, or of the list of requests to try again
2. submit     the intention is written to the journal, then the POST is sent, once, never by the SDK's own retry
3. created    the API has named it. Without an answer (timeout, 5xx, lost connection, kill) it is in doubt: the
              batches made since the intention are listed, and the one with the same number of requests that the
              journal does not know is adopted. Only after a grace period without one are the requests sent again.
4. ended      found by polling. The API shows no count before that.
5. stored     its results are a whole file in DIR/results. An adopted batch whose results hold an id that is not
              its own is somebody else's: it is let go, and its requests are in doubt again. Before
              that nothing proves that it is ours, so --cancel leaves it alone and waits for its end.
6. sorted     each request is in succeeded.jsonl, in failed.jsonl, or on the list of the next round

FILES IN DIR (only ever added to)

    journal.jsonl            what was done; see below
    succeeded.jsonl          the API's own result line of each request that succeeded, in the order of arrival
    failed.jsonl             {"custom_id", "reason", "attempts", "result"}: each request given up, its last result
    summary.json             counts, batches, rounds, tokens, cost; written when the run is complete
    results/ID.jsonl         the results of one batch as the API sent them; ID.jsonl.part while they arrive
    rounds/round-N.jsonl     what round N sends again: {"custom_id", "offset", "length", "attempts", "reason",
                             "result"}, `offset` and `length` being the bytes of the request's line in INPUT
    lock                     who has the folder: one line for each program that took it, another when it left

THE JOURNAL: one JSON object a line, on disk before the step that it announces. `event` and `at` are in all, `batch`
is the number of a batch in this run. Money is text, US dollars. A torn last line announced a step that was not
taken, and is cut off.

    run       format, program, input {name, bytes, sha256, kind, requests}, request_settings, settings   first line
    resume    program, settings                                      started again
    cut       batch, round, start, end, requests, bytes, worst_usd, canary      bytes START to END of the round's file
    submit    batch, since {id, created_at} or null                  the newest batch of the workspace before the POST
    created   batch, id, created_at
    doubt     batch, why
    adopted   batch, id, created_at
    not_made  batch                                                  no such batch after the grace period
    refused   batch, status, why                                     certain: no batch was made
    halved    batch, into [cut, cut]                                 too large (413): two batches instead of it
    let_go    batch, id                                              adopted, and not ours
    ended     batch, id, ended_at, counts, archived
    stored    batch, bytes
    sorted    batch, succeeded, given_up, again, reasons, truncated, refused, usage, usd, unpriced, lengths
    round     round, requests, bytes, not_before                     the next round; not_before is a Unix time
    cancel                                                           the run is being ended by --cancel
    rest      given_up, reasons, lengths                             what --cancel found unsent
    stop      code, why
    done      code

`lengths` are the bytes of succeeded.jsonl, failed.jsonl and the next round's list once the line is true; what is
longer was torn, and is cut off and written again. `request_settings` shape rows into requests; a run keeps them.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import hashlib
import json
import logging
import math
import os
import random
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime, timezone
from decimal import Decimal
from email.utils import parsedate_to_datetime
from functools import partial
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, NoReturn, TypeVar

try:
    import anthropic
    from anthropic import AnthropicError, APIConnectionError, APIStatusError, AsyncAnthropic, omit
    from anthropic.types.messages import MessageBatch
except ImportError:
    print("The package anthropic 2.x is missing: pip install anthropic", file=sys.stderr)
    sys.exit(2)

# --- settings: generated from the plan ---
# The request that a row {"id", "prompt"} becomes.
MODEL = "claude-sonnet-5-5"
MAX_TOKENS = 2900
SYSTEM_PROMPT = ""
# "" for no prompt caching of the system prompt, or how long its cache entry lives: "5m" or "1h".
CACHE_TTL = ""
# "" for the workspace's own choice, or "us".
INFERENCE_GEO = ""

# Beta headers for every batch, such as the one that lifts max_tokens to 300,000.
BETAS: tuple[str, ...] = ()

# The largest batch; bytes are those of the request body.
REQUESTS_PER_BATCH = 10000
MAX_BYTES_PER_BATCH = 243200000
# Batches open at once, and requests in them.
CONCURRENT_BATCHES = 1
MAX_QUEUED_REQUESTS = 200000
POLL_SECONDS = 60.0

# Retry rounds after the first: base, 2 x base, 4 x base / base, 2 x base, 3 x base / base, base, base.
MAX_RETRIES = 3
BACKOFF = "exponential"
BASE_DELAY_SECONDS = 60.0

# US dollars that are not to be passed even if every answer is max_tokens long; "" for no budget.
BUDGET_USD = ""
# So many requests go first and alone; 0 for none.
CANARY = 0
# How long to look for a batch whose making is in doubt before its requests are sent again.
ADOPT_GRACE_SECONDS = 60.0

# What the plan expects, for comparison.
PLANNED_REQUESTS = 10000
PLANNED_OUTPUT_TOKENS = 1000
PLANNED_USD = "55.00"
FORECAST_SECONDS = {
    "p50": 1720,
    "p95": 20214,
}
BYTES_PER_TOKEN = 2.5

# Batch prices in US dollars per million tokens: input, output, 5-minute cache write, 1-hour cache write, cache read;
# then the factor for "us", and the largest max_tokens.
PRICES: dict[str, tuple[str, str, str, str, str, str, str]] = {
    "claude-fable-5-2": ("4", "20", "5", "8", "0.1", "1.1", "128000"),
    "claude-mythos-5-2": ("4", "20", "5", "8", "0.1", "1.1", "128000"),
    "claude-haiku-5-5": ("0.05", "0.25", "0.0625", "0.1", "0.005", "1.1", "128000"),
    "claude-sonnet-5-5": ("1", "5", "1.25", "2", "0.05", "1.1", "128000"),
    "claude-opus-5-5": ("2", "10", "2.5", "4", "0.1", "1.1", "128000"),
    "claude-fable-5-1": ("5", "25", "6.25", "10", "0.125", "1.1", "128000"),
    "claude-mythos-5-1": ("5", "25", "6.25", "10", "0.125", "1.1", "128000"),
    "claude-opus-5": ("2.5", "12.5", "3.125", "5", "0.25", "1.1", "128000"),
    "claude-sonnet-5": ("1", "5", "1.25", "2", "0.1", "1.1", "128000"),
    "claude-fable-5": ("5", "25", "6.25", "10", "0.5", "1.1", "128000"),
    "claude-mythos-5": ("5", "25", "6.25", "10", "0.5", "1.1", "128000"),
    "claude-opus-4-8": ("2.5", "12.5", "3.125", "5", "0.25", "1.1", "128000"),
    "claude-opus-4-7": ("2.5", "12.5", "3.125", "5", "0.25", "1.1", "128000"),
    "claude-mythos-preview": ("5", "25", "6.25", "10", "0.5", "1.1", "128000"),
    "claude-sonnet-4-6": ("1.5", "7.5", "1.875", "3", "0.15", "1.1", "128000"),
    "claude-opus-4-6": ("2.5", "12.5", "3.125", "5", "0.25", "1.1", "128000"),
    "claude-opus-4-5-20251101": ("2.5", "12.5", "3.125", "5", "0.25", "1", "64000"),
    "claude-opus-4-5": ("2.5", "12.5", "3.125", "5", "0.25", "1", "64000"),
    "claude-haiku-4-5-20251001": ("0.5", "2.5", "0.625", "1", "0.05", "1", "64000"),
    "claude-haiku-4-5": ("0.5", "2.5", "0.625", "1", "0.05", "1", "64000"),
    "claude-sonnet-4-5-20250929": ("1.5", "7.5", "1.875", "3", "0.15", "1", "64000"),
    "claude-sonnet-4-5": ("1.5", "7.5", "1.875", "3", "0.15", "1", "64000"),
}
# Models whose whole request has other prices when the prompt has more tokens than this: those tokens, then five prices.
LONG_PROMPTS: dict[str, tuple[str, ...]] = {
    "claude-haiku-5-5": ("100000", "0.25", "1.25", "0.3125", "0.5", "0.025"),
}
WEB_SEARCH_USD_PER_1000 = "10"
# Models that are gone from a date on, and what to use instead.
RETIRES: dict[str, tuple[str, str]] = {
    "claude-mythos-preview": ("2026-06-30", "claude-mythos-5-2"),
    "claude-sonnet-4-5-20250929": ("2026-11-30", "claude-sonnet-5-5"),
    "claude-sonnet-4-5": ("2026-11-30", "claude-sonnet-5-5"),
    "claude-opus-4-1-20250805": ("2026-08-05", "claude-opus-5-5"),
    "claude-opus-4-1": ("2026-08-05", "claude-opus-5-5"),
    "claude-opus-4-20250514": ("2026-06-15", "claude-opus-5-5"),
    "claude-opus-4-0": ("2026-06-15", "claude-opus-5-5"),
    "claude-sonnet-4-20250514": ("2026-06-15", "claude-sonnet-5-5"),
    "claude-sonnet-4-0": ("2026-06-15", "claude-sonnet-5-5"),
    "claude-3-7-sonnet-20250219": ("2026-02-19", "claude-sonnet-5-5"),
    "claude-3-7-sonnet-latest": ("2026-02-19", "claude-sonnet-5-5"),
    "claude-3-5-haiku-20241022": ("2026-02-19", "claude-haiku-5-5"),
    "claude-3-5-haiku-latest": ("2026-02-19", "claude-haiku-5-5"),
    "claude-3-5-sonnet-20241022": ("2025-10-28", "claude-sonnet-5-5"),
    "claude-3-5-sonnet-latest": ("2025-10-28", "claude-sonnet-5-5"),
    "claude-3-5-sonnet-20240620": ("2025-10-28", "claude-sonnet-5-5"),
    "claude-3-haiku-20240307": ("2026-04-20", "claude-haiku-5-5"),
    "claude-3-opus-20240229": ("2026-01-05", "claude-opus-5-5"),
    "claude-3-opus-latest": ("2026-01-05", "claude-opus-5-5"),
    "claude-3-sonnet-20240229": ("2025-07-21", "claude-sonnet-5-5"),
}
# --- end of settings ---

CUSTOM_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")
BATCH_ID = re.compile(r"[a-zA-Z0-9_-]{1,200}")
PROBLEMS_SHOWN = 50
ENVELOPE = (b'{"requests":[', b"]}")
ENVELOPE_BYTES = sum(map(len, ENVELOPE))

# What `result.error.error.type` says about trying again. A class in neither is tried again, and logged.
TRY_AGAIN = {
    "api_error",
    "overloaded_error",
    "rate_limit_error",
    "timeout_error",
    "expired",
    "missing",
}
GIVE_UP = {
    "invalid_request_error",
    "not_found_error",
    "permission_error",
    "authentication_error",
    "request_too_large",
    "canceled",
}
# The account's trouble, not the request's: by class, by code, or by the message, where there is nothing better.
MAYBE_ACCOUNT = {"invalid_request_error", "permission_error", "rate_limit_error"}
ACCOUNT_CODES = {"enforced_spend_limit_reached", "contract_spend_limit_reached"}
ACCOUNT_WORDS = re.compile(
    r"credit balance|(?:lack|insufficient|out of) .{0,20}credit|spend(?:ing)? limit|usage limits",
    re.IGNORECASE,
)

# A 404 for a batch that this run made passes within this time, or the key belongs to another workspace.
LOST_BATCH_SECONDS = 600.0
# Results that hold fewer lines than the batch has requests are fetched so often before the rest counts as missing.
FETCHES_OF_SHORT_RESULTS = 3
# An answer to a create may take long, for its body is large; nothing else may.
CREATE_TIMEOUT_SECONDS = 600.0
TIMEOUT_SECONDS = 60.0
FIRST_WAIT_SECONDS = 1.0
LONGEST_RETRY_AFTER_SECONDS = 86_400.0
LONGEST_BACKOFF_SECONDS = 86_400.0
PROGRESS_SECONDS = 600.0

JOURNAL_FORMAT = 1
PROGRAM = "run_batches.py"

UTC = timezone.utc  # noqa: UP017 - datetime.UTC is not in Python 3.10
Event = dict[str, Any]
T = TypeVar("T")


@dataclass(frozen=True)
class Settings:
    """One run's settings: the plan's, unless said otherwise."""

    model: str = MODEL
    max_tokens: int = MAX_TOKENS
    system_prompt: str = SYSTEM_PROMPT
    cache_ttl: str = CACHE_TTL
    inference_geo: str = INFERENCE_GEO
    betas: tuple[str, ...] = BETAS
    requests_per_batch: int = REQUESTS_PER_BATCH
    max_bytes_per_batch: int = MAX_BYTES_PER_BATCH
    concurrent_batches: int = CONCURRENT_BATCHES
    max_queued_requests: int = MAX_QUEUED_REQUESTS
    poll_seconds: float = POLL_SECONDS
    max_retries: int = MAX_RETRIES
    backoff: str = BACKOFF
    base_delay_seconds: float = BASE_DELAY_SECONDS
    budget_usd: str = BUDGET_USD
    canary: int = CANARY
    adopt_grace_seconds: float = ADOPT_GRACE_SECONDS

    def of_requests(self) -> Event:
        """What shapes a row into a request, fit for the journal: no prompt in it."""
        prompt = hashlib.sha256(json_bytes(self.system_prompt)).hexdigest()
        return {
            "model": self.model,
            "max_tokens": self.max_tokens,
            "system_prompt_sha256": prompt,
            "cache_ttl": self.cache_ttl,
            "inference_geo": self.inference_geo,
            "betas": list(self.betas),
        }

    def of_run(self) -> Event:
        """What may differ from one start to the next."""
        named = asdict(self)
        for name in ("model", "max_tokens", "system_prompt", "cache_ttl", "inference_geo", "betas"):
            del named[name]
        return named


class InputError(Exception):
    """Nothing was submitted, and nothing will be before this is put right. Exit code 2."""


class StoppedError(Exception):
    """Something outside stops the run; the state is kept. Exit code 3."""


class LostBatchError(StoppedError):
    """The API does not know a batch of this run."""


class RefusedError(Exception):
    """The API answered a create with a clear no: no batch was made."""

    def __init__(self, error: APIStatusError, why: str) -> None:
        super().__init__(why)
        self.status = error.status_code
        self.for_good = self.status not in (413, 429) or account_is_stopped(error)
        self.remedy = remedy(error)
        self.wait_s = retry_after(error)
        self.queue_is_full = self.wait_s is None or "queue" in (error.api_message or "").lower()


class NoAnswerError(Exception):
    """The API gave no usable answer, or none at all."""


class Interrupted(KeyboardInterrupt):
    def __init__(self, number: int) -> None:
        super().__init__()
        self.code = 128 + number


# --- money -------------------------------------------------------------------------------------------------------

# Whole numbers, so that no sum depends on its order: a price of up to seven decimals times a count of tokens is exact.
DOLLAR = 10**13


def money(usd: str) -> int:
    return int(Decimal(usd) * DOLLAR)


def usd_exact(amount: int) -> str:
    text = f"{amount // DOLLAR}.{amount % DOLLAR:013d}".rstrip("0")
    return text + "0" * max(0, 2 - len(text.partition(".")[2]))


def usd_rounded(amount: int, decimals: int = 2) -> str:
    unit = DOLLAR // 10**decimals
    cents = (amount + unit // 2) // unit
    return f"{cents // 10**decimals}.{cents % 10**decimals:0{decimals}d}"


class Rates(NamedTuple):
    """Batch prices by kind of token, in units of 1/10**13 dollars per token."""

    input: int
    output: int
    cache_write_5m: int
    cache_write_1h: int
    cache_read: int
    dearest_input: int

    @staticmethod
    def of(usd_per_mtok: tuple[str, ...]) -> Rates:
        read, output, write_5m, write_1h, cache_read = (money(usd) // 10**6 for usd in usd_per_mtok)
        return Rates(read, output, write_5m, write_1h, cache_read, max(read, write_5m, write_1h))


@dataclass(frozen=True)
class Price:
    """What one model costs: its rates, and those of a prompt of more than `long_prompt_tokens`."""

    rates: Rates
    long_rates: Rates
    long_prompt_tokens: float
    us_tenths: int
    max_tokens: int

    def rates_of(self, prompt_tokens: int) -> Rates:
        return self.long_rates if prompt_tokens > self.long_prompt_tokens else self.rates

    def surcharge(self, amount: int, us: bool) -> int:
        return amount * self.us_tenths // 10 if us else amount

    def worst(self, request_bytes: int, max_tokens: int, cached: bool, us: bool) -> int:
        """No text has more tokens than bytes, and no answer more than max_tokens."""
        rates = self.rates_of(request_bytes)
        dearest = rates.dearest_input if cached else rates.input
        return self.surcharge(request_bytes * dearest + max_tokens * rates.output, us)


def price_list() -> dict[str, Price]:
    prices = {}
    for model, row in PRICES.items():
        long_prompt = LONG_PROMPTS.get(model)
        prices[model] = Price(
            rates=Rates.of(row[:5]),
            long_rates=Rates.of(long_prompt[1:] if long_prompt else row[:5]),
            long_prompt_tokens=int(long_prompt[0]) if long_prompt else math.inf,
            us_tenths=int(Decimal(row[5]) * 10),
            max_tokens=int(row[6]),
        )
    return prices


USAGE_KINDS = (
    "input_tokens",
    "output_tokens",
    "cache_creation_input_tokens",
    "cache_read_input_tokens",
    "web_search_requests",
)


def count_of(holder: object, name: str) -> int:
    """A count out of the API's answer; whatever else stands there counts as none."""
    value = holder.get(name) if isinstance(holder, dict) else None
    return value if type(value) is int and value > 0 else 0


def bill(message: object, prices: dict[str, Price]) -> tuple[dict[str, int], int | None]:
    """Tokens by kind, as `usage` reports them, and what they cost; None for a model without a price."""
    message = message if isinstance(message, dict) else {}
    reported = message.get("usage")
    usage = reported if isinstance(reported, dict) else {}
    counts = {kind: count_of(usage, kind) for kind in USAGE_KINDS}
    counts["web_search_requests"] = count_of(usage.get("server_tool_use"), "web_search_requests")
    price = prices.get(str(message.get("model")))
    if price is None:
        return counts, None
    written = counts["cache_creation_input_tokens"]
    for_an_hour = min(written, count_of(usage.get("cache_creation"), "ephemeral_1h_input_tokens"))
    prompt = counts["input_tokens"] + written + counts["cache_read_input_tokens"]
    rates = price.rates_of(prompt)
    tokens = (
        counts["input_tokens"] * rates.input
        + counts["output_tokens"] * rates.output
        + (written - for_an_hour) * rates.cache_write_5m
        + for_an_hour * rates.cache_write_1h
        + counts["cache_read_input_tokens"] * rates.cache_read
    )
    searches = counts["web_search_requests"] * money(WEB_SEARCH_USD_PER_1000) // 1000
    return counts, price.surcharge(tokens, usage.get("inference_geo") == "us") + searches


# --- requests ----------------------------------------------------------------------------------------------------


def no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


decode_json = json.JSONDecoder(parse_constant=no_constant).decode
encode_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def json_bytes(value: object) -> bytes:
    """Compact JSON in UTF-8. Half a surrogate pair has no UTF-8, and is written as its escape."""
    text = encode_json(value)
    try:
        return text.encode()
    except UnicodeEncodeError:
        return LONE_SURROGATE.sub(lambda half: f"\\u{ord(half[0]):04x}", text).encode()


SHORT_ESCAPES = b'"\\\b\f\n\r\t'
LONG_ESCAPES = bytes(set(range(32)) - set(SHORT_ESCAPES))


def json_text_size(text: str) -> int:
    """`len(json_bytes(text))`, several times faster: a file of a gigabyte is measured before it is sent."""
    try:
        raw = text.encode()
    except UnicodeEncodeError:
        return len(json_bytes(text))
    short = len(raw) - len(raw.translate(None, SHORT_ESCAPES))
    long = len(raw) - len(raw.translate(None, LONG_ESCAPES))
    return len(raw) + short + 5 * long + len('""')


def shown(value: object) -> str:
    """A name out of somebody's file, short and on one line."""
    text = json.dumps(value)
    return text if len(text) <= 80 else text[:77] + "..."


@dataclass(frozen=True)
class Wire:
    """One request as it is sent."""

    custom_id: str
    body: bytes
    worst: int | None


@dataclass(frozen=True)
class Place:
    """Where one request stands in INPUT, and what became of it so far."""

    custom_id: str
    offset: int
    length: int
    attempts: int = 0
    reason: str = "not_sent"
    result: object = None


class Requests:
    """Lines of INPUT, and what is sent for them."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.prices = price_list()
        system: dict[str, object] = {"type": "text", "text": settings.system_prompt}
        if settings.cache_ttl:
            system["cache_control"] = {"type": "ephemeral", "ttl": settings.cache_ttl}
        params: dict[str, object] = {"model": settings.model, "max_tokens": settings.max_tokens}
        if settings.system_prompt:
            params["system"] = [system]
        if settings.inference_geo:
            params["inference_geo"] = settings.inference_geo
        # A row is sent as: head, id, middle, prompt, tail.
        self.head = b'{"custom_id":'
        self.middle = (
            b',"params":' + json_bytes(params)[:-1] + b',"messages":[{"role":"user","content":'
        )
        self.tail = b"}]}}"
        self.overhead = len(self.head) + len(self.middle) + len(self.tail) + len('""')

    def wire(self, line: bytes) -> Wire:
        """The request of a line that has been checked."""
        value = decode_json(line.decode())
        if "params" in value:
            body = line.strip()
            return Wire(value["custom_id"], body, self.worst_of_request(value["params"], body))
        body = (
            self.head
            + json_bytes(value["id"])
            + self.middle
            + json_bytes(value["prompt"])
            + self.tail
        )
        return Wire(value["id"], body, self.worst_of_row(len(body)))

    def row_size(self, row: dict[str, Any]) -> int:
        """The bytes of `wire(line).body`, without making it."""
        return self.overhead + len(row["id"]) + json_text_size(row["prompt"])

    def worst_of_row(self, size: int) -> int | None:
        price = self.prices.get(self.settings.model)
        if price is None:
            return None
        return price.worst(
            size,
            self.settings.max_tokens,
            bool(self.settings.cache_ttl),
            self.settings.inference_geo == "us",
        )

    def worst_of_request(self, params: dict[str, Any], body: bytes) -> int | None:
        price = self.prices.get(params["model"])
        if price is None:
            return None
        return price.worst(
            len(body),
            params["max_tokens"],
            b'"cache_control"' in body,
            params.get("inference_geo") == "us",
        )

    # What is wrong with a line, and what to do about it.

    def wrong_with_row(self, row: dict[str, Any]) -> list[str]:
        wrong = wrong_with_id(row, "id")
        prompt = row.get("prompt")
        if "prompt" not in row:
            wrong.append('"prompt" is missing: add it')
        elif not isinstance(prompt, str):
            wrong.append(
                '"prompt" is no text: put it in quotes, or write a whole request with "params"'
            )
        elif not prompt.strip():
            wrong.append(
                '"prompt" is empty: the API refuses an empty message; fill it or delete the line'
            )
        if len(row) > 2:
            extra = [name for name in row if name not in ("id", "prompt")]
            wrong += [
                f'a row has "id" and "prompt" only: delete {shown(name)}, or write a whole request'
                for name in extra
            ]
        return wrong

    def wrong_with_settings(self) -> list[str]:
        wrong = self.wrong_with_model(self.settings.model, self.settings.max_tokens)
        if self.settings.cache_ttl and not self.settings.system_prompt:
            wrong.append(
                "the plan caches a system prompt, and SYSTEM_PROMPT is empty: fill it in at the top of this program, "
                'or set CACHE_TTL to ""'
            )
        return wrong

    def wrong_with_request(self, request: dict[str, Any]) -> list[str]:
        wrong = wrong_with_id(request, "custom_id")
        extra = [name for name in request if name not in ("custom_id", "params")]
        wrong += [
            f'a request has "custom_id" and "params" only: delete {shown(name)} or move it into "params"'
            for name in extra
        ]
        params = request.get("params")
        if not isinstance(params, dict):
            return [
                *wrong,
                '"params" is no object: write {"model": …, "max_tokens": …, "messages": […]}',
            ]
        model, messages = params.get("model"), params.get("messages")
        if not isinstance(model, str) or not model:
            wrong.append('"model" is missing: name one')
        else:
            wrong += self.wrong_with_model(model, params.get("max_tokens"))
        if not isinstance(messages, list) or not messages:
            wrong.append('"messages" is missing or empty: write at least one message')
        if params.get("stream"):
            wrong.append('"stream" is not possible in a batch: delete it')
        if "speed" in params:
            wrong.append('"speed" is not possible in a batch: delete it')
        for name in ("temperature", "top_p", "top_k"):
            if name in params:
                wrong.append(f'"{name}" no longer exists in this version of the API: delete it')
        return wrong

    def wrong_with_model(self, model: str, max_tokens: object) -> list[str]:
        wrong = []
        if model in RETIRES and RETIRES[model][0] <= date.today().isoformat():
            since, successor = RETIRES[model]
            wrong.append(f"model {shown(model)} is retired since {since}: use {successor}")
        if max_tokens is None:
            wrong.append('"max_tokens" is missing: add it')
        elif type(max_tokens) is not int:  # not isinstance: True is an int
            wrong.append('"max_tokens" is no whole number: write one of at least 1')
        elif max_tokens < 1:
            wrong.append(f'"max_tokens" is {max_tokens}, and a batch needs at least 1: raise it')
        elif model in self.prices and max_tokens > self.prices[model].max_tokens:
            wrong.append(
                f'"max_tokens" is {max_tokens}, and {model} allows {self.prices[model].max_tokens}: lower it'
            )
        if self.settings.budget_usd and model not in self.prices:
            wrong.append(
                f"no price is known for model {shown(model)}, so no budget can be kept: leave out --budget-usd, or use another model"
            )
        return wrong


def wrong_with_id(holder: dict[str, Any], name: str) -> list[str]:
    custom_id = holder.get(name)
    if name not in holder:
        return [f'"{name}" is missing: give each line one of its own']
    if not isinstance(custom_id, str):
        return [f'"{name}" is no text: put it in quotes']
    if not CUSTOM_ID.fullmatch(custom_id):
        return [
            f'"{name}" may have 1 to 64 letters (a-z, A-Z), digits, "_" and "-" only: rename it'
        ]
    return []


class Problems:
    """The first problems of a file, by line, and how many there are."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.count = 0
        self.first: list[tuple[int, str]] = []

    def add(self, line: int, custom_id: object, *texts: str) -> None:
        self.count += len(texts)
        named = f", id {shown(custom_id)}" if isinstance(custom_id, str) else ""
        where = f"line {line}{named}" if line else "settings"
        self.first += [(line, f"{where}: {text}") for text in texts]
        if len(self.first) > 4 * PROBLEMS_SHOWN:
            self.cut()

    def cut(self) -> None:
        self.first = sorted(self.first, key=lambda problem: problem[0])[:PROBLEMS_SHOWN]

    def text(self) -> str:
        self.cut()
        listed = [f"{self.name}: {text}" for _, text in self.first]
        if self.count > len(listed):
            listed.append(f"and {self.count - len(listed):,} more problems")
        return "\n".join([*listed, "Nothing was submitted."])


class Ids:
    """Finds repeated ids in bounded memory: ids go to temporary files by checksum, and each file is looked at alone."""

    def __init__(self, input_bytes: int) -> None:
        count = min(128, 1 + input_bytes // 2**25)
        self.files = [tempfile.TemporaryFile() for _ in range(count)]  # noqa: SIM115 - open for the whole scan

    def add(self, custom_id: str, line: int) -> None:
        name = custom_id.encode()
        self.files[hash(name) % len(self.files)].write(b"%b %d\n" % (name, line))

    def repeated(self) -> Iterator[tuple[str, int, int]]:
        """Each repetition: the id, its line, and the line where the id came first."""
        for file in self.files:
            file.seek(0)
            seen: dict[bytes, bytes] = {}
            for entry in file:
                custom_id, _, line = entry.rstrip().partition(b" ")
                first = seen.setdefault(custom_id, line)
                if first != line:
                    yield custom_id.decode(), int(line), int(first)
            file.close()


@dataclass
class Scan:
    """What one reading of INPUT found."""

    name: str
    bytes: int
    sha256: str
    kind: str
    requests: int
    batches: int
    largest: tuple[int, int]
    text_bytes: int
    output_tokens: int
    cost: int
    worst: int
    unpriced: int

    def identity(self) -> Event:
        return {
            "name": self.name,
            "bytes": self.bytes,
            "sha256": self.sha256,
            "kind": self.kind,
            "requests": self.requests,
        }


def scan(file: BinaryIO, name: str, settings: Settings) -> tuple[Scan, Problems]:
    """Read INPUT once: check every line, take its SHA-256, and count what a run would send."""
    requests, problems, digest = Requests(settings), Problems(name), hashlib.sha256()
    ids = Ids(os.fstat(file.fileno()).st_size)
    price_of = requests.prices.get
    longest = settings.max_bytes_per_batch - ENVELOPE_BYTES
    kind, kind_line, total, line_number, position = "", 0, 0, 0, 0
    most_in_batch = min(settings.requests_per_batch, settings.max_queued_requests)
    placed, batches, in_batch, batch_bytes, largest = 0, 0, 0, 0, (0, 0)
    text_bytes, output_tokens, cost, worst, unpriced = 0, 0, 0, 0, 0
    file.seek(0)
    # A line that fits no batch is not read into memory whole.
    while line := file.readline(longest + 2**16):
        digest.update(line)
        position += len(line)
        line_number += 1
        if len(line) > longest and not line.endswith(b"\n"):
            while rest := file.readline(2**20):
                digest.update(rest)
                position += len(rest)
                if rest.endswith(b"\n"):
                    break
            problems.add(
                line_number,
                None,
                f"the line is longer than a batch of {settings.max_bytes_per_batch:,} bytes: shorten it",
            )
            continue
        if line_number == 1 and line.startswith(b"\xef\xbb\xbf"):
            problems.add(
                1, None, "the file begins with a byte order mark: save it as UTF-8 without one"
            )
            line = line[3:]
        if line.isspace():
            continue
        total += 1
        try:
            value = decode_json(line.decode())
        except UnicodeDecodeError as error:
            problems.add(
                line_number, None, f"byte {error.start + 1} is not UTF-8: save the file as UTF-8"
            )
            continue
        except (ValueError, RecursionError) as error:
            problems.add(
                line_number, None, f"not JSON ({why_not_json(error)}): each line is one JSON object"
            )
            continue
        if not isinstance(value, dict):
            problems.add(
                line_number,
                None,
                'not a JSON object: write {"id": …, "prompt": …} or {"custom_id": …, "params": …}',
            )
            continue
        this_kind = "requests" if "params" in value or "custom_id" in value else "rows"
        if not kind:
            kind, kind_line = this_kind, line_number
            if kind == "rows":
                problems.add(0, None, *requests.wrong_with_settings())
        if this_kind == "rows":
            custom_id, wrong = value.get("id"), requests.wrong_with_row(value)
        else:
            custom_id, wrong = value.get("custom_id"), requests.wrong_with_request(value)
        if this_kind != kind:
            wrong.append(
                f"the file began with {kind} (line {kind_line}), and this is one of the {this_kind}: use one form throughout"
            )
        if isinstance(custom_id, str) and CUSTOM_ID.fullmatch(custom_id):
            ids.add(custom_id, line_number)
        if wrong:
            problems.add(line_number, custom_id, *wrong)
            continue

        if this_kind == "rows":
            model, max_tokens = settings.model, settings.max_tokens
            size = requests.row_size(value)
            most = requests.worst_of_row(size)
        else:
            model, max_tokens = value["params"]["model"], value["params"]["max_tokens"]
            body = line.strip()
            size = len(body)
            most = requests.worst_of_request(value["params"], body)
        if size > longest:
            problems.add(
                line_number,
                custom_id,
                f"the request has {size:,} bytes, and a batch takes {longest:,}: shorten it",
            )
            continue
        full = in_batch == most_in_batch or batch_bytes + 1 + size > longest
        if not in_batch or full or placed == settings.canary:
            batches, in_batch, batch_bytes = batches + 1, 0, -1
        placed += 1
        in_batch, batch_bytes = in_batch + 1, batch_bytes + 1 + size
        largest = max(largest, (in_batch, batch_bytes))
        text_bytes += size
        output = min(max_tokens, PLANNED_OUTPUT_TOKENS)
        output_tokens += output
        price = price_of(model)
        if price is None or most is None:
            unpriced += 1
        else:
            cost += (
                math.ceil(size / BYTES_PER_TOKEN) * price.rates.input + output * price.rates.output
            )
            worst += most

    if not total:
        problems.add(1, None, 'the file is empty: write one {"id": …, "prompt": …} a line')
    for custom_id, line_number, first in ids.repeated():
        problems.add(
            line_number, custom_id, f"the id stands in line {first} too: each needs one of its own"
        )
    found = Scan(
        name,
        position,
        digest.hexdigest(),
        kind,
        total,
        batches,
        largest,
        text_bytes,
        output_tokens,
        cost,
        worst,
        unpriced,
    )
    return found, problems


def why_not_json(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} at character {error.pos + 1}"
    return (
        "nested too deeply"
        if isinstance(error, RecursionError)
        else "a number or constant that JSON does not have"
    )


# --- the folder --------------------------------------------------------------------------------------------------


class Lock:
    """One writer. DIR/lock has a line for each program that takes the folder, and a line when it leaves.

    Lines are appended whole, so they have one order for everybody: the first holder that has not left and is
    alive has the folder. A killed holder is known by its process id and the time that process started.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.me: Event = {
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "started": process_start(os.getpid()),
        }
        self.me["token"] = os.urandom(8).hex()

    def take(self) -> None:
        self.refuse_if_held()
        self.append({"taken": self.me})
        try:
            self.refuse_if_held()
        except InputError:
            self.leave()
            raise

    def leave(self) -> None:
        self.append({"left": self.me["token"]})

    def append(self, entry: Event) -> None:
        # A line of its own, even after one that was torn.
        with self.path.open("ab", buffering=0) as file:
            file.write(b"\n" + json_bytes(entry) + b"\n")

    def refuse_if_held(self) -> None:
        holders: list[Event] = []
        for line in self.path.read_bytes().split(b"\n") if self.path.exists() else []:
            with contextlib.suppress(ValueError, TypeError, KeyError):  # a torn line took nothing
                entry = json.loads(line)
                if "taken" in entry:
                    holders.append(
                        {name: entry["taken"][name] for name in ("host", "pid", "started", "token")}
                    )
                else:
                    holders = [holder for holder in holders if holder["token"] != entry["left"]]
        for holder in holders:
            if holder["token"] == self.me["token"]:
                return
            if holder["host"] != self.me["host"]:
                raise InputError(
                    f"A program on another host ({shown(holder['host'])}, process {holder['pid']}) has this folder. "
                    f"If it no longer runs, delete {self.path} and start again."
                )
            if process_start(holder["pid"]) in (holder["started"], ""):
                raise InputError(
                    f"Another program (process {holder['pid']}) has this folder. Wait for it or stop it; "
                    "one program at a time writes to a folder."
                )


def process_start(pid: int) -> str | None:
    """When a process began, as text that another process began at another time does not have.

    None: there is no such process. "": it is there, and this system does not say since when.
    """
    if sys.platform == "win32":
        listed = subprocess.run(
            ["tasklist", "/NH", "/FI", f"PID eq {pid}"], capture_output=True, text=True
        ).stdout
        return "" if str(pid) in listed.split() else None
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except PermissionError:
        pass
    try:
        # State and start time are the 3rd and 22nd fields; the 2nd, a name in brackets, may hold anything.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return None if fields[0] in "ZX" else f"{boot} {fields[19]}"
    except (OSError, IndexError):
        pass
    clock = {**os.environ, "LC_ALL": "C", "TZ": "UTC"}
    with contextlib.suppress(OSError):
        return subprocess.run(
            ["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, env=clock
        ).stdout.strip()
    return ""


class Journal:
    """Append-only JSON Lines; a line is on disk when `write` returns."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.file = -1

    def read(self) -> Iterator[Event]:
        """Every whole line. A torn last line is cut off."""
        if not self.path.exists():
            return
        whole = 0
        with self.path.open("rb") as file:
            for number, line in enumerate(file, 1):
                if not line.endswith(b"\n"):
                    break
                whole += len(line)
                try:
                    yield json.loads(line)
                except ValueError:
                    raise InputError(
                        f"{self.path}: line {number} is no JSON, so what was sent is not known. "
                        "Restore the file from a copy; do not delete the line."
                    ) from None
        if whole < self.path.stat().st_size:
            os.truncate(self.path, whole)

    def first(self) -> Event | None:
        """The line that says with what the run began."""
        if not self.path.exists():
            return None
        with self.path.open("rb") as file:
            line = file.readline()
        if not line.endswith(b"\n"):
            return None
        with contextlib.suppress(ValueError):
            event = json.loads(line)
            if isinstance(event, dict) and event.get("event") == "run":
                return event
        raise InputError(f"{self.path} is no journal of this program. Choose another --out.")

    def open(self) -> None:
        self.file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
        sync_folder(self.path.parent)

    def write(self, event: Event) -> None:
        line = json_bytes(event) + b"\n"
        if os.write(self.file, line) < len(line):
            raise OSError("the disk took half a line of the journal")
        os.fsync(self.file)

    def close(self) -> None:
        if self.file >= 0:
            os.close(self.file)
            self.file = -1


def sync_folder(path: Path) -> None:
    """Make names that were added to a folder survive a power cut."""
    if sys.platform == "win32":  # there, a folder cannot be opened
        return
    folder = os.open(path, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def sync(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def trim(path: Path, length: int) -> None:
    """Cut off what a torn step left behind; the journal says how long the file was before it."""
    size = path.stat().st_size if path.exists() else 0
    if size < length:
        raise InputError(
            f"{path} has {size:,} bytes and had {length:,}: something else changed it. Restore it from a copy."
        )
    if size > length:
        os.truncate(path, length)


# --- the state of a run, as the journal tells it -------------------------------------------------------------------


@dataclass
class Batch:
    number: int
    round: int
    start: int
    end: int
    requests: int
    bytes: int
    worst: int
    canary: bool
    status: str = "unsent"  # unsent, doubt, open, stored
    since: Event | None = None
    id: str = ""
    adopted: bool = False

    @staticmethod
    def of(cut: Event) -> Batch:
        return Batch(
            cut["batch"],
            cut["round"],
            cut["start"],
            cut["end"],
            cut["requests"],
            cut["bytes"],
            money(cut["worst_usd"]),
            cut["canary"],
        )


@dataclass
class State:
    """The sum of the journal. Every change goes through `apply`, in a live run and when a run is taken up again."""

    began: Event | None = None
    batches: dict[int, Batch] = field(default_factory=dict)  # those that are not sorted
    known: set[str] = field(default_factory=set)  # ids of batches that are accounted for
    numbers: int = 0
    created: int = 0
    round: int = 0
    position: int = 0  # where the next batch of this round begins
    round_bytes: int = 0  # the length of this round's list (not of INPUT)
    not_before: float = 0.0
    again: int = 0  # requests on the next round's list
    lengths: tuple[int, int, int] = (0, 0, 0)
    largest_requests: int = 10**9  # halved by a 413
    largest_bytes: int = 10**12
    canary_cut: int = 0  # requests that were chosen as canary, and what became of them
    canary: int = 0
    canary_given_up: int = 0
    rest_began: bool = False
    succeeded: int = 0
    given_up: int = 0
    retried: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    truncated: int = 0
    refused: int = 0
    usage: Counter[str] = field(default_factory=Counter)
    spent: int = 0
    unpriced: int = 0
    first_created_at: str = ""
    last_ended_at: str = ""
    canceling: bool = False
    rest_given_up: bool = False
    done: int | None = None

    def apply(self, event: Event) -> None:
        kind = event["event"]
        batch = self.batches.get(event.get("batch", 0), Batch(0, 0, 0, 0, 0, 0, 0, False))
        if kind == "run":
            self.began = event
        elif kind == "cut":
            self.add(event)
            self.position = event["end"]
            self.canary_cut += event["requests"] if event["canary"] else 0
            self.rest_began = not event["canary"]
        elif kind == "submit":
            batch.status, batch.since = "doubt", event["since"]
        elif kind in ("created", "adopted"):
            batch.status, batch.id, batch.adopted = "open", event["id"], kind == "adopted"
            self.known.add(event["id"])
            self.created += 1
            self.first_created_at = min(
                self.first_created_at or event["created_at"], event["created_at"]
            )
        elif kind in ("not_made", "refused"):
            batch.status, batch.since = "unsent", None
        elif kind == "halved":
            del self.batches[event["batch"]]
            for cut in event["into"]:
                self.add(cut)
            self.largest_requests = (batch.requests + 1) // 2
            self.largest_bytes = (batch.bytes + 1) // 2
        elif kind == "let_go":
            batch.status, batch.id, batch.adopted = "doubt", "", False
            self.created -= 1
        elif kind == "ended":
            self.last_ended_at = max(self.last_ended_at, event["ended_at"])
        elif kind == "stored":
            batch.status = "stored"
        elif kind in ("sorted", "rest"):
            self.add_up(event)
            self.rest_given_up = kind == "rest"
            if kind == "sorted":
                del self.batches[event["batch"]]
                if batch.canary:
                    self.canary += batch.requests
                    self.canary_given_up += event["given_up"]
        elif kind == "round":
            self.round, self.position, self.round_bytes = event["round"], 0, event["bytes"]
            self.retried += event["requests"]
            self.not_before = event["not_before"]
            self.again, self.lengths = 0, (self.lengths[0], self.lengths[1], 0)
        elif kind == "cancel":
            self.canceling = True
        elif kind == "done":
            self.done = event["code"]

    def add(self, cut: Event) -> None:
        batch = Batch.of(cut)
        self.batches[batch.number] = batch
        self.numbers = max(self.numbers, batch.number)

    def add_up(self, event: Event) -> None:
        self.succeeded += event.get("succeeded", 0)
        self.given_up += event["given_up"]
        self.again += event.get("again", 0)
        self.reasons.update(event["reasons"])
        self.truncated += event.get("truncated", 0)
        self.refused += event.get("refused", 0)
        self.usage.update(event.get("usage", {}))
        self.spent += money(event.get("usd", "0"))
        self.unpriced += event.get("unpriced", 0)
        first, second, third = event["lengths"]
        self.lengths = (first, second, third)

    def with_status(self, *statuses: str) -> list[Batch]:
        return [batch for batch in self.batches.values() if batch.status in statuses]

    def in_flight(self) -> list[Batch]:
        """Batches that are at the provider, or may be."""
        return self.with_status("doubt", "open")


# --- what the user sees --------------------------------------------------------------------------------------------


class Log:
    """Plain lines when stderr is no terminal; one line that is written over when it is one."""

    def __init__(self) -> None:
        self.terminal = sys.stderr.isatty()
        self.last_progress = time.monotonic()

    def line(self, text: str) -> None:
        now = datetime.now().astimezone().isoformat(timespec="seconds")
        self.print(("\r\x1b[K" if self.terminal else "") + f"{now} {text}\n")

    def progress(self, text: str, at_once: bool = False) -> None:
        if self.terminal:
            columns = shutil.get_terminal_size().columns  # 80 when the terminal has gone
            self.print("\r\x1b[K" + text[: columns - 1])
        elif at_once or time.monotonic() - self.last_progress >= PROGRESS_SECONDS:
            self.last_progress = time.monotonic()
            self.line(text)

    def print(self, text: str) -> None:
        # A closed terminal must not end a run that has hours to go.
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.write(text)
            sys.stderr.flush()


def clock(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} s"
    hours, rest = divmod(int(seconds), 3600)
    return f"{hours}:{rest // 60:02d}:{rest % 60:02d}"


# --- the run -------------------------------------------------------------------------------------------------------


class BatchRunner:
    """Takes one file of requests to the end. `await BatchRunner("prompts.jsonl", "answers").run()` gives the exit code."""

    def __init__(
        self, source: str | Path, out: str | Path, settings: Settings | None = None
    ) -> None:
        self.source = Path(source)
        self.out = Path(out)
        self.settings = settings or Settings()
        self.log = Log()
        self.requests = Requests(self.settings)
        self.state = State()
        self.journal = Journal(self.out / "journal.jsonl")
        self.changed = asyncio.Event()
        self.tasks: set[asyncio.Task[None]] = set()

    # Before anything is submitted ------------------------------------------------------------------------------

    def check(self) -> str:
        """Read INPUT and say what a run would do."""
        with self.open_input() as file:
            found = self.read_input(file)
        first_alone = min(self.settings.canary, found.requests)
        unpriced = (
            f"; no price is known for the model of {found.unpriced:,} requests"
            if found.unpriced
            else ""
        )
        return (
            f"{self.source.name}: {found.requests:,} {found.kind}, {found.bytes:,} bytes, SHA-256 {found.sha256}\n"
            f"Split: {found.batches:,} batches, the largest of {found.largest[0]:,} requests"
            f"{f'; the first {first_alone:,} requests go alone' if first_alone else ''}\n"
            f"Tokens, estimated: {math.ceil(found.text_bytes / BYTES_PER_TOKEN):,} of input ({BYTES_PER_TOKEN} bytes each), "
            f"{found.output_tokens:,} of output (as planned, {PLANNED_OUTPUT_TOKENS:,} a request)\n"
            f"Cost, estimated at batch prices without prompt caching: ${usd_rounded(found.cost)}; "
            f"at most ${usd_rounded(found.worst)}, if every answer is max_tokens long{unpriced}\n"
            f"The plan: ${PLANNED_USD} for {PLANNED_REQUESTS:,} requests\n"
            "Nothing was submitted."
        )

    def open_input(self) -> BinaryIO:
        try:
            file = self.source.open("rb")
        except OSError as error:
            raise InputError(
                f"{self.source}: cannot be read ({error.strerror}). Check the path."
            ) from None
        if not file.seekable():
            file.close()
            raise InputError(
                f"{self.source}: is no file that can be read again. Save it as a file."
            )
        return file

    def read_input(self, file: BinaryIO) -> Scan:
        try:
            found, problems = scan(file, self.source.name, self.settings)
        except OSError as error:
            raise InputError(f"{self.source}: cannot be read ({error.strerror}).") from None
        self.same_input(found)
        if problems.count:
            raise InputError(problems.text())
        return found

    def same_input(self, found: Scan) -> None:
        """A run goes on with the file that it began with, to the byte, and with the same kind of requests."""
        began = self.journal.first()
        if began is None:
            return
        if began.get("format") != JOURNAL_FORMAT:
            raise InputError(
                f"{self.journal.path} is of another version of this program. Use that version, or another --out."
            )
        before, now = began["input"], found.identity()
        if (before["bytes"], before["sha256"]) != (now["bytes"], now["sha256"]):
            raise InputError(
                f"{self.out} belongs to a run on another input: it began with {shown(before['name'])}, {before['bytes']:,} bytes, "
                f"SHA-256 {before['sha256'][:12]}; {shown(now['name'])} has {now['bytes']:,} bytes, SHA-256 {now['sha256'][:12]}. "
                "Restore that file, or choose another --out. Nothing was submitted."
            )
        mine = self.settings.of_requests()
        differ = [
            name for name, value in began["request_settings"].items() if mine.get(name) != value
        ]
        if differ:
            raise InputError(
                f"{self.out} belongs to a run with other settings: {', '.join(differ)} differ. "
                "Set them as they were, or choose another --out. Nothing was submitted."
            )

    def open_folder(self, found: Scan) -> Lock:
        """Take the folder, and take up what the journal says."""
        lock = Lock(self.out / "lock")
        try:
            for folder in (self.out, self.out / "results", self.out / "rounds"):
                folder.mkdir(parents=True, exist_ok=True)
            lock.take()
        except OSError as error:
            raise InputError(
                f"{self.out}: cannot be written ({error.strerror}). Choose another --out."
            ) from None
        try:
            self.same_input(found)  # another run may have begun here while INPUT was read
            self.state = State()
            for event in self.journal.read():
                self.state.apply(event)
            if self.state.began is None:
                for name in ("succeeded.jsonl", "failed.jsonl"):
                    if (self.out / name).exists():
                        raise InputError(
                            f"{self.out} has a {name} and no journal. Choose another --out."
                        )
            self.journal.open()
            again = self.round_file(self.state.round + 1)
            for path, length in zip(
                (self.succeeded, self.failed, again), self.state.lengths, strict=True
            ):
                trim(path, length)
            if self.state.began is None:
                self.note(
                    "run",
                    format=JOURNAL_FORMAT,
                    program=PROGRAM,
                    input=found.identity(),
                    request_settings=self.settings.of_requests(),
                    settings=self.settings.of_run(),
                )
            elif self.state.done is None:
                self.note("resume", program=PROGRAM, settings=self.settings.of_run())
        except OSError as error:
            lock.leave()
            raise InputError(
                f"{self.out}: {error.strerror or error}. Free the disk or choose another --out."
            ) from None
        except InputError:
            lock.leave()
            raise
        return lock

    @property
    def succeeded(self) -> Path:
        return self.out / "succeeded.jsonl"

    @property
    def failed(self) -> Path:
        return self.out / "failed.jsonl"

    def round_file(self, number: int) -> Path:
        return self.out / "rounds" / f"round-{number}.jsonl"

    def results_file(self, batch: Batch) -> Path:
        return self.out / "results" / f"{batch.id}.jsonl"

    def note(self, event: str, **fields: Any) -> None:
        """Write to the journal what is about to be done or has been learnt; the state follows from it."""
        entry = {
            "event": event,
            "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
            **fields,
        }
        self.journal.write(entry)
        self.state.apply(entry)

    # From the first batch to the last --------------------------------------------------------------------------

    async def run(self, cancel: bool = False) -> int:
        """Send all that is unsent, collect all that is open, in rounds; or, to cancel, end it here."""
        self.input = self.open_input()
        try:
            self.unchanged = os.fstat(self.input.fileno())
            self.found = self.read_input(self.input)
            if cancel and not self.journal.path.exists():
                raise InputError(f"{self.out} holds no run to cancel.")
            lock = self.open_folder(self.found)
            try:
                return await self.go_on(cancel)
            except OSError as error:
                raise StoppedError(
                    f"{error.strerror or error}: {error.filename or self.out}. Make room or mend it."
                ) from None
            finally:
                self.journal.close()
                with contextlib.suppress(OSError):
                    lock.leave()
        finally:
            self.input.close()

    async def go_on(self, cancel: bool) -> int:
        state = self.state
        if state.done is None:
            self.client = AsyncAnthropic(max_retries=0, timeout=TIMEOUT_SECONDS)
            for name in ("anthropic", "httpx2", "httpx", "httpcore"):
                logging.getLogger(name).setLevel(logging.WARNING)  # their debug lines hold prompts
            self.refuse_unusable(self.client)
            try:
                if cancel and not state.canceling:
                    self.note("cancel")
                while True:
                    await self.work_off_round()
                    if state.canceling or not state.again:
                        break
                    self.begin_round()
                if state.canceling and not state.rest_given_up:
                    self.give_up_the_rest()
            except StoppedError as stopped:
                with contextlib.suppress(OSError):
                    self.note("stop", code=3, why=str(stopped))
                raise
            finally:
                await self.client.close()
            self.note("done", code=1 if state.given_up else 0)
        self.write_summary()
        return state.done or 0

    @staticmethod
    def refuse_unusable(client: AsyncAnthropic) -> None:
        """A key or an address that no request can be made with would look like passing trouble for ever."""
        secrets = [secret for secret in (client.api_key, client.auth_token) if secret]
        if not (secrets or client.credentials):
            raise StoppedError("There is no API key: set ANTHROPIC_API_KEY.")
        if not all(re.fullmatch(r"[\x21-\x7e]+", secret) for secret in secrets):
            raise StoppedError(
                "The API key holds characters that no key has. Copy it to ANTHROPIC_API_KEY again."
            )
        if client.base_url.scheme not in ("http", "https") or not client.base_url.host:
            raise StoppedError("ANTHROPIC_BASE_URL is no address: correct it or unset it.")

    async def work_off_round(self) -> None:
        """One task submits, one task follows each open batch, until nothing of this round is left."""
        while True:
            for batch in self.state.with_status("open", "stored"):
                self.start(self.follow(batch))
            self.start(self.submit_all())
            try:
                while self.tasks:
                    self.changed.clear()
                    finished = {task for task in self.tasks if task.done()}
                    for task in finished:
                        task.result()
                    self.tasks -= finished
                    self.show_progress()
                    if not finished:
                        await self.change(1.0)
            finally:
                for task in self.tasks:
                    task.cancel()
                await asyncio.gather(*self.tasks, return_exceptions=True)
                self.tasks.clear()
            # What is left after this was in a batch that was adopted and is somebody else's; or is not to be sent.
            if not (
                self.state.with_status("doubt") if self.state.canceling else self.state.batches
            ):
                return

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        task.add_done_callback(lambda _: self.changed.set())
        self.tasks.add(task)

    async def change(self, longest_s: float | None = None) -> None:
        """Wait until a task has ended: a batch is sorted, and there is room for another."""
        waiting = asyncio.ensure_future(self.changed.wait())
        try:
            await asyncio.wait({waiting}, timeout=longest_s)
        finally:
            waiting.cancel()

    def begin_round(self) -> None:
        number = self.state.round + 1
        delay = backoff_seconds(self.settings, number)
        self.note(
            "round",
            round=number,
            requests=self.state.again,
            bytes=self.state.lengths[2],
            not_before=round(time.time() + delay, 3),
        )
        self.log.line(
            f"Round {number + 1}: {self.state.retried:,} retries so far; the next go out in {clock(delay)}"
        )

    # 1 and 2: cut and submit -----------------------------------------------------------------------------------

    async def submit_all(self) -> None:
        """Submit what is unsent, one batch at a time. A batch in doubt comes before any other."""
        while True:
            for batch in self.state.with_status("doubt"):
                await self.settle(batch, "whether it was made is not known")
            if self.state.canceling:
                return
            await asyncio.sleep(
                max(0.0, min(self.state.not_before - time.time(), self.longest_delay()))
            )
            waiting = self.state.with_status("unsent")
            following = waiting[0] if waiting else self.cut()
            if following is None:
                return
            self.changed.clear()
            if self.has_room(following):
                await self.submit(following)
            else:
                await self.change()

    def longest_delay(self) -> float:
        # The clock may have been set back since the round began.
        return backoff_seconds(self.settings, self.state.round) if self.state.round else 0.0

    def cut(self) -> Batch | None:
        """Choose the next batch of this round: as many requests as fit. None when the round has no more."""
        state, settings = self.state, self.settings
        canary = 0 if state.rest_began else max(0, settings.canary - state.canary_cut)
        most = min(
            canary or settings.requests_per_batch,
            settings.requests_per_batch,
            settings.max_queued_requests,
            state.largest_requests,
        )
        longest = min(settings.max_bytes_per_batch, state.largest_bytes) - ENVELOPE_BYTES
        count, size, worst, end = 0, -1, 0, state.position
        for place, after in self.places(state.round, state.position):
            wire = self.wire_of(place)
            if count and (count == most or size + 1 + len(wire.body) > longest):
                break
            count, size, worst, end = (
                count + 1,
                size + 1 + len(wire.body),
                worst + (wire.worst or 0),
                after,
            )
        if not count:
            return None
        number = state.numbers + 1
        self.note(
            "cut",
            batch=number,
            round=state.round,
            start=state.position,
            end=end,
            requests=count,
            bytes=size + ENVELOPE_BYTES,
            worst_usd=usd_exact(worst),
            canary=bool(canary),
        )
        return state.batches[number]

    def places(
        self, round_number: int, start: int, end: int | None = None
    ) -> Iterator[tuple[Place, int]]:
        """The requests of a round from byte `start` to byte `end`, each with the byte where the next begins."""
        self.refuse_if_changed()
        if round_number == 0:
            position = start
            while position < (self.found.bytes if end is None else end):
                self.input.seek(position)
                line = self.input.readline()
                if not line:
                    return
                after = position + len(line)
                if not line.isspace():
                    value = decode_json(line.decode())
                    yield (
                        Place(
                            value["custom_id"] if "params" in value else value["id"],
                            position,
                            len(line),
                        ),
                        after,
                    )
                position = after
        else:
            end = (
                self.state.round_bytes if end is None and round_number == self.state.round else end
            )
            with self.round_file(round_number).open("rb") as file:
                file.seek(start)
                while (end is None or file.tell() < end) and (line := file.readline()):
                    yield Place(**json.loads(line)), file.tell()

    def refuse_if_changed(self) -> None:
        now = os.fstat(self.input.fileno())
        if (now.st_size, now.st_mtime_ns) != (self.unchanged.st_size, self.unchanged.st_mtime_ns):
            raise StoppedError(
                f"{self.source} was changed while the run went on: {self.unchanged.st_size:,} bytes before, "
                f"{now.st_size:,} now. Restore it."
            )

    def wire_of(self, place: Place) -> Wire:
        self.input.seek(place.offset)
        return self.requests.wire(self.input.read(place.length))

    def body_of(self, batch: Batch) -> bytes:
        """The body of the POST. It is made here, not by the SDK, so that its size is known and held in memory once."""
        body = BytesIO()
        body.write(ENVELOPE[0])
        for number, (place, _) in enumerate(self.places(batch.round, batch.start, batch.end)):
            body.write(b"," if number else b"")
            body.write(self.wire_of(place).body)
        body.write(ENVELOPE[1])
        return body.getvalue()

    def has_room(self, batch: Batch) -> bool:
        """Whether the batch may go now: canary first, then the budget, concurrency and the queue."""
        state, settings = self.state, self.settings
        flying = state.in_flight()
        if settings.canary and not batch.canary:
            if any(other.canary for other in state.batches.values()):
                return False
            if 2 * state.canary_given_up > state.canary:
                raise StoppedError(
                    f"The canary failed: {state.canary_given_up:,} of the first {state.canary:,} requests were given up. "
                    "failed.jsonl has the reasons. Correct INPUT and choose another --out, or go on with --canary 0."
                )
        worst = state.spent + sum(other.worst for other in flying) + batch.worst
        if settings.budget_usd and worst > money(settings.budget_usd):
            if flying:  # what they do not spend is free again when they have ended
                return False
            raise StoppedError(
                f"The budget of ${settings.budget_usd} would be passed: ${usd_rounded(state.spent)} is spent, and the next batch of "
                f"{batch.requests:,} requests may cost ${usd_rounded(batch.worst)}. Raise --budget-usd, or lower max_tokens."
            )
        queued = sum(other.requests for other in flying) + batch.requests
        return not flying or (
            len(flying) < settings.concurrent_batches and queued <= settings.max_queued_requests
        )

    async def submit(self, batch: Batch) -> None:
        """Send one batch, until it is made or there is no need."""
        waits = Waits(self.settings)
        while batch.status == "unsent":
            since = await self.newest_batch()
            body = self.body_of(batch)
            self.note("submit", batch=batch.number, since=since)
            try:
                made = await self.create(body)
            except RefusedError as refused:
                self.note("refused", batch=batch.number, status=refused.status, why=str(refused))
                if refused.for_good:
                    raise StoppedError(
                        f"The API refused batch {batch.number}: {refused}. {refused.remedy}"
                    ) from None
                if refused.status == 413:
                    self.halve(batch)
                    return
                await self.wait_out(batch, refused, waits)
                continue
            except NoAnswerError as trouble:
                await self.settle(batch, str(trouble))
                continue
            finally:
                del body
            self.note("created", batch=batch.number, id=made.id, created_at=iso(made.created_at))
            self.log.line(f"Batch {batch.number} with {batch.requests:,} requests is {made.id}")
            self.start(self.follow(batch))

    async def create(self, body: bytes) -> MessageBatch:
        """One POST, and what its answer means."""
        headers = {"anthropic-beta": ",".join(self.settings.betas)} if self.settings.betas else {}
        try:
            made = await self.client.post(
                "/v1/messages/batches",
                content=body,
                cast_to=MessageBatch,
                options={"headers": headers, "timeout": CREATE_TIMEOUT_SECONDS},
            )
            return batch_in(made)
        except APIStatusError as error:
            why = self.reason_of(error)
            if error.status_code in (408, 409) or not 400 <= error.status_code < 500:
                raise NoAnswerError(why) from None
            raise RefusedError(error, why) from None
        except (APIConnectionError, NoAnswerError, ValueError) as error:
            raise NoAnswerError(nameless(error)) from None

    async def wait_out(self, batch: Batch, refused: RefusedError, waits: Waits) -> None:
        """After a 429: as long as it says; when the queue is full, until one of our own batches has left it."""
        wait_s = waits.next() if refused.wait_s is None else refused.wait_s
        self.changed.clear()
        if refused.queue_is_full and self.state.in_flight():
            self.log.line(
                f"Batch {batch.number}: {refused}; it goes out again when one of ours has ended, or in {clock(wait_s)}"
            )
            await self.change(wait_s)
        else:
            self.log.line(f"Batch {batch.number}: {refused}; it goes out again in {clock(wait_s)}")
            await asyncio.sleep(wait_s)

    def halve(self, batch: Batch) -> None:
        """The body is too large for the API, though not for the settings: two batches of half the requests."""
        if batch.requests == 1:
            self.give_up_batch(batch, "request_too_large")
            return
        half, middle, sizes, worsts = batch.requests // 2, batch.end, [0, 0], [0, 0]
        for number, (place, after) in enumerate(self.places(batch.round, batch.start, batch.end)):
            wire, part = self.wire_of(place), 0 if number < half else 1
            sizes[part] += len(wire.body) + 1
            worsts[part] += wire.worst or 0
            if number == half - 1:
                middle = after
        cuts = [
            {
                "batch": self.state.numbers + 1 + part,
                "round": batch.round,
                "start": start,
                "end": end,
                "requests": count,
                "bytes": sizes[part] - 1 + ENVELOPE_BYTES,
                "worst_usd": usd_exact(worsts[part]),
                "canary": batch.canary,
            }
            for part, (start, end, count) in enumerate(
                [(batch.start, middle, half), (middle, batch.end, batch.requests - half)]
            )
        ]
        self.note("halved", batch=batch.number, into=cuts)
        self.log.line(
            f"Batch {batch.number} is too large for the API ({batch.bytes:,} bytes): sent as two halves"
        )

    # 3: in doubt -----------------------------------------------------------------------------------------------

    async def settle(self, batch: Batch, why: str) -> None:
        """Find out whether a batch in doubt was made: adopt it, or let its requests be sent again."""
        self.note("doubt", batch=batch.number, why=why)
        self.log.line(
            f"Batch {batch.number} is in doubt ({why}): looking for it before its requests are sent again"
        )
        looking_since = time.monotonic()
        while True:
            grace_is_over = time.monotonic() - looking_since >= self.settings.adopt_grace_seconds
            for found in await self.batches_since(batch.since):
                if (
                    found.id not in self.state.known
                    and sum(counts_of(found).values()) == batch.requests
                ):
                    self.note(
                        "adopted", batch=batch.number, id=found.id, created_at=iso(found.created_at)
                    )
                    self.log.line(f"Batch {batch.number} was made: it is {found.id}")
                    self.start(self.follow(batch))
                    return
            if grace_is_over:
                self.note("not_made", batch=batch.number)
                self.log.line(f"Batch {batch.number} was not made")
                return
            await asyncio.sleep(
                min(self.settings.poll_seconds, self.settings.adopt_grace_seconds / 5)
            )

    async def newest_batch(self) -> Event | None:
        """The newest batch of the workspace, so that what comes after is told by the API's clock, not by ours."""
        page = await self.ask("list batches", partial(self.page_of_batches, 1, None))
        return {"id": page[0].id, "created_at": iso(page[0].created_at)} if page else None

    async def batches_since(self, since: Event | None) -> list[MessageBatch]:
        """Batches of the workspace that were made after the given one, oldest first."""
        found: list[MessageBatch] = []
        after: str | None = None
        while True:
            page = await self.ask("list batches", partial(self.page_of_batches, 100, after))
            for batch in page:
                if since and (
                    batch.id == since["id"] or iso(batch.created_at) < since["created_at"]
                ):
                    return found[::-1]
                found.append(batch)
            if len(page) < 100:
                return found[::-1]
            after = page[-1].id

    async def page_of_batches(self, limit: int, after: str | None) -> list[MessageBatch]:
        try:
            page = await self.client.messages.batches.list(limit=limit, after_id=after or omit)
        except AttributeError:  # the SDK stumbles over a page of HTML with status 200
            raise NoAnswerError("the answer is no list of batches") from None
        if not isinstance(getattr(page, "data", None), list):
            raise NoAnswerError("the answer is no list of batches")
        return [batch_in(batch) for batch in page.data]

    # 4: poll ---------------------------------------------------------------------------------------------------

    async def follow(self, batch: Batch) -> None:
        """Stay with one batch from its making to its last result."""
        if batch.status == "open":
            try:
                if self.state.canceling and batch.adopted:
                    self.log.line(
                        f"Batch {batch.number} ({batch.id}) was adopted, and whether it is ours is known only when it has ended: "
                        "it is not canceled here. If it is yours, cancel it in the Console; this program waits for its end"
                    )
                elif self.state.canceling:
                    await self.cancel_at_api(batch)
                ended = await self.poll_until_ended(batch)
            except LostBatchError:
                if not self.state.canceling:
                    raise
                self.give_up_batch(batch, "batch_not_found")
                return
            if ended.archived_at is not None:
                self.log.line(
                    f"Batch {batch.number} ({batch.id}): its results are no longer at the API, and it is not paid for again"
                )
                self.give_up_batch(batch, "results_archived")
                return
            if not await self.fetch(batch, ended):
                self.note("let_go", batch=batch.number, id=batch.id)
                self.log.line(
                    f"Batch {batch.number}: the adopted batch is somebody else's; its requests are still to be sent"
                )
                return
            self.note("stored", batch=batch.number, bytes=self.results_file(batch).stat().st_size)
        self.sort(batch)

    async def poll_until_ended(self, batch: Batch) -> MessageBatch:
        odd = ""
        while True:
            polled = await self.ask(
                f"poll batch {batch.number}", partial(self.retrieve, batch), made=batch
            )
            status = str(polled.processing_status)
            if status == "ended" and (polled.results_url or polled.archived_at is not None):
                self.note(
                    "ended",
                    batch=batch.number,
                    id=batch.id,
                    ended_at=iso(polled.ended_at),
                    counts=counts_of(polled),
                    archived=polled.archived_at is not None,
                )
                return polled
            if status == "ended":
                status = "ended, without results yet"
            if status not in ("in_progress", "canceling", odd):
                self.log.line(
                    f"Batch {batch.number} ({batch.id}) has the status {shown(status)}: polling goes on"
                )
                odd = status
            await asyncio.sleep(self.settings.poll_seconds)

    async def retrieve(self, batch: Batch) -> MessageBatch:
        return batch_in(await self.client.messages.batches.retrieve(batch.id))

    async def cancel_at_api(self, batch: Batch) -> None:
        async def cancel() -> None:
            try:
                await self.client.messages.batches.cancel(batch.id)
            except APIStatusError as error:
                if error.status_code != 400:  # it has ended already
                    raise

        await self.ask(f"cancel batch {batch.number}", cancel, made=batch)
        self.log.line(f"Batch {batch.number} ({batch.id}) is being canceled")

    # 5: fetch --------------------------------------------------------------------------------------------------

    async def fetch(self, batch: Batch, ended: MessageBatch) -> bool:
        """Bring the results into DIR/results, whole. False: they are somebody else's."""
        whole = self.results_file(batch)
        part = whole.with_name(whole.name + ".part")
        promised = max(batch.requests, sum(counts_of(ended).values()))
        waits, short = Waits(self.settings), 0
        while True:
            await self.ask(
                f"fetch the results of batch {batch.number}",
                partial(self.download, batch, part),
                made=batch,
            )
            lines, strange, unreadable = self.inspect(batch, part)
            short += lines < promised and not unreadable
            if unreadable or (lines < promised and short < FETCHES_OF_SHORT_RESULTS):
                what = (
                    f"{unreadable:,} unreadable lines"
                    if unreadable
                    else f"{lines:,} of {promised:,} lines"
                )
                wait_s = waits.next()
                self.log.line(
                    f"Batch {batch.number}: the results came with {what}; fetched again in {clock(wait_s)}"
                )
                await asyncio.sleep(wait_s)
                continue
            part.replace(whole)
            sync_folder(whole.parent)
            if strange and not batch.adopted:
                self.log.line(
                    f"Batch {batch.number}: {strange:,} results have ids that were not sent; they stay in {whole.name}"
                )
            return not (strange and batch.adopted)

    async def download(self, batch: Batch, part: Path) -> None:
        async with contextlib.AsyncExitStack() as stack:
            try:
                results = self.client.messages.batches.with_streaming_response.results(batch.id)
                response = await stack.enter_async_context(results)
            except (
                AttributeError
            ):  # the SDK asks for the batch once more, and stumbles over a page of HTML
                raise NoAnswerError("the answer is no batch") from None
            with part.open("wb") as file:
                async for chunk in chunks_of(response.iter_bytes()):
                    file.write(chunk)
                sync(file)

    def inspect(self, batch: Batch, part: Path) -> tuple[int, int, int]:
        """Lines that are results, those of them with ids that are not the batch's, and lines that are no results."""
        ids = {place.custom_id for place, _ in self.places(batch.round, batch.start, batch.end)}
        lines = strange = unreadable = 0
        with part.open("rb") as file:
            for line in file:
                if line.isspace():
                    continue
                parsed = result_in(line)
                if parsed is None:
                    unreadable += 1
                else:
                    lines += 1
                    strange += parsed[0] not in ids
        return lines, strange, unreadable

    # 6: sort ---------------------------------------------------------------------------------------------------

    def sort(self, batch: Batch) -> None:
        """Put every request of a batch into succeeded.jsonl, failed.jsonl, or on the next round's list; once."""
        waiting = {
            place.custom_id: place for place, _ in self.places(batch.round, batch.start, batch.end)
        }
        account_trouble = ""
        with Sorting(self) as sorting, self.results_file(batch).open("rb") as file:
            for line in file:
                parsed = result_in(line)
                place = waiting.pop(parsed[0], None) if parsed else None
                if parsed is None or place is None:
                    continue
                result = parsed[1]
                if result.get("type") == "succeeded":
                    sorting.success(line, result)
                    continue
                reason, message = reason_in(result)
                if reason == "billing_error" or (
                    reason in MAYBE_ACCOUNT and ACCOUNT_WORDS.search(message)
                ):
                    account_trouble = account_trouble or message
                    sorting.again(place, place.attempts, reason, result)
                else:
                    sorting.failure(batch, place, reason, result)
            for place in waiting.values():
                sorting.failure(batch, place, "missing", None)
        self.note("sorted", batch=batch.number, **sorting.fields())
        self.log.line(
            f"Batch {batch.number}: {sorting.succeeded:,} succeeded, {sorting.retries:,} to be tried again, {sorting.given_up:,} given up"
        )
        if account_trouble and not self.state.canceling:
            raise StoppedError(
                f"The account lacks credit: {self.clean(account_trouble)} Add credit."
            )

    def give_up_batch(self, batch: Batch, reason: str) -> None:
        with Sorting(self) as sorting:
            for place, _ in self.places(batch.round, batch.start, batch.end):
                sorting.give_up(place, place.attempts + 1, reason, None)
        self.note("sorted", batch=batch.number, **sorting.fields())
        self.log.line(f"Batch {batch.number}: {batch.requests:,} requests are given up ({reason})")

    def give_up_the_rest(self) -> None:
        """After --cancel: what was not sent, and what would have been tried again, is given up."""
        state = self.state
        with Sorting(self) as sorting:
            for batch in state.with_status("unsent"):
                for place, _ in self.places(batch.round, batch.start, batch.end):
                    sorting.give_up(place, place.attempts, place.reason, place.result)
            for place, _ in self.places(state.round, state.position):
                sorting.give_up(place, place.attempts, place.reason, place.result)
            if state.again:
                for place, _ in self.places(state.round + 1, 0, state.lengths[2]):
                    sorting.give_up(place, place.attempts, place.reason, place.result)
        self.note("rest", **sorting.fields())

    # What the API says and how long to wait ----------------------------------------------------------------------

    async def ask(
        self, what: str, call: Callable[[], Awaitable[T]], made: Batch | None = None
    ) -> T:
        """Call until there is an answer. Nothing that passes ends a run; what does not pass stops it."""
        waits = Waits(self.settings)
        unknown_since: float | None = None
        while True:
            told = None
            try:
                return await call()
            except APIStatusError as error:
                why, told = self.reason_of(error), retry_after(error)
                if made and error.status_code == 404:
                    unknown_since = unknown_since or time.monotonic()
                    if time.monotonic() - unknown_since >= LOST_BATCH_SECONDS:
                        raise LostBatchError(
                            f"The API has not known batch {made.id} for {clock(LOST_BATCH_SECONDS)}. It may be paid for, so its "
                            "requests are not sent again. Use a key of the workspace where the run began; if somebody deleted "
                            "the batch, end the run with --cancel."
                        ) from None
                elif account_is_stopped(error) or (
                    400 <= error.status_code < 500 and error.status_code not in (408, 409, 429)
                ):
                    raise StoppedError(f"{what}: {why}. {remedy(error)}") from None
            except (AnthropicError, NoAnswerError, ValueError) as error:
                why = nameless(error)
            wait_s = waits.next() if told is None else told
            self.log.line(f"{what}: {why}; again in {clock(wait_s)}")
            await asyncio.sleep(wait_s)

    def reason_of(self, error: APIStatusError) -> str:
        told = f", {error.type}: {error.api_message}" if error.type else ""
        return self.clean(f"HTTP {error.status_code}{told}")

    def clean(self, text: str) -> str:
        """The API's own words, on one line, short, and without the key."""
        for secret in (self.client.api_key, self.client.auth_token):
            text = text.replace(secret, "[key]") if secret else text
        return " ".join(text.split())[:300]

    # What the user sees ------------------------------------------------------------------------------------------

    def show_progress(self) -> None:
        state = self.state
        began = datetime.fromisoformat(state.began["at"]) if state.began else datetime.now(UTC)
        elapsed = (datetime.now(UTC) - began).total_seconds()
        flying = state.in_flight()
        self.log.progress(
            f"{state.succeeded + state.given_up:,} of {self.found.requests:,} requests answered, {len(flying)} batches open with "
            f"{sum(batch.requests for batch in flying):,}, {clock(elapsed)} elapsed; "
            f"forecast {clock(FORECAST_SECONDS['p50'])} to {clock(FORECAST_SECONDS['p95'])}"
        )

    def write_summary(self) -> None:
        state = self.state
        summary = {
            "requests": self.found.requests,
            "succeeded": state.succeeded,
            "given_up": state.given_up,
            "reasons": dict(sorted(state.reasons.items())),
            "truncated": state.truncated,
            "refused": state.refused,
            "retried": state.retried,
            "batches": state.created,
            "rounds": state.round + 1,
            "canceled": state.canceling,
            "usage": {kind: state.usage[kind] for kind in USAGE_KINDS},
            "cost_usd": usd_rounded(state.spent, 6),
            "unpriced": state.unpriced,
            "planned_cost_usd": PLANNED_USD,
            "planned_requests": PLANNED_REQUESTS,
            "first_created_at": state.first_created_at or None,
            "last_ended_at": state.last_ended_at or None,
            "input": self.found.identity(),
        }
        part = self.out / "summary.json.part"
        with part.open("wb") as file:
            file.write(json.dumps(summary, indent=2).encode() + b"\n")
            sync(file)
        part.replace(self.out / "summary.json")
        sync_folder(self.out)

    def last_line(self) -> str:
        state = self.state
        parts = [
            f"{state.succeeded:,} of {self.found.requests:,} requests succeeded",
            f"{state.truncated:,} of them truncated at max_tokens",
            f"{state.refused:,} refused by the model",
            f"{state.given_up:,} given up" + (" (failed.jsonl says why)" if state.given_up else ""),
        ]
        cost = f"${usd_rounded(state.spent)} spent, ${PLANNED_USD} planned for {PLANNED_REQUESTS:,} requests"
        return f"{', '.join(parts)}; {cost}. Answers: {self.succeeded}"


class Sorting:
    """Appends to succeeded.jsonl, failed.jsonl and the next round's list, and counts."""

    def __init__(self, runner: BatchRunner) -> None:
        self.runner = runner
        self.succeeded = self.given_up = self.retries = self.truncated = self.refused = (
            self.spent
        ) = self.unpriced = 0
        self.reasons: Counter[str] = Counter()
        self.usage: Counter[str] = Counter()
        self.strange: set[str] = set()

    def __enter__(self) -> Sorting:
        runner = self.runner
        again = runner.round_file(runner.state.round + 1)
        self.files: list[BinaryIO] = []
        for path, length in zip(
            (runner.succeeded, runner.failed, again), runner.state.lengths, strict=True
        ):
            trim(path, length)
            self.files.append(path.open("ab"))
        return self

    def __exit__(self, *failure: object) -> None:
        """Leave the files on disk, with their names; then their lengths may be written to the journal."""
        try:
            if failure[0] is None:
                for file in self.files:
                    sync(file)
                sync_folder(self.runner.out)
                sync_folder(self.runner.out / "rounds")
                self.lengths = [file.tell() for file in self.files]
        finally:
            for file in self.files:
                with contextlib.suppress(OSError):
                    file.close()

    def success(self, line: bytes, result: Event) -> None:
        message = result.get("message")
        stop_reason = message.get("stop_reason") if isinstance(message, dict) else None
        usage, cost = bill(message, self.runner.requests.prices)
        self.succeeded += 1
        self.truncated += stop_reason == "max_tokens"
        self.refused += stop_reason == "refusal"
        self.usage.update(usage)
        self.spent += cost or 0
        self.unpriced += cost is None
        self.files[0].write(line if line.endswith(b"\n") else line + b"\n")

    def failure(self, batch: Batch, place: Place, reason: str, result: Event | None) -> None:
        """An attempt failed: try again in the next round, or give up."""
        attempts = place.attempts + 1
        if reason not in TRY_AGAIN | GIVE_UP | self.strange:
            self.strange.add(reason)
            self.runner.log.line(f"Batch {batch.number}: {shown(reason)} is not known here")
        # A result of an unknown type may have been paid for.
        known_type = result is None or result.get("type") in ("errored", "expired")
        never = reason in GIVE_UP or not known_type
        if never or attempts > self.runner.settings.max_retries:
            self.give_up(place, attempts, reason, result)
        else:
            self.again(place, attempts, reason, result)

    def again(self, place: Place, attempts: int, reason: str, result: object) -> None:
        self.retries += 1
        self.files[2].write(
            json_bytes(asdict(replace(place, attempts=attempts, reason=reason, result=result)))
            + b"\n"
        )

    def give_up(self, place: Place, attempts: int, reason: str, result: object) -> None:
        self.given_up += 1
        self.reasons[reason] += 1
        line = {
            "custom_id": place.custom_id,
            "reason": reason,
            "attempts": attempts,
            "result": result,
        }
        self.files[1].write(json_bytes(line) + b"\n")

    def fields(self) -> Event:
        return {
            "succeeded": self.succeeded,
            "given_up": self.given_up,
            "again": self.retries,
            "reasons": dict(self.reasons),
            "truncated": self.truncated,
            "refused": self.refused,
            "usage": dict(self.usage),
            "usd": usd_exact(self.spent),
            "unpriced": self.unpriced,
            "lengths": self.lengths,
        }


class Waits:
    """Growing, jittered waits: from a second to the poll interval."""

    def __init__(self, settings: Settings) -> None:
        self.longest_s = settings.poll_seconds
        self.next_s = min(FIRST_WAIT_SECONDS, self.longest_s)

    def next(self) -> float:
        wait_s = self.next_s * random.uniform(0.75, 1.0)
        self.next_s = min(2 * self.next_s, self.longest_s)
        return wait_s


def backoff_seconds(settings: Settings, retry: int) -> float:
    """The wait before retry 1, 2, 3 …"""
    times: int = {"exponential": 2 ** (retry - 1), "linear": retry, "fixed": 1}[settings.backoff]
    return min(
        settings.base_delay_seconds * times,
        max(LONGEST_BACKOFF_SECONDS, settings.base_delay_seconds),
    )


def retry_after(error: APIStatusError) -> float | None:
    """Seconds that the API asks to wait: a number or a date."""
    text: str = error.response.headers.get("retry-after", "")
    seconds = math.nan
    with contextlib.suppress(ValueError):
        seconds = float(text)
    with contextlib.suppress(ValueError, TypeError):
        seconds = parsedate_to_datetime(text).timestamp() - time.time()
    return min(max(seconds, 0.0), LONGEST_RETRY_AFTER_SECONDS) if math.isfinite(seconds) else None


def account_is_stopped(error: APIStatusError) -> bool:
    """Whether the API will say the same until somebody has seen to the account."""
    if error.error_code in ACCOUNT_CODES or error.status_code in (401, 402, 403):
        return True
    passes = error.status_code == 429 and "retry-after" in error.response.headers
    return (
        error.status_code in (400, 429)
        and not passes
        and bool(ACCOUNT_WORDS.search(error.api_message or ""))
    )


def remedy(error: APIStatusError) -> str:
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
    if isinstance(error, APIConnectionError):
        return "no answer (" + type(error.__cause__ or error).__name__ + ")"
    return "the answer makes no sense"


def batch_in(answer: object) -> MessageBatch:
    """The answer, if it is a batch: a proxy may send a page of HTML with status 200."""
    if not isinstance(answer, MessageBatch) or not isinstance(
        getattr(answer, "created_at", None), datetime
    ):
        raise NoAnswerError("the answer is no batch")
    if not isinstance(answer.id, str) or not BATCH_ID.fullmatch(answer.id):
        raise NoAnswerError("the answer is no batch")
    if not isinstance(getattr(answer, "processing_status", None), str):
        raise NoAnswerError("the answer is no batch")
    return answer


def counts_of(batch: MessageBatch) -> dict[str, int]:
    counts = getattr(batch, "request_counts", None)
    names = ("processing", "succeeded", "errored", "canceled", "expired")
    return {name: count for name in names if type(count := getattr(counts, name, 0)) is int}


def iso(moment: datetime | None) -> str:
    """A moment of the API as text that sorts by time."""
    return (
        moment.astimezone(UTC).isoformat(timespec="microseconds")
        if isinstance(moment, datetime)
        else ""
    )


def result_in(line: bytes) -> tuple[str, Event] | None:
    """The id and the result of one line, or None for a line that holds none."""
    try:
        value = json.loads(line.decode())
    except (ValueError, RecursionError):
        return None
    if (
        not isinstance(value, dict)
        or not isinstance(value.get("custom_id"), str)
        or not isinstance(value.get("result"), dict)
    ):
        return None
    return value["custom_id"], value["result"]


def reason_in(result: Event) -> tuple[str, str]:
    """The class of a result that is no success, and the API's words. The class is nested twice."""
    if result.get("type") != "errored":
        return str(result.get("type")), ""
    outer = result.get("error")
    inner = outer.get("error") if isinstance(outer, dict) else None
    error = inner if isinstance(inner, dict) else {}
    kind = error.get("type")
    return kind if isinstance(kind, str) else "unknown", str(error.get("message", ""))


async def chunks_of(stream: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The stream, its errors told apart from those of the disk."""
    try:
        async for chunk in stream:
            yield chunk
    except Exception as error:
        raise NoAnswerError(f"the download was cut ({type(error).__name__})") from None


# --- command line --------------------------------------------------------------------------------------------------


def parse(arguments: list[str]) -> tuple[argparse.Namespace, Settings]:
    def whole(low: int, high: int) -> Callable[[str], int]:
        def convert(text: str) -> int:
            if not re.fullmatch(r"[0-9]{1,12}", text) or not low <= int(text) <= high:
                raise argparse.ArgumentTypeError(f"must be a whole number from {low:,} to {high:,}")
            return int(text)

        return convert

    def seconds(low: float) -> Callable[[str], float]:
        def convert(text: str) -> float:
            value = (
                float(text)
                if re.fullmatch(r"[0-9]*\.?[0-9]+(e-?[0-9]+)?", text, re.IGNORECASE)
                else math.nan
            )
            if not low <= value <= 86_400:
                raise argparse.ArgumentTypeError(
                    f"must be a number of seconds from {low} to 86,400"
                )
            return value

        return convert

    def dollars(text: str) -> str:
        if re.fullmatch(r"[0-9]{1,9}(\.[0-9]+)?", text) and Decimal(text) <= 10**8:
            return text
        raise argparse.ArgumentTypeError("must be US dollars from 0 to 100,000,000")

    parser = argparse.ArgumentParser(
        prog=PROGRAM,
        description="Take a file of requests to a file of answers through the Message Batches API.",
        epilog="The key comes from ANTHROPIC_API_KEY. Start the same command again to go on after any stop.",
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("input", metavar="INPUT", help="JSON Lines: whole requests, or rows of id and prompt")
    add(
        "--out",
        metavar="DIR",
        required=True,
        help="the folder of this run; made if it is not there",
    )
    add("--check", action="store_true", help="read and count, submit nothing")
    add(
        "--cancel",
        action="store_true",
        help="cancel the open batches, collect what they finished, end the run",
    )
    add("--requests-per-batch", metavar="N", type=whole(1, 100_000))
    add("--max-bytes-per-batch", metavar="N", type=whole(1, 256_000_000))
    add("--concurrent-batches", metavar="N", type=whole(1, 100))
    add("--max-queued-requests", metavar="N", type=whole(1, 100_000_000))
    add("--poll-seconds", metavar="S", type=seconds(0.01))
    add("--max-retries", metavar="N", type=whole(0, 10))
    add("--backoff", choices=("exponential", "linear", "fixed"))
    add("--base-delay-seconds", metavar="S", type=seconds(0))
    add("--budget-usd", metavar="D", type=dollars)
    add("--canary", metavar="N", type=whole(0, 100_000))
    add("--adopt-grace-seconds", metavar="S", type=seconds(0))
    given = parser.parse_args(arguments)
    flags = {
        name: value
        for name, value in vars(given).items()
        if name not in ("input", "out", "check", "cancel")
    }
    return given, replace(
        Settings(), **{name: value for name, value in flags.items() if value is not None}
    )


def main() -> int:
    given, settings = parse(sys.argv[1:])
    if int(anthropic.__version__.partition(".")[0]) < 2:
        print(
            f"anthropic {anthropic.__version__} is too old: pip install --upgrade anthropic",
            file=sys.stderr,
        )
        return 2

    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(
                errors="backslashreplace"
            )  # a path may hold what the terminal cannot show

    def interrupt(number: int, _frame: object) -> None:
        signal.signal(number, signal.SIG_DFL)  # a second one ends the program at once
        raise Interrupted(number)

    signal.signal(signal.SIGINT, interrupt)
    signal.signal(signal.SIGTERM, interrupt)
    runner = BatchRunner(given.input, given.out, settings)
    command = shlex.join(
        [Path(sys.executable).name or "python", *(text for text in sys.argv if text != "--cancel")]
    )
    try:
        if given.check:
            print(runner.check())
            return 0
        code = asyncio.run(runner.run(cancel=given.cancel))
    except InputError as problem:
        runner.log.line(str(problem))
        return 2
    except StoppedError as stopped:
        runner.log.line(f"Stopped: {stopped} The state is kept; to go on: {command}")
        return 3
    except Exception as error:
        # The words of an unforeseen error may hold a prompt; where it happened does not.
        traceback.print_tb(error.__traceback__)
        runner.log.line(
            f"Stopped by an unforeseen {type(error).__name__}. The state is kept; to go on: {command}"
        )
        return 3
    except Interrupted as interrupted:
        open_batches = len(runner.state.in_flight())
        runner.log.line(
            f"Interrupted. {open_batches} batches go on at the provider. To resume: {command}  To cancel: {command} --cancel"
        )
        return interrupted.code
    print(runner.last_line())
    return code


if __name__ == "__main__":
    sys.exit(main())
