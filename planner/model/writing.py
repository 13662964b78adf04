"""Say how long the longest answer of a batch is being written: before that no batch ends."""

from dataclasses import dataclass
from functools import cache

from planner import facts
from planner.model.answers import AnswerLengths


@dataclass(frozen=True, kw_only=True, slots=True)
class Writing:
    """Answers of such lengths, cut off at `max_tokens`, written at so many tokens a second."""

    lengths: AnswerLengths
    max_tokens: int
    tokens_per_s: float

    def longest_s(self, requests: int) -> float:
        """Seconds for the longest answer of so many requests."""
        return min(self.lengths.longest(requests), self.max_tokens) / self.tokens_per_s


@cache
def tokens_per_s(model_id: str) -> float:
    """How fast the model was seen to write: the quickest of its rows, or of its family's, or of all.

    The rows hold the wait too, so the quickest is nearest to the truth. Source: the table `writing`
    of facts/durations.json.
    """
    family = facts.model(model_id).family
    rows = facts.writing()
    nearest = (
        [row for row in rows if facts.model(row.model).id == model_id]
        or [row for row in rows if facts.model(row.model).family == family]
        or list(rows)
    )
    return max(row.tokens / row.seconds for row in nearest)
