"""The reasons beside the numbers are sums that come out."""

import re
from decimal import Decimal
from math import prod
from typing import Any

import pytest
from hypothesis import given, settings

from planner.plan import make_plan
from planner.scenario import Scenario, parse
from planner.show.reasons import evidence, reasons
from tests.strategies import scenarios


def reasons_of(**groups: dict[str, Any]) -> dict[str, str]:
    """The reasons of a scenario."""
    return reasons(make_plan(parse(groups)))


@given(scenarios(most_batches=4))
@settings(max_examples=25)
def test_the_sum_of_the_cost_comes_out(scenario: Scenario) -> None:
    """Multiplying and adding what the reason says gives the cost that it says, to the cent."""
    plan = make_plan(scenario)
    for name, usd in (("why.cost", plan.cost.batch_usd), ("why.realtime", plan.cost.realtime_usd)):
        terms = re.findall(r"([\d,]+) × \$([\d.]+)/M", reasons(plan)[name])
        total = (
            sum(prod(Decimal(part.replace(",", "")) for part in term) for term in terms) / 1_000_000
        )
        assert total == usd


def test_why_so_many_batches() -> None:
    """All three limits are named, with what binds."""
    text = reasons_of(workload={"requests": 25_000})["why.batches"]
    assert "25,000 requests ÷ 10,000" in text
    assert "200,000" in text and "243 MB" in text


def test_bytes_that_are_guessed_are_called_estimated() -> None:
    """An estimate is not passed off as a measurement."""
    assert "estimated" in reasons_of()["why.batches"]
    assert "estimated" not in reasons_of(workload={"bytes_per_request": 1000})["why.batches"]


def test_real_time_names_its_limit() -> None:
    """Which rate limit binds is said in words."""
    assert "output tokens per minute" in reasons_of()["why.realtime"]


def test_real_time_that_is_not_known_has_no_time() -> None:
    """Where rates are not published the reason has the price alone."""
    assert "At best" not in reasons_of(limits={"tier": "evaluation"})["why.realtime"]


@pytest.mark.parametrize(
    ("duration", "word"),
    [
        ({"model": "observed"}, "published"),
        ({"model": "history", "history": [[1, 1], [2, 2]]}, "2 batches of your own"),
        ({"model": "formula"}, "formula"),
        ({"model": "guide"}, "no measurement"),
    ],
)
def test_evidence(duration: dict[str, Any], word: str) -> None:
    """What the times rest on is said, whatever it is."""
    assert word in evidence(make_plan(parse({"duration": duration})))


@pytest.mark.parametrize(("rate", "text"), [(0.025, "2.5 %"), (0.015, "1.5 %"), (0.0005, "0.05 %")])
def test_reasons_repeat_inputs_exactly(rate: float, text: str) -> None:
    """A rate in a reason is the rate that was given."""
    assert text in reasons_of(retries={"transient_rate": rate})["why.failed"]


@given(scenarios(most_batches=4))
@settings(max_examples=15)
def test_every_number_has_a_reason(scenario: Scenario) -> None:
    """Each why is one to three sentences; those of price and rules name their source."""
    texts = reasons(make_plan(scenario))
    for name in (
        "why.batches",
        "why.time",
        "why.cost",
        "why.failed",
        "why.given_up",
        "why.realtime",
        "why.saved",
    ):
        assert texts[name].strip().endswith(".")
        assert len(texts[name]) > 40
    for name in ("why.batches", "why.failed", "why.saved"):
        assert "Source:" in texts[name]
    assert "checked 20" in texts["why.cost"]
