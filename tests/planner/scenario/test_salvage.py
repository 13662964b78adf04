"""What is good of a link is saved, whatever else it holds."""

import pytest
from hypothesis import given, settings

from planner.errors import ScenarioError
from planner.scenario import Scenario, parse, texts
from planner.scenario.salvage import salvage
from tests.strategies import queries


@pytest.mark.parametrize(
    ("query", "good", "refused"),
    [
        (
            "workload.requests=20k&workload.output_tokens=abc&retries.max=1",
            {"workload": {"requests": 20_000}, "retries": {"max": 1}},
            {"workload.output_tokens": "abc"},
        ),
        (
            "#workload.model=claude-9&workload.requests=0&retries.max=1",
            {"retries": {"max": 1}},
            {"workload.model": "claude-9", "workload.requests": "0"},
        ),
        ("workload.requests=%FF&retries.max=1", {"retries": {"max": 1}}, {}),
        ("retries.max=1&retries.max=2&workload.requests=5", {"workload": {"requests": 5}}, {}),
        ("workload.requets=5&retries.max=1", {"retries": {"max": 1}}, {}),
        # what does not go together: the field that the problem names
        (
            "workload.output_p95_tokens=5&workload.requests=5",
            {"workload": {"requests": 5}},
            {"workload.output_p95_tokens": "5"},
        ),
        # what is missing cannot be left out
        (
            "duration.model=history&workload.requests=5",
            {},
            {"duration.model": "history", "workload.requests": "5"},
        ),
        ("%ff", {}, {}),
        ("x" * 250_001, {}, {}),
    ],
    ids=["text", "values", "mangled", "twice", "unknown", "rule", "missing", "no pair", "long"],
)
def test_what_is_good_is_kept(query: str, good: dict[str, object], refused: dict[str, str]) -> None:
    """Each good value stands in the scenario, each text that cannot be used comes back as the link
    gave it.
    """
    assert salvage(query) == (parse(good), refused)


@given(queries())
@settings(max_examples=100)
def test_any_link_leaves_a_scenario(query: str) -> None:
    """One that can be read is kept whole; of any other there is a scenario all the same."""
    scenario, refused = salvage(query)
    assert isinstance(scenario, Scenario)
    try:
        assert (scenario, refused) == (texts.read_query(query), {})
    except ScenarioError:
        assert texts.read_query(texts.write_query(scenario)) == scenario
