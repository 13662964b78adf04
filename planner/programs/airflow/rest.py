"""Wait: for a moment in the worker, for longer without one."""

from __future__ import annotations

import asyncio
import math
from contextvars import ContextVar

# How many seconds may yet be slept here. A worker has few; a trigger waits as long as it must.
ALLOWANCE: ContextVar[float] = ContextVar("ALLOWANCE", default=math.inf)


class ParkedError(Exception):
    """The task is to leave its worker, and to be taken up again from its journal.

    After `seconds` and when the batches `ids` have ended, or, with `for_room`, when there is room
    for its batch. `graced`: with that, the grace of its doubts is over.
    """

    def __init__(
        self,
        seconds: float,
        *,
        ids: tuple[str, ...] = (),
        for_room: bool = False,
        graced: bool = False,
    ) -> None:
        super().__init__()
        self.seconds, self.ids, self.for_room, self.graced = seconds, ids, for_room, graced


async def rest(seconds: float) -> None:
    """Come back after so long. Raises ParkedError where that is too long for a worker."""
    left_s = ALLOWANCE.get()
    if seconds > left_s:
        raise ParkedError(seconds)
    ALLOWANCE.set(left_s - seconds)
    await asyncio.sleep(seconds)
