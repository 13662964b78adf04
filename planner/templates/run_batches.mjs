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
    const perToken = (/** @type {string} */ kind) => money(row[kind]) / 1_000_000n;
    this.input = perToken("input");
    this.output = perToken("output");
    this.cacheWrite5m = perToken("cache_write_5m");
    this.cacheWrite1h = perToken("cache_write_1h");
    this.cacheRead = perToken("cache_read");
    this.usTenths = (money(row.us) * 10n) / DOLLAR;
    this.maxTokens = BigInt(row.max_tokens);
    this.longPromptTokens = BigInt(row.long_prompt_tokens);
    this.longPromptTimes = BigInt(row.long_prompt_times);
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
  const [input, output, written, read, searches] = USAGE_KINDS.map((kind) => BigInt(counts[kind]));
  const reported = BigInt(countOf(usage.cache_creation, "ephemeral_1h_input_tokens"));
  const forAnHour = reported < written ? reported : written;
  const tokens =
    input * price.input +
    output * price.output +
    (written - forAnHour) * price.cacheWrite5m +
    forAnHour * price.cacheWrite1h +
    read * price.cacheRead;
  const forSearches = (searches * money(WEB_SEARCH_USD_PER_1000)) / 1000n;
  return [counts, price.surcharge(tokens, input + written + read, usage.inference_geo === "us") + forSearches];
}

// --- requests --------------------------------------------------------------------------------------------------------

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const STRING_OR_NUMBER = /"[^"\\]*(?:\\.[^"\\]*)*"|-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/gs;
const MANY_DIGITS = /[0-9]{4301}/;
// What Python takes for white space in a text.
const BLANK_TEXT = /^[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]*$/;

/** Compact JSON in UTF-8. Half a surrogate pair has no UTF-8, and is written as its escape. @param {unknown} value */
const jsonBytes = (value) => Buffer.from(JSON.stringify(value));

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
  if (text.length > 4300 && MANY_DIGITS.test(text)) {
    const tokens = text.match(STRING_OR_NUMBER) ?? [];
    if (tokens.some((token) => /^-?[0-9]{4301,}$/.test(token))) throw new RangeError("a number is too long");
  }
  return JSON.parse(text);
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
  const quoted = text.replace(STRING_OR_NUMBER, (token) => (token.startsWith('"') ? token : `["${token}"]`));
  return JSON.parse(quoted).params.max_tokens[0];
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
  let /** @type {Buffer[]} */ pieces = [];
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

/** @typedef {{customId: string, body: Buffer, worst: bigint | null}} Wire  one request as it is sent */

/**
 * Where one request stands in INPUT, and what became of it so far; a line of rounds/round-N.jsonl.
 * @typedef {{custom_id: string, offset: number, length: number, attempts: number, reason: string, result: Event | null}}
 *   Place
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
      return { customId: value.custom_id, body, worst: this.worstOfRequest(value.params, body) };
    }
    const [id, prompt] = [JSON.stringify(value.id), JSON.stringify(value.prompt)];
    const body = Buffer.from(this.head + id + this.middle + prompt + this.tail);
    return { customId: value.id, body, worst: this.worstOfRow(body.length) };
  }

  /** The bytes of `wire(line).body`, without making it. @param {{id: string, prompt: string}} row */
  rowSize(row) {
    return this.overhead + row.id.length + 2 + Buffer.byteLength(JSON.stringify(row.prompt));
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
    for (const name of Object.keys(row).filter((key) => key !== "id" && key !== "prompt")) {
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

  /** @param {string} model @param {string | null} maxTokens  as it is written */
  wrongWithModel(model, maxTokens) {
    const wrong = [];
    const price = this.prices.get(model);
    const [since, successor] = Object.hasOwn(RETIRES, model) ? RETIRES[model] : ["9999", ""];
    if (since <= localTime().slice(0, 10)) {
      wrong.push(`model ${shown(model)} is retired since ${since}: use ${successor}`);
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
        `no price is known for model ${shown(model)}, so no budget can be kept: leave out --budget-usd, or use another model`,
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

  /** Each repetition: the id, its line, and the line where the id came first. @returns {Generator<[string, number, number]>} */
  *repeated() {
    for (const file of this.files) {
      this.flush(file);
      /** @type {Map<string, number>} */
      const seen = new Map();
      for (const entry of linesOf(file.fd)) {
        const [customId, number] = entry.latin1Slice().split(" ");
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
  let [batches, inBatch, batchBytes, largest] = [0, 0, 0, 0];
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
    let /** @type {string} */ text, /** @type {any} */ value;
    try {
      text = utf8.decode(line);
    } catch {
      wrongHere(`byte ${startOfInvalid(line) + 1} is not UTF-8: save the file as UTF-8`);
      continue;
    }
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
      if (kind === "rows") problems.add(0, null, ...requests.wrongWithModel(settings.model, String(settings.maxTokens)));
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
    const size = body ? body.length : requests.rowSize(value);
    if (size > longest) {
      const limits = `the request has ${grouped(size)} bytes, and a batch takes ${grouped(longest)}`;
      problems.add(lineNumber, customId, `${limits}: shorten it`);
      continue;
    }
    if (inBatch === 0 || batchIsFull(batches === 1, inBatch, batchBytes + 1 + size, settings, longest)) {
      [batches, inBatch, batchBytes] = [batches + 1, 0, -1];
    }
    inBatch += 1;
    batchBytes += 1 + size;
    largest = Math.max(largest, inBatch);
    textBytes += size;
    const output = Math.min(isRow ? settings.maxTokens : value.params.max_tokens, PLANNED_OUTPUT_TOKENS);
    outputTokens += output;
    const price = requests.prices.get(isRow ? settings.model : value.params.model);
    if (price) {
      cost += BigInt(Math.ceil(size / BYTES_PER_TOKEN)) * price.input + BigInt(output) * price.output;
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

/** @param {boolean} first @param {number} count @param {number} sizeWithNext @param {Settings} settings @param {number} longest */
function batchIsFull(first, count, sizeWithNext, settings, longest) {
  const canary = (first && settings.canary) || Infinity;
  return count >= Math.min(settings.requestsPerBatch, settings.maxQueuedRequests, canary) || sizeWithNext > longest;
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

// --- the folder ------------------------------------------------------------------------------------------------------

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
    this.refuseIfHeld();
  }

  leave() {
    this.append({ left: this.me.token });
  }

  /** @param {Event} entry */
  append(entry) {
    // A line of its own, even after one that was torn.
    fs.appendFileSync(this.file, Buffer.concat([Buffer.from("\n"), jsonBytes(entry), Buffer.from("\n")]));
  }

  refuseIfHeld() {
    /** @type {Event[]} */
    let holders = [];
    for (const line of fs.existsSync(this.file) ? fs.readFileSync(this.file, "utf8").split("\n") : []) {
      const entry = jsonOrNull(line); // a torn line took nothing
      if (entry?.taken) holders.push(entry.taken);
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
    const line = Buffer.concat([jsonBytes(event), Buffer.from("\n")]);
    if (fs.writeSync(this.fd, line) < line.length) throw new Error("the disk took half a line of the journal");
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

/** Cut off what a torn step left behind; the journal says how long the file was before it. @param {string} file @param {number} length */
function trim(file, length) {
  const size = fs.existsSync(file) ? fs.statSync(file).size : 0;
  if (size < length) {
    throw new InputError(
      `${file} has ${grouped(size)} bytes and had ${grouped(length)}: something else changed it. Restore it from a copy.`,
    );
  }
  if (size > length) fs.truncateSync(file, length);
}

/** The code of an error of the system, such as "ENOENT"; "" for any other error. @param {any} error @returns {string} */
const codeOf = (error) => (typeof error?.errno === "number" && typeof error.code === "string" ? error.code : "");

/** What the system says about its error. @param {any} error @returns {string} */
function systemText(error) {
  const text = getSystemErrorMap().get(error.errno)?.[1] ?? String(error.code);
  return text[0].toUpperCase() + text.slice(1);
}
