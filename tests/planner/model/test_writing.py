"""The longest answer, and how fast models write."""

import pytest

from planner import facts
from planner.model.answers import lengths
from planner.model.writing import Writing, tokens_per_s


def test_no_answer_is_longer_than_its_limit() -> None:
    """Cut at 800 tokens and written at 80 a second, the longest takes ten seconds."""
    writing = Writing(lengths=lengths(1000, 0), max_tokens=800, tokens_per_s=80.0)
    assert writing.longest_s(1000) == 10.0


def test_equal_answers() -> None:
    """Where all answers have one length, the longest has it."""
    writing = Writing(lengths=lengths(1000, 1000), max_tokens=5000, tokens_per_s=100.0)
    assert writing.longest_s(1) == writing.longest_s(50_000) == pytest.approx(10.0)


@pytest.mark.parametrize(
    ("model", "tokens", "seconds"),
    [
        ("claude-opus-5", 64_000, 525),  # the quicker of its own two rows
        ("claude-opus-4-6", 54_864, 739),  # its only row, though its family has quicker ones
        ("claude-fable-5-2", 128_000, 1588),  # the quickest of its family, for it has none
        ("claude-haiku-5-5", 64_000, 525),  # nobody's: the quickest of all
    ],
)
def test_speeds(model: str, tokens: int, seconds: int) -> None:
    """The quickest row of the model, of its family, of all."""
    assert tokens_per_s(model) == tokens / seconds


def test_speeds_are_those_that_were_seen() -> None:
    """55 to 122 tokens a second."""
    speeds = [row.tokens / row.seconds for row in facts.writing()]
    assert (round(min(speeds)), round(max(speeds))) == (55, 122)
    assert all(facts.model(row.model) for row in facts.writing())
