"""Draw the chances of several plans beneath each other, on one axis of time."""

from collections.abc import Iterator, Sequence

from planner.plan import Plan
from planner.show import svg
from planner.show.axis import AXIS_PX, axis, deadline
from planner.show.chance import curve, marks
from planner.show.timeline import on_axis_s
from planner.words import duration

_STRIP_PX, _GAP_PX = 44, 18


def strips(plans: Sequence[tuple[str, Plan]]) -> str:
    """A strip for each plan, with its name: the share of its runs that are done by each time.

    Where all start at one moment, the axis has its clock times.
    """
    end_s = max(_end_s(plan) for _, plan in plans) * 1.05
    starts = {plan.start for _, plan in plans}
    height = AXIS_PX + len(plans) * (_STRIP_PX + _GAP_PX)
    parts = [*axis(end_s, starts.pop() if len(starts) == 1 else None, height)]
    for place, (name, plan) in enumerate(plans):
        parts += _strip(name, plan, AXIS_PX + _GAP_PX + place * (_STRIP_PX + _GAP_PX), end_s)
    title, words = "Chances of the plans over time", " ".join(map(_in_words, plans))
    return svg.image("compare", height + 2, title, words, "".join(parts))


def _end_s(plan: Plan) -> float:
    return on_axis_s(plan.forecast.p95.makespan_s, plan.scenario.goal.deadline_s)


def _strip(name: str, plan: Plan, top: int, end_s: float) -> Iterator[str]:
    line, bottom = curve(plan.forecast, end_s), top + _STRIP_PX
    area = svg.path("area", f"{line}L1000 100L0 100Z")
    yield svg.plot(top, _STRIP_PX, area + svg.path("curve", line))
    yield svg.text("row-name", svg.LEFT - 1, bottom - 4, name, ' text-anchor="end"')
    yield svg.baseline(bottom)
    yield from marks(plan.forecast, end_s, bottom, _STRIP_PX)
    yield from deadline(plan.scenario.goal.deadline_s, end_s, top - 4, bottom)


def _in_words(named: tuple[str, Plan]) -> str:
    name, plan = named
    half, most, nearly_all = (duration(plan.forecast.done_by(ratio)) for ratio in (0.5, 0.85, 0.95))
    return (
        f"Plan {name}: half of its runs are done after {half}, 85 % after {most}, 95 % after "
        f"{nearly_all}."
    )
