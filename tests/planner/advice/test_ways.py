"""Ways: planned themselves, in order, and one is found where there is one."""

from typing import Any

import pytest
from hypothesis import given, settings

from planner import facts
from planner.advice.ways import Way, of_other_models, ways
from planner.plan import make_plan
from planner.scenario import Scenario, replace
from planner.show.outcome import missing, verdict_words
from planner.steps import finish
from tests.planner.advice.examples import plan_of
from tests.strategies import scenarios

# a queue of 1,000 lets 50 batches pass one after the other, some 180 s each
LATE: Any = {
    "workload": {"requests": 50_000},
    "duration": {"model": "formula", "seconds_per_request": 60, "parallel_requests": 1000},
    "limits": {"queue_requests": 1000},
    "goal": {"deadline_h": 2, "budget_usd": 400},
}
# 200 batches, of which 245 runs can be simulated
MANY: Any = {
    "workload": {"requests": 10_000_000, "input_tokens": 800},
    "limits": {"tier": "scale"},
    "goal": {"deadline_h": 90},
}


def ways_of(raw: Any) -> tuple[Way, ...]:
    """The ways of a scenario file."""
    return ways(plan_of(raw))


def test_without_a_goal_they_are_trades() -> None:
    """Cheaper models first, then this one, what is sooner, and dearer models."""
    every = ways_of({})
    labels = [way.label for way in every]
    assert labels[0] == "Haiku 5.5, 1 batch"
    assert "Sonnet 5.5, real time" in labels and "Haiku 5.5, real time" not in labels
    assert all(way.meets and way.chance is None for way in every)
    assert [way.usd for way in every] == sorted(way.usd for way in every)


@given(scenarios(most_batches=4))
@settings(max_examples=15)
def test_the_order(scenario: Scenario) -> None:
    """Meets and costs no more, meets and costs more, nearest; this plan is one, and no way is
    twice.
    """
    every = ways(make_plan(scenario))
    (this,) = (way for way in every if way.this)
    ranks = [2 if not way.meets else int(way.usd > this.usd) for way in every]
    assert ranks == sorted(ranks)
    assert this.change == {}
    assert 1 <= len(every) <= 8
    told = [(tuple(way.change.items()), way.realtime_share) for way in every]
    assert len(set(told)) == len(told)


@pytest.mark.parametrize("raw", [{}, LATE, MANY], ids=["no goal", "late", "many batches"])
def test_every_way_was_planned(raw: Any) -> None:
    """Its plan has its time, its chance and its cost, and is another one than the plan at hand."""
    plan = plan_of(raw)
    for way in ways(plan):
        if way.realtime_share < 1:
            opened = make_plan(replace(plan.scenario, way.change))
            assert (opened.scenario == plan.scenario) is way.this
            assert way.p85_s == opened.forecast.p85.makespan_s
            assert way.confident_s == opened.confident_s
            assert way.chance == opened.forecast.deadline_probability
            assert opened.cost.batch_usd == way.usd
            assert opened.scenario.batches.realtime_share == way.realtime_share


def test_a_mixture_reaches_the_goal() -> None:
    """Where batches alone are late, the smallest share in real time that is enough is found."""
    best = ways_of(LATE)[0]
    assert best.meets and 0 < best.realtime_share < 1
    less = round(best.realtime_share - 0.02, 2)
    plan = plan_of(LATE)
    late = make_plan(replace(plan.scenario, best.change | {"batches.realtime_share": less}))
    assert (late.forecast.deadline_probability or 0) < 0.85
    own = [way for way in ways_of(LATE) if "workload.model" not in way.change]
    assert any(0 < way.realtime_share < 1 for way in own)


def test_a_cache_is_a_way() -> None:
    """What the prefix costs is saved, by a cache that lives long enough where it costs about the
    same.
    """
    work = {
        "requests": 2000,
        "input_tokens": 9000,
        "output_tokens": 350,
        "shared_prefix_tokens": 8200,
    }
    own = [way for way in ways_of({"workload": work}) if "workload.model" not in way.change]
    cached = next(way for way in own if way.change.get("caching.mode"))
    this = next(way for way in own if way.this)
    assert cached.usd < this.usd and "cached for" in cached.label


def test_every_other_model_has_a_way() -> None:
    """Each that anybody can have and that is not among the ways, older ones too, exact in its cost."""
    plan = plan_of({})
    known = ways(plan)
    more = finish(of_other_models(plan, known))
    had = [
        model.id
        for model in facts.models()
        if model.status in ("active", "legacy") and not model.limited_access
    ]
    assert sorted({way.model.id for way in known} | {way.model.id for way in more}) == sorted(had)
    assert len({way.model.id for way in more}) == len(more) > 0
    assert [way.usd for way in more] == sorted(way.usd for way in more)
    assert all(
        way.usd == make_plan(replace(plan.scenario, way.change)).cost.batch_usd for way in more
    )


def test_a_cut_is_a_way() -> None:
    """Batches that are too small are set free."""
    formula = {"model": "formula", "parallel_requests": 1}
    every = ways_of(
        {
            "workload": {"requests": 1000},
            "batches": {"requests_per_batch": 1000, "concurrent": 1},
            "duration": formula,
        }
    )
    free = next(
        way
        for way in every
        if way.change == {"batches.requests_per_batch": 0, "batches.concurrent": 0}
    )
    this = next(way for way in every if way.this)
    assert free.usd == this.usd and free.confident_s < this.confident_s / 10
    assert every.index(free) < every.index(this)


def test_a_retired_model_has_a_way_out() -> None:
    """The plan that cannot run stands last."""
    every = ways_of({"workload": {"model": "claude-sonnet-4-0"}})
    assert every[0].meets and every[-1].this and every[-1].blocked


def test_the_spend_limit_is_no_way() -> None:
    """A way that the monthly limit stops does not meet, in real time either."""
    every = ways_of({"workload": {"requests": 10_000}, "limits": {"monthly_spend_usd": 60}})
    assert {way.label: way.blocked for way in every}["Sonnet 5.5, real time"]
    assert all(way.usd <= 60 for way in every if way.meets)


def test_what_is_missing() -> None:
    """If none meets the goal, the nearest is named, and what would have to change; no tier is a
    way.
    """
    plan = plan_of(
        {"workload": {"requests": 300_000}, "goal": {"deadline_h": 1, "budget_usd": 100}}
    )
    every = ways(plan)
    assert not any(way.meets for way in every)
    said = missing(plan, every)
    assert said.startswith("No way meets the goal; the nearest is Haiku 5.5")
    assert "85 % sure within the budget" in said and "The queue limit of tier Start" in said
    assert not any(name.startswith(("limits.", "goal.")) for way in every for name in way.change)
    assert missing(plan_of({}), ways_of({})) == ""


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ({}, ""),
        ({"goal": {"budget_usd": 100}}, "$45.00 below the budget."),
        ({"goal": {"budget_usd": 50, "deadline_h": 720}}, "Over 99.9 % likely to be done within 720 h and $5.00 above the budget."),
        ({"workload": {"model": "claude-sonnet-4-0"}}, "It cannot run like this: Claude Sonnet 4 was retired"),
    ],
)  # fmt: skip
def test_the_verdict_in_words(raw: Any, words: str) -> None:
    """What blocks goes first; without a goal nothing is said."""
    assert (
        verdict_words(plan_of(raw)).startswith(words)
        if words
        else verdict_words(plan_of(raw)) == ""
    )
