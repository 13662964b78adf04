"""Promise 1: a batch whose making is in doubt is proved ours, proved not made, or left to the person who knows."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.programs.cases import ALWAYS, error, on
from tests.programs.harness import SECRET, Bench, other

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


def test_a_candidate_that_vanishes(language: str, bench: Callable[..., Bench]) -> None:
    """ "A candidate that vanishes (deleted by its owner, 404) is not ours …; the run goes on." """
    there = bench({"faults": [on("create", "foreign"), on("retrieve", "vanish", batch=1)]})
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


def test_a_candidate_whose_results_vanish(language: str, bench: Callable[..., Bench]) -> None:
    """The same, when it vanishes after it has ended."""
    gone = on("results", "vanish", batch=1)
    there = bench({"faults": [on("create", "foreign"), gone]})
    there.write(*IDS)
    program = there.altered(language, LOST_BATCH_SECONDS=0.5)
    done = there.run(language, *FOUR, program=program)
    assert done.code == 0, done.said
    there.is_complete(IDS)
    assert there.api.calls["create"] == 3


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


def test_a_neighbour_who_shares_some_ids(language: str, bench: Callable[..., Bench]) -> None:
    """Some of our ids among others' prove nothing: the batch is somebody else's, and ours is sent."""
    shared = ["r2", "r3", "r4", "r5"]
    there = bench({"faults": [on("create", "foreign", ids=shared)]})
    there.write(*IDS)
    done = there.run(language, *FOUR)
    assert done.code == 0, done.said
    there.is_complete(IDS)
    assert there.api.calls["create"] == 3


# --- where ids prove nothing ----------------------------------------------------------------------


def test_two_candidates_fit(language: str, bench: Callable[..., Bench]) -> None:
    """ "If more than one candidate fits, nothing is taken for ours without a word (code 3 with the choice)." """
    there = bench({"faults": [on("create", "foreign-too", alike=True)]})
    there.write(*IDS)
    done = there.run(language, *FOUR)
    assert done.code == 3, done.said
    assert all(name in done.stderr for name in ("msgbatch_000001", "msgbatch_000002", "--adopt"))
    there.pays_once()
    assert there.api.calls["create"] == 2, "the other batch is sent and collected"
    assert len(there.lines("succeeded.jsonl")) == 4
    assert there.run(other(language), *FOUR).code == 3, "it stays a choice"
    done = there.run(other(language), *FOUR, "--adopt", "msgbatch_000002")
    assert done.code == 0, done.said
    there.is_complete(IDS)
    assert there.api.calls["create"] == 2


def test_none_of_the_candidates(language: str, bench: Callable[..., Bench]) -> None:
    """The person's word that none of them is ours: then the requests are sent."""
    there = bench({"faults": [on("create", "foreign", alike=True, count=2)]})
    there.write(*IDS)
    done = there.run(language, *FOUR)
    assert done.code == 3, done.said
    assert there.api.calls["create"] == 2
    done = there.run(other(language), *FOUR, "--adopt", "none")
    assert done.code == 0, done.said
    there.is_complete(IDS)
    assert there.api.calls["create"] == 3


@pytest.mark.parametrize("tokens", [1, 100_000])
def test_answers_that_do_not_fit_our_prompts(
    tokens: int, language: str, bench: Callable[..., Bench]
) -> None:
    """ "… or its answers do not fit our prompts by their tokens": too many, or too few."""
    theirs = {"usage": {"input_tokens": tokens}}
    there = bench({"faults": [on("create", "foreign", alike=True, theirs=theirs)]})
    there.write(*IDS)
    done = there.run(language, *FOUR)
    assert done.code == 3, done.said
    assert "msgbatch_000001" in done.stderr and "--adopt" in done.stderr
    assert there.api.calls["create"] == 2
    done = there.run(other(language), *FOUR, "--adopt", "none")
    assert done.code == 0, done.said
    there.is_complete(IDS)


def test_answers_that_are_long_where_our_prompts_are_short(
    language: str, bench: Callable[..., Bench]
) -> None:
    """The same total of tokens, and none of them where ours would be."""
    ids = [f"r{number}" for number in range(10)]
    there = bench()
    rows = [{"id": name, "prompt": "x" * (2000 if n % 2 else 20)} for n, name in enumerate(ids)]
    there.input.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    tokens = {name: {"input_tokens": 25 if n % 2 else 525} for n, name in enumerate(ids)}
    theirs = {name: {"usage": usage} for name, usage in tokens.items()}
    fault = on("create", "foreign", alike=True, theirs_by_id=theirs)
    there.api.set_scenario({"faults": [fault]})
    done = there.run(language, "--requests-per-batch", "10")
    assert done.code == 3, done.said
    done = there.run(other(language), "--requests-per-batch", "10", "--adopt", "none")
    assert done.code == 0, done.said
    there.is_complete(ids)


def test_prompts_of_many_lengths_are_ours(language: str, bench: Callable[..., Bench]) -> None:
    """Our own batch fits by its tokens, so that a lost answer needs no word."""
    ids = [f"r{number}" for number in range(12)]
    there = bench({"faults": [on("create", "lose-answer")]})
    rows = [{"id": name, "prompt": "é" * (40 * n * n + 1)} for n, name in enumerate(ids)]
    there.input.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    done = there.run(language, "--requests-per-batch", "12")
    assert done.code == 0, done.said
    there.is_complete(ids)
    assert there.api.calls["create"] == 1


# --- the list -------------------------------------------------------------------------------------


@pytest.mark.parametrize("earlier_s", [2.0, 200.0])
def test_ours_is_stamped_before_the_newest(
    earlier_s: float, language: str, bench: Callable[..., Bench]
) -> None:
    """ "The list is read until it is older than the intention by a margin for clocks (5 minutes)." """
    there = bench({"faults": [on("create", "lose-answer", nth=2, stamp_s=-earlier_s)]})
    there.write(*IDS)
    there.api.make_foreign(3)
    done = there.run(language, *FOUR)
    assert done.code == 0, done.said
    there.is_complete(IDS)
    assert there.api.calls["create"] == 2


@pytest.mark.parametrize("page", [{"rows": 1}, {"has_more": False}, {"rows": 2, "has_more": False}])
def test_the_list_comes_in_pages_of_any_length(
    page: dict[str, Any], language: str, bench: Callable[..., Bench]
) -> None:
    """ "… whatever the page says of its length or of more." """
    lost = on("create", "foreign-too", when="after", count=130, size=7)
    there = bench({"faults": [lost, on("list", "page", **page, **ALWAYS)]})
    there.write(*IDS)
    done = there.run(language, *FOUR)
    assert done.code == 0, done.said
    there.is_complete(IDS)
    assert there.api.calls["create"] == 2


@pytest.mark.parametrize("status", [400, 404])
def test_a_cursor_that_vanishes(status: int, language: str, bench: Callable[..., Bench]) -> None:
    """Somebody deletes the batch that the next page begins after: the list is read again from its head."""
    kind = "invalid_request_error" if status == 400 else "not_found_error"
    gone = [error("list", status, kind, message="after_id: no such batch", nth=n) for n in (2, 5)]
    there = bench({"faults": [on("create", "lose-answer"), *gone]})
    there.write(*IDS)
    there.api.make_foreign(3)
    done = there.run(language, *FOUR)
    assert done.code == 0, done.said
    there.is_complete(IDS)
    assert there.api.calls["create"] == 2


def test_what_was_there_before_is_no_candidate(language: str, bench: Callable[..., Bench]) -> None:
    """Batches of our size that were listed before the create are not held against ours."""
    there = bench({"faults": [on("create", "lose-answer")]})
    there.write(*IDS)
    for _ in range(3):
        there.api.make_foreign(4)
    done = there.run(language, *FOUR)
    assert done.code == 0, done.said
    there.is_complete(IDS)
    assert not [
        line for line in there.api.log if "GET /v1/messages/batches/msgbatch_000001" in line
    ]


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
