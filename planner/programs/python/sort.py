"""Put each request of a batch where it belongs.

That is succeeded.jsonl, failed.jsonl, or the list of the next round; once. The files are on disk
before the journal says how long they are: what a torn step left behind them is cut off and written
again.
"""

from __future__ import annotations

import contextlib
import re
from collections import Counter
from dataclasses import asdict, replace
from typing import BinaryIO

from planner.programs.python.cut import Source
from planner.programs.python.errors import ACCOUNT_WORDS
from planner.programs.python.folder import Folder, sync, sync_folder, trim
from planner.programs.python.money import bill, usd_exact
from planner.programs.python.report import Log
from planner.programs.python.request import Place
from planner.programs.python.state import Batch
from planner.programs.python.text import Event, cut_deep, decode_answer, json_bytes, shown

# What `result.error.error.type` says about trying again. One in neither is tried again, and logged.
TRY_AGAIN = {
    "content_filtered",
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
# Classes under which the account's trouble comes too; the message tells.
MAYBE_ACCOUNT = {"invalid_request_error", "permission_error", "rate_limit_error"}
# What the filter blocked in an answer differs from try to try; in a request it does not.
FILTERED = re.compile(r"content filter", re.IGNORECASE)
OUTPUT = re.compile(r"output|response", re.IGNORECASE)


def result_in(line: bytes) -> tuple[str, Event] | None:
    """The id and the result of one line, or None for a line that holds none.

    A result that is no answer is written anew, where it may not be deep.
    """
    try:
        value = decode_answer(line.decode())
    except (ValueError, RecursionError):
        return None
    if (
        not isinstance(value, dict)
        or not isinstance(value.get("custom_id"), str)
        or not isinstance(value.get("result"), dict)
    ):
        return None
    if value["result"].get("type") != "succeeded":
        value = cut_deep(value)
    return value["custom_id"], value["result"]


def reason_in(result: Event) -> tuple[str, str]:
    """The class of a result that is no success, and the API's words. The class is nested twice."""
    if result.get("type") != "errored":
        kind = result.get("type")
        return kind if isinstance(kind, str) else "unknown", ""
    outer = result.get("error")
    inner = outer.get("error") if isinstance(outer, dict) else None
    error = inner if isinstance(inner, dict) else {}
    kind, message = error.get("type"), str(error.get("message", ""))
    if not isinstance(kind, str):
        return "unknown", message
    filtered = FILTERED.search(message) and OUTPUT.search(message)
    return "content_filtered" if kind == "invalid_request_error" and filtered else kind, message


def is_account_trouble(reason: str, message: str) -> bool:
    """Whether a result failed because of the account: it costs the request no attempt."""
    if reason == "billing_error":
        return True
    return reason in MAYBE_ACCOUNT and bool(ACCOUNT_WORDS.search(message))


class Sorting:
    """Appends to succeeded.jsonl, failed.jsonl and the next round's list, and counts.

    As a context: the files are on disk, with their names, when it has ended well; `fields` are then
    what the journal says of them.
    """

    def __init__(self, folder: Folder, source: Source) -> None:
        self.folder, self.source = folder, source
        self.succeeded = self.given_up = self.retries = 0
        self.truncated = self.refused = self.spent = self.unpriced = 0
        self.reasons: Counter[str] = Counter()
        self.usage: Counter[str] = Counter()
        self.unknown_reasons: set[str] = set()
        self.files: list[BinaryIO] = []
        self.lengths: list[int] = []

    def __enter__(self) -> Sorting:
        self.folder.lock.refuse_if_lost()
        for path, length in zip(self.folder.outputs(), self.folder.state.lengths, strict=True):
            trim(path, length)
            self.files.append(path.open("ab"))
        return self

    def __exit__(self, *failure: object) -> None:
        try:
            if failure[0] is None:
                for file in self.files:
                    sync(file)
                sync_folder(self.folder.path)
                sync_folder(self.folder.path / "rounds")
                self.lengths = [file.tell() for file in self.files]
        finally:
            for file in self.files:
                with contextlib.suppress(OSError):
                    file.close()

    def success(self, place: Place, line: bytes, result: Event) -> None:
        message = result.get("message")
        stop_reason = message.get("stop_reason") if isinstance(message, dict) else None
        usage, cost = bill(message, self.source.model_of(place), self.source.requests.prices)
        self.succeeded += 1
        self.truncated += stop_reason == "max_tokens"
        self.refused += stop_reason == "refusal"
        self.usage.update(usage)
        self.spent += cost or 0
        self.unpriced += cost is None
        self.files[0].write(line if line.endswith(b"\n") else line + b"\n")

    def failure(self, place: Place, reason: str, result: Event | None) -> None:
        """An attempt failed: try again in the next round, or give up."""
        attempts = place.attempts + 1
        if reason not in TRY_AGAIN | GIVE_UP:
            self.unknown_reasons.add(reason)
        # A result of an unknown type may have been paid for.
        known_type = result is None or result.get("type") in ("errored", "expired")
        never = reason in GIVE_UP or not known_type
        if never or attempts - place.before > self.source.settings.max_retries:
            self.give_up(place, attempts, reason, result)
        else:
            self.again(place, attempts, reason, result)

    def again(self, place: Place, attempts: int, reason: str, result: object) -> None:
        self.retries += 1
        place = replace(place, attempts=attempts, reason=reason, result=result)
        self.files[2].write(json_bytes(asdict(place)) + b"\n")

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


def sort_batch(folder: Folder, source: Source, log: Log, batch: Batch) -> bool:
    """Sort the stored results of a batch. Returns whether they tell of trouble with the account."""
    waiting = {place.custom_id: place for place in source.places_of(batch)}
    account_trouble = False
    with Sorting(folder, source) as sorting, folder.results_file(batch.id).open("rb") as file:
        for line in file:
            parsed = result_in(line)
            place = waiting.pop(parsed[0], None) if parsed else None
            if parsed is None or place is None:
                continue
            result = parsed[1]
            reason, message = reason_in(result)
            if result.get("type") == "succeeded":
                sorting.success(place, line, result)
            elif is_account_trouble(reason, message):
                account_trouble = True
                sorting.again(place, place.attempts, reason, result)
            else:
                sorting.failure(place, reason, result)
        # Of what the API counts and does not give, some may be paid for.
        paid = batch.requests - len(waiting) < sum(batch.counts.values())
        for place in waiting.values():
            if paid:
                sorting.give_up(place, place.attempts + 1, "missing", None)
            else:
                sorting.failure(place, "missing", None)
    folder.note("sorted", batch=batch.number, **sorting.fields())
    for reason in sorting.unknown_reasons:
        log.line(f"Batch {batch.number}: {shown(reason)} is not known here")
    log.line(
        f"Batch {batch.number}: {sorting.succeeded:,} succeeded, "
        f"{sorting.retries:,} to be tried again, {sorting.given_up:,} given up"
    )
    return account_trouble


def give_up_batch(folder: Folder, source: Source, log: Log, batch: Batch, reason: str) -> None:
    """Give up every request of a batch."""
    with Sorting(folder, source) as sorting:
        for place in source.places_of(batch):
            sorting.give_up(place, place.attempts + 1, reason, None)
    folder.note("sorted", batch=batch.number, **sorting.fields())
    log.line(f"Batch {batch.number}: {batch.requests:,} requests are given up ({reason})")


def give_up_rest(folder: Folder, source: Source) -> None:
    """After --cancel: give up what was not sent, and what would have been tried again."""
    state = folder.state
    ranges = [(batch.round, batch.start, batch.end) for batch in state.with_status("unsent")]
    ranges += [(state.round, start, end) for start, end in state.uncut]
    if state.again:
        ranges.append((state.round + 1, 0, state.lengths[2]))
    with Sorting(folder, source) as sorting:
        for round_number, start, end in ranges:
            for place, _ in source.places(round_number, start, end):
                sorting.give_up(place, place.attempts, place.reason, place.result)
    folder.note("rest", **sorting.fields())
