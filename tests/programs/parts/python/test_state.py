"""The journal's sum: examples of each line, one after the other, without a file."""

from typing import Any

import pytest

from planner.programs.python.state import CHANGES, State

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
    assert (state.position, state.numbers, state.in_flight()) == (40, 1, [])


def test_a_submitted_batch_is_in_doubt_until_it_is_named() -> None:
    """It may be at the provider from the moment of the intention."""
    assert [batch.status for batch in state_of(CUT, SUBMIT).in_flight()] == ["doubt"]
    created = state_of(CUT, SUBMIT, CREATED)
    assert [(batch.status, batch.id) for batch in created.in_flight()] == [("open", "b1")]
    assert created.known == {"b1"} and created.first_created_at == "2026-11-24T08"


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
    assert (state.round, state.position, state.round_bytes) == (1, 0, 30)
    assert (state.again, state.lengths, state.totals.retried) == (0, (10, 20, 0), 1)


def test_the_end() -> None:
    """A run that is done has its code."""
    state = state_of({"event": "cancel"}, {"event": "done", "code": 1})
    assert state.canceling and state.done == 1


def test_lines_that_change_nothing() -> None:
    """A doubt is told to people; the intention has said it to the state."""
    before, after = state_of(CUT, SUBMIT), state_of(CUT, SUBMIT, {"event": "doubt", "batch": 1})
    assert before == after and "doubt" not in CHANGES
