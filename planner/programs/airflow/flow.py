"""Take one batch from its intention to its answers, in one task.

Every step is in the journal before it is taken, so that the task may leave its worker, or be
killed, between any two of them. A batch in doubt comes before any other step.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from planner.programs.airflow.cutting import place_of
from planner.programs.airflow.engine import StateStore
from planner.programs.airflow.folder import Folder
from planner.programs.airflow.rest import ALLOWANCE, ParkedError
from planner.programs.airflow.rounds import Rounds
from planner.programs.airflow.store import Store
from planner.programs.python.api import Api, lost
from planner.programs.python.collect import Collector
from planner.programs.python.cut import Source
from planner.programs.python.doubt import Doubts, Questions
from planner.programs.python.errors import LostBatchError, StoppedError
from planner.programs.python.money import usd_exact
from planner.programs.python.report import Log
from planner.programs.python.settings import Settings
from planner.programs.python.sort import sort_batch
from planner.programs.python.submit import Submitter, refuse_other_account
from planner.programs.python.text import Event

# So long a worker sleeps for the trouble of a moment, and to learn whose a batch is, or that it
# is gone.
WORKER_SECONDS = 3.0
JUDGING_SECONDS = 700.0


@dataclass(frozen=True)
class Woken:
    """What was waited for: the grace of a doubt; a batch that the API does not know any more."""

    graced: bool = False
    lost: bool = False


class DoubtsOfTask(Doubts):
    """Doubts whose grace is waited out without a worker."""

    async def settle(self) -> None:
        """Not here: the flow parks the task."""


class Flow:
    """One batch of a round; two or more, where the API found it too large."""

    def __init__(
        self,
        store: Store,
        cut: Event,
        settings: Settings,
        scratch: Path,
        log: Log,
        kept: StateStore,
    ) -> None:
        self.store, self.cut, self.settings, self.log = store, cut, settings, log
        self.place = place_of(cut["round"], cut["batch"])
        self.rounds = Rounds(store)
        self.folder = Folder(scratch, log, kept, store, self.place)
        self.sent = self.folder.take_up(cut)
        requests = store.get(f"{self.place}/requests.jsonl", scratch / "requests.jsonl")
        if cut["round"]:
            store.get(f"{self.place}/places.jsonl", self.folder.round_file(cut["round"]))
        self.source = Source(requests, self.folder, settings)
        self.own: set[str] = set()

    async def work_off(self, woken: Woken) -> None:
        """Until the answers are in the store. Raises ParkedError, or StoppedError."""
        ALLOWANCE.set(WORKER_SECONDS)
        state = self.folder.state
        api = Api(self.settings, self.log)
        try:
            await refuse_other_account(self.folder, api, self.chosen())
            while len(state.with_status("stored")) < len(state.batches):
                await self.settle(api, woken)
                await self.judge(api)
                await self.collect(api, woken)
                await self.submit(api)
                woken = Woken()
        finally:
            await api.close()
        self.sort()

    def chosen(self) -> tuple[str, ...]:
        """What a person wrote beside the batch: the id of a candidate, or none."""
        return tuple(self.store.text(f"{self.place}/adopt.txt").split())

    async def settle(self, api: Api, woken: Woken) -> None:
        doubts = self.folder.state.with_status("doubt")
        if doubts:
            settler = DoubtsOfTask(self.settings, self.folder, api, self.log)
            if not woken.graced:
                raise ParkedError(settler.grace_s(doubts), graced=True)
            await settler.look_for(doubts)

    async def judge(self, api: Api) -> None:
        """Hold what may be ours against our ids, when it has ended."""
        state = self.folder.state
        questions = state.with_status("question")
        candidates = [each for batch in questions for each in batch.candidates]
        if not candidates:
            return
        ALLOWANCE.set(JUDGING_SECONDS)
        for candidate in candidates:
            seen = await api.look_for(f"look at {candidate}", candidate)
            if seen and seen.status != "ended":
                raise ParkedError(self.settings.poll_seconds, ids=tuple(candidates))
        judging = Questions(self.settings, self.folder, self.source, api, self.log, self.chosen())
        await judging.judge()
        ALLOWANCE.set(WORKER_SECONDS)
        if judging.choices:
            words = " ".join(judging.choices.values()).partition(" Start again")[0]
            raise StoppedError(
                f"{words} Write the id of the one that is ours, or none, into "
                f"{self.store.path(self.place)}/adopt.txt and clear this task."
            )

    async def collect(self, api: Api, woken: Woken) -> None:
        """Bring the results of what is open."""
        collector = Collector(self.settings, self.folder, self.source, api, self.log)
        batches = self.folder.state.with_status("open")
        if woken.lost:
            await self.refuse_if_lost(api)
        for batch in batches:
            try:
                await collector.is_stored(batch)
            except ParkedError as parked:
                ids = tuple(each.id for each in batches)
                raise ParkedError(parked.seconds, ids=ids) from None

    async def refuse_if_lost(self, api: Api) -> None:
        """Raises LostBatchError when what is open is not known to the API any more."""
        ALLOWANCE.set(JUDGING_SECONDS)
        for batch in self.folder.state.with_status("open"):
            if await api.look_for(f"look at {batch.id}", batch.id) is None:
                raise LostBatchError(lost(batch.id))
        ALLOWANCE.set(WORKER_SECONDS)

    async def submit(self, api: Api) -> None:
        """Send what is unsent, once, when those before it leave room."""
        doubts = DoubtsOfTask(self.settings, self.folder, api, self.log)
        submitter = Submitter(self.settings, self.folder, self.source, api, self.log, doubts)
        for batch in self.folder.state.with_status("unsent"):
            number = self.cut["batch"]
            if not self.rounds.room(self.cut["round"], number, self.settings):
                raise ParkedError(self.settings.poll_seconds, for_room=True)
            await submitter.submit(batch)

    def sort(self) -> None:
        """Sort the results, and say in the store what the batch came to."""
        state, trouble = self.folder.state, False
        own = sorted(state.own)
        for batch in state.with_status("stored"):
            results = self.folder.results_file(batch.id)
            if not results.exists():
                self.store.get(f"{self.place}/results/{results.name}", results)
            trouble |= sort_batch(self.folder, self.source, self.log, batch)
        for path in self.folder.outputs():
            if path.exists() and path.stat().st_size:
                self.store.put(path, f"{self.place}/{path.name}")
        totals = state.totals
        if totals.succeeded + totals.given_up + state.again != self.cut["requests"]:
            raise AssertionError("requests are not accounted for")  # never "done" by mistake
        names = ("succeeded", "given_up", "truncated", "refused", "unpriced")
        end = {
            "event": "sorted",
            "batch": self.cut["batch"],
            **{name: getattr(totals, name) for name in names},
            "again": state.again,
            "reasons": dict(totals.reasons),
            "usage": dict(totals.usage),
            "usd": usd_exact(totals.spent),
            "lengths": [0, 0, 0],
            "ids": own,
            "first_created_at": state.first_created_at,
            "last_ended_at": state.last_ended_at,
        }
        self.rounds.end(self.cut["round"], self.cut["batch"], end)
        if trouble:
            raise StoppedError("The account lacks credit. Add credit.")
