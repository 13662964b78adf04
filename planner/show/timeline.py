"""Lay a typical run out in rows on a time axis: its batches, or groups of them where they are many."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from planner.model.records import Record
from planner.model.simulate import Run
from planner.model.split import Batch, body_bytes
from planner.model.summary import Forecast
from planner.words import count

MAX_ROWS = 40
MOMENTS = 100  # steps of the slider


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One batch, or consecutive batches folded into one: `first` to `last` count from 1, times in seconds."""

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
    latest_s: float  # its end in the run at P95; its own where that run does not have it

    @property
    def folded(self) -> bool:
        return self.first != self.last

    @property
    def name(self) -> str:
        numbers = f"{count(self.first)}–{count(self.last)}" if self.folded else count(self.first)
        return f"{numbers} · retry {self.round}" if self.round else numbers


@dataclass(frozen=True, kw_only=True, slots=True)
class Timeline:
    """The rows of a typical run, with the seconds at the right end of the axis, and the range that is shown."""

    rows: tuple[Row, ...]
    end_s: float
    makespan_s: float
    latest_s: float
    batches: int  # in all, folded or not
    records: tuple[Record, ...]

    def moment_s(self, step: int) -> float:
        """The time of a step of the slider, 0 to MOMENTS."""
        return self.makespan_s * (step / MOMENTS)  # at the last step exactly the makespan


def timeline(
    run: Run,
    forecast: Forecast,
    planned: Sequence[Batch],
    request_bytes: int,
    shown: tuple[int, int] | None,
) -> Timeline:
    """The rows of `run`, folded to at most MAX_ROWS; `shown` picks batches FIRST to LAST (from 1) to
    unfold; a range that the run does not have shows all."""
    records = tuple(run.records)
    ready: dict[int, float] = {}
    for record in records:
        ready[record.round] = min(ready.get(record.round, record.submitted_s), record.submitted_s)
    bindings = {batch.number: batch.binding for batch in planned}
    late = forecast.p95.records
    first, last = shown or (1, len(records))
    if not 1 <= first <= last <= len(records):  # a range of another run: this one has fewer batches
        first, last = 1, len(records)
    groups = _fold([(number, records[number - 1]) for number in range(first, last + 1)])
    rows = tuple(
        Row(
            first=members[0][0],
            last=members[-1][0],
            round=members[0][1].round,
            requests=sum(record.requests for _, record in members),
            bytes=sum(body_bytes(record.requests, request_bytes) for _, record in members),
            binding=bindings.get(members[0][0], planned[-1].binding),
            ready_s=ready[members[0][1].round],
            submitted_s=min(record.submitted_s for _, record in members),
            ended_s=max(record.ended_s for _, record in members),
            noticed_s=max(record.noticed_s for _, record in members),
            latest_s=max(
                late[number - 1].ended_s
                if number <= len(late) and late[number - 1].round == record.round
                else record.ended_s
                for number, record in members
            ),
        )
        for members in groups
    )
    return Timeline(
        rows=rows,
        end_s=_axis_end(run.makespan_s),
        makespan_s=run.makespan_s,
        latest_s=forecast.p95.makespan_s,
        batches=len(records),
        records=records,
    )


def _fold(members: list[tuple[int, Record]]) -> list[list[tuple[int, Record]]]:
    """Consecutive batches of one round, in groups of one size: the smallest that gives at most MAX_ROWS groups."""
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


def _axis_end(makespan_s: float) -> float:
    return max(makespan_s, 1.0) * 1.2
