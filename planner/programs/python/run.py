"""Take one run to its end: send all that is unsent, collect all that is open, in rounds."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from pathlib import Path

from planner.programs.python.api import Api
from planner.programs.python.collect import Collector
from planner.programs.python.cut import Source
from planner.programs.python.errors import InputError, StoppedError
from planner.programs.python.folder import Folder
from planner.programs.python.report import (
    Log,
    check_text,
    last_line,
    progress_line,
    summary_of,
)
from planner.programs.python.scan import Scan
from planner.programs.python.settings import Settings
from planner.programs.python.sort import give_up_rest
from planner.programs.python.state import State
from planner.programs.python.submit import Submitter, backoff_seconds
from planner.programs.python.text import clock


class BatchRunner:
    """Takes one file of requests to the end.

    `await BatchRunner("prompts.jsonl", "answers").run()` gives the exit code, 0 or 1. Raises InputError (2) or
    StoppedError (3).
    """

    def __init__(
        self, source: str | Path, out: str | Path, settings: Settings | None = None
    ) -> None:
        self.path = Path(source)
        self.settings = settings or Settings()
        self.folder = Folder(Path(out))
        self.log = Log()
        self.scan: Scan | None = None

    @property
    def state(self) -> State:
        return self.folder.state

    def check(self) -> str:
        """Read INPUT and say what a run would do."""
        with contextlib.closing(Source(self.path, self.folder, self.settings)) as source:
            return check_text(source.scan(), self.settings)

    async def run(self, cancel: bool = False) -> int:
        """Take the run to its end; or, to cancel, end it here."""
        with contextlib.closing(Source(self.path, self.folder, self.settings)) as source:
            self.scan = source.scan()
            if cancel and not self.folder.journal.path.exists():
                raise InputError(f"{self.folder.path} holds no run to cancel.")
            self.folder.open(self.scan.identity(), self.settings)
            try:
                if self.state.done is None:
                    await self.finish(source, cancel)
                summary = json.dumps(summary_of(self.state, self.scan), indent=2)
                self.folder.replace("summary.json", summary.encode() + b"\n")
            except OSError as error:
                where = error.filename or self.folder.path
                raise StoppedError(
                    f"{error.strerror or error}: {where}. Make room or mend it."
                ) from None
            finally:
                self.folder.close()
        return self.state.done or 0

    async def finish(self, source: Source, cancel: bool) -> None:
        """Work off one round after the other, until none is left."""
        state = self.state
        try:
            api = Api(self.settings, self.log)
            try:
                if cancel and not state.canceling:
                    self.folder.note("cancel")
                await self.work_off_round(source, api)
                while state.again and not state.canceling:
                    self.begin_round()
                    await self.work_off_round(source, api)
                if state.canceling and not state.rest_given_up:
                    give_up_rest(self.folder, source)
            finally:
                await api.close()
        except StoppedError as stopped:
            with contextlib.suppress(OSError):
                self.folder.note("stop", code=3, why=str(stopped))
            raise
        self.folder.note("done", code=1 if state.totals.given_up else 0)

    async def work_off_round(self, source: Source, api: Api) -> None:
        """One task submits, one follows each open batch, until nothing of this round is left."""
        steps = self.settings, self.folder, source, api, self.log
        collector = Collector(*steps)
        submitting = asyncio.ensure_future(Submitter(*steps).submit_round())
        following: dict[int, asyncio.Future[None]] = {}
        try:
            while True:
                for number, task in [*following.items()]:
                    if task.done():
                        task.result()
                        del following[number]
                if submitting.done():
                    submitting.result()
                    if not following and not self.state.with_status("open", "stored"):
                        return
                for batch in self.state.with_status("open", "stored"):
                    if batch.number not in following:
                        follow = collector.follow(batch)
                        following[batch.number] = asyncio.ensure_future(follow)
                self.show_progress()
                changed = asyncio.ensure_future(self.folder.change())
                waiting = {changed, *following.values()}
                if not submitting.done():
                    waiting.add(submitting)
                await asyncio.wait(waiting, timeout=1.0, return_when=asyncio.FIRST_COMPLETED)
                changed.cancel()
        finally:
            tasks = [submitting, *following.values()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def begin_round(self) -> None:
        number = self.state.round + 1
        delay_s = backoff_seconds(self.settings, number)
        self.folder.note(
            "round",
            round=number,
            requests=self.state.again,
            bytes=self.state.lengths[2],
            not_before=round(time.time() + delay_s, 3),
        )
        self.log.line(
            f"Round {number + 1}: {self.state.totals.retried:,} retries so far; "
            f"the next go out in {clock(delay_s)}"
        )

    def show_progress(self) -> None:
        if self.scan:
            self.log.progress(progress_line(self.state, self.scan.requests))

    def last_line(self) -> str:
        """What the run came to. To be called after `run`."""
        assert self.scan
        return last_line(self.state, self.scan, self.folder.succeeded)
