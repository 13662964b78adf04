"""The verdict on a goal."""

from typing import Any

import pytest

from planner.advice.verdict import Verdict, verdict
from tests.planner.advice.examples import plan_of


@pytest.mark.parametrize(
    ("raw", "deadline", "budget", "blocked", "meets"),
    [
        ({}, None, None, False, True),
        ({"goal": {"deadline_h": 700}}, True, None, False, True),
        ({"goal": {"deadline_h": 0.1}}, False, None, False, False),
        ({"goal": {"budget_usd": 55}}, None, True, False, True),
        ({"goal": {"budget_usd": 54.99, "deadline_h": 700}}, True, False, False, False),
        ({"workload": {"model": "claude-sonnet-4-0"}}, None, None, True, False),
        ({"workload": {"requests": 200_000}}, None, None, True, False),
    ],
)
def test_verdict(raw: Any, deadline: Any, budget: Any, blocked: bool, meets: bool) -> None:
    """Kept, missed, or nothing asked; a run that would stop meets nothing."""
    judged = verdict(plan_of(raw))
    assert judged == Verdict(deadline=deadline, budget=budget, blocked=blocked)
    assert judged.meets is meets
