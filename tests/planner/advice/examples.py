"""One scenario for each caveat, and how the tests ask for caveats."""

from typing import Any

from planner.advice.caveat import Caveat
from planner.advice.caveats import caveats
from planner.plan import Plan, make_plan
from planner.scenario import parse

Raw = dict[str, dict[str, Any]]

_CACHED = {"input_tokens": 600, "shared_prefix_tokens": 600}

EXAMPLES: dict[str, Raw] = {
    "model-retired": {"workload": {"model": "claude-sonnet-4-20250514"}},
    "model-retires-soon": {"workload": {"model": "claude-sonnet-4-5"}},
    "model-limited-access": {"workload": {"model": "claude-mythos-5-2"}},
    "geo-unsupported": {"workload": {"model": "claude-haiku-4-5"}, "pricing": {"geo": "us"}},
    "spend-limit": {"workload": {"requests": 100_000}},
    "budget-exceeded": {"goal": {"budget_usd": 54.99}},
    "deadline-unlikely": {"goal": {"deadline_h": 0.1}},
    "realtime-meets-deadline": {
        "workload": {"requests": 100_000, "output_tokens": 10},
        "goal": {"deadline_h": 2},
    },
    "max-tokens-proposed": {},
    "answers-cut": {"workload": {"max_tokens": 2000}},
    "long-output-header": {"workload": {"output_tokens": 100_000}},
    "long-prompt-price": {"workload": {"model": "claude-haiku-5-5", "input_tokens": 100_001}},
    "cache-without-prefix": {"caching": {"mode": "1h"}},
    "cache-prefix-short": {
        "caching": {"mode": "1h"},
        "workload": {"input_tokens": 600, "shared_prefix_tokens": 511},
    },
    "cache-costs-more": {
        "caching": {"mode": "1h", "hit_rate": 0.1},
        "workload": {"input_tokens": 6000, "shared_prefix_tokens": 5000},
    },
    "cache-not-primed": {"caching": {"mode": "1h", "prime": False}, "workload": _CACHED},
    "cache-short-lived": {"caching": {"mode": "5m"}, "workload": _CACHED},
    "expiry-risk": {
        "workload": {"requests": 60_000},
        "batches": {"requests_per_batch": 60_000},
        "limits": {"tier": "scale"},
        "duration": {"model": "formula", "seconds_per_request": 600, "parallel_requests": 350},
    },
    "simulation-stopped": {
        "workload": {"requests": 10_000_000, "input_tokens": 10, "output_tokens": 10},
        "batches": {"requests_per_batch": 500},
        "retries": {"max": 2},
        "duration": {"model": "formula", "seconds_per_request": 600, "parallel_requests": 1},
    },
    "retries-too-few": {"retries": {"max": 0}},
    "permanent-failures": {"retries": {"permanent_rate": 0.05}},
    "queue-unknown": {"limits": {"tier": "custom"}},
    "queue-binds": {
        "workload": {"requests": 50_000},
        "batches": {"requests_per_batch": 10_000, "concurrent": 5},
        "limits": {"queue_requests": 20_000},
    },
    "realtime-apart": {"batches": {"realtime_share": 0.2}},
    "bytes-bind": {
        "workload": {"bytes_per_request": 1_000_000},
        "batches": {"requests_per_batch": 1000},
    },
    "polling-too-fast": {"batches": {"requests_per_batch": 100, "concurrent": 100, "poll_s": 1}},
    "polling-slow": {"batches": {"poll_s": 3600}},
    "evidence-thin": {},
    "guide-unsupported": {"duration": {"model": "guide"}},
    "formula-assumed": {"duration": {"model": "formula"}},
    "history-unused": {"duration": {"history": [[10_000, 1000]]}},
    "history-short": {"duration": {"model": "history", "history": [[10_000, 1000]]}},
    "history-left-out": {
        "duration": {"model": "history", "history": [[10_000, 1000], [10_000, 90_000]]}
    },
    "history-link-long": {"duration": {"model": "history", "history": [[100, 60]] * 501}},
}


def plan_of(raw: Raw) -> Plan:
    """The plan of a scenario file."""
    return make_plan(parse(raw))


def caveats_of(plan: Plan, code: str) -> list[Caveat]:
    """The caveats of that code."""
    return [caveat for caveat in caveats(plan) if caveat.code == code]


def caveat_of(code: str, raw: Raw | None = None) -> Caveat:
    """The one caveat of that code: of its example, or of another scenario."""
    (caveat,) = caveats_of(plan_of(EXAMPLES[code] if raw is None else raw), code)
    return caveat


def has(code: str, raw: Raw) -> bool:
    """Whether the plan of a scenario has a caveat of that code."""
    return bool(caveats_of(plan_of(raw), code))
