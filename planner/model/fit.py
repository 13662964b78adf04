"""Fit known batches: how their time goes with their size, and how far they lie from that.

A batch of n requests takes ratio · n^b seconds. Nobody knows the exponent b: each of an even set of
them gets the chance with which the ratios that it leaves could be free of the size. The measure of
that is Kendall's S, in which one odd row counts no more than any other (Sen, 1968,
doi:10.1080/01621459.1968.10480934). Every exponent has its own ratios in order; the k-th of n stands
at the chance k / (n + 1), which is what it is for the next batch of the same kind. Batches that were
still running when last seen count by the estimate of Kaplan and Meier.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from math import fsum, inf, sqrt
from typing import NamedTuple

from planner.model.curve import Curve

STEPS = 16  # exponents are 0, 1/16 … 1: square roots of square roots, equal on every machine
_COMPARED = (
    200  # rows that are compared in pairs; more say nothing new, and pairs grow as the square
)
_UNLIKELY = 0.002  # an exponent of less chance is left out
_SIZES = 4096  # batch sizes of which a curve keeps the answer


class Sample(NamedTuple):
    """One known batch: seconds it took, or, when censored, seconds after which it still ran.

    `weight` 1 is a batch that stands for itself; of related ones each stands for less.
    """

    requests: int
    seconds: float
    censored: bool = False
    weight: float = 1.0


def fit(samples: Iterable[Sample], *, wait_above: float = inf) -> tuple[Curve, ...]:
    """The curves that known batches leave possible, each with its chance. Needs at least one batch.

    What a batch took beyond `wait_above` times its typical time counts as a wait in seconds, the
    same for all sizes.
    """
    rows = tuple(samples)
    chances = exponent_chances(rows)
    likely = [(step, chance) for step, chance in enumerate(chances) if chance >= _UNLIKELY]
    whole = fsum(chance for _, chance in likely)
    return tuple(_curve(rows, step, chance / whole, wait_above) for step, chance in likely)


def power(requests: int, step: int) -> float:
    """`requests` to the power of `step` / 16, by square roots."""
    root, result = float(requests), 1.0
    if step == STEPS:
        return root
    for bit in (8, 4, 2, 1):
        root = sqrt(root)
        if step & bit:
            result *= root
    return result


def exponent_chances(rows: Sequence[Sample]) -> tuple[float, ...]:
    """The chance of each exponent 0, 1/16 … 1, before anything but the rows is known."""
    ordered = sorted(rows)
    every = -(-len(ordered) // _COMPARED)
    compared = ordered[every // 2 :: every]
    variance = _variance(compared)
    # rows of one size say nothing: all exponents are as likely
    squares = [s * s / variance if variance > 0 else 0.0 for s in _kendall(compared)]
    fits = [_bell(square) for square in squares]
    whole = fsum(fits)
    return tuple(fit / whole for fit in fits)


def _kendall(rows: Sequence[Sample]) -> list[float]:
    """Kendall's S of size and ratio for each exponent: pairs in which the larger batch has the
    larger ratio, less pairs in which it has the smaller one."""
    powers = [[power(row.requests, step) for step in range(STEPS + 1)] for row in rows]
    changes = [0.0] * (STEPS + 2)  # of S from one exponent to the next
    for place, large in enumerate(rows):
        for other in range(place):
            small = rows[other]
            if small.requests == large.requests:
                continue
            pair = large.weight * small.weight
            above, below = _turn(large, powers[place], small, powers[other])
            # a batch that still ran takes longer than it is known to: it can only be the larger one
            if not small.censored:
                changes[0] += pair
                changes[above] -= pair
            if not large.censored:
                changes[below] -= pair
    s, sums = 0.0, []
    for change in changes[:-1]:
        s += change
        sums.append(s)
    return sums


def _turn(
    large: Sample, of_large: list[float], small: Sample, of_small: list[float]
) -> tuple[int, int]:
    """How many exponents leave the larger batch the larger ratio, and how many not the smaller.

    The first so many: the higher the exponent, the less is left to the larger batch.
    """

    def excess(step: int) -> float:
        return small.seconds * of_large[step] - large.seconds * of_small[step]

    steps = range(STEPS + 1)
    above = bisect_left(steps, 0.0, key=excess)
    return above, above + (above <= STEPS and excess(above) == 0)


def _variance(rows: Sequence[Sample]) -> float:
    """Of Kendall's S when ratios have nothing to do with size; rows of one size are tied."""
    sizes: dict[int, float] = {}
    for row in rows:
        sizes[row.requests] = sizes.get(row.requests, 0.0) + row.weight
    ties = fsum(_pairs(weight) for weight in sizes.values())
    return (_pairs(fsum(row.weight for row in rows)) - ties) / 18


def _pairs(rows: float) -> float:
    return rows * (rows - 1) * (2 * rows + 5) if rows > 1 else 0.0


def _bell(square: float) -> float:
    """exp(-square / 2), near enough: multiplications give the same digits everywhere."""
    bell = 1 / (1 + square / 128)
    for _ in range(6):
        bell *= bell
    return bell


def _curve(rows: tuple[Sample, ...], step: int, chance: float, wait_above: float) -> Curve:
    ratios = {row: row.seconds / power(row.requests, step) for row in rows}
    ordered = sorted(rows, key=lambda row: (ratios[row], row.censored))
    steps = _survival_steps(ordered)
    most = inf
    if wait_above < inf:
        middle = next((row for at, row in steps if at >= 0.5), steps[-1][1])
        most = wait_above * ratios[middle]
    waits, longest = [], 0.0
    for _, row in steps:
        longest = max(longest, row.seconds - most * power(row.requests, step))
        waits.append(longest)
    return Curve(
        chance=chance,
        scale=_scale(step),
        places=tuple(at for at, _ in steps),
        ratios=tuple(min(ratios[row], most) for _, row in steps),
        waits_s=tuple(waits),
    )


def _scale(step: int) -> Callable[[int], tuple[float, float]]:
    @lru_cache(maxsize=_SIZES)  # bounded, because the model of the public observations lives on
    def scale(requests: int) -> tuple[float, float]:
        return 0.0, power(requests, step)

    return scale


def _survival_steps(ordered: list[Sample]) -> list[tuple[float, Sample]]:
    """The Kaplan-Meier estimate: each finished batch with the chance of at most its place in the
    order. The batch that is to come is one of those that may be longer."""
    steps: list[tuple[float, Sample]] = []
    surviving, at_risk = 1.0, 1.0 + fsum(row.weight for row in ordered)
    for row in ordered:
        if not row.censored:
            surviving *= 1 - row.weight / at_risk
            steps.append((1 - surviving, row))
        at_risk -= row.weight
    # nothing but batches that were still running: the best that is known is that they take longer
    return steps or [(0.5, ordered[-1])]
