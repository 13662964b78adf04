"""Sum up the journal.

Every change of a run's state is a line of the journal, and goes through `State.apply`, in a live run and when a run is
taken up again. Nothing here reads or writes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from planner.programs.python.money import money
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
    status: str = "unsent"  # unsent, doubt, open, stored
    since: Event | None = None
    id: str = ""
    adopted: bool = False


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
        self.succeeded += event.get("succeeded", 0)
        self.given_up += event["given_up"]
        self.reasons.update(event["reasons"])
        self.truncated += event.get("truncated", 0)
        self.refused += event.get("refused", 0)
        self.usage.update(event.get("usage", {}))
        self.spent += money(event.get("usd", "0"))
        self.unpriced += event.get("unpriced", 0)


@dataclass
class Canary:
    """The requests that go first and alone, and what became of them."""

    cut: int = 0
    sorted: int = 0
    given_up: int = 0

    def failed(self) -> bool:
        return 2 * self.given_up > self.sorted


@dataclass
class State:
    """The sum of the journal."""

    began: Event | None = None
    batches: dict[int, Batch] = field(default_factory=dict)  # those that are not sorted
    known: set[str] = field(default_factory=set)  # ids of batches that are accounted for
    numbers: int = 0
    created: int = 0
    round: int = 0
    position: int = 0  # where the next batch of this round begins
    round_bytes: int = 0  # the length of this round's file; of INPUT in round 0
    not_before: float = 0.0
    again: int = 0  # requests on the next round's list
    lengths: tuple[int, int, int] = (0, 0, 0)
    largest_requests: int = 10**9  # halved by a 413
    largest_bytes: int = 10**12
    canary: Canary = field(default_factory=Canary)
    rest_began: bool = False
    totals: Totals = field(default_factory=Totals)
    first_created_at: str = ""
    last_ended_at: str = ""
    canceling: bool = False
    rest_given_up: bool = False
    done: int | None = None

    def apply(self, event: Event) -> None:
        """Take in one line of the journal. Lines that change nothing, such as `doubt`, have no entry."""
        change = CHANGES.get(event["event"])
        if change:
            change(self, event)

    def add(self, cut: Event) -> None:
        batch = Batch(
            number=cut["batch"],
            round=cut["round"],
            start=cut["start"],
            end=cut["end"],
            requests=cut["requests"],
            bytes=cut["bytes"],
            worst=money(cut["worst_usd"]),
            canary=cut["canary"],
        )
        self.batches[batch.number] = batch
        self.numbers = max(self.numbers, batch.number)

    def with_status(self, *statuses: str) -> list[Batch]:
        return [batch for batch in self.batches.values() if batch.status in statuses]

    def in_flight(self) -> list[Batch]:
        """Batches that are at the provider, or may be."""
        return self.with_status("doubt", "open")


def on_run(state: State, event: Event) -> None:
    state.began, state.round_bytes = event, event["input"]["bytes"]


def on_cut(state: State, event: Event) -> None:
    state.add(event)
    state.position = event["end"]
    state.canary.cut += event["requests"] if event["canary"] else 0
    state.rest_began = not event["canary"]


def on_submit(state: State, event: Event) -> None:
    batch = state.batches[event["batch"]]
    batch.status, batch.since = "doubt", event["since"]


def on_made(state: State, event: Event) -> None:
    batch = state.batches[event["batch"]]
    batch.status, batch.id, batch.adopted = "open", event["id"], event["event"] == "adopted"
    state.known.add(event["id"])
    state.created += 1
    first = state.first_created_at or event["created_at"]
    state.first_created_at = min(first, event["created_at"])


def on_not_made(state: State, event: Event) -> None:
    batch = state.batches[event["batch"]]
    batch.status, batch.since = "unsent", None


def on_halved(state: State, event: Event) -> None:
    batch = state.batches.pop(event["batch"])
    for cut in event["into"]:
        state.add(cut)
    state.largest_requests = (batch.requests + 1) // 2
    state.largest_bytes = (batch.bytes + 1) // 2


def on_let_go(state: State, event: Event) -> None:
    batch = state.batches[event["batch"]]
    batch.status, batch.id, batch.adopted = "doubt", "", False
    state.created -= 1


def on_ended(state: State, event: Event) -> None:
    state.last_ended_at = max(state.last_ended_at, event["ended_at"])


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
    state.round, state.position, state.round_bytes = event["round"], 0, event["bytes"]
    state.totals.retried += event["requests"]
    state.not_before = event["not_before"]
    state.again, state.lengths = 0, (state.lengths[0], state.lengths[1], 0)


def on_cancel(state: State, _event: Event) -> None:
    state.canceling = True


def on_done(state: State, event: Event) -> None:
    state.done = event["code"]


CHANGES: dict[str, Callable[[State, Event], None]] = {
    "run": on_run,
    "cut": on_cut,
    "submit": on_submit,
    "created": on_made,
    "adopted": on_made,
    "not_made": on_not_made,
    "refused": on_not_made,
    "halved": on_halved,
    "let_go": on_let_go,
    "ended": on_ended,
    "stored": on_stored,
    "sorted": on_sorted,
    "rest": on_rest,
    "round": on_round,
    "cancel": on_cancel,
    "done": on_done,
}
