"""The browser's only door: whatever comes in, a reply goes out."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner import scenario
from planner.advice.caveats import caveats
from planner.advice.ways import ways
from planner.bridge import handle
from planner.plan import make_plan
from planner.scenario import FIELDS, Scenario, parse, texts
from planner.scenario.beside import join
from planner.show import view
from planner.show.export import export_text
from tests.strategies import queries, scenarios, typed_forms


def ask(**request: Any) -> dict[str, Any]:
    """The reply to a request, both through JSON."""
    reply = json.loads(handle(json.dumps(request)))
    assert isinstance(reply, dict)
    return reply


def is_a_reply(reply: dict[str, Any]) -> bool:
    """A plan, or problems that can be read."""
    if "problems" in reply:
        return bool(reply["problems"]) and all(
            set(each) == {"field", "label", "message"} and each["message"]
            for each in reply["problems"]
        )
    return set(reply) == {"query", "values", "taken", "understood", "changed", "beside", "view"}


# ---- a plan


def test_an_empty_query_is_the_default_plan() -> None:
    """The reply holds the query, the texts of all controls, and the view."""
    reply = ask(query="")
    assert reply["query"] == ""
    assert reply["values"] == texts.write_texts(Scenario())
    assert reply["view"]["slots"]["cost.batch"] == "$55.00"
    assert reply["changed"] == []


def test_texts_of_a_form() -> None:
    """What is typed is read, and comes back tidied up."""
    reply = ask(texts={"workload.requests": "25k"})
    assert reply["query"] == "workload.requests=25000"
    assert reply["values"]["workload.requests"] == "25,000"


def test_the_view_is_that_of_view() -> None:
    """Nothing is added on the way but what changed."""
    assert ask(query="retries.max=1")["view"] == view.show(
        make_plan(parse({"retries": {"max": 1}}))
    )


def test_what_a_press_changed() -> None:
    """With the query of before, the reply names the fields and says it in words."""
    reply = ask(
        query="workload.requests=25000&retries.max=1", before="retries.max=1&caching.mode=1h"
    )
    assert reply["changed"] == ["workload.requests", "caching.mode"]
    assert "Requests: 10,000 → 25,000" in reply["view"]["slots"]["answer.changed"]


@pytest.mark.parametrize("before", ["%ff", "workload.requests=no", "x=1", "a" * 300_000])
def test_a_before_that_cannot_be_read(before: str) -> None:
    """What cannot be compared has not changed."""
    assert ask(query="", before=before)["changed"] == []


@pytest.mark.parametrize("percentile", ["p50", "p85", "p95"])
def test_percentile(percentile: str) -> None:
    """The queue of another run."""
    assert ask(query="", percentile=percentile)["view"]["slots"]["queue.caption"].startswith(
        percentile.upper()
    )


def test_rows() -> None:
    """Unfolded batches."""
    reply = ask(query="workload.requests=1000000", rows="4-6")
    assert [row["name"] for row in reply["view"]["lists"]["batches"]] == ["4", "5", "6"]


@pytest.mark.parametrize(
    "rows",
    ["", "x-y", "5-2", "0-0", "50-60", "-", "1-", "-1", "1-2-3", "٣-٤", "9" * 50 + "-1", "1 - 2"],
)
def test_rows_that_are_none(rows: str) -> None:
    """A range that is none, or that this run does not have, shows all."""
    assert ask(query="", rows=rows)["view"]["slots"]["queue.range"].startswith("All")


# ---- other wishes


def test_ways() -> None:
    """Asked for afterwards, they come alone."""
    reply = ask(query="", want="ways")
    assert set(reply) == {"query", "view"}
    assert set(reply["view"]["lists"]) == {"ways", "compare.ways"}
    assert reply["view"]["lists"]["ways"]


def test_json() -> None:
    """The text that the command line prints."""
    plan = make_plan(parse({"retries": {"max": 1}}))
    reply = ask(query="retries.max=1", want="json")
    assert set(reply) == {"query", "json"}
    assert reply["json"] == export_text(plan, caveats(plan), ways(plan))


@given(scenarios(most_batches=5))
@settings(max_examples=15)
def test_programs(scenario: Scenario) -> None:
    """Every scenario has its programs in all editions and a sample of their input, as texts."""
    reply = ask(texts=texts.write_texts(scenario), want="programs")
    keys = ["python", "javascript", "dbos", "dag", "airflow", "jsonl"]
    assert [program["key"] for program in reply["programs"]] == keys
    assert all(isinstance(cell, str) for program in reply["programs"] for cell in program.values())
    assert all(program["text"] for program in reply["programs"])


# ---- plans beside a plan

BESIDE = join("retries.max=1", ["workload.requests=20k", "retries.max=x"])


def test_a_link_keeps_the_plans_beside_its_own() -> None:
    """Tidied up, one that is bad too; they are told how many, and change nothing of the plan."""
    reply = ask(query=BESIDE)
    assert reply["query"] == join("retries.max=1", ["workload.requests=20000", "retries.max=x"])
    assert reply["beside"] == 2
    assert reply["view"] == ask(query="retries.max=1")["view"]


def test_they_stay_while_the_plan_changes() -> None:
    """A form and a link that say nothing of them keep them; a link that says so ends it."""
    kept = ["workload.requests=20000", "retries.max=x"]
    for question in ({"texts": {"retries.max": "2"}}, {"query": "retries.max=2"}):
        assert ask(**question, beside=BESIDE)["query"] == join("retries.max=2", kept)
    assert ask(query="retries.max=2&compare=", beside=BESIDE)["query"] == "retries.max=2"
    other = join("retries.max=2", ["retries.max=0"])
    assert ask(query=other, beside=BESIDE)["query"] == other


def test_there_is_room_for_three() -> None:
    """Of a link with more the first."""
    many = [f"retries.max={number}" for number in (0, 1, 2, 4)]
    assert ask(query=join("", many))["query"] == join("", many[:3])


def test_the_comparison() -> None:
    """A column for each plan, and for what is none."""
    reply = ask(query=BESIDE, want="comparison")
    first, second, third = reply["view"]["lists"]["compare"]
    assert first["differences"] == "Requests: 10,000\nRetries: 1"
    assert second["cost"] == ask(query="workload.requests=20000")["view"]["slots"]["cost.batch"]
    assert "number" in third["problem"]
    assert reply["view"]["charts"]["compare"].startswith("<svg")


def test_a_link_is_put_beside() -> None:
    """The reply is the query with it; a link that is none is a problem."""
    question = {"query": "retries.max=1", "want": "add", "here": "http://127.0.0.1/"}
    reply = ask(**question, link="#workload.requests=20k")
    assert reply == {"query": join("retries.max=1", ["workload.requests=20000"])}
    assert set(ask(**question, link="nothing")) == {"problems"}


# ---- problems


def test_problems_have_labels() -> None:
    """A problem of a field says which question it is about; one of the whole has no label."""
    (problem,) = ask(texts={"workload.requests": "many"})["problems"]
    assert (problem["field"], problem["label"]) == ("workload.requests", "Requests")
    (problem,) = ask(query="%ff")["problems"]
    assert (problem["field"], problem["label"]) == ("", "")


def test_a_link_with_a_bad_value_keeps_the_others() -> None:
    """The texts for the form, the bad one as it was given, and the plan of the others at the
    percentile that is asked for.
    """
    query = "workload.requests=20k&workload.output_tokens=abc"
    reply = ask(query=query, percentile="p95")
    assert set(reply) == {"problems", "values", "view"}
    assert reply["values"]["workload.output_tokens"] == "abc"
    assert reply["values"]["workload.requests"] == "20,000"
    assert reply["view"] == ask(query="workload.requests=20000", percentile="p95")["view"]
    assert set(ask(query=query, want="programs")) == {"problems"}
    assert set(ask(texts={"workload.requests": "abc"})) == {"problems"}


def test_a_link_without_a_plan_keeps_its_values() -> None:
    """Each value is good, but there is no plan of them: the form has them, and the example is
    shown.
    """
    reply = ask(query="workload.requests=10000000&batches.requests_per_batch=1")
    assert reply["values"]["workload.requests"] == "10,000,000"
    assert reply["values"]["batches.requests_per_batch"] == "1"
    assert reply["view"] == ask(query="")["view"]


def test_problems_of_planning_are_problems() -> None:
    """What only the plan finds out is answered the same way."""
    (problem,) = ask(query="workload.requests=10000000&batches.requests_per_batch=1")["problems"]
    assert problem["field"] == "batches.requests_per_batch"


def test_all_problems_at_once() -> None:
    """Every field that is wrong, in the order of the form."""
    problems = ask(texts={"goal.confidence": "2", "workload.requests": "0", "retries.max": "x"})[
        "problems"
    ]
    assert [problem["field"] for problem in problems] == [
        "workload.requests",
        "retries.max",
        "goal.confidence",
    ]


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.name)
@pytest.mark.parametrize(
    "text",
    [
        "x",
        "-1",
        "1e999",
        "9" * 400,
        "9" * 5000,
        "NaN",
        "",
        " ",
        "\x00",
        "\ud800",
        "<b>",
        "true",
        "٠",
    ],
)
def test_any_text_in_any_field(field: scenario.Field, text: str) -> None:
    """One by one, each odd text in each field gives a plan or problems."""
    assert is_a_reply(
        ask(
            texts={field.name: text, "workload.requests": "10"}
            if field.name != "workload.requests"
            else {field.name: text}
        )
    )


# ---- anything at all


@given(typed_forms())
@settings(max_examples=150)
def test_any_form_has_a_reply(form: dict[str, str]) -> None:
    """No dict of texts makes the door fall shut."""
    assert is_a_reply(ask(texts=form))


@given(queries(), st.none() | queries())
@settings(max_examples=150)
def test_any_query_has_a_reply(query: str, before: str | None) -> None:
    """No query string does, now or before."""
    assert is_a_reply(ask(query=query) if before is None else ask(query=query, before=before))


@given(
    scenarios(most_batches=5),
    st.sampled_from(["p50", "p85", "p95"]),
    st.text(alphabet="0123456789-", max_size=8),
)
@settings(max_examples=25)
def test_every_scenario_has_a_plan(scenario: Scenario, percentile: str, rows: str) -> None:
    """A scenario that can be planned is answered with itself, whatever part of its queue is shown."""
    reply = ask(texts=texts.write_texts(scenario), percentile=percentile, rows=rows)
    assert is_a_reply(reply) and "problems" not in reply
    assert texts.read_query(reply["query"]) == scenario
    assert texts.read_texts(reply["values"]) == scenario


def test_the_same_question_has_the_same_answer() -> None:
    """To the letter."""
    question = json.dumps({"query": "workload.requests=12345"})
    assert handle(question) == handle(question)


def test_texts_are_seen_from_now() -> None:
    """The page tells the time; the link holds what was understood, and the reply says it."""
    form = {"goal.start_at": "now", "goal.deadline_at": "Mon 8:00"}
    reply = ask(texts=form, now="2026-11-27T18:05:09+01:00")
    link = "goal.start_at=2026-11-27T18:05%2B01:00&goal.deadline_at=2026-11-30T08:00%2B01:00"
    assert reply["query"] == link
    assert reply["understood"]["goal.deadline_at"] == "Mon 30 Nov 2026, 08:00 +01:00"
    # what it holds is the same plan at any other time
    later = ask(query=link, now="2027-01-01T00:00:00+01:00")
    assert later["view"] == reply["view"]


@pytest.mark.parametrize("now", ["", "noon", 5, None, "2026-11-27T18:05"])
def test_a_clock_that_cannot_be_read_is_none(now: object) -> None:
    """Then a text that needs it is a problem, and no other is."""
    assert "problems" in ask(texts={"goal.start_at": "Mon 8:00"}, now=now)
    assert "problems" not in ask(texts={}, now=now)
