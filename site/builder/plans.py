"""Ask the planner for plans through its door, in JSON, as the browser does."""

import json
from functools import cache
from typing import Any

from planner import bridge, scenario
from planner.scenario import FIELDS, texts


def ask(query: str, want: str = "plan") -> dict[str, Any]:
    """The planner's reply about the scenario of a link's query.

    Raises ValueError with all that is wrong with the scenario.
    """
    reply: dict[str, Any] = json.loads(bridge.handle(json.dumps({"query": query, "want": want})))
    if "problems" in reply:
        raise ValueError("; ".join(problem["message"] for problem in reply["problems"]))
    return reply


@cache
def view_of(query: str) -> dict[str, Any]:
    """The slots, lists and charts of a plan, named by its link's query. Raises ValueError."""
    view: dict[str, Any] = ask(query)["view"]
    return view


@cache
def example() -> dict[str, Any]:
    """The view of the example plan with its ways: what the page shows before any script."""
    shown, more = view_of(""), ask("", "ways")["view"]
    return shown | {part: shown[part] | more[part] for part in ("slots", "lists")}


@cache
def example_values() -> dict[str, str]:
    """The text of every field of the example, as the form holds it."""
    values: dict[str, str] = ask("")["values"]
    return values


@cache
def example_taken() -> dict[str, str]:
    """What the example takes for the fields that are empty in its form."""
    taken: dict[str, str] = ask("")["taken"]
    return taken


@cache
def programs() -> tuple[dict[str, str], ...]:
    """The programs of the example plan, see `rows.programs`."""
    return tuple(ask("", "programs")["programs"])


def editions() -> dict[str, list[dict[str, str]]]:
    """The programs of the example plan by edition."""
    files: dict[str, list[dict[str, str]]] = {}
    for program in programs():
        files.setdefault(program["edition"], []).append(program)
    return files


def compare(queries: list[str]) -> tuple[str, list[str]]:
    """What plans have in common besides the defaults, and what sets each apart, in words."""
    scenarios = [texts.read_query(query) for query in queries]
    same, apart = [], []
    for entry in FIELDS:
        values = [scenario.value_of(each, entry.name) for each in scenarios]
        if any(value != values[0] for value in values):
            apart.append([entry.phrase(value) for value in values])
        elif values[0] != entry.default:
            same.append(entry.phrase(values[0]))
    differences = [", ".join(filter(None, parts)) for parts in zip(*apart, strict=True)]
    return ", ".join(same), differences or ["The example plan"]
