"""The reasons beside the numbers are sums that come out."""

import re
from decimal import Decimal
from math import prod
from typing import Any

import pytest
from hypothesis import given, settings

from planner import facts
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
    text = reasons_of(workload={"requests": 25_000}, batches={"requests_per_batch": 10_000})[
        "why.batches"
    ]
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
        ({"model": "history", "history": [[100, 600], [200, 900]]}, "2 batches of your own"),
        ({"model": "history", "history": [[1, 1], [2, 2]]}, "published"),
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


BATCH_DOCS = facts.limit("batch_multiplier").source.split("; ")[0]


def test_all_reasons_to_the_letter() -> None:
    """Three batches by the formula, with requests that can never succeed."""
    model = facts.model("claude-sonnet-5-5")
    assert reasons_of(
        workload={"requests": 25_000},
        duration={"model": "formula"},
        retries={"permanent_rate": 0.001},
        batches={"requests_per_batch": 10_000, "concurrent": 2, "poll_s": 30},
    ) == {
        "why.batches": (
            "25,000 requests ÷ 10,000. The largest batch is the smallest of 10,000 asked for, "
            "243 MB ÷ estimated 1,383 bytes, and the queue limit of 200,000. "
            f"Source: {BATCH_DOCS}."
        ),
        "why.time": (
            "2,000 simulated runs of these batches, 2 at once, polled every 30 s, with their retry "
            "rounds; P85 is the time within which 85 % of the runs had their last result. "
            "Judged by a formula, which knows no bad days."
        ),
        "why.cost": (
            "12,487,500 × $1.00/M (input) + 24,975,000 × $5.00/M (output) = $137.36. "
            f"Prices: {model.sources[0]}; checked {model.checked_on}."
        ),
        "why.realtime": (
            "The same tokens at the price of the Messages API: 12,487,500 × $2.00/M + 24,975,000 × "
            "$10.00/M = $274.73. At best it takes 1 h 3 min: the limit on output tokens per minute "
            "binds."
        ),
        "why.saved": f"Real time $274.73 less batch $137.36. Source: {BATCH_DOCS}.",
        "why.failed": (
            "Of 25,000: 0.1 % that can never succeed, and of the others 1 % that fail for now. "
            f"They are not billed. Source: {BATCH_DOCS}."
        ),
        "why.given_up": (
            "Those that can never succeed, and those that fail 4 times in a row: 0.01 to the power "
            "of 4. The wait before a retry round never exceeds 1 d."
        ),
    }


@pytest.mark.parametrize(
    ("tokens", "words"),
    [
        ({"input_tokens": 1, "output_tokens": 1}, "the limit on requests per minute binds."),
        ({"input_tokens": 50_000, "output_tokens": 1}, "the limit on input tokens per minute"),
        ({"input_tokens": 1, "output_tokens": 5000}, "the limit on output tokens per minute"),
    ],
)
def test_each_limit_of_real_time(tokens: dict[str, int], words: str) -> None:
    """Requests, input tokens or output tokens."""
    assert words in reasons_of(workload=tokens)["why.realtime"]
