"""Let a run go on: here as fast as it can, on an engine in its turns."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

# Whether a program that finds the folder held waits until it is free.
STANDS_BY = False


async def carry(work: Callable[[], Coroutine[Any, Any, None]], *_for_engines: object) -> None:
    """Do the work of a run."""
    await work()


async def watch(tasks: set[asyncio.Future[None]]) -> None:
    """Until one of the tasks has ended, or a second is over."""
    await asyncio.wait(tasks, timeout=1.0, return_when=asyncio.FIRST_COMPLETED)


async def until_set(event: asyncio.Event, longest_s: float | None) -> None:
    """Until an event is set, or so long."""
    waiting = asyncio.ensure_future(event.wait())
    try:
        await asyncio.wait({waiting}, timeout=longest_s)
    finally:
        waiting.cancel()
