// Ask the API: the calls.
//
// Each is repeated until there is an answer, but for the create. The SDK never sends anything again
// by itself, and says nothing, for its debug lines hold prompts. No redirect is followed, for it
// would take the key to another host.

import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

import {
  Waits,
  accountIn,
  accountIsStopped,
  afterLong,
  batchIn,
  isStatusError,
  lostAfter,
  passes,
  reasonOf,
  refusal,
  remedy,
  retryAfter,
  sleep,
  times,
} from "./answer.mjs";
import { NoAnswerError, StoppedError, codeOf } from "./errors.mjs";
import { writeAll } from "./folder.mjs";
import { clock, isObject } from "./text.mjs";
import { SILENCE_SECONDS, silent, upload } from "./upload.mjs";

const BATCHES = "/v1/messages/batches";

const TIMEOUT_SECONDS = 60.0; // any other answer
const FOR_EVER_MS = 2 ** 31 - 1; // the SDK's own limit, for calls that have a better one

let sdk = null;

/** Load the SDK, which --check does without. What is wrong with it, in one line, or "". */
export async function sdkProblem() {
  sdk ??= await import("@anthropic-ai/sdk").catch(() => null);
  if (!sdk) return "The package @anthropic-ai/sdk 1.x is missing: npm install @anthropic-ai/sdk";
  const index = createRequire(import.meta.url).resolve("@anthropic-ai/sdk");
  const { version } = JSON.parse(fs.readFileSync(path.join(path.dirname(index), "package.json")));
  const [major, minor] = version.split(".").map(Number);
  if (major === 1 && minor >= 5) return "";
  return (
    `The package @anthropic-ai/sdk is ${version}, and 1.5 or newer of 1.x is needed: ` +
    'npm install "@anthropic-ai/sdk@>=1.5 <2"'
  );
}

/** The Message Batches API as one account sees it. */
export class Api {
  account = { organization: null, workspace: null }; // as the last answer named it
  hasListed = false; // whether this key has been shown a list

  constructor(settings, log, signal) {
    this.settings = settings;
    this.log = log;
    this.signal = signal;
    this.client = null;
  }

  /** Make the SDK's client of what the environment says; nothing is sent yet. */
  connect() {
    const fetch = (url, init) => this.send(url, init);
    const timeout = 1000 * TIMEOUT_SECONDS;
    this.client = new sdk.Anthropic({ maxRetries: 0, timeout, fetch, logLevel: "off" });
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

  async send(url, init) {
    const call = init.body ? upload : fetch;
    const response = await call(url, { ...init, redirect: "manual" });
    const told = response.ok ? accountIn(response.headers) : {};
    for (const name in told) this.account[name] = told[name] ?? this.account[name];
    return response;
  }

  /** Call until there is an answer; null when `isGone`, which is called after each 404, says so. */
  async ask(what, call, isGone) {
    const waits = new Waits(this.settings.pollSeconds);
    for (;;) {
      try {
        return await call();
      } catch (error) {
        this.signal.throwIfAborted();
        if (codeOf(error)) throw error; // the disk's, for those of the network come wrapped
        if (hasNoKey(error)) {
          throw new StoppedError("There is no API key: set ANTHROPIC_API_KEY.");
        }
        const isAnswer = isStatusError(error);
        const isMissing = isAnswer && error.status === 404 && isGone;
        if (isMissing && isGone()) return null;
        if (isAnswer && !isMissing && !passes(error)) {
          throw new StoppedError(`${what}: ${reasonOf(error)}. ${remedy(error)}`);
        }
        const seconds = Math.max(isAnswer ? (retryAfter(error) ?? 0) : 0, waits.next());
        this.log.line(`${what}: ${reasonOf(error)}; again in ${clock(seconds)}`);
        await sleep(seconds, this.signal);
      }
    }
  }

  /** One POST. A RefusedError: no batch was made; a NoAnswerError: that is not known. */
  async create(pieces, bytes) {
    const headers = { "content-type": "application/json", "content-length": String(bytes) };
    if (this.settings.betas.length) headers["anthropic-beta"] = this.settings.betas.join(",");
    const options = { body: pieces, headers, timeout: FOR_EVER_MS, signal: this.signal };
    try {
      return batchIn(await this.client.post(BATCHES, options));
    } catch (error) {
      this.signal.throwIfAborted();
      const clear = isStatusError(error) ? refusal(error) : null;
      const isCutOff = error?.cause?.isCutOff ?? error?.cause?.cause?.isCutOff ?? false;
      throw clear ?? Object.assign(new NoAnswerError(reasonOf(error)), { isCutOff });
    }
  }

  /**
   * Batches of the workspace, newest first, to an empty page, whatever a page says of more: of each
   * page {rows, oldest}, what was in no page before and the moment of its last.
   */
  async *pages() {
    const seen = new Set();
    const cursors = new Set();
    const waits = new Waits(this.settings.pollSeconds);
    for (let [after, starts] = [undefined, 0]; ; ) {
      const page = await this.ask("list batches", () => this.page(after));
      if (page?.length === 0) return;
      const last = page?.at(-1);
      if (page ? cursors.has(last.id) : ++starts > 20) {
        throw new StoppedError("The API's list of batches comes to no end. Try again later.");
      }
      if (page) {
        cursors.add(last.id);
        const rows = page.filter(({ id }) => !seen.has(id));
        for (const { id } of rows) seen.add(id);
        yield { rows, oldest: last.created_at };
      } else {
        // The batch that the cursor named has been deleted: from the newest again.
        cursors.clear();
        await sleep(waits.next(), this.signal);
      }
      after = last?.id;
    }
  }

  /** Up to a hundred batches older than the one named; null if it, or the list, is not there. */
  async page(after) {
    const query = after ? { limit: 100, after_id: after } : { limit: 100 };
    // Not batches.list(): it makes an empty list of an answer that is none.
    const page = await this.client.get(BATCHES, { query, signal: this.signal }).catch((error) => {
      const isGone = isStatusError(error) && [400, 404].includes(error.status);
      if ((after || this.hasListed) && isGone && !accountIsStopped(error)) return null;
      throw error;
    });
    if (page === null) return null;
    if (!isObject(page) || !Array.isArray(page.data)) {
      throw new NoAnswerError("the answer is no list of batches");
    }
    this.hasListed = true;
    return page.data.map(batchIn);
  }

  /** A batch of this run. A LostBatchError when the API does not know it any more. */
  async retrieve(batch) {
    const call = () => this.get(batch.id);
    return this.ask(`poll batch ${batch.number}`, call, lostAfter(batch));
  }

  /** Any batch by its id; null when the API has not known it for long, or for so many tries. */
  async look(id, tries = 0) {
    return this.ask(`poll ${id}`, () => this.get(id), tries ? times(tries) : afterLong());
  }

  async get(id) {
    return batchIn(await this.client.get(`${BATCHES}/${id}`, { signal: this.signal }));
  }

  async cancel(batch) {
    const post = async () => {
      try {
        await this.client.post(`${BATCHES}/${batch.id}/cancel`, { signal: this.signal });
      } catch (error) {
        if (!isStatusError(error) || error.status !== 400) throw error; // 400: it has ended already
      }
    };
    return this.ask(`cancel batch ${batch.number}`, post, lostAfter(batch));
  }

  /**
   * Bring results to a file, which is on disk then, whole or not. `batch` is one of this run, or
   * {id} of any: then null comes back when its owner has deleted it.
   */
  async download(batch, file) {
    const isGone = batch.number ? lostAfter(batch) : afterLong();
    const what = `fetch the results of ${batch.number ? `batch ${batch.number}` : batch.id}`;
    const call = async () => {
      const url = `${BATCHES}/${batch.id}/results`;
      const options = { headers: { accept: "application/binary" }, signal: this.signal };
      // Not from results_url, which may name another host than the one that the key is for.
      const response = await this.client.get(url, options).asResponse();
      if (response.headers.get("content-type")?.includes("text/html")) {
        throw new NoAnswerError("the answer is a page of some proxy");
      }
      await save(response, file);
      return file;
    };
    return this.ask(what, call, isGone);
  }
}

/** Whether the SDK saw no key anywhere, before it sent anything. */
function hasNoKey(error) {
  if (!sdk || error instanceof sdk.APIError) return false;
  return error instanceof sdk.AnthropicError || /authentication method/.test(String(error));
}

/** Write a response's body to a file. A NoAnswerError when it is cut, or silent for too long. */
async function save(response, file) {
  const fd = fs.openSync(file, "w");
  const reader = response.body?.getReader();
  let isSilent = false;
  const silence = setTimeout(() => {
    isSilent = true;
    reader.cancel().catch(() => {});
  }, 1000 * SILENCE_SECONDS);
  try {
    for (;;) {
      // The errors of the stream are told apart from those of the disk.
      const piece = await reader?.read().catch((error) => {
        throw new NoAnswerError(`the download was cut (${error.name})`);
      });
      if (isSilent) throw silent(SILENCE_SECONDS);
      if (!piece?.value) break;
      writeAll(fd, piece.value);
      silence.refresh();
    }
    fs.fsyncSync(fd);
  } finally {
    clearTimeout(silence);
    fs.closeSync(fd);
  }
}
