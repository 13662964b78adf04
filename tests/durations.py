"""Duration models made by hand: for tests that need to know how long a batch takes."""

from collections.abc import Callable, Sequence

from planner.model.answers import lengths
from planner.model.curve import Curve
from planner.model.durations import DurationModel
from planner.model.writing import Writing

AT_ONCE = Writing(lengths=lengths(1, 0), max_tokens=1, tokens_per_s=1e9)  # answers take no time


def lasting(seconds: Callable[[int], float] | float, *, shared: bool = False) -> DurationModel:
    """Every batch takes that long, or as long as its size says; luck has no part in it."""
    of_size = seconds if callable(seconds) else lambda _: seconds

    def scale(requests: int) -> tuple[float, float]:
        return float(of_size(requests)), 0.0

    return model(scale, (0.0, 0.0), shared=shared)


def model(
    scale: Callable[[int], tuple[float, float]],
    table: Sequence[float],
    waits_s: Sequence[float] = (),
    *,
    shared: bool = False,
) -> DurationModel:
    """One curve whose ratios are those of the table, at even places from 0 to 1."""
    places = tuple(number / (len(table) - 1) for number in range(len(table)))
    curve = Curve(
        scale=scale,
        places=places,
        ratios=tuple(table),
        waits_s=tuple(waits_s) or (0.0,) * len(table),
        blur=0.0,
    )
    return DurationModel(curves=(curve,), shared=shared)


def quantile(some: DurationModel, requests: int, place: float) -> float:
    """Seconds within which a batch of so many requests has ended with that chance.

    The curves are mixed by their chances; found by halving.
    """

    def chance(seconds: float) -> float:
        return sum(curve.chance * _place(curve, requests, seconds) for curve in some.curves)

    low, high = 0.0, 1e9
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if chance(middle) < place else (low, middle)
    return high


def _place(curve: Curve, requests: int, seconds: float) -> float:
    base_s, spread_s = curve.scale(requests)

    def at(place: float) -> float:
        ratio, wait_s = curve.at(place)
        return base_s + spread_s * ratio + wait_s

    low, high = 0.0, 1.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if at(middle) <= seconds else (low, middle)
    return low
