"""Tell the offset from UTC of any time by the clock, summer time included.

The planner has neither a clock nor a table of zones. Who asks it has both, and says what is ahead.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta, tzinfo


class Zone(tzinfo):
    """The zone whose clocks, when they show a time, are so far ahead of UTC."""

    def __init__(self, offset_at: Callable[[datetime], timedelta | None]) -> None:
        self._offset_at = offset_at

    def utcoffset(self, moment: datetime | None) -> timedelta | None:
        """The offset of a time by this zone's clocks."""
        return self._offset_at(moment.replace(tzinfo=None)) if moment else None

    def dst(self, _moment: datetime | None) -> None:
        """How much of it is summer time is not known."""

    def tzname(self, _moment: datetime | None) -> None:
        """It has no name."""


def read_clock(text: str) -> datetime:
    """This moment, in a zone that knows what is ahead.

    The text has moments in ISO 8601: this one, and those at which the offset changes, each with its
    new offset. Raises ValueError for another one, or where an offset is missing.
    """
    now, *changes = map(datetime.fromisoformat, text.split())
    if any(moment.utcoffset() is None for moment in (now, *changes)):
        raise ValueError("without an offset it is not known which moment it is")
    return now.replace(tzinfo=Zone(lambda wall: _offset(wall, now, changes)))


def _offset(wall: datetime, now: datetime, changes: Sequence[datetime]) -> timedelta | None:
    """Of a time that clocks skip, or show twice, the offset before the change."""
    zone = now.tzinfo
    for change in changes:
        shown = change.astimezone(zone).replace(tzinfo=None), change.replace(tzinfo=None)
        if wall < max(shown):
            break
        zone = change.tzinfo
    return now.replace(tzinfo=zone).utcoffset()
