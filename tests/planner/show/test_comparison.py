"""Plans side by side: each with its numbers, how they differ, and where each leads."""

import re
from typing import Any
from xml.etree import ElementTree as ET

from hypothesis import given, settings
from hypothesis import strategies as st

from planner.advice.ways import ways
from planner.errors import Problem, ScenarioError
from planner.plan import Plan, make_plan
from planner.scenario import Scenario, texts
from planner.scenario.beside import beside
from planner.show.comparison import choices, show_comparison
from planner.show.strips import strips
from planner.words import duration, money
from tests.strategies import scenarios

HAIKU = "workload.model=claude-haiku-5-5&workload.requests=20000"
FEW = "workload.requests=5000&goal.deadline_h=9"


def plan_of(query: str) -> Plan:
    """The plan of a link's query."""
    return make_plan(texts.read_query(query))


def columns(this: str, *others: str) -> list[dict[str, str]]:
    """The columns of plans by their queries."""
    planned = [(other, plan_of(other)) for other in others]
    rows: list[dict[str, str]] = show_comparison(plan_of(this), planned)["lists"]["compare"]
    return rows


def test_each_column_has_the_numbers_of_its_plan() -> None:
    """Sentence, cost and times are those that the plan's own page shows."""
    for row, query in zip(columns("", HAIKU, FEW), ("", HAIKU, FEW), strict=True):
        plan = plan_of(query)
        assert row["cost"] == money(plan.cost.batch_usd)
        assert row["cost"] in row["sentence"]
        for key in ("p50", "p85", "p95"):
            assert row[key] == duration(getattr(plan.forecast, key).makespan_s)
        assert row["batches"] == f"{len(plan.batches):,}"
    assert columns("", FEW)[0]["chance"] == "none is set"
    assert columns("", FEW)[1]["chance"].endswith(" %")


def test_the_inputs_that_differ_are_said_in_each_column() -> None:
    """One line for each, in the same order, with units; what all have in common is not said."""
    first, second, third = (row["differences"].split("\n") for row in columns("", HAIKU, FEW))
    assert first == ["Model: Claude Sonnet 5.5", "Requests: 10,000", "Deadline: none"]
    assert second == ["Model: Claude Haiku 5.5", "Requests: 20,000", "Deadline: none"]
    assert third == ["Model: Claude Sonnet 5.5", "Requests: 5,000", "Deadline: 9 h"]
    assert columns("", "")[1]["differences"] == "No input differs."


@given(st.lists(scenarios(most_batches=3), min_size=2, max_size=4))
@settings(max_examples=10)
def test_every_link_leads_to_the_same_plans(compared: list[Scenario]) -> None:
    """A column opens as the plan, with the one at hand in its place; without a column the others
    are left, in their order."""
    queries = [texts.write_query(scenario) for scenario in compared]
    rows = columns(*queries)
    for place, row in enumerate(rows):
        left = queries[:place] + queries[place + 1 :]
        assert texts.read_query(row["drop"]) == texts.read_query(left[0])
        assert beside(row["drop"]) == left[1:]
        if place:
            assert texts.read_query(row["href"]) == compared[place]
            swapped = [queries[0] if at == place else query for at, query in enumerate(queries)]
            assert beside(row["href"]) == swapped[1:]
        else:
            assert row["href"] == ""


def test_a_plan_that_is_none_is_told_in_its_column() -> None:
    """The others are compared all the same; it can be taken away, and opens nothing."""
    wrong = ScenarioError(Problem("retries.max", "Too many."), Problem("retries.mox", "No field."))
    shown = show_comparison(plan_of(""), [("retries.max=x", wrong), (FEW, plan_of(FEW))])
    _, bad, few = shown["lists"]["compare"]
    assert bad["problem"] == "Too many. retries.mox No field."
    assert (bad["href"], bad["cost"], bad["label"]) == ("", "", "No plan")
    assert beside(bad["drop"]) == [FEW]
    assert (few["number"], few["problem"]) == ("3", "")
    names = [
        text.text
        for text in ET.fromstring(shown["charts"]["compare"]).iter()
        if text.get("class") == "row-name"
    ]
    assert names == ["1", "3"]


def test_one_plan_alone_is_no_comparison() -> None:
    """Nothing is listed and nothing is drawn."""
    assert show_comparison(plan_of(""), []) == {"slots": {}, "lists": {"compare": []}, "charts": {}}


def test_strips_have_one_axis() -> None:
    """A mark is as far to the right as its time is long, in every strip; the last is on the axis."""
    plans = [plan_of(""), plan_of(HAIKU), plan_of("workload.requests=200000&limits.tier=scale")]
    svg = strips([(str(number), plan) for number, plan in enumerate(plans)])
    found = [float(x) for x in re.findall(r'class="mark-dot" cx="([\d.]+)%"', svg)]
    times = [plan.forecast.done_by(ratio) for plan in plans for ratio in (0.5, 0.85, 0.95)]
    scale = [(x - 15) / time for x, time in zip(found, times, strict=True) if time > 3600]
    assert max(scale) / min(scale) < 1.01
    assert max(found) < 97
    assert svg.count('class="curve"') == 3


def test_clock_times_where_all_start_at_once() -> None:
    """Else the axis has lengths only."""
    start = "goal.start_at=2026-11-22T22:00%2B01:00"
    together = strips([("1", plan_of(start)), ("2", plan_of(f"retries.max=1&{start}"))])
    apart = strips([("1", plan_of(start)), ("2", plan_of(""))])
    assert ("tick clock" in together, "tick clock" in apart) == (True, False)


# ---- what can be put beside a plan


def choices_of(query: str, others: list[str]) -> list[dict[str, Any]]:
    """The choices of a plan with others beside it."""
    plan = plan_of(query)
    return list(choices(plan, ways(plan), others))


def test_the_plan_itself_and_its_ways_can_be_put_beside_it() -> None:
    """Each in its link, after those that stand there; no way without a plan."""
    rows = choices_of(FEW, [HAIKU])
    planned = [way for way in ways(plan_of(FEW)) if way.realtime_share < 1 and not way.this]
    assert [row["label"] for row in rows[1:]] == [way.label for way in planned]
    for row in rows:
        assert texts.read_query(row["href"]) == texts.read_query(FEW)
        stands, added = beside(row["href"]) or []
        assert stands == HAIKU
        texts.read_query(added)


def test_what_stands_there_is_not_offered_again() -> None:
    """Nor is anything where there is no room."""
    rows = choices_of(FEW, [])
    added = (beside(rows[1]["href"]) or [])[0]
    assert rows[1]["label"] not in [row["label"] for row in choices_of(FEW, [added])]
    assert choices_of(FEW, ["retries.max=1", "retries.max=2", "retries.max=4"]) == []
