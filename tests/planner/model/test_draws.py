"""What chance decides: tables, luck, failures, each against an exact sum."""

from fractions import Fraction
from itertools import combinations
from math import fsum, sqrt
from random import Random
from statistics import NormalDist

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.model.draws import failures, lattice
from tests.oracles import binomial_steps


def failures_at(requests: int, rate: float, point: float) -> int:
    """The failures at that place of their distribution."""
    return failures(requests, rate, point)


# ---- the lattice


@pytest.mark.parametrize("runs", [20, 50, 1000])
def test_the_first_hours_go_up_in_even_steps(runs: int) -> None:
    """Each run has a step of its own, and all stand at the same place of theirs."""
    firsts = [luck.first * runs for luck in lattice(runs, Random(7))]
    assert firsts == pytest.approx([place + firsts[0] for place in range(runs)])
    assert 0 < firsts[0] < 1


def test_the_lattice_covers_every_pair(runs: int = 1000) -> None:
    """Every tenth of each number, and every quarter of the square of two of them, has about its
    share.
    """
    rows = [
        (luck.first, luck.curve, luck.shared, *luck.hours, *luck.failed)
        for luck in lattice(runs, Random(7))
    ]
    columns = list(zip(*rows, strict=True))
    assert len(columns) == 9
    for values in columns:
        tenths = [sum(step <= 10 * value < step + 1 for value in values) for step in range(10)]
        assert max(abs(count - runs / 10) for count in tenths) <= runs / 100
    for one, other in combinations(columns, 2):
        quarter = sum(x < 0.5 and y < 0.5 for x, y in zip(one, other, strict=True))
        assert abs(quarter - runs / 4) <= runs / 50


def test_the_steps_of_the_lattice_are_powers_of_a_root() -> None:
    """The curve goes on by 1 / x, the next hour by its eighth power, where x solves x^9 = x + 1."""
    one, two = lattice(2, Random(7))
    root = 1 / ((two.curve - one.curve) % 1)
    assert root**9 == pytest.approx(root + 1)
    assert (two.shared - one.shared) % 1 == pytest.approx(root**-8)


def test_another_seed_moves_the_lattice() -> None:
    """The same seed gives the same luck, another one other luck."""
    assert list(lattice(5, Random(1))) == list(lattice(5, Random(1)))
    assert not set(lattice(5, Random(1))) & set(lattice(5, Random(2)))


# ---- draws


@pytest.mark.parametrize(("requests", "rate", "failed"), [(0, 0.5, 0), (10, 0.0, 0), (10, 1.0, 10)])
def test_what_is_certain(requests: int, rate: float, failed: int) -> None:
    """Nothing or everything fails, whatever the number."""
    assert {failures(requests, rate, point) for point in (0.0, 0.5, 1 - 2.0**-53)} == {failed}


@given(
    st.integers(1, 10_000_000),
    st.floats(0, 1, exclude_min=True, exclude_max=True),
    st.floats(0, 1, exclude_max=True),
)
def test_no_more_fail_than_there_are(requests: int, rate: float, point: float) -> None:
    """From none to all."""
    assert 0 <= failures(requests, rate, point) <= requests


# (requests, rate): few expected, many expected, few successes, a coin, one request, on both sides
# of the change of method
BINOMIALS = [
    (1, 0.5),
    (1, 0.9),
    (10, 0.3),
    (40, 0.5),
    (60, 0.5),
    (7, 0.99),
    (300, 0.1),
    (580, 0.95),
    (2000, 0.015),
    (5000, 0.0001),
]


@pytest.mark.parametrize(("requests", "rate"), BINOMIALS)
def test_few_failures_are_drawn_exactly(requests: int, rate: float) -> None:
    """At a thousand points the draw is the inverse of the binomial distribution, computed in
    fractions.
    """
    mirrored = rate > 0.5
    exact = Fraction(str(rate))
    steps = binomial_steps(requests, 1 - exact if mirrored else exact)
    below, chance, place = 0.0, next(steps), 0
    for number in range(1000):
        point = (number + 0.5) / 1000
        while chance <= point:
            below, chance, place = chance, next(steps), place + 1
        if (
            min(chance - point, point - below) > 1e-9
        ):  # a float cannot tell on which side of a step it is
            if mirrored:  # as many succeed as fail at the other end
                assert failures_at(requests, rate, 1 - point) == requests - place
            else:
                assert failures_at(requests, rate, point) == place


@pytest.mark.parametrize(
    ("requests", "rate"), [(10, 0.3), (60, 0.5), (5000, 0.0001), (10**7, 3e-6)]
)
@pytest.mark.parametrize("point", [0.0, 1 - 2**-53, 5e-324, 1e-17])
def test_the_ends_of_the_distribution(requests: int, rate: float, point: float) -> None:
    """The smallest and the largest number of a generator end the search where hardly a chance is
    left.
    """
    failed = failures_at(requests, rate, point)
    assert 0 <= failed <= min(requests, requests * rate + 80)


@pytest.mark.parametrize(
    ("requests", "rate"),
    [(1000, 0.05), (10_000, 0.01), (500, 0.5), (10_000_000, 0.9), (100_000, 0.3)],
)
def test_many_failures_have_the_mean_and_the_spread_of_the_binomial(
    requests: int, rate: float
) -> None:
    """Over the whole generator the mean is n p to a thousandth, the variance n p (1 - p) to 3 %."""
    drawn = [failures_at(requests, rate, (number + 0.5) / 20_000) for number in range(20_000)]
    mean = fsum(drawn) / len(drawn)
    variance = fsum((failed - mean) ** 2 for failed in drawn) / len(drawn)
    assert mean == pytest.approx(requests * rate, rel=1e-3)
    # drawn numbers are whole: rounding adds a twelfth
    assert variance == pytest.approx(requests * rate * (1 - rate) + 1 / 12, rel=0.03)


@pytest.mark.parametrize("point", [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.4, 0.5, 0.7, 0.9, 0.95, 0.975, 0.99, 0.995, 0.999])  # fmt: skip
def test_many_failures_at_the_entries_of_the_table(point: float) -> None:
    """There the draw is that of the normal distribution, to four digits; a variance of a million
    shows them.
    """
    normal = 1000 * round(NormalDist().inv_cdf(point), 4)
    assert failures_at(4_000_000, 0.5, point) == int(2_000_000 + normal + 0.5)


def test_the_normal_ends_at_three_and_a_half() -> None:
    """Beyond one in a thousand it runs to 3.5 times the spread, on both sides."""
    assert failures_at(4_000_000, 0.5, 0.0) == 2_000_000 - 3500
    assert failures_at(4_000_000, 0.5, 1 - 1e-12) == 2_000_000 + 3500
    assert failures_at(4_000_000, 0.5, 0.9995) == int(2_000_000 + (3090.2 + 3500) / 2 + 0.5)


def test_many_begin_above_thirty() -> None:
    """Thirty expected failures are drawn exactly, down to none; of thirty-one none fewer than the
    normal's end.
    """
    assert failures_at(3000, 0.01, 0.0) == 0
    assert failures_at(3100, 0.01, 0.0) == int(31 - 3.5 * sqrt(31 * 0.99) + 0.5)


def test_a_draw_on_a_step_is_above_it() -> None:
    """The chance of no failure is a half: every number below it draws none, and a half draws one."""
    assert [failures_at(1, 0.5, point) for point in (0.0, 0.4999999, 0.5, 0.9)] == [0, 0, 1, 1]


@pytest.mark.parametrize("expected", [1, 5, 9])
def test_what_a_float_cannot_tell_apart_ends_the_search(expected: int) -> None:
    """The chances that are left add nothing to the sum any more: the last draw is rare, but not all
    of them.
    """
    assert 15 < failures_at(60, expected / 60, 1 - 2**-53) < 45


def test_many_failures_follow_the_binomial() -> None:
    """150 requests at a third: from one in a hundred to ninety-nine in a hundred the draw is within
    2 of the exact quantile.
    """
    steps = list(binomial_steps(150, Fraction(1, 3)))
    for number in range(1, 100):
        point = number / 100
        exact = next(count for count, below in enumerate(steps) if point < below)
        assert abs(failures_at(150, 1 / 3, point) - exact) <= 2


@given(
    st.integers(1, 100_000),
    st.floats(0, 1),
    st.floats(0, 1, exclude_max=True),
    st.floats(0, 1, exclude_max=True),
)
@settings(max_examples=200)
def test_a_higher_number_draws_more_failures(
    requests: int, rate: float, one: float, other: float
) -> None:
    """The draw rises with the number, whatever the rate."""
    low, high = sorted((one, other))
    at_low, at_high = failures_at(requests, rate, low), failures_at(requests, rate, high)
    assert at_low <= at_high
