"""Promises 1 and 2 under trouble of all kinds at once, drawn at random: nothing is paid for twice, and nothing is lost.

Each example is a schedule of faults, kills and turns of the two languages, drawn from its number.
"""

import random
from collections.abc import Callable
from typing import Any

import pytest

from tests.programs.cases import error, errored, on
from tests.programs.harness import Bench
from tests.programs.written import LANGUAGES

IDS = [f"r{number}" for number in range(13)]
Draw = random.Random


def of_create(chance: Draw) -> dict[str, Any]:
    """What may go wrong with a create."""
    return chance.choice(
        [
            on("create", "drop"),
            on("create", "lose-answer"),
            on("create", "lose-answer", stamp_s=-chance.uniform(0, 100)),
            on("create", "late", seconds=chance.uniform(0, 0.15)),
            on("create", "hang", seconds=0.2),
            on("create", "hang-late", seconds=chance.uniform(0, 0.15)),
            on("create", "json-after", body=chance.choice([{}, [], {"id": 5}])),
            on("create", "garbage"),
            on("create", "html-after"),
            on("create", "foreign", count=chance.randint(1, 3)),
            on("create", "foreign-too", count=chance.randint(1, 3)),
            on("create", "foreign-too", when="after", size=chance.randint(1, 5)),
            error("create", 529, "overloaded_error"),
            {**error("create", 500, "api_error"), "do": "error-after"},
            error("create", 429, "rate_limit_error", retry_after=chance.choice([0, 0.1])),
        ]
    )


def of_list(chance: Draw) -> dict[str, Any]:
    """What may go wrong with the list."""
    return chance.choice(
        [
            on("list", "page", rows=chance.randint(1, 3)),
            on("list", "page", rows=1, has_more=False),
            on("list", "neighbour"),
            on("list", "drop"),
            on("list", "html"),
            on("next-page", chance.choice(["drop", "garbage"])),
            error("next-page", 404, "not_found_error"),
            error("list", 503, "api_error"),
        ]
    )


def of_poll(chance: Draw) -> dict[str, Any]:
    """What may go wrong with a poll."""
    return chance.choice(
        [
            on("retrieve", "drop"),
            on("retrieve", "garbage"),
            on("retrieve", "html"),
            on("retrieve", "no-url"),
            on("retrieve", "status", value=chance.choice(["in_progress", "reticulating"])),
            error("retrieve", 404, "not_found_error"),
            error("retrieve", 500, "api_error"),
            error("retrieve", 429, "rate_limit_error", retry_after=0),
        ]
    )


def of_results(chance: Draw) -> dict[str, Any]:
    """What may go wrong with results."""
    return chance.choice(
        [
            on("results", "cut", share=chance.random()),
            on("results", "short", lines=chance.randint(1, 3)),
            on("results", "short", keep=0),
            on("results", "slow", seconds=0.1, pieces=3),
            on("results", "stray", lines=['{"custom_id":"x","result":{"type":"succeeded"}}']),
            on("results", "spoil", text="<html>", lines=chance.randint(1, 3)),
            on("results", "twice"),
            on("results", "stall", share=chance.random(), seconds=0.2),
            on("results", "drop"),
            on("results", "html"),
            error("results", 404, "not_found_error"),
        ]
    )


def schedule(chance: Draw) -> dict[str, Any]:
    """A scenario of the API: faults that pass, and requests that fail."""
    faults = []
    for draw, most in ((of_create, 5), (of_list, 6), (of_poll, 8), (of_results, 5)):
        for _ in range(chance.randint(0, most)):
            nth, times = chance.randint(1, 8), chance.randint(1, 2)
            faults.append({**draw(chance), "nth": nth, "times": times})
    outcomes = [
        errored("r2", "api_error", attempt=1),
        {"id": "r3", "type": "expired", "attempt": chance.randint(1, 2)},
        {"id": "r7", "type": "missing", "attempt": 1},
        errored("r5", "invalid_request_error"),
    ]
    limits = {
        "queue_limit": chance.randint(6, 20),
        "list_delay": chance.uniform(0, 0.15),
        "clock_offset": chance.uniform(-200, 200),
        "max_bytes": chance.randint(600, 1500),
    }
    drawn = {name: value for name, value in limits.items() if chance.random() < 0.3}
    return {"faults": faults, "outcomes": outcomes, "polls": chance.randint(0, 3), **drawn}


@pytest.mark.drawn(5)
@pytest.mark.parametrize("seed", range(200))
def test_whatever_happens(seed: int, bench: Callable[..., Bench]) -> None:
    """Faults, kills and turns of the languages at random: the laws of every run hold, and it comes to its end."""
    chance = random.Random(seed)
    there = bench(schedule(chance))
    there.write(*IDS)
    for _ in range(chance.randint(1, 5)):
        flags = ["--requests-per-batch", str(chance.randint(2, 6))]
        flags += ["--concurrent-batches", str(chance.randint(1, 4))]
        flags += chance.choice([[], [], ["--canary", "2"], ["--budget-usd", "0.1"]])
        cue = (chance.randint(1, 12), chance.choice(["before", "torn", "after"]))
        kill = cue if chance.random() < 0.8 else None
        done = there.run(chance.choice(LANGUAGES), *flags, kill=kill)
        stops = {3} if "--budget-usd" in flags else set()
        assert done.code in {-9, 1, *stops}, done.said
        there.pays_once()
    kept = ("outcomes", "clock_offset", "max_bytes")
    there.api.set_scenario({name: there.api.scenario[name] for name in kept})
    done = there.run(chance.choice(LANGUAGES), "--requests-per-batch", "4")
    assert done.code == 1, done.said
    there.is_complete(IDS)
    assert there.given_up() == {"r5": "invalid_request_error"}
