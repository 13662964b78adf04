"""Say which assumptions a plan makes: how many, and those that somebody has changed."""

from planner import scenario as scenarios
from planner.errors import ScenarioError
from planner.scenario import FIELDS, Scenario
from planner.scenario.questions import Field
from planner.show.links import link
from planner.words import count, counted

# What the page asks for in a sentence; all else is taken as it is until somebody changes it.
QUESTION = frozenset(
    (
        "workload.model",
        "workload.requests",
        "workload.input_tokens",
        "workload.output_tokens",
        "goal.start_at",
        "goal.deadline_h",
        "goal.deadline_at",
        "goal.budget_usd",
        "goal.confidence",
    )
)


def changed(scenario: Scenario) -> list[dict[str, str]]:
    """A row for each assumption that is not at its default: name text href.

    The link leads to the same plan with the assumption taken back; "" where that is no plan.
    """
    rows = []
    for entry in FIELDS:
        value = scenarios.value_of(scenario, entry.name)
        if entry.name not in QUESTION and value != entry.default:
            text = f"{entry.label}: {entry.say(value)}"
            rows.append({"name": entry.name, "text": text, "href": _without(scenario, entry)})
    return rows


def _without(scenario: Scenario, entry: Field) -> str:
    """The link to the same plan with the field at its default, "" where there is no such plan."""
    try:
        return link(scenario, {entry.name: entry.dump(entry.default)})
    except ScenarioError:  # another assumption rests on it, as "my own batches" on their rows
        return ""


def counts(scenario: Scenario) -> str:
    """How many assumptions there are, and how many are changed: "31 values, 2 changed"."""
    values = counted(sum(entry.name not in QUESTION for entry in FIELDS), "value")
    number = len(changed(scenario))
    return f"{values}, {count(number)} changed" if number else values
