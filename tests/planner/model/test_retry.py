"""Backoff, and the rounds as expected."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.model.retry import MAX_BACKOFF_S, backoff_s, given_up, rounds
from planner.scenario import Retries
from tests.oracles import attempts
from tests.strategies import policies


def policy(
    retries: int = 3,
    backoff: str = "exponential",
    base_s: float = 60.0,
    transient: float = 0.01,
    permanent: float = 0.0,
) -> Retries:
    """The default policy, changed in places."""
    return Retries(
        max=retries,
        backoff=backoff,
        base_delay_s=base_s,
        transient_rate=transient,
        permanent_rate=permanent,
    )


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
def test_backoff_never_falls_and_never_exceeds_its_cap(some: Retries) -> None:
    """From retry to retry the wait stays or grows, from the base delay to the cap."""
    waits = [backoff_s(some, retry) for retry in range(1, 12)]
    assert waits == sorted(waits)
    assert waits[0] == some.base_delay_s
    assert waits[-1] <= MAX_BACKOFF_S


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
    """Those that can never succeed are taken out in the first round, before the share of the
    others.
    """
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
def test_rounds_add_up(requests: int, some: Retries) -> None:
    """Each round sends what the one before left; none fails more than it sends; nothing is left out
    at the end.
    """
    planned = rounds(requests, some)
    assert planned[0].sent == requests
    assert len(planned) <= some.max + 1
    for before, after in zip(planned, planned[1:], strict=False):
        assert after.sent == before.failed_transient > 0
    for each in planned:
        assert each.failed_transient >= 0 and each.failed_permanent >= 0
        assert each.failed_transient + each.failed_permanent <= each.sent
    assert planned[-1].failed_transient == 0 or len(planned) == some.max + 1


@given(st.integers(1, 10_000_000), policies())
def test_rounds_do_not_drift(requests: int, some: Retries) -> None:
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
def test_more_retries_never_answer_fewer(requests: int, some: Retries) -> None:
    """In whole requests too, a retry more never leaves more unanswered."""
    unanswered = []
    for retries in range(11):
        planned = rounds(
            requests, policy(retries, transient=some.transient_rate, permanent=some.permanent_rate)
        )
        unanswered.append(planned[0].failed_permanent + planned[-1].failed_transient)
    assert unanswered == sorted(unanswered, reverse=True)


# ---- given up


def test_given_up() -> None:
    """Of 1,000 requests 200 can never succeed; of 800 a tenth is left after each of two attempts."""
    assert given_up(1000, policy(1, transient=0.1, permanent=0.2)) == pytest.approx(208)
    assert given_up(1000, policy(0, transient=0.1)) == pytest.approx(100)


@given(st.integers(1, 10_000_000), policies())
def test_given_up_by_the_tree_of_outcomes(requests: int, some: Retries) -> None:
    """As many as the fates of one request say that end without an answer."""
    fates = attempts(Fraction(some.permanent_rate), Fraction(some.transient_rate), some.max)
    lost = sum(chance for _, answered, chance in fates if not answered)
    assert given_up(requests, some) == pytest.approx(float(requests * lost), rel=1e-9)
