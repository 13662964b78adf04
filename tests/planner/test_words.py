"""Numbers in words, at the edges where a unit or a digit changes."""

import re
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.words import (
    clock,
    count,
    counted,
    duration,
    money,
    percent,
    plain,
    price,
    share,
    share_of_runs,
    size,
)

START = datetime.fromisoformat("2026-11-22T22:00+01:00")

# ---- counts


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0"), (999, "999"), (1000, "1,000"), (10_000_000, "10,000,000")]
)
def test_count(number: int, text: str) -> None:
    """Thousands have commas."""
    assert count(number) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0 batches"), (1, "1 batch"), (2, "2 batches"), (1234, "1,234 batches")],
)
def test_counted(number: int, text: str) -> None:
    """One is singular, none and many are plural."""
    assert counted(number, "batch", "batches") == text


def test_counted_adds_an_s() -> None:
    """A plural that is not given has an s."""
    assert counted(2, "request") == "2 requests"


# ---- money


@pytest.mark.parametrize(
    ("usd", "text"),
    [
        ("0", "$0.00"),
        ("0E-8", "$0.00"),
        ("55", "$55.00"),
        ("82.5", "$82.50"),
        ("0.01", "$0.01"),
        ("0.014999", "$0.01"),
        ("0.015", "$0.02"),
        ("1.005", "$1.01"),
        ("999999.995", "$1,000,000.00"),
        ("1234567.891", "$1,234,567.89"),
        ("2.5E+8", "$250,000,000.00"),
        ("0.0012", "$0.0012"),
        ("0.005", "$0.0050"),
        ("0.00004", "$0.000040"),
        ("0.00000005", "$0.000000050"),
        ("0.0099999", "$0.01"),
        ("0.00996", "$0.01"),
        ("-0.5", "-$0.50"),
        ("-1234.5", "-$1,234.50"),
    ],
)
def test_money(usd: str, text: str) -> None:
    """Dollars and cents, rounded half up; less than a cent keeps two digits that say something."""
    assert money(Decimal(usd)) == text


@given(st.decimals("-1e9", "1e9", places=9))
def test_money_says_no_more_and_no_less(usd: Decimal) -> None:
    """The text is an amount without exponent, off by half a cent, below a cent by a twentieth, and
    0 only for 0.
    """
    text = money(usd)
    assert re.fullmatch(r"-?\$(\d{1,3}(,\d{3})*|\d+)\.\d\d+", text)
    said = Decimal(text.replace("$", "").replace(",", ""))
    assert abs(said - usd) <= (abs(usd) / 20 if abs(usd) < Decimal("0.01") else Decimal("0.005"))
    assert (said == 0) == (usd == 0)
    assert text.startswith("-") == (usd < 0)


# ---- prices and plain numbers


@pytest.mark.parametrize(
    ("usd", "text"),
    [
        ("1", "$1.00"),
        ("0.0375", "$0.0375"),
        ("0.05", "$0.05"),
        ("1.100", "$1.10"),
        ("1E+1", "$10.00"),
    ],
)
def test_price(usd: str, text: str) -> None:
    """A price has two decimals at least, and all that it has."""
    assert price(Decimal(usd)) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (60.0, "60"),
        (0.1, "0.1"),
        (1e-05, "0.00001"),
        (1e22, "10000000000000000000000"),
        (100, "100"),
        (Decimal("1.10"), "1.1"),
        (Decimal("1E+2"), "100"),
        (Decimal("0E-8"), "0"),
        (Decimal("100"), "100"),
    ],
)
def test_plain(number: Decimal | float, text: str) -> None:
    """The shortest text that says the same, with neither exponent nor needless zeros."""
    assert plain(number) == text


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e15, max_value=1e15))
def test_plain_loses_nothing(number: float) -> None:
    """Read back, the text is the same number."""
    assert float(plain(number)) == number
    assert "e" not in plain(number).lower()


# ---- shares


@pytest.mark.parametrize(
    ("ratio", "text"),
    [
        (0.0, "0 %"),
        (0.0005, "under 0.1 %"),
        (0.001, "0.1 %"),
        (0.005, "0.5 %"),
        (0.01, "1 %"),
        (0.00999, "1 %"),
        (0.3, "30 %"),
        (0.85, "85 %"),
        (0.99, "99 %"),
        (0.995, "99.5 %"),
        (0.999, "99.9 %"),
        (0.9995, "over 99.9 %"),
        (0.999999999, "over 99.9 %"),
        (1.0, "100 %"),
    ],
)
def test_share(ratio: float, text: str) -> None:
    """Whole per cent in the middle, tenths at the ends."""
    assert share(ratio) == text


@given(st.floats(0, 1, exclude_min=True, exclude_max=True))
def test_share_never_says_certain(ratio: float) -> None:
    """What is neither impossible nor certain is not said to be, however near it is."""
    assert share(ratio) not in ("0 %", "0.0 %", "100 %", "100.0 %")


@pytest.mark.parametrize(
    ("ratio", "runs", "text"),
    [
        (0.0, 1000, "under 0.1 %"),
        (1.0, 1000, "over 99.9 %"),
        (0.0, 20, "under 5 %"),
        (1.0, 20, "over 95 %"),
        (1.0, 3, "over 67 %"),
        (0.5, 1000, "50 %"),
    ],
)
def test_share_of_runs(ratio: float, runs: int, text: str) -> None:
    """That all runs, or none, did something says no more than their number allows."""
    assert share_of_runs(ratio, runs) == text


@given(st.integers(3, 1000), st.sampled_from([0.0, 1.0]))
def test_share_of_runs_has_one_bound(runs: int, ratio: float) -> None:
    """However many runs, the text says under or over once."""
    assert re.fullmatch(r"(under|over) \d+(\.\d)? %", share_of_runs(ratio, runs))


@pytest.mark.parametrize(
    ("ratio", "text"),
    [
        (0.0, "0 %"),
        (0.01, "1 %"),
        (0.025, "2.5 %"),
        (0.07, "7 %"),
        (0.29, "29 %"),
        (0.00015, "0.015 %"),
        (1.0, "100 %"),
    ],
)
def test_percent(ratio: float, text: str) -> None:
    """A share that somebody gave is repeated as it was given, without the noise of binary
    fractions.
    """
    assert percent(ratio) == text


# ---- durations


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (0.4, "under 1 s"),
        (1, "1 s"),
        (59.4, "59 s"),
        (59.5, "60 s"),
        (60, "60 s"),
        (119.4, "119 s"),
        (119.6, "2 min"),
        (120, "2 min"),
        (3569, "59 min"),
        (3570, "1 h"),
        (3599, "1 h"),
        (3600, "1 h"),
        (3660, "1 h 1 min"),
        (26_400, "7 h 20 min"),
        (86_340, "23 h 59 min"),
        (86_399, "1 d"),
        (86_400, "1 d"),
        (183_600, "2 d 3 h"),
        (86_400 * 30, "30 d"),
    ],
)
def test_duration(seconds: float, text: str) -> None:
    """At most two units, each carried to the next when it is full: never 60 min, never 24 h."""
    assert duration(seconds) == text


UNITS = {"s": 1, "min": 60, "h": 3600, "d": 86_400}


@given(st.floats(1, 1e9))
def test_duration_is_near(seconds: float) -> None:
    """What is said differs from what is meant by a little more than half of the smallest unit that
    is shown or due.
    """
    parts = re.findall(r"(\d+) (s|min|h|d)", duration(seconds))
    said = sum(int(number) * UNITS[unit] for number, unit in parts)
    smallest = 1 if seconds < 119 else 60 if seconds < 86_000 else 3600
    # rounded to seconds, then to minutes, then to hours: each step adds its half
    assert abs(said - seconds) <= smallest / 2 + (31 if smallest == 3600 else 1)
    assert len(parts) <= 2
    assert all(
        int(number) < full
        for (number, unit), full in zip(parts, (10**6, 60), strict=False)
        if unit != "d"
    )


@given(st.floats(0, 1e7), st.floats(0, 1e7))
def test_a_longer_time_never_reads_shorter(one: float, other: float) -> None:
    """Rounding keeps the order of times."""

    def said(seconds: float) -> float:
        parts = re.findall(r"(\d+) (s|min|h|d)", duration(seconds))
        return (
            0.5
            if duration(seconds) == "under 1 s"
            else sum(int(n) * UNITS[unit] for n, unit in parts)
        )

    low, high = sorted((one, other))
    assert said(low) <= said(high)


# ---- clock times


def test_clock_on_the_same_day() -> None:
    """Within the day of the start the time is enough."""
    assert clock(START, 7140) == "23:59"


@pytest.mark.parametrize(
    ("seconds", "text"), [(29, "22:00"), (31, "22:01"), (47_735, "23 Nov 11:16")]
)
def test_clock_and_duration_agree(seconds: float, text: str) -> None:
    """13 h 16 min after 22:00 is 11:16, not 11:15 and some seconds cut off."""
    assert clock(START, seconds) == text


def test_clock_on_another_day() -> None:
    """After midnight, where the run started, the date stands with the time."""
    assert clock(START, 7200) == "23 Nov 00:00"


def test_clock_without_start() -> None:
    """Without a start there is no clock time."""
    assert clock(None, 60) == ""


@given(st.floats(0, 1e9))
def test_clock_is_in_the_zone_of_the_start(seconds: float) -> None:
    """The minute is the nearest one, in the start's own offset, as a length of time is rounded."""
    assert clock(START, seconds).endswith(
        f"{START + timedelta(minutes=int(seconds / 60 + 0.5)):%H:%M}"
    )


# ---- sizes


@pytest.mark.parametrize(
    ("byte_count", "text"),
    [
        (0, "0 B"),
        (15, "15 B"),
        (999, "999 B"),
        (1000, "1 kB"),
        (21_345, "21.3 kB"),
        (999_499, "999 kB"),
        (999_500, "1 MB"),
        (243_200_000, "243 MB"),
        (1_500_000_000, "1.5 GB"),
        (30_000_000_000_000, "30 TB"),
    ],
)
def test_size(byte_count: int, text: str) -> None:
    """Decimal units with three digits, as the provider counts."""
    assert size(byte_count) == text


@given(st.integers(0, 10**14))
def test_size_is_near_and_has_no_exponent(byte_count: int) -> None:
    """Three digits are right, and no text has an exponent."""
    number, unit = size(byte_count).split(" ")
    said = float(number) * {"B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}[unit]
    assert "e" not in number
    assert (
        abs(said - byte_count) <= 0.5
        if unit == "B"
        else abs(said - byte_count) <= 0.0051 * byte_count
    )
