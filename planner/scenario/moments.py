"""Read a moment as people write it: `Mon 8:00`, `30 Nov 08:00`, `tomorrow 18:30`, `now`.

Such a text means the next moment that it fits, seen from a clock with its zone. Who reads it gives
the clock; the planner has none.
"""

import re
from datetime import UTC, datetime, time, timedelta, timezone, tzinfo

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip

_LEAP_YEARS_APART = 8  # at most: 1896 and 1904, 2096 and 2104


def _one_of(names: tuple[str, ...]) -> str:
    """A pattern for a name or its beginning: mon, tues, thur, monday."""
    return "|".join(rf"{name[:3]}(?:{_rest(name[3:])})?" for name in names)


def _rest(letters: str) -> str:
    """A pattern for the letters or any beginning of them."""
    return letters[0] + (f"(?:{_rest(letters[1:])})?" if letters[1:] else "") if letters else ""


_TEXT = re.compile(
    rf"""
    (?:(?:by|at|on|until)\s+)?
    (?:(?P<near>today|tomorrow)\s*,?\s+ | (?P<weekday>{_one_of(_DAYS)})\.?,?\s+)?
    (?:(?:
        (?P<iso_year>\d{{4}})-(?P<iso_month>\d\d)-(?P<iso_day>\d\d)
      | (?P<day>\d\d?)\.?\s+(?P<month>{_one_of(_MONTHS)})\.?(?:\s+(?P<year>\d{{4}}))?
      | (?P<month_first>{_one_of(_MONTHS)})\.?\s+(?P<day_last>\d\d?)(?:,?\s+(?P<year_last>\d{{4}}))?
    )\s*,?\s*(?:t|at\s+|\s)\s*)?
    (?:at\s+)?
    (?P<hour>\d\d?)(?::(?P<minute>\d\d))?\s*(?P<half>am|pm)?
    \s*(?P<offset>z|utc|[+-]\d\d:?\d\d)?
    """,
    re.IGNORECASE | re.VERBOSE | re.ASCII,
)


def read(text: str, clock: datetime) -> str | None:
    """The moment as ISO 8601 with offset; None where the text is none of these forms.

    Raises ValueError, with words for a person, where it is one and there is no such moment.
    """
    if text.lower() == "now":
        return clock.isoformat(timespec="minutes")
    match = _TEXT.fullmatch(text)
    if not match or not _says_enough(match):
        return None
    at, zone = _time_of_day(match), _zone(match["offset"], clock)
    here = clock.astimezone(zone)
    moment = _dated(match, at, here) if _has_date(match) else _next(match, at, here)
    if match["weekday"] and not _DAYS[moment.weekday()].startswith(match["weekday"].lower()):
        raise ValueError(f"{moment:%d %b %Y} is a {_DAYS[moment.weekday()].capitalize()}.")
    return moment.isoformat(timespec="minutes")


def is_whole(text: str) -> bool:
    """Whether a text names its moment by itself, whatever the time is: with year and offset."""
    match = _TEXT.fullmatch(text)
    if not match:
        return False
    return bool(match["offset"] and (match["iso_year"] or match["year"] or match["year_last"]))


def _says_enough(match: re.Match[str]) -> bool:
    """A number alone is no time of day."""
    named = match["weekday"] or match["near"] or _has_date(match)
    return bool(match["minute"] or match["half"] or (named and not match["iso_year"]))


def _has_date(match: re.Match[str]) -> bool:
    return bool(match["iso_year"] or match["month"] or match["month_first"])


def _time_of_day(match: re.Match[str]) -> time:
    hour, minute, half = (
        int(match["hour"]),
        int(match["minute"] or 0),
        (match["half"] or "").lower(),
    )
    if (half and not 1 <= hour <= 12) or hour > 23 or minute > 59:
        raise ValueError("There is no such time of day; write 00:00 to 23:59.")
    return time(hour % 12 + 12 * (half == "pm") if half else hour, minute)


def _zone(offset: str | None, clock: datetime) -> tzinfo | None:
    if not offset:
        return clock.tzinfo
    if offset.lower() in ("z", "utc"):
        return UTC
    hours, minutes = int(offset[1:3]), int(offset[-2:])
    if hours > 23 or minutes > 59:
        raise ValueError("There is no such offset from UTC; write -23:59 to +23:59.")
    return timezone(timedelta(hours=hours, minutes=minutes) * (-1 if offset[0] == "-" else 1))


def _dated(match: re.Match[str], at: time, here: datetime) -> datetime:
    """The moment of a date; without a year the next time that it comes round."""
    year = match["iso_year"] or match["year"] or match["year_last"]
    day = int(match["iso_day"] or match["day"] or match["day_last"])
    month = int(match["iso_month"] or 1 + _place(match["month"] or match["month_first"]))
    for each in (int(year),) if year else range(here.year, here.year + _LEAP_YEARS_APART + 1):
        try:
            moment = datetime(each, month, day, at.hour, at.minute, tzinfo=here.tzinfo)
        except ValueError:  # 29 Feb, in most years
            continue
        if year or moment > here:
            return moment
    raise ValueError("There is no such day in the calendar.")


def _place(month: str) -> int:
    return next(place for place, name in enumerate(_MONTHS) if name.startswith(month.lower()))


def _next(match: re.Match[str], at: time, here: datetime) -> datetime:
    """The next moment of that time of day, on the day that the text names if it does."""
    today = here.replace(hour=at.hour, minute=at.minute, second=0, microsecond=0)
    if match["near"]:
        return today + timedelta(days=match["near"].lower() == "tomorrow")
    weekday = (match["weekday"] or "").lower()
    for days in range(8):
        moment = today + timedelta(days=days)
        if moment > here and _DAYS[moment.weekday()].startswith(weekday):
            return moment
    raise AssertionError("a week has every day")
