"""What ends a run, and how it is told apart."""

import pytest

from planner.programs.python.errors import (
    ACCOUNT_WORDS,
    Interrupted,
    LostBatchError,
    NoAnswerError,
    StoppedError,
    TroubleError,
)


@pytest.mark.parametrize(
    "words",
    [
        "Your credit balance is too low to access the API.",
        "The account lacks credit",
        "insufficient prepaid credit",
        "You have reached your specified API usage limits.",
        "spending limit reached",
    ],
)
def test_words_about_the_account(words: str) -> None:
    """They stop the run, whatever the class of the error."""
    assert ACCOUNT_WORDS.search(words)


@pytest.mark.parametrize(
    "words",
    [
        "max_tokens: must be at least 1",
        "Credit: the author of this text",
        "a limit of 200,000 tokens",
    ],
)
def test_words_about_a_request(words: str) -> None:
    """They do not: the request is at fault."""
    assert not ACCOUNT_WORDS.search(words)


def test_trouble_with_one_batch_stops_the_run_too() -> None:
    """After the others: what catches a stop catches it."""
    assert issubclass(TroubleError, StoppedError) and issubclass(LostBatchError, TroubleError)


def test_a_signal_passes_what_catches_errors() -> None:
    """It is no Exception."""
    assert not issubclass(Interrupted, Exception)


def test_no_answer_says_what_helps_where_asking_again_does_not() -> None:
    """Otherwise nothing."""
    assert NoAnswerError("why").remedy == ""
    assert NoAnswerError("why", "check it").remedy == "check it"
