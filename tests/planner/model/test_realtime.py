"""How long the same would take in real time: the rate limit that binds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner import facts
from planner.facts import Rates
from planner.model.realtime import pace

RATES = Rates(rpm=1000, itpm=2_000_000, otpm=400_000, source="", date="")


@pytest.mark.parametrize(
    ("requests", "input_tokens", "output_tokens", "cached_tokens", "seconds", "binding"),
    [
        (10_000, 5_000_000, 100_000, 0, 600.0, "rpm"),
        (10_000, 100_000_000, 100_000, 0, 3000.0, "itpm"),
        (10_000, 5_000_000, 10_000_000, 0, 1500.0, "otpm"),
        (10_000, 100_000_000, 100_000, 90_000_000, 600.0, "rpm"),
    ],
)
def test_pace(
    requests: int,
    input_tokens: int,
    output_tokens: int,
    cached_tokens: int,
    seconds: float,
    binding: str,
) -> None:
    """The longest of three: requests, fresh input tokens, output tokens, each over its limit in a
    minute.
    """
    found = pace(requests, input_tokens, output_tokens, cached_tokens, RATES)
    assert (found.seconds, found.binding) == (seconds, binding)


@given(st.integers(1, 10**7), st.integers(1, 10**6), st.integers(1, 10**5), st.floats(0, 1))
def test_pace_breaks_no_limit(requests: int, prompt: int, answer: int, cached: float) -> None:
    """At that pace no limit is exceeded, and the one that binds is used to the full."""
    cached_tokens = int(requests * prompt * cached)
    found = pace(requests, requests * prompt, requests * answer, cached_tokens, RATES)
    minutes = found.seconds / 60
    used = {
        "rpm": requests / minutes / RATES.rpm,
        "itpm": (requests * prompt - cached_tokens) / minutes / RATES.itpm,
        "otpm": requests * answer / minutes / RATES.otpm,
    }
    assert all(share <= 1 + 1e-9 for share in used.values())
    assert used[found.binding] == pytest.approx(1)


@given(st.integers(1, 10**7), st.integers(1, 10**6), st.integers(1, 10**5), st.integers(0, 10**6))
def test_more_cached_is_never_slower(requests: int, prompt: int, answer: int, cached: int) -> None:
    """Cache reads do not count to the limit on input tokens."""
    none, some = (
        pace(requests, requests * prompt, requests * answer, hits, RATES).seconds
        for hits in (0, min(cached, requests * prompt))
    )
    assert some <= none


def test_a_higher_tier_is_never_slower() -> None:
    """Start, Build, Scale: each allows at least as much."""
    times = []
    for tier in ("start", "build", "scale"):
        rates = facts.realtime_rates(tier, "standard")
        assert rates is not None
        times.append(pace(100_000, 10**8, 10**8, 0, rates).seconds)
    assert times == sorted(times, reverse=True)
