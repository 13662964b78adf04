"""Count the batches that are done, at work and waiting at each moment of a run."""

from bisect import bisect_right
from collections.abc import Sequence

from planner.model.records import Record
from planner.show.timeline import Timeline
from planner.words import count, counted, duration

MOMENTS = 100  # steps of the slider, which is as long as the axis
FIRST_MOMENT = 20  # where the slider stands at first: most runs are at work then


def moment_s(timeline: Timeline, step: int) -> float:
    """The time of a step of the slider, 0 to MOMENTS, in seconds."""
    # step / MOMENTS first: at the last step it is exactly the end of the axis
    return timeline.end_s * (step / MOMENTS)


def moments(timeline: Timeline) -> list[dict[str, str]]:
    """A row of cells for each step of the slider: label completed processing queued at.

    Batches of retries are counted apart, as "7 + 3 retries".
    """
    first = _Ends([record for record in timeline.records if not record.round])
    again = _Ends([record for record in timeline.records if record.round])
    rows = []
    for step in range(MOMENTS + 1):
        at_s = moment_s(timeline, step)
        states = ("completed", "processing", "queued")
        counts = zip(states, first.counts(at_s), again.counts(at_s), strict=True)
        cells = {state: _counted(batches, retries) for state, batches, retries in counts}
        rows.append({"label": duration(at_s), **cells, "at": f"{at_s:.1f}"})
    return rows


def _counted(batches: int, retries: int) -> str:
    return (
        f"{count(batches)} + {counted(retries, 'retry', 'retries')}" if retries else count(batches)
    )


class _Ends:
    """When batches start and end, to be counted at any moment."""

    def __init__(self, records: Sequence[Record]) -> None:
        self.starts = sorted(record.submitted_s for record in records)
        self.ends = sorted(record.ended_s for record in records)

    def counts(self, at_s: float) -> tuple[int, int, int]:
        """How many are completed, at work and waiting."""
        started, ended = bisect_right(self.starts, at_s), bisect_right(self.ends, at_s)
        return ended, started - ended, len(self.starts) - started
