"""Every caveat: when it comes, what it says, and that its remedy removes it."""

import re
from pathlib import Path

import pytest
from hypothesis import given, settings

from planner import advice
from planner.advice.caveat import SEVERITIES
from planner.advice.caveats import caveats
from planner.plan import make_plan
from planner.scenario import Scenario, replace
from tests.planner.advice.examples import EXAMPLES, Raw, caveat_of, caveats_of, plan_of
from tests.strategies import scenarios

# no cause of any caveat: small batches, an own limit on the answers
CALM: Raw = {"workload": {"requests": 100, "max_tokens": 2900}}

EACH = pytest.mark.parametrize("code", EXAMPLES)


# ---- each of them


def test_every_caveat_has_an_example() -> None:
    """No caveat is impossible: each code that a rule can say has an example, and no other."""
    folder = Path(advice.__file__).parent
    sources = " ".join(path.read_text("utf-8") for path in sorted(folder.glob("*.py")))
    assert set(re.findall(r'code="([a-z-]+)"', sources)) == set(EXAMPLES)


@EACH
def test_its_message_is_a_sentence(code: str) -> None:
    """It begins with a capital letter, a number or a name, and ends with a full stop."""
    caveat = caveat_of(code)
    assert re.match(r"[A-Z0-9]|max_tokens ", caveat.message)
    assert caveat.message.endswith(".")
    assert not re.search(r"\d{5}|\bNone\b|\bnan\b|\{|\}|  |\d\.\d{4}", caveat.message)
    assert not re.search(r"\b1 (requests|batches|retries|calls|times)\b", caveat.message)


@EACH
def test_its_remedy(code: str) -> None:
    """A remedy has a label and is a change of the scenario after which the caveat is gone."""
    plan, caveat = plan_of(EXAMPLES[code]), caveat_of(code)
    assert bool(caveat.fix) == bool(caveat.fix_label)
    if caveat.fix:
        assert caveats_of(make_plan(replace(plan.scenario, caveat.fix)), code) == []


def test_a_calm_plan_has_none() -> None:
    """A scenario without any of these causes has no caveat."""
    assert caveats(plan_of(CALM)) == ()


def test_the_order() -> None:
    """What blocks, what warns, what is to be known; among equals model, money, time and so on."""
    plan = plan_of(
        {
            "workload": {"model": "claude-sonnet-4-0", "requests": 100_000, "max_tokens": 1500},
            "retries": {"max": 0, "permanent_rate": 0.1},
            "caching": {"mode": "5m"},
            "goal": {"budget_usd": 1, "deadline_h": 1},
            "batches": {"poll_s": 600},
        }
    )
    assert [caveat.code for caveat in caveats(plan)] == [
        "model-retired",
        "spend-limit",
        "budget-exceeded",
        "deadline-unlikely",
        "answers-cut",
        "cache-without-prefix",
        "retries-too-few",
        "permanent-failures",
        "polling-slow",
        "evidence-thin",
    ]


# ---- laws


@given(scenarios(most_batches=6))
@settings(max_examples=30)
def test_those_that_block_come_first(scenario: Scenario) -> None:
    """The list begins with the gravest, and no code comes twice."""
    every = caveats(make_plan(scenario))
    ranks = [SEVERITIES.index(caveat.severity) for caveat in every]
    assert ranks == sorted(ranks)
    assert len({caveat.code for caveat in every}) == len(every)
