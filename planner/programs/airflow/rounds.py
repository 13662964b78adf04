"""Know the batches of a run: which have ended, what they cost, and whether another may go.

A batch may go when those before it in its round leave room: what has not ended of them counts as
open. An end never goes away, so no two tasks can both take the last room, and no lock is needed.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import BinaryIO

from planner.programs.airflow.cutting import RUN, place_of, plan_of
from planner.programs.airflow.store import Store
from planner.programs.python.errors import StoppedError
from planner.programs.python.money import money, usd_exact
from planner.programs.python.report import last_line, summary_of
from planner.programs.python.scan import Scan
from planner.programs.python.settings import Settings
from planner.programs.python.state import State
from planner.programs.python.submit import has_room
from planner.programs.python.text import Event, json_bytes


def done_in(round_number: int) -> str:
    """The folder with a file for each batch that has ended."""
    return f"rounds/{round_number + 1}/done"


def stops_in(round_number: int) -> str:
    """The folder with a file for each batch that somebody has to look at."""
    return f"rounds/{round_number + 1}/stops"


class Rounds:
    """The rounds of a run, as the store shows them."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.ends: dict[str, Event] = {}

    def cuts(self, round_number: int) -> list[Event]:
        """The batches of a round, in order; none if it was not cut."""
        plan = self.store.read(plan_of(round_number))
        return plan["batches"] if plan else []

    def keep_cuts(self, round_number: int, cuts: list[Event]) -> None:
        spent = sum(money(end["usd"]) for number in range(round_number) for end in self.all(number))
        plan = {"spent_usd": usd_exact(spent), "batches": cuts}
        self.store.write(plan_of(round_number), plan)

    def end_of(self, round_number: int, number: int) -> Event | None:
        """What a batch came to, or None."""
        name = f"{done_in(round_number)}/{number:05d}.json"
        if name not in self.ends and self.store.has(name):
            self.ends[name] = self.store.read(name)
        return self.ends.get(name)

    def all(self, round_number: int) -> list[Event]:
        """The ends of a round."""
        names = self.store.names(done_in(round_number))
        ends = [self.end_of(round_number, int(name.removesuffix(".json"))) for name in names]
        return [end for end in ends if end]

    def end(self, round_number: int, number: int, end: Event) -> None:
        self.store.write(f"{done_in(round_number)}/{number:05d}.json", end)

    def room(self, round_number: int, number: int, settings: Settings) -> bool:
        """Whether a batch may go now. Raises StoppedError where waiting would not help."""
        plan = self.store.read(plan_of(round_number))
        ended = {end["batch"]: end for end in self.all(round_number)}
        state = State()
        state.totals.spent = money(plan["spent_usd"])
        for cut in plan["batches"]:
            state.add(cut)
            batch = state.batches[cut["batch"]]
            if cut["batch"] == number:
                return has_room(state, batch, settings)
            batch.status = "open"
            if cut["batch"] in ended:
                state.apply(ended[cut["batch"]])
        raise AssertionError("the round has no such batch")

    # What somebody has to look at ends the waiting of the others.

    def stops(self, round_number: int) -> dict[str, str]:
        """Why batches of a round stopped, by the name of the file that says it."""
        folder = stops_in(round_number)
        return {name: self.store.read(f"{folder}/{name}") for name in self.store.names(folder)}

    def stop(self, round_number: int, number: int, why: str, token: str) -> None:
        self.store.write(f"{stops_in(round_number)}/{number:05d}-{token}.json", why)


class Finish:
    """Puts the answers of all rounds together. Raises AssertionError where one is missing."""

    def __init__(self, store: Store, settings: Settings, scratch: Path) -> None:
        self.store, self.settings, self.scratch = store, settings, scratch
        self.rounds = Rounds(store)
        self.state = State()

    def work(self) -> str:
        """Write the three files of a run; what the run came to, in one line."""
        places = []
        for number in range(self.settings.max_retries + 1):
            cuts = self.rounds.cuts(number)
            places += [place_of(number, cut["batch"]) for cut in cuts]
            if cuts:
                self.add_up(number, cuts)
        failed, rest = self.scratch / "failed.jsonl", self.state.again
        with failed.open("wb") as file:
            for place in places:
                file.writelines(self.store.pieces(f"{place}/failed.jsonl"))
            if rest:
                self.give_up(file)
        scan = Scan(**self.store.read(RUN)["input"])
        totals = self.state.totals
        if totals.succeeded + totals.given_up != scan.requests:
            raise AssertionError("requests are not accounted for")  # never "done" by mistake
        answers = (
            piece for place in places for piece in self.store.pieces(f"{place}/succeeded.jsonl")
        )
        self.store.fill("succeeded.jsonl", answers)
        self.store.put(failed, "failed.jsonl")
        summary = json.dumps(summary_of(self.state, scan), indent=2).encode() + b"\n"
        self.store.fill("summary.json", iter([summary]))
        return last_line(self.state, scan, self.store.path("succeeded.jsonl"))

    def add_up(self, number: int, cuts: list[Event]) -> None:
        """Add a round to the sum of the run."""
        state = self.state
        state.round, state.again = number, 0
        state.totals.retried += sum(cut["requests"] for cut in cuts) if number else 0
        for cut in cuts:
            end = self.rounds.end_of(number, cut["batch"])
            if end is None:
                raise StoppedError(f"Batch {cut['batch']} has not ended. Clear its task.")
            state.add(cut)
            state.apply(end)
            state.own |= {*end["ids"]}
            began, ended = end["first_created_at"], end["last_ended_at"]
            state.first_created_at = min(filter(None, (state.first_created_at, began)), default="")
            state.last_ended_at = max(state.last_ended_at, ended)

    def give_up(self, file: BinaryIO) -> None:
        """Requests that no round was left for: the account's trouble cost them no attempt."""
        for cut in self.rounds.cuts(self.state.round):
            place = place_of(self.state.round, cut["batch"])
            for each in self.store.events(f"{place}/again.jsonl"):
                line = {key: each[key] for key in ("custom_id", "reason", "attempts", "result")}
                file.write(json_bytes(line) + b"\n")
                self.state.totals.given_up += 1
                self.state.totals.reasons[each["reason"]] += 1
