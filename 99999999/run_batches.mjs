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
 *               its own is somebody else's: it is let go, and its requests are in doubt again. Before
 *               that nothing proves that it is ours, so --cancel leaves it alone and waits for its end.
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

import { isUtf8 } from "node:buffer";
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

// --- settings: generated from the plan ---
// The request that a row {"id", "prompt"} becomes.
const MODEL = "claude-sonnet-5-5";
const MAX_TOKENS = 2900;
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
const FORECAST_SECONDS = {
  "p50": 1720,
  "p95": 20214,
};
const BYTES_PER_TOKEN = 2.5;

// Batch prices in US dollars per million tokens: input, output, 5-minute cache write, 1-hour cache write, cache read;
// then the factor for "us", and the largest max_tokens.
/** @type {Record<string, string[]>} */
const PRICES = {
  "claude-fable-5-2": ["4", "20", "5", "8", "0.1", "1.1", "128000"],
  "claude-mythos-5-2": ["4", "20", "5", "8", "0.1", "1.1", "128000"],
  "claude-haiku-5-5": ["0.05", "0.25", "0.0625", "0.1", "0.005", "1.1", "128000"],
  "claude-sonnet-5-5": ["1", "5", "1.25", "2", "0.05", "1.1", "128000"],
  "claude-opus-5-5": ["2", "10", "2.5", "4", "0.1", "1.1", "128000"],
  "claude-fable-5-1": ["5", "25", "6.25", "10", "0.125", "1.1", "128000"],
  "claude-mythos-5-1": ["5", "25", "6.25", "10", "0.125", "1.1", "128000"],
  "claude-opus-5": ["2.5", "12.5", "3.125", "5", "0.25", "1.1", "128000"],
  "claude-sonnet-5": ["1", "5", "1.25", "2", "0.1", "1.1", "128000"],
  "claude-fable-5": ["5", "25", "6.25", "10", "0.5", "1.1", "128000"],
  "claude-mythos-5": ["5", "25", "6.25", "10", "0.5", "1.1", "128000"],
  "claude-opus-4-8": ["2.5", "12.5", "3.125", "5", "0.25", "1.1", "128000"],
  "claude-opus-4-7": ["2.5", "12.5", "3.125", "5", "0.25", "1.1", "128000"],
  "claude-mythos-preview": ["5", "25", "6.25", "10", "0.5", "1.1", "128000"],
  "claude-sonnet-4-6": ["1.5", "7.5", "1.875", "3", "0.15", "1.1", "128000"],
  "claude-opus-4-6": ["2.5", "12.5", "3.125", "5", "0.25", "1.1", "128000"],
  "claude-opus-4-5-20251101": ["2.5", "12.5", "3.125", "5", "0.25", "1", "64000"],
  "claude-opus-4-5": ["2.5", "12.5", "3.125", "5", "0.25", "1", "64000"],
  "claude-haiku-4-5-20251001": ["0.5", "2.5", "0.625", "1", "0.05", "1", "64000"],
  "claude-haiku-4-5": ["0.5", "2.5", "0.625", "1", "0.05", "1", "64000"],
  "claude-sonnet-4-5-20250929": ["1.5", "7.5", "1.875", "3", "0.15", "1", "64000"],
  "claude-sonnet-4-5": ["1.5", "7.5", "1.875", "3", "0.15", "1", "64000"],
};
// Models whose whole request has other prices when the prompt has more tokens than this: those tokens, then five prices.
/** @type {Record<string, string[]>} */
const LONG_PROMPTS = {
  "claude-haiku-5-5": ["100000", "0.25", "1.25", "0.3125", "0.5", "0.025"],
};
const WEB_SEARCH_USD_PER_1000 = "10";
// Models that are gone from a date on, and what to use instead.
/** @type {Record<string, string[]>} */
const RETIRES = {
  "claude-mythos-preview": ["2026-06-30", "claude-mythos-5-2"],
  "claude-sonnet-4-5-20250929": ["2026-11-30", "claude-sonnet-5-5"],
  "claude-sonnet-4-5": ["2026-11-30", "claude-sonnet-5-5"],
  "claude-opus-4-1-20250805": ["2026-08-05", "claude-opus-5-5"],
  "claude-opus-4-1": ["2026-08-05", "claude-opus-5-5"],
  "claude-opus-4-20250514": ["2026-06-15", "claude-opus-5-5"],
  "claude-opus-4-0": ["2026-06-15", "claude-opus-5-5"],
  "claude-sonnet-4-20250514": ["2026-06-15", "claude-sonnet-5-5"],
  "claude-sonnet-4-0": ["2026-06-15", "claude-sonnet-5-5"],
  "claude-3-7-sonnet-20250219": ["2026-02-19", "claude-sonnet-5-5"],
  "claude-3-7-sonnet-latest": ["2026-02-19", "claude-sonnet-5-5"],
  "claude-3-5-haiku-20241022": ["2026-02-19", "claude-haiku-5-5"],
  "claude-3-5-haiku-latest": ["2026-02-19", "claude-haiku-5-5"],
  "claude-3-5-sonnet-20241022": ["2025-10-28", "claude-sonnet-5-5"],
  "claude-3-5-sonnet-latest": ["2025-10-28", "claude-sonnet-5-5"],
  "claude-3-5-sonnet-20240620": ["2025-10-28", "claude-sonnet-5-5"],
  "claude-3-haiku-20240307": ["2026-04-20", "claude-haiku-5-5"],
  "claude-3-opus-20240229": ["2026-01-05", "claude-opus-5-5"],
  "claude-3-opus-latest": ["2026-01-05", "claude-opus-5-5"],
  "claude-3-sonnet-20240229": ["2025-07-21", "claude-sonnet-5-5"],
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
const MAYBE_ACCOUNT = new Set(["invalid_request_error", "permission_error", "rate_limit_error"]);
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
      system_prompt_sha256: createHash("sha256").update(JSON.stringify(this.systemPrompt)).digest("hex"),
      cache_ttl: this.cacheTtl,
      inference_geo: this.inferenceGeo,
      betas: this.betas,
    };
  }

  /** What may differ from one start to the next. @returns {Event} */
  ofRun() {
    const snake = (/** @type {string} */ name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    const ofRequests = ["model", "maxTokens", "systemPrompt", "cacheTtl", "inferenceGeo", "betas"];
    const named = Object.entries(this).filter(([name]) => !ofRequests.includes(name));
    return Object.fromEntries(named.map(([name, value]) => [snake(name), value]));
  }
}

/** Nothing was submitted, and nothing will be before this is put right. Exit code 2. */
export class InputError extends Error {}

/** Something outside stops the run; the state is kept. Exit code 3. */
export class StoppedError extends Error {}

/** The API does not know a batch of this run. */
class LostBatchError extends StoppedError {}

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

// --- money ----------------------------------------------------------------------------------------------------------

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
  /** @param {string[]} row  one of PRICES @param {string[] | undefined} longPrompt  one of LONG_PROMPTS */
  constructor(row, longPrompt) {
    this.rates = ratesOf(row.slice(0, 5));
    this.longRates = longPrompt ? ratesOf(longPrompt.slice(1)) : this.rates;
    this.longPromptTokens = longPrompt ? BigInt(longPrompt[0]) : null;
    this.usTenths = (money(row[5]) * 10n) / DOLLAR;
    this.maxTokens = BigInt(row[6]);
  }

  /** @param {bigint} promptTokens */
  ratesOf(promptTokens) {
    return this.longPromptTokens !== null && promptTokens > this.longPromptTokens ? this.longRates : this.rates;
  }

  /** @param {bigint} amount @param {boolean} us */
  surcharge(amount, us) {
    return us ? (amount * this.usTenths) / 10n : amount;
  }

  /**
   * No text has more tokens than bytes, and no answer more than maxTokens.
   * @param {number} requestBytes @param {number} maxTokens @param {boolean} cached @param {boolean} us
   */
  worst(requestBytes, maxTokens, cached, us) {
    const most = BigInt(requestBytes);
    const rates = this.ratesOf(most);
    return this.surcharge(most * (cached ? rates.dearestInput : rates.input) + BigInt(maxTokens) * rates.output, us);
  }
}

/** Batch prices by kind of token, in units of 1/10**13 dollars per token. @param {string[]} usdPerMtok */
function ratesOf(usdPerMtok) {
  const [input, output, cacheWrite5m, cacheWrite1h, cacheRead] = usdPerMtok.map((usd) => money(usd) / 1_000_000n);
  const dearestInput = [input, cacheWrite5m, cacheWrite1h].reduce((a, b) => (a > b ? a : b));
  return { input, output, cacheWrite5m, cacheWrite1h, cacheRead, dearestInput };
}

/** @returns {Map<string, Price>} */
function priceList() {
  return new Map(Object.keys(PRICES).map((model) => [model, new Price(PRICES[model], LONG_PROMPTS[model])]));
}

const TOKEN_KINDS = ["input_tokens", "output_tokens", "cache_creation_input_tokens", "cache_read_input_tokens"];
const USAGE_KINDS = [...TOKEN_KINDS, "web_search_requests"];

/**
 * A count out of the API's answer; whatever else stands there counts as none.
 * @param {any} holder @param {string} name
 */
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
  const [input, output, written, read, searches] = USAGE_KINDS.map((kind) => BigInt(counts[kind]));
  const reported = BigInt(countOf(usage.cache_creation, "ephemeral_1h_input_tokens"));
  const forAnHour = reported < written ? reported : written;
  const rates = price.ratesOf(input + written + read);
  const tokens =
    input * rates.input +
    output * rates.output +
    (written - forAnHour) * rates.cacheWrite5m +
    forAnHour * rates.cacheWrite1h +
    read * rates.cacheRead;
  const forSearches = (searches * money(WEB_SEARCH_USD_PER_1000)) / 1000n;
  return [counts, price.surcharge(tokens, usage.inference_geo === "us") + forSearches];
}

// --- requests -------------------------------------------------------------------------------------------------------

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const MANY_DIGITS = /[0-9]{4301}/;
// What Python takes for white space in a text.
const BLANK_TEXT = /^[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]*$/;

/**
 * A line of compact JSON in UTF-8. Half a surrogate pair has no UTF-8, and is written as its escape.
 * @param {unknown} value
 */
const jsonLine = (value) => Buffer.from(`${JSON.stringify(value)}\n`);

/** JSON in ASCII. @param {unknown} value @param {number} [indent] */
function jsonAscii(value, indent) {
  const escape = (/** @type {string} */ unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return JSON.stringify(value, null, indent).replace(/[\x7f-\uffff]/g, escape);
}

/** A name out of somebody's file, short and on one line. @param {string} value */
function shown(value) {
  const text = jsonAscii(value);
  return text.length <= 80 ? text : `${text.slice(0, 77)}...`;
}

/** @param {any} value @returns {value is Record<string, any>} */
const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

/** @param {number | bigint} value */
const grouped = (value) => value.toLocaleString("en-US");

/** One line of INPUT as JSON. An integer of more than 4,300 digits is refused, as Python does. @param {string} text */
function decodeJson(text) {
  const value = JSON.parse(text);
  if (text.length > 4300 && MANY_DIGITS.test(text)) {
    withNumbers(text, (number) => {
      if (/^-?[0-9]{4301,}$/.test(number)) throw new RangeError("a number is too long");
      return number;
    });
  }
  return value;
}

/**
 * JSON with each number replaced. (No regular expression for the strings: V8 runs out of stack on a long one.)
 * @param {string} text @param {(number: string) => string} replace
 */
function withNumbers(text, replace) {
  const parts = [];
  for (let from = 0; from < text.length; ) {
    const opens = text.indexOf('"', from);
    let closes = opens;
    for (let escaped = opens >= 0; escaped; ) {
      closes = text.indexOf('"', closes + 1);
      let slashes = 0;
      while (text[closes - 1 - slashes] === "\\") slashes++;
      escaped = slashes % 2 === 1;
    }
    const end = opens < 0 ? text.length : opens;
    parts.push(text.slice(from, end).replace(/-?[0-9][0-9.eE+-]*/g, replace));
    if (opens >= 0) parts.push(text.slice(opens, closes + 1));
    from = opens < 0 ? text.length : closes + 1;
  }
  return parts.join("");
}

/**
 * The number "max_tokens" of a request as it is written: JSON.parse does not tell 4096.0 from 4096.
 * @param {string} text  the request @param {Record<string, any>} params  its params @returns {string | null}
 */
function maxTokensAsWritten(text, params) {
  const value = params.max_tokens;
  if (typeof value !== "number") return value === undefined || value === null ? null : typeof value;
  const name = '"max_tokens"';
  const at = text.indexOf(name);
  const plain = /"max_tokens"\s*:\s*[0-9]{1,15}\s*[,}]/y;
  plain.lastIndex = at;
  const once = at > 0 && text[at - 1] !== "\\" && text.indexOf(name, at + 1) < 0 && !text.includes("\\u00");
  if (once && plain.test(text)) return String(value);
  return JSON.parse(withNumbers(text, (number) => `["${number}"]`)).params.max_tokens[0];
}

/** @param {number} byte */
const isSpace = (byte) => byte === 32 || (byte >= 9 && byte <= 13);

/** @param {Buffer} line */
function stripped(line) {
  let [start, end] = [0, line.length];
  while (start < end && isSpace(line[start])) start++;
  while (start < end && isSpace(line[end - 1])) end--;
  return line.subarray(start, end);
}

/** @param {Buffer} line */
const isBlank = (line) => stripped(line).length === 0;

/**
 * The lines of a file, split at "\n" only and with it. A line longer than `most` comes in pieces, of which all but the
 * last are longer than `most` and end without "\n". A line is good until the next one is asked for.
 * @param {number} fd
 * @param {{start?: number, end?: number, most?: number, digest?: import("node:crypto").Hash}} [range]
 * @returns {Generator<Buffer, void>}
 */
function* linesOf(fd, { start = 0, end = Infinity, most = Infinity, digest } = {}) {
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  /** @type {Buffer[]} */
  let pieces = [];
  let held = 0;
  for (let position = start; position < end; ) {
    const got = fs.readSync(fd, chunk, 0, Math.min(CHUNK_BYTES, end - position), position);
    if (!got) break;
    position += got;
    const bytes = chunk.subarray(0, got);
    digest?.update(bytes);
    let from = 0;
    for (let newline = bytes.indexOf(10); newline >= 0; newline = bytes.indexOf(10, from)) {
      const line = bytes.subarray(from, newline + 1);
      yield held ? Buffer.concat([...pieces, line]) : line;
      [pieces, held, from] = [[], 0, newline + 1];
    }
    if (from < got) {
      pieces.push(Buffer.from(bytes.subarray(from)));
      held += got - from;
      if (held > most) {
        yield Buffer.concat(pieces);
        [pieces, held] = [[], 0];
      }
    }
  }
  if (held) yield Buffer.concat(pieces);
}

/** @typedef {{body: Buffer, worst: bigint | null}} Wire  one request as it is sent, and what it may cost */

/**
 * Where one request stands in INPUT, and what became of it so far; a line of rounds/round-N.jsonl.
 * @typedef {{custom_id: string, offset: number, length: number, attempts: number, reason: string,
 *   result: Event | null}} Place
 */

/** Lines of INPUT, and what is sent for them. */
class Requests {
  /** @param {Settings} settings */
  constructor(settings) {
    this.settings = settings;
    this.prices = priceList();
    /** @type {Event} */
    const system = { type: "text", text: settings.systemPrompt };
    if (settings.cacheTtl) system.cache_control = { type: "ephemeral", ttl: settings.cacheTtl };
    /** @type {Event} */
    const params = { model: settings.model, max_tokens: settings.maxTokens };
    if (settings.systemPrompt) params.system = [system];
    if (settings.inferenceGeo) params.inference_geo = settings.inferenceGeo;
    // A row is sent as: head, id, middle, prompt, tail.
    this.head = '{"custom_id":';
    this.middle = `,"params":${JSON.stringify(params).slice(0, -1)},"messages":[{"role":"user","content":`;
    this.tail = "}]}}";
    this.overhead = Buffer.byteLength(this.head + this.middle + this.tail);
  }

  /** The request of a line that has been checked. @param {Buffer} line @returns {Wire} */
  wire(line) {
    const value = JSON.parse(utf8.decode(line));
    if (Object.hasOwn(value, "params")) {
      const body = stripped(line);
      return { body, worst: this.worstOfRequest(value.params, body) };
    }
    const [id, prompt] = [JSON.stringify(value.id), JSON.stringify(value.prompt)];
    const body = Buffer.from(this.head + id + this.middle + prompt + this.tail);
    return { body, worst: this.worstOfRow(body.length) };
  }

  /**
   * The bytes of `wire(line).body`, without making it: where nothing is escaped, nothing needs to be.
   * @param {Record<string, any>} row @param {Buffer} line
   */
  rowSize(row, line) {
    const quoted = line.includes(92) ? JSON.stringify(row.prompt) : `"${row.prompt}"`;
    return this.overhead + row.id.length + 2 + Buffer.byteLength(quoted);
  }

  /** @param {number} size */
  worstOfRow(size) {
    const { model, maxTokens, cacheTtl, inferenceGeo } = this.settings;
    return this.prices.get(model)?.worst(size, maxTokens, cacheTtl !== "", inferenceGeo === "us") ?? null;
  }

  /** @param {Record<string, any>} params @param {Buffer} body */
  worstOfRequest(params, body) {
    const price = this.prices.get(params.model);
    if (!price) return null;
    return price.worst(body.length, params.max_tokens, body.includes('"cache_control"'), params.inference_geo === "us");
  }

  // What is wrong with a line, and what to do about it.

  /** @param {Record<string, any>} row */
  wrongWithRow(row) {
    const wrong = wrongWithId(row, "id");
    if (!Object.hasOwn(row, "prompt")) {
      wrong.push('"prompt" is missing: add it');
    } else if (typeof row.prompt !== "string") {
      wrong.push('"prompt" is no text: put it in quotes, or write a whole request with "params"');
    } else if (BLANK_TEXT.test(row.prompt)) {
      wrong.push('"prompt" is empty: the API refuses an empty message; fill it or delete the line');
    }
    const names = Object.keys(row);
    for (const name of names.length > 2 ? names.filter((key) => key !== "id" && key !== "prompt") : []) {
      wrong.push(`a row has "id" and "prompt" only: delete ${shown(name)}, or write a whole request`);
    }
    return wrong;
  }

  /** @param {Record<string, any>} request @param {string} text */
  wrongWithRequest(request, text) {
    const wrong = wrongWithId(request, "custom_id");
    for (const name of Object.keys(request).filter((key) => key !== "custom_id" && key !== "params")) {
      wrong.push(`a request has "custom_id" and "params" only: delete ${shown(name)} or move it into "params"`);
    }
    const params = request.params;
    if (!isObject(params)) {
      return [...wrong, '"params" is no object: write {"model": …, "max_tokens": …, "messages": […]}'];
    }
    if (typeof params.model !== "string" || !params.model) {
      wrong.push('"model" is missing: name one');
    } else {
      wrong.push(...this.wrongWithModel(params.model, maxTokensAsWritten(text, params)));
    }
    if (!Array.isArray(params.messages) || !params.messages.length) {
      wrong.push('"messages" is missing or empty: write at least one message');
    }
    if (params.stream) wrong.push('"stream" is not possible in a batch: delete it');
    if (Object.hasOwn(params, "speed")) wrong.push('"speed" is not possible in a batch: delete it');
    for (const name of ["temperature", "top_p", "top_k"]) {
      if (!Object.hasOwn(params, name)) continue;
      wrong.push(`"${name}" no longer exists in this version of the API: delete it`);
    }
    return wrong;
  }

  wrongWithSettings() {
    const wrong = this.wrongWithModel(this.settings.model, String(this.settings.maxTokens));
    if (this.settings.cacheTtl && !this.settings.systemPrompt) {
      wrong.push(
        "the plan caches a system prompt, and SYSTEM_PROMPT is empty: fill it in at the top of this program, " +
          'or set CACHE_TTL to ""',
      );
    }
    return wrong;
  }

  /** @param {string} model @param {string | null} maxTokens  as it is written */
  wrongWithModel(model, maxTokens) {
    const wrong = [];
    const price = this.prices.get(model);
    if (Object.hasOwn(RETIRES, model) && RETIRES[model][0] <= localTime().slice(0, 10)) {
      wrong.push(`model ${shown(model)} is retired since ${RETIRES[model][0]}: use ${RETIRES[model][1]}`);
    }
    if (maxTokens === null) {
      wrong.push('"max_tokens" is missing: add it');
    } else if (!/^-?[0-9]+$/.test(maxTokens)) {
      wrong.push('"max_tokens" is no whole number: write one of at least 1');
    } else if (BigInt(maxTokens) < 1n) {
      wrong.push(`"max_tokens" is ${BigInt(maxTokens)}, and a batch needs at least 1: raise it`);
    } else if (price && BigInt(maxTokens) > price.maxTokens) {
      wrong.push(`"max_tokens" is ${maxTokens}, and ${model} allows ${price.maxTokens}: lower it`);
    }
    if (this.settings.budgetUsd && !price) {
      wrong.push(
        `no price is known for model ${shown(model)}, so no budget can be kept: leave out --budget-usd, ` +
          "or use another model",
      );
    }
    return wrong;
  }
}

/** @param {Record<string, any>} holder @param {string} name @returns {string[]} */
function wrongWithId(holder, name) {
  if (!Object.hasOwn(holder, name)) return [`"${name}" is missing: give each line one of its own`];
  if (typeof holder[name] !== "string") return [`"${name}" is no text: put it in quotes`];
  if (CUSTOM_ID.test(holder[name])) return [];
  return [`"${name}" may have 1 to 64 letters (a-z, A-Z), digits, "_" and "-" only: rename it`];
}

/** The first problems of a file, by line, and how many there are. */
class Problems {
  /** @param {string} name */
  constructor(name) {
    this.name = name;
    this.count = 0;
    /** @type {{line: number, text: string}[]} */
    this.first = [];
  }

  /** @param {number} line  0 for the settings @param {unknown} customId @param {string[]} texts */
  add(line, customId, ...texts) {
    this.count += texts.length;
    const where = line ? `line ${line}${typeof customId === "string" ? `, id ${shown(customId)}` : ""}` : "settings";
    this.first.push(...texts.map((text) => ({ line, text: `${where}: ${text}` })));
    if (this.first.length > 4 * PROBLEMS_SHOWN) this.cut();
  }

  cut() {
    this.first = this.first.sort((a, b) => a.line - b.line).slice(0, PROBLEMS_SHOWN);
  }

  text() {
    this.cut();
    const listed = this.first.map(({ text }) => `${this.name}: ${text}`);
    if (this.count > listed.length) listed.push(`and ${grouped(this.count - listed.length)} more problems`);
    return [...listed, "Nothing was submitted."].join("\n");
  }
}

/** Finds repeated ids in bounded memory: ids go to temporary files by checksum, and each file is looked at alone. */
class Ids {
  /** @param {number} inputBytes */
  constructor(inputBytes) {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "run_batches-"));
    this.files = Array.from({ length: Math.min(128, 1 + Math.floor(inputBytes / 2 ** 25)) }, (_, number) => ({
      fd: fs.openSync(path.join(folder, String(number)), "wx+"),
      pending: "",
    }));
    // An open file without a name goes away with the program, whatever becomes of it.
    fs.rmSync(folder, { recursive: true });
  }

  /** @param {string} customId @param {number} line */
  add(customId, line) {
    let checksum = 0;
    for (let at = 0; at < customId.length; at++) checksum = (checksum * 31 + customId.charCodeAt(at)) >>> 0;
    const file = this.files[checksum % this.files.length];
    file.pending += `${customId} ${line}\n`;
    if (file.pending.length > 2 ** 16) this.flush(file);
  }

  /** @param {{fd: number, pending: string}} file */
  flush(file) {
    writeAll(file.fd, Buffer.from(file.pending, "latin1"));
    file.pending = "";
  }

  /**
   * Each repetition: the id, its line, and the line where the id came first.
   * @returns {Generator<[string, number, number]>}
   */
  *repeated() {
    for (const file of this.files) {
      this.flush(file);
      /** @type {Map<string, number>} */
      const seen = new Map();
      for (const entry of linesOf(file.fd)) {
        const [customId, number] = entry.toString("latin1").trimEnd().split(" ");
        const line = Number(number);
        const first = seen.get(customId);
        if (first === undefined) seen.set(customId, line);
        else yield [customId, line, first];
      }
      fs.closeSync(file.fd);
    }
  }
}

/**
 * What one reading of INPUT found; sizes in bytes, money in units of 1/10**13 dollars.
 * @typedef {{identity: {name: string, bytes: number, sha256: string, kind: string, requests: number}, batches: number,
 *   largest: number, textBytes: number, outputTokens: number, cost: bigint, worst: bigint, unpriced: number}} Scan
 */

/**
 * Read INPUT once: check every line, take its SHA-256, and count what a run would send.
 * @param {number} fd @param {string} name @param {Settings} settings @param {AbortSignal} signal
 * @returns {Promise<{found: Scan, problems: Problems}>}
 */
async function scan(fd, name, settings, signal) {
  const requests = new Requests(settings);
  const problems = new Problems(name);
  const digest = createHash("sha256");
  const ids = new Ids(fs.fstatSync(fd).size);
  const longest = settings.maxBytesPerBatch - ENVELOPE_BYTES;
  let [kind, kindLine, total, lineNumber, position, breathed, tooLong] = ["", 0, 0, 0, 0, 0, false];
  const mostInBatch = Math.min(settings.requestsPerBatch, settings.maxQueuedRequests);
  let [placed, batches, inBatch, batchBytes, largest] = [0, 0, 0, 0, 0];
  let [textBytes, outputTokens, unpriced, cost, worst] = [0, 0, 0, 0n, 0n];
  for (let line of linesOf(fd, { most: longest + 2 ** 16, digest })) {
    position += line.length;
    if (position - breathed > 2 ** 24) {
      breathed = position;
      await breath(); // a signal is heard only in between
      signal.throwIfAborted();
    }
    const whole = line[line.length - 1] === 10;
    if (tooLong) {
      tooLong = !whole;
      continue;
    }
    lineNumber++;
    const wrongHere = (/** @type {string} */ text) => problems.add(lineNumber, null, text);
    if (line.length > longest && !whole) {
      tooLong = true;
      wrongHere(`the line is longer than a batch of ${grouped(settings.maxBytesPerBatch)} bytes: shorten it`);
      continue;
    }
    if (lineNumber === 1 && line.indexOf("\ufeff") === 0) {
      wrongHere("the file begins with a byte order mark: save it as UTF-8 without one");
      line = line.subarray(3);
    }
    if (isBlank(line)) continue;
    total++;
    let text;
    try {
      text = utf8.decode(line);
    } catch {
      wrongHere(`byte ${startOfInvalid(line) + 1} is not UTF-8: save the file as UTF-8`);
      continue;
    }
    let value;
    try {
      value = decodeJson(text);
    } catch (error) {
      wrongHere(`not JSON (${whyNotJson(error)}): each line is one JSON object`);
      continue;
    }
    if (!isObject(value)) {
      wrongHere('not a JSON object: write {"id": …, "prompt": …} or {"custom_id": …, "params": …}');
      continue;
    }
    const thisKind = Object.hasOwn(value, "params") || Object.hasOwn(value, "custom_id") ? "requests" : "rows";
    if (!kind) {
      [kind, kindLine] = [thisKind, lineNumber];
      if (kind === "rows") problems.add(0, null, ...requests.wrongWithSettings());
    }
    const isRow = thisKind === "rows";
    const customId = isRow ? value.id : value.custom_id;
    const wrong = isRow ? requests.wrongWithRow(value) : requests.wrongWithRequest(value, text);
    if (thisKind !== kind) {
      wrong.push(
        `the file began with ${kind} (line ${kindLine}), and this is one of the ${thisKind}: use one form throughout`,
      );
    }
    if (typeof customId === "string" && CUSTOM_ID.test(customId)) ids.add(customId, lineNumber);
    if (wrong.length) {
      problems.add(lineNumber, customId, ...wrong);
      continue;
    }

    const body = isRow ? null : stripped(line);
    const size = body ? body.length : requests.rowSize(value, line);
    if (size > longest) {
      const limits = `the request has ${grouped(size)} bytes, and a batch takes ${grouped(longest)}`;
      problems.add(lineNumber, customId, `${limits}: shorten it`);
      continue;
    }
    const full = inBatch === mostInBatch || batchBytes + 1 + size > longest;
    if (!inBatch || full || placed === settings.canary) [batches, inBatch, batchBytes] = [batches + 1, 0, -1];
    placed += 1;
    inBatch += 1;
    batchBytes += 1 + size;
    largest = Math.max(largest, inBatch);
    textBytes += size;
    const output = Math.min(isRow ? settings.maxTokens : value.params.max_tokens, PLANNED_OUTPUT_TOKENS);
    outputTokens += output;
    const price = requests.prices.get(isRow ? settings.model : value.params.model);
    if (price) {
      cost += BigInt(Math.ceil(size / BYTES_PER_TOKEN)) * price.rates.input + BigInt(output) * price.rates.output;
      worst += (body ? requests.worstOfRequest(value.params, body) : requests.worstOfRow(size)) ?? 0n;
    } else {
      unpriced++;
    }
  }

  if (!total) problems.add(1, null, 'the file is empty: write one {"id": …, "prompt": …} a line');
  for (const [customId, line, first] of ids.repeated()) {
    problems.add(line, customId, `the id stands in line ${first} too: each needs one of its own`);
  }
  const identity = { name, bytes: position, sha256: digest.digest("hex"), kind, requests: total };
  return { found: { identity, batches, largest, textBytes, outputTokens, cost, worst, unpriced }, problems };
}

/** V8's own message may quote the line: only what it says about the place is passed on. @param {unknown} error */
function whyNotJson(error) {
  if (error instanceof RangeError) return "a number or constant that JSON does not have";
  const place = / position (\d+)/.exec(String(error));
  if (place) return `at character ${Number(place[1]) + 1}`;
  return /end of JSON/.test(String(error)) ? "it ends too early" : "unexpected characters";
}

/** Where the first character begins that is no UTF-8. @param {Buffer} line */
function startOfInvalid(line) {
  const isGood = (/** @type {number} */ length) => {
    try {
      new TextDecoder("utf-8", { fatal: true }).decode(line.subarray(0, length), { stream: true });
      return true;
    } catch {
      return false;
    }
  };
  let [good, bad] = [0, line.length + 1];
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (isGood(middle)) good = middle;
    else bad = middle;
  }
  // An unfinished character is good so far, and begins up to three bytes earlier.
  for (let back = 0; back < 4; back++) if (isUtf8(line.subarray(0, good - back))) return good - back;
  return good;
}

// --- the folder -----------------------------------------------------------------------------------------------------

/**
 * One writer. DIR/lock has a line for each program that takes the folder, and a line when it leaves.
 *
 * Lines are appended whole, so they have one order for everybody: the first holder that has not left and is alive has
 * the folder. A killed holder is known by its process id and the time that process started.
 */
class Lock {
  /** @param {string} file */
  constructor(file) {
    this.file = file;
    this.me = {
      host: os.hostname(),
      pid: process.pid,
      started: processStart(process.pid),
      token: randomBytes(8).toString("hex"),
    };
  }

  take() {
    this.refuseIfHeld();
    this.append({ taken: this.me });
    try {
      this.refuseIfHeld();
    } catch (error) {
      this.leave();
      throw error;
    }
  }

  leave() {
    this.append({ left: this.me.token });
  }

  /** @param {Event} entry */
  append(entry) {
    // A line of its own, even after one that was torn.
    fs.appendFileSync(this.file, `\n${JSON.stringify(entry)}\n`);
  }

  refuseIfHeld() {
    /** @type {Event[]} */
    let holders = [];
    for (const line of fs.existsSync(this.file) ? fs.readFileSync(this.file, "utf8").split("\n") : []) {
      const entry = jsonOrNull(line); // a torn line took nothing
      if (isObject(entry?.taken)) holders.push(entry.taken);
      else if (entry?.left) holders = holders.filter((holder) => holder.token !== entry.left);
    }
    for (const holder of holders) {
      if (holder.token === this.me.token) return;
      if (holder.host !== this.me.host) {
        throw new InputError(
          `A program on another host (${shown(holder.host)}, process ${holder.pid}) has this folder. ` +
            `If it no longer runs, delete ${this.file} and start again.`,
        );
      }
      if ([holder.started, ""].includes(processStart(holder.pid))) {
        throw new InputError(
          `Another program (process ${holder.pid}) has this folder. Wait for it or stop it; ` +
            "one program at a time writes to a folder.",
        );
      }
    }
  }
}

/**
 * When a process began, as text that another process begun at another time does not have.
 * null: there is no such process. "": it is there, and this system does not say since when.
 * @param {number} pid @returns {string | null}
 */
function processStart(pid) {
  if (process.platform === "win32") {
    const listed = execFileSync("tasklist", ["/NH", "/FI", `PID eq ${pid}`], { encoding: "utf8" });
    return listed.split(/\s+/).includes(String(pid)) ? "" : null;
  }
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (codeOf(error) === "ESRCH") return null;
  }
  try {
    // State and start time are the 3rd and 22nd fields; the 2nd, a name in brackets, may hold anything.
    const stat = fs.readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 1).trim().split(/\s+/);
    const boot = fs.readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    return "ZX".includes(fields[0]) ? null : `${boot} ${fields[19]}`;
  } catch {
    // no Linux: ask ps
  }
  try {
    const env = { ...process.env, LC_ALL: "C", TZ: "UTC" };
    return execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8", env }).trim();
  } catch {
    return "";
  }
}

/** Append-only JSON Lines; a line is on disk when `write` returns. */
class Journal {
  /** @param {string} file */
  constructor(file) {
    this.file = file;
    this.fd = -1;
  }

  /** Every whole line. A torn last line is cut off. @returns {Generator<Event, void>} */
  *read() {
    if (!fs.existsSync(this.file)) return;
    let [whole, number] = [0, 0];
    for (const line of linesIn(this.file)) {
      if (line[line.length - 1] !== 10) break;
      whole += line.length;
      number++;
      const event = jsonOrNull(line.toString());
      if (!event) {
        throw new InputError(
          `${this.file}: line ${number} is no JSON, so what was sent is not known. ` +
            "Restore the file from a copy; do not delete the line.",
        );
      }
      yield event;
    }
    if (whole < fs.statSync(this.file).size) fs.truncateSync(this.file, whole);
  }

  /** The line that says with what the run began. @returns {Event | null} */
  first() {
    if (!fs.existsSync(this.file)) return null;
    const [line] = linesIn(this.file);
    if (!line || line[line.length - 1] !== 10) return null;
    const event = jsonOrNull(line.toString());
    if (event?.event === "run") return event;
    throw new InputError(`${this.file} is no journal of this program. Choose another --out.`);
  }

  open() {
    this.fd = fs.openSync(this.file, "a");
    syncFolder(path.dirname(this.file));
  }

  /** @param {Event} event */
  write(event) {
    writeAll(this.fd, jsonLine(event));
    fs.fsyncSync(this.fd);
  }

  close() {
    if (this.fd >= 0) fs.closeSync(this.fd);
    this.fd = -1;
  }
}

/** An object of JSON, or null for a text that is none. @param {string} text @returns {Event | null} */
function jsonOrNull(text) {
  try {
    const value = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

/** The lines of a file by its name. @param {string} file @param {{start?: number, end?: number}} [range] */
function* linesIn(file, range) {
  const fd = fs.openSync(file, "r");
  try {
    yield* linesOf(fd, range);
  } finally {
    fs.closeSync(fd);
  }
}

/**
 * Make a folder, and those above it. (Node's own `recursive` hangs where nothing may be made, as in /proc.)
 * @param {string} folder
 */
function makeFolder(folder, above = true) {
  try {
    fs.mkdirSync(folder);
  } catch (error) {
    if (fs.existsSync(folder) && fs.statSync(folder).isDirectory()) return;
    if (codeOf(error) !== "ENOENT" || !above || path.dirname(folder) === folder) throw error;
    makeFolder(path.dirname(folder));
    makeFolder(folder, false);
  }
}

/** Make names that were added to a folder survive a power cut. @param {string} folder */
function syncFolder(folder) {
  if (process.platform === "win32") return; // there, a folder cannot be opened
  const fd = fs.openSync(folder, "r");
  try {
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}

/** @param {number} fd @param {Uint8Array} bytes */
function writeAll(fd, bytes) {
  for (let at = 0; at < bytes.length; ) at += fs.writeSync(fd, bytes, at);
}

/**
 * Cut off what a torn step left behind; the journal says how long the file was before it.
 * @param {string} file @param {number} length
 */
function trim(file, length) {
  const size = fs.existsSync(file) ? fs.statSync(file).size : 0;
  if (size < length) {
    throw new InputError(
      `${file} has ${grouped(size)} bytes and had ${grouped(length)}: something else changed it. ` +
        "Restore it from a copy.",
    );
  }
  if (size > length) fs.truncateSync(file, length);
}

/**
 * The code of an error of the system, such as "ENOENT"; "" for any other error.
 * @param {any} error @returns {string}
 */
const codeOf = (error) => (typeof error?.errno === "number" && typeof error.code === "string" ? error.code : "");

/** What the system says about its error. @param {any} error @returns {string} */
function systemText(error) {
  const text = getSystemErrorMap().get(error.errno)?.[1] ?? String(error.code);
  return text[0].toUpperCase() + text.slice(1);
}

// --- the state of a run, as the journal tells it --------------------------------------------------------------------

class Batch {
  /** @type {"unsent" | "doubt" | "open" | "stored"} */
  status = "unsent";
  /** The newest batch of the workspace before the POST. @type {Event | null} */
  since = null;
  id = "";
  adopted = false;

  /** @param {Event} cut  an event, or one of the two in `halved` */
  constructor({ batch = 0, round = 0, start = 0, end = 0, requests = 0, bytes = 0, worst_usd = "0", canary = false }) {
    this.number = Number(batch);
    this.round = Number(round);
    this.start = Number(start);
    this.end = Number(end);
    this.requests = Number(requests);
    this.bytes = Number(bytes);
    this.worst = money(worst_usd);
    this.canary = Boolean(canary);
  }
}

/** The sum of the journal. Every change goes through `apply`, in a live run and when a run is taken up again. */
class State {
  /** @type {Event | null} */
  began = null;
  /** Those that are not sorted. @type {Map<number, Batch>} */
  batches = new Map();
  /** Ids of batches that are accounted for. @type {Set<string>} */
  known = new Set();
  numbers = 0;
  created = 0;
  round = 0;
  position = 0; // where the next batch of this round begins
  roundBytes = 0; // the length of this round's list (not of INPUT)
  notBefore = 0;
  again = 0; // requests on the next round's list
  lengths = [0, 0, 0];
  largestRequests = Infinity; // halved by a 413
  largestBytes = Infinity;
  canaryCut = 0; // requests that were chosen as canary, and what became of them
  canary = 0;
  canaryGivenUp = 0;
  restBegan = false;
  succeeded = 0;
  givenUp = 0;
  retried = 0;
  reasons = new Counter();
  truncated = 0;
  refused = 0;
  usage = new Counter();
  spent = 0n;
  unpriced = 0;
  firstCreatedAt = "";
  lastEndedAt = "";
  canceling = false;
  restGivenUp = false;
  /** @type {number | null} */
  done = null;

  /** @param {Event} event */
  apply(event) {
    const kind = event.event;
    const batch = this.batches.get(event.batch) ?? new Batch({});
    if (kind === "run") {
      this.began = event;
    } else if (kind === "cut") {
      this.add(event);
      this.position = event.end;
      if (event.canary) this.canaryCut += event.requests;
      this.restBegan = !event.canary;
    } else if (kind === "submit") {
      [batch.status, batch.since] = ["doubt", event.since];
    } else if (kind === "created" || kind === "adopted") {
      [batch.status, batch.id, batch.adopted] = ["open", event.id, kind === "adopted"];
      this.known.add(event.id);
      this.created += 1;
      if (!this.firstCreatedAt || event.created_at < this.firstCreatedAt) this.firstCreatedAt = event.created_at;
    } else if (kind === "not_made" || kind === "refused") {
      [batch.status, batch.since] = ["unsent", null];
    } else if (kind === "halved") {
      this.batches.delete(event.batch);
      for (const cut of event.into) this.add(cut);
      this.largestRequests = Math.ceil(batch.requests / 2);
      this.largestBytes = Math.ceil(batch.bytes / 2);
    } else if (kind === "let_go") {
      [batch.status, batch.id, batch.adopted] = ["doubt", "", false];
      this.created -= 1;
    } else if (kind === "ended") {
      if (event.ended_at > this.lastEndedAt) this.lastEndedAt = event.ended_at;
    } else if (kind === "stored") {
      batch.status = "stored";
    } else if (kind === "sorted" || kind === "rest") {
      this.addUp(event);
      this.restGivenUp = kind === "rest";
      this.batches.delete(event.batch);
      if (batch.canary) {
        this.canary += batch.requests;
        this.canaryGivenUp += event.given_up;
      }
    } else if (kind === "round") {
      [this.round, this.position, this.roundBytes] = [event.round, 0, event.bytes];
      this.retried += event.requests;
      this.notBefore = event.not_before;
      [this.again, this.lengths[2]] = [0, 0];
    } else if (kind === "cancel") {
      this.canceling = true;
    } else if (kind === "done") {
      this.done = event.code;
    }
  }

  /** @param {Event} cut */
  add(cut) {
    this.batches.set(cut.batch, new Batch(cut));
    this.numbers = Math.max(this.numbers, cut.batch);
  }

  /** @param {Event} event */
  addUp(event) {
    this.succeeded += event.succeeded ?? 0;
    this.givenUp += event.given_up;
    this.again += event.again ?? 0;
    this.reasons.update(event.reasons);
    this.truncated += event.truncated ?? 0;
    this.refused += event.refused ?? 0;
    this.usage.update(event.usage ?? {});
    this.spent += money(event.usd ?? "0");
    this.unpriced += event.unpriced ?? 0;
    this.lengths = [...event.lengths];
  }

  /** @param {string[]} statuses */
  withStatus(...statuses) {
    return [...this.batches.values()].filter((batch) => statuses.includes(batch.status));
  }

  /** Batches that are at the provider, or may be. */
  inFlight() {
    return this.withStatus("doubt", "open");
  }
}

// --- what the user sees ---------------------------------------------------------------------------------------------

/** Plain lines when stderr is no terminal; one line that is written over when it is one. */
class Log {
  constructor() {
    this.terminal = process.stderr.isTTY === true;
    this.lastProgress = performance.now();
  }

  /** @param {string} text */
  line(text) {
    process.stderr.write(`${this.terminal ? "\r\x1b[K" : ""}${localTime()} ${text}\n`);
  }

  /** @param {string} text */
  progress(text) {
    if (this.terminal) {
      process.stderr.write(`\r\x1b[K${text.slice(0, (process.stderr.columns || 80) - 1)}`);
    } else if (performance.now() - this.lastProgress >= 1000 * PROGRESS_SECONDS) {
      this.lastProgress = performance.now();
      this.line(text);
    }
  }

  /** Take the progress away. */
  clear() {
    if (this.terminal) process.stderr.write("\r\x1b[K");
  }
}

/** Now, by the clock on the wall: 2026-11-22T18:53:29+01:00. */
function localTime() {
  const now = new Date();
  const ahead = -now.getTimezoneOffset();
  const two = (/** @type {number} */ part) => String(Math.floor(part)).padStart(2, "0");
  const zone = `${ahead < 0 ? "-" : "+"}${two(Math.abs(ahead) / 60)}:${two(Math.abs(ahead) % 60)}`;
  return new Date(now.getTime() + 60_000 * ahead).toISOString().slice(0, 19) + zone;
}

/** Hours, minutes and seconds. @param {number} seconds */
function clock(seconds) {
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const whole = Math.floor(seconds);
  const two = (/** @type {number} */ part) => String(part).padStart(2, "0");
  return `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
}

// --- the run --------------------------------------------------------------------------------------------------------

/**
 * Takes one file of requests to the end. `await new BatchRunner("prompts.jsonl", "answers").run()` gives the exit
 * code.
 */
export class BatchRunner {
  /** @param {string} source @param {string} out @param {Settings} [settings] */
  constructor(source, out, settings = new Settings()) {
    this.source = source;
    this.name = path.basename(source);
    this.out = out;
    this.settings = settings;
    this.log = new Log();
    this.requests = new Requests(settings);
    this.state = new State();
    this.journal = new Journal(path.join(out, "journal.jsonl"));
    this.succeeded = path.join(out, "succeeded.jsonl");
    this.failed = path.join(out, "failed.jsonl");
    // The first failure of any task, or a signal, ends every wait of all the others.
    this.halt = new AbortController();
    setMaxListeners(0, this.halt.signal);
    /** @type {Set<Promise<void>>} */
    this.tasks = new Set();
    /** Waits that end when a batch was sorted, so there is room. @type {Set<() => void>} */
    this.waiting = new Set();
    /** INPUT, once it is open. */
    this.input = -1;
    /** What was found in it. @type {Scan | undefined} */
    this.found = undefined;
    /** @type {fs.BigIntStats | undefined} */
    this.unchanged = undefined;
    /** The SDK, once it is needed. @type {any} */
    this.api = undefined;
  }

  // Before anything is submitted -------------------------------------------------------------------------------------

  /** Read INPUT and say what a run would do. */
  async check() {
    this.input = this.openInput();
    const { identity, ...found } = await this.readInput();
    fs.closeSync(this.input);
    const { requests, kind, bytes, sha256 } = identity;
    const firstAlone = Math.min(this.settings.canary, requests);
    const alone = firstAlone ? `; the first ${grouped(firstAlone)} requests go alone` : "";
    const unpriced = found.unpriced ? `; no price is known for the model of ${grouped(found.unpriced)} requests` : "";
    return [
      `${this.name}: ${grouped(requests)} ${kind}, ${grouped(bytes)} bytes, SHA-256 ${sha256}`,
      `Split: ${grouped(found.batches)} batches, the largest of ${grouped(found.largest)} requests${alone}`,
      `Tokens, estimated: ${grouped(Math.ceil(found.textBytes / BYTES_PER_TOKEN))} of input ` +
        `(${BYTES_PER_TOKEN} bytes each), ${grouped(found.outputTokens)} of output ` +
        `(as planned, ${grouped(PLANNED_OUTPUT_TOKENS)} a request)`,
      `Cost, estimated at batch prices without prompt caching: $${usdRounded(found.cost)}; ` +
        `at most $${usdRounded(found.worst)}, if every answer is max_tokens long${unpriced}`,
      `The plan: $${PLANNED_USD} for ${grouped(PLANNED_REQUESTS)} requests`,
      "Nothing was submitted.",
    ].join("\n");
  }

  openInput() {
    try {
      const stat = fs.statSync(this.source);
      if (!stat.isFile() && !stat.isDirectory()) {
        throw new InputError(`${this.source}: is no file that can be read again. Save it as a file.`);
      }
      if (stat.isDirectory()) throw new InputError(`${this.source}: cannot be read (Is a directory). Check the path.`);
      return fs.openSync(this.source, "r");
    } catch (error) {
      if (!codeOf(error)) throw error;
      throw new InputError(`${this.source}: cannot be read (${systemText(error)}). Check the path.`);
    }
  }

  async readInput() {
    const { found, problems } = await scan(this.input, this.name, this.settings, this.halt.signal).catch((error) => {
      throw codeOf(error) ? new InputError(`${this.source}: cannot be read (${systemText(error)}).`) : error;
    });
    this.halt.signal.throwIfAborted();
    this.sameInput(found.identity);
    if (problems.count) throw new InputError(problems.text());
    return found;
  }

  /**
   * A run goes on with the file that it began with, to the byte, and with the same kind of requests.
   * @param {Event} now
   */
  sameInput(now) {
    const began = this.journal.first();
    if (!began) return;
    if (began.format !== JOURNAL_FORMAT) {
      throw new InputError(
        `${this.journal.file} is of another version of this program. Use that version, or another --out.`,
      );
    }
    const before = began.input;
    if (before.bytes !== now.bytes || before.sha256 !== now.sha256) {
      const [was, is] = [before, now].map(
        (input) => `${grouped(input.bytes)} bytes, SHA-256 ${input.sha256.slice(0, 12)}`,
      );
      throw new InputError(
        `${this.out} belongs to a run on another input: it began with ${shown(before.name)}, ${was}; ` +
          `${shown(now.name)} has ${is}. Restore that file, or choose another --out. Nothing was submitted.`,
      );
    }
    const mine = this.settings.ofRequests();
    const differ = Object.entries(began.request_settings)
      .filter(([name, value]) => JSON.stringify(mine[name]) !== JSON.stringify(value))
      .map(([name]) => name);
    if (differ.length) {
      throw new InputError(
        `${this.out} belongs to a run with other settings: ${differ.join(", ")} differ. ` +
          "Set them as they were, or choose another --out. Nothing was submitted.",
      );
    }
  }

  /** Take the folder, and take up what the journal says. @param {Event} identity */
  openFolder(identity) {
    const lock = new Lock(path.join(this.out, "lock"));
    try {
      for (const folder of ["", "results", "rounds"]) makeFolder(path.join(this.out, folder));
      lock.take();
    } catch (error) {
      if (!codeOf(error)) throw error;
      throw new InputError(`${this.out}: cannot be written (${systemText(error)}). Choose another --out.`);
    }
    try {
      this.sameInput(identity); // another run may have begun here while INPUT was read
      this.state = new State();
      for (const event of this.journal.read()) this.state.apply(event);
      const isNew = this.state.began === null;
      for (const name of isNew ? ["succeeded.jsonl", "failed.jsonl"] : []) {
        if (fs.existsSync(path.join(this.out, name))) {
          throw new InputError(`${this.out} has a ${name} and no journal. Choose another --out.`);
        }
      }
      this.journal.open();
      this.answerFiles().forEach((file, number) => trim(file, this.state.lengths[number]));
      const settings = this.settings.ofRun();
      if (isNew) {
        const request_settings = this.settings.ofRequests();
        this.note("run", { format: JOURNAL_FORMAT, program: PROGRAM, input: identity, request_settings, settings });
      } else if (this.state.done === null) {
        this.note("resume", { program: PROGRAM, settings });
      }
    } catch (error) {
      lock.leave();
      if (!codeOf(error)) throw error;
      throw new InputError(`${this.out}: ${systemText(error)}. Free the disk or choose another --out.`);
    }
    return lock;
  }

  /** What the `lengths` of the journal are about. */
  answerFiles() {
    return [this.succeeded, this.failed, this.roundFile(this.state.round + 1)];
  }

  /** @param {number} number */
  roundFile(number) {
    return path.join(this.out, "rounds", `round-${number}.jsonl`);
  }

  /** @param {Batch} batch */
  resultsFile(batch) {
    return path.join(this.out, "results", `${batch.id}.jsonl`);
  }

  /**
   * Write to the journal what is about to be done or has been learnt; the state follows from it.
   * @param {string} event @param {Event} [fields]
   */
  note(event, fields = {}) {
    const entry = { event, at: new Date().toISOString().replace("Z", "+00:00"), ...fields };
    this.journal.write(entry);
    this.state.apply(entry);
  }

  // From the first batch to the last ---------------------------------------------------------------------------------

  /** Send all that is unsent, collect all that is open, in rounds; or, to cancel, end it here. */
  async run(cancel = false) {
    this.input = this.openInput();
    try {
      this.unchanged = fs.fstatSync(this.input, { bigint: true });
      this.found = await this.readInput();
      if (cancel && !fs.existsSync(this.journal.file)) throw new InputError(`${this.out} holds no run to cancel.`);
      const lock = this.openFolder(this.found.identity);
      try {
        return await this.goOn(cancel);
      } catch (error) {
        if (!codeOf(error)) throw error;
        const file = /** @type {NodeJS.ErrnoException} */ (error).path;
        throw new StoppedError(`${systemText(error)}: ${file ?? this.out}. Make room or mend it.`);
      } finally {
        this.journal.close();
        leaveQuietly(() => lock.leave());
      }
    } finally {
      fs.closeSync(this.input);
    }
  }

  /** @param {boolean} cancel */
  async goOn(cancel) {
    const state = this.state;
    if (state.done === null) {
      try {
        this.api = await newClient();
        if (cancel && !state.canceling) this.note("cancel");
        for (;;) {
          await this.workOffRound();
          if (state.canceling || !state.again) break;
          this.beginRound();
        }
        if (state.canceling && !state.restGivenUp) this.giveUpTheRest();
      } catch (error) {
        if (error instanceof StoppedError) leaveQuietly(() => this.note("stop", { code: 3, why: error.message }));
        throw error;
      }
      this.note("done", { code: state.givenUp ? 1 : 0 });
    }
    this.writeSummary();
    return state.done ?? 0;
  }

  /** One task submits, one task follows each open batch, until nothing of this round is left. */
  async workOffRound() {
    const progress = setInterval(() => this.showProgress(), 1000);
    try {
      do {
        for (const batch of this.state.withStatus("open", "stored")) this.start(this.follow(batch));
        this.start(this.submitAll());
        while (this.tasks.size) await Promise.all(this.tasks);
        this.halt.signal.throwIfAborted();
        // What is left after this was in a batch that was adopted and is somebody else's; or is not to be sent.
      } while (this.state.canceling ? this.state.withStatus("doubt").length : this.state.batches.size);
    } finally {
      clearInterval(progress);
      this.log.clear();
    }
  }

  /** @param {Promise<void>} task */
  start(task) {
    const ended = task
      .catch((error) => this.halt.abort(error))
      .then(() => {
        this.tasks.delete(ended);
        for (const wake of this.waiting) wake();
      });
    this.tasks.add(ended);
    this.showProgress();
  }

  /**
   * Wait, unless something ends the run; with `orChange`, only until a batch has been sorted.
   * @param {number} seconds @returns {Promise<void>}
   */
  sleep(seconds, orChange = false) {
    const { signal } = this.halt;
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const end = () => {
        clearTimeout(timer);
        this.waiting.delete(end);
        signal.removeEventListener("abort", end);
        if (signal.aborted) reject(signal.reason);
        else resolve();
      };
      const timer = setTimeout(end, 1000 * Math.min(seconds, LONGEST_WAIT_SECONDS));
      signal.addEventListener("abort", end);
      if (orChange) this.waiting.add(end);
    });
  }

  beginRound() {
    const number = this.state.round + 1;
    const delay = backoffSeconds(this.settings, number);
    this.note("round", {
      round: number,
      requests: this.state.again,
      bytes: this.state.lengths[2],
      not_before: Math.round(Date.now() + 1000 * delay) / 1000,
    });
    const retried = grouped(this.state.retried);
    this.log.line(`Round ${number + 1}: ${retried} retries so far; the next go out in ${clock(delay)}`);
  }

  // 1 and 2: cut and submit ------------------------------------------------------------------------------------------

  /** Submit what is unsent, one batch at a time. A batch in doubt comes before any other. */
  async submitAll() {
    const { state, settings } = this;
    for (;;) {
      for (const batch of state.withStatus("doubt")) {
        await this.settle(batch, "whether it was made is not known");
      }
      if (state.canceling) return;
      // The clock may have been set back since the round began.
      const longest = state.round ? backoffSeconds(settings, state.round) : 0;
      await this.sleep(Math.max(0, Math.min(state.notBefore - Date.now() / 1000, longest)));
      const following = state.withStatus("unsent")[0] ?? this.cut();
      if (!following) return;
      if (this.hasRoom(following)) await this.submit(following);
      else await this.sleep(Infinity, true);
    }
  }

  /** Choose the next batch of this round: as many requests as fit. None when the round has no more. */
  cut() {
    const { state, settings } = this;
    const canary = state.restBegan ? 0 : Math.max(0, settings.canary - state.canaryCut);
    const { requestsPerBatch, maxQueuedRequests } = settings;
    const most = Math.min(canary || requestsPerBatch, requestsPerBatch, maxQueuedRequests, state.largestRequests);
    const longest = Math.min(settings.maxBytesPerBatch, state.largestBytes) - ENVELOPE_BYTES;
    let [count, size, worst, end] = [0, -1, 0n, state.position];
    for (const { place, after, line } of this.places(state.round, state.position)) {
      const wire = this.wireOf(place, line);
      if (count && (count === most || size + 1 + wire.body.length > longest)) break;
      count += 1;
      size += 1 + wire.body.length;
      worst += wire.worst ?? 0n;
      end = after;
    }
    if (!count) return null;
    const number = state.numbers + 1;
    this.note("cut", {
      batch: number,
      round: state.round,
      start: state.position,
      end,
      requests: count,
      bytes: size + ENVELOPE_BYTES,
      worst_usd: usdExact(worst),
      canary: canary > 0,
    });
    return state.batches.get(number) ?? null;
  }

  /**
   * The requests of a round from byte `start` to byte `end`, each with the byte where the next begins, and, until the
   * next is asked for, with its line of INPUT if that has been read already.
   * @param {number} round @param {number} start @param {number} [end]
   * @returns {Generator<{place: Place, after: number, line?: Buffer}, void>}
   */
  *places(round, start, end) {
    let after = start;
    this.refuseIfChanged();
    if (round === 0) {
      for (const line of linesOf(this.input, { start, end: end ?? this.found?.identity.bytes })) {
        const offset = after;
        after += line.length;
        if (isBlank(line)) continue;
        const value = JSON.parse(utf8.decode(line));
        const custom_id = Object.hasOwn(value, "params") ? value.custom_id : value.id;
        const place = { custom_id, offset, length: line.length, attempts: 0, reason: "not_sent", result: null };
        yield { place, after, line };
      }
    } else {
      const until = end ?? (round === this.state.round ? this.state.roundBytes : Infinity);
      for (const line of linesIn(this.roundFile(round), { start, end: until })) {
        after += line.length;
        yield { place: JSON.parse(utf8.decode(line)), after };
      }
    }
  }

  /** @param {Batch} batch */
  placesOf(batch) {
    return this.places(batch.round, batch.start, batch.end);
  }

  refuseIfChanged() {
    const [before, now] = [this.unchanged, fs.fstatSync(this.input, { bigint: true })];
    if (before && (now.size !== before.size || now.mtimeNs !== before.mtimeNs)) {
      const sizes = `${grouped(before.size)} bytes before, ${grouped(now.size)} now`;
      throw new StoppedError(`${this.source} was changed while the run went on: ${sizes}. Restore it.`);
    }
  }

  /** @param {Place} place @param {Buffer} [line] */
  wireOf(place, line) {
    if (!line) {
      line = Buffer.allocUnsafe(place.length);
      fs.readSync(this.input, line, 0, place.length, place.offset);
    }
    return this.requests.wire(line);
  }

  /**
   * The body of the POST. It is made here, not by the SDK, so that its bytes and its size are known.
   * @param {Batch} batch
   */
  bodyOf(batch) {
    const body = Buffer.allocUnsafe(batch.bytes);
    let at = body.write(ENVELOPE[0]);
    for (const { place, line } of this.placesOf(batch)) {
      if (at > ENVELOPE[0].length) at += body.write(",", at);
      at += this.wireOf(place, line).body.copy(body, at);
    }
    at += body.write(ENVELOPE[1], at);
    if (at === batch.bytes) return body;
    throw new StoppedError(`Batch ${batch.number} was cut with ${grouped(batch.bytes)} bytes and has others now.`);
  }

  /** Whether the batch may go now: canary first, then the budget, concurrency and the queue. @param {Batch} batch */
  hasRoom(batch) {
    const { state, settings } = this;
    const flying = state.inFlight();
    if (settings.canary && !batch.canary) {
      if ([...state.batches.values()].some((other) => other.canary)) return false;
      if (2 * state.canaryGivenUp > state.canary) {
        throw new StoppedError(
          `The canary failed: ${grouped(state.canaryGivenUp)} of the first ${grouped(state.canary)} requests were ` +
            "given up. failed.jsonl has the reasons. Correct INPUT and choose another --out, or go on with --canary 0.",
        );
      }
    }
    const worst = flying.reduce((sum, other) => sum + other.worst, state.spent + batch.worst);
    if (settings.budgetUsd && worst > money(settings.budgetUsd)) {
      if (flying.length) return false; // what they do not spend is free again when they have ended
      throw new StoppedError(
        `The budget of $${settings.budgetUsd} would be passed: $${usdRounded(state.spent)} is spent, and the next ` +
          `batch of ${grouped(batch.requests)} requests may cost $${usdRounded(batch.worst)}. ` +
          "Raise --budget-usd, or lower max_tokens.",
      );
    }
    const queued = flying.reduce((sum, other) => sum + other.requests, batch.requests);
    if (!flying.length) return true;
    return flying.length < settings.concurrentBatches && queued <= settings.maxQueuedRequests;
  }

  /** Send one batch, until it is made or there is no need. @param {Batch} batch */
  async submit(batch) {
    const waits = new Waits(this.settings);
    while (batch.status === "unsent") {
      const since = await this.newestBatch();
      try {
        const made = await this.create(batch, since);
        this.note("created", { batch: batch.number, id: made.id, created_at: iso(made.created_at) });
        this.log.line(`Batch ${batch.number} with ${grouped(batch.requests)} requests is ${made.id}`);
        this.start(this.follow(batch));
      } catch (trouble) {
        if (trouble instanceof NoAnswerError) {
          await this.settle(batch, trouble.message);
        } else if (trouble instanceof RefusedError) {
          this.note("refused", { batch: batch.number, status: trouble.status, why: trouble.message });
          if (trouble.forGood) {
            throw new StoppedError(`The API refused batch ${batch.number}: ${trouble.message}. ${trouble.remedy}`);
          }
          if (trouble.status === 413) {
            this.halve(batch);
            return;
          }
          await this.waitOut(batch, trouble, waits);
        } else {
          throw trouble;
        }
      }
    }
  }

  /** One POST, announced in the journal, and what its answer means. @param {Batch} batch @param {Event | null} since */
  async create(batch, since) {
    const body = this.bodyOf(batch);
    /** @type {Record<string, string>} */
    const headers = { "content-type": "application/json" };
    if (this.settings.betas.length) headers["anthropic-beta"] = this.settings.betas.join(",");
    this.note("submit", { batch: batch.number, since });
    try {
      return batchIn(
        await this.api.post("/v1/messages/batches", {
          body,
          headers,
          timeout: 1000 * CREATE_TIMEOUT_SECONDS,
          signal: this.halt.signal,
        }),
      );
    } catch (error) {
      this.halt.signal.throwIfAborted();
      if (!isStatusError(error)) throw new NoAnswerError(nameless(error));
      const why = this.reasonOf(error);
      const unclear = [408, 409].includes(error.status) || error.status < 400 || error.status >= 500;
      throw unclear ? new NoAnswerError(why) : new RefusedError(error, why);
    }
  }

  /**
   * After a 429: as long as it says; when the queue is full, until one of our own batches has left it.
   * @param {Batch} batch @param {RefusedError} refused @param {Waits} waits
   */
  async waitOut(batch, refused, waits) {
    const seconds = refused.waitSeconds ?? waits.next();
    const drains = refused.queueIsFull && this.state.inFlight().length > 0;
    const when = `${drains ? "when one of ours has ended, or " : ""}in ${clock(seconds)}`;
    this.log.line(`Batch ${batch.number}: ${refused.message}; it goes out again ${when}`);
    await this.sleep(seconds, drains);
  }

  /**
   * The body is too large for the API, though not for the settings: two batches of half the requests.
   * @param {Batch} batch
   */
  halve(batch) {
    if (batch.requests === 1) {
      this.giveUpBatch(batch, "request_too_large");
      return;
    }
    const half = Math.floor(batch.requests / 2);
    const parts = [half, batch.requests - half].map((requests, part) => ({
      batch: this.state.numbers + 1 + part,
      round: batch.round,
      start: batch.start,
      end: batch.end,
      requests,
      bytes: ENVELOPE_BYTES - 1,
      worst: 0n,
      canary: batch.canary,
    }));
    let count = 0;
    for (const { place, after, line } of this.placesOf(batch)) {
      const wire = this.wireOf(place, line);
      const part = parts[count < half ? 0 : 1];
      part.bytes += wire.body.length + 1;
      part.worst += wire.worst ?? 0n;
      if (++count === half) parts[0].end = parts[1].start = after;
    }
    const into = parts.map(({ worst, ...cut }) => ({ ...cut, worst_usd: usdExact(worst) }));
    this.note("halved", { batch: batch.number, into });
    const bytes = grouped(batch.bytes);
    this.log.line(`Batch ${batch.number} is too large for the API (${bytes} bytes): sent as two halves`);
  }

  // 3: in doubt ------------------------------------------------------------------------------------------------------

  /**
   * Find out whether a batch in doubt was made: adopt it, or let its requests be sent again.
   * @param {Batch} batch @param {string} why
   */
  async settle(batch, why) {
    const { adoptGraceSeconds, pollSeconds } = this.settings;
    this.note("doubt", { batch: batch.number, why });
    this.log.line(`Batch ${batch.number} is in doubt (${why}): looking for it before its requests are sent again`);
    const lookingSince = performance.now();
    for (;;) {
      const graceIsOver = performance.now() - lookingSince >= 1000 * adoptGraceSeconds;
      for (const found of await this.batchesSince(batch.since)) {
        const size = Object.values(countsOf(found)).reduce((a, b) => a + b, 0);
        if (this.state.known.has(found.id) || size !== batch.requests) continue;
        this.note("adopted", { batch: batch.number, id: found.id, created_at: iso(found.created_at) });
        this.log.line(`Batch ${batch.number} was made: it is ${found.id}`);
        this.start(this.follow(batch));
        return;
      }
      if (graceIsOver) {
        this.note("not_made", { batch: batch.number });
        this.log.line(`Batch ${batch.number} was not made`);
        return;
      }
      await this.sleep(Math.min(pollSeconds, adoptGraceSeconds / 5));
    }
  }

  /** The newest batch of the workspace, so that what comes after is told by the API's clock, not by ours. */
  async newestBatch() {
    const [newest] = await this.ask("list batches", () => this.pageOfBatches(1));
    return newest ? { id: newest.id, created_at: iso(newest.created_at) } : null;
  }

  /** Batches of the workspace that were made after the given one, oldest first. @param {Event | null} since */
  async batchesSince(since) {
    /** @type {MessageBatch[]} */
    const found = [];
    /** @type {string | undefined} */
    let after;
    for (;;) {
      const page = await this.ask("list batches", () => this.pageOfBatches(100, after));
      for (const batch of page) {
        if (since && (batch.id === since.id || iso(batch.created_at) < since.created_at)) return found.reverse();
        found.push(batch);
      }
      if (page.length < 100) return found.reverse();
      after = page[99].id;
    }
  }

  /** @param {number} limit @param {string} [after] */
  async pageOfBatches(limit, after) {
    // Not batches.list(): it makes an empty list of an answer that is none.
    const query = after ? { limit, after_id: after } : { limit };
    const page = await this.api.get("/v1/messages/batches", { query, signal: this.halt.signal });
    if (!isObject(page) || !Array.isArray(page.data)) throw new NoAnswerError("the answer is no list of batches");
    return page.data.map(batchIn);
  }

  // 4: poll ----------------------------------------------------------------------------------------------------------

  /** Stay with one batch from its making to its last result. @param {Batch} batch */
  async follow(batch) {
    if (batch.status === "open") {
      let ended;
      try {
        if (this.state.canceling && batch.adopted) {
          this.log.line(
            `Batch ${batch.number} (${batch.id}) was adopted, and whether it is ours is known only when it has ` +
              "ended: it is not canceled here. If it is yours, cancel it in the Console; this program waits for its end",
          );
        } else if (this.state.canceling) {
          await this.cancelAtApi(batch);
        }
        ended = await this.pollUntilEnded(batch);
      } catch (error) {
        if (!(error instanceof LostBatchError && this.state.canceling)) throw error;
        this.giveUpBatch(batch, "batch_not_found");
        return;
      }
      if (!ended.results_url) {
        const paid = "its results are no longer at the API, and it is not paid for again";
        this.log.line(`Batch ${batch.number} (${batch.id}): ${paid}`);
        this.giveUpBatch(batch, "results_archived");
        return;
      }
      if (!(await this.fetch(batch, ended))) {
        this.note("let_go", { batch: batch.number, id: batch.id });
        const left = "the adopted batch is somebody else's; its requests are still to be sent";
        this.log.line(`Batch ${batch.number}: ${left}`);
        return;
      }
      this.note("stored", { batch: batch.number, bytes: fs.statSync(this.resultsFile(batch)).size });
    }
    this.sort(batch);
  }

  /** @param {Batch} batch */
  async pollUntilEnded(batch) {
    let odd = "";
    for (;;) {
      const polled = await this.ask(`poll batch ${batch.number}`, () => this.retrieve(batch), batch);
      const archived = Boolean(polled.archived_at);
      let status = String(polled.processing_status);
      if (status === "ended" && (polled.results_url || archived)) {
        const ended = { batch: batch.number, id: batch.id, ended_at: iso(polled.ended_at), counts: countsOf(polled) };
        this.note("ended", { ...ended, archived });
        return archived ? { ...polled, results_url: null } : polled;
      }
      if (status === "ended") status = "ended, without results yet";
      if (!["in_progress", "canceling", odd].includes(status)) {
        this.log.line(`Batch ${batch.number} (${batch.id}) has the status ${shown(status)}: polling goes on`);
        odd = status;
      }
      await this.sleep(this.settings.pollSeconds);
    }
  }

  /** @param {Batch} batch */
  async retrieve(batch) {
    return batchIn(await this.api.get(`/v1/messages/batches/${batch.id}`, { signal: this.halt.signal }));
  }

  /** @param {Batch} batch */
  async cancelAtApi(batch) {
    const cancel = async () => {
      try {
        await this.api.post(`/v1/messages/batches/${batch.id}/cancel`, { signal: this.halt.signal });
      } catch (error) {
        if (!isStatusError(error) || error.status !== 400) throw error; // 400: it has ended already
      }
    };
    await this.ask(`cancel batch ${batch.number}`, cancel, batch);
    this.log.line(`Batch ${batch.number} (${batch.id}) is being canceled`);
  }

  // 5: fetch ---------------------------------------------------------------------------------------------------------

  /**
   * Bring the results into DIR/results, whole. False: they are somebody else's.
   * @param {Batch} batch @param {MessageBatch} ended
   */
  async fetch(batch, ended) {
    const whole = this.resultsFile(batch);
    const part = `${whole}.part`;
    const promised = Math.max(batch.requests, Object.values(countsOf(ended)).reduce((a, b) => a + b, 0));
    const waits = new Waits(this.settings);
    let short = 0;
    for (;;) {
      const what = `fetch the results of batch ${batch.number}`;
      await this.ask(what, () => this.download(String(ended.results_url), part), batch);
      const { lines, strange, unreadable } = this.inspect(batch, part);
      if (lines < promised && !unreadable) short++;
      if (unreadable || (lines < promised && short < FETCHES_OF_SHORT_RESULTS)) {
        const seconds = waits.next();
        const came = unreadable
          ? `${grouped(unreadable)} unreadable lines`
          : `${grouped(lines)} of ${grouped(promised)} lines`;
        this.log.line(`Batch ${batch.number}: the results came with ${came}; fetched again in ${clock(seconds)}`);
        await this.sleep(seconds);
        continue;
      }
      fs.renameSync(part, whole);
      syncFolder(path.dirname(whole));
      if (strange && !batch.adopted) {
        const stay = `results have ids that were not sent; they stay in ${path.basename(whole)}`;
        this.log.line(`Batch ${batch.number}: ${grouped(strange)} ${stay}`);
      }
      return !(strange && batch.adopted);
    }
  }

  /** @param {string} url @param {string} part */
  async download(url, part) {
    const headers = { accept: "application/binary" };
    const response = await this.api.get(url, { headers, signal: this.halt.signal }).asResponse();
    const fd = fs.openSync(part, "w");
    try {
      // The errors of the stream are told apart from those of the disk.
      const reader = response.body?.getReader();
      for (;;) {
        const piece = await reader?.read().catch((/** @type {Error} */ error) => {
          throw new NoAnswerError(`the download was cut (${error.name})`);
        });
        if (!piece?.value) break;
        writeAll(fd, piece.value);
      }
      fs.fsyncSync(fd);
    } finally {
      fs.closeSync(fd);
    }
  }

  /**
   * Lines that are results, those of them with ids that are not the batch's, and lines that are no results.
   * @param {Batch} batch @param {string} part
   */
  inspect(batch, part) {
    const ids = new Set();
    for (const { place } of this.placesOf(batch)) ids.add(place.custom_id);
    let [lines, strange, unreadable] = [0, 0, 0];
    for (const line of linesIn(part)) {
      if (isBlank(line)) continue;
      const parsed = resultIn(line);
      if (!parsed) unreadable++;
      else lines++;
      if (parsed && !ids.has(parsed.custom_id)) strange++;
    }
    return { lines, strange, unreadable };
  }

  // 6: sort ----------------------------------------------------------------------------------------------------------

  /**
   * Put every request of a batch into succeeded.jsonl, failed.jsonl, or on the next round's list; once.
   * @param {Batch} batch
   */
  sort(batch) {
    /** @type {Map<string, Place>} */
    const waiting = new Map();
    for (const { place } of this.placesOf(batch)) waiting.set(place.custom_id, place);
    let accountTrouble = "";
    const fields = this.append((sorting) => {
      for (const line of linesIn(this.resultsFile(batch))) {
        const parsed = resultIn(line);
        const place = waiting.get(parsed?.custom_id ?? "");
        if (!parsed || !place) continue;
        waiting.delete(place.custom_id);
        const { result } = parsed;
        if (result.type === "succeeded") {
          sorting.success(line, result);
          continue;
        }
        const { reason, message } = reasonIn(result);
        if (reason === "billing_error" || (MAYBE_ACCOUNT.has(reason) && ACCOUNT_WORDS.test(message))) {
          accountTrouble ||= message;
          sorting.again(place, place.attempts, reason, result);
        } else {
          sorting.failure(batch, place, reason, result);
        }
      }
      for (const place of waiting.values()) sorting.failure(batch, place, "missing", null);
    });
    this.note("sorted", { batch: batch.number, ...fields });
    const counts = [fields.succeeded, fields.again, fields.given_up].map(grouped);
    this.log.line(
      `Batch ${batch.number}: ${counts[0]} succeeded, ${counts[1]} to be tried again, ${counts[2]} given up`,
    );
    if (accountTrouble && !this.state.canceling) {
      throw new StoppedError(`The account lacks credit: ${this.clean(accountTrouble)} Add credit.`);
    }
  }

  /** @param {Batch} batch @param {string} reason */
  giveUpBatch(batch, reason) {
    const fields = this.append((sorting) => {
      for (const { place } of this.placesOf(batch)) sorting.giveUp(place, place.attempts + 1, reason, null);
    });
    this.note("sorted", { batch: batch.number, ...fields });
    this.log.line(`Batch ${batch.number}: ${grouped(batch.requests)} requests are given up (${reason})`);
  }

  /** After --cancel: what was not sent, and what would have been tried again, is given up. */
  giveUpTheRest() {
    const { state } = this;
    const fields = this.append((sorting) => {
      const rest = [...state.withStatus("unsent").map((batch) => this.placesOf(batch))];
      rest.push(this.places(state.round, state.position));
      if (state.again) rest.push(this.places(state.round + 1, 0, state.lengths[2]));
      for (const places of rest) {
        for (const { place } of places) sorting.giveUp(place, place.attempts, place.reason, place.result);
      }
    });
    this.note("rest", fields);
  }

  /**
   * Let `work` append to the three files of answers; then they are on disk, and what happened may be written to the
   * journal.
   * @param {(sorting: Sorting) => void} work
   */
  append(work) {
    const sorting = new Sorting(this);
    try {
      work(sorting);
      sorting.sync();
      return sorting.fields();
    } finally {
      sorting.close();
    }
  }

  // What the API says and how long to wait ---------------------------------------------------------------------------

  /**
   * Call until there is an answer. Nothing that passes ends a run; what does not pass stops it.
   * @template T @param {string} what @param {() => Promise<T>} call @param {Batch} [made] @returns {Promise<T>}
   */
  async ask(what, call, made) {
    const waits = new Waits(this.settings);
    let unknownSince = 0;
    for (;;) {
      let why;
      /** @type {number | null} */
      let told = null;
      try {
        return await call();
      } catch (error) {
        this.halt.signal.throwIfAborted();
        if (codeOf(error)) throw error; // the disk's, for those of the network come wrapped
        if (hasNoKey(error)) throw new StoppedError("There is no API key: set ANTHROPIC_API_KEY.");
        if (isStatusError(error)) {
          [why, told] = [this.reasonOf(error), retryAfter(error)];
          if (made && error.status === 404) {
            unknownSince ||= performance.now();
            if (performance.now() - unknownSince >= 1000 * LOST_BATCH_SECONDS) {
              throw new LostBatchError(
                `The API has not known batch ${made.id} for ${clock(LOST_BATCH_SECONDS)}. It may be paid for, so its ` +
                  "requests are not sent again. Use a key of the workspace where the run began; if somebody deleted " +
                  "the batch, end the run with --cancel.",
              );
            }
          } else if (
            accountIsStopped(error) ||
            (error.status >= 400 && error.status < 500 && ![408, 409, 429].includes(error.status))
          ) {
            throw new StoppedError(`${what}: ${why}. ${remedy(error)}`);
          }
        } else {
          why = nameless(error);
        }
      }
      const seconds = told ?? waits.next();
      this.log.line(`${what}: ${why}; again in ${clock(seconds)}`);
      await this.sleep(seconds);
    }
  }

  /** @param {StatusError} error */
  reasonOf(error) {
    return this.clean(`HTTP ${error.status}${error.type ? `, ${error.type}: ${messageOf(error)}` : ""}`);
  }

  /** The API's own words, on one line, short, and without the key. @param {string} text */
  clean(text) {
    for (const secret of [this.api?.apiKey, this.api?.authToken]) {
      if (secret) text = text.replaceAll(secret, "[key]");
    }
    return text.split(/\s+/).join(" ").trim().slice(0, 300);
  }

  // What the user sees -----------------------------------------------------------------------------------------------

  showProgress() {
    const { state } = this;
    const flying = state.inFlight();
    const queued = flying.reduce((sum, batch) => sum + batch.requests, 0);
    const elapsed = (Date.now() - Date.parse(state.began?.at)) / 1000;
    this.log.progress(
      `${grouped(state.succeeded + state.givenUp)} of ${grouped(this.found?.identity.requests ?? 0)} requests ` +
        `answered, ${flying.length} batches open with ${grouped(queued)}, ${clock(elapsed)} elapsed; ` +
        `forecast ${clock(FORECAST_SECONDS.p50)} to ${clock(FORECAST_SECONDS.p95)}`,
    );
  }

  writeSummary() {
    const { state } = this;
    const summary = {
      requests: this.found?.identity.requests,
      succeeded: state.succeeded,
      given_up: state.givenUp,
      reasons: Object.fromEntries([...state.reasons].sort(([a], [b]) => (a < b ? -1 : 1))),
      truncated: state.truncated,
      refused: state.refused,
      retried: state.retried,
      batches: state.created,
      rounds: state.round + 1,
      canceled: state.canceling,
      usage: Object.fromEntries(USAGE_KINDS.map((kind) => [kind, state.usage.get(kind) ?? 0])),
      cost_usd: usdRounded(state.spent, 6),
      unpriced: state.unpriced,
      planned_cost_usd: PLANNED_USD,
      planned_requests: PLANNED_REQUESTS,
      first_created_at: state.firstCreatedAt || null,
      last_ended_at: state.lastEndedAt || null,
      input: this.found?.identity,
    };
    const part = path.join(this.out, "summary.json.part");
    const fd = fs.openSync(part, "w");
    try {
      writeAll(fd, Buffer.from(`${jsonAscii(summary, 2)}\n`));
      fs.fsyncSync(fd);
    } finally {
      fs.closeSync(fd);
    }
    fs.renameSync(part, path.join(this.out, "summary.json"));
    syncFolder(this.out);
  }

  lastLine() {
    const { state } = this;
    const parts = [
      `${grouped(state.succeeded)} of ${grouped(this.found?.identity.requests ?? 0)} requests succeeded`,
      `${grouped(state.truncated)} of them truncated at max_tokens`,
      `${grouped(state.refused)} refused by the model`,
      `${grouped(state.givenUp)} given up${state.givenUp ? " (failed.jsonl says why)" : ""}`,
    ];
    const cost = `$${usdRounded(state.spent)} spent, $${PLANNED_USD} planned for ${grouped(PLANNED_REQUESTS)} requests`;
    return `${parts.join(", ")}; ${cost}. Answers: ${this.succeeded}`;
  }
}

/** @extends {Map<string, number>} */
class Counter extends Map {
  /** @param {Record<string, number>} counts */
  update(counts) {
    for (const [name, count] of Object.entries(counts)) this.set(name, (this.get(name) ?? 0) + count);
  }
}

/** Appends to succeeded.jsonl, failed.jsonl and the next round's list, and counts. */
class Sorting {
  /** @param {BatchRunner} runner */
  constructor(runner) {
    this.runner = runner;
    this.files = runner.answerFiles().map((file, number) => {
      trim(file, runner.state.lengths[number]);
      return { fd: fs.openSync(file, "a"), pending: /** @type {Buffer[]} */ ([]), bytes: 0 };
    });
    this.lengths = runner.state.lengths;
    this.succeeded = this.givenUp = this.retries = this.truncated = this.refused = this.unpriced = 0;
    this.spent = 0n;
    /** @type {Set<string>} */
    this.strange = new Set();
    this.reasons = new Counter();
    this.usage = new Counter();
  }

  /** @param {number} number @param {Buffer} line */
  write(number, line) {
    const file = this.files[number];
    file.pending.push(line);
    file.bytes += line.length;
    if (file.bytes > 2 ** 20) this.flush(file);
  }

  /** @param {{fd: number, pending: Buffer[], bytes: number}} file */
  flush(file) {
    writeAll(file.fd, Buffer.concat(file.pending));
    [file.pending, file.bytes] = [[], 0];
  }

  /** Leave the files on disk, with their names; then their lengths may be written to the journal. */
  sync() {
    for (const file of this.files) {
      this.flush(file);
      fs.fsyncSync(file.fd);
    }
    syncFolder(this.runner.out);
    syncFolder(path.join(this.runner.out, "rounds"));
    this.lengths = this.files.map(({ fd }) => fs.fstatSync(fd).size);
  }

  close() {
    for (const { fd } of this.files) leaveQuietly(() => fs.closeSync(fd));
  }

  /** @param {Buffer} line @param {Event} result */
  success(line, result) {
    const [usage, cost] = bill(result.message, this.runner.requests.prices);
    this.succeeded++;
    if (result.message?.stop_reason === "max_tokens") this.truncated++;
    if (result.message?.stop_reason === "refusal") this.refused++;
    this.usage.update(usage);
    this.spent += cost ?? 0n;
    if (cost === null) this.unpriced++;
    this.write(0, line[line.length - 1] === 10 ? Buffer.from(line) : Buffer.concat([line, Buffer.from("\n")]));
  }

  /**
   * An attempt failed: try again in the next round, or give up.
   * @param {Batch} batch @param {Place} place @param {string} reason @param {Event | null} result
   */
  failure(batch, place, reason, result) {
    const { log, settings } = this.runner;
    if (!TRY_AGAIN.has(reason) && !GIVE_UP.has(reason) && !this.strange.has(reason)) {
      this.strange.add(reason);
      log.line(`Batch ${batch.number}: ${shown(reason)} is not known here`);
    }
    const attempts = place.attempts + 1;
    // An unknown type of result may have been paid for.
    const never = GIVE_UP.has(reason) || (result !== null && !["errored", "expired"].includes(result.type));
    if (never || attempts > settings.maxRetries) this.giveUp(place, attempts, reason, result);
    else this.again(place, attempts, reason, result);
  }

  /** @param {Place} place @param {number} attempts @param {string} reason @param {Event | null} result */
  again(place, attempts, reason, result) {
    this.retries++;
    this.write(2, jsonLine({ ...place, attempts, reason, result }));
  }

  /** @param {Place} place @param {number} attempts @param {string} reason @param {Event | null} result */
  giveUp(place, attempts, reason, result) {
    this.givenUp++;
    this.reasons.update({ [reason]: 1 });
    this.write(1, jsonLine({ custom_id: place.custom_id, reason, attempts, result }));
  }

  fields() {
    return {
      succeeded: this.succeeded,
      given_up: this.givenUp,
      again: this.retries,
      reasons: Object.fromEntries(this.reasons),
      truncated: this.truncated,
      refused: this.refused,
      usage: Object.fromEntries(this.usage),
      usd: usdExact(this.spent),
      unpriced: this.unpriced,
      lengths: this.lengths,
    };
  }
}

/** Growing, jittered waits: from a second to the poll interval. */
class Waits {
  /** @param {Settings} settings */
  constructor(settings) {
    this.longest = settings.pollSeconds;
    this.following = Math.min(FIRST_WAIT_SECONDS, this.longest);
  }

  next() {
    const seconds = this.following * (0.75 + 0.25 * Math.random());
    this.following = Math.min(2 * this.following, this.longest);
    return seconds;
  }
}

/**
 * The wait before retry 1, 2, 3 …, of a day at most unless the base is longer.
 * @param {Settings} settings @param {number} retry
 */
function backoffSeconds({ backoff, baseDelaySeconds }, retry) {
  const times = backoff === "exponential" ? 2 ** (retry - 1) : backoff === "linear" ? retry : 1;
  return Math.min(baseDelaySeconds * times, Math.max(LONGEST_WAIT_SECONDS, baseDelaySeconds));
}

/** @typedef {import("@anthropic-ai/sdk").Anthropic.Messages.MessageBatch} MessageBatch */
/** @typedef {import("@anthropic-ai/sdk").APIError & {status: number}} StatusError */

const MISSING = "The package @anthropic-ai/sdk 1.x is missing: npm install @anthropic-ai/sdk";

/** @type {typeof import("@anthropic-ai/sdk") | null} */
let sdk = null;

/** Load the SDK, which takes a while: --check does without. */
async function loadSdk() {
  sdk ??= await import("@anthropic-ai/sdk").catch(() => null);
  return sdk;
}

/** The SDK's client: no retries of its own, and silent, for its debug lines hold prompts. */
async function newClient() {
  const sdk = await loadSdk();
  if (!sdk) throw new StoppedError(MISSING);
  const client = new sdk.Anthropic({ maxRetries: 0, timeout: 1000 * TIMEOUT_SECONDS, logLevel: "off" });
  const secrets = [client.apiKey, client.authToken].filter((secret) => secret !== null);
  if (secrets.some((secret) => !/^[\x21-\x7e]+$/.test(secret))) {
    throw new StoppedError("The API key holds characters that no key has. Copy it to ANTHROPIC_API_KEY again.");
  }
  if (!/^https?:$/.test(URL.canParse(client.baseURL) ? new URL(client.baseURL).protocol : "")) {
    throw new StoppedError("ANTHROPIC_BASE_URL is no address: correct it or unset it.");
  }
  return client;
}

/** The API answered, though with an error. @param {unknown} error @returns {error is StatusError} */
function isStatusError(error) {
  return sdk !== null && error instanceof sdk.APIError && error.status !== undefined;
}

/** The SDK found no key anywhere, before it sent anything. @param {unknown} error */
function hasNoKey(error) {
  if (!sdk || error instanceof sdk.APIError) return false;
  return error instanceof sdk.AnthropicError || /authentication method/.test(String(error));
}

/** Seconds that the API asks to wait: a number or a date. @param {StatusError} error */
function retryAfter(error) {
  const text = error.headers?.get("retry-after")?.trim() ?? "";
  const seconds = /^[0-9.]+$/.test(text) ? Number(text) : (Date.parse(text) - Date.now()) / 1000;
  return Number.isFinite(seconds) ? Math.min(Math.max(seconds, 0), LONGEST_WAIT_SECONDS) : null;
}

/** @param {StatusError} error */
const messageOf = (error) => String(error.apiMessage ?? "");

/** Whether the API will say the same until somebody has seen to the account. @param {StatusError} error */
function accountIsStopped(error) {
  if (ACCOUNT_CODES.has(error.errorCode ?? "") || [401, 402, 403].includes(error.status)) return true;
  const passes = error.status === 429 && error.headers?.has("retry-after");
  return [400, 429].includes(error.status) && !passes && ACCOUNT_WORDS.test(messageOf(error));
}

/** @param {StatusError} error */
function remedy(error) {
  if (error.type === null) return "This is no answer of the API: check ANTHROPIC_BASE_URL and any proxy.";
  if (error.status === 401) return "Check ANTHROPIC_API_KEY.";
  if (error.status === 403) return "Use a key that may do this.";
  if (error.status === 402 || accountIsStopped(error)) return "Add credit or raise the spend limit.";
  return "Put right what it says.";
}

/** What went wrong below HTTP, by kind: the words of other libraries may hold a body. @param {any} error */
function nameless(error) {
  if (error instanceof NoAnswerError) return error.message;
  if (error instanceof SyntaxError) return "the answer makes no sense";
  const cause = error?.cause?.cause ?? error?.cause ?? error;
  return `no answer (${cause?.code ?? error?.constructor?.name})`;
}

/**
 * The answer, if it is a batch: a proxy may send a page of HTML with status 200.
 * @param {any} answer @returns {MessageBatch}
 */
function batchIn(answer) {
  const isBatch =
    isObject(answer) &&
    typeof answer.id === "string" &&
    BATCH_ID.test(answer.id) &&
    typeof answer.processing_status === "string" &&
    iso(answer.created_at) !== "";
  if (!isBatch) throw new NoAnswerError("the answer is no batch");
  return /** @type {any} */ (answer);
}

/** @param {MessageBatch} batch @returns {Record<string, number>} */
function countsOf(batch) {
  /** @type {any} */
  const counts = batch.request_counts;
  const names = ["processing", "succeeded", "errored", "canceled", "expired"];
  return Object.fromEntries(names.map((name) => [name, Number.isInteger(counts?.[name]) ? counts[name] : 0]));
}

/** A moment of the API as text that sorts by time, to the microsecond; "" for anything else. @param {unknown} moment */
function iso(moment) {
  const parts = /^(\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d)(?:\.(\d+))?([Zz]|[+-]\d\d:\d\d)$/.exec(String(moment));
  const seconds = parts ? Date.parse(`${parts[1].replace(/[t ]/, "T")}${parts[3].toUpperCase()}`) : NaN;
  if (!parts || Number.isNaN(seconds)) return "";
  const fraction = (parts[2] ?? "").slice(0, 6).padEnd(6, "0");
  return `${new Date(seconds).toISOString().slice(0, 19)}.${fraction}+00:00`;
}

/** The id and the result of one line, or null for a line that holds none. @param {Buffer} line */
function resultIn(line) {
  let value;
  try {
    value = JSON.parse(utf8.decode(line));
  } catch {
    return null;
  }
  const isResult = isObject(value) && typeof value.custom_id === "string" && isObject(value.result);
  return isResult ? /** @type {{custom_id: string, result: Event}} */ (value) : null;
}

/** The class of a result that is no success, and the API's words. The class is nested twice. @param {Event} result */
function reasonIn(result) {
  if (result.type !== "errored") return { reason: String(result.type), message: "" };
  const error = result.error?.error;
  return { reason: typeof error?.type === "string" ? error.type : "unknown", message: String(error?.message ?? "") };
}

/** Do what is good to have done, and no loss if it fails. @param {() => void} work */
function leaveQuietly(work) {
  try {
    work();
  } catch (error) {
    if (!codeOf(error)) throw error;
  }
}

// --- command line ---------------------------------------------------------------------------------------------------

/** @param {number} low @param {number} high */
const whole = (low, high) => (/** @type {string} */ text) => {
  if (/^[0-9]{1,12}$/.test(text) && low <= Number(text) && Number(text) <= high) return Number(text);
  throw new InputError(`must be a whole number from ${grouped(low)} to ${grouped(high)}`);
};

/** @param {string} text */
function seconds(text) {
  if (/^[0-9]*\.?[0-9]+(?:e-?[0-9]+)?$/i.test(text) && Number(text) <= 86_400) return Number(text);
  throw new InputError("must be a number of seconds from 0 to 86,400");
}

/** @param {string} text */
function dollars(text) {
  if (/^[0-9]{1,9}(?:\.[0-9]+)?$/.test(text) && money(text) <= 100_000_000n * DOLLAR) return text;
  throw new InputError("must be US dollars from 0 to 100,000,000");
}

/** @param {string} text */
function backoff(text) {
  if (["exponential", "linear", "fixed"].includes(text)) return text;
  throw new InputError("must be exponential, linear or fixed");
}

/** @type {Record<string, {setting: string, value: string, read: (text: string) => string | number}>} */
const FLAGS = {
  "requests-per-batch": { setting: "requestsPerBatch", value: "N", read: whole(1, 100_000) },
  "max-bytes-per-batch": { setting: "maxBytesPerBatch", value: "N", read: whole(1, 256_000_000) },
  "concurrent-batches": { setting: "concurrentBatches", value: "N", read: whole(1, 100) },
  "max-queued-requests": { setting: "maxQueuedRequests", value: "N", read: whole(1, 100_000_000) },
  "poll-seconds": { setting: "pollSeconds", value: "S", read: seconds },
  "max-retries": { setting: "maxRetries", value: "N", read: whole(0, 10) },
  backoff: { setting: "backoff", value: "{exponential,linear,fixed}", read: backoff },
  "base-delay-seconds": { setting: "baseDelaySeconds", value: "S", read: seconds },
  "budget-usd": { setting: "budgetUsd", value: "D", read: dollars },
  canary: { setting: "canary", value: "N", read: whole(0, 100_000) },
  "adopt-grace-seconds": { setting: "adoptGraceSeconds", value: "S", read: seconds },
};

const HELP = `usage: ${PROGRAM} INPUT --out DIR [--check] [--cancel]
${Object.entries(FLAGS).map(([name, { value }]) => `    [--${name} ${value}]`).join("\n")}

Take a file of requests to a file of answers through the Message Batches API.

  INPUT      JSON Lines: whole requests, or rows of id and prompt
  --out DIR  the folder of this run; made if it is not there
  --check    read and count, submit nothing
  --cancel   cancel the open batches, collect what they finished, end the run

The key comes from ANTHROPIC_API_KEY. Start the same command again to go on after any stop.`;

/** What the command line asks for; an InputError for one that cannot be followed. @param {string[]} words */
function parse(words) {
  const isFlag = { check: { type: "boolean" }, cancel: { type: "boolean" }, help: { type: "boolean", short: "h" } };
  const takesText = Object.fromEntries(["out", ...Object.keys(FLAGS)].map((name) => [name, { type: "string" }]));
  /** @type {any} */
  const options = { ...isFlag, ...takesText };
  let values, positionals;
  try {
    ({ values, positionals } = parseArgs({ args: words, options, allowPositionals: true }));
  } catch (error) {
    throw new InputError(String(/** @type {Error} */ (error).message).split(/[.\n]/)[0]);
  }
  const { check = false, cancel = false, help = false, out, ...given } = /** @type {Event} */ (values);
  if (help) return { help, check, cancel, input: "", out: "", settings: new Settings() };
  const missing = [positionals.length ? "" : "INPUT", out === undefined ? "--out" : ""].filter(Boolean);
  if (missing.length) throw new InputError(`the following arguments are required: ${missing.join(", ")}`);
  if (positionals.length > 1) throw new InputError(`unrecognized arguments: ${positionals.slice(1).join(" ")}`);
  const settings = Object.entries(given).map(([name, text]) => {
    try {
      return [FLAGS[name].setting, FLAGS[name].read(text)];
    } catch (error) {
      throw new InputError(`argument --${name}: ${/** @type {Error} */ (error).message}`);
    }
  });
  return { help, check, cancel, input: positionals[0], out, settings: new Settings(Object.fromEntries(settings)) };
}

/** The words of a command as a shell takes them. @param {string[]} words */
function quoted(words) {
  return words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'"'"'`)}'`)).join(" ");
}

/** Do what the command line asks for. @param {string[]} words @returns {Promise<number>} the exit code */
export async function main(words) {
  // A closed terminal must not end a run that has hours to go.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
  let asked;
  try {
    asked = parse(words);
  } catch (error) {
    console.error(`${HELP.split("\n\n")[0]}\n${PROGRAM}: error: ${/** @type {Error} */ (error).message}`);
    return 2;
  }
  if (asked.help) {
    console.log(HELP);
    return 0;
  }
  const runner = new BatchRunner(asked.input, asked.out, asked.settings);
  const command = quoted([
    path.basename(process.execPath),
    process.argv[1] ?? PROGRAM,
    ...words.filter((word) => word !== "--cancel"),
  ]);
  // Once: a second signal ends the program at once.
  process.once("SIGINT", () => runner.halt.abort(new Interrupted(2)));
  process.once("SIGTERM", () => runner.halt.abort(new Interrupted(15)));
  try {
    if (asked.check) {
      console.log(await runner.check());
      return 0;
    }
    if (!(await loadSdk())) throw new InputError(MISSING);
    const code = await runner.run(asked.cancel);
    console.log(runner.lastLine());
    return code;
  } catch (error) {
    if (error instanceof InputError) {
      runner.log.line(error.message);
      return 2;
    }
    if (error instanceof Interrupted) {
      const open = `Interrupted. ${runner.state.inFlight().length} batches go on at the provider.`;
      runner.log.line(`${open} To resume: ${command}  To cancel: ${command} --cancel`);
      return error.code;
    }
    if (error instanceof StoppedError) {
      runner.log.line(`Stopped: ${error.message} The state is kept; to go on: ${command}`);
      return 3;
    }
    // The words of an unforeseen error may hold a prompt; where it happened does not.
    const { name, stack } = /** @type {Error} */ (error);
    console.error(String(stack).split("\n").filter((line) => line.startsWith("    at ")).join("\n"));
    runner.log.line(`Stopped by an unforeseen ${name}. The state is kept; to go on: ${command}`);
    return 3;
  }
}

const started = process.argv[1] ?? "";
if (fs.existsSync(started) && fs.realpathSync(started) === fileURLToPath(import.meta.url)) {
  process.exitCode = await main(process.argv.slice(2));
}
