"""The planner is asked through the browser's door, and answers the same."""

import pytest

from builder import plans
from planner.advice.ways import ways
from planner.plan import make_plan
from planner.scenario import Scenario, texts
from planner.show import view


def test_view_is_that_of_the_planner() -> None:
    """JSON takes nothing from it."""
    query = "workload.requests=5"
    assert plans.view_of(query) == view.show(make_plan(texts.read_query(query)))


def test_example_has_its_ways() -> None:
    """What the page shows before any script is the whole answer."""
    plan = make_plan(Scenario())
    shown, more = view.show(plan), view.show_ways(plan, ways(plan))
    assert plans.example()["lists"] == shown["lists"] | more["lists"]
    assert plans.example()["slots"] == shown["slots"] | more["slots"]


def test_scenario_that_cannot_be_planned() -> None:
    """All that is wrong with it, in words."""
    with pytest.raises(ValueError, match=r"Requests must be .*; .*no such field"):
        plans.view_of("workload.requests=0&workload.nothing=1")


@pytest.mark.parametrize(
    ("queries", "same", "apart"),
    [
        ([""], "", ["The example plan"]),
        (["", "workload.requests=5"], "", ["Requests 10,000", "Requests 5"]),
        (["caching.prime=false"], "Prime the cache: no", ["The example plan"]),
        (
            ["workload.model=claude-haiku-5-5&limits.tier=build", "limits.tier=build"],
            "Tier: build",
            ["Claude Haiku 5.5", "Claude Sonnet 5.5"],
        ),
        (
            ["", "duration.model=history&duration.history=5:6;7:8;9:10"],
            "",
            ["Judged by: public observations", "Judged by: my own batches, 3 of them"],
        ),
    ],
)
def test_plans_are_set_apart_in_words(queries: list[str], same: str, apart: list[str]) -> None:
    """Each by what differs; what all share is said once, and defaults not at all."""
    assert plans.compare(queries) == (same, apart)
