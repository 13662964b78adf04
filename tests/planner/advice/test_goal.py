"""The search for as many requests as a sum buys."""

from decimal import Decimal

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from planner.advice.goal import requests_within
from planner.plan import cost_of
from planner.scenario import Scenario, parse, replace
from tests.planner.advice.examples import Raw
from tests.strategies import scenarios

# attempts that are counted as billed; a cache that is written once: cost is not in proportion
CROOKED: list[Raw] = [
    {
        "workload": {
            "model": "claude-fable-5-2",
            "requests": 89,
            "input_tokens": 1043,
            "output_tokens": 1,
        },
        "retries": {"max": 1},
        "pricing": {"bill_failed": True},
        "goal": {"budget_usd": 0.3137},
    },
    {
        "workload": {
            "requests": 100,
            "input_tokens": 100_000,
            "output_tokens": 1,
            "shared_prefix_tokens": 100_000,
        },
        "caching": {"mode": "1h", "hit_rate": 1},
        "goal": {"budget_usd": 0.4},
    },
]


def cost(scenario: Scenario, requests: int) -> Decimal:
    """What so many of its requests cost."""
    return cost_of(replace(scenario, {"workload.requests": requests})).batch_usd


@pytest.mark.parametrize("raw", CROOKED, ids=["attempts that are counted", "a cache written once"])
def test_as_many_as_the_sum_buys(raw: Raw) -> None:
    """So many cost no more than the sum; one more would."""
    scenario = parse(raw)
    fitting = requests_within(scenario, scenario.goal.budget_usd)
    assert cost(scenario, fitting) <= scenario.goal.budget_usd < cost(scenario, fitting + 1)


@given(scenarios(most_batches=4), st.decimals("0.001", "0.999", places=3))
@settings(max_examples=25)
def test_the_number_is_the_largest(scenario: Scenario, part: Decimal) -> None:
    """The same holds for any part of the cost of any scenario."""
    usd = cost(scenario, scenario.workload.requests) * part
    assume(usd > 0)
    fitting = requests_within(scenario, usd)
    assert 0 <= fitting < scenario.workload.requests
    assert not fitting or cost(scenario, fitting) <= usd
    assert cost(scenario, fitting + 1) > usd


def test_a_sum_that_buys_nothing() -> None:
    """Not one request costs nothing."""
    assert requests_within(Scenario(), Decimal(0)) == 0


def test_a_round_sum() -> None:
    """A fifth of $55 buys a fifth of the requests."""
    assert requests_within(Scenario(), Decimal(11)) == 2000
