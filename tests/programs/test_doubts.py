"""Promise 1: a batch whose making is in doubt is proved ours, proved not made, or left to the person who knows."""

import json
from collections.abc import Callable

import pytest

from tests.programs.cases import ALWAYS, error, on
from tests.programs.harness import SECRET, Bench
from tests.programs.written import other

IDS = [f"r{number}" for number in range(8)]
FOUR = ["--requests-per-batch", "4", "--concurrent-batches", "2"]
# A body that takes a second on the way: the server reads no faster, and the system holds little.
SLOW = {"bytes_per_second": 300_000}
NARROW = {"receive_buffer": 8192}


def write_large(there: Bench, ids: list[str], size: int) -> None:
    """INPUT of rows with long prompts, none like another."""
    rows = [json.dumps({"id": name, "prompt": f"{SECRET} {name} " + "x" * size}) for name in ids]
    there.input.write_text("".join(row + "\n" for row in rows), "utf-8")


# --- the grace fits the body ----------------------------------------------------------------------


def test_the_grace_is_as_long_as_the_body_took(language: str, bench: Callable[..., Bench]) -> None:
    """ "The grace … begins when the create has been given up and is at least as long as the body took to send." """
    late = on("create", "late", seconds=0.7, **SLOW)
    there = bench({"faults": [late], **NARROW})
    write_large(there, IDS[:4], 90_000)
    done = there.run(language, *FOUR, "--adopt-grace-seconds", "0.05")
    assert done.code == 0, done.said
    there.is_complete(IDS[:4])
    assert there.api.calls["create"] == 1


def test_the_grace_after_a_kill_fits_the_body(language: str, bench: Callable[..., Bench]) -> None:
    """ "The grace fits the body", also when the create was given up by a kill."""
    late = on("create", "hang-late", seconds=0.8, **SLOW)
    there = bench({"faults": [late], **NARROW})
    write_large(there, IDS[:4], 90_000)
    running = there.start(language, *FOUR)
    there.until(lambda: there.api.newest_size == 4)  # the whole body has come
    running.kill()
    done = there.run(other(language), *FOUR, "--adopt-grace-seconds", "0.05")
    assert done.code == 0, done.said
    there.is_complete(IDS[:4])
    assert there.api.calls["create"] == 1


def test_a_commit_after_the_answer_was_given_up(language: str, bench: Callable[..., Bench]) -> None:
    """A create that is made when nobody waits for its answer any more is found, not sent again."""
    there = bench({"faults": [on("create", "hang-late", seconds=1.0)]})
    there.write(*IDS)
    program = there.altered(language, ANSWER_SECONDS=0.6)
    done = there.run(language, *FOUR, "--adopt-grace-seconds", "0.05", program=program)
    assert done.code == 0, done.said
    there.is_complete(IDS)
    assert there.api.calls["create"] == 2


# --- a doubt stays a doubt ------------------------------------------------------------------------


def test_two_sisters_in_doubt(language: str, bench: Callable[..., Bench]) -> None:
    """ "Doubts of several batches are settled together, never against each other's candidates": no kill, rivals of our size.

    The first batch was not made, the second was, and beside each stands a stranger's.
    """
    there = bench({"faults": [on("create", "foreign"), on("create", "foreign-too", nth=2)]})
    there.write(*IDS)
    done = there.run(language, *FOUR)
    assert done.code == 0, done.said
    there.is_complete(IDS)
    assert there.api.calls["create"] == 3


@pytest.mark.parametrize("nth", [1, 2])
def test_two_answers_lost_among_rivals(
    nth: int, language: str, bench: Callable[..., Bench]
) -> None:
    """ "What one batch lets go stays a candidate for the others." """
    lost = [on("create", "foreign-too", count=3, when="after", nth=nth)]
    lost += [on("create", "foreign-too", count=2, nth=3 - nth)]
    there = bench({"faults": lost})
    there.write(*IDS)
    done = there.run(language, *FOUR)
    assert done.code == 0, done.said
    there.is_complete(IDS)
    assert there.api.calls["create"] == 2


@pytest.mark.parametrize("line", [8, 10, 12])
def test_two_sisters_in_doubt_and_a_kill(
    line: int, language: str, bench: Callable[..., Bench]
) -> None:
    """ "… and doubts that a kill interrupted, are settled together."

    The first batch was not made and a stranger's stands in its place; the second was made, and is listed late.
    """
    lost = [on("create", "foreign"), on("create", "lose-answer", nth=2)]
    there = bench({"faults": lost, "list_delay": 0.3})
    there.write(*IDS)
    grace = ["--adopt-grace-seconds", "0.7"]
    there.run(language, *FOUR, *grace, kill=(line, "after"))
    done = there.run(other(language), *FOUR, *grace)
    assert done.code == 0, done.said
    there.is_complete(IDS)
    assert there.api.calls["create"] == 3


def test_a_neighbour_without_end(language: str, bench: Callable[..., Bench]) -> None:
    """A stranger who makes a batch of our size whenever we look does not hold the run up."""
    there = bench({"faults": [on("create", "drop"), on("list", "neighbour", **ALWAYS)]})
    there.write(*IDS)
    done = there.run(language, *FOUR)
    assert done.code == 0, done.said
    there.is_complete(IDS)
    assert there.api.calls["create"] == 3


@pytest.mark.parametrize("asked", ["retrieve", "results"])
def test_a_candidate_that_vanishes(asked: str, language: str, bench: Callable[..., Bench]) -> None:
    """ "A candidate that vanishes (deleted by its owner, 404) is not ours …; the run goes on", after its end too."""
    there = bench({"faults": [on("create", "foreign"), on(asked, "vanish", batch=1)]})
    there.write(*IDS)
    program = there.altered(language, LOST_BATCH_SECONDS=0.5)
    done = there.run(language, *FOUR, program=program)
    assert done.code == 0, done.said
    there.is_complete(IDS)
    assert there.api.calls["create"] == 3


def test_a_candidate_that_is_unknown_for_a_while(
    language: str, bench: Callable[..., Bench]
) -> None:
    """A 404 may be passing trouble: what the list still shows has not vanished, and may be ours."""
    passing = error("retrieve", 404, "not_found_error", batch=1, times=8)
    there = bench({"faults": [on("create", "lose-answer"), passing]})
    there.write(*IDS)
    done = there.run(language, *FOUR)
    assert done.code == 0, done.said
    there.is_complete(IDS)
    assert there.api.calls["create"] == 2


def test_a_candidate_whose_results_are_not_found(
    language: str, bench: Callable[..., Bench]
) -> None:
    """A candidate that is there has not vanished, though its results are not found: it may be paid for."""
    gone = error("results", 404, "not_found_error", batch=1, **ALWAYS)
    there = bench({"faults": [on("create", "lose-answer"), gone]})
    there.write(*IDS)
    program = there.altered(language, LOST_BATCH_SECONDS=0.3)
    done = there.run(language, *FOUR, program=program)
    assert done.code == 3, done.said
    assert "--adopt" in done.stderr
    there.pays_once()
    there.let_all_end()
    assert there.run(other(language), *FOUR).code == 0
    there.is_complete(IDS)
    assert there.api.calls["create"] == 2


def test_a_candidate_that_was_unknown_long_ago(language: str, bench: Callable[..., Bench]) -> None:
    """What was not found once, and then was, is not gone when its results are not found at once."""
    unknown = error("retrieve", 404, "not_found_error", batch=1, times=3)
    gone = error("results", 404, "not_found_error", batch=1, times=3)
    there = bench({"polls": 60, "faults": [on("create", "lose-answer"), unknown, gone]})
    there.write(*IDS)
    program = there.altered(language, LOST_BATCH_SECONDS=1.0)
    done = there.run(language, *FOUR, program=program)
    assert done.code == 0, done.said
    there.is_complete(IDS)
    assert there.api.calls["create"] == 2


def test_a_stray_line_does_not_make_ours_a_strangers(
    language: str, bench: Callable[..., Bench]
) -> None:
    """A batch whose answer was lost, with one line too many in its results, is still ours."""
    stray = on("results", "stray", lines=[json.dumps({"custom_id": "x", "result": {}})], **ALWAYS)
    there = bench({"faults": [on("create", "lose-answer"), stray]})
    there.write(*IDS)
    done = there.run(language, *FOUR)
    assert done.code == 0, done.said
    there.is_complete(IDS)
    assert there.api.calls["create"] == 2


def test_an_unreadable_line_does_not_make_ours_a_strangers(
    language: str, bench: Callable[..., Bench]
) -> None:
    """A batch whose answer was lost, with a line that cannot be read, is still ours."""
    spoil = on("results", "spoil", text='{"custom_id": "r', batch=1, **ALWAYS)
    there = bench({"faults": [on("create", "lose-answer"), spoil]})
    there.write(*IDS)
    done = there.run(language, *FOUR)
    assert done.code == 1, done.said
    there.is_complete(IDS)
    assert there.api.calls["create"] == 2


def test_an_unreadable_line_after_short_results(language: str, bench: Callable[..., Bench]) -> None:
    """However often a candidate's results were short, those that cannot be read are not the last that are fetched."""
    short = on("results", "short", lines=2, batch=1, times=3)
    spoil = on("results", "spoil", text='{"custom_id": "r', batch=1, lines=4, nth=4)
    there = bench({"faults": [on("create", "lose-answer"), short, spoil]})
    there.write(*IDS)
    done = there.run(language, *FOUR)
    assert done.code == 0, done.said
    there.is_complete(IDS)
    assert there.api.calls["create"] == 2


def test_an_answer_too_few_does_not_make_ours_a_strangers(
    language: str, bench: Callable[..., Bench]
) -> None:
    """A batch whose answer was lost, and whose complete results lack an id, is still ours: they hold no other's."""
    outcome = {"id": "r2", "attempt": 1, "type": "missing"}
    there = bench({"faults": [on("create", "lose-answer")], "outcomes": [outcome]})
    there.write(*IDS)
    done = there.run(language, *FOUR)
    assert done.code == 0, done.said
    there.is_complete(IDS)
    assert there.api.calls["create"] == 3, "two batches, and one for the id that was missing"


def test_a_stray_line_stands_for_none_that_is_not_counted(
    language: str, bench: Callable[..., Bench]
) -> None:
    """An answer too few that the API does not count, and a stray line beside the others: all that it counts is ours."""
    stray = on("results", "stray", lines=[json.dumps({"custom_id": "x", "result": {}})], **ALWAYS)
    outcome = {"id": "r2", "attempt": 1, "type": "missing"}
    there = bench({"faults": [on("create", "lose-answer"), stray], "outcomes": [outcome]})
    there.write(*IDS)
    done = there.run(language, *FOUR)
    assert done.code == 0, done.said
    there.is_complete(IDS)
    assert there.api.calls["create"] == 3, "two batches, and one for the id that was missing"


def test_a_neighbour_who_shares_some_ids(language: str, bench: Callable[..., Bench]) -> None:
    """Some of our ids among others' prove nothing: the batch is somebody else's, and ours is sent."""
    shared = ["r2", "r3", "r4", "r5"]
    there = bench({"faults": [on("create", "foreign", ids=shared)]})
    there.write(*IDS)
    done = there.run(language, *FOUR)
    assert done.code == 0, done.said
    there.is_complete(IDS)
    assert there.api.calls["create"] == 3


def test_others_are_sent_while_one_is_in_question(
    language: str, bench: Callable[..., Bench]
) -> None:
    """A candidate that takes its time holds up its own batch, not the run."""
    there = bench({"faults": [on("create", "foreign")], "polls": 0})
    there.write(*IDS)
    running = there.start(language, *FOUR)
    there.until(lambda: bool(there.api.batches))
    there.api.batches[0].polls_left = 10**6
    there.until(lambda: len(there.lines("succeeded.jsonl")) == 4)
    there.api.batches[0].polls_left = 0
    assert running.wait().code == 0
    there.is_complete(IDS)
