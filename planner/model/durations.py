"""How long a batch of n requests takes, as a distribution.

Every model has one form: service = base(n) + spread(n) · q(u) + wait(u), where q and wait are
quantile tables and u is a uniform draw.

    observed   spread = median of batches of that size, q = observed time / that median, at most
               WAIT_ABOVE; wait = what a batch took beyond that
    history    the same from one's own batches, without wait; outside their sizes the median goes
               as the public one
    formula    base = start + ⌈n / at once⌉ · seconds per request
    guide      base = lower end of the original planner's range, spread = its width, q(u) = u

Two things that the public observations cannot tell are taken on the cautious side of what they do
tell:

- They are of batches that ran alone, and none shows that a workload ends sooner when it is cut into
  batches that run together. So in the model "observed" n is all that the run has with the provider
  when a batch is sent: batches share the pace that one batch of their sum would have. In the other
  models n is the batch's own size.
- Beyond WAIT_ABOVE times the median there are only small batches. What held them up is a wait for
  everybody, so it is added in seconds, and not multiplied by the size of a batch that is a thousand
  times larger.

The quantiles are those of the Kaplan-Meier estimate, which gives a batch that was still running
when it was last seen its due: it took longer, nobody knows how much. Between its steps runs a
straight line (definition 4 of Hyndman and Fan, 1996, doi:10.1080/00031305.1996.10473566).
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from itertools import pairwise
from math import inf

from planner import facts
from planner.scenario import Duration

# times the median: the observed ratios run up to 5.4 without a gap, then come 20, over 41 and 225
WAIT_ABOVE = 6.0
GRID = 400  # steps of a quantile table; a draw is a straight line between two of them

# Batches of one band are taken together. Public ones are sparse, and below 200 requests size says
# nothing about their time; a person's own are compared with those of at most twice the size.
_PUBLIC_BANDS = (200, 5_000, 50_000)
_OWN_BANDS = tuple(1 << power for power in range(1, 18))

_SIZES = 4096  # batch sizes of which a model keeps the answer

Scale = Callable[[int], tuple[float, float]]
Knot = tuple[float, float]  # requests, median seconds


@dataclass(frozen=True, kw_only=True, slots=True)
class Band:
    """Observed batches of `low` to `high` requests, which the model takes together.

    `censored`: the longest still ran when it was last seen.
    """

    low: int
    high: int
    batches: int
    shortest_s: float
    median_s: float
    longest_s: float
    censored: bool


@dataclass(frozen=True, slots=True)
class Sample:
    """One known batch: seconds it took, or, when censored, seconds after which it still ran."""

    requests: int
    seconds: float
    censored: bool = False


# eq=False: a model is itself and no other, so that a forecast can be looked up by it without
# comparing tables
@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class DurationModel:
    """`scale(n)` gives base and spread in seconds; `table` holds q, `waits_s` the wait, both at the
    same even steps of u from 0 to 1.

    `samples` is how many batches made it. `shared`: n is the sum of the batches that are open
    together, not the size of one.
    """

    scale: Scale
    table: tuple[float, ...]
    waits_s: tuple[float, ...]
    samples: int = 0
    shared: bool = False


@lru_cache(maxsize=8)
def model_of(duration: Duration) -> DurationModel:
    """The duration model that the scenario asks for: the same object for the same answers."""
    if duration.model == "guide":
        return _guide()
    if duration.model == "formula":
        return _formula(
            duration.seconds_per_request, duration.parallel_requests, duration.startup_s
        )
    if duration.model == "history":
        own = (Sample(requests, seconds) for requests, seconds in duration.history)
        public = observed().scale
        return fit(own, bands=_OWN_BANDS, shape=lambda requests: public(requests)[1])
    return observed()


@cache
def observed() -> DurationModel:
    """The model of the public observations (facts/durations.json)."""
    return replace(fit(_public(), wait_above=WAIT_ABOVE), shared=True)


def _public() -> tuple[Sample, ...]:
    return tuple(
        Sample(row.requests, row.seconds_low, row.censored)
        for row in facts.observations()
        if row.used and row.requests is not None
    )


def public_bands() -> tuple[Band, ...]:
    """The public observations by size; a band without any is left out."""
    edges = (1, *_PUBLIC_BANDS, int(facts.limit("batch_max_requests").value) + 1)
    return tuple(
        _band(rows, edges[number], edges[number + 1] - 1)
        for number, rows in _by_band(_public(), _PUBLIC_BANDS)
    )


def _band(rows: list[Sample], low: int, high: int) -> Band:
    longest = max(rows, key=lambda row: (row.seconds, row.censored))
    return Band(
        low=low,
        high=high,
        batches=len(rows),
        shortest_s=min(row.seconds for row in rows),
        median_s=_median(row.seconds for row in rows),
        longest_s=longest.seconds,
        censored=longest.censored,
    )


def fit(
    samples: Iterable[Sample],
    *,
    bands: Sequence[int] = _PUBLIC_BANDS,
    shape: Callable[[int], float] | None = None,
    wait_above: float = inf,
) -> DurationModel:
    """The model of known batches: a median by size, times the ratios that were seen.

    The median runs in straight lines through the medians of the `bands`, whose lower edges are
    given, and never falls with size. Below the smallest and above the largest batch it goes as
    `shape` does, a median by size that others know; without one it stays below and grows in
    proportion above. What a batch took beyond `wait_above` times its median counts as wait. Needs
    at least one sample.
    """
    rows = tuple(samples)
    knots = _median_knots(rows, bands)
    least, most = min(row.requests for row in rows), max(row.requests for row in rows)
    medians = {row: _median_at(knots, row.requests) for row in rows}
    ordered = sorted(rows, key=lambda row: (row.seconds / medians[row], row.censored))
    steps = _survival_steps(ordered)
    table = [(chance, min(row.seconds / medians[row], wait_above)) for chance, row in steps]
    waits = [(chance, max(0.0, row.seconds - wait_above * medians[row])) for chance, row in steps]

    @lru_cache(maxsize=_SIZES)  # bounded, because the model of the public observations lives on
    def scale(requests: int) -> tuple[float, float]:
        known = min(max(requests, least), most)
        if shape is None or known == requests:
            return 0.0, _median_at(knots, requests)
        return 0.0, _median_at(knots, known) * shape(requests) / shape(known)

    return DurationModel(
        scale=scale, table=_even_table(table), waits_s=_even_table(waits), samples=len(rows)
    )


def _by_band(rows: Iterable[Sample], bands: Sequence[int]) -> list[tuple[int, list[Sample]]]:
    """The rows of each band that has any, with the number of the band: 0 below the first edge."""
    groups: dict[int, list[Sample]] = {}
    for row in rows:
        groups.setdefault(bisect_right(bands, row.requests), []).append(row)
    return sorted(groups.items())


def _median_knots(rows: tuple[Sample, ...], bands: Sequence[int]) -> tuple[Knot, ...]:
    knots: list[Knot] = []
    for _, members in _by_band(rows, bands):
        size = float(_median(row.requests for row in members))
        seconds = _median(row.seconds for row in members)
        knots.append((size, max(seconds, knots[-1][1] if knots else 0.0)))
    largest = max(row.requests for row in rows)
    if largest > knots[-1][0]:
        # up to the largest batch the last band has one median; in proportion only beyond
        knots.append((float(largest), knots[-1][1]))
    return tuple(knots)


def _median_at(knots: tuple[Knot, ...], requests: int) -> float:
    if requests <= knots[0][0]:
        return knots[0][1]
    for (low, low_s), (high, high_s) in pairwise(knots):
        if requests <= high:
            return low_s + (requests - low) / (high - low) * (high_s - low_s)
    return knots[-1][1] * max(1.0, requests / knots[-1][0])


def _median(values: Iterable[float]) -> float:
    # not the one of `statistics`: to load that module takes 2 ms, and the page loads the planner
    # while somebody waits
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def _survival_steps(ordered: list[Sample]) -> list[tuple[float, Sample]]:
    """The Kaplan-Meier estimate: each finished sample with the chance of at most its place in the
    order.
    """
    steps: list[tuple[float, Sample]] = []
    surviving, at_risk = 1.0, len(ordered)
    for row in ordered:
        if not row.censored:
            surviving -= surviving / at_risk
            steps.append((1 - surviving, row))
        at_risk -= 1
    # nothing but batches that were still running: the best that is known is that they take longer
    return steps or [(1.0, ordered[-1])]


def _even_table(steps: list[tuple[float, float]]) -> tuple[float, ...]:
    """The values at GRID + 1 even steps of chance, on straight lines between (chance, value)."""
    table, place = [], 0
    for entry in range(GRID + 1):
        u = entry / GRID
        while place < len(steps) - 1 and steps[place][0] < u:
            place += 1
        (low, low_value), (high, high_value) = steps[max(place - 1, 0)], steps[place]
        inside = (u - low) / (high - low) if high > low and u < high else 1.0
        table.append(low_value + max(0.0, inside) * (high_value - low_value))
    return tuple(table)


def _guide() -> DurationModel:
    rows = facts.guide()

    def scale(requests: int) -> tuple[float, float]:
        row = next((row for row in rows if requests <= row.requests_up_to), rows[-1])
        return float(row.low_s), float(row.high_s - row.low_s)

    return DurationModel(scale=scale, table=(0.0, 1.0), waits_s=(0.0, 0.0))


def _formula(seconds_per_request: float, parallel_requests: int, startup_s: float) -> DurationModel:
    def scale(requests: int) -> tuple[float, float]:
        return startup_s + -(-requests // parallel_requests) * seconds_per_request, 0.0

    return DurationModel(scale=scale, table=(0.0, 0.0), waits_s=(0.0, 0.0))
