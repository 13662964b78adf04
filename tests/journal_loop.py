"""The loop of plan, run and review in hidden worlds: all that the planner is told are the journals
of a person's earlier runs, and the next run of the truth judges its forecast.

A person does much the same again and again: each run has its day, and its batches share a part of
their luck, as those of the run that is forecast will.
"""

import json
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

from planner.model.history import samples_of
from planner.review.actual import actual_of
from planner.review.export import learnt
from planner.review.lessons import next_scenario
from planner.review.reading import Reading
from planner.scenario import Scenario
from tests.hidden_worlds import Lane, World, forecast, quantile, true_batches, true_run
from tests.planner.review.account import stamp

BEGAN = 1_790_000_000.0  # a day in September 2026
DAY_S = 86_400.0
CUTS = ((1, 1), (4, 1), (4, 4), (10, 2))  # batches, and how many at once
RUNS = (3, 5, 10, 20)  # that a person has had


def journal_of(batches: list[Lane], began: float, run: int) -> bytes:
    """What a program writes of such a run, in order of time; a batch that expires is said to be so."""
    events: list[tuple[float, dict[str, Any]]] = []
    for number, batch in enumerate(batches, start=1):
        sent, ended = began + batch.sent_s, began + batch.ended_s
        name = f"msgbatch_{run}_{number}"
        of_batch = {"batch": number}
        late = batch.ended_s - batch.sent_s >= DAY_S
        counts = {"expired" if late else "succeeded": batch.requests}
        told = {"id": name, "ended_at": stamp(ended), "counts": counts}
        events += [
            (sent, {"event": "cut", **of_batch, "requests": batch.requests}),
            (sent, {"event": "submit", **of_batch, "since": None}),
            (sent, {"event": "created", **of_batch, "id": name, "created_at": stamp(sent)}),
            (ended, {"event": "ended", **of_batch, **told}),
            (ended, {"event": "stored", **of_batch, "bytes": 1}),
        ]
    events.sort(key=lambda each: each[0])
    whole = {"event": "run", "format": 2, "input": {"requests": sum(b.requests for b in batches)}}
    lines = [(began, whole), *events]
    return "".join(json.dumps({"at": stamp(at), **event}) + "\n" for at, event in lines).encode()


def reviewed(journal: bytes, before: Scenario) -> Scenario:
    """The next plan's scenario, as one press gives it after a review."""
    reading = Reading()
    reading.begin("journal.jsonl")
    reading.feed(journal)
    reading.end()
    return next_scenario(reading.found, learnt(actual_of(reading.found, None)), before)


def learnt_of(world: World, runs: int, at: Iterator[float], rng: Random) -> Scenario:
    """What a person knows who has had so many runs, begun at these moments, each reviewed."""
    known = Scenario()
    for run in range(runs):
        sizes, at_once = workload(rng)
        batches = true_batches(world, sizes, at_once, rng)
        known = reviewed(journal_of(batches, next(at), run), known)
    return known


def workload(rng: Random) -> tuple[list[int], int]:
    """The sizes of the batches of a run, and how many are open at once."""
    count, at_once = rng.choice(CUTS)
    return [rng.choice([5000, 10_000, 20_000])] * count, at_once


@dataclass(frozen=True)
class Looped:
    """The shares of the next run's true times that kept P50, P85 and P95."""

    name: str
    runs: int
    rows: int
    p50: float
    p85: float
    p95: float


def loop(world: World, runs: int, truths: int, seed: int) -> Looped:
    """So many runs, their reviews, a forecast, and so many times the run that follows."""
    rng = Random(seed)
    days = (BEGAN + 2 * DAY_S * place for place in range(10**6))
    known = learnt_of(world, runs, days, rng)
    sizes, at_once = workload(rng)
    ordered = forecast(known.duration.history, sizes, at_once)
    truth = sorted(true_run(world, sizes, at_once, rng) for _ in range(truths))

    def met(chance: float) -> float:
        return bisect_right(truth, quantile(ordered, chance)) / truths

    rows = len(samples_of(known.duration.history))
    return Looped(world.name, runs, rows, met(0.5), met(0.85), met(0.95))
