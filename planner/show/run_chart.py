"""Draw a run beside its plan: on one axis the chance of being done, and the batches as they were."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from planner.plan import Plan
from planner.review.actual import Actual
from planner.review.batches import Batch, moment_of
from planner.review.standing import elapsed_s
from planner.show import svg
from planner.show.axis import axis
from planner.show.chance import curve
from planner.words import count, counted, duration, share

_MOST_ROWS = 40
_TOP, _PLOT_PX, _AXIS_PX, _ROW_PX, _BAR_PX = 16, 84, 26, 18, 11
_LEAST_WIDTH = 0.4  # per cent


@dataclass(frozen=True, slots=True)
class Bar:
    """Consecutive batches, from the first one's making to the last one's end, in seconds.

    `ended` is False while one of them runs; they then reach to the latest moment that is known.
    """

    first: int
    last: int
    requests: int
    start_s: float
    end_s: float
    ended: bool

    @property
    def name(self) -> str:
        return count(self.first) + (f"–{count(self.last)}" if self.last > self.first else "")


def bars_of(actual: Actual) -> list[Bar]:
    """The run's batches whose making is known, folded into at most 40 rows."""
    began = actual.first_created
    known = [(moment, each) for each in actual.own if (moment := moment_of(each.created_at))]
    if began is None:
        return []
    now = elapsed_s(actual) or 0.0
    width = -(-len(known) // _MOST_ROWS) or 1
    bars = []
    for place in range(0, len(known), width):
        some = known[place : place + width]
        starts = [(moment - began).total_seconds() for moment, _ in some]
        ends = [_end_s(actual, each, now) for _, each in some]
        bars.append(
            Bar(
                first=place + 1,
                last=place + len(some),
                requests=sum(each.requests for _, each in some),
                start_s=min(starts),
                end_s=max(ends),
                ended=all(each.ended for _, each in some),
            )
        )
    return bars


def _end_s(actual: Actual, batch: Batch, now: float) -> float:
    ended = moment_of(batch.ended_at)
    if ended is None or actual.first_created is None:
        return now
    return (ended - actual.first_created).total_seconds()


def run_chart(actual: Actual) -> str:
    """Above, the share of simulated runs that are done by each time; below, one bar a batch."""
    bars, plan = bars_of(actual), actual.planned
    took = max((bar.end_s for bar in bars), default=0.0)
    end_s = 1.05 * max(took, plan.forecast.p95.makespan_s if plan else 0.0, 1.0)
    top = _TOP + _PLOT_PX if plan else 0
    height = top + _AXIS_PX + _ROW_PX * len(bars) + 6
    steps = f'<svg y="{top}" overflow="visible">{"".join(axis(end_s, None, height - top))}</svg>'
    parts = [
        *(_chance(plan, end_s) if plan else ()),
        steps,
        *(_bar(bar, top + _AXIS_PX + _ROW_PX * row, end_s) for row, bar in enumerate(bars)),
        *_line(took, end_s, height, "this run" if not actual.running else "now"),
    ]
    words = _in_words(actual, bars, took)
    return svg.image("actual", height, "The run beside its plan", words, "".join(parts))


def _chance(plan: Plan, end_s: float) -> Iterator[str]:
    line = curve(plan.forecast, end_s)
    area = svg.path("area", f"{line}L1000 100L0 100Z")
    yield svg.plot(_TOP, _PLOT_PX, area + svg.path("curve", line))
    for ratio in (0.0, 0.5, 1.0):
        drop = 4 if ratio == 1 else 0  # the topmost label would stand out of the picture
        yield svg.left_label(_TOP + _PLOT_PX * (1 - ratio) + drop, share(ratio))
    yield svg.baseline(_TOP + _PLOT_PX)


def _bar(bar: Bar, top: int, end_s: float) -> str:
    left = svg.across(bar.start_s, end_s)
    width = max(_LEAST_WIDTH, svg.across(bar.end_s, end_s) - left)
    box = (
        f'x="{svg.percent(left)}" y="{top}" width="{svg.percent(width)}" height="{_BAR_PX}" rx="2"'
    )
    took = duration(bar.end_s - bar.start_s)
    words = (
        f"{bar.name}: {counted(bar.requests, 'request')}, {took}{'' if bar.ended else ' so far'}"
    )
    state = "completed" if bar.ended else "processing"
    label = ' dy="0.35em" text-anchor="end"'
    return (
        f'<g class="bar is-{state}"><title>{svg.escape(words)}</title>'
        f"{svg.text('row-name', svg.LEFT - 1, top + _BAR_PX // 2, bar.name, label)}"
        f'<rect class="body" {box}/>'
        f'<rect class="hatch hatch-processing" fill="url(#queue-processing)" {box}/></g>'
    )


def _line(at_s: float, end_s: float, height: int, name: str) -> Iterator[str]:
    x = svg.across(at_s, end_s)
    yield svg.upright("moment", x, _TOP - 4, height)
    side = ' dx="-5" text-anchor="end"' if x > 50 else ' dx="5"'
    yield svg.text("mark-name", x, 9, f"{name}: {duration(at_s)}", side)


def _in_words(actual: Actual, bars: Sequence[Bar], took: float) -> str:
    batches = counted(len(actual.own), "batch", "batches")
    state = "have run for" if actual.running else "were done after"
    folded = f", folded into {counted(len(bars), 'row')}" if len(bars) < len(actual.own) else ""
    return f"{batches}{folded} {state} {duration(took)}. The table below has the same numbers."
