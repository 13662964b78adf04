"""The longest answer, and how fast models write."""

from math import exp, log, sqrt
from random import Random
from statistics import NormalDist, median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner import facts
from planner.model.answers import lengths
from planner.model.writing import Writing, tokens_per_s


@pytest.mark.parametrize("answers", [1, 2, 10, 100, 1000, 10_000, 100_000])
@pytest.mark.parametrize("p95", [1200, 2000, 3500])
def test_the_longest_of_lognormal_answers(answers: int, p95: int) -> None:
    """The median of the longest is the quantile at 0.5 to the power of one over their number."""
    z95 = NormalDist().inv_cdf(0.95)
    sigma = z95 - sqrt(z95 * z95 - 2 * log(p95 / 1000))
    exact = 1000 * exp(sigma * NormalDist().inv_cdf(0.5 ** (1 / answers)) - sigma * sigma / 2)
    assert lengths(1000, p95).longest(answers) == pytest.approx(exact, rel=0.04)


def test_the_longest_of_hundred_drawn() -> None:
    """A thousand times the longest of a hundred drawn answers: half of them are longer."""
    rng = Random(5)
    z95 = NormalDist().inv_cdf(0.95)
    sigma = z95 - sqrt(z95 * z95 - 2 * log(2))
    drawn = [
        max(exp(rng.gauss(-sigma * sigma / 2, sigma)) for _ in range(100)) for _ in range(1000)
    ]
    assert lengths(1000, 0).longest(100) == pytest.approx(1000 * median(drawn), rel=0.05)


@given(st.integers(1, 99_999), st.integers(1, 300_000))
def test_more_answers_have_a_longer_longest(answers: int, mean: int) -> None:
    """One more answer never makes the longest shorter."""
    some = lengths(mean, 0)
    assert some.longest(answers) <= some.longest(answers + 1)


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
