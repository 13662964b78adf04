"""Lengths of prompts and answers: what is cut off, what needs a header, what costs more."""

import pytest

from planner.advice.caveat import Caveat
from tests.planner.advice.examples import caveat_of, has


def test_a_proposed_limit() -> None:
    """What the planner proposed is said; making it one's own is the remedy."""
    assert caveat_of("max-tokens-proposed") == Caveat(
        code="max-tokens-proposed",
        severity="notes",
        message=(
            "max_tokens below 2,000 would cut off about 5 % of the answers, which are billed all "
            "the same."
        ),
        fix={"workload.max_tokens": 2900},
        fix_label="Use 2,900",
    )


def test_a_known_tail_is_named() -> None:
    """Where it is known how long the longest twentieth is, that is the number."""
    caveat = caveat_of("max-tokens-proposed", {"workload": {"output_p95_tokens": 1500}})
    assert caveat.message.startswith("max_tokens below 1,500 would")


def test_answers_that_are_cut() -> None:
    """An own limit that cuts off a twentieth: the limit that cuts off a hundredth is the remedy."""
    assert caveat_of("answers-cut") == Caveat(
        code="answers-cut",
        severity="warns",
        message=(
            "max_tokens of 2,000 would cut off about 5 % of the answers, which are billed all the "
            "same."
        ),
        fix={"workload.max_tokens": 2900},
        fix_label="Use 2,900",
    )


@pytest.mark.parametrize(("max_tokens", "cut"), [(2600, True), (2900, False)])
def test_edge_of_what_is_cut(max_tokens: int, cut: bool) -> None:
    """A hundredth of the answers may be cut off, more is said."""
    assert has("answers-cut", {"workload": {"max_tokens": max_tokens}}) is cut


def test_answers_that_the_model_cuts() -> None:
    """Where the model allows no longer answers, there is no remedy."""
    caveat = caveat_of(
        "answers-cut", {"workload": {"output_tokens": 250_000, "max_tokens": 300_000}}
    )
    assert (caveat.fix, caveat.fix_label) == ({}, "")


def test_long_answers() -> None:
    """More than the model's usual limit needs a header; answers that are shorter do without.

    To cut them off there is no remedy where it would cut off too many.
    """
    assert caveat_of("long-output-header") == Caveat(
        code="long-output-header",
        severity="notes",
        message=(
            "max_tokens above 128,000 needs the beta header output-300k-2026-03-24; one such "
            "answer can take more than an hour."
        ),
    )
    short = {"workload": {"max_tokens": 130_000}}
    assert caveat_of("long-output-header", short).fix == {"workload.max_tokens": 128_000}


@pytest.mark.parametrize(("max_tokens", "needed"), [(128_000, False), (128_001, True)])
def test_edge_of_long_answers(max_tokens: int, needed: bool) -> None:
    """The model's usual limit itself needs no header."""
    assert has("long-output-header", {"workload": {"max_tokens": max_tokens}}) is needed


def test_long_prompts() -> None:
    """One token above the threshold makes the whole request dearer; shorter prompts are another
    question.
    """
    assert caveat_of("long-prompt-price") == Caveat(
        code="long-prompt-price",
        severity="warns",
        message=(
            "Prompts above 100,000 tokens put the whole request at a higher price, $0.25 instead "
            "of $0.05 for a million input tokens. The plan takes every prompt at the mean length."
        ),
    )


def test_edge_of_long_prompts() -> None:
    """The threshold itself is not above it."""
    raw = {"workload": {"model": "claude-haiku-5-5", "input_tokens": 100_000}}
    assert not has("long-prompt-price", raw)
