"""Follow a batch from its making to its last result.

Results are matched by id. A batch that was adopted is proved by the ids in its results: one that holds an id that is not
its own is somebody else's, and is let go.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from planner.programs.python.answer import ApiBatch, Waits
from planner.programs.python.api import Api
from planner.programs.python.cut import Source
from planner.programs.python.errors import LostBatchError, StoppedError
from planner.programs.python.folder import Folder, sync_folder
from planner.programs.python.report import Log
from planner.programs.python.settings import Settings
from planner.programs.python.sort import give_up_batch, result_in, sort_batch
from planner.programs.python.state import Batch
from planner.programs.python.text import clock, one_line, shown

# Results that hold fewer lines than the batch has requests are fetched so often before the rest counts as missing.
FETCHES_OF_SHORT_RESULTS = 3


class Collector:
    """Collects open batches, each by itself."""

    def __init__(
        self, settings: Settings, folder: Folder, source: Source, api: Api, log: Log
    ) -> None:
        self.settings, self.folder, self.source = settings, folder, source
        self.api, self.log = api, log

    async def follow(self, batch: Batch) -> None:
        """Stay with an open or stored batch until it is sorted, or let go."""
        if batch.status == "open" and not await self.is_stored(batch):
            return
        trouble = sort_batch(self.folder, self.source, self.log, batch)
        if trouble and not self.folder.state.canceling:
            raise StoppedError(
                f"The account lacks credit: {one_line(trouble, self.api.secrets)} Add credit."
            )

    async def is_stored(self, batch: Batch) -> bool:
        """Wait for the end of a batch and bring its results. False: there is nothing to sort."""
        try:
            await self.cancel_if_asked(batch)
            ended = await self.poll_until_ended(batch)
        except LostBatchError:
            if not self.folder.state.canceling:
                raise
            self.give_up(batch, "batch_not_found")
            return False
        if ended.archived:
            self.log.line(
                f"Batch {batch.number} ({batch.id}): its results are no longer at the API, "
                "and it is not paid for again"
            )
            self.give_up(batch, "results_archived")
            return False
        if not await self.fetch(batch, ended):
            self.folder.note("let_go", batch=batch.number, id=batch.id)
            self.log.line(
                f"Batch {batch.number}: the adopted batch is somebody else's; "
                "its requests are still to be sent"
            )
            return False
        stored = self.folder.results_file(batch).stat().st_size
        self.folder.note("stored", batch=batch.number, bytes=stored)
        return True

    def give_up(self, batch: Batch, reason: str) -> None:
        give_up_batch(self.folder, self.source, self.log, batch, reason)

    async def cancel_if_asked(self, batch: Batch) -> None:
        if not self.folder.state.canceling:
            return
        if batch.adopted:
            self.log.line(
                f"Batch {batch.number} ({batch.id}) was adopted, and whether it is ours is known "
                "only when it has ended: it is not canceled here. If it is yours, cancel it in the "
                "Console; this program waits for its end"
            )
            return
        await self.api.cancel(f"cancel batch {batch.number}", batch.id)
        self.log.line(f"Batch {batch.number} ({batch.id}) is being canceled")

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
            await asyncio.sleep(self.settings.poll_seconds)

    async def fetch(self, batch: Batch, ended: ApiBatch) -> bool:
        """Bring the results into DIR/results, whole. False: they are somebody else's."""
        whole = self.folder.results_file(batch)
        part = whole.with_name(whole.name + ".part")
        promised = max(batch.requests, ended.requests())
        waits, short = Waits(self.settings), 0
        while True:
            what = f"fetch the results of batch {batch.number}"
            await self.api.download(what, batch.id, part)
            lines, strange, unreadable = self.inspect(batch, part)
            short += lines < promised and not unreadable
            if not unreadable and (lines >= promised or short >= FETCHES_OF_SHORT_RESULTS):
                break
            wait_s = waits.next()
            what = (
                f"{unreadable:,} unreadable lines"
                if unreadable
                else f"{lines:,} of {promised:,} lines"
            )
            self.log.line(
                f"Batch {batch.number}: the results came with {what}; "
                f"fetched again in {clock(wait_s)}"
            )
            await asyncio.sleep(wait_s)
        part.replace(whole)
        sync_folder(whole.parent)
        if strange and not batch.adopted:
            self.log.line(
                f"Batch {batch.number}: {strange:,} results have ids that were not sent; "
                f"they stay in {whole.name}"
            )
        return not (strange and batch.adopted)

    def inspect(self, batch: Batch, part: Path) -> tuple[int, int, int]:
        """Lines that are results, those of them with ids of others, and lines that are none."""
        ids = {place.custom_id for place in self.source.places_of(batch)}
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
