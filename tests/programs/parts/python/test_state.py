"""The journal's sum: examples of each line, one after the other, without a file."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.programs.python.request import END, Range, joined, without
from planner.programs.python.state import State

CUT = {
    "event": "cut",
    "batch": 1,
    "round": 0,
    "start": 0,
    "end": 40,
    "requests": 3,
    "bytes": 99,
    "worst_usd": "0.5",
    "canary": False,
}
SUBMIT = {"event": "submit", "batch": 1, "since": None}
CREATED = {"event": "created", "batch": 1, "id": "b1", "created_at": "2026-11-24T08"}
SORTED = {
    "event": "sorted",
    "batch": 1,
    "succeeded": 1,
    "given_up": 1,
    "again": 1,
    "reasons": {"expired": 1},
    "truncated": 1,
    "refused": 0,
    "usage": {"input_tokens": 7},
    "usd": "0.01",
    "unpriced": 0,
    "lengths": [10, 20, 30],
}


def state_of(*events: dict[str, Any]) -> State:
    state = State()
    for event in events:
        state.apply({"at": "2026-11-24T08:00:00+00:00", **event})
    return state


def test_a_cut_batch_is_unsent() -> None:
    """The next begins where it ends."""
    state = state_of(CUT)
    assert state.batches[1].status == "unsent"
    assert (state.uncut, state.numbers, state.in_flight()) == ([Range(40, END)], 1, [])


def test_a_submitted_batch_is_in_doubt_until_it_is_named() -> None:
    """It may be at the provider from the moment of the intention."""
    assert [batch.status for batch in state_of(CUT, SUBMIT).in_flight()] == ["doubt"]
    created = state_of(CUT, SUBMIT, CREATED)
    assert [(batch.status, batch.id) for batch in created.in_flight()] == [("open", "b1")]
    assert (
        created.own == {"b1"}
        and created.created == ["b1"]
        and created.first_created_at == "2026-11-24T08"
    )


@pytest.mark.parametrize("event", ["not_made", "refused"])
def test_what_was_not_made_is_unsent(event: str) -> None:
    """Its requests may be sent again."""
    state = state_of(CUT, SUBMIT, {"event": event, "batch": 1})
    assert state.batches[1].status == "unsent"


def test_halves_replace_a_batch() -> None:
    """And no later batch is larger than they."""
    halves = [{**CUT, "batch": 2, "requests": 2}, {**CUT, "batch": 3, "requests": 1}]
    state = state_of(CUT, SUBMIT, {"event": "halved", "batch": 1, "into": halves})
    assert [*state.batches] == [2, 3]
    assert (state.largest_requests, state.largest_bytes, state.numbers) == (2, 50, 3)


def test_a_stored_batch_is_no_longer_in_flight() -> None:
    """It holds no place in the queue."""
    state = state_of(CUT, SUBMIT, CREATED, {"event": "stored", "batch": 1, "bytes": 1})
    assert state.in_flight() == [] and state.with_status("stored")


def test_a_sorted_batch_is_counted_and_gone() -> None:
    """Its requests are in the totals, its retries on the next list."""
    state = state_of(CUT, SUBMIT, CREATED, SORTED)
    assert state.batches == {}
    totals = state.totals
    assert (totals.succeeded, totals.given_up, totals.truncated) == (1, 1, 1)
    assert totals.usage["input_tokens"] == 7 and totals.spent == 10**11
    assert (state.again, state.lengths) == (1, (10, 20, 30))


def test_the_canary_is_counted_apart() -> None:
    """More than half given up, and it has failed."""
    canary = {**CUT, "canary": True}
    state = state_of(canary, SUBMIT, CREATED, {**SORTED, "given_up": 2})
    assert state.canary.failed()
    assert not state_of(canary, SUBMIT, CREATED, SORTED).canary.failed()


def test_a_round_starts_its_list() -> None:
    """The new list is empty, the files of answers go on."""
    round_ = {"event": "round", "round": 1, "requests": 1, "bytes": 30, "not_before": 5.0}
    state = state_of(CUT, SUBMIT, CREATED, SORTED, round_)
    assert (state.round, state.uncut) == (1, [Range(0, 30)])
    assert (state.again, state.lengths, state.totals.retried) == (0, (10, 20, 0), 1)


def test_the_end() -> None:
    """A run that is done has its code."""
    state = state_of({"event": "cancel"}, {"event": "done", "code": 1})
    assert state.canceling and state.done == 1


def test_a_dissolved_batch_is_uncut_again() -> None:
    """Its range is cut anew, whatever the settings are then; the canary too."""
    second = {**CUT, "batch": 2, "start": 40, "end": 70, "canary": True}
    state = state_of(CUT, second, {"event": "recut", "batches": [1]})
    assert state.uncut == [Range(0, 40), Range(70, END)]
    state = state_of(CUT, second, {"event": "recut", "batches": [1, 2]})
    assert state.uncut == [Range(0, END)]
    assert (state.canary.cut, state.canary.rest, state.batches) == (0, 0, {})


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), max_size=8))
def test_ranges_are_sets_of_bytes(cuts: list[tuple[int, int]]) -> None:
    """Whatever is cut and given back, in whatever order."""
    ranges, expected = [Range(0, 20)], set(range(20))
    for number, (start, length) in enumerate(cuts):
        piece = Range(start, min(20, start + length))
        if number % 3 < 2:
            ranges, expected = without(ranges, piece), expected - set(range(*piece))
        elif piece.start < piece.end:
            ranges, expected = joined([*ranges, piece]), expected | set(range(*piece))
        assert {byte for each in ranges for byte in range(*each)} == expected
        assert ranges == sorted(ranges)


def test_a_question_has_candidates() -> None:
    """One let go is no candidate any more; one adopted is proof."""
    doubt = {"event": "doubt", "batch": 1, "why": "no answer", "took_s": 2.5}
    asked = [CUT, SUBMIT, doubt, {"event": "candidates", "batch": 1, "ids": ["x", "y"]}]
    state = state_of(*asked)
    assert [batch.status for batch in state.in_flight()] == ["question"]
    assert state.batches[1].took_s == 2.5
    let_go = {"event": "let_go", "batch": 1, "id": "x", "why": "ids"}
    adopted = {"event": "adopted", "batch": 1, "id": "y", "created_at": "2026"}
    state = state_of(*asked, let_go)
    assert (state.batches[1].candidates, state.batches[1].let_go) == (["y"], {"x"})
    state = state_of(*asked, let_go, adopted)
    assert state.batches[1].status == "open" and state.own == {"y"} and not state.created
    state = state_of(*asked, let_go, {"event": "not_made", "batch": 1})
    assert state.batches[1].status == "unsent"


def test_a_run_that_is_sent_again() -> None:
    """Those given up are counted anew, and the run is not at its end."""
    again = {"event": "again", "round": 1, "requests": 1, "bytes": 30, "not_before": 5.0}
    again |= {"kept": 0, "failed": "failed-1.jsonl", "lengths": [10, 0, 0]}
    again |= {"given_up": 0, "reasons": {}}
    end = [{"event": "cancel"}, {"event": "done", "code": 1}]
    state = state_of(CUT, SUBMIT, CREATED, SORTED, *end, again)
    assert (state.done, state.canceling, state.totals.given_up) == (None, False, 0)
    assert (state.failed_before, state.lengths) == ("failed-1.jsonl", (10, 0, 0))


def test_an_unknown_line_is_an_error() -> None:
    """It may be of a newer program: what it changed is not known."""
    with pytest.raises(KeyError):
        state_of({"event": "news"})
