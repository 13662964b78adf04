"""Do the programs take as long as the planner says? Batches of known durations, scaled down, against the simulation.

The API counts the time of a batch as the formula does: a start, and so much for each request. The makespans compared
are both from the making of the first batch to the end of the last, by the API's own clock.
"""

import math
from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

import pytest

from planner.plan import make_plan
from planner.scenario import parse
from tests.programs.harness import Bench

START_S, PER_REQUEST_S, POLL_S, DELAY_S = 40.0, 0.8, 5, 20
# Seconds here for a second of the plan, of one try after the other: what a busy machine adds to a run does not grow with it.
SCALES = (1 / 25, 2 / 25, 4 / 25, 8 / 25)


class Case(NamedTuple):
    """A scenario with every n-th request failing once, and every m-th of them again."""

    requests: int
    per_batch: int
    concurrent: int = 1
    queue: int = 200_000
    retries: int = 0
    backoff: str = "fixed"
    fails_every: int = 0
    fails_again_every: int = 0


CASES = {
    "one after the other": Case(60, 20),
    "three at once, not in waves": Case(110, 20, concurrent=3),
    "held by the queue limit": Case(100, 20, concurrent=5, queue=45),
    "counts of their own": Case(140, 50, concurrent=2),
    "a retry round": Case(60, 20, concurrent=3, retries=1, fails_every=10),
    "two retry rounds, a last batch that is smaller": Case(
        70, 30, concurrent=2, retries=2, backoff="linear", fails_every=3, fails_again_every=9
    ),
}


def planned_s(case: Case) -> float:
    """The makespan that the planner simulates, in seconds of the plan."""
    scenario: dict[str, Any] = {
        "workload": {"requests": case.requests},
        "batches": {
            "requests_per_batch": case.per_batch,
            "concurrent": case.concurrent,
            "poll_s": POLL_S,
        },
        "retries": {
            "max": case.retries,
            "backoff": case.backoff,
            "base_delay_s": DELAY_S,
            "transient_rate": 1 / case.fails_every if case.fails_every else 0,
        },
        "duration": {
            "model": "formula",
            "startup_s": START_S,
            "seconds_per_request": PER_REQUEST_S,
            "parallel_requests": 1,
        },
        "limits": {"queue_requests": case.queue},
    }
    return make_plan(parse(scenario)).forecast.p50.makespan_s


def ids_of(case: Case) -> list[str]:
    return [f"r{number:03}" for number in range(case.requests)]


def scenario_of(case: Case, scale: float) -> dict[str, Any]:
    """The API of a case: what fails there, and how long a batch takes."""
    ids = ids_of(case)
    failing = ids[:: case.fails_every] if case.fails_every else []
    again = ids[:: case.fails_again_every] if case.fails_again_every else []
    outcomes = [
        {"id": "|".join(these), "attempt": attempt, "type": "errored", "error": "api_error"}
        for attempt, these in ((1, failing), (2, again))
        if these
    ]
    return {
        "seconds": START_S * scale,
        "seconds_per_request": PER_REQUEST_S * scale,
        "outcomes": outcomes,
    }


def flags_of(case: Case, scale: float) -> list[str]:
    flags = {
        "requests-per-batch": case.per_batch,
        "concurrent-batches": case.concurrent,
        "max-queued-requests": case.queue,
        "max-retries": case.retries,
        "backoff": case.backoff,
        "poll-seconds": POLL_S * scale,
        "base-delay-seconds": DELAY_S * scale,
    }
    return [word for name, value in flags.items() for word in (f"--{name}", str(value))]


def taken_s(there: Bench) -> float:
    """From the making of the first batch to the end of the last, by the API's clock."""
    summary = there.summary()
    first, last = (
        datetime.fromisoformat(summary[name]) for name in ("first_created_at", "last_ended_at")
    )
    return (last - first).total_seconds()


def test_a_run_takes_as_long_as_was_simulated(language: str, bench: Callable[..., Bench]) -> None:
    """Within a tenth, whatever decides: the batches, how many go at once, the queue limit, the retry rounds.

    The cases run side by side, for they wait most of the time. A busy machine makes a run longer, never shorter, so the
    best of a few tries counts, each of them slower than the one before.
    """
    planned = {name: planned_s(case) for name, case in CASES.items()}
    expected = {name: pytest.approx(seconds, rel=0.1) for name, seconds in planned.items()}
    best: dict[str, float] = dict.fromkeys(CASES, math.inf)
    for scale in SCALES:
        missed = [name for name in CASES if best[name] != expected[name]]
        benches = {name: bench(scenario_of(CASES[name], scale)) for name in missed}
        for name, there in benches.items():
            there.write(*ids_of(CASES[name]))
        running = {
            name: there.start(language, *flags_of(CASES[name], scale))
            for name, there in benches.items()
        }
        for name, program in running.items():
            done = program.wait()
            assert done.code == 0, done.said
            best[name] = min(best[name], taken_s(benches[name]) / scale)
    assert best == expected
