"""Accounts at the fake API, with a clock of their own: a run, what went wrong with it, and
strangers.
"""

import json
import random
from dataclasses import dataclass, field
from typing import Any

from planner.fake import wire
from planner.fake.provider import Batch, Provider

BEGAN = 1_790_000_000.0  # a day in September 2026


class Clocked(Provider):
    """A provider whose time is set by hand."""

    time = BEGAN

    def now(self) -> float:
        return self.time


@dataclass
class Account:
    """What a person has of a run: journal and list; and what the books say."""

    provider: Clocked
    journal: list[dict[str, Any]]
    duplicates: set[frozenset[str]] = field(default_factory=set)

    def journal_bytes(self) -> bytes:
        return "".join(json.dumps(event) + "\n" for event in self.journal).encode()

    def list_bytes(self, page: int = 20) -> bytes:
        """The pages of batches.list, one JSON after the other."""
        shown = [
            wire.batch_shown(each, "https://api") for each in self.provider.listed("wrkspc_ours")
        ]
        pages = [shown[start : start + page] for start in range(0, len(shown), page)] or [[]]
        return b"\n".join(
            json.dumps(
                {
                    "data": rows,
                    "has_more": rows is not pages[-1],
                    "first_id": rows[0]["id"] if rows else None,
                    "last_id": rows[-1]["id"] if rows else None,
                },
                indent=1,
            ).encode()
            for rows in pages
        )

    def own(self) -> list[Batch]:
        """The batches that the run has, in order of making."""
        ids = {event["id"] for event in self.journal if event["event"] in ("created", "adopted")}
        return [batch for batch in self.provider.batches if batch.id in ids]


def stamp(seconds: float) -> str:
    """A moment as the API writes it."""
    text = wire.stamp(seconds)
    assert text
    return text


def run_event(form: int = 2) -> dict[str, Any]:
    """The first line of a journal."""
    return {
        "event": "run",
        "at": stamp(BEGAN),
        "format": form,
        "input": {"requests": 9},
        "settings": {},
    }


def account(seed: int) -> Account:
    """A run of three to eight batches, of sizes of their own or all alike, in a workspace of others.

    Now and then a create's answer is lost, and somebody sends it again: a duplicate.
    """
    rng = random.Random(seed)
    made = Account(
        Clocked({"outcomes": [{"id": "bad-.*", "type": "errored", "error": "api_error"}]}), []
    )
    made.journal.append(run_event())
    alike, full = rng.random() < 0.4, rng.randrange(20, 60)
    total = rng.randrange(3, 9)
    twice = rng.sample(range(total), rng.randrange(0, 3))
    for number in range(1, total + 1):
        size = full if alike else full - rng.randrange(0, 15)
        strangers(made, rng, size)
        requests = requests_of(rng, number, size)
        made.journal.append({"event": "cut", "at": stamp(made.provider.time), "batch": number, "round": 0,
                             "start": 0, "end": 1, "requests": size, "bytes": 1, "worst_usd": "1", "canary": False})  # fmt: skip
        made.journal.append(
            {"event": "submit", "at": stamp(made.provider.time), "batch": number, "since": None}
        )
        lost = make(made, requests) if number - 1 in twice else None
        made.provider.time += rng.uniform(1, 600) if lost else 1.0
        batch = make(made, requests)
        made.journal.append({"event": "created", "at": stamp(made.provider.time), "batch": number,
                             "id": batch.id, "created_at": stamp(batch.created)})  # fmt: skip
        if lost:
            made.duplicates.add(frozenset((lost.id, batch.id)))
        made.provider.time += rng.uniform(1, 300)
    end(made, rng)
    return made


def strangers(made: Account, rng: random.Random, size: int) -> None:
    """Somebody else's batches: of other sizes, and long before of the same."""
    if rng.random() < 0.3:
        made.provider.make_foreign(100 + rng.randrange(1, 9))
    made.provider.time += rng.uniform(0, 60)


def requests_of(rng: random.Random, number: int, size: int) -> list[dict[str, Any]]:
    params = {
        "model": "claude-sonnet-5-5",
        "max_tokens": 9,
        "messages": [{"role": "user", "content": "x"}],
    }
    return [
        {"custom_id": f"{'bad' if rng.random() < 0.02 else 'r'}-{number}-{n}", "params": params}
        for n in range(size)
    ]


def make(made: Account, requests: list[dict[str, Any]]) -> Batch:
    return made.provider.make(requests, 1, "2026-10-21", "wrkspc_ours", {})


def end(made: Account, rng: random.Random) -> None:
    """Every batch ends; the run collects its own."""
    began = made.provider.time
    for batch in made.provider.batches:
        made.provider.end(batch, max(began, batch.created) + rng.uniform(60, 4000))
    numbers = {e["id"]: e["batch"] for e in made.journal if e["event"] == "created"}
    for batch in made.own():
        counts, at = wire.batch_shown(batch, "")["request_counts"], stamp(batch.ended or 0)
        kinds = [entry.outcome["type"] for entry in batch.entries]
        usd = sum(entry.usd() for entry in batch.entries if entry.outcome["type"] == "succeeded")
        number = numbers[batch.id]
        made.journal.append({"event": "ended", "at": at, "batch": number, "id": batch.id, "ended_at": at,
                             "counts": counts, "archived": False})  # fmt: skip
        made.journal.append({"event": "stored", "at": at, "batch": number, "bytes": 1})
        made.journal.append({"event": "sorted", "at": at, "batch": number, "usd": str(usd), "again": 0,
                             "succeeded": kinds.count("succeeded"), "given_up": kinds.count("errored"),
                             "reasons": {"api_error": kinds.count("errored")}, "truncated": 0, "refused": 0,
                             "usage": {}, "unpriced": 0, "lengths": [0, 0, 0]})  # fmt: skip
    made.provider.time = max(batch.ended or 0 for batch in made.provider.batches) + 60
    made.journal.append({"event": "done", "at": stamp(made.provider.time), "code": 1})
