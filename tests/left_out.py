"""Public rows, one log left out at a time: how far the forecast from the others is from it."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, log
from statistics import mean

from planner import facts
from planner.facts import Observation
from planner.model.curve import Curve
from planner.model.durations import (
    ALIKE,
    LARGE_PACE,
    OLD_WEIGHT,
    WAIT_ABOVE,
    pace_of,
    samples_of_logs,
)
from planner.model.fit import Sample, fit

CHANCES = tuple(number / 20 for number in range(1, 20))
_STEPS = 200


@dataclass(frozen=True)
class Choice:
    """One way to build the public model; the defaults are the planner's."""

    label: str
    alike: float = ALIKE
    old_weight: float = OLD_WEIGHT
    large_pace: float = LARGE_PACE
    wait_above: float = WAIT_ABOVE

    def samples(self, rows: Sequence[Observation]) -> tuple[Sample, ...]:
        """The rows as this choice weighs them."""
        return samples_of_logs(rows, self.old_weight, self.large_pace, self.alike)


CHOICES = (
    Choice("as the planner does"),
    Choice("every row weighs the same", alike=0.0),
    Choice("every log weighs the same", alike=1.0),
    Choice("old batches count in full", old_weight=1.0),
    Choice("old batches count a tenth", old_weight=0.1),
    Choice("all models alike", large_pace=1.0),
    Choice("large models 1.5 times as slow", large_pace=1.5),
    Choice("large models 3 times as slow", large_pace=3.0),
    Choice("waits from 6 times the typical time on", wait_above=6.0),
    Choice("no waits: all in proportion", wait_above=inf),
)


@dataclass(frozen=True)
class Score:
    """The mean over the logs: loss, and the share of rows that ended by P50, P85 and P95.

    The loss is that of the quantiles of the logarithm of the time (the pinball loss); less is better.
    """

    label: str
    logs: int
    loss: float
    p50: float
    p85: float
    p95: float


def score(choice: Choice) -> Score:
    """Each log since 2026 is forecast from all the others.

    A batch that was still running counts against a time that it had outlasted, and otherwise not at
    all.
    """
    used = [row for row in facts.observations() if row.used]
    losses: list[float] = []
    met: dict[float, list[float]] = {0.5: [], 0.85: [], 0.95: []}
    for name in sorted({row.log for row in used if row.date >= "2026"}):
        others = tuple(row for row in used if row.log != name)
        curves = fit(choice.samples(others), wait_above=choice.wait_above)
        rows = [row for row in used if row.log == name and row.date >= "2026"]
        forecasts = [_quantiles(curves, row, choice.large_pace) for row in rows]
        lost = [
            _loss(quantiles, _seconds(row))
            for row, quantiles in zip(rows, forecasts, strict=True)
            if not row.censored
        ]
        losses += [mean(lost)] if lost else []
        for chance, shares in met.items():
            place = CHANCES.index(chance)
            judged = [
                not row.censored and _seconds(row) <= quantiles[place]
                for row, quantiles in zip(rows, forecasts, strict=True)
                if not row.censored or _seconds(row) > quantiles[place]
            ]
            shares += [mean(judged)] if judged else []
    p50, p85, p95 = (mean(shares) for shares in met.values())
    return Score(choice.label, len(losses), mean(losses), p50, p85, p95)


def _seconds(row: Observation) -> float:
    return (row.seconds_low + row.seconds_high) / 2


def _quantiles(curves: Sequence[Curve], row: Observation, large_pace: float) -> list[float]:
    """The times of a batch of that size and model, at every chance."""
    points = []
    for curve in curves:
        base_s, spread_s = curve.scale(row.requests or 1)
        for step in range(_STEPS):
            ratio, wait_s = curve.at((step + 0.5) / _STEPS)
            points.append((base_s + spread_s * ratio + wait_s, curve.chance / _STEPS))
    points.sort()
    quantiles, below = [], 0.0
    for seconds, chance in points:
        below += chance
        while len(quantiles) < len(CHANCES) and below >= CHANCES[len(quantiles)] - 1e-9:
            quantiles.append(pace_of(row.model, large_pace) * seconds)
    return quantiles


def _loss(quantiles: Sequence[float], seconds: float) -> float:
    losses = []
    for chance, quantile in zip(CHANCES, quantiles, strict=True):
        off = log(seconds) - log(quantile)
        losses.append(2 * off * (chance - (off < 0)))
    return mean(losses)
