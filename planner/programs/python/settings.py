"""Generated from the plan."""

from __future__ import annotations

from dataclasses import dataclass

# The request that a row {"id", "prompt"} becomes.
MODEL = "claude-sonnet-5-5"
MAX_TOKENS = 2900
SYSTEM_PROMPT = ""
# "" for no prompt caching of the system prompt, or how long its cache entry lives: "5m" or "1h".
CACHE_TTL = ""
# "" for the workspace's own choice, or "us".
INFERENCE_GEO = ""

# Beta headers for every batch, such as the one that lifts max_tokens to 300,000.
BETAS: tuple[str, ...] = ()

# The largest batch; bytes are those of the request body.
REQUESTS_PER_BATCH = 10000
MAX_BYTES_PER_BATCH = 243200000
# Batches open at once, and requests in them.
CONCURRENT_BATCHES = 1
MAX_QUEUED_REQUESTS = 200000
POLL_SECONDS = 60.0

# Waits before retry rounds: base, 2 x base, 4 x base / base, 2 x base, 3 x base / base, base, base.
MAX_RETRIES = 3
BACKOFF = "exponential"
BASE_DELAY_SECONDS = 60.0

# US dollars that are not to be passed even if every answer is max_tokens long; "" for no budget.
BUDGET_USD = ""
# So many requests go first and alone; 0 for none.
CANARY = 0
# How long to look for a batch whose making is in doubt before its requests are sent again.
ADOPT_GRACE_SECONDS = 60.0

# What the plan expects, for comparison.
PLANNED_REQUESTS = 10000
PLANNED_OUTPUT_TOKENS = 1000
PLANNED_USD = "55.00"
FORECAST_SECONDS = {
    "p50": 1720,
    "p95": 20214,
}
BYTES_PER_TOKEN = 2.5

# Batch prices in US dollars per million tokens: input, output, 5-minute cache write, 1-hour cache
# write, cache read; then the factor for "us", and the largest max_tokens.
PRICES: dict[str, tuple[str, str, str, str, str, str, str]] = {
    "claude-sonnet-5-5": ("1", "5", "1.25", "2", "0.05", "1.1", "128000"),
}
# Models whose whole request has other prices when the prompt has more tokens than this: those
# tokens, then five prices.
LONG_PROMPTS: dict[str, tuple[str, ...]] = {
    "claude-haiku-5-5": ("100000", "0.25", "1.25", "0.3125", "0.5", "0.025"),
}
WEB_SEARCH_USD_PER_1000 = "10"
# Input tokens that tools add to a prompt at the most.
TOOL_PROMPT_TOKENS = 804
# Models that are gone from a date on, and what to use instead.
RETIRES: dict[str, tuple[str, str]] = {
    "claude-sonnet-4-5": ("2026-11-30", "claude-sonnet-5-5"),
}
# --- end of settings ---

PROGRAM = "run_batches.py"


@dataclass(frozen=True)
class Settings:
    """One run's settings: the plan's, unless said otherwise."""

    model: str = MODEL
    max_tokens: int = MAX_TOKENS
    system_prompt: str = SYSTEM_PROMPT
    cache_ttl: str = CACHE_TTL
    inference_geo: str = INFERENCE_GEO
    betas: tuple[str, ...] = BETAS
    requests_per_batch: int = REQUESTS_PER_BATCH
    max_bytes_per_batch: int = MAX_BYTES_PER_BATCH
    concurrent_batches: int = CONCURRENT_BATCHES
    max_queued_requests: int = MAX_QUEUED_REQUESTS
    poll_seconds: float = POLL_SECONDS
    max_retries: int = MAX_RETRIES
    backoff: str = BACKOFF
    base_delay_seconds: float = BASE_DELAY_SECONDS
    budget_usd: str = BUDGET_USD
    canary: int = CANARY
    adopt_grace_seconds: float = ADOPT_GRACE_SECONDS
