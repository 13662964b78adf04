"""Draw the pictures of a plan as SVG: the queue over time, its depth, the chance of being done.

Positions across are percentages and sizes of text are pixels, so that one picture fits a phone and a wide
screen without a script. Colours, strokes and fonts come from the page's style sheet by class.
"""

from datetime import datetime
from html import escape
from math import sqrt

from planner.model.summary import Forecast, queue_depth
from planner.show.timeline import Row, Timeline
from planner.words import clock, count, counted, duration, share

FIRST_MOMENT = 40  # where the slider stands at first: some batches done, some at work

_X0, _X1 = 15.0, 97.0  # the plot, in per cent of the width
_ROW_PX, _BAR_PX, _AXIS_PX = 22, 14, 40
_NICE_STEPS_S = (
    1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400,
    172_800, 345_600, 604_800, 1_209_600, 2_592_000, 5_184_000, 15_552_000, 31_104_000, 155_520_000,
)  # fmt: skip
_ROOT_TICKS_S = (
    60,
    300,
    900,
    1800,
    3600,
    7200,
    14_400,
    28_800,
    57_600,
    86_400,
    172_800,
    345_600,
    691_200,
    1_382_400,
    2_764_800,
)


# The queue


def queue(line: Timeline, start: datetime | None, expiry_s: float) -> str:
    """One bar for each row on a true time axis: waiting is a thin line, work a bar, doubt fades out to P95."""
    height = _AXIS_PX + _ROW_PX * len(line.rows) + 6
    at_s = line.moment_s(FIRST_MOMENT)
    parts = [
        _axis(line.end_s, start, height),
        *(_bar(line, row, place, at_s, expiry_s) for place, row in enumerate(line.rows)),
    ]
    moment = _percent(_x(at_s, line.end_s))
    parts.append(
        f'<line class="moment" x1="{moment}" x2="{moment}" y1="{_AXIS_PX - 6}" y2="{height}"/>'
    )
    more = (
        f", folded into {counted(len(line.rows), 'row')}"
        if any(row.folded for row in line.rows)
        else ""
    )
    title = "The queue over time"
    text = (
        f"{counted(line.batches, 'batch', 'batches')}{more}. The last result comes after {duration(line.makespan_s)}; "
        f"in the run at P95 after {duration(line.latest_s)}. The table below has the same numbers."
    )
    return _svg(
        "queue",
        height,
        title,
        text,
        _QUEUE_DEFS + "".join(parts),
        f' data-x0="{_X0:g}" data-x1="{_X1:g}" data-t1="{_num(line.end_s)}"',
    )


_QUEUE_DEFS = (
    "<defs>"
    '<pattern id="queue-processing" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<line class="hatch-line" x1="0" y1="0" x2="0" y2="6"/></pattern>'
    '<pattern id="queue-queued" width="6" height="6" patternUnits="userSpaceOnUse">'
    '<circle class="hatch-dot" cx="3" cy="3" r="1"/></pattern>'
    '<linearGradient id="queue-fade"><stop class="fade-from" offset="0"/><stop class="fade-to" offset="1"/></linearGradient>'
    "</defs>"
)


def _bar(line: Timeline, row: Row, place: int, at_s: float, expiry_s: float) -> str:
    top = _AXIS_PX + _ROW_PX * place
    middle, bar_top = top + _ROW_PX // 2, top + (_ROW_PX - _BAR_PX) // 2
    start, end = _x(row.submitted_s, line.end_s), _x(row.ended_s, line.end_s)
    width = max(0.4, end - start)
    state = (
        "completed"
        if row.ended_s <= at_s
        else "processing"
        if row.submitted_s <= at_s
        else "queued"
    )
    unfolds = f"{row.first}-{row.last}" if row.folded else ""
    waits = _percent(_x(row.ready_s, line.end_s))
    where = (
        f'x="{_percent(start)}" y="{bar_top}" width="{_percent(width)}" height="{_BAR_PX}" rx="2"'
    )
    parts = [
        f'<g class="bar is-{state}" data-start="{_num(row.submitted_s)}" data-end="{_num(row.ended_s)}" data-open="{unfolds}">',
        f"<title>{escape(_bar_title(row))}</title>",
        f'<text class="row-name" x="{_percent(_X0 - 1)}" y="{middle}" dy="0.35em" text-anchor="end">{escape(_short_name(row))}</text>',
    ]
    if row.submitted_s > row.ready_s:
        parts.append(
            f'<line class="wait" x1="{waits}" x2="{_percent(start)}" y1="{middle}" y2="{middle}"/>'
        )
    latest = min(_x(row.latest_s, line.end_s), 100.0)
    if latest > start + width:
        fade = f'x="{_percent(start + width)}" y="{bar_top}" width="{_percent(latest - start - width)}" height="{_BAR_PX}"'
        parts.append(f'<rect class="fade" fill="url(#queue-fade)" {fade}/>')
    parts.append(f'<rect class="body" {where}/>')
    parts.append(f'<rect class="hatch hatch-processing" fill="url(#queue-processing)" {where}/>')
    parts.append(f'<rect class="hatch hatch-queued" fill="url(#queue-queued)" {where}/>')
    expires = row.submitted_s + expiry_s
    if expires <= line.end_s and not row.folded:
        x = _percent(_x(expires, line.end_s))
        parts.append(
            f'<line class="expiry" x1="{x}" x2="{x}" y1="{top + 1}" y2="{top + _ROW_PX - 1}"/>'
        )
    return "".join(parts) + "</g>"


def _short_name(row: Row) -> str:
    if row.round and not row.folded:
        return f"R{row.round}"
    return f"R{row.round} {row.first}–{row.last}" if row.round else row.name


def _bar_title(row: Row) -> str:
    what = f"Batches {row.name}" if row.folded else f"Batch {row.name}"
    return f"{what}: {counted(row.requests, 'request')}, sent after {duration(row.submitted_s)}, done after {duration(row.ended_s)}"


# The depth of the queue


def depth(line: Timeline, limit: int) -> str:
    """Requests with the provider over time, on the axis of the queue, with the limit as a line."""
    top, plot, height = 8, 64, 84
    steps = queue_depth(line.records)
    highest = max(step.requests for step in steps)
    scale = max(highest, limit if highest * 4 >= limit else highest, 1)
    points, level, drawn = ["M0 100"], 0, -1
    for place, step in enumerate(steps):
        across = int(step.at_s / line.end_s * 1000)
        # a plot has a thousand units: of many steps in one unit the last stays
        if (
            place + 1 < len(steps)
            and int(steps[place + 1].at_s / line.end_s * 1000) == across == drawn
        ):
            continue
        points.append(
            f"L{across} {100 - level / scale * 100:.1f}L{across} {100 - step.requests / scale * 100:.1f}"
        )
        level, drawn = step.requests, across
    path = "".join(points) + "L1000 100Z"
    parts = [
        _plot(top, plot, f'<path class="area" d="{path}"/>'),
        _left_label(top + 6, count(scale)),
        _left_label(top + plot, "0"),
        _baseline(top + plot),
    ]
    if limit <= scale:
        y = top + plot - limit / scale * plot
        parts.append(
            f'<line class="limit" x1="{_percent(_X0)}" x2="{_percent(_X1)}" y1="{y:.1f}" y2="{y:.1f}"/>'
        )
    text = f"At most {counted(highest, 'request')} are in the queue at once; the limit is {count(limit)}."
    return _svg("depth", height, "Requests in the queue over time", text, "".join(parts))


# The chance of being done


def chance(forecast: Forecast, start: datetime | None, deadline_s: float) -> str:
    """The share of simulated runs that are done by each time, on a square-root time axis."""
    top, plot = 14, 150
    height = top + plot + 34
    end_s = max(forecast.done_by(0.95) * 1.3, deadline_s * 1.1, 1.0)
    points = [f"M0 {_down(forecast.chance_by(0.0)):.1f}"]
    for step in range(1, 201):
        root = step / 200
        points.append(f"L{root * 1000:.0f} {_down(forecast.chance_by(root * root * end_s)):.1f}")
    parts = [
        _plot(
            top,
            plot,
            f'<path class="area" d="{"".join(points)}L1000 100L0 100Z"/><path class="curve" d="{"".join(points)}"/>',
        )
    ]
    parts.extend(
        _left_label(top + plot - ratio * plot + (4 if ratio == 1 else 0), share(ratio))
        for ratio in (0.0, 0.5, 1.0)
    )
    parts.append(_baseline(top + plot))
    taken = -20.0
    for at_s in (0, *_ROOT_TICKS_S):
        across = _root_x(at_s, end_s)
        if at_s <= end_s and across - taken >= 14:
            taken = across
            parts.append(_tick(across, top + plot, at_s, start))
    for name, ratio in (("P50", 0.5), ("P85", 0.85), ("P95", 0.95)):
        at, y = _percent(_root_x(forecast.done_by(ratio), end_s)), top + plot - ratio * plot
        parts.append(f'<line class="mark" x1="{at}" x2="{at}" y1="{y:.1f}" y2="{top + plot}"/>')
        parts.append(f'<circle class="mark-dot" cx="{at}" cy="{y:.1f}" r="3.5"/>')
        parts.append(
            f'<text class="mark-name" x="{at}" y="{y:.1f}" dx="-6" dy="-5" text-anchor="end">{name}</text>'
        )
    if deadline_s:
        at = _percent(_root_x(deadline_s, end_s))
        parts.append(
            f'<line class="deadline" x1="{at}" x2="{at}" y1="{top - 6}" y2="{top + plot}"/>'
        )
        parts.append(f'<text class="deadline-name" x="{at}" y="{top + 4}" dx="5">deadline</text>')
    text = (
        f"Half of the runs are done after {duration(forecast.done_by(0.5))}, 85 % after {duration(forecast.done_by(0.85))}, "
        f"95 % after {duration(forecast.done_by(0.95))}. The time axis is a square-root scale."
    )
    return _svg("chance", height, "Chance of being done by a time", text, "".join(parts))


def _down(ratio: float) -> float:
    return 100 - 100 * ratio


def _root_x(at_s: float, end_s: float) -> float:
    return _X0 + (_X1 - _X0) * sqrt(at_s / end_s)


# Parts of every picture


def _axis(end_s: float, start: datetime | None, height: int) -> str:
    step = next((step for step in _NICE_STEPS_S if end_s / step <= 5), _NICE_STEPS_S[-1])
    parts = []
    for number in range(int(end_s // step) + 1):
        x = _x(number * step, end_s)
        if x > _X1 - 4:
            break
        parts.append(
            f'<line class="grid" x1="{_percent(x)}" x2="{_percent(x)}" y1="{_AXIS_PX - 8}" y2="{height}"/>'
        )
        anchor = "start" if number == 0 else "middle"
        parts.append(
            f'<text class="tick" x="{_percent(x)}" y="12" text-anchor="{anchor}">{duration(number * step)}</text>'
        )
        if start:
            parts.append(
                f'<text class="tick clock" x="{_percent(x)}" y="26" text-anchor="{anchor}">{clock(start, number * step)}</text>'
            )
    return "".join(parts)


def _tick(x: float, y: int, at_s: float, start: datetime | None) -> str:
    parts = [f'<line class="grid" x1="{_percent(x)}" x2="{_percent(x)}" y1="{y}" y2="{y + 4}"/>']
    parts.append(
        f'<text class="tick" x="{_percent(x)}" y="{y + 16}" text-anchor="middle">{duration(at_s)}</text>'
    )
    if start:
        parts.append(
            f'<text class="tick clock" x="{_percent(x)}" y="{y + 30}" text-anchor="middle">{clock(start, at_s)}</text>'
        )
    return "".join(parts)


def _plot(top: int, height: int, inner: str) -> str:
    """A plot of 1000 by 100 units, stretched to the plot's width."""
    return (
        f'<svg class="plot" x="{_X0:g}%" y="{top}" width="{_X1 - _X0:g}%" height="{height}" '
        f'viewBox="0 0 1000 100" preserveAspectRatio="none">{inner}</svg>'
    )


def _left_label(y: float, text: str) -> str:
    return f'<text class="tick" x="{_percent(_X0 - 1)}" y="{y:.1f}" text-anchor="end">{text}</text>'


def _baseline(y: int) -> str:
    return f'<line class="base" x1="{_percent(_X0)}" x2="{_percent(_X1)}" y1="{y}" y2="{y}"/>'


def _svg(name: str, height: int, title: str, text: str, inner: str, attributes: str = "") -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="chart chart-{name}" width="100%" height="{height}" role="img" '
        f'aria-labelledby="{name}-title {name}-desc"{attributes}><title id="{name}-title">{escape(title)}</title>'
        f'<desc id="{name}-desc">{escape(text)}</desc>{inner}</svg>'
    )


def _x(at_s: float, end_s: float) -> float:
    return _X0 + (_X1 - _X0) * at_s / end_s


def _percent(x: float) -> str:
    return f"{x:.2f}%"


def _num(value: float) -> str:
    return f"{value:.1f}"
