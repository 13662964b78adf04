"""How long a batch of n requests takes, as a distribution.

Every model has one form: service = base(n) + spread(n) · q(u), where q is a quantile table, u a uniform draw.

    observed, history   base 0, spread = median of batches of that size, q = observed time / that median
    guide               base = lower end of the original planner's range, spread = its width, q(u) = u
    formula             base = start + ⌈n / at once⌉ · seconds per request, spread 0

The quantiles of observed ratios are those of the Kaplan-Meier estimate, which gives a batch that was still
running when it was last seen its due: it took longer, nobody knows how much. Between the steps runs a
straight line (definition 4 of Hyndman and Fan, 1996, doi:10.1080/00031305.1996.10473566).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from planner import facts
from planner.scenario import Duration

GRID = 400  # steps of a quantile table; a draw is a straight line between two of them

# Batches of one band are taken together: below 200 requests size says nothing about time.
_BANDS = (200, 5_000, 50_000)

Scale = Callable[[int], tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Sample:
    """One known batch: seconds it took, or, when censored, seconds after which it still ran."""

    requests: int
    seconds: float
    censored: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class DurationModel:
    """`scale(n)` gives base and spread in seconds; `table` holds q at 0, 1/GRID … 1; `samples` is how many rows made it."""

    scale: Scale
    table: tuple[float, ...]
    samples: int

    def seconds(self, requests: int, u: float) -> float:
        """The u-quantile (0 to 1) of the service time of a batch of `requests`."""
        base, spread = self.scale(requests)
        return base + spread * look_up(self.table, u)


def look_up(table: tuple[float, ...], u: float) -> float:
    """The value at u between 0 and 1, on straight lines between the entries of an evenly spaced table."""
    place = u * (len(table) - 1)
    below = int(place)
    if below >= len(table) - 1:
        return table[-1]
    return table[below] + (place - below) * (table[below + 1] - table[below])


def model_of(duration: Duration) -> DurationModel:
    """The duration model that the scenario asks for."""
    if duration.model == "guide":
        return _guide()
    if duration.model == "formula":
        return _formula(duration.seconds_per_request, duration.parallel_requests, duration.startup_s)
    if duration.model == "history":
        return fit(Sample(requests, seconds) for requests, seconds in duration.history)
    return observed()


def observed() -> DurationModel:
    """The model of the public observations in data/durations.json."""
    return fit(
        Sample(row.requests, row.seconds_low, row.censored)
        for row in facts.observations()
        if row.used and row.requests is not None
    )


def fit(samples: Iterable[Sample]) -> DurationModel:
    """The model of known batches: a median by size, times the ratios that were seen.

    The median runs in straight lines through the medians of the bands, never falls with size, and beyond the
    largest band grows in proportion. Needs at least one sample.
    """
    rows = tuple(samples)
    knots = _median_knots(rows)
    ratios = sorted((row.seconds / _median_at(knots, row.requests), row.censored) for row in rows)

    def scale(requests: int) -> tuple[float, float]:
        return 0.0, _median_at(knots, requests)

    return DurationModel(scale=scale, table=_quantile_table(ratios), samples=len(rows))


def _median_knots(rows: tuple[Sample, ...]) -> tuple[tuple[float, float], ...]:
    bands: dict[int, list[Sample]] = {}
    for row in rows:
        bands.setdefault(sum(row.requests >= edge for edge in _BANDS), []).append(row)
    knots: list[tuple[float, float]] = []
    for _, members in sorted(bands.items()):
        size, seconds = median(row.requests for row in members), median(row.seconds for row in members)
        knots.append((float(size), max(seconds, knots[-1][1] if knots else 0.0)))
    return tuple(knots)


def _median_at(knots: tuple[tuple[float, float], ...], requests: int) -> float:
    if requests <= knots[0][0]:
        return knots[0][1]
    for (low, low_s), (high, high_s) in pairwise(knots):
        if requests <= high:
            return low_s + (requests - low) / (high - low) * (high_s - low_s)
    return knots[-1][1] * max(1.0, requests / knots[-1][0])


def _quantile_table(ratios: list[tuple[float, bool]]) -> tuple[float, ...]:
    """The Kaplan-Meier quantiles of the sorted (ratio, censored), at GRID + 1 even steps."""
    steps: list[tuple[float, float]] = []  # (chance of at most this ratio, ratio)
    surviving, at_risk = 1.0, len(ratios)
    for ratio, censored in ratios:
        if not censored:
            surviving -= surviving / at_risk
            steps.append((1 - surviving, ratio))
        at_risk -= 1
    if not steps:  # nothing but batches that were still running: the best that is known is that they take longer
        steps = [(1.0, ratio) for ratio, _ in ratios[-1:]]
    table, place = [], 0
    for entry in range(GRID + 1):
        u = entry / GRID
        while place < len(steps) - 1 and steps[place][0] < u:
            place += 1
        (low, low_ratio), (high, high_ratio) = steps[max(place - 1, 0)], steps[place]
        inside = (u - low) / (high - low) if high > low and u < high else 1.0
        table.append(low_ratio + max(0.0, inside) * (high_ratio - low_ratio))
    return tuple(table)


def _guide() -> DurationModel:
    rows = facts.guide()

    def scale(requests: int) -> tuple[float, float]:
        row = next((row for row in rows if requests <= row.requests_up_to), rows[-1])
        return float(row.low_s), float(row.high_s - row.low_s)

    return DurationModel(scale=scale, table=tuple(entry / GRID for entry in range(GRID + 1)), samples=0)


def _formula(seconds_per_request: float, parallel_requests: int, startup_s: float) -> DurationModel:
    def scale(requests: int) -> tuple[float, float]:
        return startup_s + -(-requests // parallel_requests) * seconds_per_request, 0.0

    return DurationModel(scale=scale, table=(0.0, 0.0), samples=0)
