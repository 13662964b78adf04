// Say what an answer of the API means, and how long to wait.
//
// Pure: nothing is sent from here. Whatever passes is waited out; what does not pass stops the run.

import { LostBatchError, NoAnswerError, RefusedError } from "./errors.mjs";
import { clock, isObject } from "./text.mjs";

const BATCH_ID = /^[a-zA-Z0-9_-]{1,200}$/;

// The account's trouble, not the request's: by code, or by the message, where there is nothing better.
const ACCOUNT_CODES = ["enforced_spend_limit_reached", "contract_spend_limit_reached"];
export const ACCOUNT_WORDS =
  /credit balance|(?:lack|insufficient|out of) .{0,20}credit|spend(?:ing)? limit|usage limits/i;

const FIRST_WAIT_SECONDS = 1;
const LONGEST_WAIT_SECONDS = 86_400;

/** Wait so many seconds, unless the signal ends the run; with `watchers`, only until one is called. */
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

/** Growing, jittered waits: from a second to the poll interval. */
export class Waits {
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

/** The wait before retry 1, 2, 3 …, of a day at most unless the base is longer. */
export function backoffSeconds({ backoff, baseDelaySeconds }, retry) {
  const times = { exponential: 2 ** (retry - 1), linear: retry, fixed: 1 }[backoff];
  return Math.min(baseDelaySeconds * times, Math.max(LONGEST_WAIT_SECONDS, baseDelaySeconds));
}

/** Whether an error of the SDK is an answer of the API. */
export const isStatusError = (error) => Number.isInteger(error?.status) && error.headers instanceof Headers;

/** The error for a batch of this run that the API has not known for so long. */
export function lost(batch, seconds) {
  return new LostBatchError(
    `The API has not known batch ${batch.id} for ${clock(seconds)}. It may be paid for, ` +
      "so its requests are not sent again. Use a key of the workspace where the run began; if " +
      "somebody deleted the batch, end the run with --cancel.",
  );
}

/** Seconds that the API asks to wait, in a number or a date, or null. */
export function retryAfter(error) {
  const text = error.headers?.get("retry-after")?.trim() ?? "";
  const isNumber = /^[0-9.]+$/.test(text);
  const seconds = isNumber ? Number(text) : (Date.parse(text) - Date.now()) / 1000;
  if (!Number.isFinite(seconds)) return null;
  return Math.min(Math.max(seconds, 0), LONGEST_WAIT_SECONDS);
}

export const messageOf = (error) => String(error.apiMessage ?? "");

/** Whether an error of the API is one that passes. */
export function passes(error) {
  if (accountIsStopped(error)) return false;
  const { status } = error;
  return status < 400 || status >= 500 || [408, 409, 429].includes(status);
}

/** Whether the API will say the same until somebody has seen to the account. */
export function accountIsStopped(error) {
  const { status } = error;
  if (ACCOUNT_CODES.includes(error.errorCode) || [401, 402, 403].includes(status)) return true;
  const asksToWait = status === 429 && error.headers?.has("retry-after");
  return [400, 429].includes(status) && !asksToWait && ACCOUNT_WORDS.test(messageOf(error));
}

export function remedy(error) {
  if (error.type === null) {
    return "This is no answer of the API: check ANTHROPIC_BASE_URL and any proxy.";
  }
  if (error.status === 401) return "Check ANTHROPIC_API_KEY.";
  if (error.status === 403) return "Use a key that may do this.";
  if (error.status === 402 || accountIsStopped(error)) {
    return "Add credit or raise the spend limit.";
  }
  return "Put right what it says.";
}

/** What went wrong below HTTP, by kind: the words of other libraries may hold a body. */
export function nameless(error) {
  if (error instanceof NoAnswerError) return error.message;
  if (error instanceof SyntaxError) return "the answer makes no sense";
  const cause = error?.cause?.cause ?? error?.cause ?? error;
  return `no answer (${cause?.code ?? error?.constructor?.name})`;
}

/** The answer, if it is a batch: a proxy may send a page of HTML with status 200. */
export function batchIn(answer) {
  const isBatch =
    isObject(answer) &&
    BATCH_ID.test(answer.id) &&
    typeof answer.processing_status === "string" &&
    iso(answer.created_at) !== "";
  if (!isBatch) throw new NoAnswerError("the answer is no batch");
  return answer;
}

/** Requests of a batch by what became of them; {"processing": 0, …} where the API says nothing. */
export function countsOf(batch) {
  const names = ["processing", "succeeded", "errored", "canceled", "expired"];
  const count = (name) => batch.request_counts?.[name];
  return Object.fromEntries(names.map((name) => [name, Number.isInteger(count(name)) ? count(name) : 0]));
}

/** The requests of a batch. */
export const sizeOf = (batch) => Object.values(countsOf(batch)).reduce((a, b) => a + b, 0);

/** A moment of the API as text that sorts by time, to the microsecond; "" for anything else. */
export function iso(moment) {
  const form = /^(\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d)(?:\.(\d+))?([Zz]|[+-]\d\d:\d\d)$/;
  const parts = form.exec(String(moment));
  const whole = parts ? `${parts[1].replace(/[t ]/, "T")}${parts[3].toUpperCase()}` : "";
  if (Number.isNaN(Date.parse(whole))) return "";
  const fraction = (parts[2] ?? "").slice(0, 6).padEnd(6, "0");
  return `${new Date(whole).toISOString().slice(0, 19)}.${fraction}+00:00`;
}

/** The error for a create that the API answered with a clear no; null if it may have been made. */
export function refusal(error, why) {
  const { status } = error;
  if ([408, 409].includes(status) || status < 400 || status >= 500) return null;
  const waitSeconds = retryAfter(error);
  return new RefusedError(why, {
    status,
    forGood: ![413, 429].includes(status) || accountIsStopped(error),
    remedy: remedy(error),
    waitSeconds,
    queueIsFull: waitSeconds === null || messageOf(error).toLowerCase().includes("queue"),
  });
}
