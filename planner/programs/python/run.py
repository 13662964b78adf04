"""Take one run to its end: send what is unsent, collect what is open, round after round."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from planner.programs.python.again import send_again
from planner.programs.python.api import Api
from planner.programs.python.collect import Collector
from planner.programs.python.cut import Source
from planner.programs.python.doubt import Doubts, Questions
from planner.programs.python.errors import InputError, StoppedError, TroubleError
from planner.programs.python.folder import Folder, write_whole
from planner.programs.python.pace import carry, watch
from planner.programs.python.report import Log, check_text, last_line, progress_line, summary_of
from planner.programs.python.scan import Scan
from planner.programs.python.settings import Settings
from planner.programs.python.sort import give_up_rest
from planner.programs.python.state import State
from planner.programs.python.submit import Submitter, backoff_seconds, refuse_other_account
from planner.programs.python.text import clock


class BatchRunner:
    """Takes one file of requests to the end.

    `await BatchRunner("prompts.jsonl", "answers").run()` gives the exit code, 0 or 1. Raises
    InputError (2) or StoppedError (3).
    """

    def __init__(
        self, source: str | Path, out: str | Path | None, settings: Settings | None = None
    ) -> None:
        self.path = Path(source)
        self.settings = settings or Settings()
        self.log = Log()
        # `check` needs no folder
        self.folder = Folder(Path(os.devnull if out is None else out), self.log)
        self.scan: Scan | None = None

    @property
    def state(self) -> State:
        return self.folder.state

    def check(self) -> str:
        """Read INPUT and say what a run would do."""
        with contextlib.closing(Source(self.path, self.folder, self.settings)) as source:
            return check_text(source.scan(), self.settings)

    async def run(
        self, cancel: bool = False, retry_failed: bool = False, adopt: tuple[str, ...] = ()
    ) -> int:
        """Take the run to its end; or, to cancel, end it here. `adopt`: ids that a person chose."""
        with contextlib.closing(Source(self.path, self.folder, self.settings)) as source:
            self.scan = source.scan()
            if self.state.began is None and (cancel or retry_failed):
                what = "to cancel" if cancel else "to send again"
                raise InputError(f"{self.folder.path} holds no run {what}.")
            self.folder.open(self.scan.identity(), self.settings)
            try:
                if retry_failed:
                    send_again(self.folder, source, self.log)
                if self.state.done is None:
                    assert self.state.began
                    await carry(
                        lambda: self.finish(source, cancel, adopt),
                        self.folder.path,
                        self.state.began,
                        cancel or retry_failed or bool(adopt),
                        self.log,
                    )
                summary = json.dumps(summary_of(self.state, self.scan), indent=2)
                write_whole(self.folder.path / "summary.json", summary.encode() + b"\n")
            except OSError as error:
                raise self.folder.cannot_be_written(error) from None
            finally:
                self.folder.close()
        return self.state.done or 0

    async def finish(self, source: Source, cancel: bool, adopt: tuple[str, ...]) -> None:
        """Work off one round after the other, until none is left."""
        state = self.state
        try:
            api = Api(self.settings, self.log)
            try:
                await refuse_other_account(self.folder, api, adopt)
                self.recut()
                if cancel and not state.canceling:
                    self.folder.note("cancel")
                await Round(self, source, api, adopt).work_off()
                while state.again and not state.canceling:
                    self.begin_round()
                    await Round(self, source, api, adopt).work_off()
                if state.canceling and not state.rest_given_up:
                    give_up_rest(self.folder, source)
            finally:
                await api.close()
        except StoppedError as stopped:
            with contextlib.suppress(OSError, StoppedError):
                self.folder.note("stop", code=3, why=str(stopped))
            raise
        totals = state.totals
        if self.scan and totals.succeeded + totals.given_up != self.scan.requests:
            raise AssertionError("requests are not accounted for")  # never "done" by mistake
        self.folder.note("done", code=1 if totals.given_up else 0)

    def recut(self) -> None:
        """Dissolve the batches that were not sent: the settings may have changed since."""
        unsent = [batch.number for batch in self.state.with_status("unsent")]
        if unsent:
            self.folder.note("recut", batches=unsent)

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


class Round:
    """One round: a task submits, one judges what is in question, one follows each open batch."""

    def __init__(
        self, runner: BatchRunner, source: Source, api: Api, adopt: tuple[str, ...]
    ) -> None:
        steps = runner.settings, runner.folder, source, api, runner.log
        self.runner, self.folder = runner, runner.folder
        doubts = Doubts(runner.settings, runner.folder, api, runner.log)
        self.questions = Questions(*steps, adopt)
        self.submitter = Submitter(*steps, doubts)
        self.collector = Collector(*steps)
        self.tasks: dict[str, asyncio.Future[None]] = {}
        self.troubles: dict[str, str] = {}

    async def work_off(self) -> None:
        """Until nothing of the round is left. Raises StoppedError."""
        try:
            while True:
                self.end_tasks()
                self.start_tasks()
                if self.is_at_its_end():
                    break
                self.runner.show_progress()
                changed = asyncio.ensure_future(self.folder.change())
                waiting = {changed, *self.tasks.values()}
                await watch(waiting)
                changed.cancel()
        finally:
            for task in self.tasks.values():
                task.cancel()
            await asyncio.gather(*self.tasks.values(), return_exceptions=True)
        troubles = [*self.troubles.values(), *self.questions.choices.values()]
        if troubles:
            raise StoppedError(" ".join(troubles))

    def start(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        self.tasks[name] = asyncio.ensure_future(work)

    def start_tasks(self) -> None:
        """A task for whatever has none."""
        state = self.folder.state
        for batch in state.with_status("open", "stored"):
            name = f"batch {batch.number}"
            if name not in self.tasks and name not in self.troubles:
                self.start(name, self.collector.follow(batch))
        if "judge" not in self.tasks and self.questions.in_question():
            self.start("judge", self.questions.judge())
        if "submit" not in self.tasks and self.submitter.is_needed():
            self.start("submit", self.submitter.submit_round())

    def end_tasks(self) -> None:
        """Take in what has ended. Trouble with one batch stops the sending, not the others."""
        for name, task in [*self.tasks.items()]:
            if task.done():
                del self.tasks[name]
                try:
                    task.result()
                except TroubleError as trouble:
                    self.troubles[name] = str(trouble)
                    self.submitter.halt()

    def is_at_its_end(self) -> bool:
        """Nothing is under way, or only a submitter for which nothing will make room."""
        if self.tasks.keys() == {"submit"} and self.submitter.waits_for_room():
            return bool(self.folder.state.in_flight())
        return not self.tasks
