"""Follow a batch from its making to its last result.

Results are matched by id. What holds fewer lines than the API counts is fetched again, for a day:
it was paid for. A line that cannot be read, or that is nobody's, holds back nothing else.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from planner.programs.python.answer import ApiBatch, Waits
from planner.programs.python.api import Api
from planner.programs.python.cut import Source
from planner.programs.python.errors import LostBatchError, TroubleError
from planner.programs.python.folder import Folder, sync_folder
from planner.programs.python.money import count_of
from planner.programs.python.report import Log
from planner.programs.python.request import Place
from planner.programs.python.rest import rest
from planner.programs.python.settings import Settings
from planner.programs.python.sort import give_up_batch, result_in, sort_batch
from planner.programs.python.state import Batch
from planner.programs.python.text import clock, seconds_since, shown

# How long results that hold fewer lines than promised are fetched again.
SHORT_RESULTS_SECONDS = 86_400.0
# Lines that cannot be read, and results that the API does not count, are fetched again so often.
FETCHES_AGAIN = 3
# The longest wait before short results are fetched again, in poll intervals.
SHORT_INTERVALS = 10
PROMPT_FIELDS = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
# Their tokens have nothing to do with their bytes.
NO_TEXT = re.compile(
    rb'"(?:image|document|file|container_upload|mcp_toolset)"'
    rb'|"(?:web_search|web_fetch|code_execution|advisor)_[0-9]+"'
)


@dataclass
class Results:
    """What a file of results holds, each id once, by those that a batch sent."""

    lines: int = 0
    own: set[str] = field(default_factory=set)
    strange: int = 0
    unreadable: list[int] = field(default_factory=list)  # the numbers of the lines


def read_results(part: Path, ids: set[str]) -> Results:
    results, seen = Results(), set[str]()
    with part.open("rb") as file:
        for number, line in enumerate(file, 1):
            parsed = result_in(line)
            if line.isspace() or (parsed and parsed[0] in seen):
                continue  # one that is there twice stands for no other
            results.lines += 1
            if parsed is None:
                results.unreadable.append(number)
                continue
            seen.add(parsed[0])
            results.strange += parsed[0] not in ids
    results.own = seen & ids
    return results


def token_pairs(part: Path, source: Source, places: dict[str, Place]) -> list[tuple[int, int]]:
    """The bytes of each request and the tokens of its prompt, where both are of text alone."""
    pairs = []
    with part.open("rb") as file:
        for line in file:
            custom_id, result = result_in(line) or ("", {})
            message = result.get("message")
            if custom_id in places and isinstance(message, dict):
                body = source.wire_of(places[custom_id]).body
                tokens = sum(count_of(message.get("usage"), name) for name in PROMPT_FIELDS)
                if tokens and not NO_TEXT.search(body):
                    pairs.append((len(body), tokens))
    return pairs


def fits_by_tokens(pairs: list[tuple[int, int]]) -> bool:
    """Whether answers can be those to our prompts: pairs of bytes and tokens of a prompt."""
    total_bytes, total_tokens = (
        (sum(column) for column in zip(*pairs, strict=True)) if pairs else (0, 0)
    )
    if total_tokens > 2 * total_bytes or 20 * total_tokens < total_bytes:
        return False
    by_bytes = sorted(pairs, key=lambda pair: pair[0])
    differ = len({tokens for _, tokens in pairs}) > 1
    if len(pairs) < 8 or by_bytes[-1][0] < 2 * by_bytes[0][0] or not differ:
        return True
    half = len(pairs) // 2  # with an odd number the middle one is in neither half
    smaller, larger = by_bytes[:half], by_bytes[-half:]
    return sum(tokens for _, tokens in larger) > sum(tokens for _, tokens in smaller)


class Collector:
    """Collects open batches, each by itself."""

    def __init__(
        self, settings: Settings, folder: Folder, source: Source, api: Api, log: Log
    ) -> None:
        self.settings, self.folder, self.source = settings, folder, source
        self.api, self.log = api, log

    async def follow(self, batch: Batch) -> None:
        """Stay with an open or stored batch until it is sorted. Raises TroubleError."""
        if batch.status == "open" and not await self.is_stored(batch):
            return
        account_trouble = sort_batch(self.folder, self.source, self.log, batch)
        if account_trouble and not self.folder.state.canceling:
            raise TroubleError("The account lacks credit. Add credit.")

    async def is_stored(self, batch: Batch) -> bool:
        """Wait for the end of a batch and bring its results. False: there is nothing to sort."""
        try:
            # One that was adopted has ended: that is its proof.
            if self.folder.state.canceling and batch.id in self.folder.state.created:
                await self.cancel(batch)
            ended = await self.poll_until_ended(batch)
            if ended.archived:
                self.log.line(
                    f"Batch {batch.number} ({batch.id}): its results are no longer at the API, "
                    "and it is not paid for again"
                )
                self.give_up(batch, "results_archived")
                return False
            await self.fetch(batch, ended)
        except LostBatchError:
            if not self.folder.state.canceling:
                raise
            self.give_up(batch, "batch_not_found")
            return False
        stored = self.folder.results_file(batch.id).stat().st_size
        self.folder.note("stored", batch=batch.number, bytes=stored)
        return True

    async def cancel(self, batch: Batch) -> None:
        try:
            await self.api.cancel(f"cancel batch {batch.number}", batch.id)
            self.log.line(f"Batch {batch.number} ({batch.id}) is being canceled")
        except LostBatchError:  # whether it is gone the next poll tells: it may have answers
            self.log.line(f"Batch {batch.number} ({batch.id}) cannot be canceled")

    def give_up(self, batch: Batch, reason: str) -> None:
        give_up_batch(self.folder, self.source, self.log, batch, reason)

    async def poll_until_ended(self, batch: Batch) -> ApiBatch:
        odd = ""
        while True:
            polled = await self.api.retrieve(f"poll batch {batch.number}", batch.id)
            status = polled.status
            if status == "ended" and (polled.has_results or polled.archived):
                self.folder.note(
                    "ended",
                    batch=batch.number,
                    id=batch.id,
                    ended_at=polled.ended_at,
                    counts=polled.counts,
                    archived=polled.archived,
                )
                return polled
            if status == "ended":
                status = "ended, without results yet"
            if status not in ("in_progress", "canceling", odd):
                self.log.line(
                    f"Batch {batch.number} ({batch.id}) has the status {shown(status)}: "
                    "polling goes on"
                )
                odd = status
            await rest(self.settings.poll_seconds)

    async def fetch(self, batch: Batch, ended: ApiBatch) -> None:
        """Bring the results into DIR/results, whole. Raises TroubleError."""
        whole = self.folder.results_file(batch.id)
        part = whole.with_name(whole.name + ".part")
        ids = {place.custom_id for place in self.source.places_of(batch)}
        waits, fetches = Waits(self.settings, SHORT_INTERVALS), Counter[str]()
        while True:
            what = f"fetch the results of batch {batch.number}"
            await self.api.download(what, batch.id, part)
            results = read_results(part, ids)
            promised = max(ended.requests(), batch.requests)
            is_lacking = results.unreadable or len(results.own) < batch.requests
            # one that cannot be read may follow others that only lack an answer
            why = "unreadable" if results.unreadable else "missing"
            if results.lines < ended.requests():
                self.refuse_if_short_too_long(batch, results.lines, promised)
            elif is_lacking and fetches[why] < FETCHES_AGAIN:
                fetches[why] += 1
            else:
                break
            wait_s = waits.next()
            unreadable = f", {len(results.unreadable):,} unreadable" if results.unreadable else ""
            self.log.line(
                f"Batch {batch.number}: {results.lines:,} of {promised:,} results came"
                f"{unreadable}; "
                f"fetched again in {clock(wait_s)}"
            )
            await rest(wait_s)
        part.replace(whole)
        sync_folder(whole.parent)
        self.log_odd_lines(batch, results, whole)

    def refuse_if_short_too_long(self, batch: Batch, lines: int, promised: int) -> None:
        """Results that stay too few for a day need a person. Raises TroubleError."""
        if not batch.short_since:
            self.folder.note("short", batch=batch.number, lines=lines, promised=promised)
        if seconds_since(batch.short_since) >= SHORT_RESULTS_SECONDS:
            raise TroubleError(
                f"Batch {batch.number} ({batch.id}): its results have come with {lines:,} of "
                f"{promised:,} lines for {clock(SHORT_RESULTS_SECONDS)}. They are paid for, and "
                "are not sent again. Ask the provider, or start again later."
            )

    def log_odd_lines(self, batch: Batch, results: Results, whole: Path) -> None:
        if results.strange:
            self.log.line(
                f"Batch {batch.number}: {results.strange:,} results have ids that were not sent; "
                f"they stay in {whole.name}"
            )
        if results.unreadable:
            numbers = ", ".join(map(str, results.unreadable[:10]))
            self.log.line(
                f"Batch {batch.number}: lines of {whole.name} that cannot be read: {numbers}"
            )
