"""Do the programs take as long as the planner says? Batches of known durations, scaled to seconds, against the simulation.

The API counts the time of a batch as the formula does: a start, and so much for each request. The makespans compared
are both from the making of the first batch to the end of the last, by the API's own clock.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

import pytest

from planner.plan import make_plan
from planner.scenario import parse
from tests.programs.harness import Bench

SCALE = 1 / 25  # seconds here for a second of the plan
START_S, PER_REQUEST_S, POLL_S, DELAY_S = 40.0, 0.8, 1, 20


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


@pytest.mark.parametrize("name", CASES)
def test_a_run_takes_as_long_as_was_simulated(
    language: str, bench: Callable[..., Bench], name: str
) -> None:
    """Within a tenth, whatever decides: the batches, how many go at once, the queue limit, the retry rounds.

    A busy machine makes a run longer, never shorter, so the best of five counts.
    """
    case = CASES[name]
    ids = [f"r{number:03}" for number in range(case.requests)]
    failing = ids[:: case.fails_every] if case.fails_every else []
    again = ids[:: case.fails_again_every] if case.fails_again_every else []
    expected = pytest.approx(planned_s(case) * SCALE, rel=0.1)
    taken = []
    while len(taken) < 5 and (not taken or taken[-1] != expected):
        there = bench(
            {
                "seconds": START_S * SCALE,
                "seconds_per_request": PER_REQUEST_S * SCALE,
                "outcomes": [
                    {
                        "id": "|".join(these),
                        "attempt": attempt,
                        "type": "errored",
                        "error": "api_error",
                    }
                    for attempt, these in ((1, failing), (2, again))
                    if these
                ],
            }
        )
        there.write(*ids)
        done = there.run(
            language,
            *(
                "--requests-per-batch",
                str(case.per_batch),
                "--concurrent-batches",
                str(case.concurrent),
            ),
            *(
                "--max-queued-requests",
                str(case.queue),
                "--max-retries",
                str(case.retries),
                "--backoff",
                case.backoff,
            ),
            *("--poll-seconds", str(POLL_S * SCALE), "--base-delay-seconds", str(DELAY_S * SCALE)),
        )
        assert done.code == 0, done.said
        summary = there.summary()
        first, last = (
            datetime.fromisoformat(summary[name]) for name in ("first_created_at", "last_ended_at")
        )
        taken.append((last - first).total_seconds())
    assert min(taken) == expected
