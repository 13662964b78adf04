"""Say how slow each hour of a run is.

Every hour has one luck: batches that are sent in it meet the same. Part of it is the load of the
day, so the hours of a day are related; a long run meets good and bad days. The luck of an hour is a
place on the curve of the durations, as likely to be in one part of it as in another of that width.
"""

from collections.abc import Iterator
from itertools import chain
from math import inf, sqrt
from random import Random

from planner.model.draws import Luck
from planner.model.durations import DurationModel

HOUR_S = 3600.0
_DAY_HOURS = 24


class Pace:
    """The hours of one run, asked for in order of time."""

    __slots__ = (
        "_day",
        "_hour",
        "_load",
        "_luck",
        "_model",
        "_points",
        "_rng",
        "_shared",
        "current",
        "curve",
    )

    def __init__(self, model: DurationModel, shared_load: float, luck: Luck, rng: Random) -> None:
        self.curve = model.curve_at(luck.curve)
        self._model, self._shared, self._luck, self._rng = model, shared_load, luck, rng
        self._hour = self._day = 0
        until_s = inf if self.curve.certain else HOUR_S
        self.current = (*self.curve.at(luck.first), until_s)
        self._load: Load | None = None  # many runs are over before they need it
        self._points: Iterator[float] = iter(())

    def at(self, clock_s: float) -> tuple[float, float, float]:
        """Ratio and wait of a batch that is sent then, and until when they hold."""
        hour = int(clock_s // HOUR_S)
        if hour != self._hour and not self.curve.certain:
            self._hour = hour
            load = self._load or self._first_load()
            if hour // _DAY_HOURS != self._day:
                self._day = hour // _DAY_HOURS
                # what is not known of the chances is the same on all days
                if next(self._points) >= self._model.alike:
                    load.forget()
            self.current = (*self.curve.at(load.luck(next(self._points))), (hour + 1) * HOUR_S)
        return self.current

    def _first_load(self) -> "Load":
        shared, alike = correlation(self._shared, self._luck.shared), self._model.alike
        self._load = Load(shared + (1 - shared) * alike)
        self._load.learn(self._luck.first)
        self._points = chain(self._luck.hours, iter(self._rng.random, None))
        return self._load


def correlation(mean: float, point: float) -> float:
    """How far luck is shared: drawn evenly, as far to both sides of the mean as 0 and 1 allow."""
    return mean + (2 * point - 1) * min(mean, 1 - mean)


class Load:
    """The load of a day, by what the luck of its hours says of it.

    The luck of an hour is w · load + (1 - w) · own, load and own uniform on (0, 1), and made uniform
    again; w is such that the sums of two hours have the correlation that is asked for. So each luck
    leaves an interval in which the load must be, and every load in it is equally likely.
    """

    __slots__ = ("_least", "_most", "_own", "_weight")

    def __init__(self, correlation: float) -> None:
        of_load, of_own = sqrt(correlation), sqrt(1 - correlation)
        self._weight = of_load / (of_load + of_own)
        self._own = 1 - self._weight
        self.forget()

    def forget(self) -> None:
        """Another day: nothing is known of its load."""
        self._least, self._most = 0.0, 1.0

    def luck(self, point: float) -> float:
        """The luck of another hour, uniform where nothing is known; `point` takes one of those that
        are possible."""
        weight, least = self._weight, self._least
        total = weight * least + sum_at(point, weight * (self._most - least), self._own)
        self._narrow(total)
        return chance_of(total, weight)

    def learn(self, luck: float) -> None:
        """Keep the loads that can be behind such luck."""
        self._narrow(sum_at(luck, self._weight, self._own))

    def _narrow(self, total: float) -> None:
        if self._weight:
            least, most = (total - self._own) / self._weight, total / self._weight
            if least > self._least:
                self._least = min(least, self._most)
            if most < self._most:
                self._most = max(most, self._least)


def sum_at(point: float, one: float, other: float) -> float:
    """The quantile of the sum of two even numbers, from 0 to `one` and from 0 to `other`.

    The density of the sum is a trapezoid.
    """
    # not max() and min(), for all runs meet this: a call costs more than the comparison
    wide, narrow = (one, other) if one > other else (other, one)
    edge = narrow / (2 * wide) if wide else 0.0  # the share in each slope
    if point < edge:
        return sqrt(2 * wide * narrow * point)
    if point <= 1 - edge:
        return wide * point + narrow / 2
    return wide + narrow - sqrt(2 * wide * narrow * max(0.0, 1 - point))


def chance_of(total: float, weight: float) -> float:
    """The chance that load and own luck, so weighted, have a smaller sum: `sum_at`, turned round."""
    own = 1 - weight
    wide, narrow = (weight, own) if weight > own else (own, weight)
    if total < narrow:
        return total * total / (2 * wide * narrow)
    if total <= wide:
        return (total - narrow / 2) / wide
    rest = 1 - total
    if rest <= 0:
        return 1.0
    return 1 - rest * rest / (2 * wide * narrow)
