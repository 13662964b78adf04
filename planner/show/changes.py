"""Say what was changed from one scenario to the next."""

from collections.abc import Sequence
from typing import Any

from planner import scenario as scenarios
from planner.scenario import Scenario


def changes(scenario: Scenario, before: Sequence[tuple[str, Any]]) -> str:
    """One sentence, "" without a change: `before` holds dotted names with their values before."""
    steps = []
    for name, value in before:
        entry, after = scenarios.field(name), scenarios.value_of(scenario, name)
        steps.append(f"{entry.label}: {entry.say(value)} → {entry.say(after)}")
    return f"Changed {'; '.join(steps)}." if steps else ""
