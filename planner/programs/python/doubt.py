"""Find out whether a batch in doubt was made.

The SDK sends a create again after a lost answer, and the provider makes a second batch: so nothing is sent again before
the list of batches has been read for a grace period and shows no batch of this size that the journal does not know.
"""

from __future__ import annotations

import asyncio
import time

from planner.programs.python.api import Api
from planner.programs.python.folder import Folder
from planner.programs.python.report import Log
from planner.programs.python.settings import Settings
from planner.programs.python.state import Batch


class Doubts:
    """Settles batches whose making is in doubt."""

    def __init__(self, settings: Settings, folder: Folder, api: Api, log: Log) -> None:
        self.settings, self.folder, self.api, self.log = settings, folder, api, log

    async def settle(self, batch: Batch, why: str) -> None:
        """Adopt the batch, or let its requests be sent again."""
        self.folder.note("doubt", batch=batch.number, why=why)
        self.log.line(
            f"Batch {batch.number} is in doubt ({why}): "
            "looking for it before its requests are sent again"
        )
        looking_since = time.monotonic()
        grace_s = self.settings.adopt_grace_seconds
        while True:
            # Before the list is read: a batch that is made while it is read counts as looked for.
            grace_is_over = time.monotonic() - looking_since >= grace_s
            if await self.adopted(batch):
                return
            if grace_is_over:
                self.folder.note("not_made", batch=batch.number)
                self.log.line(f"Batch {batch.number} was not made")
                return
            await asyncio.sleep(min(self.settings.poll_seconds, grace_s / 5))

    async def adopted(self, batch: Batch) -> bool:
        """Whether the API lists a batch that may be this one: it is this one, until its results say no."""
        for listed in await self.api.made_since(batch.since):
            if listed.id not in self.folder.state.known and listed.requests() == batch.requests:
                self.folder.note(
                    "adopted", batch=batch.number, id=listed.id, created_at=listed.created_at
                )
                self.log.line(f"Batch {batch.number} was made: it is {listed.id}")
                return True
        return False
