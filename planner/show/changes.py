"""Say what was changed from one scenario to the next."""

from collections.abc import Sequence
from typing import Any

from planner import scenario as scenarios
from planner.scenario import Scenario


def changes(scenario: Scenario, before: Sequence[tuple[str, Any]]) -> str:
    """One sentence, "" without a change: `before` holds dotted names with their values before."""
    told = "; ".join(_step(scenario, name, value) for name, value in before)
    return f"Changed {told}." if told else ""


def steps(before: Scenario, after: Scenario) -> list[str]:
    """Each field that differs, with its value before and after."""
    names = scenarios.changed(before, after)
    return [_step(after, name, scenarios.value_of(before, name)) for name in names]


def _step(scenario: Scenario, name: str, before: Any) -> str:
    entry, after = scenarios.field(name), scenarios.value_of(scenario, name)
    return f"{entry.label}: {entry.say(before)} → {entry.say(after)}"
