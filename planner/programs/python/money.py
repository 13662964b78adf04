"""Price tokens, in whole numbers."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from planner.programs.python.settings import LONG_PROMPTS, PRICES, WEB_SEARCH_USD_PER_1000

# Whole numbers, so that no sum depends on its order: a price of up to seven decimals times a count
# of tokens is exact.
DOLLAR = 10**13


def money(usd: str) -> int:
    return int(Decimal(usd) * DOLLAR)


def usd_exact(amount: int) -> str:
    text = f"{amount // DOLLAR}.{amount % DOLLAR:013d}".rstrip("0")
    return text + "0" * max(0, 2 - len(text.partition(".")[2]))


def usd_rounded(amount: int, decimals: int = 2) -> str:
    unit = DOLLAR // 10**decimals
    cents = (amount + unit // 2) // unit
    return f"{cents // 10**decimals}.{cents % 10**decimals:0{decimals}d}"


class Rates(NamedTuple):
    """Batch prices by kind of token, in units of 1/10**13 dollars per token."""

    input: int
    output: int
    cache_write_5m: int
    cache_write_1h: int
    cache_read: int
    dearest_input: int

    @staticmethod
    def of(usd_per_mtok: tuple[str, ...]) -> Rates:
        read, output, write_5m, write_1h, cache_read = (money(usd) // 10**6 for usd in usd_per_mtok)
        return Rates(read, output, write_5m, write_1h, cache_read, max(read, write_5m, write_1h))


@dataclass(frozen=True)
class Price:
    """What one model costs: its rates, and those of a prompt of more than `long_prompt_tokens`."""

    rates: Rates
    long_rates: Rates
    long_prompt_tokens: float
    us_tenths: int
    max_tokens: int

    def rates_of(self, prompt_tokens: int) -> Rates:
        return self.long_rates if prompt_tokens > self.long_prompt_tokens else self.rates

    def surcharge(self, amount: int, us: bool) -> int:
        return amount * self.us_tenths // 10 if us else amount

    def worst(self, prompt: int, max_tokens: int, cached: bool, us: bool) -> int:
        """`prompt` are bytes: no text has more tokens, and no answer more than max_tokens."""
        rates = self.rates_of(prompt)
        dearest = rates.dearest_input if cached else rates.input
        return self.surcharge(prompt * dearest + max_tokens * rates.output, us)


def price_list() -> dict[str, Price]:
    prices = {}
    for model, row in PRICES.items():
        long_prompt = LONG_PROMPTS.get(model)
        prices[model] = Price(
            rates=Rates.of(row[:5]),
            long_rates=Rates.of(long_prompt[1:] if long_prompt else row[:5]),
            long_prompt_tokens=int(long_prompt[0]) if long_prompt else math.inf,
            us_tenths=int(Decimal(row[5]) * 10),
            max_tokens=int(row[6]),
        )
    return prices


DATE_OF_MODEL = re.compile(r"-20[0-9]{6}$")
USAGE_KINDS = (
    "input_tokens",
    "output_tokens",
    "cache_creation_input_tokens",
    "cache_read_input_tokens",
    "web_search_requests",
)


def count_of(holder: object, name: str) -> int:
    """A count out of the API's answer; whatever else stands there counts as none."""
    value = holder.get(name) if isinstance(holder, dict) else None
    return value if type(value) is int and value > 0 else 0


def price_of(answered: object, asked: str, prices: dict[str, Price]) -> Price | None:
    """The price of the model that an answer names, dated or not; else of the one asked for."""
    name = answered if isinstance(answered, str) else ""
    for model in (name, DATE_OF_MODEL.sub("", name), asked, DATE_OF_MODEL.sub("", asked)):
        if model in prices:
            return prices[model]
    return None


def bill(
    message: object, asked: str, prices: dict[str, Price]
) -> tuple[dict[str, int], int | None]:
    """Tokens by kind, as `usage` reports them, and what they cost; None where no price is known.

    `asked` is the model that was asked for.
    """
    message = message if isinstance(message, dict) else {}
    reported = message.get("usage")
    usage = reported if isinstance(reported, dict) else {}
    counts = {kind: count_of(usage, kind) for kind in USAGE_KINDS}
    counts["web_search_requests"] = count_of(usage.get("server_tool_use"), "web_search_requests")
    price = price_of(message.get("model"), asked, prices)
    if price is None:
        return counts, None
    written = counts["cache_creation_input_tokens"]
    for_an_hour = min(written, count_of(usage.get("cache_creation"), "ephemeral_1h_input_tokens"))
    prompt = counts["input_tokens"] + written + counts["cache_read_input_tokens"]
    rates = price.rates_of(prompt)
    tokens = (
        counts["input_tokens"] * rates.input
        + counts["output_tokens"] * rates.output
        + (written - for_an_hour) * rates.cache_write_5m
        + for_an_hour * rates.cache_write_1h
        + counts["cache_read_input_tokens"] * rates.cache_read
    )
    searches = counts["web_search_requests"] * money(WEB_SEARCH_USD_PER_1000) // 1000
    return counts, price.surcharge(tokens, usage.get("inference_geo") == "us") + searches
