"""Say whether the cache can do what is hoped of it."""

from collections.abc import Iterator

from planner import facts, scenario
from planner.advice.caveat import Caveat, Change
from planner.plan import Plan, cost_of
from planner.words import count, money, percent, share

_OFF: Change = {"caching.mode": "none"}


def _nothing_to_cache(plan: Plan) -> Iterator[Caveat]:
    if plan.scenario.caching.mode != "none" and not plan.scenario.workload.shared_prefix_tokens:
        yield Caveat(
            code="cache-without-prefix",
            severity="warns",
            message="There is nothing to cache: the shared prefix has 0 tokens.",
            fix=_OFF,
            fix_label="Turn caching off",
        )


def _short_prefix(plan: Plan) -> Iterator[Caveat]:
    work, least = plan.scenario.workload, plan.model.min_cacheable_tokens or 0
    if plan.scenario.caching.mode != "none" and 0 < work.shared_prefix_tokens < least:
        yield Caveat(
            code="cache-prefix-short",
            severity="warns",
            message=(
                f"{plan.model.name} caches prefixes of {count(least)} tokens or more; one of "
                f"{count(work.shared_prefix_tokens)} is not cached, and nothing says so. "
                "The plan counts without caching."
            ),
            fix=_OFF,
            fix_label="Turn caching off",
        )


def _not_primed(plan: Plan) -> Iterator[Caveat]:
    if plan.caches and not plan.scenario.caching.prime:
        low, high = (
            percent(float(facts.limit(key).value))
            for key in ("cache_hit_rate_low", "cache_hit_rate_high")
        )
        yield Caveat(
            code="cache-not-primed",
            severity="notes",
            message=(
                "A cached prefix can be read once the first answer has begun. Without a priming "
                "request those that start together all write it; hit rates from "
                f"{low} to {high} have been published."
            ),
            fix={"caching.prime": True},
            fix_label="Prime the cache",
        )


def _short_lived(plan: Plan) -> Iterator[Caveat]:
    if plan.caches and plan.scenario.caching.mode == "5m":
        yield Caveat(
            code="cache-short-lived",
            severity="warns",
            message=(
                "A batch often takes longer than the 5 minutes for which this cache lives; "
                "the provider advises 1 hour."
            ),
            fix={"caching.mode": "1h"},
            fix_label="Cache for 1 hour",
        )


def _dearer_than_none(plan: Plan) -> Iterator[Caveat]:
    if not plan.caches:
        return
    without = cost_of(scenario.replace(plan.scenario, _OFF)).batch_usd
    if plan.cost.batch_usd > without:
        yield Caveat(
            code="cache-costs-more",
            severity="warns",
            message=(
                f"The cache costs more than it saves: {money(plan.cost.batch_usd)} with it, "
                f"{money(without)} without. It pays from a hit rate of {_paying_rate(plan)} on."
            ),
            fix=_OFF,
            fix_label="Turn caching off",
        )


def _paying_rate(plan: Plan) -> str:
    """The hit rate from which on writing and reading the prefix costs less than sending it."""
    prices, hour = plan.tariff.batch, plan.scenario.caching.mode == "1h"
    write = prices.cache_write_1h if hour else prices.cache_write_5m
    return share(float((write - prices.input) / (write - prices.cache_read)))


RULES = (_nothing_to_cache, _short_prefix, _dearer_than_none, _not_primed, _short_lived)
