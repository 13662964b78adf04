"""The table of the ways: its rows, its orders, and its text for elsewhere."""

import csv
from dataclasses import replace as with_values
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings

from planner.advice.ways import ways
from planner.plan import Plan, make_plan
from planner.scenario import Scenario, parse, replace, texts
from planner.show import ways as table
from planner.show.comparison import show_comparison
from planner.show.outcome import verdict_words
from planner.words import duration
from tests.strategies import scenarios


def plan_of(**groups: dict[str, Any]) -> Plan:
    """The plan of a scenario."""
    return make_plan(parse(groups))


def formula(**groups: dict[str, Any]) -> Plan:
    """The plan of a scenario whose times are known beforehand."""
    return plan_of(duration={"model": "formula"}, **groups)


def ways_of(plan: Plan, **values: Any) -> list[dict[str, str]]:
    """The rows of a plan and of a way that differs from it in these values."""
    this = next(way for way in ways(plan) if way.this)
    other = with_values(this, this=False, label="Other", change={"retries.max": 1}, **values)
    return table.ways(plan, [other, this])


def test_a_way() -> None:
    """What it is, its time and cost, how they differ, and its link."""
    plan = formula()
    other, this = ways_of(plan, confident_s=plan.confident_s + 3600, usd=plan.cost.batch_usd - 5)
    assert other == {
        "state": "meets",
        "mark": "✓",
        "label": "Other",
        "chance": "",
        "time": duration(plan.confident_s + 3600),
        "cost": "$50.00",
        "difference": "1 h later, $5.00 less",
        "note": "",
        "href": "#retries.max=1&duration.model=formula",
        "ranks": "0 0 1 0 1 0",
    }
    assert (this["state"], this["difference"], this["href"]) == ("this", "this plan", "")


def test_a_way_that_misses() -> None:
    """It says what it misses."""
    plan = formula(goal={"deadline_h": 100, "budget_usd": 60})
    row = ways_of(plan, in_time=False, in_budget=False, usd=Decimal(70))[0]
    assert (row["state"], row["mark"]) == ("misses", "○")
    assert row["note"] == "late; $10.00 over the budget"


@pytest.mark.parametrize("deadline_h", [0.1, 9, 72])
def test_the_chance_is_that_of_the_verdict(deadline_h: float) -> None:
    """In the ways, beside another plan and in the sentence it has the same words."""
    plan = plan_of(goal={"deadline_h": deadline_h})
    rows = table.ways(plan, ways(plan))
    (said,) = {row["chance"] for row in rows if row["state"] == "this"}
    assert verdict_words(plan).startswith(f"{said[0].upper()}{said[1:]} likely to be done")
    assert show_comparison(plan, [("", plan)])["lists"]["compare"][0]["chance"] == said
    assert all(row["chance"] != "100 %" for row in rows)


def test_a_way_in_real_time() -> None:
    """It is no other scenario, and says which limit binds it at best."""
    plan = formula()
    row = ways_of(plan, realtime_share=1.0, binding="otpm")[0]
    assert row["href"] == "" and row["time"].endswith(" at best")
    assert row["note"] == "bound by output tokens a minute of tier Start"


@pytest.mark.parametrize(
    ("later_s", "words"),
    [(0, "same time"), (29, "same time"), (-29, "same time"), (30, "30 s later"), (-30, "30 s sooner")],
)  # fmt: skip
def test_times_that_differ(later_s: float, words: str) -> None:
    """Less than half a minute is no difference."""
    plan = formula()
    row = ways_of(plan, confident_s=plan.confident_s + later_s)[0]
    assert row["difference"] == f"{words}, same cost"


def test_costs_that_differ() -> None:
    """More and less."""
    plan = formula()
    dearer = ways_of(plan, usd=plan.cost.batch_usd + Decimal("0.01"))[0]
    cheaper = ways_of(plan, usd=plan.cost.batch_usd - 1)[0]
    assert dearer["difference"] == "same time, $0.01 more"
    assert cheaper["difference"] == "same time, $1.00 less"


@given(scenarios(most_batches=4))
@settings(max_examples=10)
def test_ways_can_be_opened(scenario: Scenario) -> None:
    """Each link opens the scenario of that plan, and costs as much; where requests may expire, how
    many are never answered is seen in more runs then, and the cost with it."""
    plan = make_plan(scenario)
    every = ways(plan)
    for row, way in zip(table.ways(plan, every), every, strict=True):
        if row["href"]:
            opened = make_plan(texts.read_query(row["href"]))
            assert opened.scenario == replace(scenario, way.change)
            seen_again = Decimal("0.05") if opened.forecast.expiry_probability else 0
            assert abs(opened.cost.batch_usd - way.usd) <= seen_again * way.usd


# ---- orders


def ranks_of(plan: Plan, *changes: dict[str, Any]) -> dict[str, list[int]]:
    """The ranks of ways that differ from a plan in these values, by column; the plan's is the last."""
    this = next(way for way in ways(plan) if way.this)
    others = [with_values(this, this=False, **change) for change in changes]
    ranks = [map(int, row["ranks"].split()) for row in table.ways(plan, [*others, this])]
    return {
        name: list(column)
        for name, column in zip(table.COLUMNS, zip(*ranks, strict=True), strict=True)
    }


def test_ranks_are_by_amounts_not_by_words() -> None:
    """$100 is more than $20 and 2 h more than 90 min, whatever letters they begin with."""
    plan = formula(goal={"deadline_h": 5})
    ranks = ranks_of(
        plan,
        {"label": "B", "usd": Decimal(100), "confident_s": 7200.0, "chance": 0.09},
        {"label": "A", "usd": Decimal(20), "confident_s": 5400.0, "chance": 0.7},
    )
    assert ranks["label"] == [1, 0, 2]
    assert ranks["cost"] == [2, 0, 1]
    assert ranks["time"] == [2, 1, 0]
    assert ranks["chance"] == [0, 1, 2]
    assert ranks["difference"][2] == 0, "nothing is nearer to a plan than itself"


def test_what_is_alike_has_one_rank() -> None:
    """So the planner's order stays among them."""
    plan = formula()
    ranks = ranks_of(plan, {"in_time": False}, {})
    assert ranks["cost"] == ranks["time"] == [0, 0, 0]
    assert ranks["note"] == [1, 0, 0]


# ---- for elsewhere


def test_csv_has_amounts_that_a_spreadsheet_reads() -> None:
    """Seconds and dollars without signs, one line a way, each with its link."""
    plan = plan_of(workload={"requests": 60_000}, goal={"deadline_h": 9, "budget_usd": 200})
    every = ways(plan)
    lines = list(csv.DictReader(table.texts(plan, every)["ways.csv"].splitlines()))
    assert [line["way"] for line in lines] == [way.label for way in every]
    for line, way in zip(lines, every, strict=True):
        assert Decimal(line["usd"]) == way.usd
        assert abs(float(line["sure_within_s"]) - way.confident_s) <= 0.5
        assert (line["meets_goal"] == "yes") == way.meets
        if way.realtime_share == 1:
            assert (line["chance_by_deadline"], line["link"]) == ("", "")
        else:
            assert abs(float(line["chance_by_deadline"]) - (way.chance or 0)) <= 0.0005
            assert texts.read_query(line["link"]) == replace(plan.scenario, way.change)


def test_markdown_is_the_table_of_the_page() -> None:
    """The same cells under the same heads, without a column that is empty; this plan in bold."""
    plan = plan_of(workload={"requests": 60_000})
    every = ways(plan)
    head, rule, *lines = table.texts(plan, every)["ways.markdown"].splitlines()
    assert "Cost" in head and "By the deadline" not in head
    assert head.count("|") == rule.count("|") and set(rule) <= set("|-: ")
    for line, row in zip(lines, table.ways(plan, every), strict=True):
        assert line.count("|") == head.count("|")
        assert row["cost"] in line and row["difference"] in line
        assert ("**" in line) == (row["state"] == "this")
