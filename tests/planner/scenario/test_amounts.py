"""Amounts as people write them."""

from decimal import Decimal

import pytest

from planner.scenario import amounts


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("2 million", 2_000_000), ("2million", 2_000_000), ("2.5 Million", 2_500_000), ("2M", 2_000_000), ("2 mio", 2_000_000),
        ("10k", 10_000), ("10 thousand", 10_000), ("1e4", 10_000), ("10,000", 10_000), ("1 bn", 10**9), ("0.01 billion", 10**7),
    ],
)  # fmt: skip
def test_number(text: str, number: int) -> None:
    """Words and letters for thousands are factors."""
    assert amounts.number(text) == number


@pytest.mark.parametrize(
    "text", ["", "million", "2 millions", "2 km", "k2", "$5", "two", "1 2", "1,00"]
)
def test_no_number(text: str) -> None:
    """What is none is not guessed at."""
    assert amounts.number(text) is None


@pytest.mark.parametrize(
    "text", ["500", "$500", "$ 500", "500$", "500 $", "US$500", "500 USD", "USD 500", "500 dollars", "0.5k", "$0.5k", "$500.00"]
)  # fmt: skip
def test_money(text: str) -> None:
    """The currency stands before the sum, after it, or nowhere."""
    assert amounts.money(text) == 500


@pytest.mark.parametrize("text", ["€500", "$", "$500 USD", "500 EUR", "$$5"])
def test_no_money(text: str) -> None:
    """Another currency is no sum of dollars."""
    assert amounts.money(text) is None


@pytest.mark.parametrize("text", ["90", "90 %", "90%", "0.9", ".9", "9e-1"])
def test_share(text: str) -> None:
    """A share above 1 is meant in per cent."""
    assert amounts.share(text) == Decimal("0.9")


@pytest.mark.parametrize(
    ("text", "ratio"), [("1", 1), ("1 %", "0.01"), ("0", 0), ("150 %", "1.5"), ("0.5%", "0.005")]
)
def test_share_at_its_edges(text: str, ratio: str) -> None:
    """1 is the whole, and what says per cent is taken at its word."""
    assert amounts.share(text) == Decimal(ratio)


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("48h", 48), ("48 h", 48), ("48 hours", 48), ("2 days", 48), ("2d", 48), ("1 day 12 h", 36), ("1h30m", "1.5"), ("30 min", "0.5"),
        ("1 week", 168), ("1 h, 30 min", "1.5"), ("48", 48), ("1.5", "1.5"), ("3600 s", 1), (".5h", "0.5"),
    ],
)  # fmt: skip
def test_span_in_hours(text: str, hours: str) -> None:
    """A bare number has the unit of its field."""
    assert amounts.span(text, "h") == Decimal(hours)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30 min", 1800),
        ("90", 90),
        ("90 sec", 90),
        ("1h", 3600),
        ("2 m", 120),
        ("1.5 days", 129_600),
    ],
)
def test_span_in_seconds(text: str, seconds: int) -> None:
    """m stands for minutes where time is asked for."""
    assert amounts.span(text, "s") == seconds


@pytest.mark.parametrize(
    "text", ["", "h", "2 dogs", "2 days ago", "-2 h", "2 months", "1:30", "h 2"]
)
def test_no_span(text: str) -> None:
    """What is no length of time is not guessed at."""
    assert amounts.span(text, "h") is None


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("500", 500),
        ("1 page", 7784),
        ("12 pages", 93_408),
        ("1k pages of PDF", 7_784_000),
        ("some pages", None),
    ],
)
def test_pages_are_tokens(text: str, tokens: int | None) -> None:
    """At most: the text of a page and its picture, as the facts have them."""
    assert amounts.tokens(text) == tokens


@pytest.mark.parametrize(
    ("text", "size"),
    [("20,000", 20_000), ("3 kB", 3000), ("1.5 MB", 1_500_000), ("2 MiB", 2_097_152), ("7 bytes", 7), ("1.5 MB PDF", 2_000_000), ("1 B file", 2), ("much MB", None)],
)  # fmt: skip
def test_sizes_are_bytes(text: str, size: int | None) -> None:
    """A file is a third larger in a request, which has it in base 64."""
    assert amounts.size(text) == size
