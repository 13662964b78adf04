"""Wait, when nothing else is to be done."""

from __future__ import annotations

import asyncio


async def rest(seconds: float) -> None:
    """Come back after so long."""
    await asyncio.sleep(seconds)
