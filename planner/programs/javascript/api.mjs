// Ask the API: calls, what their answers mean, and how long to wait.
//
// Whatever passes is waited out; what does not pass stops the run. It decides nothing about batches. The
// SDK never sends anything again by itself, and says nothing, for its debug lines hold prompts.

import fs from "node:fs";

import {
  LostBatchError,
  NoAnswerError,
  RefusedError,
  StoppedError,
  codeOf,
} from "./errors.mjs";
import { writeAll } from "./folder.mjs";
import { clock, isObject } from "./text.mjs";

const BATCHES = "/v1/messages/batches";
const BATCH_ID = /^[a-zA-Z0-9_-]{1,200}$/;

// The account's trouble, not the request's: by code, or by the message, where there is nothing better.
const ACCOUNT_CODES = ["enforced_spend_limit_reached", "contract_spend_limit_reached"];
export const ACCOUNT_WORDS =
  /credit balance|(?:lack|insufficient|out of) .{0,20}credit|spend(?:ing)? limit|usage limits/i;

// A 404 for a batch that this run made passes within this time, or the key is of another workspace.
const LOST_BATCH_SECONDS = 600;
// An answer to a create may take long, for its body is large; nothing else may.
const CREATE_TIMEOUT_SECONDS = 600;
const TIMEOUT_SECONDS = 60;
const FIRST_WAIT_SECONDS = 1;
const LONGEST_WAIT_SECONDS = 86_400;

export const SDK_MISSING = "The package @anthropic-ai/sdk 1.x is missing: npm install @anthropic-ai/sdk";

let sdk = null;

/** The SDK, which takes a while to load: --check does without. null: it is not there. */
export async function loadSdk() {
  sdk ??= await import("@anthropic-ai/sdk").catch(() => null);
  return sdk;
}

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

/** The Message Batches API as one account sees it. */
export class Api {
  constructor(settings, log, signal) {
    this.settings = settings;
    this.log = log;
    this.signal = signal;
    this.client = null;
  }

  /** Make the SDK's client of what the environment says; nothing is sent yet. */
  async connect() {
    const { Anthropic } = await loadSdk();
    const options = { maxRetries: 0, timeout: 1000 * TIMEOUT_SECONDS, logLevel: "off" };
    this.client = new Anthropic(options);
    const { apiKey, authToken, baseURL } = this.client;
    const secrets = [apiKey, authToken].filter((secret) => secret !== null);
    if (secrets.some((secret) => !/^[\x21-\x7e]+$/.test(secret))) {
      throw new StoppedError(
        "The API key holds characters that no key has. Copy it to ANTHROPIC_API_KEY again.",
      );
    }
    if (!/^https?:$/.test(URL.canParse(baseURL) ? new URL(baseURL).protocol : "")) {
      throw new StoppedError("ANTHROPIC_BASE_URL is no address: correct it or unset it.");
    }
  }

  /** Call until there is an answer. `made` is a batch of this run that the call is about. */
  async ask(what, call, made) {
    const waits = new Waits(this.settings);
    let unknownSince = 0;
    for (;;) {
      try {
        return await call();
      } catch (error) {
        this.signal.throwIfAborted();
        if (codeOf(error)) throw error; // the disk's, for those of the network come wrapped
        if (hasNoKey(error)) {
          throw new StoppedError("There is no API key: set ANTHROPIC_API_KEY.");
        }
        const unknown = made && isStatusError(error) && error.status === 404;
        if (unknown) {
          unknownSince ||= performance.now();
          if (performance.now() - unknownSince >= 1000 * LOST_BATCH_SECONDS) throw lost(made);
        } else if (isStatusError(error) && !passes(error)) {
          throw new StoppedError(`${what}: ${this.reasonOf(error)}. ${remedy(error)}`);
        }
        const seconds = (isStatusError(error) ? retryAfter(error) : null) ?? waits.next();
        this.log.line(`${what}: ${this.reasonOf(error)}; again in ${clock(seconds)}`);
        await sleep(seconds, this.signal);
      }
    }
  }

  /** One POST. A RefusedError: no batch was made; a NoAnswerError: that is not known. */
  async create(body) {
    const headers = { "content-type": "application/json" };
    if (this.settings.betas.length) headers["anthropic-beta"] = this.settings.betas.join(",");
    const timeout = 1000 * CREATE_TIMEOUT_SECONDS;
    try {
      return batchIn(await this.client.post(BATCHES, { body, headers, timeout, signal: this.signal }));
    } catch (error) {
      this.signal.throwIfAborted();
      const why = this.reasonOf(error);
      if (!isStatusError(error)) throw new NoAnswerError(why);
      const { status } = error;
      const unclear = [408, 409].includes(status) || status < 400 || status >= 500;
      if (unclear) throw new NoAnswerError(why);
      const waitSeconds = retryAfter(error);
      throw new RefusedError(why, {
        status,
        forGood: ![413, 429].includes(status) || accountIsStopped(error),
        remedy: remedy(error),
        waitSeconds,
        queueIsFull: waitSeconds === null || messageOf(error).toLowerCase().includes("queue"),
      });
    }
  }

  /** The newest batch of the workspace: what comes after is told by the API's clock, not by ours. */
  async newestBatch() {
    const [newest] = await this.ask("list batches", () => this.page(1));
    return newest ? { id: newest.id, created_at: iso(newest.created_at) } : null;
  }

  /** Batches of the workspace that were made after the given one, oldest first. */
  async batchesSince(since) {
    const batches = [];
    let after;
    for (;;) {
      const page = await this.ask("list batches", () => this.page(100, after));
      for (const batch of page) {
        const isOlder = since && iso(batch.created_at) < since.created_at;
        if (batch.id === since?.id || isOlder) return batches.reverse();
        batches.push(batch);
      }
      if (page.length < 100) return batches.reverse();
      after = page[99].id;
    }
  }

  async page(limit, after) {
    // Not batches.list(): it makes an empty list of an answer that is none.
    const query = after ? { limit, after_id: after } : { limit };
    const page = await this.client.get(BATCHES, { query, signal: this.signal });
    if (!isObject(page) || !Array.isArray(page.data)) {
      throw new NoAnswerError("the answer is no list of batches");
    }
    return page.data.map(batchIn);
  }

  async retrieve(batch) {
    const get = async () =>
      batchIn(await this.client.get(`${BATCHES}/${batch.id}`, { signal: this.signal }));
    return this.ask(`poll batch ${batch.number}`, get, batch);
  }

  async cancel(batch) {
    const post = async () => {
      try {
        await this.client.post(`${BATCHES}/${batch.id}/cancel`, { signal: this.signal });
      } catch (error) {
        if (!isStatusError(error) || error.status !== 400) throw error; // 400: it has ended already
      }
    };
    return this.ask(`cancel batch ${batch.number}`, post, batch);
  }

  /** Bring results to a file, which is on disk then; whether they are whole is not known here. */
  async download(batch, url, file) {
    const what = `fetch the results of batch ${batch.number}`;
    return this.ask(what, () => this.stream(url, file), batch);
  }

  async stream(url, file) {
    const headers = { accept: "application/binary" };
    const response = await this.client.get(url, { headers, signal: this.signal }).asResponse();
    const fd = fs.openSync(file, "w");
    try {
      // The errors of the stream are told apart from those of the disk.
      const reader = response.body?.getReader();
      for (;;) {
        const piece = await reader?.read().catch((error) => {
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

  /** Why there is no good answer, fit for the log. */
  reasonOf(error) {
    if (!isStatusError(error)) return nameless(error);
    const words = error.type ? `, ${error.type}: ${messageOf(error)}` : "";
    return this.clean(`HTTP ${error.status}${words}`);
  }

  /** The API's own words, on one line, short, and without the key. */
  clean(text) {
    for (const secret of [this.client?.apiKey, this.client?.authToken]) {
      if (secret) text = text.replaceAll(secret, "[key]");
    }
    return text.split(/\s+/).join(" ").trim().slice(0, 300);
  }
}

/** Whether the API answered, though with an error. */
const isStatusError = (error) =>
  sdk !== null && error instanceof sdk.APIError && error.status !== undefined;

/** Whether the SDK saw no key anywhere, before it sent anything. */
function hasNoKey(error) {
  if (!sdk || error instanceof sdk.APIError) return false;
  return error instanceof sdk.AnthropicError || /authentication method/.test(String(error));
}

function lost(batch) {
  return new LostBatchError(
    `The API has not known batch ${batch.id} for ${clock(LOST_BATCH_SECONDS)}. It may be paid for, ` +
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

const messageOf = (error) => String(error.apiMessage ?? "");

/** Whether an error of the API is one that passes. */
function passes(error) {
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

function remedy(error) {
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
function nameless(error) {
  if (error instanceof NoAnswerError) return error.message;
  if (error instanceof SyntaxError) return "the answer makes no sense";
  const cause = error?.cause?.cause ?? error?.cause ?? error;
  return `no answer (${cause?.code ?? error?.constructor?.name})`;
}

/** The answer, if it is a batch: a proxy may send a page of HTML with status 200. */
function batchIn(answer) {
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
