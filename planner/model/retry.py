"""Retry rounds: how long to wait, how many requests are left, how many are given up.

A request fails for good with the permanent rate, at its first attempt; every other attempt fails with the
transient rate, independently. The number of attempts is then geometric, cut off after the last retry.
"""

from bisect import bisect_right
from dataclasses import dataclass
from math import sqrt
from random import Random

MAX_BACKOFF_S = 86_400.0  # our choice: a wait longer than a batch may live helps nobody

# z of the standard normal at 0.5 %, 1 %, 2.5 % … for draws of large counts; source: any normal table
_NORMAL = (
    (0.0, -3.5), (0.001, -3.0902), (0.005, -2.5758), (0.01, -2.3263), (0.025, -1.96), (0.05, -1.6449), (0.1, -1.2816),
    (0.2, -0.8416), (0.3, -0.5244), (0.4, -0.2533), (0.5, 0.0), (0.6, 0.2533), (0.7, 0.5244), (0.8, 0.8416),
    (0.9, 1.2816), (0.95, 1.6449), (0.975, 1.96), (0.99, 2.3263), (0.995, 2.5758), (0.999, 3.0902), (1.0, 3.5),
)  # fmt: skip
_FEW = 30.0  # expected failures up to which the binomial distribution is drawn exactly


@dataclass(frozen=True, kw_only=True, slots=True)
class RetryPolicy:
    """How requests fail and are tried again: rates from 0 to 1, delays in seconds."""

    max_retries: int
    backoff: str  # exponential linear fixed
    base_delay_s: float
    transient_rate: float
    permanent_rate: float


@dataclass(frozen=True, slots=True)
class Round:
    """A round as expected: requests sent, failed for now, failed for good. Round 0 is the first attempt."""

    number: int
    sent: int
    failed_transient: int
    failed_permanent: int


def backoff_s(policy: RetryPolicy, retry: int) -> float:
    """Seconds to wait before retry 1, 2, …; never more than MAX_BACKOFF_S, unless the base delay is."""
    factor = {"exponential": 1 << (retry - 1), "linear": retry, "fixed": 1}[policy.backoff]
    return min(factor * policy.base_delay_s, max(MAX_BACKOFF_S, policy.base_delay_s))


def chance_of_giving_up(policy: RetryPolicy) -> float:
    """The chance that a request is never answered: permanent + (1 - permanent) · transient^(retries + 1)."""
    failing = 1.0
    for _ in range(policy.max_retries + 1):
        failing *= policy.transient_rate
    return policy.permanent_rate + (1 - policy.permanent_rate) * failing


def expected_attempts(policy: RetryPolicy) -> float:
    """Mean attempts of a request: 1 + (1 - permanent) · (transient + transient² + … ), at most `max_retries` terms."""
    attempts, reaching = 1.0, 1 - policy.permanent_rate
    for _ in range(policy.max_retries):
        reaching *= policy.transient_rate
        attempts += reaching
    return attempts


def rounds(requests: int, policy: RetryPolicy) -> tuple[Round, ...]:
    """The rounds as expected, in whole requests, until nothing is left or the retries are used up."""
    left, reaching = requests, float(requests)
    planned = []
    for number in range(policy.max_retries + 1):
        permanent = _half_up(reaching * policy.permanent_rate) if number == 0 else 0
        # from the exact mean, not from the rounded count before, so that rounding does not add up
        reaching = (
            reaching - reaching * policy.permanent_rate if number == 0 else reaching
        ) * policy.transient_rate
        transient = min(_half_up(reaching), left - permanent)
        planned.append(Round(number, left, transient, permanent))
        left = transient
        if not left:
            break
    return tuple(planned)


def draw_failures(requests: int, rate: float, rng: Random) -> int:
    """How many of `requests` fail, each with chance `rate`: one draw from the binomial distribution.

    Exact by inversion while at most 30 failures or successes are expected, else a normal approximation on
    straight lines between quantiles: the same mean, a variance 2 % larger. One call of `rng.random()`.
    """
    if rate <= 0 or requests == 0:
        return 0
    if rate >= 1:
        return requests
    if rate > 0.5:
        return requests - draw_failures(requests, 1 - rate, rng)
    mean = requests * rate
    if mean > _FEW:
        spread = sqrt(mean * (1 - rate))
        return max(0, min(requests, int(mean + spread * _normal(rng.random()) + 0.5)))
    point = rng.random()
    chance = _whole_power(1 - rate, requests)
    failures, below = 0, chance
    while point >= below and failures < requests:
        failures += 1
        chance *= (requests - failures + 1) / failures * rate / (1 - rate)
        below += chance
        if chance < 1e-18 and failures > mean:  # past all that a float can tell apart
            break
    return failures


def _normal(point: float) -> float:
    """The standard normal quantile at `point`, on straight lines between the entries of the table."""
    above = bisect_right(_NORMAL, (point, 9.0), hi=len(_NORMAL) - 1)
    (low, z_low), (high, z_high) = _NORMAL[above - 1], _NORMAL[above]
    return z_low + (point - low) / (high - low) * (z_high - z_low)


def _whole_power(base: float, exponent: int) -> float:
    """base^exponent by repeated squaring: multiplications give the same digits everywhere, `pow` does not."""
    result = 1.0
    while exponent:
        if exponent & 1:
            result *= base
        base *= base
        exponent >>= 1
    return result


def _half_up(number: float) -> int:
    return int(number + 0.5)
