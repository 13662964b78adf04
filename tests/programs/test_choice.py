"""Promise 1: where ids prove nothing, nothing is taken for ours without a word."""

import json
from collections.abc import Callable

import pytest

from tests.programs.cases import ALWAYS, on
from tests.programs.harness import Bench
from tests.programs.written import other

IDS = [f"r{number}" for number in range(8)]
FOUR = ["--requests-per-batch", "4", "--concurrent-batches", "2"]


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


def test_an_id_is_a_word_before_none(language: str, bench: Callable[..., Bench]) -> None:
    """ "`--adopt` may be repeated": in whatever order, what is named is ours."""
    there = bench({"faults": [on("create", "foreign-too", alike=True)]})
    there.write(*IDS)
    assert there.run(language, *FOUR).code == 3
    words = ["--adopt", "none", "--adopt", "msgbatch_000002"]
    done = there.run(other(language), *FOUR, *words)
    assert done.code == 0, done.said
    there.is_complete(IDS)
    assert there.api.calls["create"] == 2


def test_a_candidate_whose_results_are_gone(language: str, bench: Callable[..., Bench]) -> None:
    """An archived candidate cannot be judged: it may be ours, and paid for, so nothing is sent without a word."""
    archived = on("retrieve", "archived", batch=1, **ALWAYS)
    there = bench({"faults": [on("create", "lose-answer"), archived]})
    there.write(*IDS)
    done = there.run(language, *FOUR)
    assert done.code == 3, done.said
    assert "--adopt" in done.stderr
    there.pays_once()
    assert there.api.calls["create"] == 2


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


def test_a_candidate_that_has_ended_with_a_request_less(
    language: str, bench: Callable[..., Bench]
) -> None:
    """A batch that has ended may count fewer than were sent: it may be ours, so nothing is sent without a word."""
    outcome = {"id": "r2", "attempt": 1, "type": "missing"}
    there = bench({"polls": 9, "outcomes": [outcome]})
    there.write(*IDS)
    assert there.run(language, *FOUR, kill=("created", "before")).code == -9
    there.let_all_end()
    there.api.end_all()
    done = there.run(other(language), *FOUR)
    assert done.code == 3, done.said
    assert "msgbatch_000001" in done.stderr and "--adopt" in done.stderr
    there.pays_once()
    done = there.run(language, *FOUR, "--adopt", "msgbatch_000001")
    assert done.code == 0, done.said
    there.is_complete(IDS)
    assert there.api.calls["create"] == 3, "two batches, and one for the id that was missing"


@pytest.mark.parametrize("alike", [False, True])
def test_a_stranger_that_has_ended_with_a_request_less(
    alike: bool, language: str, bench: Callable[..., Bench]
) -> None:
    """Somebody's smaller batch is let go by its ids; with some of our ids it is not taken for ours without a word."""
    there = bench()
    there.write(*IDS)
    assert there.run(language, *FOUR, kill=("submit", "after")).code == -9
    there.api.make_foreign(3, IDS[:3] if alike else None)
    there.api.end_all()
    done = there.run(other(language), *FOUR)
    assert done.code == (3 if alike else 0), done.said
    if alike:
        assert there.run(language, *FOUR, "--adopt", "none").code == 0
    there.is_complete(IDS)
    assert there.api.calls["create"] == 2
