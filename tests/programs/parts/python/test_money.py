"""Money in whole numbers: no sum depends on its order."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.programs.python.money import (
    DOLLAR,
    Price,
    Rates,
    bill,
    money,
    price_list,
    price_of,
    usd_exact,
    usd_rounded,
)

RATES = Rates.of(("1", "5", "1.25", "2", "0.05"))
LONG = Rates.of(("2", "10", "2.5", "4", "0.1"))
PRICE = Price(RATES, LONG, 100_000, 11, 64_000)


@given(st.integers(0, 10**20))
def test_exact_text_comes_back(amount: int) -> None:
    """What the journal says of money is the money, and has cents."""
    text = usd_exact(amount)
    assert money(text) == amount
    assert len(text.partition(".")[2]) >= 2


@given(st.integers(0, 10**20))
def test_rounding_is_that_of_decimals(amount: int) -> None:
    """Half a cent is rounded up."""
    exact = Decimal(amount) / DOLLAR
    assert abs(Decimal(usd_rounded(amount)) - exact) <= Decimal("0.005")


def test_rounded() -> None:
    """To cents, or to as many decimals as asked for."""
    assert usd_rounded(money("1.005")) == "1.01"
    assert usd_rounded(money("0.0000014"), 6) == "0.000001"


def test_a_bill() -> None:
    """Each kind of token at its price, an hour of cache apart, searches by the thousand."""
    usage = {
        "input_tokens": 1000,
        "output_tokens": 100,
        "cache_creation_input_tokens": 300,
        "cache_creation": {"ephemeral_1h_input_tokens": 100},
        "cache_read_input_tokens": 2000,
        "server_tool_use": {"web_search_requests": 3},
    }
    counts, cost = bill({"model": "m", "usage": usage}, "m", {"m": PRICE})
    assert counts["cache_creation_input_tokens"] == 300
    per_mtok = 1000 * 1 + 100 * 5 + 200 * Decimal("1.25") + 100 * 2 + 2000 * Decimal("0.05")
    assert cost == money(str(per_mtok / 10**6 + Decimal("0.03")))


@pytest.mark.parametrize(
    ("tokens", "geo", "usd"),
    [(100_000, None, "0.1"), (100_001, None, "0.200002"), (100_000, "us", "0.11")],
)
def test_long_prompts_and_residency(tokens: int, geo: str | None, usd: str) -> None:
    """A long prompt has other rates for all of it; US residency a factor."""
    usage = {"input_tokens": tokens, "inference_geo": geo}
    assert bill({"model": "m", "usage": usage}, "m", {"m": PRICE})[1] == money(usd)


@pytest.mark.parametrize("message", [None, 7, {}, {"model": "m", "usage": {"input_tokens": "9"}}])
def test_a_bill_of_nonsense(message: object) -> None:
    """Whatever the API answers counts as nothing, and is no crash."""
    counts, _ = bill(message, "m", {"m": PRICE})
    assert set(counts.values()) == {0}


@given(st.integers(1, 10**6), st.integers(1, 64_000), st.booleans(), st.booleans())
def test_nothing_costs_more_than_the_worst(
    size: int, max_tokens: int, cached: bool, us: bool
) -> None:
    """No text has more tokens than bytes: a bill for as many is not above the worst case."""
    geo = "us" if us else None
    usage = {"input_tokens": size, "output_tokens": max_tokens, "inference_geo": geo}
    _, cost = bill({"model": "m", "usage": usage}, "m", {"m": PRICE})
    assert cost is not None and cost <= PRICE.worst(size, max_tokens, cached, us)


@pytest.mark.parametrize(
    ("answered", "asked", "known"),
    [
        ("m", "other", True),
        ("m-20261124", "other", True),
        ("m-2026", "other", False),
        ("new", "m", True),
        ("new", "m-20261124", True),
        (None, "m", True),
        ("new", "other", False),
    ],
)
def test_the_price_of_an_answer(answered: object, asked: str, known: bool) -> None:
    """By the model that it names, dated or not; else by the one asked for."""
    assert (price_of(answered, asked, {"m": PRICE}) is PRICE) is known


def test_the_price_list_is_read() -> None:
    """Every row of the settings is a price."""
    assert all(price.rates.output > price.rates.input > 0 for price in price_list().values())
