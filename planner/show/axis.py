"""Draw the axis of time that pictures beneath each other share, and the deadline on it."""

from collections.abc import Iterator
from datetime import datetime

from planner.show import svg
from planner.words import clock, duration

AXIS_PX = 40  # its height

_MIDDLE = ' text-anchor="middle"'

# fmt: off
_NICE_STEPS_S = (
    1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400,
    172_800, 345_600, 604_800, 1_209_600, 2_592_000, 5_184_000, 15_552_000, 31_104_000, 155_520_000,
)
# fmt: on


def axis(end_s: float, start: datetime | None, height: int) -> Iterator[str]:
    """At most five steps of a length that people count in, each with a line through all rows."""
    step = next((step for step in _NICE_STEPS_S if end_s / step <= 5), _NICE_STEPS_S[-1])
    for number in range(int(end_s // step) + 1):
        x = svg.across(number * step, end_s)
        if x > svg.RIGHT - 3.5:  # its label would be cut off
            break
        anchor = _MIDDLE if number else ' text-anchor="start"'
        yield svg.upright("grid", x, AXIS_PX - 8, height)
        yield svg.text("tick", x, 12, duration(number * step), anchor)
        if start:
            # a clock time is wide: on a phone every second one is left out
            name = "tick clock is-second" if number % 2 else "tick clock"
            yield svg.text(name, x, 26, clock(start, number * step), anchor)


def deadline(deadline_s: float, end_s: float, y1: int, y2: int, name: str = "") -> Iterator[str]:
    """The line of the deadline, or, where it is off the axis, its name with an arrow."""
    if not deadline_s:
        return
    at_end = ' text-anchor="end"'
    if deadline_s > end_s:
        words = f"{name} after {duration(deadline_s)} →"
        # at the left: at the right end the chances have their names
        yield svg.text("deadline-name", svg.LEFT + 1, 10, words, "") if name else ""
        return
    x = svg.across(deadline_s, end_s)
    yield svg.upright("deadline", x, y1, y2)
    if name:
        yield svg.text("deadline-name", x, 10, name, ' dx="-5"' + at_end)
