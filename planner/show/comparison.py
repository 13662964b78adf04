"""Put plans side by side: what each costs and takes, and in which inputs they differ."""

from collections.abc import Sequence
from typing import Any

from planner import scenario as scenarios
from planner.advice.labels import label
from planner.advice.time import likely
from planner.advice.ways import Way
from planner.errors import Problem, ScenarioError
from planner.plan import Plan
from planner.scenario import FIELDS, Field, Scenario, beside, texts
from planner.show.answer import sentence
from planner.show.outcome import verdict_words
from planner.show.rows import Cells, when
from planner.show.strips import strips
from planner.words import count, money

# A plan beside the one at hand: its query, and the plan, or why there is none.
Other = tuple[str, Plan | ScenarioError]

_EMPTY = dict.fromkeys(
    ("sentence", "verdict", "differences", "cost", "p50", "p85", "p95", "batches", "chance"), ""
)


def show_comparison(plan: Plan, others: Sequence[Other]) -> dict[str, Any]:
    """The list and the chart `compare` of the page: a column for each plan, the one at hand first.

    Cells: number label href drop problem sentence verdict differences cost p50 p85 p95 batches
    chance. `href` opens the plan, with the one at hand in its place, `drop` leads to the comparison
    without it. `differences` has a line for each input in which the plans differ.
    """
    columns: list[Other] = [(texts.write_query(plan.scenario), plan), *others]
    planned = [column for _, column in columns if isinstance(column, Plan)]
    fields = _differing([each.scenario for each in planned])
    rows, named = [], []
    for place, (_, column) in enumerate(columns):
        number = count(place + 1)
        links = {"number": number, **_links([query for query, _ in columns], place)}
        if isinstance(column, Plan):
            named.append((number, column))
            rows.append(links | _column(plan, column, fields))
        else:
            told = " ".join(map(_told, column.problems))
            rows.append(links | _EMPTY | {"label": "No plan", "problem": told, "href": ""})
    lists = {"compare": rows} if others else {"compare": []}
    return {"slots": {}, "lists": lists, "charts": {"compare": strips(named)} if others else {}}


def _column(plan: Plan, other: Plan, fields: Sequence[Field]) -> Cells:
    forecast, chance = other.forecast, other.forecast.deadline_probability
    return {
        "label": label(plan, other),
        "problem": "",
        "sentence": sentence(other),
        "verdict": verdict_words(other),
        "differences": "\n".join(_input(entry, other.scenario) for entry in fields)
        or "No input differs.",
        "cost": money(other.cost.batch_usd),
        "p50": when(other, forecast.p50.makespan_s),
        "p85": when(other, forecast.p85.makespan_s),
        "p95": when(other, forecast.p95.makespan_s),
        "batches": count(len(other.batches)),
        "chance": "none is set" if chance is None else likely(other, chance),
    }


def _links(queries: Sequence[str], place: int) -> Cells:
    """Where a column leads: to its plan, unless it is the one at hand, and to the others alone."""
    this, *others = queries
    swapped = [this if number == place else query for number, query in enumerate(queries)][1:]
    first, *rest = [query for number, query in enumerate(queries) if number != place] or [""]
    return {
        "href": f"#{beside.join(queries[place], swapped)}" if place else "",
        "drop": f"#{beside.join(first, rest)}" if others else "",
    }


def _differing(compared: Sequence[Scenario]) -> list[Field]:
    """The inputs that are not the same in all scenarios."""
    return [
        entry
        for entry in FIELDS
        if any(
            scenarios.value_of(each, entry.name) != scenarios.value_of(compared[0], entry.name)
            for each in compared
        )
    ]


def _input(entry: Field, scenario: Scenario) -> str:
    value = scenarios.value_of(scenario, entry.name)
    said = entry.say(value)
    unit = f" {entry.unit}" if entry.unit and said not in (entry.zero, "none") else ""
    return f"{entry.label}: {said}{unit}"


def _told(problem: Problem) -> str:
    """What is wrong; a field that does not exist is named as the link writes it."""
    known = any(entry.name == problem.field for entry in FIELDS)
    return problem.message if known else f"{problem.field} {problem.message}".strip()


def choices(plan: Plan, every: Sequence[Way], others: Sequence[str]) -> list[Cells]:
    """What can be put beside a plan: the plan as it is, to be changed then, and its ways: label
    href. None where there is no room.
    """
    this = texts.write_query(plan.scenario)
    if len(others) >= beside.MOST:
        return []
    rows = [{"label": "This plan, as it is now", "query": this}]
    for way in every:
        if not way.this and way.realtime_share < 1:
            changed = scenarios.replace(plan.scenario, way.change)
            rows.append({"label": way.label, "query": texts.write_query(changed)})
    return [
        {"label": row["label"], "href": f"#{beside.join(this, [*others, row['query']])}"}
        for row in rows
        if row["query"] not in others
    ]
