"""Read a curve: the time of a batch of a known size at a place from 0, the quickest, to 1."""

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import pairwise
from math import sqrt

# Times are known to a few per cent, for clocks are polled; so the same place of two curves is never
# quite the same time, and equal rows do not claim that nothing varies.
_BLUR = 0.02
_NEARLY_ONE = 1 - 1e-9


# eq=False: a curve is itself and no other
@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Curve:
    """One way in which time may depend on size and luck, of that `chance`.

    A batch of n requests takes base(n) + spread(n) · ratio + wait seconds, where `scale(n)` gives
    base and spread. Ratio and wait stand at rising `places` between 0 and 1. Below the first place
    the ratio falls to half of the first; above the last, where nothing was seen, both grow as in a
    Pareto tail of index 2.
    """

    scale: Callable[[int], tuple[float, float]]
    places: tuple[float, ...]
    ratios: tuple[float, ...]
    waits_s: tuple[float, ...]
    chance: float = 1.0
    blur: float = _BLUR
    certain: bool = False  # luck has no part in it
    # of each stretch between two places: where it begins, and how far it goes, for place, ratio, wait
    _stretches: tuple[tuple[float, ...], ...] = field(init=False)

    def __post_init__(self) -> None:
        known = zip(self.places, self.ratios, self.waits_s, strict=True)
        points = ((0.0, self.ratios[0] / 2, self.waits_s[0]), *known)
        stretches = tuple(
            (low, high - low, ratio, to_ratio - ratio, wait, to_wait - wait)
            for (low, ratio, wait), (high, to_ratio, to_wait) in pairwise(points)
        )
        object.__setattr__(self, "_stretches", stretches)

    def slower(self, times: float) -> "Curve":
        """The curve on which all that was fitted takes so many times as long."""
        ratios, waits_s = (
            tuple(times * each for each in values) for values in (self.ratios, self.waits_s)
        )
        return replace(self, ratios=ratios, waits_s=waits_s)

    def at(self, place: float) -> tuple[float, float]:
        """Ratio and wait at a place, on straight lines between those that are known."""
        above = bisect_right(self.places, place)
        blurred = 1 + self.blur * (2 * place - 1)
        if above == len(self.places):
            left = 1 - min(place, _NEARLY_ONE)
            beyond = sqrt(max(1.0, (1 - self.places[-1]) / left))
            return blurred * beyond * self.ratios[-1], beyond * self.waits_s[-1]
        low, width, ratio, more_ratio, wait_s, more_wait_s = self._stretches[above]
        inside = (place - low) / width
        return blurred * (ratio + inside * more_ratio), wait_s + inside * more_wait_s

    def seconds(self, requests: int, place: float) -> float:
        """How long a batch of so many requests takes at a place."""
        base, spread = self.scale(requests)
        ratio, wait_s = self.at(place)
        return base + spread * ratio + wait_s
