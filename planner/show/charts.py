"""Draw the pictures of a plan: the queue over time, its depth, the chance of being done."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from planner.model.summary import Forecast, QueueStep, queue_depth
from planner.show import svg
from planner.show.moments import FIRST_MOMENT, moment_s
from planner.show.timeline import Row, Timeline
from planner.words import clock, count, counted, duration, share

_MIDDLE = ' text-anchor="middle"'

# fmt: off
_NICE_STEPS_S = (
    1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400,
    172_800, 345_600, 604_800, 1_209_600, 2_592_000, 5_184_000, 15_552_000, 31_104_000, 155_520_000,
)
# fmt: on


# The queue: one row of _ROW_PX for each bar, below the axis.

_ROW_PX, _BAR_PX, _AXIS_PX = 22, 14, 40
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


def queue(timeline: Timeline, start: datetime | None, expiry_s: float) -> str:
    """One bar for each row on a true time axis.

    Waiting is a thin line, work a bar, and doubt fades out to when it has ended in 95 % of the runs.
    """
    height = _AXIS_PX + _ROW_PX * len(timeline.rows) + 6
    at_s, end_s = moment_s(timeline, FIRST_MOMENT), timeline.end_s
    bars = (
        _bar(row, _AXIS_PX + _ROW_PX * place, at_s, end_s, expiry_s)
        for place, row in enumerate(timeline.rows)
    )
    moment = svg.upright("moment", svg.across(at_s, end_s), _AXIS_PX - 6, height)
    deadline = "".join(_deadline(timeline, 0, height))
    # the script that moves the moment reads the axis from these
    axis = f' data-x0="{svg.LEFT:g}" data-x1="{svg.RIGHT:g}" data-t1="{end_s:.1f}"'
    return svg.image(
        "queue",
        height,
        "The queue over time",
        _queue_in_words(timeline),
        "".join((_QUEUE_DEFS, *_axis(end_s, start, height), *bars, deadline, moment)),
        axis,
    )


def _queue_in_words(timeline: Timeline) -> str:
    rows = counted(len(timeline.rows), "row")
    folded = f", folded into {rows}" if any(row.folded for row in timeline.rows) else ""
    return (
        f"{counted(timeline.batches, 'batch', 'batches')}{folded}. The last result comes after "
        f"{duration(timeline.makespan_s)}; in the run at P95 after {duration(timeline.latest_s)}. "
        "The table below has the same numbers."
    )


def _axis(end_s: float, start: datetime | None, height: int) -> Iterator[str]:
    """At most five steps of a length that people count in, each with a line through all rows."""
    step = next((step for step in _NICE_STEPS_S if end_s / step <= 5), _NICE_STEPS_S[-1])
    for number in range(int(end_s // step) + 1):
        x = svg.across(number * step, end_s)
        if x > svg.RIGHT - 3.5:  # its label would be cut off
            break
        anchor = _MIDDLE if number else ' text-anchor="start"'
        yield svg.upright("grid", x, _AXIS_PX - 8, height)
        yield svg.text("tick", x, 12, duration(number * step), anchor)
        if start:
            yield svg.text("tick clock", x, 26, clock(start, number * step), anchor)


def _bar(row: Row, top: int, at_s: float, end_s: float, expiry_s: float) -> str:
    middle = top + _ROW_PX // 2
    left = svg.across(row.submitted_s, end_s)
    right = left + max(_LEAST_WIDTH, svg.across(row.ended_s, end_s) - left)
    unfolds = f"{row.first}-{row.last}" if row.folded else ""
    group = (
        f'<g class="bar is-{_state(row, at_s)}" data-start="{row.submitted_s:.1f}" '
        f'data-end="{row.ended_s:.1f}" data-open="{unfolds}">'
    )
    placed = ' dy="0.35em" text-anchor="end"'
    parts = (
        group,
        f"<title>{svg.escape(_in_words(row))}</title>",
        svg.text("row-name", svg.LEFT - 1, middle, _short_name(row), placed),
        *_wait(row, middle, left, end_s),
        *_body(row, top + (_ROW_PX - _BAR_PX) // 2, left, right, end_s),
        *_expiry(row, top, end_s, expiry_s),
        "</g>",
    )
    return "".join(parts)


def _wait(row: Row, middle: int, left: float, end_s: float) -> Iterator[str]:
    if row.submitted_s > row.ready_s:
        yield svg.level("wait", svg.across(row.ready_s, end_s), left, middle)


def _body(row: Row, top: int, left: float, right: float, end_s: float) -> Iterator[str]:
    """The bar, its patterns, of which the style sheet shows the one of its state, and its doubt."""
    latest = min(svg.across(row.latest_s, end_s), 100.0)
    if latest > right:
        yield f'<rect class="fade" fill="url(#queue-fade)" {_box(right, top, latest - right)}/>'
    box = _box(left, top, right - left) + ' rx="2"'
    yield f'<rect class="body" {box}/>'
    yield f'<rect class="hatch hatch-processing" fill="url(#queue-processing)" {box}/>'
    yield f'<rect class="hatch hatch-queued" fill="url(#queue-queued)" {box}/>'


def _box(x: float, y: int, width: float) -> str:
    return f'x="{svg.percent(x)}" y="{y}" width="{svg.percent(width)}" height="{_BAR_PX}"'


def _expiry(row: Row, top: int, end_s: float, expiry_s: float) -> Iterator[str]:
    expires_s = row.submitted_s + expiry_s
    # batches that are folded into one row were sent at different times
    if expires_s <= end_s and not row.folded:
        yield svg.upright("expiry", svg.across(expires_s, end_s), top + 1, top + _ROW_PX - 1)


def _state(row: Row, at_s: float) -> str:
    if row.ended_s <= at_s:
        return "completed"
    return "processing" if row.submitted_s <= at_s else "queued"


def _short_name(row: Row) -> str:
    """A name that fits to the left of the plot on a phone."""
    if row.round and not row.folded:
        return f"R{row.round}"
    return f"R{row.round} {row.first}–{row.last}" if row.round else row.name


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


# The chance of being done


def chance(timeline: Timeline, forecast: Forecast) -> str:
    """The share of simulated runs that are done by each time, on the axis of the queue."""
    end_s = timeline.end_s
    curve = _curve(forecast, end_s)
    area = svg.path("area", f"{curve}L1000 100L0 100Z")
    parts = [svg.plot(_CHANCE_TOP, _CHANCE_PX, area + svg.path("curve", curve))]
    bottom = _CHANCE_TOP + _CHANCE_PX
    for ratio in (0.0, 0.5, 1.0):
        drop = 4 if ratio == 1 else 0  # the topmost label would stand out of the picture
        parts.append(svg.left_label(bottom - ratio * _CHANCE_PX + drop, share(ratio)))
    parts.append(svg.baseline(bottom))
    parts.extend(_marks(forecast, end_s, bottom))
    parts.extend(_deadline(timeline, 0, bottom, "deadline"))
    half, most, nearly_all = (duration(forecast.done_by(ratio)) for ratio in (0.5, 0.85, 0.95))
    description = (
        f"Half of the runs are done after {half}, 85 % after {most}, 95 % after {nearly_all}."
    )
    title = "Chance of being done by a time"
    return svg.image("chance", bottom + 1, title, description, "".join(parts))


_CHANCE_TOP, _CHANCE_PX = 16, 84


def _marks(forecast: Forecast, end_s: float, bottom: int) -> Iterator[str]:
    """The three chances that the page names; a name stands where there is room for it."""
    last = -20.0
    for name, ratio in (("P50", 0.5), ("P85", 0.85), ("P95", 0.95)):
        x, y = svg.across(forecast.done_by(ratio), end_s), f"{bottom - ratio * _CHANCE_PX:.1f}"
        yield svg.upright("mark", x, y, bottom)
        yield f'<circle class="mark-dot" cx="{svg.percent(x)}" cy="{y}" r="3.5"/>'
        if x - last >= 6:
            last = x
            yield svg.text("mark-name", x, y, name, ' dx="-6" dy="-5" text-anchor="end"')


def _deadline(timeline: Timeline, y1: int, y2: int, name: str = "") -> Iterator[str]:
    """The line of the deadline, or, where it is off the axis, its name with an arrow."""
    if not timeline.deadline_s:
        return
    at_end = ' text-anchor="end"'
    if timeline.deadline_s > timeline.end_s:
        words = f"{name} after {duration(timeline.deadline_s)} →"
        yield svg.text("deadline-name", svg.RIGHT, 10, words, at_end) if name else ""
        return
    x = svg.across(timeline.deadline_s, timeline.end_s)
    yield svg.upright("deadline", x, y1, y2)
    if name:
        yield svg.text("deadline-name", x, 10, name, ' dx="-5"' + at_end)


def _curve(forecast: Forecast, end_s: float) -> str:
    """200 points at even distances."""
    points = [f"M0 {100 - 100 * forecast.chance_by(0.0):.1f}"]
    for step in range(1, 201):
        ratio = forecast.chance_by(step / 200 * end_s)
        points.append(f"L{step * 5} {100 - 100 * ratio:.1f}")
    return "".join(points)
