"""Forecast a cut: the runs of its batches, summarised; and of many cuts the best."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, lru_cache

from planner.model import cut, recall, simulate, split, summary
from planner.model.durations import DurationModel
from planner.scenario import Goal

# A cut is tried with few runs: the one that is chosen is then forecast with all.
_GLANCE_BATCHES, _LOOK_BATCHES = 100, 8_000
_FEW_RUNS = 8
_WORST = 3  # times as many batches may be simulated where many expire

_Simulate = Callable[..., tuple[simulate.Run, ...]]


def not_before(seconds: float, forecast: summary.Forecast, goal: Goal) -> summary.Forecast:
    """The forecast of a run that is not done before what goes in real time is."""
    if not seconds:
        return forecast
    runs = [run._replace(makespan_s=max(seconds, run.makespan_s)) for run in forecast.runs]
    return summary.summarise(runs, confidence=goal.confidence, deadline_s=goal.deadline_s)


@dataclass(frozen=True, kw_only=True, slots=True)
class Work:
    """What is forecast, all but its cut: `sent` are the requests of each round as expected."""

    sent: tuple[int, ...]
    primes: bool
    durations: DurationModel
    rules: simulate.Rules
    seed: int
    confidence: float
    deadline_s: float


def forecast_of(
    work: Work, wanted: cut.Cut, *, most_batches: int = simulate.MOST_BATCHES
) -> summary.Forecast:
    """The forecast of the work in a cut, from about so many simulated batches at most."""
    runs = _runs(work, wanted.requests_per_batch, most_batches)
    return _forecast(work, wanted, runs, recall.simulated)


def _forecast(work: Work, wanted: cut.Cut, runs: int, simulated: _Simulate) -> summary.Forecast:
    size = wanted.requests_per_batch
    rest = split.sizes(work.sent[0] - work.primes, size)
    found = simulated(
        ((1,), rest) if work.primes else (rest,),
        work.durations,
        replace(work.rules, concurrent=wanted.concurrent, batch_requests=size),
        runs=runs,
        seed=work.seed,
    )
    return summary.summarise(found, confidence=work.confidence, deadline_s=work.deadline_s)


def _runs(work: Work, size: int, most_batches: int) -> int:
    """How many runs are simulated: as many as a plan of that size gets, within `most_batches`."""
    expected = sum(-(-sent // size) for sent in work.sent)
    # where batches expire, all of them may come back in every round
    worst = -(-work.sent[0] // size) * (work.rules.retry.max + 1)
    least = min(_FEW_RUNS, max(simulate.LEAST_RUNS, _LOOK_BATCHES // worst))
    affordable = min(most_batches // expected, _WORST * most_batches // worst)
    return min(simulate.replications(expected), max(least, affordable))


@lru_cache(maxsize=64)
def chosen(work: Work, asked: cut.Cut, bounds: cut.Bounds) -> cut.Choice:
    """The best cut of the work, in what was asked for left open."""

    @cache  # the best so far is compared with many
    def look(tried: cut.Cut, runs: int) -> cut.Outlook:
        return _outlook(_forecast(work, tried, runs, simulate.simulate))

    def within(most_batches: int) -> cut.Compare:
        def compare(one: cut.Cut, other: cut.Cut) -> tuple[cut.Outlook, cut.Outlook]:
            # no more runs than either would get: equal numbers of runs meet the same luck
            sizes = one.requests_per_batch, other.requests_per_batch
            runs = min(_runs(work, size, most_batches) for size in sizes)
            return look(one, runs), look(other, runs)

        return compare

    in_first_batches = work.sent[0] - work.primes
    return cut.choose(
        cut.cuts(in_first_batches, asked, bounds), within(_GLANCE_BATCHES), within(_LOOK_BATCHES)
    )


def _outlook(forecast: summary.Forecast) -> cut.Outlook:
    return cut.Outlook(forecast.expiry_probability, forecast.confident.makespan_s)
