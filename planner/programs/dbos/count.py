"""Choose how many requests a batch has: a count by which it is recognised in the list."""

from __future__ import annotations


def count_below(full: int, taken: set[int]) -> int:
    """The largest count that no open batch of this run has: n, n - 1, n - 2 and so on."""
    return next((count for count in range(full, 0, -1) if count not in taken), full)
