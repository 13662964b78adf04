"""Summarise simulated runs: how long, how likely, and which runs are typical."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import fsum

from planner.model.records import Record
from planner.model.simulate import Run


@dataclass(frozen=True, kw_only=True, slots=True)
class Forecast:
    """What the replications say.

    `runs` are in the order in which they were drawn. `makespans_s` are sorted; `p50`, `p85`, `p95` and `confident` are the runs that stand at those
    places, so a quantile is always the makespan of a run that can be drawn. `mean_expired` is how many
    requests end undone in a batch's 24 h, on average, each time that they do; `expiring` how many were
    given up in each run in which any did.
    Probabilities are shares of the replications; `deadline_probability` is None without a deadline. A `stopped` run
    counts with the time at which it was stopped, which is too short, but never as done by the
    deadline.
    """

    runs: tuple[Run, ...]
    makespans_s: tuple[float, ...]
    p50: Run
    p85: Run
    p95: Run
    confident: Run
    deadline_probability: float | None
    expiry_probability: float
    stopped_share: float
    mean_given_up: float
    mean_expired: float
    expiring: tuple[int, ...]

    @property
    def replications(self) -> int:
        return len(self.makespans_s)

    def chance_by(self, seconds: float) -> float:
        """The share of the runs that are done within `seconds`."""
        return bisect_right(self.makespans_s, seconds) / len(self.makespans_s)

    def ended_by(self, chance: float, number: int, places: range) -> float:
        """The shortest time within which the batches at these places of a round have ended, or are
        not needed, in that share of the runs, in seconds."""
        latest = sorted([run.records.latest_s(number, places) for run in self.runs])
        return latest[_rank(chance, len(latest))]

    def more_given_up(self, without: float) -> float:
        """How many requests more than `without` any expiry are given up, as expected."""
        more = fsum(max(0.0, given_up - without) for given_up in self.expiring)
        return more / self.replications

    def done_by(self, chance: float) -> float:
        """The shortest time within which that share of the runs is done, in seconds."""
        return self.makespans_s[_rank(chance, len(self.makespans_s))]


@dataclass(frozen=True, slots=True)
class QueueStep:
    """From `at_s` on, so many requests are with the provider, as far as the program knows."""

    at_s: float
    requests: int


def summarise(runs: Sequence[Run], *, confidence: float, deadline_s: float) -> Forecast:
    """The forecast of at least one run; `deadline_s` 0 means none. Quantiles are nearest ranks."""
    ordered = sorted(((run.makespan_s, place) for place, run in enumerate(runs)))
    makespans = tuple(makespan for makespan, _ in ordered)

    def at(chance: float) -> Run:
        return runs[ordered[_rank(chance, len(ordered))][1]]

    return Forecast(
        runs=tuple(runs),
        makespans_s=makespans,
        p50=at(0.5),
        p85=at(0.85),
        p95=at(0.95),
        confident=at(confidence),
        deadline_probability=_share(
            run.makespan_s <= deadline_s and not run.stopped for run in runs
        )
        if deadline_s
        else None,
        expiry_probability=_share(run.expired > 0 for run in runs),
        stopped_share=_share(run.stopped for run in runs),
        mean_given_up=sum(run.given_up for run in runs) / len(runs),
        mean_expired=sum(run.expired for run in runs) / len(runs),
        expiring=tuple(run.given_up for run in runs if run.expired),
    )


def queue_depth(records: Iterable[Record]) -> tuple[QueueStep, ...]:
    """How many requests are in the queue over time: up when a batch is sent, down when its end is
    noticed.
    """
    changes: dict[float, int] = {}
    for record in records:
        changes[record.submitted_s] = changes.get(record.submitted_s, 0) + record.requests
        changes[record.noticed_s] = changes.get(record.noticed_s, 0) - record.requests
    depth, steps = 0, []
    for at_s, change in sorted(changes.items()):
        depth += change
        steps.append(QueueStep(at_s, depth))
    return tuple(steps)


def _share(hits: Iterable[bool]) -> float:
    flags = tuple(hits)
    return sum(flags) / len(flags)


def _rank(chance: float, size: int) -> int:
    """The place of the smallest of `size` sorted values that such a share does not exceed."""
    # a whole number may come out a hair too large: 0.85 * 20 is 17, not the 18th value
    return max(0, min(size, -int(-(chance * size - 1e-9) // 1)) - 1)
