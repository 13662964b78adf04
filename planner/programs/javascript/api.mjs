// Ask the API: the calls.
//
// Each is repeated until there is an answer, but for the create. Nothing is decided here about batches.
// The SDK never sends anything again by itself, and says nothing, for its debug lines hold prompts.

import fs from "node:fs";

import {
  Waits,
  batchIn,
  iso,
  isStatusError,
  lost,
  messageOf,
  nameless,
  passes,
  refusal,
  remedy,
  retryAfter,
  sleep,
} from "./answer.mjs";
import { NoAnswerError, StoppedError, codeOf } from "./errors.mjs";
import { writeAll } from "./folder.mjs";
import { clock, isObject } from "./text.mjs";

const BATCHES = "/v1/messages/batches";

// A 404 for a batch that this run made passes within this time, or the key is of another workspace.
const LOST_BATCH_SECONDS = 600;
// An answer to a create may take long, for its body is large; nothing else may.
const CREATE_TIMEOUT_SECONDS = 600;
const TIMEOUT_SECONDS = 60;

export const SDK_MISSING = "The package @anthropic-ai/sdk 1.x is missing: npm install @anthropic-ai/sdk";

let sdk = null;

/** The SDK, which takes a while to load: --check does without. null: it is not there. */
export async function loadSdk() {
  sdk ??= await import("@anthropic-ai/sdk").catch(() => null);
  return sdk;
}

/** Whether the SDK saw no key anywhere, before it sent anything. */
function hasNoKey(error) {
  if (!sdk || error instanceof sdk.APIError) return false;
  return error instanceof sdk.AnthropicError || /authentication method/.test(String(error));
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
          if (performance.now() - unknownSince >= 1000 * LOST_BATCH_SECONDS) throw lost(made, LOST_BATCH_SECONDS);
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
      throw (isStatusError(error) ? refusal(error, why) : null) ?? new NoAnswerError(why);
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
