// Generated from the plan.
//
// Nothing else in the program depends on it, and each flag overrides its setting.

// The request that a row {"id", "prompt"} becomes.
export const MODEL = "claude-sonnet-5-5";
export const MAX_TOKENS = 2900;
export const SYSTEM_PROMPT = "";
// "" for no prompt caching of the system prompt, or how long its cache entry lives: "5m" or "1h".
export const CACHE_TTL = "";
// "" for the workspace's own choice, or "us".
export const INFERENCE_GEO = "";

// Beta headers for every batch, such as the one that lifts max_tokens to 300,000.
export const BETAS = [];

// The largest batch; bytes are those of the request body.
export const REQUESTS_PER_BATCH = 10000;
export const MAX_BYTES_PER_BATCH = 243200000;
// Batches open at once, and requests in them.
export const CONCURRENT_BATCHES = 1;
export const MAX_QUEUED_REQUESTS = 200000;
export const POLL_SECONDS = 60.0;

// Retry rounds after the first: base, 2 x base, 4 x base / base, 2 x base, 3 x base / base, base,
// base.
export const MAX_RETRIES = 3;
export const BACKOFF = "exponential";
export const BASE_DELAY_SECONDS = 60.0;

// US dollars that are not to be passed even if every answer is max_tokens long; "" for no budget.
export const BUDGET_USD = "";
// So many requests go first and alone; 0 for none.
export const CANARY = 0;
// How long to look for a batch whose making is in doubt before its requests are sent again.
export const ADOPT_GRACE_SECONDS = 60.0;

// What the plan expects, for comparison.
export const PLANNED_REQUESTS = 10000;
export const PLANNED_OUTPUT_TOKENS = 1000;
export const PLANNED_USD = "55.00";
export const FORECAST_SECONDS = {
  "p50": 1720,
  "p95": 20214,
};
export const BYTES_PER_TOKEN = 2.5;

// Batch prices in US dollars per million tokens: input, output, 5-minute cache write, 1-hour cache
// write, cache read; then the factor for "us", and the largest max_tokens.
export const PRICES = {
  "claude-sonnet-5-5": ["1", "5", "1.25", "2", "0.05", "1.1", "128000"],
};
// Models whose whole request has other prices when the prompt has more tokens than this: those
// tokens, then five prices.
export const LONG_PROMPTS = {
  "claude-haiku-5-5": ["100000", "0.25", "1.25", "0.3125", "0.5", "0.025"],
};
export const WEB_SEARCH_USD_PER_1000 = "10";
// Input tokens that tools add to a prompt at the most.
export const TOOL_PROMPT_TOKENS = 804;
// Models that are gone from a date on, and what to use instead.
export const RETIRES = {
  "claude-3-opus-20240229": ["2026-01-05", "claude-opus-5-5"],
};
// --- end of settings ---

/** One run's settings: the plan's, unless said otherwise. */
export class Settings {
  model = MODEL;
  maxTokens = MAX_TOKENS;
  systemPrompt = SYSTEM_PROMPT;
  cacheTtl = CACHE_TTL;
  inferenceGeo = INFERENCE_GEO;
  betas = BETAS;
  requestsPerBatch = REQUESTS_PER_BATCH;
  maxBytesPerBatch = MAX_BYTES_PER_BATCH;
  concurrentBatches = CONCURRENT_BATCHES;
  maxQueuedRequests = MAX_QUEUED_REQUESTS;
  pollSeconds = POLL_SECONDS;
  maxRetries = MAX_RETRIES;
  backoff = BACKOFF;
  baseDelaySeconds = BASE_DELAY_SECONDS;
  budgetUsd = BUDGET_USD;
  canary = CANARY;
  adoptGraceSeconds = ADOPT_GRACE_SECONDS;

  constructor(changes = {}) {
    Object.freeze(Object.assign(this, changes));
  }
}
