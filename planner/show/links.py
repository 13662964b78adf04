"""Write the ways to a scenario: its link, and the command line that prints the same plan."""

from collections.abc import Mapping
from typing import Any

from planner import scenario as scenarios
from planner.scenario import Scenario, texts


def link(scenario: Scenario, change: Mapping[str, Any]) -> str:
    """The link on the planner's page to the scenario after a change, `{"retries.max": 5}`."""
    return "#" + texts.write_query(scenarios.replace(scenario, change))


def command(scenario: Scenario) -> str:
    """The command line that prints the plan of the scenario."""
    settings = [f"--set {name}={_quoted(text)}" for name, text in texts.differing(scenario)]
    return " ".join(["python -m planner plan", *settings])


def _quoted(text: str) -> str:
    # the texts of a scenario hold nothing else that a shell would take apart
    return f"'{text}'" if " " in text or ":" in text else text
