"""Draw the queue over time, and its depth."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from planner.model.summary import QueueStep, queue_depth
from planner.show import svg
from planner.show.axis import AXIS_PX, axis, deadline
from planner.show.heights import row_px
from planner.show.moments import FIRST_MOMENT, moment_s
from planner.show.timeline import Row, Timeline
from planner.words import count, counted, duration

# The queue: a row for each bar, below the axis.

_BAR, _BELOW_PX, _NAME_PX = 0.64, 6, 12  # a bar is so much of its row
_NAME_LETTERS = 7  # "121–126": so many fit beside the plot on a phone
_LEAST_WIDTH = 0.4  # per cent: a batch of seconds in a run of days can still be seen

_QUEUE_DEFS = (
    "<defs>"
    '<pattern id="queue-processing" width="6" height="6" patternUnits="userSpaceOnUse" '
    'patternTransform="rotate(45)">'
    '<line class="hatch-line" x1="0" y1="0" x2="0" y2="6"/></pattern>'
    '<pattern id="queue-queued" width="6" height="6" patternUnits="userSpaceOnUse">'
    '<circle class="hatch-dot" cx="3" cy="3" r="1"/></pattern>'
    '<linearGradient id="queue-fade"><stop class="fade-from" offset="0"/>'
    '<stop class="fade-to" offset="1"/></linearGradient>'
    "</defs>"
)


def queue(
    timeline: Timeline, start: datetime | None, expiry_s: float, step: int = FIRST_MOMENT
) -> str:
    """One bar for each row on a true time axis, at the moment of a step of the slider.

    Waiting is a thin line, work a bar, and doubt fades out to when it has ended in 95 % of the runs.
    """
    pitch = row_px(len(timeline.rows))
    height = AXIS_PX + pitch * len(timeline.rows) + _BELOW_PX
    at_s, end_s = moment_s(timeline, step), timeline.end_s
    named = -(-_NAME_PX // pitch)  # where rows are narrow every second or third has a name
    bars = (
        _bar(row, _Place(AXIS_PX + pitch * place, pitch, place % named == 0), at_s, end_s, expiry_s)
        for place, row in enumerate(timeline.rows)
    )
    moment = svg.upright("moment", svg.across(at_s, end_s), AXIS_PX - 6, height)
    due = "".join(deadline(timeline.deadline_s, end_s, AXIS_PX - 8, height))
    # the script that moves the moment reads the axis from these
    ends = f' data-x0="{svg.LEFT:g}" data-x1="{svg.RIGHT:g}" data-t1="{end_s:.1f}"'
    return svg.image(
        "queue",
        height,
        "The queue over time",
        _queue_in_words(timeline),
        "".join((_QUEUE_DEFS, *axis(end_s, start, height), *bars, due, moment)),
        ends,
    )


def _queue_in_words(timeline: Timeline) -> str:
    rows = counted(len(timeline.rows), "row")
    folded = f", folded into {rows}" if any(row.folded for row in timeline.rows) else ""
    return (
        f"{counted(timeline.batches, 'batch', 'batches')}{folded}. The last result comes after "
        f"{duration(timeline.makespan_s)}; in the run at P95 after {duration(timeline.latest_s)}. "
        "The table below has the same numbers."
    )


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a row stands in the queue: its upper edge, its height, and whether its name fits."""

    top: int
    height: int
    named: bool


def _bar(row: Row, place: _Place, at_s: float, end_s: float, expiry_s: float) -> str:
    middle = place.top + place.height // 2
    left = svg.across(row.submitted_s, end_s)
    right = left + max(_LEAST_WIDTH, svg.across(row.ended_s, end_s) - left)
    unfolds = f"{row.first}-{row.last}" if row.folded else ""
    group = (
        f'<g class="bar is-{_state(row, at_s)}" data-start="{row.submitted_s:.1f}" '
        f'data-end="{row.ended_s:.1f}" data-open="{unfolds}">'
    )
    parts = (
        group,
        f"<title>{svg.escape(_in_words(row))}</title>",
        *(_names(row, middle) if place.named else ()),
        *_wait(row, middle, left, end_s),
        *_body(row, place, left, right, end_s),
        *_expiry(row, place, end_s, expiry_s),
        "</g>",
    )
    return "".join(parts)


def _wait(row: Row, middle: int, left: float, end_s: float) -> Iterator[str]:
    if row.submitted_s > row.ready_s:
        yield svg.level("wait", svg.across(row.ready_s, end_s), left, middle)


def _body(row: Row, place: _Place, left: float, right: float, end_s: float) -> Iterator[str]:
    """The bar, its patterns, of which the style sheet shows the one of its state, and its doubt."""
    height = round(place.height * _BAR)
    top = place.top + (place.height - height) // 2
    latest = min(svg.across(row.latest_s, end_s), 100.0)
    if latest > right:
        yield f'<rect class="fade" fill="url(#queue-fade)" {_box(right, top, latest - right, height)}/>'
    box = _box(left, top, right - left, height) + ' rx="2"'
    yield f'<rect class="body" {box}/>'
    yield f'<rect class="hatch hatch-processing" fill="url(#queue-processing)" {box}/>'
    yield f'<rect class="hatch hatch-queued" fill="url(#queue-queued)" {box}/>'


def _box(x: float, y: int, width: float, height: int) -> str:
    return f'x="{svg.percent(x)}" y="{y}" width="{svg.percent(width)}" height="{height}"'


def _expiry(row: Row, place: _Place, end_s: float, expiry_s: float) -> Iterator[str]:
    expires_s = row.submitted_s + expiry_s
    # batches that are folded into one row were sent at different times
    if expires_s <= end_s and not row.folded:
        yield svg.upright(
            "expiry", svg.across(expires_s, end_s), place.top + 1, place.top + place.height - 1
        )


def _state(row: Row, at_s: float) -> str:
    if row.ended_s <= at_s:
        return "completed"
    return "processing" if row.submitted_s <= at_s else "queued"


def _names(row: Row, middle: int) -> Iterator[str]:
    """The row's name to the left of the plot; a long one has a short one for where that is narrow."""
    placed = ' dy="0.35em" text-anchor="end"'
    name, short = row.name, f"{count(row.first)} …"
    if row.round:
        short = f"R{row.round}"
        name = f"{short} {row.first}–{row.last}" if row.folded else short
    if len(name) <= _NAME_LETTERS:
        yield svg.text("row-name", svg.LEFT - 1, middle, name, placed)
    else:
        yield svg.text("row-name is-long", svg.LEFT - 1, middle, name, placed)
        yield svg.text("row-name is-short", svg.LEFT - 1, middle, short, placed)


def _in_words(row: Row) -> str:
    return (
        f"{'Batches' if row.folded else 'Batch'} {row.name}: {counted(row.requests, 'request')}, "
        f"sent after {duration(row.submitted_s)}, done after {duration(row.ended_s)}"
    )


# The depth of the queue


def depth(timeline: Timeline, limit: int) -> str:
    """Requests with the provider over time, on the axis of the queue, with the limit as a line."""
    top, plot_px = 8, 64
    steps = queue_depth(timeline.records)
    highest = max(step.requests for step in steps)
    # a limit far above would press the curve flat: it is drawn up to four times the peak
    scale = max(highest, limit if highest * 4 >= limit else highest, 1)
    area = svg.path("area", _staircase(steps, timeline.end_s, scale))
    parts = [
        svg.plot(top, plot_px, area),
        svg.left_label(top + 6, count(scale)),
        svg.left_label(top + plot_px, "0"),
        svg.baseline(top + plot_px),
    ]
    if limit <= scale:
        y = top + plot_px - limit / scale * plot_px
        parts.append(svg.level("limit", svg.LEFT, svg.RIGHT, f"{y:.1f}"))
    description = (
        f"At most {counted(highest, 'request')} are in the queue at once; "
        f"the limit is {count(limit)}."
    )
    return svg.image("depth", 84, "Requests in the queue over time", description, "".join(parts))


def _staircase(steps: Sequence[QueueStep], end_s: float, scale: int) -> str:
    """The closed path of a depth that changes in steps."""
    units = [int(step.at_s / end_s * 1000) for step in steps]
    points, level, drawn = ["M0 100"], 0, -1
    for step, unit, following in zip(steps, units, (*units[1:], -1), strict=True):
        # twenty thousand batches have more steps than the plot has units: of many in one unit the
        # first and the last are drawn
        if following == unit == drawn:
            continue
        points.extend(
            f"L{unit} {100 - requests / scale * 100:.1f}" for requests in (level, step.requests)
        )
        level, drawn = step.requests, unit
    return "".join(points) + "L1000 100Z"
