"""Keep a distribution of whole numbers in little memory.

Numbers below 10,000 are kept as they are; larger ones to four digits, so that a quantile is off by
at most one in two thousand, however many there are.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

_EXACT = 10_000


@dataclass(slots=True)
class Sample:
    """Counts of numbers, with their exact sum and largest."""

    count: int = 0
    total: int = 0
    largest: int = 0
    _counts: Counter[int] = field(default_factory=Counter)

    def add(self, numbers: Sequence[int]) -> None:
        """Take some numbers, at least 0 each."""
        self.count += len(numbers)
        self.total += sum(numbers)
        self.largest = max(self.largest, *numbers)
        counts = self._counts
        for number in numbers:
            counts[number if number < _EXACT else _rounded(number)] += 1

    def merge(self, other: "Sample") -> None:
        """Take in all of another one."""
        self.count += other.count
        self.total += other.total
        self.largest = max(self.largest, other.largest)
        self._counts.update(other._counts)

    @property
    def mean(self) -> float:
        return self.total / self.count if self.count else 0.0

    def quantile(self, share: float) -> int:
        """The smallest number that such a share does not exceed (nearest rank); 0 of none."""
        wanted, below = share * self.count - 1e-9, 0
        for number, count in sorted(self._counts.items()):
            below += count
            if below >= wanted:
                return min(number, self.largest)
        return 0

    def histogram(self, bars: int = 20) -> list[tuple[int, int, int]]:
        """From, to (not included) and how many, in even bars from the smallest to the largest."""
        if not self.count:
            return []
        least = min(self._counts)
        width = max(1, -(-(self.largest + 1 - least) // bars))
        heights: Counter[int] = Counter()
        for number, count in self._counts.items():
            heights[(number - least) // width] += count
        return [
            (least + bar * width, least + (bar + 1) * width, heights[bar])
            for bar in range(max(heights) + 1)
        ]


def _rounded(number: int) -> int:
    step = 1
    while number >= _EXACT * step:
        step *= 10
    return -(-number // step) * step
