"""Draw what chance decides in a run: its luck, its quantiles, its failures.

Everything is drawn from `Random.random()` and tables, because of all that Python offers only those
give the same digits everywhere.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator
from itertools import pairwise
from math import sqrt
from random import Random
from typing import NamedTuple

from planner.model.durations import DurationModel

_GOLDEN = 0.6180339887498949  # its multiples, modulo 1, never bunch up

# z of the standard normal at 0.5 %, 1 %, 2.5 % … for draws of large counts; source: any normal
# table
_NORMAL = (
    (0.0, -3.5), (0.001, -3.0902), (0.005, -2.5758), (0.01, -2.3263), (0.025, -1.96),
    (0.05, -1.6449), (0.1, -1.2816), (0.2, -0.8416), (0.3, -0.5244), (0.4, -0.2533),
    (0.5, 0.0), (0.6, 0.2533), (0.7, 0.5244), (0.8, 0.8416), (0.9, 1.2816),
    (0.95, 1.6449), (0.975, 1.96), (0.99, 2.3263), (0.995, 2.5758), (0.999, 3.0902),
    (1.0, 3.5),
)  # fmt: skip
_FEW = 30.0  # expected failures up to which the binomial distribution is drawn exactly


class Luck(NamedTuple):
    """Uniform on (0, 1): how slow the run's time is for all its batches, and how slow its first
    batch is for itself.
    """

    load: float
    first: float


def lattice(runs: int, rng: Random) -> Iterator[Luck]:
    """The luck of so many runs: pairs that cover the unit square evenly (a Kronecker lattice, moved
    by chance).

    A run draws from the same `rng` between two of them, so they come one by one.
    """
    shift = rng.random()
    for place in range(runs):
        # the load goes up in even steps, each at a place of its own in its step; the first batch's
        # own luck goes round by the golden ratio, so that neither many nor few runs leave a hole in
        # the square
        yield Luck((place + rng.random()) / runs, (place * _GOLDEN + shift) % 1.0)


def blend(load: float, shared: float) -> Callable[[float], float]:
    """How a batch's own luck and the run's `load`, of weight `shared`, become one draw: uniform on
    (0, 1) again.

    The sum of both has a trapezoid as its density; its distribution function makes it uniform.
    Weight 0 is the own luck alone, weight 1 the load alone, and in between batches of a run are
    slow together, more or less.
    """
    wide, narrow = max(shared, 1 - shared), min(shared, 1 - shared)
    # all that is the same for the batches of a run is worked out once: this is called for each of
    # them
    from_load, own_weight = shared * load, 1 - shared
    half_narrow, both = narrow / 2, 2 * wide * narrow

    def blended(own: float) -> float:
        total = from_load + own_weight * own
        if total < narrow:
            return total * total / both
        if total <= wide:
            return (total - half_narrow) / wide
        return 1 - (1 - total) * (1 - total) / both

    return blended


def service(durations: DurationModel) -> Callable[[int, float], float]:
    """The seconds that a batch of so many requests is in work when its draw is u, from 0 to 1.

    Both tables are read at the same place, on straight lines between their entries.
    """
    scale, steps = durations.scale, len(durations.table) - 1
    table, rises = _with_rises(durations.table)
    waits_s, wait_rises_s = _with_rises(durations.waits_s)

    def seconds(requests: int, u: float) -> float:
        base, spread = scale(requests)
        place = u * steps
        below = int(place)
        inside = place - below
        return (
            base
            + spread * (table[below] + inside * rises[below])
            + (waits_s[below] + inside * wait_rises_s[below])
        )

    return seconds


def _with_rises(table: tuple[float, ...]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """The table, and how far it is from each entry to the next; the last is flat, for u may be a
    hair above 1.
    """
    return table, (*(high - low for low, high in pairwise(table)), 0.0)


def failures(requests: int, rate: float, rng: Random) -> int:
    """How many of `requests` fail, each with chance `rate`: one draw from the binomial
    distribution.

    Exact by inversion while at most 30 failures or successes are expected, else a normal
    approximation on straight lines between quantiles: the same mean, a variance 2 % larger. One
    call of `rng.random()`.
    """
    if rate <= 0 or requests == 0:
        return 0
    if rate > 0.5:
        return requests - failures(requests, 1 - rate, rng)
    mean = requests * rate
    if mean > _FEW:
        spread = sqrt(mean * (1 - rate))
        # within the bounds by itself: 3.5 times the spread is less than the mean, for the mean is above 30
        return int(mean + spread * _normal(rng.random()) + 0.5)
    point = rng.random()
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
    above = bisect_right(_NORMAL, (point, 9.0))  # 9: after the entry of the same point
    (low, z_low), (high, z_high) = _NORMAL[above - 1], _NORMAL[above]
    return z_low + (point - low) / (high - low) * (z_high - z_low)


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
