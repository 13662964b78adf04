"""Send what is unsent, one batch at a time.

The intention is in the journal before the POST. A batch in doubt comes before any other, and
nothing is sent that has no room: canary first, then the budget, the number of batches, and the
queue.
"""

from __future__ import annotations

import asyncio
import time

from planner.programs.python.answer import Waits
from planner.programs.python.api import Api
from planner.programs.python.cut import Source, halves, next_cut
from planner.programs.python.doubt import Doubts, batches_since
from planner.programs.python.errors import NoAnswerError, RefusedError, StoppedError, TroubleError
from planner.programs.python.folder import Folder
from planner.programs.python.money import money, usd_rounded
from planner.programs.python.report import Log
from planner.programs.python.request import Range
from planner.programs.python.rest import rest
from planner.programs.python.settings import Settings
from planner.programs.python.sort import give_up_batch
from planner.programs.python.state import Batch, State
from planner.programs.python.text import Event, clock
from planner.programs.python.upload import Upload

LONGEST_BACKOFF_SECONDS = 86_400.0
# A server may say that a body is too large by closing the connection: then it goes in halves.
BROKEN_OFF = 2


def backoff_seconds(settings: Settings, retry: int) -> float:
    """The wait before retry 1, 2, 3 …"""
    times: int = {"exponential": 2 ** (retry - 1), "linear": retry, "fixed": 1}[settings.backoff]
    longest_s = max(LONGEST_BACKOFF_SECONDS, settings.base_delay_seconds)
    return min(settings.base_delay_seconds * times, longest_s)


def has_room(state: State, batch: Batch, settings: Settings) -> bool:
    """Whether the batch may go now. Raises StoppedError where waiting would not help."""
    flying = state.in_flight()
    if settings.canary and not batch.canary:
        if any(other.canary for other in state.batches.values()):
            return False
        refuse_after_bad_canary(state)
    worst = state.totals.spent + sum(other.worst for other in flying) + batch.worst
    if settings.budget_usd and worst > money(settings.budget_usd):
        if flying:  # what they do not spend is free again when they have ended
            return False
        raise StoppedError(
            f"The budget of ${settings.budget_usd} would be passed: "
            f"${usd_rounded(state.totals.spent)} is spent, and the next batch of "
            f"{batch.requests:,} requests may cost ${usd_rounded(batch.worst)}. "
            "Raise --budget-usd, or lower max_tokens."
        )
    queued = sum(other.requests for other in flying) + batch.requests
    return not flying or (
        len(flying) < settings.concurrent_batches and queued <= settings.max_queued_requests
    )


def refuse_after_bad_canary(state: State) -> None:
    canary = state.canary
    if canary.failed():
        raise StoppedError(
            f"The canary failed: {canary.given_up:,} of the first {canary.sorted:,} requests were "
            "given up. failed.jsonl has the reasons. "
            "Correct INPUT and choose another --out, or go on with --canary 0."
        )


async def newest_batch(api: Api, requests: int) -> Event | None:
    """The workspace's newest batch, and which of those there might be taken for one of so many."""
    listed = await batches_since(api, None)
    if not listed:
        return None
    seen = [batch.id for batch in listed if batch.may_count(requests)]
    return {"id": listed[0].id, "created_at": listed[0].created_at, "seen": seen}


async def refuse_other_account(folder: Folder, api: Api, adopt: tuple[str, ...]) -> None:
    """Raises StoppedError when a doubt is open and the key does not see the batches of this run."""
    state = folder.state
    doubts = state.with_status("doubt", "question")
    if not doubts or "none" in adopt:
        return
    await batches_since(api, None)
    known = state.account or {}
    same = "Use a key of the workspace where the run began, or say --adopt none."
    for name, now in api.account.items():
        before = known.get(name)
        if before and now and before != now:
            raise StoppedError(
                f"This key is of another {name} ({now}) than the run ({before}), and whether a "
                f"batch was made there is in doubt: nothing is sent. {same}"
            )
    if known.get("workspace") and api.account["workspace"]:
        return
    ids = [batch.since["id"] for batch in doubts if batch.since] + state.created[-10:]
    for batch_id in ids:
        if await api.look_for(f"look at {batch_id}", batch_id):
            return
    if ids:
        raise StoppedError(
            f"This key does not see {', '.join(ids[:3])} of this run's workspace, and whether a "
            f"batch was made there is in doubt: nothing is sent. {same}"
        )


class Submitter:
    """Submits the batches of one round."""

    def __init__(
        self, settings: Settings, folder: Folder, source: Source, api: Api, log: Log, doubts: Doubts
    ) -> None:
        self.settings, self.folder, self.source = settings, folder, source
        self.api, self.log, self.doubts = api, log, doubts
        self.halted = False
        self.broken_off = 0  # uploads in a row that were, of batches that were not made
        self.waiting_for: asyncio.Event | None = None
        self.nothing_in: list[Range] | None = None  # these bytes of the round hold no request

    def halt(self) -> None:
        """Send nothing more: the run is to stop when all that is open is collected."""
        self.halted = True
        self.folder.wake()

    async def submit_round(self) -> None:
        """Settle doubts, then submit until this round has nothing more to send."""
        state = self.folder.state
        while not self.halted:
            await self.doubts.settle()
            if state.canceling:
                return
            await rest(self.wait_for_round())
            following = None if self.halted else self.following()
            if following is None:
                return
            if has_room(state, following, self.settings):
                if self.broken_off >= BROKEN_OFF and following.requests > 1:
                    self.broken_off = 0
                    self.halve(following)
                else:
                    await self.submit(following)
            else:
                self.waiting_for = self.folder.changed
                await self.folder.change()

    def is_needed(self) -> bool:
        """Whether there is something to settle, or to send."""
        state = self.folder.state
        if self.halted:
            return False
        to_send = state.with_status("unsent") or state.uncut != self.nothing_in
        return bool(state.with_status("doubt") or (to_send and not state.canceling))

    def waits_for_room(self) -> bool:
        """Whether nothing may go before something changes."""
        return self.waiting_for is self.folder.changed

    def wait_for_round(self) -> float:
        state = self.folder.state
        # The clock may have been set back since the round began.
        longest_s = backoff_seconds(self.settings, state.round) if state.round else 0.0
        return max(0.0, min(state.not_before - time.time(), longest_s))

    def following(self) -> Batch | None:
        """The next batch to send; it is cut if none is waiting. None when the round has no more."""
        state = self.folder.state
        if not state.with_status("unsent"):
            cut = next_cut(self.source, state)
            if cut:
                self.folder.note("cut", **cut)
            else:
                self.nothing_in = state.uncut
        return next(iter(state.with_status("unsent")), None)

    async def submit(self, batch: Batch) -> None:
        """Send one batch, until it is made or there is no need."""
        waits = Waits(self.settings)
        while self.is_to_be_sent(batch):
            since = await newest_batch(self.api, batch.requests)
            self.note_account()
            self.source.refuse_if_changed()
            if not self.is_to_be_sent(batch):
                return
            self.folder.note("submit", batch=batch.number, since=since)
            began, upload = time.monotonic(), Upload(self.source.body_of(batch))
            try:
                created = await self.api.create(upload.pieces(), batch.bytes)
            except RefusedError as refused:
                await self.take_no(batch, refused, waits)
            except NoAnswerError as trouble:
                took_s = round(time.monotonic() - began, 3)
                self.folder.note("doubt", batch=batch.number, why=str(trouble), took_s=took_s)
                self.log.line(f"Batch {batch.number}: {trouble}")
                if trouble.remedy:
                    why = f"Batch {batch.number} is in doubt: {trouble}. {trouble.remedy}"
                    raise TroubleError(why) from None
                await self.doubts.settle()
                if 0 < upload.sent < batch.bytes and batch.status == "unsent":
                    self.broken_off += 1
            else:
                self.broken_off = 0
                self.folder.note(
                    "created", batch=batch.number, id=created.id, created_at=created.created_at
                )
                canary = "; it is the canary: the rest follows when it is good"
                self.log.line(
                    f"Batch {batch.number} with {batch.requests:,} requests is {created.id}"
                    f"{canary if batch.canary else ''}"
                )

    def is_to_be_sent(self, batch: Batch) -> bool:
        is_there = batch.number in self.folder.state.batches  # and not in two halves
        return batch.status == "unsent" and is_there and not self.halted

    def note_account(self) -> None:
        """Keep whose key sends, so that another one is noticed when a doubt is open."""
        account, known = self.api.account, self.folder.state.account or {}
        if any(value and value != known.get(name) for name, value in account.items()):
            self.folder.note("account", **account)

    async def take_no(self, batch: Batch, refused: RefusedError, waits: Waits) -> None:
        """After a clear no: stop, halve the batch, or wait until it may go out again."""
        self.folder.note("refused", batch=batch.number, status=refused.status, why=str(refused))
        if refused.for_good:  # what is open is paid for, and is collected first
            why = f"The API refused batch {batch.number}: {refused}. {refused.remedy}"
            self.log.line(f"{why} Nothing more is sent")
            raise TroubleError(why) from None
        if refused.status == 413:
            self.halve(batch)
            return
        wait_s = waits.next(refused.wait_s)
        if refused.queue_is_full and self.folder.state.in_flight():
            self.log.line(
                f"Batch {batch.number}: {refused}; the queue is full: "
                f"it goes out again when one of ours has ended, or in {clock(wait_s)}"
            )
            await self.one_leaves(wait_s)
        else:
            self.log.line(f"Batch {batch.number}: {refused}; it goes out again in {clock(wait_s)}")
            await rest(wait_s)

    async def one_leaves(self, longest_s: float) -> None:
        """Wait until one of our own batches has left the queue, or so long."""
        until = time.monotonic() + longest_s
        flying = len(self.folder.state.in_flight())
        while len(self.folder.state.in_flight()) >= flying and not self.halted:
            left_s = until - time.monotonic()
            if left_s <= 0:
                return
            await self.folder.change(left_s)

    def halve(self, batch: Batch) -> None:
        """The body is too large for the API, though not for the settings: send it as two."""
        if batch.requests == 1:
            give_up_batch(self.folder, self.source, self.log, batch, "request_too_large")
            return
        self.folder.note(
            "halved", batch=batch.number, into=halves(self.source, self.folder.state, batch)
        )
        self.log.line(
            f"Batch {batch.number} is too large ({batch.bytes:,} bytes): sent as two halves"
        )
