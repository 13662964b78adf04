"""Links and commands lead to the scenario that they say."""

import shlex

from hypothesis import given, settings

from planner.__main__ import _parser, _scenario
from planner.scenario import Scenario, parse, replace, texts
from planner.show.links import command, link
from tests.strategies import scenarios


def test_a_link() -> None:
    """Only what differs from the defaults, after a question mark."""
    scenario = parse({"retries": {"max": 1}})
    assert link(scenario, {"caching.mode": "1h"}) == "#retries.max=1&caching.mode=1h"
    assert link(scenario, {"retries.max": 3}) == "#"


@given(scenarios(most_batches=5))
@settings(max_examples=20)
def test_a_link_leads_to_the_changed_scenario(scenario: Scenario) -> None:
    """Its press opens the scenario with just that change."""
    change = {"forecast.seed": 77}
    assert texts.read_query(link(scenario, change)) == replace(scenario, change)


@given(scenarios(most_batches=5))
@settings(max_examples=20)
def test_the_command_gives_the_same_scenario(scenario: Scenario) -> None:
    """A shell splits what is shown to be typed into the arguments that mean this scenario."""
    words = shlex.split(command(scenario))
    assert words[:4] == ["python", "-m", "planner", "plan"]
    assert _scenario(_parser().parse_args(words[3:])) == scenario


def test_the_command_of_the_default() -> None:
    """The default needs no settings."""
    assert command(Scenario()) == "python -m planner plan"


def test_the_command_quotes_what_a_shell_takes_apart() -> None:
    """A time has a colon, which some shells complete; other values stand as they are."""
    scenario = parse({"goal": {"start_at": "2026-11-22T22:00+01:00"}, "retries": {"max": 1}})
    assert command(scenario) == (
        "python -m planner plan --set retries.max=1 --set goal.start_at='2026-11-22T22:00+01:00'"
    )
