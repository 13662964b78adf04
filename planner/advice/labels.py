"""What a way is called beside the plan at hand: its model, cut, cache and share in real time."""

from planner import facts
from planner.plan import Plan
from planner.words import count, share


def label(plan: Plan, other: Plan) -> str:
    """What another plan is, beside a plan: 'Haiku 5.5, 20 × 100,000, 12 % in real time'."""
    fast = other.scenario.batches.realtime_share
    part = f", {share(fast)} in real time" if fast else ""
    return f"{_short(other.model)}, {_cut_words(other)}{_cache_words(plan, other)}{part}"


def real_time_label(plan: Plan, other: Plan) -> str:
    """What all of another plan in real time is: 'Haiku 5.5, real time, not cached'."""
    return f"{_short(other.model)}, real time{_cache_words(plan, other)}"


def _short(model: facts.Model) -> str:
    return model.name.removeprefix("Claude ")


def _cut_words(plan: Plan) -> str:
    batches = len(plan.batches) - plan.primes
    if batches == 1:
        return "1 batch"
    return f"{count(batches)} × {count(plan.largest_batch.requests)}"


def _cache_words(plan: Plan, other: Plan) -> str:
    """How its prefix is cached, where that is not as in the plan at hand."""
    before, after = plan.scenario.caching, other.scenario.caching
    if (before.mode, before.prime and plan.caches) == (after.mode, after.prime and other.caches):
        return ""
    if not other.caches:
        return ", not cached" if plan.caches else ""
    life = "5 min" if after.mode == "5m" else "1 h"
    return f", cached for {life}{'' if after.prime else ', not primed'}"
