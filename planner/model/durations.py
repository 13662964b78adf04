"""How long a batch of n requests takes, as a distribution.

    observed   fitted to what others have published, of which related rows weigh less
    history    fitted to one's own batches, in the same way
    formula    start + ⌈n / at once⌉ · seconds per request
    guide      even between the ends of the original planner's range

In the first two n is all that the run has with the provider when a batch is sent: batches that are
open together share the pace that one batch of their sum would have. Nothing that was observed shows
that a workload ends sooner when it is cut up. In the other two n is the batch's own size, which is
what they are about.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from math import fsum, inf, sqrt

from planner import facts
from planner.model.curve import Curve
from planner.model.fit import Sample, fit
from planner.model.history import samples_of
from planner.scenario import Duration, History

# Chosen by the loss on logs left out, as the method page shows. Times the typical time of its size,
# beyond which a batch's time counts as a wait: only batches of less than 3,000 requests are known
# there, and what held them up is taken to hold up everybody as long, not in proportion to the size.
WAIT_ABOVE = 2.0
# Small batches of before then were quicker by far; they count half.
AGE_FROM, OLD_WEIGHT = "2026", 0.5
# Rows of one log have so much in common, from 0, nothing, to 1, all: n of them tell as much as
# n / (1 + (n - 1) x) unrelated ones (the design effect of Kish 1965, "Survey sampling"), so that no
# log outweighs another by more than 1/x, however long it is.
ALIKE = 0.3
# Large models take so many times as long as small ones; a batch of an unknown one is between them.
LARGE_FAMILIES, LARGE_PACE = ("opus", "fable", "mythos"), 2.0

_SIZES = 4096  # batch sizes of which the guide keeps the answer
_BANDS = (20, 200, 1000, 10_000)  # for the table of what was observed


@dataclass(frozen=True, kw_only=True, slots=True)
class Band:
    """Observed batches of `low` to `high` requests.

    `censored`: the longest still ran when it was last seen.
    """

    low: int
    high: int
    batches: int
    shortest_s: float
    median_s: float
    longest_s: float
    censored: bool


# eq=False: a model is itself and no other, so that a forecast can be looked up by it without
# comparing tables
@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class DurationModel:
    """The curves that are possible, with their chances.

    `samples` is how many batches made it, `evidence` how many unrelated ones they are worth; 0 where
    nothing was fitted. `shared`: n is the sum of the batches that are open together, not the size of
    one.
    """

    curves: tuple[Curve, ...]
    samples: int = 0
    evidence: float = 0.0
    shared: bool = False

    @property
    def alike(self) -> float:
        """How far the hours of a run are related because of what the rows leave open of the chances:
        by 1 / (n + 2), as if n chances were drawn for the run."""
        return 1 / (self.evidence + 2) if self.evidence else 0.0

    def curve_at(self, point: float) -> Curve:
        """The curve at that place, from 0 to 1, of all that are possible."""
        for curve in self.curves:
            point -= curve.chance
            if point < 0:
                return curve
        return self.curves[-1]


def model_of(duration: Duration, family: str) -> DurationModel:
    """The duration model that the scenario asks for, with a model of that family: the same object
    wherever it is the same model, so that its runs are simulated once."""
    if duration.model == "guide":
        return _guide()
    if duration.model == "formula":
        return _formula(
            duration.seconds_per_request, duration.parallel_requests, duration.startup_s
        )
    if duration.model == "history":
        # where no row can be used, others' batches are all there is
        return _of_own(duration.history) or observed(family)
    return observed(family)


@lru_cache(maxsize=8)
def _of_own(history: History) -> DurationModel | None:
    """The model of one's own batches; None without a row that counts."""
    own = samples_of(history)
    return _fitted(own) if own else None


def observed(family: str = "sonnet") -> DurationModel:
    """The model of the public observations (facts/durations.json), for a model of that family."""
    return _of_large() if family in LARGE_FAMILIES else _of_small()


@cache
def _of_small() -> DurationModel:
    return _fitted(public(), WAIT_ABOVE)


@cache
def _of_large() -> DurationModel:
    small = _of_small()
    return replace(small, curves=tuple(curve.slower(LARGE_PACE) for curve in small.curves))


def _fitted(rows: Sequence[Sample], wait_above: float = inf) -> DurationModel:
    return DurationModel(
        curves=fit(rows, wait_above=wait_above),
        samples=len(rows),
        evidence=fsum(row.weight for row in rows),
        shared=True,
    )


def public() -> tuple[Sample, ...]:
    """The public observations that are used, as if of Sonnet or Haiku."""
    used = tuple(row for row in facts.observations() if row.used)
    return samples_of_logs(used, OLD_WEIGHT, LARGE_PACE)


def samples_of_logs(
    rows: Sequence[facts.Observation],
    old_weight: float,
    large_pace: float,
    alike: float = ALIKE,
) -> tuple[Sample, ...]:
    """Public rows as samples: of logs whose rows are so far `alike`, old ones of less weight, and
    large models brought to the pace of small ones."""
    rows_of = Counter(row.log for row in rows)
    return tuple(
        Sample(
            row.requests or 1,
            (row.seconds_low + row.seconds_high) / 2 / pace_of(row.model, large_pace),
            row.censored,
            (old_weight if row.date < AGE_FROM else 1.0) / (1 + (rows_of[row.log] - 1) * alike),
        )
        for row in rows
    )


def pace_of(model_id: str | None, large_pace: float) -> float:
    """Times that a batch of that model takes as long as one of Sonnet or Haiku; None: not known."""
    if model_id is None:
        return sqrt(large_pace)
    return large_pace if facts.model(model_id).family in LARGE_FAMILIES else 1.0


def public_bands() -> tuple[Band, ...]:
    """The public observations by size; a band without any is left out."""
    edges = (1, *_BANDS, int(facts.limit("batch_max_requests").value) + 1)
    groups: dict[int, list[Sample]] = {}
    used = tuple(row for row in facts.observations() if row.used)
    for row in samples_of_logs(used, 1.0, 1.0):
        groups.setdefault(bisect_right(_BANDS, row.requests), []).append(row)
    return tuple(
        _band(rows, edges[number], edges[number + 1] - 1) for number, rows in sorted(groups.items())
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


def _median(values: Iterable[float]) -> float:
    # not the one of `statistics`: to load that module takes 2 ms, and the page loads the planner
    # while somebody waits
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


@cache
def _guide() -> DurationModel:
    rows = facts.guide()

    @lru_cache(maxsize=_SIZES)
    def scale(requests: int) -> tuple[float, float]:
        row = next((row for row in rows if requests <= row.requests_up_to), rows[-1])
        return float(row.low_s), float(row.high_s - row.low_s)

    return _certain(scale, most=1.0)


@lru_cache(maxsize=8)
def _formula(seconds_per_request: float, parallel_requests: int, startup_s: float) -> DurationModel:
    def scale(requests: int) -> tuple[float, float]:
        return startup_s + -(-requests // parallel_requests) * seconds_per_request, 0.0

    return _certain(scale, most=0.0)


def _certain(scale: Callable[[int], tuple[float, float]], *, most: float) -> DurationModel:
    """The one curve of a rule: its ratio goes evenly from 0 to `most`, and nothing is unknown."""
    curve = Curve(
        scale=scale,
        places=(0.0, 1.0),
        ratios=(0.0, most),
        waits_s=(0.0, 0.0),
        blur=0.0,
        certain=not most,
    )
    return DurationModel(curves=(curve,))
