"""Retry: how long to wait before a round, and how many requests each round sends, as expected.

A request fails for good with the permanent rate, at its first attempt; every other attempt fails
with the transient rate, independently. The number of attempts is then geometric, cut off after the
last retry.
"""

from dataclasses import dataclass

from planner import facts
from planner.scenario import Retries

# our choice: a wait longer than a batch may live helps nobody
MAX_BACKOFF_S = float(facts.limit("expiry_h").value) * 3600


@dataclass(frozen=True, slots=True)
class Round:
    """A round as expected: requests sent, failed for now, failed for good. Round 0 is the first
    attempt.
    """

    number: int
    sent: int
    failed_transient: int
    failed_permanent: int


def backoff_s(policy: Retries, retry: int) -> float:
    """Seconds to wait before retry 1, 2, …; never more than MAX_BACKOFF_S, unless the base delay
    is.
    """
    factor = {"exponential": 1 << (retry - 1), "linear": retry, "fixed": 1}[policy.backoff]
    return min(factor * policy.base_delay_s, max(MAX_BACKOFF_S, policy.base_delay_s))


def rounds(requests: int, policy: Retries) -> tuple[Round, ...]:
    """The rounds as expected, in whole requests, until nothing is left or no retry is."""
    permanent = _half_up(requests * policy.permanent_rate)
    # from the exact mean, not from the rounded count before, so that rounding does not add up
    failing = requests - requests * policy.permanent_rate
    left = requests
    planned = []
    for number in range(policy.max + 1):
        failing *= policy.transient_rate
        lost = 0 if number else permanent
        transient = _half_up(failing)  # never more than are left: each rate is below 1
        planned.append(Round(number, left, transient, lost))
        left = transient
        if not left:
            break
    return tuple(planned)


def given_up(requests: int, policy: Retries) -> float:
    """Requests that are given up although no batch expires, as expected, not rounded."""
    failing = requests * (1 - policy.permanent_rate)
    for _ in range(policy.max + 1):
        failing *= policy.transient_rate
    return requests * policy.permanent_rate + failing


def _half_up(number: float) -> int:
    return int(number + 0.5)
