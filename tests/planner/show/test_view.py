"""Every word of the page: complete, flat, true to the plan, and leading where it says."""

import re
from typing import Any

import pytest
from hypothesis import given, settings

from planner.plan import Plan, make_plan
from planner.scenario import Scenario, parse
from planner.show import view
from planner.show.timeline import MAX_ROWS
from planner.words import duration
from tests.strategies import scenarios

SLOTS = [
    "answer.sentence",
    "answer.half",
    "answer.tail",
    "answer.changed",
    "page.title",
    "batches.count",
    "batches.size",
    "batches.binding",
    "time.p50",
    "time.p85",
    "time.p95",
    "time.deadline",
    "time.expiry",
    "time.evidence",
    "time.replications",
    "cost.batch",
    "cost.realtime",
    "cost.saved",
    "cost.note",
    "requests.failed",
    "requests.retried",
    "requests.given_up",
    "requests.expired",
    "realtime.time",
    "retries.note",
    "queue.caption",
    "queue.range",
    "chance.caption",
    "depth.caption",
    "program.settings",
    "assumptions.count",
    "time.confident",
    "command",
    "facts.checked",
    "why.batches",
    "why.time",
    "why.cost",
    "why.failed",
    "why.given_up",
    "why.realtime",
    "why.saved",
]

CELLS = {
    "caveats": {"code", "severity", "label", "message", "fix_label", "fix_href"},
    "batches": {
        "name",
        "round",
        "requests",
        "bytes",
        "limit",
        "start",
        "wait",
        "service",
        "end",
        "latest",
        "open",
    },
    "assumptions": {"name", "text", "href"},
    "moments": {"label", "completed", "processing", "queued", "at"},
    "chance": {"chance", "by", "clock"},
    "cost.lines": {"kind", "tokens", "price", "amount"},
    "results": {"kind", "first", "final", "note"},
    "uncounted": {"text"},
    "ways": {
        "state",
        "mark",
        "label",
        "chance",
        "time",
        "cost",
        "difference",
        "note",
        "href",
        "ranks",
    },
}


TENS = {"requests_per_batch": 10_000, "concurrent": 1}


def plan_of(**groups: dict[str, Any]) -> Plan:
    """The plan of a scenario."""
    return make_plan(parse(groups))


@given(scenarios(most_batches=20))
@settings(max_examples=25)
def test_a_view_is_texts_and_nothing_else(scenario: Scenario) -> None:
    """Slots, rows and charts that the page knows, all of them texts that can be read."""
    shown = view.show(make_plan(scenario))
    assert set(shown) == {"slots", "lists", "charts"}
    assert set(SLOTS) <= set(shown["slots"])
    assert set(shown["lists"]) == CELLS.keys() - {"ways"}
    assert set(shown["charts"]) == {"queue", "depth", "chance"}
    words = [
        *shown["slots"].values(),
        *(cell for rows in shown["lists"].values() for row in rows for cell in row.values()),
    ]
    assert all(isinstance(text, str) for text in words)
    for name, rows in shown["lists"].items():
        assert all(set(row) == CELLS[name] for row in rows)
    for text in words:
        assert not re.search(r"\bNone\b|\bnan\b|\binf\b|Decimal|\{|\}|\d[eE][+-]?\d", text)
        assert not re.search(
            r"(?<![.,\d])1 (requests|batches|tokens|attempts|retries|runs)\b", text
        )


@given(scenarios(most_batches=300))
@settings(max_examples=8)
def test_the_queue_has_at_most_forty_rows(scenario: Scenario) -> None:
    """As many rows in the table as bars in the chart."""
    shown = view.show(make_plan(scenario))
    rows = shown["lists"]["batches"]
    assert 1 <= len(rows) <= MAX_ROWS
    assert shown["charts"]["queue"].count('class="bar ') == len(rows)


@pytest.mark.parametrize("percentile", ["p50", "p85", "p95"])
def test_percentiles_show_their_run(percentile: str) -> None:
    """The queue is that of the run at the percentile that was asked for."""
    plan = plan_of()
    shown = view.show(plan, percentile=percentile)
    run = getattr(plan.forecast, percentile)
    assert shown["slots"]["queue.caption"].startswith(percentile.upper())
    assert duration(run.makespan_s) in shown["slots"]["queue.caption"]


def test_rows_unfold() -> None:
    """A range of batches of a long queue has its own rows and says where it lies."""
    shown = view.show(plan_of(workload={"requests": 1_000_000}, batches=TENS), unfold=(4, 6))
    assert [row["name"] for row in shown["lists"]["batches"]] == ["4", "5", "6"]
    assert shown["slots"]["queue.range"].startswith("Batches 4 to 6 of 10")


@pytest.mark.parametrize("percentile", ["p50", "p85", "p95"])
def test_rows_that_a_run_does_not_have(percentile: str) -> None:
    """Unfolded rows of one percentile may not exist in another; then all are shown."""
    shown = view.show(plan_of(), percentile=percentile, unfold=(50, 60))
    assert shown["slots"]["queue.range"].startswith("All")
