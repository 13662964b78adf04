#!/usr/bin/env node
/**
 * Take a file of requests to a file of answers through the Message Batches API, without ever paying twice.
 *
 *     npm install @anthropic-ai/sdk
 *     node run_batches.mjs INPUT --out DIR            (ANTHROPIC_API_KEY in the environment)
 *
 * INPUT is JSON Lines in UTF-8, lines split at "\n" only; a "\r" before it and empty lines do no harm. A line is a
 * whole request, {"custom_id": "…", "params": {…}}, which is sent byte for byte as it stands, or a row,
 * {"id": "…", "prompt": "…"}, which becomes a request with the settings below. `--check` reads and counts, and
 * submits nothing. Whatever happens, a power cut included: start the same command again and it goes on.
 *
 * Exit codes: 0 every request succeeded; 1 complete, some requests were given up; 2 bad usage or bad input, nothing
 * was submitted; 3 something outside stops the run (key, permission, credit, spend limit, budget, canary, disk): put
 * it right and start the same command again; 130 and 143 interrupted, likewise.
 *
 * THE LIFE OF A BATCH
 *
 * 1. cut        its requests are chosen: a range of lines of INPUT, or of the list of requests to try again
 * 2. submit     the intention is written to the journal, then the POST is sent, once, never by the SDK's own retry
 * 3. created    the API has named it. Without an answer (timeout, 5xx, lost connection, kill) it is in doubt: the
 *               batches made since the intention are listed, and the one with the same number of requests that the
 *               journal does not know is adopted. Only after a grace period without one are the requests sent again.
 * 4. ended      found by polling. The API shows no count before that.
 * 5. stored     its results are a whole file in DIR/results. An adopted batch whose results hold an id that is not
 *               its own is somebody else's: it is let go, and its requests are in doubt again.
 * 6. sorted     each request is in succeeded.jsonl, in failed.jsonl, or on the list of the next round
 *
 * FILES IN DIR (only ever added to; the Python program run_batches.py keeps the same, and either takes up the other's)
 *
 *     journal.jsonl            what was done; see below
 *     succeeded.jsonl          the API's own result line of each request that succeeded, in the order of arrival
 *     failed.jsonl             {"custom_id", "reason", "attempts", "result"}: each request given up, its last result
 *     summary.json             counts, batches, rounds, tokens, cost; written when the run is complete
 *     results/ID.jsonl         the results of one batch as the API sent them; ID.jsonl.part while they arrive
 *     rounds/round-N.jsonl     what round N sends again: {"custom_id", "offset", "length", "attempts", "reason",
 *                              "result"}, `offset` and `length` being the bytes of the request's line in INPUT
 *     lock                     who has the folder: one line for each program that took it, another when it left
 *
 * THE JOURNAL: one JSON object a line, on disk before the step that it announces. `event` and `at` are in all, `batch`
 * is the number of a batch in this run. Money is text, US dollars. A torn last line announced a step that was not
 * taken, and is cut off.
 *
 *     run       format, program, input {name, bytes, sha256, kind, requests}, request_settings, settings   first line
 *     resume    program, settings                                      started again
 *     cut       batch, round, start, end, requests, bytes, worst_usd, canary      bytes START to END of the round's file
 *     submit    batch, since {id, created_at} or null                  the newest batch of the workspace before the POST
 *     created   batch, id, created_at
 *     doubt     batch, why
 *     adopted   batch, id, created_at
 *     not_made  batch                                                  no such batch after the grace period
 *     refused   batch, status, why                                     certain: no batch was made
 *     halved    batch, into [cut, cut]                                 too large (413): two batches instead of it
 *     let_go    batch, id                                              adopted, and not ours
 *     ended     batch, id, ended_at, counts, archived
 *     stored    batch, bytes
 *     sorted    batch, succeeded, given_up, again, reasons, truncated, refused, usage, usd, unpriced, lengths
 *     round     round, requests, bytes, not_before                     the next round; not_before is a Unix time
 *     cancel                                                           the run is being ended by --cancel
 *     rest      given_up, reasons, lengths                             what --cancel found unsent
 *     stop      code, why
 *     done      code
 *
 * `lengths` are the bytes of succeeded.jsonl, failed.jsonl and the next round's list once the line is true; what is
 * longer was torn, and is cut off and written again. `request_settings` shape rows into requests; a run keeps them.
 */

import { execFileSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { setMaxListeners } from "node:events";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { setImmediate as breath } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { getSystemErrorMap, parseArgs } from "node:util";

const sdk = await import("@anthropic-ai/sdk").catch(() => null); // main says when it is missing

// --- settings: generated from the plan ---
// The request that a row {"id", "prompt"} becomes.
const MODEL = "claude-sonnet-5-5";
const MAX_TOKENS = 4096;
const SYSTEM_PROMPT = "";
// "" for no prompt caching of the system prompt, or how long its cache entry lives: "5m" or "1h".
const CACHE_TTL = "";
// "" for the workspace's own choice, or "us".
const INFERENCE_GEO = "";

// Beta headers for every batch, such as the one that lifts max_tokens to 300,000.
/** @type {string[]} */
const BETAS = [];

// The largest batch; bytes are those of the request body.
const REQUESTS_PER_BATCH = 10000;
const MAX_BYTES_PER_BATCH = 243200000;
// Batches open at once, and requests in them.
const CONCURRENT_BATCHES = 1;
const MAX_QUEUED_REQUESTS = 200000;
const POLL_SECONDS = 60.0;

// Retry rounds after the first: base, 2 x base, 4 x base / base, 2 x base, 3 x base / base, base, base.
const MAX_RETRIES = 3;
const BACKOFF = "exponential";
const BASE_DELAY_SECONDS = 60.0;

// US dollars that are not to be passed even if every answer is max_tokens long; "" for no budget.
const BUDGET_USD = "";
// So many requests go first and alone; 0 for none.
const CANARY = 0;
// How long to look for a batch whose making is in doubt before its requests are sent again.
const ADOPT_GRACE_SECONDS = 60.0;

// What the plan expects, for comparison.
const PLANNED_REQUESTS = 10000;
const PLANNED_OUTPUT_TOKENS = 1000;
const PLANNED_USD = "55.00";
const FORECAST_SECONDS = { "p50": 3600, "p95": 86400 };
const BYTES_PER_TOKEN = 2.5;

// Batch prices in US dollars per million tokens, and the largest max_tokens of a batch.
/** @type {Record<string, Record<string, string>>} */
const PRICES = {
  "claude-sonnet-5-5": {
    "input": "1",
    "output": "5",
    "cache_write_5m": "1.25",
    "cache_write_1h": "2",
    "cache_read": "0.05",
    "us": "1.1",
    "max_tokens": "128000",
    "long_prompt_tokens": "0",
    "long_prompt_times": "1",
  },
};
const WEB_SEARCH_USD_PER_1000 = "10";
// Models that are gone from a date on, and what to use instead.
/** @type {Record<string, string[]>} */
const RETIRES = {
  "claude-sonnet-4-20250514": ["2026-06-15", "claude-sonnet-5-5"],
};
// --- end of settings ---

const CUSTOM_ID = /^[a-zA-Z0-9_-]{1,64}$/;
const BATCH_ID = /^[a-zA-Z0-9_-]{1,200}$/;
const PROBLEMS_SHOWN = 50;
const ENVELOPE = ['{"requests":[', "]}"];
const ENVELOPE_BYTES = ENVELOPE.join("").length;

// What `result.error.error.type` says about trying again. A class in neither is tried again, and logged.
const TRY_AGAIN = new Set(["api_error", "overloaded_error", "rate_limit_error", "timeout_error", "expired", "missing"]);
const GIVE_UP = new Set([
  "invalid_request_error",
  "not_found_error",
  "permission_error",
  "authentication_error",
  "request_too_large",
  "canceled",
]);
// The account's trouble, not the request's: by class, by code, or by the message, where there is nothing better.
const ACCOUNT_CLASSES = new Set(["billing_error"]);
const ACCOUNT_CODES = new Set(["enforced_spend_limit_reached", "contract_spend_limit_reached"]);
const ACCOUNT_WORDS = /credit balance|(?:lack|insufficient|out of) .{0,20}credit|spend(?:ing)? limit|usage limits/i;

// A 404 for a batch that this run made passes within this time, or the key belongs to another workspace.
const LOST_BATCH_SECONDS = 600;
// Results that hold fewer lines than the batch has requests are fetched so often before the rest counts as missing.
const FETCHES_OF_SHORT_RESULTS = 3;
// An answer to a create may take long, for its body is large; nothing else may. (fetch itself waits 300 s at most.)
const CREATE_TIMEOUT_SECONDS = 600;
const TIMEOUT_SECONDS = 60;
const FIRST_WAIT_SECONDS = 1;
const LONGEST_WAIT_SECONDS = 86_400;
const PROGRESS_SECONDS = 600;
const CHUNK_BYTES = 2 ** 18;

const JOURNAL_FORMAT = 1;
const PROGRAM = "run_batches.mjs";

/** @typedef {Record<string, any>} Event  a line of the journal, or another JSON object from outside */

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

  /** @param {Partial<Settings>} [given] */
  constructor(given = {}) {
    Object.freeze(Object.assign(this, given));
  }

  /** What shapes a row into a request, fit for the journal: no prompt in it. @returns {Event} */
  ofRequests() {
    return {
      model: this.model,
      max_tokens: this.maxTokens,
      system_prompt_sha256: createHash("sha256").update(this.systemPrompt).digest("hex"),
      cache_ttl: this.cacheTtl,
      inference_geo: this.inferenceGeo,
      betas: this.betas,
    };
  }

  /** What may differ from one start to the next. @returns {Event} */
  ofRun() {
    const { model, maxTokens, systemPrompt, cacheTtl, inferenceGeo, betas, ...named } = this;
    const snake = (/** @type {string} */ name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    return Object.fromEntries(Object.entries(named).map(([name, value]) => [snake(name), value]));
  }
}

/** Nothing was submitted, and nothing will be before this is put right. Exit code 2. */
export class InputError extends Error {}

/** Something outside stops the run; the state is kept. Exit code 3. */
export class StoppedError extends Error {}

/** A signal stops the run; the state is kept. Exit code 128 and the number of the signal. */
export class Interrupted extends Error {
  /** @param {number} number */
  constructor(number) {
    super(`signal ${number}`);
    this.code = 128 + number;
  }
}

/** The API answered a create with a clear no: no batch was made. */
class RefusedError extends Error {
  /** @param {StatusError} error @param {string} why */
  constructor(error, why) {
    super(why);
    this.status = error.status;
    this.forGood = ![413, 429].includes(error.status) || accountIsStopped(error);
    this.remedy = remedy(error);
    this.waitSeconds = retryAfter(error);
    this.queueIsFull = this.waitSeconds === null || messageOf(error).toLowerCase().includes("queue");
  }
}

/** The API gave no usable answer, or none at all. */
class NoAnswerError extends Error {}

// --- money -----------------------------------------------------------------------------------------------------------

// Whole numbers, so that no sum depends on its order: a price of up to seven decimals times a count of tokens is exact.
const DOLLAR = 10n ** 13n;

/** @param {string} usd  such as "0.05" */
function money(usd) {
  const [whole = "", decimals = ""] = usd.split(".");
  return BigInt(whole + decimals.slice(0, 13).padEnd(13, "0"));
}

/** @param {bigint} amount */
function usdExact(amount) {
  const decimals = String(amount % DOLLAR).padStart(13, "0").replace(/0+$/, "");
  return `${amount / DOLLAR}.${decimals.padEnd(2, "0")}`;
}

/** @param {bigint} amount */
function usdRounded(amount, decimals = 2) {
  const unit = DOLLAR / 10n ** BigInt(decimals);
  const cents = String((amount + unit / 2n) / unit).padStart(decimals + 1, "0");
  return `${cents.slice(0, -decimals)}.${cents.slice(-decimals)}`;
}

/** Batch prices of one model, in units of 1/10**13 dollars per token. */
class Price {
  /** @param {Record<string, string>} row  one of PRICES */
  constructor(row) {
    const perToken = (/** @type {string} */ kind) => money(row[kind] ?? "") / 1_000_000n;
    this.input = perToken("input");
    this.output = perToken("output");
    this.cacheWrite5m = perToken("cache_write_5m");
    this.cacheWrite1h = perToken("cache_write_1h");
    this.cacheRead = perToken("cache_read");
    this.usTenths = (money(row.us ?? "") * 10n) / DOLLAR;
    this.maxTokens = BigInt(row.max_tokens ?? "");
    this.longPromptTokens = BigInt(row.long_prompt_tokens ?? "");
    this.longPromptTimes = BigInt(row.long_prompt_times ?? "");
    this.dearestInput = [this.input, this.cacheWrite5m, this.cacheWrite1h].reduce((a, b) => (a > b ? a : b));
  }

  /** @param {bigint} amount @param {bigint} promptTokens @param {boolean} us */
  surcharge(amount, promptTokens, us) {
    if (this.longPromptTokens && promptTokens > this.longPromptTokens) amount *= this.longPromptTimes;
    return us ? (amount * this.usTenths) / 10n : amount;
  }

  /**
   * No text has more tokens than bytes, and no answer more than maxTokens.
   * @param {number} requestBytes @param {number} maxTokens @param {boolean} cached @param {boolean} us
   */
  worst(requestBytes, maxTokens, cached, us) {
    const most = BigInt(requestBytes);
    const amount = most * (cached ? this.dearestInput : this.input) + BigInt(maxTokens) * this.output;
    return this.surcharge(amount, most, us);
  }
}

const priceList = () => new Map(Object.entries(PRICES).map(([model, row]) => [model, new Price(row)]));

const TOKEN_KINDS = ["input_tokens", "output_tokens", "cache_creation_input_tokens", "cache_read_input_tokens"];
const USAGE_KINDS = [...TOKEN_KINDS, "web_search_requests"];

/** A count out of the API's answer; whatever else stands there counts as none. @param {any} holder @param {string} name */
function countOf(holder, name) {
  const value = isObject(holder) ? holder[name] : 0;
  return Number.isSafeInteger(value) && value > 0 ? value : 0;
}

/**
 * Tokens by kind, as `usage` reports them, and what they cost; null for a model without a price.
 * @param {any} message @param {Map<string, Price>} prices @returns {[Record<string, number>, bigint | null]}
 */
function bill(message, prices) {
  const usage = isObject(message?.usage) ? message.usage : {};
  const counts = Object.fromEntries(TOKEN_KINDS.map((kind) => [kind, countOf(usage, kind)]));
  counts.web_search_requests = countOf(usage.server_tool_use, "web_search_requests");
  const price = prices.get(message?.model);
  if (!price) return [counts, null];
  const [input, output, written, read, searches] = USAGE_KINDS.map((kind) => BigInt(counts[kind] ?? 0));
  if (input === undefined || output === undefined || written === undefined || read === undefined) return [counts, null];
  const reported = BigInt(countOf(usage.cache_creation, "ephemeral_1h_input_tokens"));
  const forAnHour = reported < written ? reported : written;
  const tokens =
    input * price.input +
    output * price.output +
    (written - forAnHour) * price.cacheWrite5m +
    forAnHour * price.cacheWrite1h +
    read * price.cacheRead;
  const forSearches = ((searches ?? 0n) * money(WEB_SEARCH_USD_PER_1000)) / 1000n;
  return [counts, price.surcharge(tokens, input + written + read, usage.inference_geo === "us") + forSearches];
}
