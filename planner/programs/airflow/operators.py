"""Be the tasks of the DAG: cut a round, take one batch to its end, finish."""

from __future__ import annotations

import asyncio
import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from planner.programs.airflow.cutting import first_round, later_round
from planner.programs.airflow.engine import (
    NEVER_EXPIRE,
    AirflowFailException,
    BaseOperator,
    TaskLog,
    most_mapped,
    refuse_forgetful,
    refuse_old_engine,
    state_store_of,
    unforeseen,
)
from planner.programs.airflow.flow import Flow, Woken
from planner.programs.airflow.folder import Folder
from planner.programs.airflow.rest import ParkedError
from planner.programs.airflow.rounds import Finish, Rounds
from planner.programs.airflow.store import Store, bring
from planner.programs.airflow.triggers import BatchTrigger, RoomTrigger
from planner.programs.python.api import Api, refuse_other_sdk
from planner.programs.python.errors import InputError, StoppedError
from planner.programs.python.request import run_settings
from planner.programs.python.settings import Settings
from planner.programs.python.submit import backoff_seconds

# What is a flag of the plain program is a setting here.
WORDS = {
    "--budget-usd": "BUDGET_USD",
    "--canary 0": "CANARY = 0",
    "choose another --out": "begin another run",
    "end the run with --cancel": "begin another run with what has no answer",
    "say --adopt none": "write none into adopt.txt beside the batch",
}


@contextlib.contextmanager
def told() -> Iterator[None]:
    """What a person must see to fails the task for good; it is never tried again by itself."""
    failure: Exception
    try:
        yield
        return
    except (InputError, StoppedError) as problem:
        text = str(problem)
        for flag, setting in WORDS.items():
            text = text.replace(flag, setting)
        failure = AirflowFailException(text)
    except (ParkedError, AirflowFailException):
        raise
    except Exception as error:
        failure = unforeseen(error)
    raise failure


class CutOperator(BaseOperator):
    """Cuts a round into batches; gives their numbers. The first reads INPUT and checks it."""

    template_fields = ("source", "out")

    def __init__(self, *, round_number: int, source: str, out: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.round_number, self.source, self.out = round_number, source, out

    def execute(self, context: Any) -> list[int]:
        """Once cut, a round stays as it is, also when this task is cleared."""
        with told():
            store, settings = Store(self.out, context["run_id"]), Settings()
            rounds = Rounds(store)
            if self.round_number and not sum(end["again"] for end in rounds.all(before_of(self))):
                return []
            if not self.round_number:
                self.refuse_what_is_missing(context, store, settings)
        if self.round_number and not rounds.cuts(self.round_number):
            self.defer(
                trigger=BatchTrigger(
                    backoff_seconds(settings, self.round_number), [], settings.poll_seconds
                ),
                method_name="cut",
            )
        return self.cut(context)

    def refuse_what_is_missing(self, context: Any, store: Store, settings: Settings) -> None:
        """Raises InputError or StoppedError before anything is sent."""
        refuse_old_engine()
        refuse_other_sdk()
        refuse_forgetful(state_store_of(context))
        store.refuse_unwritable()
        asyncio.run(Api(settings, TaskLog()).close())

    def cut(self, context: Any, event: Any = None) -> list[int]:  # noqa: ARG002
        with told(), tempfile.TemporaryDirectory(prefix="batches-") as scratch:
            store, settings = Store(self.out, context["run_id"]), Settings()
            rounds = Rounds(store)
            cuts = rounds.cuts(self.round_number)
            if not cuts:
                cuts = self.cut_anew(store, rounds, Folder(Path(scratch), TaskLog()), settings)
                if len(cuts) > most_mapped():
                    raise InputError(
                        f"The run has {len(cuts):,} batches, and this Airflow maps a task at most "
                        f"{most_mapped():,} times: raise [core] max_map_length, or "
                        "REQUESTS_PER_BATCH. Nothing was sent."
                    )
                rounds.keep_cuts(self.round_number, cuts)
            return [cut["batch"] for cut in cuts]

    def cut_anew(
        self, store: Store, rounds: Rounds, folder: Folder, settings: Settings
    ) -> list[dict[str, Any]]:
        if not self.round_number:
            path = bring(self.source, folder.path / "input.jsonl")
            return first_round(store, path, settings, folder)
        earlier = [cut for number in range(self.round_number) for cut in rounds.cuts(number)]
        folder.state.round = self.round_number
        folder.state.numbers = max(cut["batch"] for cut in earlier)
        return later_round(store, folder, settings, rounds.cuts(before_of(self)))


def before_of(operator: CutOperator) -> int:
    """The round before that of an operator."""
    return operator.round_number - 1


class BatchOperator(BaseOperator):
    """One batch: sent once, followed, collected. Cleared when it has ended, it pays nothing."""

    template_fields = ("out",)

    def __init__(self, *, round_number: int, number: int, out: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.round_number, self.number, self.out = round_number, number, out

    def execute(self, context: Any) -> None:
        """Begin, or go on after a kill: the journal tells."""
        self.go_on(context, Woken(), None)

    def resume(self, context: Any, event: Any, graced: bool, stops: list[str] | None) -> None:
        """Go on after a wait."""
        self.go_on(context, Woken(graced=graced, lost=bool(event.get("lost"))), stops)

    def go_on(self, context: Any, woken: Woken, known: list[str] | None) -> None:
        store = Store(self.out, context["run_id"])
        rounds = Rounds(store)
        stops = known if known is not None else [*rounds.stops(self.round_number)]
        try:
            with told(), tempfile.TemporaryDirectory(prefix="batches-") as scratch:
                if rounds.end_of(self.round_number, self.number):
                    return
                flow = self.flow(store, rounds, context, Path(scratch))
                with contextlib.closing(flow.source):
                    self.refuse_if_stopped(flow, rounds, stops)
                    asyncio.run(flow.work_off(woken))
        except ParkedError as parked:
            wait = parked
        except AirflowFailException as problem:
            # A try that was given up cannot write there, and so cannot stop the others.
            state_store_of(context).set("stopped", str(problem), retention=NEVER_EXPIRE)
            rounds.stop(self.round_number, self.number, str(problem), os.urandom(4).hex())
            raise
        else:
            return
        self.park(wait, context["run_id"], stops)

    def flow(self, store: Store, rounds: Rounds, context: Any, scratch: Path) -> Flow:
        cuts = {cut["batch"]: cut for cut in rounds.cuts(self.round_number)}
        kept = state_store_of(context)
        return Flow(store, cuts[self.number], Settings(), scratch, TaskLog(), kept)

    def refuse_if_stopped(self, flow: Flow, rounds: Rounds, known: list[str]) -> None:
        """What was not sent is not sent when somebody has to look at another batch first."""
        now = rounds.stops(self.round_number)
        why = [text for name, text in now.items() if name not in known]
        if why and not flow.sent:
            raise AirflowFailException(f"Not sent, for another batch stopped the run: {why[0]}")

    def park(self, wait: ParkedError, run_id: str, stops: list[str]) -> None:
        """Leave the worker."""
        settings = Settings()
        trigger: BatchTrigger | RoomTrigger = BatchTrigger(
            wait.seconds, [*wait.ids], settings.poll_seconds
        )
        if wait.for_room:
            trigger = RoomTrigger(
                self.out, run_id, self.round_number, self.number, run_settings(settings), stops
            )
        kwargs = {"graced": wait.graced, "stops": stops}
        self.defer(trigger=trigger, method_name="resume", kwargs=kwargs)


class FinishOperator(BaseOperator):
    """Puts the answers together: succeeded.jsonl, failed.jsonl, summary.json."""

    template_fields = ("out",)

    def __init__(self, *, out: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.out = out

    def execute(self, context: Any) -> str:
        """Gives the last line of the run."""
        with told(), tempfile.TemporaryDirectory(prefix="batches-") as scratch:
            store = Store(self.out, context["run_id"])
            text = Finish(store, Settings(), Path(scratch)).work()
            TaskLog().line(text)
            return text
