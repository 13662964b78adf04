"""Backoff, rounds, the chance of giving up, and the draws of the simulation."""

from collections.abc import Iterator
from fractions import Fraction
from math import fsum

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.model.retry import (
    MAX_BACKOFF_S,
    RetryPolicy,
    backoff_s,
    chance_of_giving_up,
    draw_failures,
    expected_attempts,
    rounds,
)
from tests.oracles import attempts, binomial_steps
from tests.strategies import policies


def policy(
    retries: int = 3,
    backoff: str = "exponential",
    base_s: float = 60.0,
    transient: float = 0.01,
    permanent: float = 0.0,
) -> RetryPolicy:
    """The default policy, changed in places."""
    return RetryPolicy(
        max_retries=retries,
        backoff=backoff,
        base_delay_s=base_s,
        transient_rate=transient,
        permanent_rate=permanent,
    )


class Points:
    """In place of a random generator: its next number is the one given, and it counts how often it was asked."""

    def __init__(self, *points: float) -> None:
        self.points: Iterator[float] = iter(points)
        self.asked = 0

    def random(self) -> float:
        self.asked += 1
        return next(self.points)


def failures_at(requests: int, rate: float, point: float) -> int:
    """The failures that are drawn when the generator says `point`."""
    return draw_failures(requests, rate, Points(point))  # type: ignore[arg-type]


# ---- backoff


@pytest.mark.parametrize(
    ("backoff", "waits"),
    [
        ("exponential", [60, 120, 240, 480]),
        ("linear", [60, 120, 180, 240]),
        ("fixed", [60, 60, 60, 60]),
    ],
)
def test_backoff(backoff: str, waits: list[float]) -> None:
    """Doubling, adding, or staying, from the base delay on."""
    assert [backoff_s(policy(backoff=backoff), retry) for retry in (1, 2, 3, 4)] == waits


def test_backoff_is_capped_at_a_day() -> None:
    """Ten doublings of an hour would be 21 days; a day is the most."""
    assert backoff_s(policy(base_s=3600.0), 10) == MAX_BACKOFF_S == 86_400


@given(policies())
def test_backoff_never_falls_and_never_exceeds_its_cap(some: RetryPolicy) -> None:
    """From retry to retry the wait stays or grows, from the base delay to the cap."""
    waits = [backoff_s(some, retry) for retry in range(1, 12)]
    assert waits == sorted(waits)
    assert waits[0] == some.base_delay_s
    assert waits[-1] <= MAX_BACKOFF_S


# ---- chances and means


def test_giving_up() -> None:
    """1 % permanent, and 10 % four times in a row of the rest."""
    assert chance_of_giving_up(policy(3, transient=0.1, permanent=0.01)) == pytest.approx(
        0.01 + 0.99 * 0.1**4
    )


def test_attempts_without_failures() -> None:
    """What never fails is sent once."""
    assert expected_attempts(policy(transient=0.0)) == 1.0


def test_what_always_fails_for_good_is_sent_once() -> None:
    """A request that can never succeed is not tried again."""
    assert expected_attempts(policy(permanent=1.0)) == 1.0
    assert chance_of_giving_up(policy(permanent=1.0)) == 1.0


@given(policies())
def test_chances_are_those_of_the_tree(some: RetryPolicy) -> None:
    """Walking every fate of a request with exact fractions gives the same chance and the same mean (geometric attempts)."""
    fates = attempts(Fraction(some.permanent_rate), Fraction(some.transient_rate), some.max_retries)
    assert sum(chance for _, _, chance in fates) == 1
    assert chance_of_giving_up(some) == pytest.approx(
        float(sum(c for _, answered, c in fates if not answered)), abs=1e-12
    )
    assert expected_attempts(some) == pytest.approx(
        float(sum(n * c for n, _, c in fates)), abs=1e-12
    )


@given(policies())
def test_more_retries_never_lower_success(some: RetryPolicy) -> None:
    """One retry more never makes giving up likelier."""
    chances = [
        chance_of_giving_up(
            policy(retries, transient=some.transient_rate, permanent=some.permanent_rate)
        )
        for retries in range(11)
    ]
    assert chances == sorted(chances, reverse=True)


# ---- rounds as expected


def test_rounds() -> None:
    """10,000 requests of which 1 % fail: 100 are sent again, then 1; 0.01 of a request is none."""
    assert [
        (r.number, r.sent, r.failed_transient, r.failed_permanent) for r in rounds(10_000, policy())
    ] == [
        (0, 10_000, 100, 0),
        (1, 100, 1, 0),
        (2, 1, 0, 0),
    ]


def test_rounds_with_permanent_failures() -> None:
    """Those that can never succeed are taken out in the first round, before the share of the others."""
    first, second, *_ = rounds(1000, policy(transient=0.1, permanent=0.2))
    assert (
        first.failed_permanent,
        first.failed_transient,
        second.sent,
        second.failed_permanent,
    ) == (200, 80, 80, 0)


def test_rounds_without_retries() -> None:
    """Without retries there is one round."""
    assert len(rounds(1000, policy(0, transient=0.5))) == 1


def test_all_fail_for_good() -> None:
    """Nothing is left to send again."""
    (only,) = rounds(1000, policy(permanent=1.0, transient=0.9))
    assert (only.failed_permanent, only.failed_transient) == (1000, 0)


@given(st.integers(1, 10_000_000), policies())
def test_rounds_add_up(requests: int, some: RetryPolicy) -> None:
    """Each round sends what the one before left; none fails more than it sends; nothing is left out at the end."""
    planned = rounds(requests, some)
    assert planned[0].sent == requests
    assert len(planned) <= some.max_retries + 1
    for before, after in zip(planned, planned[1:], strict=False):
        assert after.sent == before.failed_transient > 0
    for each in planned:
        assert each.failed_transient >= 0 and each.failed_permanent >= 0
        assert each.failed_transient + each.failed_permanent <= each.sent
    assert planned[-1].failed_transient == 0 or len(planned) == some.max_retries + 1


@given(st.integers(1, 10_000_000), policies())
def test_rounds_do_not_drift(requests: int, some: RetryPolicy) -> None:
    """After all rounds the count is the exact mean to one request: rounding does not add up."""
    planned = rounds(requests, some)
    for each in planned:
        left = (
            requests
            * (1 - Fraction(some.permanent_rate))
            * Fraction(some.transient_rate) ** (each.number + 1)
        )
        assert abs(each.failed_transient - left) <= 1


@given(st.integers(1, 10_000_000), policies())
def test_more_retries_never_answer_fewer(requests: int, some: RetryPolicy) -> None:
    """In whole requests too, a retry more never leaves more unanswered."""
    unanswered = []
    for retries in range(11):
        planned = rounds(
            requests, policy(retries, transient=some.transient_rate, permanent=some.permanent_rate)
        )
        unanswered.append(planned[0].failed_permanent + planned[-1].failed_transient)
    assert unanswered == sorted(unanswered, reverse=True)


# ---- draws


@pytest.mark.parametrize(("requests", "rate", "failed"), [(0, 0.5, 0), (10, 0.0, 0), (10, 1.0, 10)])
def test_no_draw_is_needed(requests: int, rate: float, failed: int) -> None:
    """What is certain is not drawn, and the generator is left alone."""
    points = Points()
    assert draw_failures(requests, rate, points) == failed  # type: ignore[arg-type]
    assert points.asked == 0


@given(
    st.integers(1, 10_000_000),
    st.floats(0, 1, exclude_min=True, exclude_max=True),
    st.floats(0, 1, exclude_max=True),
)
def test_one_draw_takes_one_number(requests: int, rate: float, point: float) -> None:
    """However many requests, one number is drawn, and no more fail than there are."""
    points = Points(point)
    assert 0 <= draw_failures(requests, rate, points) <= requests  # type: ignore[arg-type]
    assert points.asked == 1


# (requests, rate): few expected, many expected, few successes, a coin, one request, on both sides of the change of method
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
    """At a thousand points the draw is the inverse of the binomial distribution, computed in fractions."""
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
            assert failures_at(requests, rate, point) == (requests - place if mirrored else place)


@pytest.mark.parametrize(
    ("requests", "rate"), [(10, 0.3), (60, 0.5), (5000, 0.0001), (10**7, 3e-6)]
)
@pytest.mark.parametrize("point", [0.0, 1 - 2**-53, 5e-324, 1e-17])
def test_the_ends_of_the_distribution(requests: int, rate: float, point: float) -> None:
    """The smallest and the largest number of a generator end the search where hardly a chance is left."""
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


def test_many_failures_follow_the_binomial() -> None:
    """150 requests at a third: from one in a hundred to ninety-nine in a hundred the draw is within 2 of the exact quantile."""
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
    """Up to a half the draw rises with the number; above it, where successes are drawn, it falls."""
    low, high = sorted((one, other))
    at_low, at_high = failures_at(requests, rate, low), failures_at(requests, rate, high)
    assert at_low <= at_high if rate <= 0.5 else at_low >= at_high
