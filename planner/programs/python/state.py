"""Sum up the journal.

Every change of a run's state is a line of the journal, and goes through `State.apply`, in a live
run and when a run is taken up again. Nothing here reads or writes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from planner.programs.python.money import money
from planner.programs.python.request import END, Range, joined, without
from planner.programs.python.text import Event


@dataclass
class Batch:
    """Requests that are submitted together: bytes `start` to `end` of its round's file."""

    number: int
    round: int
    start: int
    end: int
    requests: int
    bytes: int
    worst: int
    canary: bool
    status: str = "unsent"  # unsent, doubt, question, open, stored
    since: Event | None = None  # the newest batch of the workspace before the POST
    submitted_at: str = ""
    took_s: float | None = None  # how long the POST lasted that had no answer
    candidates: list[str] = field(default_factory=list)  # batches that may be this one
    unsure: set[str] = field(default_factory=set)  # those of them whose count is not this one's
    let_go: set[str] = field(default_factory=set)  # batches that are not this one
    id: str = ""
    counts: dict[str, int] = field(default_factory=dict)
    short_since: str = ""


@dataclass
class Totals:
    """What became of the requests of sorted batches."""

    succeeded: int = 0
    given_up: int = 0
    retried: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    truncated: int = 0
    refused: int = 0
    usage: Counter[str] = field(default_factory=Counter)
    spent: int = 0
    unpriced: int = 0

    def add(self, event: Event) -> None:
        for name in ("succeeded", "given_up", "truncated", "refused", "unpriced"):
            setattr(self, name, getattr(self, name) + event.get(name, 0))
        self.reasons.update(event["reasons"])
        self.usage.update(event.get("usage", {}))
        self.spent += money(event.get("usd", "0"))


@dataclass
class Canary:
    """The requests that go first and alone, and what became of them; `rest`: those after."""

    cut: int = 0
    rest: int = 0
    sorted: int = 0
    given_up: int = 0

    def failed(self) -> bool:
        return 2 * self.given_up > self.sorted


@dataclass
class State:
    """The sum of the journal."""

    began: Event | None = None
    account: Event | None = None
    batches: dict[int, Batch] = field(default_factory=dict)  # those that are not sorted
    own: set[str] = field(default_factory=set)  # ids of batches that are ours
    created: list[str] = field(default_factory=list)  # those of them that an answer named
    numbers: int = 0
    round: int = 0
    uncut: list[Range] = field(default_factory=lambda: [Range(0, END)])  # of this round's file
    not_before: float = 0.0
    again: int = 0  # requests on the next round's list
    lengths: tuple[int, int, int] = (0, 0, 0)
    largest_requests: int = 10**9  # halved by a 413
    largest_bytes: int = 10**12
    canary: Canary = field(default_factory=Canary)
    totals: Totals = field(default_factory=Totals)
    first_created_at: str = ""
    last_ended_at: str = ""
    canceling: bool = False
    rest_given_up: bool = False
    failed_before: str = ""  # the name that --retry-failed gave the list of those given up
    done: int | None = None

    def apply(self, event: Event) -> None:
        """Take in one line of the journal. Raises KeyError for an event that is not known."""
        CHANGES[event["event"]](self, event)

    def add(self, cut: Event) -> None:
        same = {
            name: cut[name] for name in ("round", "start", "end", "requests", "bytes", "canary")
        }
        batch = Batch(number=cut["batch"], worst=money(cut["worst_usd"]), **same)
        self.batches[batch.number] = batch
        self.numbers = max(self.numbers, batch.number)

    def with_status(self, *statuses: str) -> list[Batch]:
        return [batch for batch in self.batches.values() if batch.status in statuses]

    def in_flight(self) -> list[Batch]:
        """Batches that are at the provider, or may be."""
        return self.with_status("doubt", "question", "open")


def on_run(state: State, event: Event) -> None:
    _ = event["input"]["bytes"], event["input"]["sha256"], event["request_settings"]["model"]
    state.began = event


def on_account(state: State, event: Event) -> None:
    state.account = event


def on_cut(state: State, event: Event) -> None:
    state.add(event)
    state.uncut = without(state.uncut, Range(event["start"], event["end"]))
    if event["canary"]:
        state.canary.cut += event["requests"]
    else:
        state.canary.rest += event["requests"]


def on_recut(state: State, event: Event) -> None:
    for number in event["batches"]:
        batch = state.batches.pop(number)
        state.uncut = joined([*state.uncut, Range(batch.start, batch.end)])
        if batch.canary:
            state.canary.cut -= batch.requests
        else:
            state.canary.rest -= batch.requests


def on_submit(state: State, event: Event) -> None:
    batch = state.batches[event["batch"]]
    batch.status, batch.since, batch.submitted_at = "doubt", event["since"], event["at"]


def on_doubt(state: State, event: Event) -> None:
    state.batches[event["batch"]].took_s = event["took_s"]


def on_candidates(state: State, event: Event) -> None:
    batch = state.batches[event["batch"]]
    batch.status, batch.candidates = "question", [*event["ids"]]
    batch.unsure = {*event.get("unsure", [])}


def on_let_go(state: State, event: Event) -> None:
    batch = state.batches[event["batch"]]
    batch.candidates = [each for each in batch.candidates if each != event["id"]]
    batch.let_go.add(event["id"])


def on_made(state: State, event: Event) -> None:
    batch = state.batches[event["batch"]]
    batch.status, batch.id = "open", event["id"]
    state.own.add(event["id"])
    if event["event"] == "created":
        state.created.append(event["id"])
    first = state.first_created_at or event["created_at"]
    state.first_created_at = min(first, event["created_at"])


def on_not_made(state: State, event: Event) -> None:
    batch = state.batches[event["batch"]]
    batch.status, batch.since, batch.took_s, batch.candidates = "unsent", None, None, []


def on_halved(state: State, event: Event) -> None:
    batch = state.batches.pop(event["batch"])
    for cut in event["into"]:
        state.add(cut)
    state.largest_requests = (batch.requests + 1) // 2
    state.largest_bytes = (batch.bytes + 1) // 2


def on_ended(state: State, event: Event) -> None:
    state.batches[event["batch"]].counts = event["counts"]
    state.last_ended_at = max(state.last_ended_at, event["ended_at"])


def on_short(state: State, event: Event) -> None:
    state.batches[event["batch"]].short_since = event["at"]


def on_stored(state: State, event: Event) -> None:
    state.batches[event["batch"]].status = "stored"


def on_sorted(state: State, event: Event) -> None:
    batch = state.batches.pop(event["batch"])
    add_up(state, event)
    if batch.canary:
        state.canary.sorted += batch.requests
        state.canary.given_up += event["given_up"]


def on_rest(state: State, event: Event) -> None:
    add_up(state, event)
    state.rest_given_up = True


def add_up(state: State, event: Event) -> None:
    state.totals.add(event)
    state.again += event.get("again", 0)
    succeeded, failed, again = event["lengths"]
    state.lengths = (succeeded, failed, again)


def on_round(state: State, event: Event) -> None:
    state.round, state.uncut = event["round"], [Range(0, event["bytes"])]
    state.totals.retried += event["requests"]
    state.not_before = event["not_before"]
    state.again, state.lengths = 0, (state.lengths[0], state.lengths[1], 0)


def on_again(state: State, event: Event) -> None:
    on_round(state, event)
    succeeded, failed, again = event["lengths"]
    state.lengths = (succeeded, failed, again)
    state.totals.given_up = event["given_up"]
    state.totals.reasons = Counter(event["reasons"])
    state.failed_before = event["failed"]
    state.canceling, state.rest_given_up, state.done = False, False, None
    state.batches.clear()  # what --cancel left unsent


def on_cancel(state: State, _event: Event) -> None:
    state.canceling = True


def on_done(state: State, event: Event) -> None:
    state.done, state.failed_before = event["code"], ""


def nothing(_state: State, _event: Event) -> None:
    """A line that is for people."""


CHANGES: dict[str, Callable[[State, Event], None]] = {
    "run": on_run,
    "resume": nothing,
    "account": on_account,
    "cut": on_cut,
    "recut": on_recut,
    "submit": on_submit,
    "created": on_made,
    "doubt": on_doubt,
    "candidates": on_candidates,
    "let_go": on_let_go,
    "adopted": on_made,
    "not_made": on_not_made,
    "refused": on_not_made,
    "halved": on_halved,
    "ended": on_ended,
    "short": on_short,
    "stored": on_stored,
    "sorted": on_sorted,
    "round": on_round,
    "again": on_again,
    "cancel": on_cancel,
    "rest": on_rest,
    "stop": nothing,
    "done": on_done,
}
