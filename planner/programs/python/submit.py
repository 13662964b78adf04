"""Send what is unsent, one batch at a time.

The intention is in the journal before the POST. A batch in doubt comes before any other, and nothing is sent that has no
room: canary first, then the budget, the number of batches, and the queue.
"""

from __future__ import annotations

import asyncio
import time

from planner.programs.python.answer import Waits
from planner.programs.python.api import Api
from planner.programs.python.cut import Source, halves, next_cut
from planner.programs.python.doubt import Doubts
from planner.programs.python.errors import NoAnswerError, RefusedError, StoppedError
from planner.programs.python.folder import Folder
from planner.programs.python.money import money, usd_rounded
from planner.programs.python.report import Log
from planner.programs.python.settings import Settings
from planner.programs.python.sort import give_up_batch
from planner.programs.python.state import Batch, State
from planner.programs.python.text import clock

LONGEST_BACKOFF_SECONDS = 86_400.0


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


class Submitter:
    """Submits the batches of one round."""

    def __init__(
        self, settings: Settings, folder: Folder, source: Source, api: Api, log: Log
    ) -> None:
        self.settings, self.folder, self.source = settings, folder, source
        self.api, self.log = api, log
        self.doubts = Doubts(settings, folder, api, log)

    async def submit_round(self) -> None:
        """Submit until nothing of this round is left: unsent, in doubt, or at the provider."""
        state = self.folder.state
        while True:
            for batch in state.with_status("doubt"):
                await self.doubts.settle(batch, "whether it was made is not known")
            if not state.canceling:
                await asyncio.sleep(self.wait_for_round())
                following = self.following()
                if following and has_room(state, following, self.settings):
                    await self.submit(following)
                    continue
            if not (state.in_flight() if state.canceling else state.batches):
                return
            if not state.with_status("doubt"):
                await self.folder.change()

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
        return next(iter(state.with_status("unsent")), None)

    async def submit(self, batch: Batch) -> None:
        """Send one batch, until it is made or there is no need."""
        waits = Waits(self.settings)
        while batch.status == "unsent" and batch.number in self.folder.state.batches:
            since = await self.api.newest()
            body = self.source.body_of(batch)
            self.folder.note("submit", batch=batch.number, since=since)
            try:
                created = await self.api.create(body)
            except RefusedError as refused:
                del body
                await self.take_no(batch, refused, waits)
            except NoAnswerError as trouble:
                del body
                await self.doubts.settle(batch, str(trouble))
            else:
                del body
                self.folder.note(
                    "created", batch=batch.number, id=created.id, created_at=created.created_at
                )
                self.log.line(
                    f"Batch {batch.number} with {batch.requests:,} requests is {created.id}"
                )

    async def take_no(self, batch: Batch, refused: RefusedError, waits: Waits) -> None:
        """After a clear no: stop, halve the batch, or wait until it may go out again."""
        self.folder.note("refused", batch=batch.number, status=refused.status, why=str(refused))
        if refused.for_good:
            raise StoppedError(
                f"The API refused batch {batch.number}: {refused}. {refused.remedy}"
            ) from None
        if refused.status == 413:
            self.halve(batch)
            return
        wait_s = waits.next() if refused.wait_s is None else refused.wait_s
        if refused.queue_is_full and self.folder.state.in_flight():
            self.log.line(
                f"Batch {batch.number}: {refused}; "
                f"it goes out again when one of ours has ended, or in {clock(wait_s)}"
            )
            await self.one_leaves(wait_s)
        else:
            self.log.line(f"Batch {batch.number}: {refused}; it goes out again in {clock(wait_s)}")
            await asyncio.sleep(wait_s)

    async def one_leaves(self, longest_s: float) -> None:
        """Wait until one of our own batches has left the queue, or so long."""
        until = time.monotonic() + longest_s
        flying = len(self.folder.state.in_flight())
        while len(self.folder.state.in_flight()) >= flying:
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
            f"Batch {batch.number} is too large for the API ({batch.bytes:,} bytes): "
            "sent as two halves"
        )
