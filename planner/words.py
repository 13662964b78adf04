"""Numbers in words: how a count, a share, a time and a sum of money are written for people.

Everything here takes a number and returns a text; nothing else in the package rounds for people.
Counts have commas, money has dollars and cents, times have at most two units.
"""

from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

KINDS = {
    "input": "Input",
    "output": "Output",
    "cache_write": "Cache write",
    "cache_read": "Cache read",
}

_CENT = Decimal("0.01")


def count(number: int) -> str:
    """10000 -> '10,000'."""
    return f"{number:,}"


def counted(number: int, noun: str, plural: str = "") -> str:
    """(1, 'batch', 'batches') -> '1 batch'; the plural adds an s unless it is given."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def money(usd: Decimal) -> str:
    """Dollars and cents; below one cent the first two digits that are not zero: '$0.0012'."""
    sign, amount = ("-", -usd) if usd < 0 else ("", usd)
    rounded = amount.quantize(_CENT, ROUND_HALF_UP)
    if amount and amount < _CENT:
        small = amount.quantize(Decimal(1).scaleb(amount.adjusted() - 1), ROUND_HALF_UP)
        rounded = small if small < _CENT else rounded
    return f"{sign}${rounded:,f}"


def plain(number: Decimal | float) -> str:
    """The shortest decimal that says the same, without exponent.

    60.0 -> '60', Decimal('1.10') -> '1.1'.
    """
    exact = number if isinstance(number, Decimal) else Decimal(repr(number))
    text = f"{exact:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def price(usd_per_mtok: Decimal) -> str:
    """A price for a million tokens: two decimals at least, all that it has: '$0.05', '$0.0375'."""
    whole, _, digits = plain(usd_per_mtok).partition(".")
    return f"${whole}.{digits.ljust(2, '0')}"


def percent(ratio: float) -> str:
    """A share that somebody gave, as exact as it was given: 0.025 -> '2.5 %'."""
    return f"{plain(Decimal(repr(ratio)) * 100)} %"


def share(ratio: float) -> str:
    """An estimated share in per cent.

    '85 %', '0.5 %', 'under 0.1 %'; never rounded up to certainty.
    """
    points = ratio * 100
    if 0 < points < 0.1:
        return "under 0.1 %"
    if 99.9 < points < 100:
        return "over 99.9 %"
    return f"{points:.1f} %" if 0 < points < 0.95 or 99 < points < 100 else f"{points:.0f} %"


def share_below(ratio: float, limit: float) -> str:
    """An estimated share that is less than a limit, and is said to be: 84.9 %, not 85 %, of 85 %."""
    said = share(ratio)
    if round(ratio * 100) / 100 < limit:
        return said
    return f"{int(ratio * 1000) / 10:.1f} %"  # cut off, not rounded


def share_of_runs(ratio: float, runs: int) -> str:
    """A share that so many simulated runs had.

    All of them is not certainty, and none is not impossibility.
    """
    least = max(1 / runs, 0.001)  # no share is said more exactly
    if ratio == 0:
        return f"under {share(least)}"
    return f"over {share(1 - least)}" if ratio == 1 else share(ratio)


def duration(seconds: float) -> str:
    """A length of time in at most two units: '45 s', '58 min', '7 h 20 min', '2 d 3 h'."""
    if seconds < 1:
        return "0 s" if seconds == 0 else "under 1 s"
    whole_seconds = int(seconds + 0.5)
    if whole_seconds < 120:
        return f"{whole_seconds} s"
    minutes = (whole_seconds + 30) // 60
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 24 * 60:
        return _two_units(minutes // 60, "h", minutes % 60, "min")
    hours = (minutes + 30) // 60
    return _two_units(hours // 24, "d", hours % 24, "h")


def clock(start: datetime | None, seconds: float) -> str:
    """The time of day `seconds` after `start`, to the nearest minute, with the date where it is
    another day.
    """
    if start is None:
        return ""
    then = start + timedelta(minutes=int(seconds / 60 + 0.5))
    return f"{then:%H:%M}" if then.date() == start.date() else f"{then:%d %b %H:%M}"


def clock_time(moment: datetime) -> str:
    """A moment by itself, with weekday, date and offset: 'Mon 30 Nov 2026, 08:00 +01:00'."""
    # %:z, the offset with its colon, is only known from Python 3.12 on
    return f"{moment:%a} {moment.day} {moment:%b %Y, %H:%M} {moment.isoformat()[-6:]}"


def deadline(hours: float, at: str) -> str:
    """A deadline, in hours or as a moment: 'within 9.5 h', 'by Mon 30 Nov 2026, 08:00 +01:00'."""
    return f"by {clock_time(datetime.fromisoformat(at))}" if at else f"within {plain(hours)} h"


def size(byte_count: int) -> str:
    """Bytes in decimal units, as the provider's limit is given: '15 B', '21 kB', '243.2 MB'."""
    amount, unit = float(byte_count), "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if amount < 999.5:
            break
        amount, unit = amount / 1000, larger
    return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.3g} {unit}"


def _two_units(large: int, large_unit: str, small: int, small_unit: str) -> str:
    return f"{large} {large_unit} {small} {small_unit}" if small else f"{large} {large_unit}"
