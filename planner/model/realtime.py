"""How long the same workload would take in real time, at best: the rate limit that binds, and its
time.
"""

from dataclasses import dataclass

from planner.facts import Rates


@dataclass(frozen=True, slots=True)
class Realtime:
    """Seconds at full use of the limit that binds: "rpm", "itpm" or "otpm"."""

    seconds: float
    binding: str


def pace(
    requests: int, input_tokens: int, output_tokens: int, cached_tokens: int, rates: Rates
) -> Realtime:
    """The time that the rate limits allow, for totals of tokens; cache reads do not count to input.

    A lower bound: it takes the limits as used to the full from the first minute on, and no request
    as failing. Source: facts, rate limits by tier and model.
    """
    minutes = (
        (requests / rates.rpm, "rpm"),
        ((input_tokens - cached_tokens) / rates.itpm, "itpm"),
        (output_tokens / rates.otpm, "otpm"),
    )
    longest, binding = max(minutes)
    return Realtime(longest * 60, binding)
