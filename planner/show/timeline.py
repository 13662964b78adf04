"""Lay a run out in rows on a time axis: its batches, or groups of them where they are many."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from planner.model.records import Record
from planner.model.simulate import Run
from planner.model.split import Batch, body_bytes
from planner.model.summary import Forecast
from planner.plan import Plan
from planner.words import count

MAX_ROWS = 40
_FAR = 3  # a deadline beyond so many times the run at P95 is off the axis

_Numbered = tuple[int, Record]  # a batch with its number in the run, from 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One batch, or consecutive batches folded into one: `first` to `last` count from 1.

    Times in seconds since the first submission. By `latest_s` it has ended in 95 % of the runs, and
    in this one.
    """

    first: int
    last: int
    round: int
    requests: int
    bytes: int
    binding: str
    ready_s: float
    submitted_s: float
    ended_s: float
    noticed_s: float
    latest_s: float

    @property
    def folded(self) -> bool:
        return self.first != self.last

    @property
    def name(self) -> str:
        numbers = f"{count(self.first)}–{count(self.last)}" if self.folded else count(self.first)
        return f"{numbers} · retry {self.round}" if self.round else numbers


@dataclass(frozen=True, kw_only=True, slots=True)
class Timeline:
    """A run in rows, and the axis that all its pictures have: 0 to `end_s` seconds.

    `latest_s` is the makespan of the run at P95; `deadline_s` is 0 without a deadline.
    """

    rows: tuple[Row, ...]
    end_s: float
    makespan_s: float
    latest_s: float
    deadline_s: float
    records: tuple[Record, ...]  # of all batches, shown or not

    @property
    def batches(self) -> int:
        return len(self.records)


def timeline_of(plan: Plan, run: Run, shown: tuple[int, int] | None = None) -> Timeline:
    """The rows of a run of the plan, see `lay_out`."""
    batches = plan.batches + plan.retry_batches
    deadline_s = plan.scenario.goal.deadline_s
    return lay_out(run, plan.forecast, batches, plan.request_bytes, shown, deadline_s)


def lay_out(
    run: Run,
    forecast: Forecast,
    planned: Sequence[Batch],
    request_bytes: int,
    shown: tuple[int, int] | None,
    deadline_s: float = 0.0,
) -> Timeline:
    """The rows of `run`, folded to at most MAX_ROWS.

    `shown` picks batches FIRST to LAST, from 1, to unfold; a range that the run does not have, as
    after a change of the percentile, shows all.
    """
    records = tuple(run.records)
    first, last = shown or (1, len(records))
    if not 1 <= first <= last <= len(records):
        first, last = 1, len(records)
    ready = _ready(records)
    begins = _begins(records)
    rows = []
    for members in _fold([(number, records[number - 1]) for number in range(first, last + 1)]):
        number, head = members[0]
        batches = [record for _, record in members]
        ended_s = max(record.ended_s for record in batches)
        place = number - 1 - begins[head.round]
        places = range(place, place + len(batches))
        row = Row(
            first=number,
            last=members[-1][0],
            round=head.round,
            requests=sum(record.requests for record in batches),
            bytes=sum(body_bytes(record.requests, request_bytes) for record in batches),
            # a run may have more retries than expected: the last that was planned stands for them
            binding=planned[min(number, len(planned)) - 1].binding,
            ready_s=ready[head.round],
            submitted_s=min(record.submitted_s for record in batches),
            ended_s=ended_s,
            noticed_s=max(record.noticed_s for record in batches),
            # this run may be one in twenty for this batch
            latest_s=max(ended_s, forecast.ended_by(0.95, head.round, places)),
        )
        rows.append(row)
    return Timeline(
        rows=tuple(rows),
        end_s=_end_s(run, forecast, deadline_s),
        makespan_s=run.makespan_s,
        latest_s=forecast.p95.makespan_s,
        deadline_s=deadline_s,
        records=records,
    )


def _end_s(run: Run, forecast: Forecast, deadline_s: float) -> float:
    """The right end of the axis: it reaches as far as the run at P95 does.

    The deadline is on it too, unless it is so far off that the run would shrink to nothing.
    """
    latest_s = max(run.makespan_s, forecast.p95.makespan_s, 1.0)
    return max(latest_s, deadline_s if deadline_s <= _FAR * latest_s else 0.0) * 1.05


def _ready(records: Sequence[Record]) -> dict[int, float]:
    """When the batches of each round could be sent: when its first was. Until then they wait."""
    ready: dict[int, float] = {}
    for record in records:
        ready[record.round] = min(ready.get(record.round, record.submitted_s), record.submitted_s)
    return ready


def _begins(records: Sequence[Record]) -> dict[int, int]:
    """How many batches go before those of each round."""
    begins: dict[int, int] = {}
    for place, record in enumerate(records):
        begins.setdefault(record.round, place)
    return begins


def _fold(members: list[_Numbered]) -> list[list[_Numbered]]:
    """Consecutive batches of one round, in groups of one size.

    The size is the smallest that gives at most MAX_ROWS groups, found by halving.
    """
    rounds = [list(group) for _, group in groupby(members, key=lambda member: member[1].round)]
    low, high = 1, len(members)
    while low < high:
        size = (low + high) // 2
        if sum(-(-len(batches) // size) for batches in rounds) <= MAX_ROWS:
            high = size
        else:
            low = size + 1
    return [
        batches[place : place + low] for batches in rounds for place in range(0, len(batches), low)
    ]
