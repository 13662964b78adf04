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
    others = alternatives(make_plan(parse(groups)))
    return {
        " ".join(f"{name}={value}" for name, value in each.change.items()): each for each in others
    }


def test_alternatives_of_the_default() -> None:
    """Smaller batches, and the newest model of every family that is open to all."""
    others = of()
    assert "batches.requests_per_batch=5000" in others
    models = [name.partition("=")[2] for name in others if name.startswith("workload.model")]
    families = {facts.model(name).family for name in models}
    assert families == {"fable", "opus", "haiku"}
    assert all(
        facts.model(name).status == "active" and not facts.model(name).limited_access
        for name in models
    )


def test_more_and_fewer_at_once() -> None:
    """Of several batches more can be open at once, or one."""
    others = of(workload={"requests": 100_000}, batches={"concurrent": 2})
    assert {"batches.concurrent=4", "batches.concurrent=1"} <= set(others)


def test_larger_batches() -> None:
    """Two batches can be one: the next size, and the largest that the provider takes."""
    others = of(workload={"requests": 20_000})
    assert {"batches.requests_per_batch=20000", "batches.requests_per_batch=100000"} <= set(others)


def test_a_neighbour_has_a_thousand_batches_at_most() -> None:
    """Ten million in batches of 500: the next size that is worth a forecast is 10,000, and the largest always is."""
    others = of(
        workload={"requests": 10_000_000, "input_tokens": 10, "output_tokens": 10},
        batches={"requests_per_batch": 500},
    )
    assert [name for name in others if name.startswith("batches.requests_per_batch")] == [
        "batches.requests_per_batch=10000",
        "batches.requests_per_batch=100000",
    ]


def test_caching() -> None:
    """A prefix that is long enough can be cached."""
    others = of(workload={"input_tokens": 5000, "shared_prefix_tokens": 4000})
    assert (
        others["caching.mode=1h"].plan.cost.batch_usd
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
    others = of(
        workload={"bytes_per_request": 1_000_000, "requests": 5000},
        batches={"requests_per_batch": 10_000},
    )
    assert not any(
        each.change.get("batches.requests_per_batch", 0) > 243 for each in others.values()
    )


def test_models_that_cannot_take_the_prompt_are_left_out() -> None:
    """An answer of 300,000 tokens is beyond Fable."""
    assert not any(
        "fable" in name for name in of(workload={"output_tokens": 200_000, "requests": 100})
    )


@given(scenarios(most_batches=5))
@settings(max_examples=15)
def test_each_is_another_plan(scenario: Scenario) -> None:
    """Each alternative is the plan of the scenario with its one change, differs from it, and is listed once."""
    plan = make_plan(scenario)
    others = alternatives(plan)
    for each in others:
        assert len(each.change) == 1
        changed = replace(scenario, each.change)
        assert each.plan.scenario == changed != scenario
        assert (each.plan.batches, each.plan.forecast, each.plan.cost) != (
            plan.batches,
            plan.forecast,
            plan.cost,
        )
        assert each.plan.cost == make_plan(changed).cost
    assert len({each.label for each in others}) == len(others)


def test_all_of_them_in_order() -> None:
    """Sizes, numbers at once, caching, models from the dearest: what each says and changes."""
    plan = make_plan(
        parse(
            {
                "workload": {
                    "requests": 100_000,
                    "input_tokens": 5000,
                    "shared_prefix_tokens": 4000,
                    "bytes_per_request": 1000,
                },
                "batches": {"requests_per_batch": 20_000, "concurrent": 3},
                "duration": {"model": "formula"},
                "retries": {"max": 0},
            }
        )
    )
    assert [(other.label, other.change) for other in alternatives(plan)] == [
        ("Batches of 10,000", {"batches.requests_per_batch": 10_000}),
        ("Batches of 50,000", {"batches.requests_per_batch": 50_000}),
        ("Batches of 100,000", {"batches.requests_per_batch": 100_000}),
        ("5 batches at once", {"batches.concurrent": 5}),
        ("One batch at a time", {"batches.concurrent": 1}),
        ("Cache the shared prefix for 1 hour", {"caching.mode": "1h"}),
        ("Claude Fable 5.2", {"workload.model": "claude-fable-5-2"}),
        ("Claude Opus 5.5", {"workload.model": "claude-opus-5-5"}),
        ("Claude Haiku 5.5", {"workload.model": "claude-haiku-5-5"}),
    ]


@pytest.mark.parametrize(("at_once", "more"), [(3, 6), (60, 100), (100, None)])
def test_twice_as_many_at_once(at_once: int, more: int | None) -> None:
    """Up to the hundred that may be open; with a hundred there is nothing more."""
    plan = make_plan(
        parse(
            {
                "workload": {"requests": 2000},
                "batches": {"requests_per_batch": 10, "concurrent": at_once},
                "duration": {"model": "formula"},
            }
        )
    )
    numbers = {
        other.change["batches.concurrent"]
        for other in alternatives(plan)
        if "batches.concurrent" in other.change
    }
    assert numbers == ({1, more} if more else {1})


@pytest.mark.parametrize(("requests", "smaller"), [(50_000, True), (50_001, False)])
def test_not_more_than_a_thousand_batches(requests: int, smaller: bool) -> None:
    """Batches of 50 make a thousand of 50,000 requests; a plan of more takes too long."""
    others = of(
        workload={"requests": requests},
        batches={"requests_per_batch": 100},
        duration={"model": "formula"},
    )
    assert ("batches.requests_per_batch=50" in others) is smaller
