"""How long answers are: the table, the share that is cut off, the limit that is proposed."""

import json
from math import exp, log, sqrt
from pathlib import Path
from random import Random
from statistics import NormalDist, median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.model import answers
from planner.model.answers import ACCEPTED_CUT, AnswerLengths, lengths
from tests.oracles import lognormal_quantile

TABLE = json.loads((Path(answers.__file__).parent / "answer_lengths.json").read_text("utf-8"))

# ---- the table


@pytest.mark.parametrize("row", TABLE["rows"], ids=lambda row: str(row["p95_to_mean"]))
def test_the_table_is_that_of_the_lognormal(row: dict[str, object]) -> None:
    """Every quantile is the lognormal's, to the digits given, by the standard library's own normal
    distribution.
    """
    ratio, quantiles = row["p95_to_mean"], row["quantiles"]
    assert isinstance(ratio, float) and isinstance(quantiles, list)
    exact = [lognormal_quantile(ratio, chance) for chance in TABLE["probabilities"]]
    assert quantiles == pytest.approx(exact, abs=0.51e-4)


def test_the_table_rises() -> None:
    """Ratios and chances rise, so that a search by order finds its place."""
    ratios = [row["p95_to_mean"] for row in TABLE["rows"]]
    assert ratios == sorted(set(ratios))
    assert TABLE["probabilities"] == sorted(set(TABLE["probabilities"]))


@given(st.floats(1.0, 3.85))
def test_between_the_rows_it_is_nearly_lognormal(ratio: float) -> None:
    """Straight lines between the rows are off by less than 1 % of the quantile, and by less than 3 %
    near the widest that there is."""
    lengths = answers.lengths(10_000, round(10_000 * ratio))
    exact = [
        10_000 * lognormal_quantile(round(10_000 * ratio) / 10_000, chance)
        for chance in lengths.chances
    ]
    assert lengths.tokens == pytest.approx(exact, rel=0.01 if ratio < 3.77 else 0.03)


def test_no_long_answers_given_means_twice_the_mean() -> None:
    """0 stands for twice the mean."""
    assert answers.lengths(1000, 0) == answers.lengths(1000, 2000)


@given(
    st.integers(1, 300_000).flatmap(
        lambda mean: st.tuples(st.just(mean), st.integers(mean, min(300_000, 3 * mean)))
    )
)
def test_the_95_percent_quantile_is_the_one_given(pair: tuple[int, int]) -> None:
    """What was given comes out again, to four digits."""
    mean, p95 = pair
    lengths = answers.lengths(mean, p95)
    assert lengths.tokens[lengths.chances.index(0.95)] == pytest.approx(p95, rel=2e-4)


def test_an_impossible_tail_is_the_widest() -> None:
    """No lognormal has 95 % below ten times its mean; the widest stands in."""
    assert answers.lengths(100, 1000) == answers.lengths(100, 10_000)


# ---- answers that are cut off


def test_share_cut_at_a_quantile() -> None:
    """At the 95 % quantile one answer in twenty is cut off."""
    assert answers.lengths(1000, 2000).share_cut(2000) == pytest.approx(0.05, abs=1e-4)


def test_answers_of_one_length_are_all_whole_or_all_cut() -> None:
    """Where every answer has 1,000 tokens, 1,000 is enough and 999 cuts nearly all."""
    lengths = answers.lengths(1000, 1000)
    assert lengths.share_cut(1000) == 0.0
    assert lengths.share_cut(999) > 0.9


def test_a_limit_beyond_the_table_is_not_certain() -> None:
    """The table ends at 99.9 %; what lies beyond is less than the rest, and not nothing."""
    assert 0 < answers.lengths(1000, 2000).share_cut(300_000) < 0.001


@pytest.mark.parametrize(
    ("limit", "share"), [(0, 1.0), (50, 0.75), (100, 0.5), (200, 0.3), (300, 0.05), (9000, 0.05)]
)
def test_share_cut_on_straight_lines(limit: int, share: float) -> None:
    """From nothing to the first quantile, from each to the next, and half of the rest beyond the
    last.
    """
    lengths = AnswerLengths(chances=(0.5, 0.9), tokens=(100.0, 300.0))
    assert lengths.share_cut(limit) == pytest.approx(share)


def test_short_answers_of_one_length_leave_the_tail_of_the_long_ones() -> None:
    """Half of the rest beyond the last quantile, where only the first ones are alike."""
    lengths = AnswerLengths(chances=(0.5, 0.6, 0.9), tokens=(100.0, 100.0, 300.0))
    assert lengths.share_cut(300) == pytest.approx(0.05)


@pytest.mark.parametrize(
    ("wanted", "limit"),
    [(1.0, 1), (99.2, 100), (100.0, 100), (100.5, 110), (999.0, 1000), (1000.0, 1000), (1001.0, 1100), (10_050.0, 11_000)],
)  # fmt: skip
def test_the_proposal_has_two_digits(wanted: float, limit: int) -> None:
    """Rounded up to the next number of two digits and zeros."""
    lengths = AnswerLengths(chances=(0.5, 0.99, 1.0), tokens=(0.5, wanted, 99_999.0))
    assert lengths.max_tokens(0.01, 10**9) == limit
    assert lengths.max_tokens(0.01, limit - 1) == limit - 1


def test_a_row_of_the_table_is_taken_as_it_is() -> None:
    """At the ratio of a row the quantiles are the row's, half-way to the next they are half-way."""
    first, second = TABLE["rows"][:2]
    for row in TABLE["rows"]:
        lengths = answers.lengths(100_000, round(100_000 * row["p95_to_mean"]))
        assert lengths.tokens == pytest.approx([100_000 * each for each in row["quantiles"]])
    middle = (first["p95_to_mean"] + second["p95_to_mean"]) / 2
    between = [(a + b) / 2 for a, b in zip(first["quantiles"], second["quantiles"], strict=True)]
    assert answers.lengths(100_000, round(100_000 * middle)).tokens == pytest.approx(
        [100_000 * each for each in between]
    )


def lengths_of_any_kind() -> st.SearchStrategy[AnswerLengths]:
    """Means with tails, possible and impossible ones."""
    return st.integers(1, 300_000).flatmap(
        lambda mean: st.one_of(st.just(0), st.integers(mean, 300_000)).map(
            lambda p95: answers.lengths(mean, p95)
        )
    )


@given(lengths_of_any_kind(), st.integers(1, 299_999), st.integers(1, 10_000))
def test_a_higher_limit_cuts_no_more(lengths: AnswerLengths, limit: int, more: int) -> None:
    """The share that is cut off is a share, and falls as the limit rises."""
    low, high = lengths.share_cut(limit + more), lengths.share_cut(limit)
    assert 0 <= low <= high <= 1


@given(lengths_of_any_kind())
def test_the_proposal_cuts_at_most_one_percent(lengths: AnswerLengths) -> None:
    """Where the model allows it, the proposed max_tokens cuts off at most 1 %."""
    assert lengths.share_cut(lengths.max_tokens(ACCEPTED_CUT, 10**9)) <= ACCEPTED_CUT + 1e-9


@given(lengths_of_any_kind(), st.integers(1, 300_000))
def test_the_proposal_is_within_the_model(lengths: AnswerLengths, most: int) -> None:
    """Never above what the model gives, never below one token."""
    assert 1 <= lengths.max_tokens(ACCEPTED_CUT, most) <= most


@given(lengths_of_any_kind())
def test_the_proposal_is_round_and_not_wasteful(lengths: AnswerLengths) -> None:
    """Two digits and zeros, and at most a tenth (or one token) above what is needed."""
    proposed = lengths.max_tokens(ACCEPTED_CUT, 10**9)
    wanted = lengths.tokens[lengths.chances.index(0.99)]
    assert len(str(proposed).rstrip("0")) <= 2
    assert wanted <= proposed <= max(wanted * 1.1, wanted + 1) + 1e-6


# ---- the longest


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


def test_the_longest_that_is_known() -> None:
    """Of more answers than the table knows, the last quantile."""
    some = lengths(1000, 2000)
    assert some.longest(10**9) == pytest.approx(some.tokens[-1])


def test_no_distribution_is_wider_than_the_widest() -> None:
    """A 95 % quantile of 4, 5 or 100 times the mean is taken for the last row's."""
    widest = lengths(1000, 100_000)
    assert lengths(1000, 4000) == lengths(1000, 5000) == widest
    assert widest.tokens == pytest.approx(
        [1000 * lognormal_quantile(3.85, chance) for chance in widest.chances], rel=0.02
    )
