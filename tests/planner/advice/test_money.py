"""Money that is not enough, to the hundredth of a cent."""

import pytest

from planner.advice.caveat import Caveat
from tests.planner.advice.examples import caveat_of, has


def test_the_limit_of_a_tier() -> None:
    """$550 do not fit into the $500 of Start; they would fit into the $1,000 of Build, which is no
    remedy but the person's world.
    """
    assert caveat_of("spend-limit") == Caveat(
        code="spend-limit",
        severity="blocks",
        message=(
            "The run costs $550.00, but only $500.00 are left of the monthly limit of tier Start: "
            "it would stop part-way until the first of next month, or until the limit is raised. "
            "Tier Build would allow it. That buys 90,909 requests."
        ),
    )


@pytest.mark.parametrize(("spent", "over"), [(445, False), (445.01, True)])
def test_edge_of_the_spend_limit(spent: float, over: bool) -> None:
    """Tier Start allows $500 a month: with $445 spent, $55 are left and enough."""
    assert has("spend-limit", {"limits": {"spent_this_month_usd": spent}}) is over


@pytest.mark.parametrize(("spent", "tier"), [(450, "Build"), (450.01, "Scale")])
def test_the_larger_tier_has_room_for_what_is_spent(spent: float, tier: str) -> None:
    """$550 and what is spent must fit into the month of the tier that is named."""
    raw = {"workload": {"requests": 100_000}, "limits": {"spent_this_month_usd": spent}}
    assert f"Tier {tier} would allow it." in caveat_of("spend-limit", raw).message


def test_no_tier_is_large_enough() -> None:
    """Beyond the largest tier it is only said what the rest of the money buys."""
    caveat = caveat_of(
        "spend-limit",
        {
            "workload": {"requests": 100_000},
            "limits": {"tier": "scale", "spent_this_month_usd": 199_989},
        },
    )
    assert caveat.message.endswith("raised. That buys 2,000 requests.")


def test_an_own_limit() -> None:
    """An own limit does not grow with the tier: of $55 at most $11 are a fifth of the requests."""
    caveat = caveat_of("spend-limit", {"limits": {"monthly_spend_usd": 11}})
    assert "only $11.00 are left of your monthly limit:" in caveat.message
    assert caveat.message.endswith("raised. That buys 2,000 requests.")


def test_nothing_left_to_spend() -> None:
    """When nothing is left there is nothing that fits."""
    limits = {"monthly_spend_usd": 11, "spent_this_month_usd": 11}
    caveat = caveat_of("spend-limit", {"limits": limits})
    assert caveat.message.endswith("That buys not one request.")


def test_a_tier_without_a_limit() -> None:
    """Where no limit is known, none is exceeded."""
    assert not has(
        "spend-limit", {"workload": {"requests": 10_000_000}, "limits": {"tier": "custom"}}
    )


def test_the_budget() -> None:
    """By how much it is exceeded, and how many requests it buys."""
    assert caveat_of("budget-exceeded") == Caveat(
        code="budget-exceeded",
        severity="warns",
        message="The run costs $55.00, $0.01 more than the budget of $54.99. "
        "That buys 9,998 requests.",
    )


@pytest.mark.parametrize(("budget", "over"), [(0, False), (55, False), (54.9999, True)])
def test_edge_of_the_budget(budget: float, over: bool) -> None:
    """No budget is none; the cost itself is within; a hundredth of a cent less is not."""
    assert has("budget-exceeded", {"goal": {"budget_usd": budget}}) is over


def test_a_budget_that_buys_nothing() -> None:
    """A hundredth of a cent buys no request."""
    caveat = caveat_of("budget-exceeded", {"goal": {"budget_usd": 0.0001}})
    assert caveat.message.endswith("That buys not one request.")
