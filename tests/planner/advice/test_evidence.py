"""What the forecast rests on, said where it is little."""

from dataclasses import replace as with_values
from typing import Any

import pytest

from planner.advice.caveat import Caveat
from tests.planner.advice.examples import caveat_of, has


def test_thin_evidence() -> None:
    """How many public observations there are, and how few of them are of large batches."""
    assert caveat_of("evidence-thin") == Caveat(
        code="evidence-thin",
        severity="notes",
        message=(
            "The time rests on 94 public observations; only 11 of them had 1,000 requests or more. "
            "Your own batches say more: choose “My own batches” once you have some."
        ),
    )


@pytest.mark.parametrize(("requests", "thin"), [(200, False), (201, True)])
def test_edge_of_thin_evidence(requests: int, thin: bool) -> None:
    """Of small batches there are many observations."""
    assert has("evidence-thin", {"workload": {"requests": requests}}) is thin


def test_the_guide() -> None:
    """No measurement stands behind it."""
    caveat = caveat_of("guide-unsupported")
    assert caveat.fix_label.startswith("Use public observations")
    assert with_values(caveat, fix_label="Use public observations") == Caveat(
        code="guide-unsupported",
        severity="warns",
        message=(
            "No measurement supports this table of durations; it is kept so that old plans can be "
            "compared."
        ),
        fix={"duration.model": "observed"},
        fix_label="Use public observations",
    )


def test_the_formula() -> None:
    """It has no bad days. The public observations are no remedy: they rest on little themselves."""
    assert caveat_of("formula-assumed") == Caveat(
        code="formula-assumed",
        severity="notes",
        message=(
            "The formula knows no slow hours: it says one time, with no chance of being later."
        ),
    )


def test_a_short_history() -> None:
    """One batch of one's own says little."""
    assert caveat_of("history-short") == Caveat(
        code="history-short",
        severity="notes",
        message="1 batch of your own says little about bad days. "
        "From 1 row the slowest bounds 1 run in 2.",
    )


@pytest.mark.parametrize(("rows", "short"), [(9, True), (10, False)])
def test_edge_of_a_short_history(rows: int, short: bool) -> None:
    """Ten batches are enough."""
    raw = {"duration": {"model": "history", "history": [[10_000, 1000]] * rows}}
    assert has("history-short", raw) is short


def test_a_short_history_of_several() -> None:
    """They are counted."""
    raw = {"duration": {"model": "history", "history": [[10_000, 1000]] * 9}}
    message = caveat_of("history-short", raw).message
    assert message == (
        "9 batches of your own say little about bad days. "
        "From 9 rows the slowest bounds 9 runs in 10."
    )


@pytest.mark.parametrize(
    ("duration", "code"),
    [
        ({"model": "observed"}, "evidence-thin"),
        ({"model": "guide"}, "guide-unsupported"),
        ({"model": "formula"}, "formula-assumed"),
        ({"model": "history", "history": [[1, 60]]}, "history-short"),
    ],
)
def test_one_model_one_caveat(duration: dict[str, Any], code: str) -> None:
    """Each way to judge the time has its own caveat, and none of another."""
    for other in ("evidence-thin", "guide-unsupported", "formula-assumed", "history-short"):
        assert has(other, {"duration": duration}) is (other == code)


@pytest.mark.parametrize("model", ["observed", "guide", "formula"])
def test_own_batches_that_are_not_used_are_told(model: str) -> None:
    """With the remedy, where its plan has no note of its own; and nobody is told to get some."""
    rows = [[10_000, 1000 + row] for row in range(20)]
    raw = {"duration": {"model": model, "history": rows}}
    told = caveat_of("history-unused", raw)
    assert (told.severity, told.fix) == ("notes", {"duration.model": "history"})
    assert told.fix_label.startswith("Use my own batches")
    assert told.message == (
        "20 batches of your own have no part in the time: choose “My own batches” to judge by them."
    )
    assert not has("history-unused", {"duration": {"model": "history", "history": rows}})
    assert not has("history-unused", {"duration": {"model": model}})


def test_who_has_batches_is_not_told_to_get_some() -> None:
    """The public rows are as thin as before."""
    raw = {"duration": {"history": [[10_000, 1000]]}}
    assert caveat_of("evidence-thin", raw).message.endswith("had 1,000 requests or more.")
    assert "once you have some" in caveat_of("evidence-thin", {}).message
    assert caveat_of("history-unused", raw).message.startswith("1 batch of your own has no part")


def test_a_long_link() -> None:
    """A long history makes a link that servers may refuse; nothing shortens it."""
    assert caveat_of("history-link-long") == Caveat(
        code="history-link-long",
        severity="notes",
        message=(
            "A link with 501 rows of history is longer than many chats accept; keep them in a "
            "scenario file too."
        ),
    )


def test_edge_of_a_long_link() -> None:
    """500 rows fit."""
    raw = {"duration": {"model": "history", "history": [[100, 60]] * 500}}
    assert not has("history-link-long", raw)


def test_rows_that_do_not_count_are_told() -> None:
    """By their numbers, with the reason; of many the first few."""
    rows = [[100, 60], [100, 90_000], [100, 1], [100, 86_400], *[[100, 100_000]] * 9]
    raw = {"duration": {"model": "history", "history": rows}}
    assert caveat_of("history-left-out", raw).message == (
        "Not counted in your history: rows 2, 5, 6, 7, 8 and 5 more (longer than the 24 h that a batch "
        "may live); row 3 (over sooner than any batch that was worked on: cancelled, or mistyped)."
    )


def test_no_row_counts() -> None:
    """Then it is said that the public ones are used."""
    raw = {"duration": {"model": "history", "history": [[100, 90_000]]}}
    assert caveat_of("history-short", raw).message.endswith("The public ones are used.")
