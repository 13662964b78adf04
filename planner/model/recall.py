"""Recall runs that were simulated before, also for a model that writes at another speed.

No batch ends before its longest answer is written, but most take far longer. Where all of them do,
the runs are the same for every model: so the ways of a plan, of which many differ in the model alone,
share them.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import inf

from planner.model.durations import DurationModel
from planner.model.simulate import LEAST_RUNS, Rules, Run, simulate
from planner.model.writing import Writing

_HAIR_S = 1e-6  # more than the rounding of a time


@dataclass(frozen=True, kw_only=True)
class _Simulated:
    stages: Sequence[Sequence[int]]
    durations: DurationModel
    rules: Rules
    wanted: int
    seed: int
    runs: tuple[Run, ...]

    def answers(
        self,
        stages: Sequence[Sequence[int]],
        durations: DurationModel,
        rules: Rules,
        wanted: int,
        seed: int,
    ) -> bool:
        """Whether these would be the runs."""
        writing = self.rules.writing
        # the least that there can be are the same runs, also where more were too much work
        as_many = wanted == self.wanted or wanted == len(self.runs) == LEAST_RUNS
        return (
            as_many
            and (seed, stages) == (self.seed, self.stages)
            and durations == self.durations
            and replace(rules, writing=writing) == self.rules
            and (rules.writing == writing or (self._waits(writing) and self._waits(rules.writing)))
        )

    def _waits(self, writing: Writing) -> bool:
        """Whether every batch takes longer than its longest answer."""
        longest_s = writing.longest_s
        return all(
            longest_s(int(requests)) + _HAIR_S < seconds
            for requests, seconds in self._shortest_s.items()
        )

    @cached_property
    def _shortest_s(self) -> dict[float, float]:
        """The shortest time of the batches of each size."""
        shortest_s: dict[float, float] = {}
        for run in self.runs:
            for requests, seconds in run.records.times_s():
                if seconds < shortest_s.get(requests, inf):
                    shortest_s[requests] = seconds
        return shortest_s


_kept = deque[_Simulated](maxlen=12)  # of at most 8 MB each, the last used last


def simulated(
    stages: Sequence[Sequence[int]], durations: DurationModel, rules: Rules, *, runs: int, seed: int
) -> tuple[Run, ...]:
    """What `simulate` gives, from the last questions if it can be."""
    for kept in reversed(_kept):
        if kept.answers(stages, durations, rules, runs, seed):
            _kept.remove(kept)
            _kept.append(kept)
            return kept.runs
    found = simulate(stages, durations, rules, runs=runs, seed=seed)
    _kept.append(
        _Simulated(
            stages=stages, durations=durations, rules=rules, wanted=runs, seed=seed, runs=found
        )
    )
    return found
