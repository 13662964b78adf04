"""Every caveat: when it comes, what it says, and that its remedy removes it."""

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from planner import advice, facts
from planner.advice import Caveat, caveats
from planner.plan import Plan, make_plan
from planner.scenario import FIELDS, Scenario, parse, replace
from tests.strategies import scenarios

RANK = {"notes": 1, "warns": 2, "blocks": 3}

Raw = dict[str, dict[str, Any]]

# Without any of these the plan has no caveat: known queue, own max_tokens, a formula would be a caveat, so few requests.
CALM: Raw = {"workload": {"requests": 100, "max_tokens": 2900}}

# code: (scenario, severity, what the message says, whether there is a remedy)
EXAMPLES: dict[str, tuple[Raw, str, str, bool]] = {
    "model-retired": ({"workload": {"model": "claude-sonnet-4-20250514"}}, "blocks", "2026-06-15", True),
    "model-retires-soon": ({"workload": {"model": "claude-sonnet-4-5"}}, "warns", "2026-11-30", True),
    "model-limited-access": ({"workload": {"model": "claude-mythos-5-2"}}, "warns", "verified", True),
    "geo-unsupported": (
        {"workload": {"model": "claude-haiku-4-5"}, "pricing": {"geo": "us"}}, "blocks", "inference_geo", True,
    ),
    "spend-limit": ({"workload": {"requests": 100_000}}, "blocks", "$500.00", True),
    "budget-exceeded": ({"goal": {"budget_usd": 54.99}}, "warns", "$0.01 more", True),
    "deadline-unlikely": ({"goal": {"deadline_h": 0.1}}, "warns", "0.1 h", True),
    "realtime-meets-deadline": (
        {"workload": {"requests": 100_000, "output_tokens": 10}, "goal": {"deadline_h": 2}}, "notes", "real time", False,
    ),
    "max-tokens-proposed": ({}, "notes", "5 %", True),
    "answers-cut": ({"workload": {"max_tokens": 2000}}, "warns", "5 %", True),
    "long-output-header": ({"workload": {"output_tokens": 100_000}}, "notes", "output-300k-2026-03-24", True),
    "long-prompt-price": (
        {"workload": {"model": "claude-haiku-5-5", "input_tokens": 100_001}}, "warns", "$0.25 instead of $0.05", True,
    ),
    "cache-without-prefix": ({"caching": {"mode": "1h"}}, "warns", "nothing to cache", True),
    "cache-prefix-short": (
        {"caching": {"mode": "1h"}, "workload": {"input_tokens": 600, "shared_prefix_tokens": 511}}, "warns", "512", True,
    ),
    "cache-not-primed": (
        {"caching": {"mode": "1h", "prime": False}, "workload": {"input_tokens": 600, "shared_prefix_tokens": 600}},
        "notes", "30 % to 98 %", True,
    ),
    "cache-short-lived": (
        {"caching": {"mode": "5m"}, "workload": {"input_tokens": 600, "shared_prefix_tokens": 600}}, "warns", "1 hour", True,
    ),
    "expiry-risk": (
        {
            "workload": {"requests": 60_000}, "batches": {"requests_per_batch": 60_000}, "limits": {"tier": "scale"},
            "duration": {"model": "history", "history": [[60_000, 100_000], [4000, 20_000]]},
        },
        "warns", "24 h", True,
    ),
    "retries-too-few": ({"retries": {"max": 0}}, "warns", "100 requests", True),
    "permanent-failures": ({"retries": {"permanent_rate": 0.05}}, "notes", "500 requests", True),
    "queue-unknown": ({"limits": {"tier": "custom"}}, "warns", "500,000", True),
    "queue-binds": (
        {"workload": {"requests": 50_000}, "batches": {"concurrent": 5}, "limits": {"queue_requests": 20_000}},
        "notes", "2 batches of 10,000", True,
    ),
    "bytes-bind": ({"workload": {"bytes_per_request": 1_000_000}}, "notes", "batches of 243", True),
    "polling-too-fast": (
        {"workload": {"requests": 10_000}, "batches": {"requests_per_batch": 100, "concurrent": 100, "poll_s": 1}},
        "warns", "1,000 calls a minute", True,
    ),
    "polling-slow": ({"batches": {"poll_s": 3600}}, "notes", "1 h late", True),
    "evidence-thin": ({}, "notes", "public observations", False),
    "guide-unsupported": ({"duration": {"model": "guide"}}, "warns", "No measurement", True),
    "formula-assumed": ({"duration": {"model": "formula"}}, "notes", "no slow hours", True),
    "history-short": ({"duration": {"model": "history", "history": [[10_000, 1000]]}}, "notes", "1 batch", True),
    "history-link-long": (
        {"duration": {"model": "history", "history": [[100, 60]] * 501}}, "notes", "501", False,
    ),
}  # fmt: skip
EACH = pytest.mark.parametrize("code", EXAMPLES)


def plan_of(raw: Raw) -> Plan:
    """The plan of a scenario file."""
    return make_plan(parse(raw))


def found(plan: Plan, code: str) -> list[Caveat]:
    """The caveats of that kind."""
    return [caveat for caveat in caveats(plan) if caveat.code == code]


# ---- each of them


def test_every_caveat_has_an_example() -> None:
    """No caveat is impossible: each code that the module can say is said of a scenario here, and no other exists."""
    said = set(re.findall(r'"([a-z]+(?:-[a-z]+)+)"', Path(advice.__file__).read_text("utf-8")))
    assert {code for code in said if not code.startswith("claude-")} == set(EXAMPLES)


@EACH
def test_it_comes_once(code: str) -> None:
    """The example has it exactly once, of the right weight, saying what matters."""
    raw, severity, said, _ = EXAMPLES[code]
    (caveat,) = found(plan_of(raw), code)
    assert caveat.severity == severity
    assert said in caveat.message


@EACH
def test_its_remedy(code: str) -> None:
    """Where there is a remedy it has a label and is a change of the scenario after which the caveat is gone."""
    raw, _, _, has_fix = EXAMPLES[code]
    plan = plan_of(raw)
    (caveat,) = found(plan, code)
    assert bool(caveat.fix) == bool(caveat.fix_label) == has_fix
    if has_fix:
        assert found(make_plan(replace(plan.scenario, caveat.fix)), code) == []


def test_a_calm_plan_has_none() -> None:
    """A scenario without any of these causes has no caveat."""
    assert caveats(plan_of(CALM)) == ()


@EACH
def test_its_message_is_a_sentence(code: str) -> None:
    """It begins with a capital letter, a number or a name, and ends with a full stop."""
    (caveat,) = found(plan_of(EXAMPLES[code][0]), code)
    assert caveat.message.endswith(".")
    assert not re.search(r"\d{5}|\bNone\b|\bnan\b|\{|\}|  |\d\.\d{4}", caveat.message)
    assert not re.search(r"\b1 (requests|batches|retries|calls|times)\b", caveat.message)


# ---- their edges


@pytest.mark.parametrize(("prefix", "code"), [(511, "cache-prefix-short"), (512, None)])
def test_edge_of_the_shortest_prefix(prefix: int, code: str | None) -> None:
    """The model's minimum itself is enough."""
    plan = plan_of(
        {
            "caching": {"mode": "1h"},
            "workload": {"input_tokens": 600, "shared_prefix_tokens": prefix},
        }
    )
    assert [caveat.code for caveat in caveats(plan) if caveat.code.startswith("cache")] == (
        [code] if code else []
    )


def test_a_prefix_that_cannot_be_lengthened() -> None:
    """A prompt shorter than the minimum cannot be cached at all: the remedy is to turn caching off."""
    plan = plan_of(
        {"caching": {"mode": "1h"}, "workload": {"input_tokens": 400, "shared_prefix_tokens": 400}}
    )
    (caveat,) = found(plan, "cache-prefix-short")
    assert caveat.fix == {"caching.mode": "none"}


@pytest.mark.parametrize(("budget", "over"), [(55, False), (54.9999, True)])
def test_edge_of_the_budget(budget: float, over: bool) -> None:
    """The cost itself is within the budget; a hundredth of a cent less is not."""
    assert bool(found(plan_of({"goal": {"budget_usd": budget}}), "budget-exceeded")) is over


@pytest.mark.parametrize(("spent", "over"), [(445, False), (445.01, True)])
def test_edge_of_the_spend_limit(spent: float, over: bool) -> None:
    """Tier Start allows $500 a month: with $445 spent, $55 are left and enough."""
    assert bool(found(plan_of({"limits": {"spent_this_month_usd": spent}}), "spend-limit")) is over


def test_a_larger_tier_is_the_remedy_of_the_spend_limit() -> None:
    """$550 fit into the $1,000 of Build."""
    (caveat,) = found(plan_of({"workload": {"requests": 100_000}}), "spend-limit")
    assert caveat.fix == {"limits.tier": "build"}


def test_fewer_requests_are_the_remedy_of_an_own_limit() -> None:
    """An own limit does not grow with the tier: of $55 at most $11 are a fifth of the requests."""
    (caveat,) = found(plan_of({"limits": {"monthly_spend_usd": 11}}), "spend-limit")
    assert caveat.fix == {"workload.requests": 2000}


def test_nothing_left_to_spend() -> None:
    """When nothing is left there is nothing that fits."""
    (caveat,) = found(
        plan_of({"limits": {"monthly_spend_usd": 11, "spent_this_month_usd": 11}}), "spend-limit"
    )
    assert caveat.fix == {}


@pytest.mark.parametrize(
    ("start", "code", "severity"),
    [
        ("2026-09-30T12:00+00:00", None, None),
        ("2026-10-02T12:00+00:00", "model-retires-soon", "warns"),
        ("2026-11-29T12:00+00:00", "model-retires-soon", "warns"),
        ("2026-11-30T12:00+00:00", "model-retired", "blocks"),
        ("2026-12-01T12:00+00:00", "model-retired", "blocks"),
    ],
)
def test_edge_of_a_retirement(start: str, code: str | None, severity: str | None) -> None:
    """Sonnet 4.5 retires on 2026-11-30: sixty days before it is said, and a run that starts on that day or later fails."""
    plan = plan_of({"workload": {"model": "claude-sonnet-4-5"}, "goal": {"start_at": start}})
    said = [
        (caveat.code, caveat.severity)
        for caveat in caveats(plan)
        if caveat.code.startswith("model-reti")
    ]
    assert said == ([(code, severity)] if code else [])


def test_a_model_that_is_only_promised() -> None:
    """A model whose promise runs out is a note, not a warning."""
    (caveat,) = found(plan_of({"workload": {"model": "claude-haiku-4-5"}}), "model-retires-soon")
    assert caveat.severity == "notes"
    assert "2026-10-15, which is past" in caveat.message


def test_a_model_whose_end_is_announced() -> None:
    """Opus 4.5 is deprecated: a warning that names the day."""
    (caveat,) = found(plan_of({"workload": {"model": "claude-opus-4-5"}}), "model-retires-soon")
    assert caveat.severity == "warns"
    assert "2027-01-22" in caveat.message


def test_a_model_whose_end_is_not_known() -> None:
    """Mythos Preview is deprecated, and sources disagree on its end: a warning, and the run is not blocked."""
    plan = plan_of({"workload": {"model": "claude-mythos-preview"}})
    (caveat,) = found(plan, "model-retires-soon")
    assert (caveat.severity, caveat.fix) == ("warns", {"workload.model": "claude-mythos-5-2"})
    assert found(plan, "model-retired") == []


def test_a_model_that_is_young() -> None:
    """A model with a year to go has no caveat of its age."""
    assert found(plan_of({}), "model-retires-soon") == []


@pytest.mark.parametrize("model", facts.models(), ids=lambda model: model.id)
def test_every_successor_can_take_over(model: facts.Model) -> None:
    """The longest prompt and the longest answer of an old model fit the one that is proposed instead."""
    answer = model.batch_max_output_tokens
    work = {
        "model": model.id,
        "output_tokens": answer,
        "input_tokens": min(model.context_tokens - answer, 1_000_000),
    }
    plan = plan_of({"workload": {**work, "requests": 10}, "limits": {"monthly_spend_usd": 10**8}})
    for caveat in caveats(plan):
        if "workload.model" in caveat.fix:
            make_plan(replace(plan.scenario, caveat.fix))


@pytest.mark.parametrize(
    ("concurrent", "queue", "binds"),
    [(2, 20_000, False), (3, 20_000, True), (3, 30_000, False), (3, 29_999, True)],
)
def test_edge_of_the_queue(concurrent: int, queue: int, binds: bool) -> None:
    """As many batches as fit are no caveat; one more is."""
    plan = plan_of(
        {
            "workload": {"requests": 50_000},
            "batches": {"concurrent": concurrent},
            "limits": {"queue_requests": queue},
        }
    )
    assert bool(found(plan, "queue-binds")) is binds


def test_more_at_once_than_there_are_batches() -> None:
    """Nobody needs room for batches that do not exist."""
    plan = plan_of({"batches": {"concurrent": 100}, "limits": {"queue_requests": 10_000}})
    assert found(plan, "queue-binds") == []


def test_one_batch_is_not_bound_by_bytes() -> None:
    """Five requests of 1 MB fit into one batch: the bytes made nothing smaller."""
    assert (
        found(plan_of({"workload": {"requests": 5, "bytes_per_request": 1_000_000}}), "bytes-bind")
        == []
    )


@pytest.mark.parametrize(("poll_s", "fast"), [(6, False), (5.99, True)])
def test_edge_of_polling(poll_s: float, fast: bool) -> None:
    """100 batches every 6 s are the 1,000 calls a minute that are allowed."""
    plan = plan_of({"batches": {"requests_per_batch": 100, "concurrent": 100, "poll_s": poll_s}})
    assert bool(found(plan, "polling-too-fast")) is fast


def test_a_deadline_that_no_field_can_hold() -> None:
    """When even 720 hours are too few there is no remedy of the deadline."""
    plan = plan_of(
        {"workload": {"requests": 40_000}, "batches": {"requests_per_batch": 1000}, "goal": {"deadline_h": 720},
         "duration": {"model": "history", "history": [[1000, 80_000]]}}
    )  # fmt: skip
    (caveat,) = found(plan, "deadline-unlikely")
    assert caveat.fix == {}


def test_more_retries_than_allowed() -> None:
    """At 90 % failures even ten retries leave some; with ten there is no remedy any more."""
    (caveat,) = found(plan_of({"retries": {"transient_rate": 0.9, "max": 10}}), "retries-too-few")
    assert caveat.fix == {}


@pytest.mark.parametrize(
    "raw",
    [
        {
            "workload": {
                "model": "claude-fable-5-2",
                "requests": 89,
                "input_tokens": 1043,
                "output_tokens": 1,
            },
            "retries": {"max": 1},
            "pricing": {"bill_failed": True},
            "goal": {"budget_usd": 0.3137},
        },
        {
            "workload": {
                "requests": 100,
                "input_tokens": 100_000,
                "output_tokens": 1,
                "shared_prefix_tokens": 100_000,
            },
            "caching": {"mode": "1h", "hit_rate": 1},
            "goal": {"budget_usd": 0.4},
        },
    ],
    ids=["attempts that are counted", "a cache that is written once"],
)
def test_fewer_requests_really_fit_the_budget(raw: Raw) -> None:
    """Cost does not shrink in exact proportion; the number proposed fits all the same, and one more would not."""
    plan = plan_of(raw)
    (caveat,) = found(plan, "budget-exceeded")
    fitting = caveat.fix["workload.requests"]
    budget = plan.scenario.goal.budget_usd
    assert (
        make_plan(replace(plan.scenario, {"workload.requests": fitting})).cost.batch_usd <= budget
    )
    assert (
        make_plan(replace(plan.scenario, {"workload.requests": fitting + 1})).cost.batch_usd
        > budget
    )


# ---- laws


def measure(plan: Plan, caveat: Caveat) -> float:
    """How bad it is, where a remedy may only lessen it."""
    return {
        "expiry-risk": plan.forecast.expiry_probability,
        "retries-too-few": float(plan.rounds[-1].failed_transient),
        "answers-cut": plan.answers.share_cut,
    }.get(caveat.code, 0.0)


@given(scenarios(most_batches=6))
@settings(max_examples=40)
def test_every_remedy_helps(asked: Scenario) -> None:
    """A remedy names fields, can be planned, and after it the caveat is gone, or weighs less."""
    plan = make_plan(asked)
    names = {field.name for field in FIELDS}
    for caveat in caveats(plan):
        assert set(caveat.fix) <= names
        assert bool(caveat.fix) == bool(caveat.fix_label)
        if caveat.fix:
            mended = make_plan(replace(asked, caveat.fix))
            for left in found(mended, caveat.code):
                lighter = RANK[left.severity] < RANK[caveat.severity]
                assert lighter or measure(mended, left) < measure(plan, caveat), caveat.code


@given(scenarios(most_batches=6))
@settings(max_examples=30)
def test_those_that_block_come_first(asked: Scenario) -> None:
    """The list begins with the gravest, and no code comes twice."""
    said = caveats(make_plan(asked))
    ranks = [RANK[caveat.severity] for caveat in said]
    assert ranks == sorted(ranks, reverse=True)
    assert len({caveat.code for caveat in said}) == len(said)
