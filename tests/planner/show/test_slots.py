"""Every text of the page: true to the plan, and in words."""

from dataclasses import replace as with_values
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings

from planner import facts
from planner.plan import Plan, make_plan
from planner.scenario import Scenario, parse
from planner.show.slots import slots as slots_of
from planner.show.timeline import timeline_of
from planner.words import duration, money
from tests.strategies import scenarios

TENS = {"requests_per_batch": 10_000, "concurrent": 1}


def plan_of(**groups: dict[str, Any]) -> Plan:
    """The plan of a scenario."""
    return make_plan(parse(groups))


def slots(**groups: dict[str, Any]) -> dict[str, str]:
    """The slots of a scenario."""
    return page_of(plan_of(**groups))


def page_of(plan: Plan) -> dict[str, str]:
    """The slots of a plan, and of its run at P85."""
    return slots_of(plan, timeline_of(plan, plan.forecast.p85), "p85")


def whole(text: str) -> int:
    """'1,234' -> 1234."""
    return int(text.replace(",", ""))


def test_one_batch_is_not_all_of_them() -> None:
    """The range of a queue of one batch is not "All 1 batch"."""
    assert slots(retries={"transient_rate": 0})["queue.range"] == "The only batch"


@given(scenarios(most_batches=5))
@settings(max_examples=20)
def test_numbers_are_those_of_the_plan(scenario: Scenario) -> None:
    """Money, times and counts of the slots are the plan's, in words."""
    plan = make_plan(scenario)
    page = page_of(plan)
    assert (page["cost.batch"], page["cost.realtime"]) == (
        money(plan.cost.batch_usd),
        money(plan.cost.realtime_usd),
    )
    assert page["cost.saved"] == money(plan.cost.saved_usd)
    assert page["time.p85"].startswith(duration(plan.forecast.p85.makespan_s))
    assert whole(page["batches.count"]) == len(plan.batches)
    assert whole(page["requests.given_up"]) == plan.requests.given_up
    assert money(plan.cost.batch_usd) in page["answer.sentence"]


@pytest.mark.parametrize(
    ("groups", "text"),
    [
        ({}, "10,000 requests"),
        ({"workload": {"requests": 20_000}, "batches": TENS}, "10,000 requests each"),
        (
            {"workload": {"requests": 25_000}, "batches": TENS},
            "10,000 requests each, the last 5,000",
        ),
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
        ({"batches": TENS}, "All fit into one batch"),
        ({"workload": {"requests": 20_000}, "batches": TENS}, "asked for"),
        ({"workload": {"bytes_per_request": 1_000_000}, "batches": TENS}, "bytes"),
        ({"limits": {"queue_requests": 3000}, "batches": TENS}, "queue"),
        ({}, "Chosen: one batch holds all, and to cut it up would end no sooner."),
        (
            {"workload": {"requests": 1_000_000}},
            "as few batches as the provider's limit on the requests",
        ),
        (
            {"duration": {"model": "formula"}},
            "Chosen: larger batches would end 16 min later, 20 at once.",
        ),
    ],
)
def test_what_sets_the_size(groups: dict[str, Any], words: str) -> None:
    """The limit that binds is named, and where none does, that is said."""
    assert words in slots(**groups)["batches.binding"]


def test_a_tiny_cost_has_digits() -> None:
    """One request of one token costs something, and it can be read."""
    page = slots(
        workload={"requests": 1, "input_tokens": 1, "output_tokens": 1},
        retries={"transient_rate": 0},
    )
    assert Decimal(page["cost.batch"].removeprefix("$")) == Decimal("0.000006")


def test_every_text_of_a_plan() -> None:
    """Three batches by the formula, some requests without hope, a start and a deadline."""
    page = slots(
        workload={"requests": 25_000},
        batches=TENS,
        duration={"model": "formula"},
        retries={"permanent_rate": 0.001},
        goal={"start_at": "2026-11-22T22:00+01:00", "deadline_h": 2},
    )
    reasons = {name: text for name, text in page.items() if name.startswith("why.")}
    assert len(reasons) == 7
    assert {name: text for name, text in page.items() if name not in reasons} == {
        "page.title": "25,000 requests to Claude Sonnet 5.5: $137.36, 57 min",
        "answer.verdict": "Over 99.9 % likely to be done within 2 h.",
        "answer.sentence": (
            "25,000 requests to Claude Sonnet 5.5 in 3 batches cost $137.36, half of the real-time "
            "price, and are 85 % likely to be done by 22:57, within 57 min."
        ),
        "answer.half": "",
        "answer.tail": "Nearly all simulated runs take about as long.",
        "answer.changed": "",
        "batches.count": "3",
        "batches.size": "10,000 requests each, the last 5,000",
        "batches.binding": "Their size is set by the requests per batch that you asked for.",
        "time.p50": "57 min (22:57)",
        "time.p85": "57 min (22:57)",
        "time.p95": "57 min (22:57)",
        "time.deadline": "Over 99.9 % likely to be done within 2 h.",
        "time.expiry": "In no simulated run does a batch reach its 24 h end.",
        "time.evidence": "Judged by a formula, which knows no bad days.",
        "time.replications": "2,000 simulated runs, seed 1.",
        "cost.batch": "$137.36",
        "cost.realtime": "$274.73",
        "cost.saved": "$137.36",
        "cost.note": "Only the 24,975 answered requests are billed.",
        "requests.failed": "275",
        "requests.retried": "252",
        "requests.given_up": "25",
        "requests.answered": "24,975",
        "requests.expired": "0 %",
        "answers.max_tokens": "2,900",
        "answers.cut": "0.9 %",
        "retries.note": "Tried again: 250 after 60 s, 2 after 2 min.",
        "realtime.time": "1 h 3 min",
        "queue.caption": (
            "P85: 85 % of the runs are as fast, done after 57 min. One simulated run; its bars fade "
            "out to when they have ended in 95 % of the runs."
        ),
        "queue.range": "All 5 batches",
        "depth.caption": "Requests in the queue; limit 200,000.",
        "chance.caption": "Above: the share of 2,000 simulated runs that are done by then.",
        "program.settings": (
            "25,000 to claude-sonnet-5-5 · 10,000 a batch, 1 at once · max_tokens 2,900 · no budget"
        ),
        "assumptions.count": "29 values, 4 changed",
        "time.confident": "57 min (22:57)",
        "time.confidence": "85 % likely",
        "command": (
            "python -m planner plan --set workload.requests=25000 "
            "--set batches.requests_per_batch=10000 --set batches.concurrent=1 "
            "--set retries.permanent_rate=0.001 --set duration.model=formula "
            "--set goal.start_at='2026-11-22T22:00+01:00' --set goal.deadline_h=2"
        ),
        "facts.checked": facts.checked_on(),
    }


@pytest.mark.parametrize(
    ("groups", "text"),
    [
        ({"retries": {"transient_rate": 0}}, "Failed attempts are not billed."),
        (
            {"retries": {"max": 1}, "pricing": {"bill_failed": True}},
            "Counts all 10,100 attempts as billed, though failed ones are not.",
        ),
        ({"retries": {"max": 1}}, "Only the 9,999 answered requests are billed."),
        (
            {"retries": {"max": 3}, "pricing": {"geo": "us"}},
            (
                "Failed attempts are not billed. "
                "1.1 times the price for processing in the United States."
            ),
        ),
        (
            {
                "workload": {
                    "model": "claude-haiku-5-5",
                    "requests": 1000,
                    "input_tokens": 200_000,
                    "shared_prefix_tokens": 512,
                },
                "caching": {"mode": "1h"},
            },
            (
                "Failed attempts are not billed. "
                "Long-prompt price: above 100,000 tokens the whole request is dearer. "
                "699 requests read the cached prefix."
            ),
        ),
    ],
)
def test_notes_on_the_cost(groups: dict[str, Any], text: str) -> None:
    """What is billed, and each thing that makes it dearer or cheaper."""
    assert slots(**groups)["cost.note"] == text


@pytest.mark.parametrize(
    ("retries", "text"),
    [
        ({"transient_rate": 0}, "No request is expected to fail."),
        ({"max": 0}, "Nothing is tried again."),
        ({"max": 1}, "Tried again: 100 after 60 s."),
        (
            {"transient_rate": 0.1, "backoff": "fixed", "max": 2},
            "Tried again: 1,000 after 60 s, 100 after 60 s.",
        ),
    ],
)
def test_notes_on_the_retries(retries: dict[str, Any], text: str) -> None:
    """How many are sent again, and after which wait."""
    assert slots(retries=retries)["retries.note"] == text


@pytest.mark.parametrize(
    ("chance", "text"),
    [
        (None, "No deadline is set."),
        (0.0, "Under 0.1 % likely to be done within 3 h."),
        (0.5, "50 % likely to be done within 3 h."),
        (1.0, "Over 99.9 % likely to be done within 3 h."),
    ],
)
def test_the_chance_of_the_deadline(chance: float | None, text: str) -> None:
    """A share of simulated runs is never certainty."""
    plan = plan_of(goal={"deadline_h": 3})
    forecast = with_values(plan.forecast, deadline_probability=chance)
    assert page_of(with_values(plan, forecast=forecast))["time.deadline"] == text


def test_the_chance_of_runs_that_are_all_alike() -> None:
    """Where nothing varies the deadline is met for certain."""
    page = slots(
        duration={"model": "formula"}, retries={"transient_rate": 0}, goal={"deadline_h": 2.5}
    )
    assert page["time.deadline"] == "100 % likely to be done within 2.5 h."


def test_batches_that_expire() -> None:
    """In how many of the runs, and how the requests end."""
    endless = {"model": "formula", "seconds_per_request": 600, "parallel_requests": 1}
    page = slots(
        workload={"requests": 1000},
        batches=TENS,
        duration=endless,
        retries={"max": 0, "transient_rate": 0},
    )
    assert page["time.expiry"] == "In 100 % of the runs a batch reaches its 24 h end."
    assert page["requests.expired"] == "100 %"


def test_real_time_that_is_not_known() -> None:
    """Where no rates are published there is no time."""
    assert slots(limits={"tier": "custom"})["realtime.time"] == "not known"
