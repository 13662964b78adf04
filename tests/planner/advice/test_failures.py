"""Requests that end without an answer: expired, given up, or without hope."""

from dataclasses import replace as with_values

import pytest

from planner.advice import failures
from planner.advice.caveat import Caveat
from planner.plan import Plan
from tests.planner.advice.examples import EXAMPLES, Raw, caveat_of, plan_of


def expiring(**groups: dict[str, object]) -> Raw:
    """The example of batches that expire, with other groups."""
    return {**EXAMPLES["expiry-risk"], **groups}


def with_forecast(plan: Plan, **values: float) -> Plan:
    """The plan with another forecast."""
    return with_values(plan, forecast=with_values(plan.forecast, **values))


def test_batches_that_expire() -> None:
    """How often, what becomes of them, and that the planner would cut it otherwise."""
    assert caveat_of("expiry-risk") == Caveat(
        code="expiry-risk",
        severity="warns",
        message=(
            "In 100 % of the simulated runs a batch reaches its 24 h end with requests undone. "
            "They end unbilled and are sent again."
        ),
        fix={"batches.requests_per_batch": 0, "batches.concurrent": 0},
        fix_label="Let the planner cut",
    )


@pytest.mark.parametrize(("chance", "risky"), [(0.049, 0), (0.05, 1)])
def test_edge_of_the_risk(chance: float, risky: int) -> None:
    """A twentieth of the runs is worth a word."""
    plan = with_forecast(plan_of({}), expiry_probability=chance)
    codes = [caveat.code for rule in failures.RULES for caveat in rule(plan)]
    assert codes.count("expiry-risk") == risky


def test_expired_requests_that_are_not_sent_again() -> None:
    """Without retries they are lost, and it is said how many."""
    caveat = caveat_of("expiry-risk", expiring(retries={"max": 0, "transient_rate": 0}))
    assert caveat.message.endswith(
        "They end unbilled; on average 9,826 requests more than planned stay unanswered."
    )


@pytest.mark.parametrize(
    ("more", "words"),
    [(0.9, "unbilled and are sent again."), (1.0, "1 request more than planned stay unanswered.")],
)
def test_edge_of_those_that_are_lost(more: float, words: str) -> None:
    """Less than one on average is none."""
    plan = plan_of(EXAMPLES["expiry-risk"])
    lost = with_forecast(plan, mean_given_up=plan.requests.given_up + more)
    (caveat,) = (each for rule in failures.RULES for each in rule(lost) if "expiry" in each.code)
    assert words in caveat.message


def test_nothing_is_sent_again_without_retries() -> None:
    """Where less than one is lost and there are no retries, nothing is promised."""
    plan = plan_of(expiring(retries={"max": 0, "transient_rate": 0}))
    spared = with_forecast(plan, mean_given_up=0)
    (caveat,) = (each for rule in failures.RULES for each in rule(spared) if "expiry" in each.code)
    assert caveat.message.endswith("They end unbilled.")


def test_smaller_batches_that_do_not_help() -> None:
    """Batches of which the half takes more than a day too: no remedy is claimed."""
    caveat = caveat_of(
        "expiry-risk",
        expiring(duration={"model": "formula", "seconds_per_request": 600, "parallel_requests": 1}),
    )
    assert (caveat.fix, caveat.fix_label) == ({}, "")


def test_a_cut_that_was_chosen_has_no_remedy() -> None:
    """There is no better one."""
    caveat = caveat_of(
        "expiry-risk",
        {
            "workload": {"requests": 1},
            "duration": {"model": "history", "history": [[1, 86_400]]},
        },
    )
    assert caveat.fix == {}


def test_a_simulation_that_was_stopped() -> None:
    """How often, at how many batches, and what that means for the times."""
    plan = with_forecast(plan_of({}), stopped_share=0.3)
    (caveat,) = (
        caveat
        for rule in failures.RULES
        for caveat in rule(plan)
        if caveat.code == "simulation-stopped"
    )
    assert caveat.severity == "warns"
    assert "In 30 % of the simulated runs" in caveat.message
    assert "more than 40,000" in caveat.message
    assert "longer than is shown" in caveat.message


def test_no_simulation_was_stopped() -> None:
    """Nothing is said where every run went to its end."""
    codes = [caveat.code for rule in failures.RULES for caveat in rule(plan_of({}))]
    assert "simulation-stopped" not in codes


def test_too_few_retries() -> None:
    """A hundredth of 10,000 fails; two retries leave less than half a request."""
    caveat = caveat_of("retries-too-few")
    assert caveat.fix_label.startswith("Retry 2 times (") and "later)" in caveat.fix_label
    assert with_values(caveat, fix_label="Retry 2 times") == Caveat(
        code="retries-too-few",
        severity="warns",
        message="After 0 retries about 100 requests would still be unanswered and given up.",
        fix={"retries.max": 2},
        fix_label="Retry 2 times",
    )


@pytest.mark.parametrize(
    ("requests", "rate", "enough"),
    [(10_000, 0.01, 2), (10_000, 0.1, 4), (5000, 0.1, 4), (49, 0.1, 1)],
)
def test_as_many_retries_as_leave_none(requests: int, rate: float, enough: int) -> None:
    """Each retry leaves the rate of those before; half a request is one."""
    caveat = caveat_of(
        "retries-too-few",
        {"workload": {"requests": requests}, "retries": {"max": 0, "transient_rate": rate}},
    )
    assert caveat.fix == {"retries.max": enough}


@pytest.mark.parametrize(("retries", "fix"), [(0, {}), (9, {}), (10, {})])
def test_more_retries_than_allowed(retries: int, fix: dict[str, int]) -> None:
    """At 90 % failures even ten retries leave some; more of them are no remedy."""
    caveat = caveat_of("retries-too-few", {"retries": {"transient_rate": 0.9, "max": retries}})
    assert caveat.fix == fix
    assert bool(caveat.fix_label) == bool(fix)


def test_requests_without_hope() -> None:
    """A twentieth of 10,000 can never succeed."""
    assert caveat_of("permanent-failures") == Caveat(
        code="permanent-failures",
        severity="notes",
        message=(
            "About 500 requests can never succeed. Parameters are validated only after a batch has "
            "been made: try one request of each shape in real time first."
        ),
    )
