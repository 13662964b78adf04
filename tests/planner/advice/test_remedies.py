"""A remedy removes its caveat, raises none as grave, is not undone by another, and says its price."""

from dataclasses import replace

import pytest
from hypothesis import given, settings

from planner.advice.caveat import Caveat
from planner.advice.remedies import with_remedies
from planner.plan import Plan, make_plan
from planner.scenario import Scenario, parse
from tests.laws import broken
from tests.planner.advice.examples import EXAMPLES, caveat_of, plan_of
from tests.strategies import scenarios

FEWER = Caveat(code="a", severity="warns", message="A.", fix={"retries.max": 2}, fix_label="Fewer")


def remedy(after: list[Caveat], caveat: Caveat = FEWER, plan: Plan | None = None) -> Caveat:
    """The tested caveat, where the mended plan would have those caveats."""
    return with_remedies(plan or make_plan(Scenario()), [caveat], lambda _: after)[0]


def test_a_remedy_that_is_one() -> None:
    """It stays as it is, also where lesser caveats come."""
    assert remedy([]) == FEWER
    assert remedy([Caveat(code="b", severity="notes", message="B.")]) == FEWER


@pytest.mark.parametrize(
    "after",
    [
        Caveat(code="a", severity="notes", message="Still."),
        Caveat(code="b", severity="warns", message="As grave."),
        Caveat(code="b", severity="blocks", message="Graver."),
        Caveat(code="b", severity="notes", message="Back.", fix={"retries.max": 3}),
    ],
    ids=["stays", "as grave", "graver", "leads back"],
)
def test_a_remedy_that_is_none(after: Caveat) -> None:
    """What does not remove the caveat, or brings another, is not offered."""
    left = remedy([after])
    assert (left.fix, left.fix_label, left.message) == ({}, "", "A.")


def test_a_remedy_that_cannot_be_planned() -> None:
    """It is none."""
    assert (
        remedy(
            [],
            Caveat(
                code="a",
                severity="warns",
                message="A.",
                fix={"workload.max_tokens": 5},
                fix_label="No",
            ),
        ).fix
        == {}
    )


def test_its_price_is_said() -> None:
    """A dearer and a slower remedy say so."""
    dearer = remedy(
        [],
        Caveat(
            code="a",
            severity="warns",
            message="A.",
            fix={"workload.model": "claude-opus-5-5"},
            fix_label="Opus",
        ),
    )
    assert dearer.fix_label.startswith("Opus ($55.00 more")
    slow = Caveat(
        code="a", severity="warns", message="A.", fix={"duration.startup_s": 1800}, fix_label="Slow"
    )
    formula = make_plan(parse({"duration": {"model": "formula"}, "retries": {"transient_rate": 0}}))
    assert remedy([], slow, formula).fix_label == "Slow (28 min later)"


@given(scenarios(most_batches=5))
@settings(max_examples=40)
def test_the_law(scenario: Scenario) -> None:
    """It holds for every plan; the bench asks 2,000."""
    assert list(broken(make_plan(scenario))) == []


@pytest.mark.parametrize("code", EXAMPLES)
def test_the_law_for_each_caveat(code: str) -> None:
    """It holds for the example of every caveat."""
    assert list(broken(plan_of(EXAMPLES[code]))) == []


def test_a_cache_that_costs_more_than_none() -> None:
    """5,000 × 21,000 tokens, read by one in ten: $210.50 against $130."""
    work = {
        "requests": 5000,
        "input_tokens": 21_000,
        "output_tokens": 1000,
        "shared_prefix_tokens": 20_000,
    }
    caveat = caveat_of(
        "cache-costs-more", {"workload": work, "caching": {"mode": "1h", "hit_rate": 0.1}}
    )
    assert caveat.fix == {"caching.mode": "none"}
    assert "without" in caveat.message and "It pays from a hit rate of 5" in caveat.message


@pytest.mark.parametrize(("batches", "as_many"), [(500, True), (501, False)])
def test_a_remedy_is_tried_with_the_runs_of_its_plan(batches: int, as_many: bool) -> None:
    """Another number of runs has another luck, and may lie beyond a bound; large plans have fewer."""
    cut = {"requests_per_batch": 100, "concurrent": 50}
    plan = make_plan(parse({"workload": {"requests": 100 * batches}, "batches": cut}))
    assert len(plan.batches) == batches
    tried: list[int] = []

    def judge(mended: Plan) -> list[Caveat]:
        tried.append(mended.forecast.replications)
        return []

    with_remedies(plan, [replace(FEWER, fix={"pricing.geo": "us"})], judge)
    assert [runs == plan.forecast.replications for runs in tried] == [as_many]
