"""Choose how many requests a batch has: a count by which it is recognised in the list."""

from __future__ import annotations

import random


def count_below(full: int, taken: set[int]) -> int:
    """A count at random, a little below the full one, that no batch of this run has.

    Of a small batch nothing is taken: it would cost a batch more, with its whole start.
    """
    spread = min(full // 25, 100 + full // 100)
    free = [count for count in range(full - spread, full + 1) if count not in taken]
    return random.choice(free) if free else random.randint(full - spread, full)
