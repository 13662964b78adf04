"""Wait for the engine's next turn.

All that waits in a run waits here, so that it is known when nothing is under way any more. Then a
turn is over: the engine sleeps until the first of the waits is, and its next turn ends those that
are due. Between two turns nothing is asked of the API.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Coroutine
from typing import Any

# How often a turn looks whether all of the run waits.
LOOK_SECONDS = 0.02


class Rests:
    """The tasks of the run that wait, each with its moment and what ends its wait."""

    def __init__(self) -> None:
        self.begin: Callable[[], Coroutine[Any, Any, None]] | None = None
        self.work: asyncio.Task[None] | None = None
        self.waiting: dict[object, tuple[float, asyncio.Future[None]]] = {}
        self.watched: set[asyncio.Future[None]] = set()  # the tasks of a round that is looked at

    async def wait(self, seconds: float, event: asyncio.Event | None = None) -> None:
        """Until a turn in which it is due, or an event."""
        task, due = asyncio.current_task(), asyncio.get_running_loop().create_future()
        ends: set[asyncio.Future[Any]] = {due}
        if event:
            ends.add(asyncio.ensure_future(event.wait()))
        self.waiting[task] = (time.monotonic() + seconds, due)
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            del self.waiting[task]
            for each in ends:
                each.cancel()

    def all_wait(self) -> bool:
        """Whether nothing of the run is under way."""
        if self.work in self.waiting:
            return True
        return bool(self.watched) and all(task in self.waiting for task in self.watched)

    async def turn(self) -> float | None:
        """Let the run go on until all of it waits: for how many seconds, None at its end."""
        if self.work is None:
            assert self.begin
            self.work = asyncio.create_task(self.begin())
        now = time.monotonic()
        for moment, due in self.waiting.values():
            if moment <= now and not due.done():
                due.set_result(None)
        while True:
            await asyncio.wait({self.work}, timeout=LOOK_SECONDS)
            if self.work.done():
                return None
            first = min((moment for moment, _ in self.waiting.values()), default=math.inf)
            if self.all_wait() and first < math.inf:
                return max(0.0, first - time.monotonic())


RESTS = Rests()


async def rest(seconds: float) -> None:
    """Come back after so long."""
    if seconds > 0:
        await RESTS.wait(seconds)


async def until_set(event: asyncio.Event, longest_s: float | None) -> None:
    """Until an event is set, or so long."""
    await RESTS.wait(math.inf if longest_s is None else longest_s, event)


async def watch(tasks: set[asyncio.Future[None]]) -> None:
    """Until one of the tasks has ended, or a second is over."""
    RESTS.watched = tasks
    try:
        await asyncio.wait(tasks, timeout=1.0, return_when=asyncio.FIRST_COMPLETED)
    finally:
        RESTS.watched = set()
