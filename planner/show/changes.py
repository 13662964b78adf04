"""Say what was changed from one scenario to the next."""

from collections.abc import Sequence

from planner import scenario as scenarios
from planner.scenario import Scenario, texts
from planner.scenario.kinds import Field
from planner.words import count

_LONGEST = 40  # characters: ten thousand rows of history are not repeated


def changes(scenario: Scenario, before: Sequence[tuple[str, str]]) -> str:
    """One sentence, "" without a change: `before` holds dotted names with their texts before."""
    steps = []
    for name, text in before:
        entry = scenarios.field(name)
        after = texts.text_of(entry, scenarios.value_of(scenario, name))
        steps.append(f"{entry.label}: {_for_people(entry, text)} → {_for_people(entry, after)}")
    return f"Changed {'; '.join(steps)}." if steps else ""


def _for_people(entry: Field, text: str) -> str:
    if entry.kind == "integer":
        return count(int(text))
    if entry.kind == "flag":
        return "yes" if text == "true" else "no"
    short = text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
    return dict(entry.choices).get(text, short) or "none"
