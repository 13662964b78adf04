"""Draw what chance decides in a run: its luck, and how many requests fail.

Everything is drawn from `Random.random()` and tables, because of all that Python offers only those
give the same digits everywhere.
"""

from bisect import bisect_right
from collections.abc import Iterator
from functools import lru_cache
from itertools import accumulate
from math import sqrt
from operator import mul
from random import Random
from typing import NamedTuple

# 1/x, where x solves x^9 = x + 1: the multiples of its first eight powers, modulo 1, leave no hole
# in eight dimensions (Roberts 2018, "The unreasonable effectiveness of quasirandom sequences"), as
# those of the golden ratio leave none in two. The two hours that matter most, the first, which goes
# up evenly, and the next one, are such a pair.
_TURN, _GOLDEN = 0.9215993196339829, 0.6180339887498949
_ONE, _TWO, _THREE, _, _FIVE, _SIX, _SEVEN, _EIGHT = accumulate([_TURN] * 8, mul)
_STEPS = (_ONE, _EIGHT, _GOLDEN, _THREE, _FIVE, _TWO, _SIX, _SEVEN)

# The standard normal at 0.1 %, 0.5 %, 1 % … for draws of large counts; source: any normal table
_CHANCES = (
    0.0, 0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.975,
    0.99, 0.995, 0.999, 1.0,
)  # fmt: skip
_Z = (
    -3.5, -3.0902, -2.5758, -2.3263, -1.96, -1.6449, -1.2816, -0.8416, -0.5244, -0.2533, 0.0, 0.2533,
    0.5244, 0.8416, 1.2816, 1.6449, 1.96, 2.3263, 2.5758, 3.0902, 3.5,
)  # fmt: skip
_LEAST = 1 / (1 << 53)  # the step between two numbers of `Random.random()`
_SIZES = 4096  # of which the chance that nothing fails is kept
_FEW = 30.0  # expected failures up to which the binomial distribution is drawn exactly


class Luck(NamedTuple):
    """Numbers on (0, 1) that decide a run: how slow its first hour is, which curve holds, how far
    luck is shared, how many requests fail in the first rounds, and how slow the next hours are."""

    first: float
    curve: float
    shared: float
    failed: tuple[float, ...]
    hours: tuple[float, ...]


def lattice(runs: int, rng: Random) -> Iterator[Luck]:
    """The luck of so many runs: points that cover all that may happen evenly (a Kronecker lattice,
    moved by chance).

    The luck of the first hour goes up in even steps, one for each run; the other numbers go round by
    irrational steps, so that neither many nor few runs leave a hole anywhere.
    """
    step = rng.random()
    turns = [(rng.random(), root) for root in _STEPS]
    curve, shared, *hours, one, two, three = (
        [(shift + place * root) % 1.0 for place in range(runs)] for shift, root in turns
    )
    first = ((place + step) / runs for place in range(runs))
    failed = zip(one, two, three, strict=True)
    return map(Luck, first, curve, shared, failed, zip(*hours, strict=True))


def failures(requests: int, rate: float, point: float) -> int:
    """How many of `requests` fail, each with chance `rate`: the binomial quantile at `point`.

    Exact by inversion while at most 30 failures or successes are expected, else a normal
    approximation on straight lines between quantiles: the same mean, a variance 2 % larger.
    """
    if rate <= 0 or requests == 0:
        return 0
    if rate > 0.5:
        # 1 - point could be 1, which no quantile has
        return requests - failures(requests, 1 - rate, max(0.0, 1 - point - _LEAST))
    mean = requests * rate
    if mean > _FEW:
        spread = sqrt(mean * (1 - rate))
        # within the bounds by itself: 3.5 times the spread is less than the mean, for the mean is above 30
        return int(mean + spread * _normal(point) + 0.5)
    chance = _whole_power(1 - rate, requests)
    failed, below = 0, chance
    while point >= below and failed < requests:
        failed += 1
        chance *= (requests - failed + 1) / failed * rate / (1 - rate)
        below += chance
        if chance < 1e-18 and failed > mean:  # past all that a float can tell apart
            break
    return failed


def _normal(point: float) -> float:
    """The standard normal quantile at `point`, on straight lines between those of the table."""
    above = bisect_right(_CHANCES, point)
    low, z_low = _CHANCES[above - 1], _Z[above - 1]
    return z_low + (point - low) / (_CHANCES[above] - low) * (_Z[above] - z_low)


@lru_cache(maxsize=_SIZES)
def _whole_power(base: float, exponent: int) -> float:
    """base^exponent by repeated squaring: multiplications give the same digits everywhere, `pow`
    does not.
    """
    result = 1.0
    while exponent:
        if exponent & 1:
            result *= base
        base *= base
        exponent >>= 1
    return result
