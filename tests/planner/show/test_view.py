"""Every word of the page: complete, flat, true to the plan, and leading where it says."""

import re
import shlex
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings

from planner import advice, scenario
from planner.__main__ import _parser, _scenario
from planner.plan import Plan, make_plan
from planner.scenario import Scenario, parse, texts
from planner.show import view
from planner.show.timeline import MAX_ROWS, MOMENTS
from planner.words import duration, money
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
    "moments": {"label", "completed", "processing", "queued", "at"},
    "chance": {"chance", "by", "clock"},
    "cost.lines": {"kind", "tokens", "price", "amount"},
    "results": {"kind", "first", "final", "note"},
    "alternatives": {"change", "p85", "batch", "difference", "href"},
    "uncounted": {"text"},
}


def plan_of(**groups: dict[str, Any]) -> Plan:
    """The plan of a scenario."""
    return make_plan(parse(groups))


def slots(**groups: dict[str, Any]) -> dict[str, str]:
    """The slots of a scenario."""
    shown: dict[str, str] = view.show(plan_of(**groups))["slots"]
    return shown


def whole(text: str) -> int:
    """'1,234' -> 1234."""
    return int(text.replace(",", ""))


# ---- the shape


@given(scenarios(most_batches=20))
@settings(max_examples=25)
def test_a_view_is_texts_and_nothing_else(asked: Scenario) -> None:
    """Slots, rows and charts that the page knows, all of them texts; nothing that a person should not read."""
    shown = view.show(make_plan(asked))
    assert set(shown) == {"slots", "lists", "charts"}
    assert set(SLOTS) <= set(shown["slots"])
    assert set(shown["lists"]) == CELLS.keys() - {"alternatives"}
    assert set(shown["charts"]) == {"queue", "depth", "chance"}
    said = [
        *shown["slots"].values(),
        *(cell for rows in shown["lists"].values() for row in rows for cell in row.values()),
    ]
    assert all(isinstance(text, str) for text in said)
    for name, rows in shown["lists"].items():
        assert all(set(row) == CELLS[name] for row in rows)
    for text in said:
        assert not re.search(r"\bNone\b|\bnan\b|\binf\b|Decimal|\{|\}|\d[eE][+-]?\d", text)
        assert not re.search(
            r"(?<![.,\d])1 (requests|batches|tokens|attempts|retries|runs)\b", text
        )


@given(scenarios(most_batches=4))
@settings(max_examples=10)
def test_alternatives_are_rows(asked: Scenario) -> None:
    """The list that is asked for later has the cells that its row has, and links that can be opened."""
    for row in view.show_alternatives(make_plan(asked)):
        assert set(row) == CELLS["alternatives"]
        if row["href"]:
            texts.read_query(row["href"])


# ---- what is said


def test_the_answer_of_the_default() -> None:
    """Requests, model, batches, cost and chance, in one sentence."""
    sentence = slots()["answer.sentence"]
    assert sentence.startswith(
        "10,000 requests to Claude Sonnet 5.5 in 1 batch cost $55.00, half of the real-time price, "
    )
    assert "85 % likely to be done within" in sentence


def test_the_answer_for_one_request() -> None:
    """One request costs and is; it does not cost and are."""
    assert (
        "1 request to Claude Sonnet 5.5 in 1 batch costs"
        in slots(workload={"requests": 1})["answer.sentence"]
    )


def test_the_answer_with_a_start() -> None:
    """With a start it says by when, by the clock of the start."""
    assert " by " in slots(goal={"start_at": "2026-11-22T22:00+01:00"})["answer.sentence"]


def test_nearly_the_same_time_is_not_said_twice() -> None:
    """Where half and all but a twentieth read alike, there are not two sentences that contradict each other."""
    said = slots(
        workload={"requests": 25_000},
        batches={"requests_per_batch": 5000, "concurrent": 5},
        duration={"model": "formula"},
    )
    assert said["time.p50"] == said["time.p95"]
    assert "less than" not in said["answer.half"] or "more than" not in said["answer.tail"]


def test_one_batch_is_not_all_of_them() -> None:
    """The range of a queue of one batch is not "All 1 batch"."""
    said = slots(retries={"transient_rate": 0})["queue.range"]
    assert said and "All 1" not in said


def test_confidence_is_said_as_it_was_asked() -> None:
    """93.5 % is not rounded up to 94 %."""
    assert "93.5 % likely" in slots(goal={"confidence": 0.935})["answer.sentence"]


def test_a_plan_without_chance_says_so() -> None:
    """Where all runs take the same time there is no half and no tail to speak of."""
    said = slots(duration={"model": "formula"}, retries={"transient_rate": 0})
    assert said["answer.half"] == ""
    assert "same time" in said["answer.tail"]
    assert said["time.p50"] == said["time.p95"] == "19 min"


@given(scenarios(most_batches=5))
@settings(max_examples=20)
def test_numbers_are_those_of_the_plan(asked: Scenario) -> None:
    """Money, times and counts of the slots are the plan's, in words."""
    plan = make_plan(asked)
    said = view.show(plan)["slots"]
    assert (said["cost.batch"], said["cost.realtime"]) == (
        money(plan.cost.batch_usd),
        money(plan.cost.realtime_usd),
    )
    assert said["cost.saved"] == money(plan.cost.saved_usd)
    assert said["time.p85"].startswith(duration(plan.forecast.p85.makespan_s))
    assert whole(said["batches.count"]) == len(plan.batches)
    assert whole(said["requests.given_up"]) == plan.requests.given_up
    assert money(plan.cost.batch_usd) in said["answer.sentence"]


@pytest.mark.parametrize(
    ("groups", "text"),
    [
        ({}, "10,000 requests"),
        ({"workload": {"requests": 20_000}}, "10,000 requests each"),
        ({"workload": {"requests": 25_000}}, "10,000 requests each, the last 5,000"),
        ({"workload": {"requests": 1}}, "1 request"),
        (
            {
                "workload": {"requests": 501, "input_tokens": 600, "shared_prefix_tokens": 600},
                "caching": {"mode": "1h"},
            },
            "1 to prime the cache, then 500 requests",
        ),
    ],
)
def test_sizes_of_batches(groups: dict[str, Any], text: str) -> None:
    """All alike, or a last one that is smaller, or one that primes the cache."""
    assert slots(**groups)["batches.size"] == text


@pytest.mark.parametrize(
    ("groups", "words"),
    [
        ({}, "All fit into one batch"),
        ({"workload": {"requests": 20_000}}, "asked for"),
        ({"workload": {"bytes_per_request": 1_000_000}}, "bytes"),
        ({"limits": {"queue_requests": 3000}}, "queue"),
        ({"workload": {"requests": 5, "bytes_per_request": 1_000_000}}, "All fit into one batch"),
    ],
)
def test_what_sets_the_size(groups: dict[str, Any], words: str) -> None:
    """The limit that binds is named, and where none does, that is said."""
    assert words in slots(**groups)["batches.binding"]


@pytest.mark.parametrize(("rate", "text"), [(0.025, "2.5 %"), (0.015, "1.5 %"), (0.0005, "0.05 %")])
def test_reasons_repeat_inputs_exactly(rate: float, text: str) -> None:
    """A rate in a reason is the rate that was given."""
    assert text in slots(retries={"transient_rate": rate})["why.failed"]


@given(scenarios(most_batches=4))
@settings(max_examples=15)
def test_every_number_has_a_reason(asked: Scenario) -> None:
    """Each why is one to three sentences; those of price and rules name their source."""
    said = view.show(make_plan(asked))["slots"]
    for name in (
        "why.batches",
        "why.time",
        "why.cost",
        "why.failed",
        "why.given_up",
        "why.realtime",
        "why.saved",
    ):
        assert said[name].strip().endswith(".")
        assert len(said[name]) > 40
    for name in ("why.batches", "why.failed", "why.saved"):
        assert "Source:" in said[name]
    assert "checked 20" in said["why.cost"]


# ---- lists


@given(scenarios(most_batches=60))
@settings(max_examples=10)
def test_moments_count_every_batch(asked: Scenario) -> None:
    """At each of 101 moments done, at work and waiting are all batches; at the end all are done."""
    shown = view.show(make_plan(asked))["lists"]["moments"]
    assert len(shown) == MOMENTS + 1
    counts = [
        tuple(whole(row[name]) for name in ("completed", "processing", "queued")) for row in shown
    ]
    assert len({sum(three) for three in counts}) == 1
    assert counts[-1][1:] == (0, 0)
    assert [three[0] for three in counts] == sorted(three[0] for three in counts)
    assert [float(row["at"]) for row in shown] == sorted(float(row["at"]) for row in shown)


@given(scenarios(most_batches=300))
@settings(max_examples=8)
def test_the_queue_has_at_most_forty_rows(asked: Scenario) -> None:
    """As many rows in the table as bars in the chart."""
    shown = view.show(make_plan(asked))
    rows = shown["lists"]["batches"]
    assert 1 <= len(rows) <= MAX_ROWS
    assert shown["charts"]["queue"].count('class="bar ') == len(rows)


def test_chances_rise() -> None:
    """The more certain, the later."""
    shown = view.show(plan_of())["lists"]["chance"]
    assert [row["chance"] for row in shown] == [
        "10 %",
        "25 %",
        "50 %",
        "75 %",
        "85 %",
        "90 %",
        "95 %",
        "99 %",
    ]


def test_cost_lines_end_with_the_total() -> None:
    """The last row is the sum of those above it."""
    rows = view.show(plan_of())["lists"]["cost.lines"]
    assert [(row["kind"], row["amount"]) for row in rows] == [
        ("Input", "$5.00"),
        ("Output", "$50.00"),
        ("Total", "$55.00"),
    ]


def test_the_four_results() -> None:
    """All kinds of result that the provider has."""
    rows = view.show(plan_of())["lists"]["results"]
    assert [row["kind"] for row in rows] == ["Succeeded", "Errored", "Expired", "Canceled"]


def test_results_count_both_kinds_of_failure() -> None:
    """A tenth of 10,000 can never succeed and 1 % of the others fails for now: 1,090 are errored at first, 1,000 in the end."""
    rows = view.show(plan_of(retries={"permanent_rate": 0.1}))["lists"]["results"]
    assert [(row["first"], row["final"]) for row in rows[:2]] == [
        ("8,910", "9,000"),
        ("1,090", "1,000"),
    ]


def test_what_expires_without_retries_is_not_sent_again() -> None:
    """Half of the requests are undone after 24 h, for good: nothing promises that they are sent again."""
    plan = plan_of(
        workload={"requests": 1000},
        duration={"model": "history", "history": [[1000, 172_800]]},
        retries={"max": 0, "transient_rate": 0},
    )
    expired = next(row for row in view.show(plan)["lists"]["results"] if row["kind"] == "Expired")
    assert (expired["first"], expired["final"]) == ("500", "500")
    assert "sent again" not in expired["note"]


@pytest.mark.parametrize("percentile", view.PERCENTILES)
def test_percentiles_show_their_run(percentile: str) -> None:
    """The queue is that of the run at the percentile that was asked for."""
    plan = plan_of()
    shown = view.show(plan, percentile=percentile)
    run = getattr(plan.forecast, percentile)
    assert shown["slots"]["queue.caption"].startswith(percentile.upper())
    assert duration(run.makespan_s) in shown["slots"]["queue.caption"]


def test_rows_unfold() -> None:
    """A range of batches of a long queue has its own rows and says where it lies."""
    shown = view.show(plan_of(workload={"requests": 1_000_000}), rows=(4, 6))
    assert [row["name"] for row in shown["lists"]["batches"]] == ["4", "5", "6"]
    assert shown["slots"]["queue.range"].startswith("Batches 4 to 6 of 10")


@pytest.mark.parametrize("percentile", view.PERCENTILES)
def test_rows_that_a_run_does_not_have(percentile: str) -> None:
    """Unfolded rows of one percentile may not exist in another; then all are shown."""
    shown = view.show(plan_of(), percentile=percentile, rows=(50, 60))
    assert shown["slots"]["queue.range"].startswith("All")


# ---- links and commands


@given(scenarios(most_batches=5))
@settings(max_examples=20)
def test_a_remedy_is_a_link_to_the_mended_scenario(asked: Scenario) -> None:
    """Its press opens the scenario with just that change."""
    plan = make_plan(asked)
    rows = view.show(plan)["lists"]["caveats"]
    for row, caveat in zip(rows, advice.caveats(plan), strict=True):
        if caveat.fix:
            assert row["fix_href"].startswith("#")
            assert texts.read_query(row["fix_href"]) == scenario.replace(asked, caveat.fix)
        else:
            assert row["fix_href"] == row["fix_label"] == ""


@given(scenarios(most_batches=5))
@settings(max_examples=20)
def test_the_command_gives_the_same_scenario(asked: Scenario) -> None:
    """What is shown to be typed is split by a shell into the arguments that mean this scenario."""
    words = shlex.split(view.command(asked))
    assert words[:4] == ["python", "-m", "planner", "plan"]
    assert _scenario(_parser().parse_args(words[3:])) == asked


def test_the_command_of_the_default() -> None:
    """The default needs no settings."""
    assert view.command(Scenario()) == "python -m planner plan"


def test_changes_in_words() -> None:
    """Labels, with what was before and what is now, as people read them."""
    asked = parse(
        {
            "workload": {"requests": 25_000},
            "caching": {"mode": "1h"},
            "pricing": {"bill_failed": True},
        }
    )
    said = view.changes(
        asked,
        [
            ("workload.requests", 10_000),
            ("caching.mode", "none"),
            ("pricing.bill_failed", False),
        ],
    )
    assert "Requests: 10,000 → 25,000" in said
    assert "No caching → 1 hour" in said
    assert "no → yes" in said


def test_no_changes() -> None:
    """Nothing changed, nothing said."""
    assert view.changes(Scenario(), []) == ""


def test_a_long_history_is_not_repeated() -> None:
    """A change of ten thousand rows is a short sentence."""
    asked = parse({"duration": {"history": [[100, 60]] * 10_000}})
    assert len(view.changes(asked, [("duration.history", ())])) < 200


def test_a_tiny_cost_has_digits() -> None:
    """One request of one token costs something, and it can be read."""
    said = slots(
        workload={"requests": 1, "input_tokens": 1, "output_tokens": 1},
        retries={"transient_rate": 0},
    )
    assert Decimal(said["cost.batch"].removeprefix("$")) == Decimal("0.000006")
