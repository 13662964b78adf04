"""Steps, taken to their end or left."""

import json

from planner import bridge
from planner.steps import Steps, finish


def count(steps: int) -> Steps[str]:
    """So many steps, and how many there were."""
    for _ in range(steps):
        yield
    return f"{steps} steps"


def test_the_result_comes_after_all_steps() -> None:
    """However many there are."""
    assert [finish(count(steps)) for steps in (0, 1, 3)] == ["0 steps", "1 steps", "3 steps"]


def test_ways_come_in_steps_of_one_plan_and_a_plan_at_once() -> None:
    """What takes as long as several plans can be left between two of them; the answer is the same."""
    plan, ways = (json.dumps({"query": "", "want": want}) for want in ("plan", "ways"))
    assert len(list(bridge.answer(plan))) == 0
    assert len(list(bridge.answer(ways))) >= 3
    assert finish(bridge.answer(ways)) == bridge.handle(ways)
