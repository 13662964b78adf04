"""Read amounts as people write them: numbers, sums of money, shares, lengths of time.

    2 million  2M  10k  1e4  10,000      a number
    $500  500 USD                        a sum of money
    90 %  90  0.9                        a share
    48h  2 days  1 h 30 min              a length of time, in the unit of its field
    12 pages  12 pages of PDF            the tokens of a document
    1.5 MB  1.5 MB PDF                   bytes; those of a file as a request carries it

What an amount may be is decided in `kinds`; here a text becomes an exact number, or nothing.
"""

import re
from decimal import ROUND_CEILING, Decimal

from planner import facts

_NUMBER = re.compile(
    r"(?P<digits>[+-]?(?:\d{1,3}(?:[,_'\u2009\u202f\u00a0 ]\d{3})+(?:\.\d*)?|\d+\.?\d*|\.\d+))"
    r"(?:e(?P<exponent>[+-]?\d{1,4}))?\s*(?P<suffix>k|thousand|m|mio|million|bn|billion|%)?",
    re.IGNORECASE,
)
_FACTORS = {
    "": Decimal(1), "%": Decimal("0.01"), "k": Decimal(1000), "thousand": Decimal(1000),
    "m": Decimal(10**6), "mio": Decimal(10**6), "million": Decimal(10**6),
    "bn": Decimal(10**9), "billion": Decimal(10**9),
}  # fmt: skip
_CURRENCY = re.compile(r"(?:US)?\$|USD|US dollars?|dollars?", re.IGNORECASE)
# the longer spelling first: "min" is not "m" and "in"
_SPAN = re.compile(
    r"(?P<count>\d+(?:\.\d*)?|\.\d+)\s*"
    r"(?P<unit>weeks?|w|days?|d|hours?|hrs?|h|minutes?|mins?|m|seconds?|secs?|s)(?![a-z])[\s,]*",
    re.IGNORECASE,
)
_PAGES = re.compile(r"(.+?)\s*(?:pages?|pp\.?)(?:\s+of\s+PDFs?)?", re.IGNORECASE)
_BYTES = re.compile(
    r"(.+?)\s*(?P<unit>bytes?|B|[KMG]i?B)(?P<file>\s*(?:files?|PDFs?|of PDF))?", re.IGNORECASE
)
_BYTE_UNITS = {"b": 1, "k": 10**3, "m": 10**6, "g": 10**9, "ki": 2**10, "mi": 2**20, "gi": 2**30}
_UNIT_S = {
    "w": Decimal(604_800),
    "d": Decimal(86_400),
    "h": Decimal(3600),
    "m": Decimal(60),
    "s": Decimal(1),
}


def number(text: str) -> Decimal | None:
    """The number that a text writes; None where it writes none."""
    match = _NUMBER.fullmatch(text)
    if not match:
        return None
    digits = re.sub(r"[^\d.+-]", "", match["digits"])
    return Decimal(f"{digits}e{match['exponent'] or 0}") * _FACTORS[(match["suffix"] or "").lower()]


def money(text: str) -> Decimal | None:
    """US dollars: a number, with the currency before or after it or without."""
    before = _CURRENCY.match(text)
    if before:
        return number(text[before.end() :].lstrip())
    after = re.search(rf"\s*(?:{_CURRENCY.pattern})$", text, re.IGNORECASE)
    return number(text[: after.start()] if after else text)


def share(text: str) -> Decimal | None:
    """A share of 1. What is above 1 is meant in per cent: 90 is 0.9."""
    ratio = number(text)
    if ratio is not None and ratio > 1 and not text.endswith("%"):
        ratio /= 100
    return ratio


def span(text: str, unit: str) -> Decimal | None:
    """A length of time in the unit "h" or "s", in which a bare number is taken too."""
    seconds, place = Decimal(0), 0
    while match := _SPAN.match(text, place):
        seconds += Decimal(match["count"]) * _UNIT_S[match["unit"][0].lower()]
        place = match.end()
    if place and place == len(text):
        return seconds / _UNIT_S[unit]
    return number(text)


def tokens(text: str) -> Decimal | None:
    """Tokens: a number, or pages of a PDF, each with the most that its text and its picture take."""
    match = _PAGES.fullmatch(text)
    if not match:
        return number(text)
    pages = number(match[1])
    return None if pages is None else pages * _page_tokens()


def _page_tokens() -> int:
    text, picture = "pdf_tokens_per_page_high", "image_max_tokens_new"
    return int(facts.limit(text).value) + int(facts.limit(picture).value)


def size(text: str) -> Decimal | None:
    """Bytes: a number with a unit or without. A file is a third larger: a request has it in base 64."""
    match = _BYTES.fullmatch(text)
    if not match:
        return number(text)
    amount, unit = (
        number(match[1]),
        match["unit"].lower().removesuffix("bytes").removesuffix("byte"),
    )
    if amount is None:
        return None
    amount *= _BYTE_UNITS[unit.removesuffix("b") or "b"]
    return amount if not match["file"] else (amount * 4 / 3).to_integral_value(ROUND_CEILING)
