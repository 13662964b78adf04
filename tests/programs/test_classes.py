"""Promise 7: what a result's class and message say about trying again."""

import json
from collections.abc import Callable

import pytest

from tests.programs.cases import errored
from tests.programs.harness import SECRET, Bench

IDS = [f"r{number}" for number in range(10)]
FOUR = ["--requests-per-batch", "4"]
FILTERED = "Output blocked by content filtering policy"


@pytest.mark.parametrize(
    "message",
    [
        FILTERED,
        "The model's output was blocked by the content filter.",
        "output: blocked by Content Filter",
        "Your response was blocked by our content filtering policy.",
    ],
)
def test_filtered_output_is_tried_again(
    message: str, language: str, bench: Callable[..., Bench]
) -> None:
    """ "… one that says that the *output* was blocked by the content filter … is tried again." """
    outcome = errored("r[13]", "invalid_request_error", message=message, attempt=1, retriable=True)
    there = bench({"outcomes": [outcome]})
    there.write(*IDS)
    done = there.run(language, *FOUR)
    assert done.code == 0, done.said
    there.is_complete(IDS)
    assert there.summary()["retried"] == 2


def test_filtered_output_is_given_up_in_the_end(language: str, bench: Callable[..., Bench]) -> None:
    """It costs attempts like any other class, and is listed under a name of its own."""
    outcome = errored("r5", "invalid_request_error", message=FILTERED, retriable=True)
    there = bench({"outcomes": [outcome]})
    there.write(*IDS)
    done = there.run(language, *FOUR, "--max-retries", "2")
    assert done.code == 1, done.said
    there.is_complete(IDS)
    [line] = there.lines("failed.jsonl")
    assert (line["custom_id"], line["reason"], line["attempts"]) == ("r5", "content_filtered", 3)


@pytest.mark.parametrize(
    "message",
    [
        "Your prompt was blocked by our content filter.",
        "max_tokens: the output would be too long",
        "messages.0.content: filter is no such field",
    ],
)
def test_other_invalid_requests_are_given_up_at_once(
    message: str, language: str, bench: Callable[..., Bench]
) -> None:
    """A blocked prompt, or a message that has one of the words, would fail alike."""
    there = bench({"outcomes": [errored("r5", "invalid_request_error", message=message)]})
    there.write(*IDS)
    done = there.run(language, *FOUR)
    assert done.code == 1, done.said
    there.is_complete(IDS)
    assert there.given_up() == {"r5": "invalid_request_error"}
    assert there.api.calls["create"] == 3


@pytest.mark.parametrize(
    "message",
    [
        "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing.",
        f"Your credit balance is too low. {SECRET}",
        "This organization lacks the credits for this request.",
        "You have reached your specified API usage limits. You will regain access on 2026-12-01.",
    ],
)
def test_an_account_without_credit(
    message: str, language: str, bench: Callable[..., Bench]
) -> None:
    """ "… a message that says that the account lacks credit stops the run (code 3) and costs no attempt." """
    outcome = errored("r1", "invalid_request_error", message=message, attempt=1, retriable=True)
    there = bench({"outcomes": [outcome]})
    there.write(*IDS)
    done = there.run(language, *FOUR, "--max-retries", "0")
    assert done.code == 3, done.said
    assert "credit" in done.stderr or "spend limit" in done.stderr
    there.pays_once()
    assert there.run(language, *FOUR, "--max-retries", "0").code == 0
    there.is_complete(IDS)


def test_a_result_without_a_type(language: str, bench: Callable[..., Bench]) -> None:
    """It may have been paid for, and is given up under one name in both languages."""
    raw = json.dumps({"custom_id": "r1", "result": {"type": None}})
    there = bench({"outcomes": [{"id": "r1", "type": "odd", "raw": raw}]})
    there.write(*IDS)
    done = there.run(language, *FOUR)
    assert done.code == 1, done.said
    there.is_complete(IDS)
    assert there.given_up() == {"r1": "unknown"}
