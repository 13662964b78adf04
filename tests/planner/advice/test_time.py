"""Deadlines that are missed, and what meets them."""

from dataclasses import replace as with_values

import pytest

from planner import words
from planner.advice import time
from planner.advice.caveat import Caveat
from planner.plan import Plan
from tests.planner.advice.examples import EXAMPLES, caveat_of, has, plan_of


def codes(plan: Plan) -> list[str]:
    """The caveats of time."""
    return [caveat.code for rule in time.RULES for caveat in rule(plan)]


def test_a_deadline_that_is_unlikely() -> None:
    """The chance, what was asked for, and when it is reached; a later deadline is no remedy."""
    plan, caveat = plan_of(EXAMPLES["deadline-unlikely"]), caveat_of("deadline-unlikely")
    assert (caveat.severity, caveat.fix, caveat.fix_label) == ("warns", {}, "")
    assert caveat.message.startswith("The chance of being done within 0.1 h is ")
    assert caveat.message.endswith(
        f" %, below the 85 % asked for; they are reached within {words.duration(plan.confident_s)}."
    )


def test_a_chance_below_is_said_to_be_below() -> None:
    """84.96 % is not 85 %, below the 85 % asked for."""
    plan = plan_of({"goal": {"deadline_h": 1}})
    forecast = with_values(plan.forecast, deadline_probability=0.8496)
    (caveat, *_) = (
        each for rule in time.RULES for each in rule(with_values(plan, forecast=forecast))
    )
    assert "is 84.9 %, below the 85 % asked for" in caveat.message


@pytest.mark.parametrize(
    ("chance", "said"),
    [(1.0, "over 99.9 %"), (0.0, "under 0.1 %"), (0.8499, "84.9 %"), (0.85, "85 %")],
)
def test_a_chance_in_words(chance: float, said: str) -> None:
    """It is one of simulated runs: never certain, and never rounded up to what is asked."""
    assert time.likely(plan_of({"goal": {"deadline_h": 1}}), chance) == said


@pytest.mark.parametrize(("chance", "unlikely"), [(0.849, True), (0.85, False)])
def test_edge_of_the_chance(chance: float, unlikely: bool) -> None:
    """As sure as was asked for is sure enough."""
    plan = plan_of({"goal": {"deadline_h": 1}})
    forecast = with_values(plan.forecast, deadline_probability=chance)
    assert ("deadline-unlikely" in codes(with_values(plan, forecast=forecast))) is unlikely


def test_no_deadline() -> None:
    """Nothing is late that has all the time."""
    assert codes(plan_of({})) == []


def test_real_time_that_is_in_time() -> None:
    """Where the rate limits allow it, it is said how long it takes and what it costs."""
    assert caveat_of("realtime-meets-deadline") == Caveat(
        code="realtime-meets-deadline",
        severity="notes",
        message="In real time the rate limits allow the workload in 1 h 40 min, for $110.00.",
    )


@pytest.mark.parametrize(("deadline_h", "near"), [(1.66, False), (1.67, True)])
def test_edge_of_real_time(deadline_h: float, near: bool) -> None:
    """100 minutes are within 1.67 h and not within 1.66 h."""
    raw = {**EXAMPLES["realtime-meets-deadline"], "goal": {"deadline_h": deadline_h}}
    assert has("realtime-meets-deadline", raw) is near


@pytest.mark.parametrize(
    "goal", [{}, {"deadline_h": 720}, {"deadline_h": 0.1}], ids=["none", "far", "near"]
)
def test_real_time_that_is_no_help(goal: dict[str, float]) -> None:
    """Not without a deadline, not where batches are in time, not where real time is late too."""
    assert not has("realtime-meets-deadline", {"goal": goal})


def test_real_time_that_is_not_known() -> None:
    """Where no rates are published nothing is promised."""
    raw = {**EXAMPLES["realtime-meets-deadline"], "limits": {"tier": "custom"}}
    assert not has("realtime-meets-deadline", raw)


@pytest.mark.parametrize(("deadline_h", "near"), [(2.0, True), (1.999, False)])
def test_real_time_to_the_second(deadline_h: float, near: bool) -> None:
    """Two hours are within two hours, even where no run in batches is."""
    plan = plan_of({"goal": {"deadline_h": deadline_h}})
    assert plan.realtime
    fast = with_values(plan.realtime, seconds=7200.0)
    forecast = with_values(plan.forecast, deadline_probability=0.0)
    codes_of_both = codes(with_values(plan, realtime=fast, forecast=forecast))
    assert ("realtime-meets-deadline" in codes_of_both) is near
