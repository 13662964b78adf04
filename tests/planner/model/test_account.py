"""What the account may do, by tier and by limits of one's own."""

from decimal import Decimal
from typing import Any

import pytest

from planner.model.account import account_of
from planner.scenario import parse


@pytest.mark.parametrize(
    ("limits", "queue", "known"),
    [
        ({"tier": "start"}, 200_000, True),
        ({"tier": "build"}, 300_000, True),
        ({"tier": "scale"}, 500_000, True),
        ({"tier": "evaluation"}, 200_000, False),
        ({"tier": "custom"}, 500_000, False),
        ({"tier": "custom", "queue_requests": 7}, 7, True),
        ({"tier": "start", "queue_requests": 250_000}, 250_000, True),
    ],
)
def test_queue_limit(limits: dict[str, Any], queue: int, known: bool) -> None:
    """One's own limit, else the tier's, else that of the nearest tier that is published, marked as
    not known.
    """
    account = account_of(parse({"limits": limits}).limits)
    assert (account.queue_requests, account.queue_known) == (queue, known)


@pytest.mark.parametrize(
    ("limits", "left"),
    [
        ({"tier": "start"}, 500),
        ({"tier": "start", "spent_this_month_usd": 120.5}, Decimal("379.5")),
        ({"tier": "start", "spent_this_month_usd": 9999}, 0),
        ({"tier": "start", "monthly_spend_usd": 80}, 80),
        ({"tier": "custom"}, None),
        ({"tier": "evaluation"}, None),
        ({"tier": "custom", "monthly_spend_usd": 10}, 10),
    ],
)
def test_spend_left(limits: dict[str, Any], left: Decimal | None) -> None:
    """What is left of the month: one's own limit or the tier's, less what is spent; never less than
    nothing.
    """
    assert account_of(parse({"limits": limits}).limits).spend_left_usd == left
