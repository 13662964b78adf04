"""Estimate how long the answers are: the share that a limit cuts off, and the limit that cuts off
few.

Lengths are taken as lognormal with a given mean and 95 % quantile; no public data says otherwise.
Their quantiles are read from a table (answer_lengths.json), so that every machine gives the same
digits.
"""

import json
import pkgutil
from dataclasses import dataclass
from functools import cache

ACCEPTED_CUT = 0.01  # the proposed max_tokens cuts off at most this share of the answers


@dataclass(frozen=True, kw_only=True, slots=True)
class AnswerLengths:
    """Quantiles of the lengths: `tokens[i]` is not exceeded with probability `chances[i]`."""

    chances: tuple[float, ...]
    tokens: tuple[float, ...]

    def share_cut(self, max_tokens: int) -> float:
        """The share of answers longer than `max_tokens`, on straight lines between the quantiles.

        Beyond the last quantile half of what is left there, for nobody knows the end of such a
        tail.
        """
        below_tokens, below_chance = 0.0, 0.0
        for tokens, chance in zip(self.tokens, self.chances, strict=True):
            if max_tokens < tokens:
                inside = (max_tokens - below_tokens) / (tokens - below_tokens)
                return 1 - (below_chance + inside * (chance - below_chance))
            below_tokens, below_chance = tokens, chance
        return (1 - self.chances[-1]) / 2 if self.tokens[0] < self.tokens[-1] else 0.0

    def max_tokens(self, share_cut: float, most: int) -> int:
        """The smallest limit of two digits and zeros that cuts off at most `share_cut`, but never
        above `most`.
        """
        wanted = next(
            tokens
            for tokens, chance in zip(self.tokens, self.chances, strict=True)
            if 1 - chance <= share_cut + 1e-9
        )
        step = 1
        while wanted >= 100 * step:
            step *= 10
        return min(most, -int(-wanted // step) * step)

    def longest(self, answers: int) -> float:
        """The longest of so many answers, in tokens: the median of what it may be.

        On straight lines in one over the chance to be longer, for there the quantiles rise most
        evenly.
        """
        # 1 - 0.5^(1 / answers), to 1 %
        beyond = 0.693147 / (answers + 0.386)
        above = next(
            (place for place, chance in enumerate(self.chances) if 1 - chance <= beyond),
            len(self.chances) - 1,
        )
        low, high = 1 / (1 - self.chances[above - 1]), 1 / (1 - self.chances[above])
        inside = min(1.0, (1 / beyond - low) / (high - low))
        return self.tokens[above - 1] + inside * (self.tokens[above] - self.tokens[above - 1])


def lengths(mean_tokens: int, p95_tokens: int) -> AnswerLengths:
    """The lengths of answers with that mean and 95 % quantile (0 = twice the mean).

    A 95 % quantile above 3.85 times the mean is outside what a lognormal distribution can have; the
    widest is used.
    """
    chances, rows = _table()
    ratio = p95_tokens / mean_tokens if p95_tokens else 2.0
    upper = next((place for place, (at, _) in enumerate(rows) if at >= ratio), len(rows) - 1)
    lower = max(upper - 1, 0)
    (low_at, low), (high_at, high) = rows[lower], rows[upper]
    inside = min(1.0, (ratio - low_at) / (high_at - low_at)) if high_at > low_at else 1.0
    quantiles = tuple(mean_tokens * (a + inside * (b - a)) for a, b in zip(low, high, strict=True))
    return AnswerLengths(chances=chances, tokens=quantiles)


@cache
def _table() -> tuple[tuple[float, ...], tuple[tuple[float, tuple[float, ...]], ...]]:
    data = json.loads(pkgutil.get_data(__name__, "answer_lengths.json") or "")
    rows = tuple((row["p95_to_mean"], tuple(row["quantiles"])) for row in data["rows"])
    return tuple(data["probabilities"]), rows
