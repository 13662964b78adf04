"""Neighbours of a plan: each one change away, each really different."""

from typing import Any

import pytest
from hypothesis import given, settings

from planner import facts
from planner.advice.neighbours import Alternative, alternatives
from planner.plan import make_plan
from planner.scenario import Scenario, parse, replace
from tests.strategies import scenarios


def of(**groups: dict[str, Any]) -> dict[str, Alternative]:
    """The alternatives of a scenario, by what they change."""
    found = alternatives(make_plan(parse(groups)))
    return {
        " ".join(f"{name}={value}" for name, value in each.change.items()): each for each in found
    }


def test_alternatives_of_the_default() -> None:
    """Smaller batches, and the newest model of every family that is open to all."""
    found = of()
    assert "batches.requests_per_batch=5000" in found
    models = [name.partition("=")[2] for name in found if name.startswith("workload.model")]
    families = {facts.model(name).family for name in models}
    assert families == {"fable", "opus", "haiku"}
    assert all(
        facts.model(name).status == "active" and not facts.model(name).limited_access
        for name in models
    )


def test_more_and_fewer_at_once() -> None:
    """Of several batches more can be open at once, or one."""
    found = of(workload={"requests": 100_000}, batches={"concurrent": 2})
    assert {"batches.concurrent=4", "batches.concurrent=1"} <= set(found)


def test_larger_batches() -> None:
    """Two batches can be one: the next size, and the largest that the provider takes."""
    found = of(workload={"requests": 20_000})
    assert {"batches.requests_per_batch=20000", "batches.requests_per_batch=100000"} <= set(found)


def test_caching() -> None:
    """A prefix that is long enough can be cached."""
    found = of(workload={"input_tokens": 5000, "shared_prefix_tokens": 4000})
    assert (
        found["caching.mode=1h"].plan.cost.batch_usd
        < make_plan(
            parse({"workload": {"input_tokens": 5000, "shared_prefix_tokens": 4000}})
        ).cost.batch_usd
    )


@pytest.mark.parametrize("prefix", [0, 511])
def test_no_caching_of_a_short_prefix(prefix: int) -> None:
    """What would silently not be cached is not proposed."""
    assert "caching.mode=1h" not in of(
        workload={"input_tokens": 5000, "shared_prefix_tokens": prefix}
    )


def test_larger_batches_do_not_help_where_bytes_bind() -> None:
    """When requests of 1 MB fill a batch with 243, a wish for more changes nothing and is not listed."""
    found = of(
        workload={"bytes_per_request": 1_000_000, "requests": 5000},
        batches={"requests_per_batch": 10_000},
    )
    assert not any(
        each.change.get("batches.requests_per_batch", 0) > 243 for each in found.values()
    )


def test_models_that_cannot_take_the_prompt_are_left_out() -> None:
    """An answer of 300,000 tokens is beyond Fable."""
    assert not any(
        "fable" in name for name in of(workload={"output_tokens": 200_000, "requests": 100})
    )


@given(scenarios(most_batches=5))
@settings(max_examples=15)
def test_each_is_another_plan(asked: Scenario) -> None:
    """Each alternative is the plan of the scenario with its one change, differs from it, and is listed once."""
    plan = make_plan(asked)
    found = alternatives(plan)
    for each in found:
        assert len(each.change) == 1
        changed = replace(asked, each.change)
        assert each.plan.scenario == changed != asked
        assert (each.plan.batches, each.plan.forecast, each.plan.cost) != (
            plan.batches,
            plan.forecast,
            plan.cost,
        )
        assert each.plan.cost == make_plan(changed).cost
    assert len({each.label for each in found}) == len(found)
