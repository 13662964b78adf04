"""Promise 1: short answers are fetched again, for a day, and never sent again."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.programs.cases import ALWAYS, on
from tests.programs.harness import Bench
from tests.programs.written import other

IDS = [f"r{number}" for number in range(10)]
FOUR = ["--requests-per-batch", "4", "--concurrent-batches", "3"]


@pytest.mark.parametrize("short", [{"lines": 1}, {"lines": 3}, {"keep": 0}])
def test_short_results_are_fetched_again(
    short: dict[str, Any], language: str, bench: Callable[..., Bench]
) -> None:
    """ "Results that hold fewer lines than `request_counts` says, however often and however cleanly they end, are
    fetched again." """
    there = bench({"faults": [on("results", "short", batch=2, times=9, **short)]})
    there.write(*IDS)
    done = there.run(language, *FOUR)
    assert done.code == 0, done.said
    there.is_complete(IDS)
    assert there.api.calls["create"] == 3
    assert len([line for line in there.api.log if "_000002/results" in line]) == 10


@pytest.mark.parametrize("kept", [0, 2])
def test_short_for_a_day(kept: int, language: str, bench: Callable[..., Bench]) -> None:
    """ "If they stay short for a day, the run ends with code 3 and says which."

    The others are collected first; and when the results are whole after all, the same command goes on.
    """
    there = bench({"faults": [on("results", "short", batch=1, keep=kept, **ALWAYS)]})
    there.write(*IDS)
    program = there.altered(language, SHORT_RESULTS_SECONDS=0.6)
    done = there.run(language, *FOUR, program=program)
    assert done.code == 3, done.said
    assert "msgbatch_000001" in done.stderr
    assert len(there.lines("succeeded.jsonl")) == 6
    assert there.api.calls["create"] == 3
    there.pays_once()
    there.api.set_scenario({})
    assert there.run(other(language), *FOUR).code == 0
    there.is_complete(IDS)
    assert there.api.calls["create"] == 3


def test_the_day_goes_on_over_a_restart(language: str, bench: Callable[..., Bench]) -> None:
    """A start after the day is over tries once more, and ends; it does not wait for another day."""
    there = bench({"faults": [on("results", "short", batch=1, **ALWAYS)]})
    there.write(*IDS[:4])
    running = there.start(language, *FOUR)
    there.until(lambda: there.api.calls["results"] >= 3)
    running.kill()
    fetched = there.api.calls["results"]
    there.pause(0.5)
    program = there.altered(language, SHORT_RESULTS_SECONDS=0.4)
    done = there.run(language, *FOUR, "--poll-seconds", "5", program=program)
    assert done.code == 3, done.said
    assert there.api.calls["results"] == fetched + 1
    there.api.set_scenario({})
    assert there.run(other(language), *FOUR).code == 0
    there.is_complete(IDS[:4])


def test_killed_while_results_are_short(language: str, bench: Callable[..., Bench]) -> None:
    """Neither program takes the rest of what the other saw for missing."""
    there = bench({"faults": [on("results", "short", keep=0, batch=1, times=12)]})
    there.write(*IDS)
    runner = language
    for fetches in (2, 5, 8):
        running = there.start(runner, *FOUR)
        there.until(lambda least=fetches: there.api.calls["results"] >= least)
        running.kill()
        runner = other(runner)
    assert there.run(runner, *FOUR).code == 0
    there.is_complete(IDS)
    assert there.api.calls["create"] == 3


def test_a_counted_answer_that_is_not_there(language: str, bench: Callable[..., Bench]) -> None:
    """ "A request that the API counts as succeeded is never sent again": as many lines as promised, one of them strange."""
    stray = json.dumps({"custom_id": "x", "result": {"type": "succeeded", "message": {}}})
    there = bench({"faults": [on("results", "spoil", text=stray, batch=1, **ALWAYS)]})
    there.write(*IDS)
    done = there.run(language, *FOUR)
    assert done.code == 1, done.said
    there.is_complete(IDS)
    assert list(there.given_up().values()) == ["missing"]
    assert there.api.calls["create"] == 3


def test_a_line_twice_and_another_not_at_all(language: str, bench: Callable[..., Bench]) -> None:
    """As many lines as promised are not all when one stands twice: they are fetched again, however often that is."""
    there = bench({"faults": [on("results", "twice", batch=1, times=9)]})
    there.write(*IDS)
    done = there.run(language, *FOUR)
    assert done.code == 0, done.said
    there.is_complete(IDS)


@pytest.mark.parametrize(
    "lacking", [on("results", "twice", batch=1, times=3), on("results", "short", batch=1, times=3)]
)
def test_an_unreadable_line_after_others_that_lacked_one(
    lacking: dict[str, Any], language: str, bench: Callable[..., Bench]
) -> None:
    """However often an answer was not there, results that cannot be read are not the last that are fetched."""
    spoil = on("results", "spoil", text="<html>", batch=1, nth=4)
    there = bench({"faults": [lacking, spoil]})
    there.write(*IDS)
    done = there.run(language, *FOUR)
    assert done.code == 0, done.said
    there.is_complete(IDS)
    assert there.api.calls["create"] == 3


def test_cancel_collects_what_is_short(language: str, bench: Callable[..., Bench]) -> None:
    """`--cancel` gives the API its day too: what was paid for is collected."""
    there = bench({"faults": [on("results", "short", batch=1, times=7)]})
    there.write(*IDS)
    running = there.start(language, *FOUR)
    there.until(lambda: there.api.calls["results"] >= 2)
    running.kill()
    done = there.run(other(language), *FOUR, "--cancel")
    assert done.code in (0, 1), done.said
    there.is_complete(IDS)


def test_pages_of_a_proxy_are_no_results(language: str, bench: Callable[..., Bench]) -> None:
    """However often a page of HTML comes in the place of results: they are fetched again, and nothing is given up."""
    there = bench({"faults": [on("results", "html", times=6)]})
    there.write(*IDS[:1])
    done = there.run(language)
    assert done.code == 0, done.said
    there.is_complete(IDS[:1])
