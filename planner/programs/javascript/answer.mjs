// Say what an answer of the API means, and how long to wait.
//
// Pure: nothing is sent from here. Whatever passes is waited out; what does not pass stops the run.
// The API's own words are never passed on, for they may hold a prompt: class, code and place are.

import { setImmediate as breath } from "node:timers/promises";

import { LostBatchError, NoAnswerError, RefusedError } from "./errors.mjs";
import { clock, isObject } from "./text.mjs";

const BATCH_ID = /^[a-zA-Z0-9_-]{1,200}$/;
const CLASS = /^[a-z_]{1,60}$/;

// The account's trouble, not the request's: by code, or by the message, where there is nothing
// better.
const ACCOUNT_CODES = ["enforced_spend_limit_reached", "contract_spend_limit_reached"];
export const ACCOUNT_WORDS = new RegExp(
  "credit balance|(?:lacks?|insufficient|out of|not enough) .{0,20}credit|" +
    "spend(?:ing)? limit|usage limits",
  "i",
);

// A 404 for a batch that this run made passes within this time, or the key is of another workspace.
const LOST_BATCH_SECONDS = 600.0;
// How long results that hold fewer lines than the API counts are fetched again.
export const SHORT_RESULTS_SECONDS = 86_400.0;
// Results with lines that cannot be read are fetched again so often, then taken without them.
export const FETCHES_OF_UNREADABLE = 3;
// How fast a body is on its way at least.
export const SLOWEST_LINE_BYTES_PER_SECOND = 24_000.0;
// Of so many requests one may be missing from the counts of a batch.
const COUNTED_OF_ONE_MISSING = 10;
const FIRST_WAIT_SECONDS = 1;
const LONGEST_WAIT_SECONDS = 86_400;

/**
 * Wait so many seconds, unless the signal ends the run; with `watchers`, only until one is called.
 */
export function sleep(seconds, signal, watchers = new Set()) {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const end = () => {
      clearTimeout(timer);
      watchers.delete(end);
      signal.removeEventListener("abort", end);
      if (signal.aborted) reject(signal.reason);
      else resolve();
    };
    const timer = setTimeout(end, 1000 * Math.min(seconds, LONGEST_WAIT_SECONDS));
    signal.addEventListener("abort", end);
    watchers.add(end);
  });
}

/** Let signals be heard: their turn comes only between two turns of the loop. */
export async function breathe(signal) {
  for (let turns = 0; turns < 2; turns++) await breath();
  signal.throwIfAborted();
}

/** Growing, jittered waits: from a second to `longest` seconds. */
export class Waits {
  constructor(longest) {
    this.longest = longest;
    this.following = Math.min(FIRST_WAIT_SECONDS, longest);
  }

  next() {
    const seconds = this.following * (0.75 + 0.25 * Math.random());
    this.following = Math.min(2 * this.following, this.longest);
    return seconds;
  }
}

/** The wait before retry 1, 2, 3 …, of a day at most unless the base is longer. */
export function backoffSeconds({ backoff, baseDelaySeconds }, retry) {
  const times = { exponential: 2 ** (retry - 1), linear: retry, fixed: 1 }[backoff];
  return Math.min(baseDelaySeconds * times, Math.max(LONGEST_WAIT_SECONDS, baseDelaySeconds));
}

/** Whether an error of the SDK is an answer of the API. */
export const isStatusError = (error) =>
  Number.isInteger(error?.status) && error.headers instanceof Headers;

/** {type, message, details} of an answer that is an error; an answer of no API has none of them. */
const failureIn = (error) => (isObject(error.error?.error) ? error.error.error : {});

const messageIn = (error) => String(failureIn(error).message ?? "");

/** Seconds that the API asks to wait, in a number or a date, or null. */
export function retryAfter(error) {
  const text = error.headers?.get("retry-after")?.trim() ?? "";
  const isNumber = /^[0-9.]+$/.test(text);
  const seconds = isNumber ? Number(text) : (Date.parse(text) - Date.now()) / 1000;
  if (!Number.isFinite(seconds)) return null;
  return Math.min(Math.max(seconds, 0), LONGEST_WAIT_SECONDS);
}

/** Whether an error of the API is one that passes. */
export function passes(error) {
  const { status } = error;
  return !accountIsStopped(error) && (status >= 500 || [408, 409, 429].includes(status));
}

/** Whether the API will say the same until somebody has seen to the account. */
export function accountIsStopped(error) {
  const { status } = error;
  const code = failureIn(error).details?.error_code;
  if (ACCOUNT_CODES.includes(code) || [401, 402, 403].includes(status)) return true;
  const asksToWait = status === 429 && error.headers?.has("retry-after");
  return [400, 429].includes(status) && !asksToWait && ACCOUNT_WORDS.test(messageIn(error));
}

/** What to do about an error that does not pass. */
export function remedy(error) {
  if (!failureIn(error).type) {
    return "This is no answer of the API: check ANTHROPIC_BASE_URL and any proxy.";
  }
  if (error.status === 401) return "Check ANTHROPIC_API_KEY.";
  if (error.status === 403) return "Use a key that may do this.";
  if (error.status === 402 || accountIsStopped(error)) {
    return "Add credit or raise the spend limit.";
  }
  return "Put right what it refuses; the Console shows the request.";
}

/** Why there is no good answer, fit for the log. */
export function reasonOf(error) {
  if (!isStatusError(error)) return nameless(error);
  const { type, message, details } = failureIn(error);
  const place = /^[a-z_]+(?:\.[a-z0-9_]+)*(?=:)/.exec(message)?.[0] ?? "";
  const request = error.headers.get("request-id") ?? "";
  const classes = [type, details?.error_code].filter((name) => CLASS.test(name ?? ""));
  const parts = [`HTTP ${error.status}`, ...classes];
  if (BATCH_ID.test(request)) parts.push(`request ${request}`);
  return parts.join(", ") + (place && place.length <= 100 ? ` (at ${place}:)` : "");
}

/** What went wrong below HTTP, by kind: the words of other libraries may hold a body. */
function nameless(error) {
  if (error instanceof NoAnswerError) return error.message;
  if (error instanceof SyntaxError) return "the answer makes no sense";
  const cause = error?.cause?.cause ?? error?.cause ?? error;
  if (cause instanceof NoAnswerError) return cause.message;
  return `no answer (${cause?.code ?? error?.constructor?.name})`;
}

/** The error for a create that the API answered with a clear no; null if it may have been made. */
export function refusal(error) {
  const { status } = error;
  if ([408, 409].includes(status) || status < 400 || status >= 500) return null;
  const waitSeconds = retryAfter(error);
  return new RefusedError(reasonOf(error), {
    status,
    forGood: ![413, 429].includes(status) || accountIsStopped(error),
    // A page of some proxy may stand where the API's own answer should, though the batch was made.
    isOfTheApi: status === 413 || Boolean(failureIn(error).type),
    remedy: remedy(error),
    waitSeconds,
    queueIsFull: waitSeconds === null || messageIn(error).toLowerCase().includes("queue"),
  });
}

/** For `ask`: true at the n-th 404. */
export function times(most) {
  let count = 0;
  return () => ++count >= most;
}

/** For `ask`: true when 404s have come for so long that they are no passing trouble. */
export function afterLong() {
  let since = 0;
  return () => {
    since ||= performance.now();
    return performance.now() - since >= 1000 * LOST_BATCH_SECONDS;
  };
}

/** For `ask`: a batch of this run that stays unknown is lost. */
export function lostAfter(batch) {
  const isLong = afterLong();
  return () => {
    if (isLong()) throw lost(batch);
    return false;
  };
}

/** The error for a batch of this run that the API has not known for so long. */
function lost(batch) {
  return new LostBatchError(
    `The API has not known batch ${batch.id} for ${clock(LOST_BATCH_SECONDS)}. It may be paid ` +
      "for, so its requests are not sent again. Use a key of the workspace where the run began; " +
      "if somebody deleted the batch, end the run with --cancel.",
  );
}

/** The answer, if it is a batch: a proxy may send a page of HTML with status 200. */
export function batchIn(answer) {
  const isBatch =
    isObject(answer) &&
    typeof answer.id === "string" &&
    BATCH_ID.test(answer.id) &&
    typeof answer.processing_status === "string" &&
    iso(answer.created_at) !== "";
  if (!isBatch) throw new NoAnswerError("the answer is no batch");
  return answer;
}

/** {organization, workspace} that an answer's headers name, each a text or null. */
export function accountIn(headers) {
  const named = (name) => headers.get(`anthropic-${name}-id`) || null;
  return { organization: named("organization"), workspace: named("workspace") };
}

/** Requests of a batch by what became of them; {"processing": 0, …} where the API says nothing. */
export function countsOf(batch) {
  const names = ["processing", "succeeded", "errored", "canceled", "expired"];
  const count = (name) => batch.request_counts?.[name];
  const isCount = (name) => Number.isInteger(count(name)) && count(name) > 0;
  return Object.fromEntries(names.map((name) => [name, isCount(name) ? count(name) : 0]));
}

/** The requests of a batch. */
export const sizeOf = (batch) => Object.values(countsOf(batch)).reduce((a, b) => a + b, 0);

/** Whether a batch of so many may be counted so, now or at its end, or not at all. */
export function mayCount(batch, requests) {
  const missing = Math.max(1, Math.floor(requests / COUNTED_OF_ONE_MISSING));
  const lacking = requests - sizeOf(batch);
  return sizeOf(batch) === 0 || (0 <= lacking && lacking <= missing);
}

/** Whether it may be of so many requests, as it is: before its end all of them count. */
export function mayHave(batch, requests) {
  const isSure = batch.processing_status !== "ended" && sizeOf(batch) > 0;
  return isSure ? sizeOf(batch) === requests : mayCount(batch, requests);
}

/** A moment of the API as text that sorts by time, to the microsecond; "" for anything else. */
export function iso(moment) {
  const form = /^(\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d)(?:\.(\d+))?([Zz]|[+-]\d\d:\d\d)$/;
  const parts = form.exec(String(moment));
  const whole = parts ? `${parts[1].replace(/[t ]/, "T")}${parts[3].toUpperCase()}` : "";
  if (Number.isNaN(Date.parse(whole))) return "";
  const fraction = (parts[2] ?? "").slice(0, 6).padEnd(6, "0");
  return `${new Date(whole).toISOString().slice(0, 19)}.${fraction}+00:00`;
}

/** Tokens of the prompt of a result, from the cache or not; 0 where there is no answer. */
export function promptTokens({ message }) {
  const kinds = ["input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens"];
  const counts = kinds.map((kind) => message?.usage?.[kind]);
  return counts.filter(Number.isSafeInteger).reduce((sum, count) => sum + count, 0);
}

const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);

/**
 * Whether answers may be ours by the tokens of their prompts; `pairs` are [tokens, bytes] of each.
 */
export function fitByTokens(pairs) {
  if (!pairs.length) return true;
  const tokens = sum(pairs.map(([count]) => count));
  const bytes = sum(pairs.map(([, size]) => size));
  // No text has many more tokens than bytes, nor many more than twenty bytes a token.
  if (tokens > 2 * bytes || 20 * tokens < bytes) return false;
  const bySize = pairs.toSorted(([, a], [, b]) => a - b);
  const areAlike = new Set(pairs.map(([count]) => count)).size === 1;
  if (pairs.length < 8 || areAlike || bySize.at(-1)[1] < 2 * bySize[0][1]) return true;
  const half = Math.floor(pairs.length / 2);
  const of = (part) => sum(part.map(([count]) => count));
  return of(bySize.slice(-half)) > of(bySize.slice(0, half));
}

/** How long the POST of a batch may have lasted that a kill ended, in seconds. */
export function tookAtMost({ submittedAt, bytes }) {
  const since = (Date.now() - Date.parse(submittedAt)) / 1000;
  return Math.max(0, Math.min(since, bytes / SLOWEST_LINE_BYTES_PER_SECOND)) || 0;
}

/** The headers of an answer that came without the SDK. */
export function headersOf({ headersDistinct }) {
  const pairs = Object.entries(headersDistinct);
  return new Headers(pairs.flatMap(([name, values]) => values.map((value) => [name, value])));
}
