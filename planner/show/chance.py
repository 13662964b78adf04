"""Draw the chance of being done by each time."""

from collections.abc import Iterator

from planner.model.summary import Forecast
from planner.show import svg
from planner.show.axis import deadline
from planner.show.heights import curve_px
from planner.show.timeline import Timeline
from planner.words import duration, share

_TOP = 28  # the name of the deadline has a line of its own, above those of the chances
_NAME = 10.0  # per cent: the width of a name on a phone, with some air


def chance(timeline: Timeline, forecast: Forecast) -> str:
    """The share of simulated runs that are done by each time, on the axis of the queue."""
    end_s = timeline.end_s
    line = curve(forecast, end_s)
    area = svg.path("area", f"{line}L1000 100L0 100Z")
    height = curve_px(len(timeline.rows))
    parts = [svg.plot(_TOP, height, area + svg.path("curve", line))]
    bottom = _TOP + height
    for ratio in (0.0, 0.5, 1.0):
        drop = 4 if ratio == 1 else 0  # the topmost label would stand out of the picture
        parts.append(svg.left_label(bottom - ratio * height + drop, share(ratio)))
    parts.append(svg.baseline(bottom))
    # the line of the deadline first: it passes behind the names
    parts.extend(deadline(timeline.deadline_s, end_s, 0, bottom, "deadline"))
    parts.extend(marks(forecast, end_s, bottom, height))
    half, most, nearly_all = (duration(forecast.done_by(ratio)) for ratio in (0.5, 0.85, 0.95))
    description = (
        f"Half of the runs are done after {half}, 85 % after {most}, 95 % after {nearly_all}."
    )
    title = "Chance of being done by a time"
    return svg.image("chance", bottom + 1, title, description, "".join(parts))


def marks(forecast: Forecast, end_s: float, bottom: int, height: int) -> Iterator[str]:
    """The three chances that the page names; a name stands where there is room for it."""
    last = -20.0
    for name, ratio in (("P50", 0.5), ("P85", 0.85), ("P95", 0.95)):
        x, y = svg.across(forecast.done_by(ratio), end_s), f"{bottom - ratio * height:.1f}"
        yield svg.upright("mark", x, y, bottom)
        yield f'<circle class="mark-dot" cx="{svg.percent(x)}" cy="{y}" r="3.5"/>'
        if x - last >= 6:
            last = x
            # near the axis it would lie over the axis's own labels
            lies = (
                ' dx="7" dy="12"' if x < svg.LEFT + _NAME else ' dx="-6" dy="-5" text-anchor="end"'
            )
            yield svg.text("mark-name", x, y, name, lies)


def curve(forecast: Forecast, end_s: float) -> str:
    """The path of the chance over time, in a plot: 200 points at even distances."""
    points = [f"M0 {100 - 100 * forecast.chance_by(0.0):.1f}"]
    for step in range(1, 201):
        ratio = forecast.chance_by(step / 200 * end_s)
        points.append(f"L{step * 5} {100 - 100 * ratio:.1f}")
    return "".join(points)
