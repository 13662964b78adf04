"""Count the batches that are done, at work and waiting at each moment of a run."""

from bisect import bisect_right

from planner.show.timeline import Timeline
from planner.words import count, duration

MOMENTS = 100  # steps of the slider, which is as long as the axis
FIRST_MOMENT = 20  # where the slider stands at first: most runs are at work then


def moment_s(timeline: Timeline, step: int) -> float:
    """The time of a step of the slider, 0 to MOMENTS, in seconds."""
    # step / MOMENTS first: at the last step it is exactly the end of the axis
    return timeline.end_s * (step / MOMENTS)


def moments(timeline: Timeline) -> list[dict[str, str]]:
    """A row of cells for each step of the slider: label completed processing queued at."""
    starts = sorted(record.submitted_s for record in timeline.records)
    ends = sorted(record.ended_s for record in timeline.records)
    rows = []
    for step in range(MOMENTS + 1):
        at_s = moment_s(timeline, step)
        started, ended = bisect_right(starts, at_s), bisect_right(ends, at_s)
        rows.append(
            {
                "label": duration(at_s),
                "completed": count(ended),
                "processing": count(started - ended),
                "queued": count(len(starts) - started),
                "at": f"{at_s:.1f}",
            }
        )
    return rows
