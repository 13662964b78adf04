"""The browser's only door: one JSON request in, one JSON reply out."""

import json
import re
from typing import Any

from planner import scenario
from planner.errors import Problem, ScenarioError
from planner.plan import make_plan
from planner.scenario import Scenario, texts
from planner.scenario.salvage import salvage
from planner.show import view
from planner.show.export import export_text


def handle(request: str) -> str:
    """Answer one JSON request with one JSON reply.

    Request: `query` (a link's query string) or `texts` (the text of each field), and optionally
    `before` (a query; the reply says what differs from it), `percentile` ("p50", "p85", "p95"),
    `rows` ("FIRST-LAST", batches of the queue to unfold) and `want`: "plan" (default),
    "alternatives", "programs" or "json".

    Reply: `query`, `values` (the text of every field), `changed` (field names) and `view`, as
    `view.show` returns it; for "alternatives" only that list; for "programs" the `programs` of
    `view.show_programs`; for "json" the text of `plan --json` as `json`. A scenario with problems
    gets `{"problems": [{"field", "label", "message"}]}`, that of a link `values` and `view` too: the
    texts for the form, bad ones as the link gives them, and a plan of all that is good. Any other
    exception is a defect of the planner.
    """
    ask = json.loads(request)
    try:
        asked = texts.read_query(ask["query"]) if "query" in ask else texts.read_texts(ask["texts"])
        reply = _answer(asked, ask)
    except ScenarioError as error:
        reply = {"problems": [_problem(problem) for problem in error.problems]} | _saved(ask)
    return json.dumps(reply, ensure_ascii=False)


def _answer(asked: Scenario, ask: dict[str, Any]) -> dict[str, Any]:
    plan, query = make_plan(asked), texts.write_query(asked)
    want = ask.get("want", "plan")
    if want == "alternatives":
        return {
            "query": query,
            "view": {
                "slots": {},
                "lists": {"alternatives": view.show_alternatives(plan)},
                "charts": {},
            },
        }
    if want == "programs":
        return {"query": query, "programs": view.show_programs(plan)}
    if want == "json":
        return {"query": query, "json": export_text(plan)}
    range_asked = re.fullmatch(r"(\d{1,7})-(\d{1,7})", ask.get("rows", ""))
    rows = (int(range_asked[1]), int(range_asked[2])) if range_asked else None
    shown = view.show(plan, percentile=ask.get("percentile", "p85"), rows=rows)
    changed = _changed(ask.get("before"), asked)
    shown["slots"]["answer.changed"] = view.changes(asked, changed)
    return {
        "query": query,
        "values": texts.write_texts(asked),
        "changed": [name for name, _ in changed],
        "view": shown,
    }


def _saved(ask: dict[str, Any]) -> dict[str, Any]:
    """What the reply to a link with problems holds beside them."""
    if "query" not in ask or ask.get("want", "plan") != "plan":
        return {}
    good, bad = salvage(ask["query"])
    try:
        reply = _answer(good, ask)
    except ScenarioError:  # each value is good, but there is no plan of them
        reply = _answer(Scenario(), ask) | {"values": texts.write_texts(good)}
    return {"values": reply["values"] | bad, "view": reply["view"]}


def _changed(before: str | None, asked: Scenario) -> list[tuple[str, Any]]:
    """The fields that differ from the scenario of the query `before`, each with its value there."""
    if before is None:
        return []
    try:
        old = texts.read_query(before)
    except ScenarioError:
        return []
    return [(name, scenario.value_of(old, name)) for name in scenario.changed(old, asked)]


def _problem(problem: Problem) -> dict[str, str]:
    try:
        label = scenario.field(problem.field).label
    except KeyError:
        label = ""
    return {"field": problem.field, "label": label, "message": problem.message}
