"""A batch as the provider holds it."""

from __future__ import annotations

from dataclasses import dataclass

from planner.fake.books import Entry


@dataclass
class Batch:
    """One batch of some workspace; `foreign` if no program under test sent it."""

    id: str
    number: int
    created: float
    entries: list[Entry]
    workspace: str
    foreign: bool = False
    polls_left: int = 0
    cancel_initiated: float | None = None
    ended: float | None = None
    bytes: int = 0

    def status(self) -> str:
        if self.ended is not None:
            return "ended"
        return "canceling" if self.cancel_initiated else "in_progress"

    def counts(self) -> dict[str, int]:
        """As the API shows them: all in `processing` until the whole batch has ended."""
        names = ("processing", "succeeded", "errored", "canceled", "expired")
        counts = dict.fromkeys(names, 0)
        if self.ended is None:
            return {**counts, "processing": len(self.entries)}
        for entry in self.entries:
            kind = entry.outcome["type"]
            if kind != "missing":
                counts[kind if kind in counts else "errored"] += 1
        return counts
