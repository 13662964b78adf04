"""Say how it goes: log lines, the progress line, the summary, the last line."""

from __future__ import annotations

import contextlib
import math
import shutil
import sys
import time
from datetime import datetime

from planner.programs.python.money import USAGE_KINDS, usd_rounded
from planner.programs.python.scan import Scan
from planner.programs.python.settings import (
    BYTES_PER_TOKEN,
    FORECAST_SECONDS,
    PLANNED_OUTPUT_TOKENS,
    PLANNED_REQUESTS,
    PLANNED_USD,
    Settings,
)
from planner.programs.python.state import State
from planner.programs.python.text import UTC, Event, clock, moment_of

PROGRESS_SECONDS = 600.0


class Log:
    """Plain lines when stderr is no terminal; one line that is written over when it is one."""

    def __init__(self) -> None:
        self.terminal = sys.stderr is not None and sys.stderr.isatty()  # None: it is closed
        self.last_progress = time.monotonic()

    def line(self, text: str) -> None:
        now = datetime.now().astimezone().isoformat(timespec="seconds")
        self.print(("\r\x1b[K" if self.terminal else "") + f"{now} {text}\n")

    def progress(self, text: str) -> None:
        if self.terminal:
            columns = shutil.get_terminal_size().columns  # 80 when the terminal has gone
            self.print("\r\x1b[K" + text[: columns - 1])
        elif time.monotonic() - self.last_progress >= PROGRESS_SECONDS:
            self.last_progress = time.monotonic()
            self.line(text)

    def print(self, text: str) -> None:
        # A closed terminal must not end a run that has hours to go.
        with contextlib.suppress(OSError, ValueError, AttributeError):
            sys.stderr.write(text)
            sys.stderr.flush()


def check_text(scan: Scan, settings: Settings) -> str:
    """What a run would do, for --check."""
    first_alone = min(settings.canary, scan.requests)
    canary = f"; the first {first_alone:,} requests go alone, the rest when they are good"
    no_price = f"; no price is known for the model of {scan.unpriced:,} requests"
    return (
        f"{scan.name}: {scan.requests:,} {scan.kind}, {scan.bytes:,} bytes, "
        f"SHA-256 {scan.sha256}\n"
        f"Split: {scan.batches:,} batches, the largest of {scan.largest:,} requests"
        f"{canary if first_alone else ''}\n"
        f"Tokens, estimated: {math.ceil(scan.text_bytes / BYTES_PER_TOKEN):,} of input "
        f"({BYTES_PER_TOKEN} bytes each), "
        f"{scan.output_tokens:,} of output (as planned, {PLANNED_OUTPUT_TOKENS:,} a request)\n"
        f"Cost, estimated at batch prices without prompt caching: ${usd_rounded(scan.cost)}; "
        f"at most ${usd_rounded(scan.worst)}, if every answer is max_tokens long"
        f"{no_price if scan.unpriced else ''}\n"
        f"The plan: ${PLANNED_USD} for {PLANNED_REQUESTS:,} requests\n"
        "Nothing was submitted."
    )


def progress_line(state: State, requests: int) -> str:
    """How far it is, in 80 columns: by batch, for the API counts only what has ended."""
    now = datetime.now(UTC)
    began = moment_of(state.began["at"]) if state.began else now
    # The forecast needs no seconds.
    p50, p95 = (clock(max(60, FORECAST_SECONDS[name]))[:-3] for name in ("p50", "p95"))
    return (
        f"{state.totals.succeeded + state.totals.given_up:,} of {requests:,} answered, "
        f"{len(state.in_flight())} open, {clock((now - began).total_seconds())} elapsed, "
        f"forecast {p50}-{p95}"
    )


def at_provider(state: State) -> str:
    """What is open, for somebody who stops here."""
    flying, maybe = len(state.with_status("open")), len(state.with_status("doubt", "question"))
    if flying and maybe:
        return f"{flying} batches go on at the provider, and {maybe} more may have been made."
    if flying:
        return f"{flying} batches go on at the provider."
    if maybe:
        return f"{maybe} batches may have been made at the provider."
    return "Nothing is open at the provider."


def summary_of(state: State, scan: Scan) -> Event:
    """What summary.json holds."""
    totals = state.totals
    return {
        "requests": scan.requests,
        "succeeded": totals.succeeded,
        "given_up": totals.given_up,
        "reasons": dict(sorted(totals.reasons.items())),
        "truncated": totals.truncated,
        "refused": totals.refused,
        "retried": totals.retried,
        "batches": len(state.own),
        "rounds": state.round + 1,
        "canceled": state.canceling,
        "usage": {kind: totals.usage[kind] for kind in USAGE_KINDS},
        "cost_usd": usd_rounded(totals.spent, 6),
        "unpriced": totals.unpriced,
        "planned_cost_usd": PLANNED_USD,
        "planned_requests": PLANNED_REQUESTS,
        "first_created_at": state.first_created_at or None,
        "last_ended_at": state.last_ended_at or None,
        "input": scan.identity(),
    }


def last_line(state: State, scan: Scan, answers: object) -> str:
    """What the run came to, in one line; `answers` is the path of succeeded.jsonl."""
    totals = state.totals
    why = " (failed.jsonl says why)" if totals.given_up else ""
    return (
        f"{totals.succeeded:,} of {scan.requests:,} requests succeeded, "
        f"{totals.truncated:,} of them truncated at max_tokens, "
        f"{totals.refused:,} refused by the model, {totals.given_up:,} given up{why}; "
        f"${usd_rounded(totals.spent)} spent, "
        f"${PLANNED_USD} planned for {PLANNED_REQUESTS:,} requests. Answers: {answers}"
    )
