"""What the account may do: how many requests it may have in the queue, and what it may spend."""

from dataclasses import dataclass
from decimal import Decimal

from planner import facts
from planner.scenario import Limits

# Limits of these tiers are not published or are by arrangement; the plan counts with those of the
# nearest that is.
_COUNTED_AS = {"evaluation": "start", "custom": "scale"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """The limits of an account. `queue_known` is False where the tier's queue limit is not
    published.
    """

    tier: facts.Tier
    queue_requests: int
    queue_known: bool
    spend_left_usd: Decimal | None


def account_of(limits: Limits) -> Account:
    """What an account of that tier may do; limits of one's own go before the tier's."""
    tier = facts.tier(limits.tier)
    published = facts.tier(_COUNTED_AS.get(tier.key, tier.key))
    queue = limits.queue_requests or tier.queue_requests or published.queue_requests
    if not queue:
        raise AssertionError(f"tier {published.key} has no queue limit in facts/limits.json")
    cap = limits.monthly_spend_usd or (
        Decimal(tier.monthly_spend_usd) if tier.monthly_spend_usd else None
    )
    return Account(
        tier=tier,
        queue_requests=queue,
        queue_known=bool(limits.queue_requests or tier.queue_requests),
        spend_left_usd=None if cap is None else max(Decimal(0), cap - limits.spent_this_month_usd),
    )
