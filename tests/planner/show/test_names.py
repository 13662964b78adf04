"""Names of files say which plan it is."""

import pytest

from planner.plan import make_plan
from planner.scenario import parse
from planner.show.names import named_after


@pytest.mark.parametrize(
    ("requests", "model", "name"),
    [
        (2_000_000, "claude-sonnet-5-5", "2M-sonnet-5-5"),
        (1_500_000, "claude-haiku-5-5", "1500k-haiku-5-5"),
        (10_000, "claude-opus-5-5", "10k-opus-5-5"),
        (12_345, "claude-sonnet-4-20250514", "12345-sonnet-4-20250514"),
        (1, "claude-sonnet-5-5", "1-sonnet-5-5"),
    ],
)
def test_a_name(requests: int, model: str, name: str) -> None:
    """Requests, exact and short, and the model as the API calls it."""
    plan = make_plan(parse({"workload": {"requests": requests, "model": model}}))
    assert named_after(plan) == name
