"""The browser's only door: one JSON request in, one JSON reply out."""

import json
import re
from collections.abc import Callable, Generator
from datetime import datetime
from functools import lru_cache
from typing import Any

from planner import scenario as scenarios
from planner.advice.caveats import caveats
from planner.advice.ways import of_other_models, search
from planner.errors import Problem, ScenarioError
from planner.model.durations import observed
from planner.plan import Plan, make_plan
from planner.scenario import Scenario, beside, pasted, texts
from planner.scenario.salvage import salvage
from planner.scenario.zones import read_clock
from planner.show import view
from planner.show.changes import changes
from planner.show.comparison import show_comparison
from planner.show.export import export_text
from planner.steps import Steps, finish

_Json = dict[str, Any]


def handle(request: str) -> str:
    """Answer one JSON request with one JSON reply.

    Request: the scenario as `query`, a link's query string, or as `texts`, the text of each field;
    and, each if needed,

        want        "plan", which is taken without it, "ways", "comparison", "programs", "picture",
                    "json" or "add"
        percentile  "p50", "p85" or "p95": the run that the queue shows
        rows        "FIRST-LAST": batches of the queue to unfold
        models      "every": `ways` has one of each model
        beside      a query: the plans beside it stay, unless `query` says which there are
        link        a link that somebody pastes, of which `add` puts the plan beside; `here` is the
                    page's own address; for `picture` the address that it names
        step        0 to 100: the moment of the run that `picture` shows
        before      a query: the reply says what differs from it
        now         the moment at which it is asked, ISO 8601 with offset: "Mon 8:00" is seen from it;
                    behind it those at which the offset changes, each with its new one

    Reply: `query`, the scenario as a link carries it, with the plans beside it, and by what is wanted

        plan          values: the text of every field by name; taken: what the plan takes for fields
                      that are left empty; understood: what was made of texts
                      that are written otherwise, by name; changed: names of fields; beside: how many plans;
                      view: {"slots", "lists", "charts"}, see `view.show`
        ways          view: the ways alone, see `view.show_ways`
        comparison    view: the plans side by side, see `comparison.show_comparison`
        add           nothing else
        programs      programs: rows, see `view.show_programs`
        picture       picture: the run as a file, see `view.show_picture`
        json          json: the text that `plan --json` prints

    or, where the scenario cannot be planned, {"problems": [{"field", "label", "message"}]}; that of
    a link's plan has `values` and `view` too: the texts for the form, bad ones as the link gives
    them, and the page of a plan of all that is good. Any other exception is a defect of the planner.
    """
    return finish(answer(request))


def answer(request: str) -> Steps[str]:
    """`handle`, in steps where it takes long: another question may go first, or this one be left."""
    question = json.loads(request)
    try:
        reply = yield from _reply(question)
    except ScenarioError as error:
        problems = {"problems": [_problem(problem) for problem in error.problems]}
        reply = problems | (yield from _saved(question))
    return json.dumps(reply, ensure_ascii=False)


def prepare() -> None:
    """Work out what all answers share, before Python's memory is kept for the next visit."""
    observed()


def _reply(question: _Json) -> Steps[_Json]:
    if question.get("want") == "add":
        link, here = question["link"], question.get("here", "")
        return {"query": pasted.add(question["query"], link, here=here, clock=_clock(question))}
    if "query" in question:
        scenario = texts.read_query(question["query"], clock=_clock(question))
    else:
        scenario = texts.read_texts(question["texts"], clock=_clock(question))
    return (yield from _answer(scenario, question))


def _clock(question: _Json) -> datetime | None:
    """The moment at which the question is asked, if it says so."""
    try:
        return read_clock(question["now"])
    except (AttributeError, KeyError, ValueError):
        return None


def _answer(scenario: Scenario, question: _Json) -> Steps[_Json]:
    query = beside.join(texts.write_query(scenario), _others(question) or None)
    reply = _ANSWERS[question.get("want", "plan")](_plan_of(scenario), question)
    if isinstance(reply, Generator):
        reply = yield from reply
    return {"query": query, **reply}


# Plans that stand side by side are shown again when one of them changes.
_plan_of = lru_cache(maxsize=1 + beside.MOST)(make_plan)


def _others(question: _Json) -> list[str]:
    """The queries of the plans beside that of the question, as many as there is room for."""
    others = beside.beside(question["query"]) if "query" in question else None
    if others is None:
        others = beside.beside(question.get("beside", "")) or []
    return pasted.tidy(others[: beside.MOST])


def _other(query: str) -> Plan | ScenarioError:
    try:
        return _plan_of(texts.read_query(query))
    except ScenarioError as error:
        return error


def _saved(question: _Json) -> Steps[_Json]:
    """What the reply to a link with problems holds beside them."""
    if "query" not in question or question.get("want", "plan") != "plan":
        return {}
    good, bad = salvage(question["query"], clock=_clock(question))
    try:
        reply = yield from _answer(good, question)
    except ScenarioError:  # each value is good, but there is no plan of them
        example = yield from _answer(Scenario(), question)
        reply = example | {"values": texts.write_texts(good)}
    return {"values": reply["values"] | bad, "view": reply["view"]}


def _plan(plan: Plan, question: _Json) -> _Json:
    before = _before(question.get("before"), plan.scenario)
    page = view.show(
        plan,
        percentile=question.get("percentile", "p85"),
        unfold=_range(question.get("rows", "")),
    )
    page["slots"]["answer.changed"] = changes(plan.scenario, before)
    return {
        "values": texts.write_texts(plan.scenario),
        "taken": view.taken(plan),
        "understood": texts.understood(question.get("texts", {}), plan.scenario),
        "changed": [name for name, _ in before],
        "beside": len(_others(question)),
        "view": page,
    }


def _ways(plan: Plan, question: _Json) -> Steps[_Json]:
    every = yield from search(plan)
    wanted = question.get("models") == "every"
    more = (yield from of_other_models(plan, every)) if wanted else ()
    return {"view": view.show_ways(plan, every, more, others=_others(question))}


def _comparison(plan: Plan, question: _Json) -> Steps[_Json]:
    others = []
    for query in _others(question):
        others.append((query, _other(query)))
        yield
    return {"view": show_comparison(plan, others)}


def _programs(plan: Plan, _: _Json) -> _Json:
    return {"programs": view.show_programs(plan)}


def _picture(plan: Plan, question: _Json) -> _Json:
    drawn = view.show_picture(
        plan,
        percentile=question.get("percentile", "p85"),
        unfold=_range(question.get("rows", "")),
        step=question["step"],
        link=question["link"],
    )
    return {"picture": drawn}


def _json(plan: Plan, _: _Json) -> Steps[_Json]:
    every = yield from search(plan)
    return {"json": export_text(plan, caveats(plan), every)}


_ANSWERS: dict[str, Callable[[Plan, _Json], _Json | Steps[_Json]]] = {
    "plan": _plan,
    "ways": _ways,
    "comparison": _comparison,
    "programs": _programs,
    "picture": _picture,
    "json": _json,
}


def _range(rows: str) -> tuple[int, int] | None:
    numbers = re.fullmatch(r"(\d{1,7})-(\d{1,7})", rows)
    return (int(numbers[1]), int(numbers[2])) if numbers else None


def _before(query: str | None, scenario: Scenario) -> list[tuple[str, Any]]:
    """The fields that differ from the scenario of the query before, each with its value there."""
    if query is None:
        return []
    try:
        before = texts.read_query(query)
    except ScenarioError:
        return []  # what cannot be compared has not changed
    names = scenarios.changed(before, scenario)
    return [(name, scenarios.value_of(before, name)) for name in names]


def _problem(problem: Problem) -> dict[str, str]:
    try:
        label = scenarios.field(problem.field).label
    except KeyError:
        label = ""  # a field that does not exist, or the whole link
    return {"field": problem.field, "label": label, "message": problem.message}
