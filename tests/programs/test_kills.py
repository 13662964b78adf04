"""Programs killed with SIGKILL and started again: every request is answered once, and none is sent twice without need."""

import random
from collections.abc import Callable, Iterator
from itertools import cycle

import pytest

from tests.programs.cases import error, errored, on
from tests.programs.harness import Bench
from tests.programs.written import other

IDS = [f"r{number}" for number in range(7)]
FLAGS = ["--requests-per-batch", "4", "--concurrent-batches", "2", "--adopt-grace-seconds", "0.05"]
# One request succeeds the second time, and one never does: two rounds, and every file is written.
OUTCOMES = [errored("r2", "api_error", attempt=1), errored("r5", "invalid_request_error")]
# More lines than any run of this size writes.
MANY = 60


@pytest.mark.parametrize("when", ["torn", "after"])
def test_killed_at_every_line(
    when: str, language: str, bench: Callable[..., Bench], kills: Callable[..., Iterator[Bench]]
) -> None:
    """Killed at each line of the journal in turn, and finished by the same program and by the other in turn.

    A line that is torn announced nothing: what is there is what was there before it.
    """
    first = bench({"outcomes": OUTCOMES})
    first.write(*IDS)
    last = cycle((other(language), language))
    lines = 0
    for there in kills(first, when, language, *FLAGS):
        lines += 1
        done = there.run(next(last), *FLAGS)
        assert done.code == 1, done.said
        there.is_complete(IDS)
        assert there.given_up() == {"r5": "invalid_request_error"}
    assert lines > 20, "the run has more lines than this"
    first.is_complete(IDS)


@pytest.mark.parametrize("when", ["torn", "after"])
def test_killed_at_every_line_of_a_cancel(
    when: str, language: str, bench: Callable[..., Bench], kills: Callable[..., Iterator[Bench]]
) -> None:
    """Canceling survives what running does: every request is listed once."""
    flags = ["--requests-per-batch", "2"]
    first = bench({"outcomes": OUTCOMES, "polls": 2})
    first.write(*IDS)
    assert first.run(language, *flags, kill=(11, "after")).code == -9
    lines = 0
    for there in kills(first, when, language, *flags, "--cancel"):
        lines += 1
        done = there.run(other(language), *flags, "--cancel")
        assert done.code == 1, done.said
        there.is_complete(IDS)
    assert lines > 5, "canceling has more lines than this"
    first.is_complete(IDS)


@pytest.mark.drawn(3)
@pytest.mark.parametrize("seed", range(6))
def test_killed_again_and_again(seed: int, language: str, bench: Callable[..., Bench]) -> None:
    """Under faults, each start is killed at some line; the languages take turns until one of them comes to the end."""
    chance = random.Random(seed)
    faults = [
        on("create", "lose-answer", nth=chance.randint(1, 3)),
        on("create", "foreign-too", nth=4),
        error("create", 529, "overloaded_error", nth=5),
        on("results", "cut", share=chance.random(), nth=chance.randint(1, 2)),
        on("retrieve", "drop", nth=chance.randint(1, 9), times=3),
        error("list", 500, "api_error", nth=chance.randint(1, 9), times=2),
    ]
    there = bench({"outcomes": OUTCOMES, "faults": faults})
    there.write(*IDS)
    runner = language
    for _ in range(MANY):
        kill = (chance.randint(2, 6), chance.choice(["before", "torn", "after"]))
        if there.run(runner, *FLAGS, kill=kill).code != -9:
            break
        runner = other(runner)
    else:
        assert there.run(runner, *FLAGS).code == 1
    there.is_complete(IDS)
    assert there.given_up() == {"r5": "invalid_request_error"}


@pytest.mark.drawn(2)
@pytest.mark.parametrize("seed", range(4))
def test_killed_at_any_moment(seed: int, language: str, bench: Callable[..., Bench]) -> None:
    """Killed by the clock, not at a line: in the middle of a request, a download or a file."""
    chance = random.Random(seed)
    there = bench({"outcomes": OUTCOMES, "faults": [on("results", "slow", seconds=0.2, times=-1)]})
    there.write(*IDS)
    for _ in range(4):
        running = there.start(language, *FLAGS)
        there.wait_for("run")
        there.pause(chance.uniform(0.0, 0.4))
        there.said.append(running.kill().said)
    assert there.run(language, *FLAGS).code == 1
    there.is_complete(IDS)


def test_a_finished_run_is_not_run_again(language: str, bench: Callable[..., Bench]) -> None:
    """The same command after the end asks the API nothing and gives the same code."""
    there = bench({"outcomes": OUTCOMES})
    there.write(*IDS)
    first = there.run(language, *FLAGS)
    calls = sum(there.api.calls.values())
    again = there.run(other(language), *FLAGS)
    assert (first.code, again.code) == (1, 1)
    assert sum(there.api.calls.values()) == calls
    assert again.stdout == first.stdout
