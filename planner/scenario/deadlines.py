"""Put a deadline where it belongs: people write `48h` and `Mon 8:00` into one gap.

A scenario has two fields for them, hours after the start and a time by the clock.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from planner.scenario import amounts

_AT, _HOURS, _START = "goal.deadline_at", "goal.deadline_h", "goal.start_at"


def settle(
    texts: Mapping[str, str], *, starts: bool, clock: datetime | None = None
) -> Mapping[str, str]:
    """The texts by field name, each deadline in its own field.

    A length of time in the field of the clock becomes the hours; a time by the clock without a
    start begins now, if `clock` tells the time and nothing else says when the run `starts`.
    """
    at = texts.get(_AT, "").strip()
    hours = amounts.span(at, "h")
    if hours is not None:
        others = amounts.span(texts.get(_HOURS, "").strip() or "0", "h")
        # two that differ are two deadlines, which the door of the scenario refuses
        return texts if others not in (0, hours) else {**texts, _HOURS: at, _AT: ""}
    if at and clock and not starts and not texts.get(_START, "").strip():
        return {**texts, _START: clock.isoformat(timespec="minutes")}
    return texts


def has_start(base: Any) -> bool:
    """Whether JSON of a scenario says when the run starts."""
    goal = base.get("goal") if isinstance(base, dict) else None
    return isinstance(goal, dict) and bool(goal.get("start_at"))
