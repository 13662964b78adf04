"""The answer: one sentence, and what it leaves out."""

from dataclasses import replace as with_values
from decimal import Decimal
from typing import Any

from planner.plan import Plan, make_plan
from planner.scenario import parse
from planner.show.answer import sentence
from planner.show.slots import slots as slots_of
from planner.show.timeline import timeline_of
from planner.words import duration

TENS = {"requests_per_batch": 10_000, "concurrent": 1}


def plan_of(**groups: dict[str, Any]) -> Plan:
    """The plan of a scenario."""
    return make_plan(parse(groups))


def slots(**groups: dict[str, Any]) -> dict[str, str]:
    """The slots of a scenario."""
    return page_of(plan_of(**groups))


def page_of(plan: Plan) -> dict[str, str]:
    """The slots of a plan, and of its run at P85."""
    return slots_of(plan, timeline_of(plan, plan.forecast.p85), "p85")


def test_the_answer_of_the_default() -> None:
    """Requests, model, batches, cost and chance, in one sentence."""
    sentence = slots()["answer.sentence"]
    assert sentence.startswith(
        "10,000 requests to Claude Sonnet 5.5 in 1 batch cost $55.00, half of the real-time price, "
    )
    assert "85 % likely to be done within" in sentence


def test_the_answer_for_one_request() -> None:
    """One request costs and is; it does not cost and are."""
    page = slots(
        workload={"requests": 1}, duration={"model": "formula"}, retries={"transient_rate": 0}
    )
    assert page["answer.sentence"] == (
        "1 request to Claude Sonnet 5.5 in 1 batch costs $0.0055, half of the real-time price, and "
        "is 85 % likely to be done within 2 min."
    )


def test_nearly_the_same_time_is_not_said_twice() -> None:
    """Where half and all but a twentieth read alike, no two sentences contradict each other."""
    page = slots(
        workload={"requests": 25_000},
        batches={"requests_per_batch": 5000, "concurrent": 5},
        duration={"model": "formula"},
    )
    assert page["time.p50"] == page["time.p95"]
    assert "less than" not in page["answer.half"] or "more than" not in page["answer.tail"]


def test_confidence_is_said_as_it_was_asked() -> None:
    """93.5 % is not rounded up to 94 %."""
    assert "93.5 % likely" in slots(goal={"confidence": 0.935})["answer.sentence"]


def test_a_plan_without_chance_says_so() -> None:
    """Where all runs take the same time there is no half and no tail to speak of."""
    page = slots(batches=TENS, duration={"model": "formula"}, retries={"transient_rate": 0})
    assert page["answer.half"] == ""
    assert "same time" in page["answer.tail"]
    assert page["time.p50"] == page["time.p95"] == "19 min"


def test_the_runs_lie_apart() -> None:
    """Half of the runs, and one in twenty: those at P50 and at P95."""
    plan = plan_of()
    half, tail = (duration(run.makespan_s) for run in (plan.forecast.p50, plan.forecast.p95))
    page = page_of(plan)
    assert page["answer.half"] == f"Half of such runs take less than {half}."
    assert page["answer.tail"] == f"One in twenty takes more than {tail}."


def test_savings_that_are_not_half() -> None:
    """Where real time costs something else than twice as much, the sum that is saved is said."""
    plan = plan_of()
    cost = with_values(plan.cost, realtime_usd=Decimal(100))
    assert "cost $55.00, $45.00 less than in real time, and are" in sentence(
        with_values(plan, cost=cost)
    )
