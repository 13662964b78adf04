"""The plan as JSON: the contract's names, exact money, and nothing that JSON does not have."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner import facts
from planner.advice.caveats import caveats
from planner.advice.ways import ways
from planner.plan import Plan, make_plan
from planner.scenario import Scenario, parse
from planner.show.export import export, export_text, usd
from tests.strategies import scenarios


def exported(**groups: dict[str, Any]) -> dict[str, Any]:
    """The document of a scenario."""
    return document_of(make_plan(parse(groups)))


def document_of(plan: Plan) -> dict[str, Any]:
    """The document of a plan, its caveats and its ways."""
    return export(plan, caveats(plan), ways(plan))


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("0", "0.00"),
        ("55", "55.00"),
        ("82.5", "82.50"),
        ("262.5025", "262.5025"),
        ("5.025", "5.025"),
        ("25.12525", "25.1253"),
        ("0.00004", "0.00"),
        ("0.00005", "0.0001"),
        ("2.5E+8", "250000000.00"),
        ("99.99995", "100.00"),
    ],
)
def test_usd(amount: str, text: str) -> None:
    """Two decimals, up to four where there are fractions of a cent, rounded half up, never an
    exponent.
    """
    assert usd(Decimal(amount)) == text


@given(st.decimals("0", "1e9", places=9))
def test_usd_is_exact_to_a_hundredth_of_a_cent(amount: Decimal) -> None:
    """Read back it differs by half of that at most."""
    assert abs(Decimal(usd(amount)) - amount) <= Decimal("0.00005")


def test_the_document_of_the_default() -> None:
    """Every part that the contract names, with the numbers of the default."""
    document = exported()
    assert document["format"] == 2
    assert document["catalogue"] == {"checked_on": facts.checked_on()}
    assert {
        name: document["batches"][0][name] for name in ("number", "requests", "round", "binding")
    } == {
        "number": 1,
        "requests": 10_000,
        "round": 0,
        "binding": "count",
    }
    cost = document["cost"]
    assert (cost["batch_usd"], cost["realtime_usd"], cost["saved_usd"]) == (
        "55.00",
        "110.00",
        "55.00",
    )
    assert cost["lines"][0] == {
        "kind": "input",
        "tokens": 5_000_000,
        "usd_per_mtok": "1",
        "usd": "5.00",
    }
    assert document["requests"] == {
        "failed_first_round": 100,
        "retried": 116,
        "given_up": 0,
        "answered": 10_000,
    }
    assert set(document["answers"]) == {"max_tokens", "share_cut"}
    assert document["answers"]["max_tokens"] == 2900
    assert set(document) == {
        "format", "scenario", "catalogue", "batches", "time", "cost", "requests", "answers",
        "realtime", "caveats", "verdict", "ways",
    }  # fmt: skip
    assert document["realtime"] == {"seconds": 1500.0, "binding": "otpm"}
    assert document["time"]["deadline_probability"] is None
    assert set(document["time"]) == {
        "p50_s", "p85_s", "p95_s", "confidence_s", "deadline_probability", "expiry_probability",
        "replications",
    }  # fmt: skip


def test_retry_batches_are_batches() -> None:
    """The batches of all rounds are listed, as expected, with their round."""
    assert [batch["round"] for batch in exported()["batches"]] == [0, 1, 2]


def test_caveats_and_ways_are_in_it() -> None:
    """Each with its code, weight, message and remedy; each with its change, time and cost."""
    document = exported(workload={"model": "claude-sonnet-4-0"})
    assert document["caveats"][0]["code"] == "model-retired"
    assert document["caveats"][0]["fix"] == {"workload.model": "claude-sonnet-5-5"}
    assert all(
        set(each)
        == {"change", "label", "p85_s", "chance", "usd", "meets", "this", "realtime_share"}
        for each in document["ways"]
    )


def test_real_time_that_is_not_known() -> None:
    """It is null, not a guess."""
    assert exported(limits={"tier": "evaluation"})["realtime"] is None


@given(scenarios(most_batches=5))
@settings(max_examples=8)
def test_the_document_is_strict_json(scenario: Scenario) -> None:
    """No NaN, no Decimal, no tuple that comes back otherwise; its scenario is the one that was
    asked.
    """
    plan = make_plan(scenario)
    text = export_text(plan, caveats(plan), ways(plan))
    document = json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert json.dumps(document, ensure_ascii=False, indent=1) == text
    assert parse(document["scenario"]) == scenario


@given(scenarios(most_batches=5))
@settings(max_examples=8)
def test_money_adds_up_in_the_document(scenario: Scenario) -> None:
    """Batch and saving make real time, to a hundredth of a cent for each number."""
    cost = document_of(make_plan(scenario))["cost"]
    batch, saved, real_time = (
        Decimal(cost[name]) for name in ("batch_usd", "saved_usd", "realtime_usd")
    )
    assert abs(batch + saved - real_time) <= Decimal("0.0002")
    assert abs(sum(Decimal(cost_line["usd"]) for cost_line in cost["lines"]) - batch) <= Decimal(
        "0.0004"
    )
