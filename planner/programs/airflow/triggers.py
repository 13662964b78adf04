"""Wait in the triggerer, for any number of batches at once, without a worker."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

from planner.programs.airflow.engine import BaseTrigger, TaskLog, TriggerEvent, unforeseen
from planner.programs.airflow.rounds import Rounds
from planner.programs.airflow.store import Store
from planner.programs.python.api import LOST_BATCH_SECONDS, Api
from planner.programs.python.errors import StoppedError
from planner.programs.python.settings import Settings


class BatchTrigger(BaseTrigger):
    """Fires after `seconds`, when all batches of `ids` have ended.

    The event says whether one is `lost`: not known to the API for ten minutes.
    """

    def __init__(self, seconds: float, ids: list[str], poll_seconds: float) -> None:
        super().__init__()
        self.seconds, self.ids, self.poll_seconds = seconds, ids, poll_seconds

    def serialize(self) -> tuple[str, dict[str, Any]]:
        names = ("seconds", "ids", "poll_seconds")
        values = {name: getattr(self, name) for name in names}
        return f"{type(self).__module__}.{type(self).__name__}", values

    async def run(self) -> AsyncIterator[TriggerEvent]:
        # Not by the clock: that of another machine may be ahead, and a grace too short pays twice.
        await asyncio.sleep(self.seconds)
        lost, failure = False, None
        try:
            lost = await self.wait_for_ends() if self.ids else False
        except StoppedError:
            pass  # the task sees it too, and tells it
        except Exception as error:
            failure = unforeseen(error)
        if failure:
            raise failure
        yield TriggerEvent({"lost": lost})

    async def wait_for_ends(self) -> bool:
        """Poll each batch until it has ended. Whether one is lost."""
        settings = replace(Settings(), poll_seconds=self.poll_seconds)
        api = await asyncio.to_thread(Api, settings, TaskLog())
        try:
            for batch_id in self.ids:
                unknown_since: float | None = None
                while True:
                    seen = await api.look_for(f"look at {batch_id}", batch_id)
                    if seen and seen.status == "ended" and (seen.has_results or seen.archived):
                        break
                    unknown_since = None if seen else unknown_since or time.monotonic()
                    if unknown_since and time.monotonic() - unknown_since >= LOST_BATCH_SECONDS:
                        return True
                    await asyncio.sleep(self.poll_seconds)
        finally:
            await api.close()
        return False


class RoomTrigger(BaseTrigger):
    """Fires when there is room for a batch, when there will be none, or when another stopped.

    `settings` are those of `run_settings`; `stops` are known.
    """

    def __init__(
        self,
        out: str,
        run_id: str,
        round_number: int,
        number: int,
        settings: dict[str, Any],
        stops: list[str],
    ) -> None:
        super().__init__()
        self.out, self.run_id, self.round_number, self.number = out, run_id, round_number, number
        self.settings, self.stops = settings, stops

    def serialize(self) -> tuple[str, dict[str, Any]]:
        names = ("out", "run_id", "round_number", "number", "settings", "stops")
        values = {name: getattr(self, name) for name in names}
        return f"{type(self).__module__}.{type(self).__name__}", values

    async def run(self) -> AsyncIterator[TriggerEvent]:
        settings = replace(Settings(), **self.settings)
        rounds = await asyncio.to_thread(lambda: Rounds(Store(self.out, self.run_id)))
        while not await asyncio.to_thread(self.is_over, rounds, settings):
            await asyncio.sleep(settings.poll_seconds)
        yield TriggerEvent({})

    def is_over(self, rounds: Rounds, settings: Settings) -> bool:
        try:
            if rounds.stops(self.round_number).keys() - {*self.stops}:
                return True
            return rounds.room(self.round_number, self.number, settings)
        except StoppedError:
            return True
