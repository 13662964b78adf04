"""Zones whose offset changes: Berlin and New York, seen before, at and after a change."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from planner.scenario import moments
from planner.scenario.zones import Zone, read_clock

WINTER = "2026-11-27T18:05:30+01:00 2027-03-28T03:00:00+02:00 2027-10-31T02:00:00+01:00"
SUMMER = "2027-08-02T18:05-04:00 2027-11-07T01:00-05:00"


@pytest.mark.parametrize(
    ("clock", "text", "moment"),
    [
        (WINTER, "Mon 8:00", "2026-11-30T08:00+01:00"),
        (WINTER, "1 Jul 2027 8:00", "2027-07-01T08:00+02:00"),
        (WINTER, "28 Mar 2027 1:59", "2027-03-28T01:59+01:00"),
        (WINTER, "28 Mar 2027 3:00", "2027-03-28T03:00+02:00"),
        (WINTER, "31 Oct 2027 2:30", "2027-10-31T02:30+02:00"),
        (WINTER, "31 Oct 2027 3:00", "2027-10-31T03:00+01:00"),
        (WINTER, "1 Jul 2027 8:00 UTC", "2027-07-01T08:00+00:00"),
        (SUMMER, "now", "2027-08-02T18:05-04:00"),
        (SUMMER, "Mon 8:00", "2027-08-09T08:00-04:00"),
        (SUMMER, "24 Dec 18:00", "2027-12-24T18:00-05:00"),
    ],
)
def test_a_text_has_the_offset_of_its_own_day(clock: str, text: str, moment: str) -> None:
    """Not that of the day on which it is read; a time that comes twice is its first."""
    assert moments.read(text, read_clock(clock)) == moment


def test_a_week_over_the_change() -> None:
    """From Saturday evening, Monday 8:00 is in summer time."""
    clock = read_clock("2027-03-27T20:00+01:00 2027-03-28T03:00+02:00")
    assert moments.read("Mon 8:00", clock) == "2027-03-29T08:00+02:00"


def test_every_hour_is_that_of_the_zone() -> None:
    """Three years of Berlin, as Python's own table has it."""
    berlin = ZoneInfo("Europe/Berlin")
    hours = [datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=n) for n in range(3 * 8766)]
    here = [hour.astimezone(berlin) for hour in hours]
    changes = [b for a, b in zip(here, here[1:], strict=False) if a.utcoffset() != b.utcoffset()]
    clock = read_clock(" ".join(moment.isoformat() for moment in (here[0], *changes)))
    for moment in here:
        wall = moment.replace(tzinfo=None, fold=0)
        assert (
            wall.replace(tzinfo=clock.tzinfo).utcoffset() == wall.replace(tzinfo=berlin).utcoffset()
        )


def test_a_zone_of_the_machine() -> None:
    """Any function from what clocks show to the offset is one."""
    zone = Zone(lambda wall: timedelta(hours=wall.month))
    assert datetime(2027, 3, 1, tzinfo=zone).isoformat() == "2027-03-01T00:00:00+03:00"


@pytest.mark.parametrize(
    "text", ["", "noon", "2026-11-27T18:05", "2026-11-27T18:05Z 2027-03-28T03:00"]
)
def test_no_clock(text: str) -> None:
    """Every moment has its offset."""
    with pytest.raises(ValueError):
        read_clock(text)
