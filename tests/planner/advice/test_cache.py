"""The cache: what cannot be cached, what is read too early, what is gone too soon."""

from dataclasses import replace as with_values

import pytest

from planner.advice.caveat import Caveat
from planner.advice.caveats import caveats
from tests.planner.advice.examples import caveat_of, plan_of


def test_nothing_to_cache() -> None:
    """Caching without a prefix is turned off."""
    assert caveat_of("cache-without-prefix") == Caveat(
        code="cache-without-prefix",
        severity="warns",
        message="There is nothing to cache: the shared prefix has 0 tokens.",
        fix={"caching.mode": "none"},
        fix_label="Turn caching off",
    )


def test_a_short_prefix() -> None:
    """A prefix that is silently not cached needs no caching; a longer one is another question."""
    assert caveat_of("cache-prefix-short") == Caveat(
        code="cache-prefix-short",
        severity="warns",
        message=(
            "Claude Sonnet 5.5 caches prefixes of 512 tokens or more; one of 511 is not cached, "
            "and nothing says so. The plan counts without caching."
        ),
        fix={"caching.mode": "none"},
        fix_label="Turn caching off",
    )


def test_a_cache_that_is_not_primed() -> None:
    """Those that start together all write; one request before them is the remedy."""
    caveat = caveat_of("cache-not-primed")
    assert caveat.fix_label.startswith("Prime the cache (") and "later)" in caveat.fix_label
    assert with_values(caveat, fix_label="Prime the cache") == Caveat(
        code="cache-not-primed",
        severity="notes",
        message=(
            "A cached prefix can be read once the first answer has begun. Without a priming "
            "request those that start together all write it; hit rates from 30 % to 98 % have "
            "been published."
        ),
        fix={"caching.prime": True},
        fix_label="Prime the cache",
    )


def test_a_cache_that_is_gone_too_soon() -> None:
    """Five minutes are less than a batch takes."""
    assert caveat_of("cache-short-lived") == Caveat(
        code="cache-short-lived",
        severity="warns",
        message=(
            "A batch often takes longer than the 5 minutes for which this cache lives; the "
            "provider advises 1 hour."
        ),
        fix={"caching.mode": "1h"},
        fix_label="Cache for 1 hour",
    )


@pytest.mark.parametrize(
    ("mode", "prime", "prefix", "codes"),
    [
        ("none", False, 0, []),
        ("none", False, 511, []),
        ("none", False, 512, []),
        ("1h", True, 512, []),
        ("1h", True, 511, ["cache-prefix-short"]),
        ("5m", False, 0, ["cache-without-prefix"]),
        ("5m", False, 511, ["cache-prefix-short"]),
        ("5m", False, 512, ["cache-short-lived", "cache-not-primed"]),
    ],
)
def test_which_of_them(mode: str, prime: bool, prefix: int, codes: list[str]) -> None:
    """What is not cached has one caveat; only what is cached can be early or late."""
    plan = plan_of(
        {
            "caching": {"mode": mode, "prime": prime},
            "workload": {"input_tokens": 600, "shared_prefix_tokens": prefix},
        }
    )
    every = [caveat.code for caveat in caveats(plan)]
    assert [code for code in every if code.startswith("cache-")] == codes
