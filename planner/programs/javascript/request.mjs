// Make requests of lines, and say what is wrong with a line.
//
// A whole request is sent byte for byte as it stands in INPUT; a row becomes a request with the
// plan's settings. What the API would refuse is told before anything is sent, with what to do about
// it.

import { createHash } from "node:crypto";

import { priceList, priceOf } from "./money.mjs";
import { RETIRES, TOOL_PROMPT_TOKENS } from "./settings.mjs";
import { isObject, localTime, shown, stripped } from "./text.mjs";

export const ENVELOPE = ['{"requests":[', "]}"];
export const ENVELOPE_BYTES = ENVELOPE.join("").length;
export const CUSTOM_ID = /^[a-zA-Z0-9_-]{1,64}$/;

// What is no text, and of it what brings in a text or files while it is answered.
const ATTACHMENT = /^(?:image|document)$/;
const OUTSIDE =
  /^(?:container_upload|(?:web_search|web_fetch|code_execution|advisor)_[0-9]+|mcp_toolset)$/;
const OF_REQUESTS = ["model", "maxTokens", "systemPrompt", "cacheTtl", "inferenceGeo", "betas"];

/** What shapes a row into a request, fit for the journal: no prompt in it. */
export function requestSettings(settings) {
  const prompt = JSON.stringify(settings.systemPrompt);
  return {
    model: settings.model,
    max_tokens: settings.maxTokens,
    system_prompt_sha256: createHash("sha256").update(prompt).digest("hex"),
    cache_ttl: settings.cacheTtl,
    inference_geo: settings.inferenceGeo,
    betas: settings.betas,
  };
}

/** The other settings, which may differ from one start to the next. */
export function runSettings(settings) {
  const snake = (name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  const rest = Object.entries(settings).filter(([name]) => !OF_REQUESTS.includes(name));
  return Object.fromEntries(rest.map(([name, value]) => [snake(name), value]));
}

/** Whether a line is a whole request, not a row. */
export const isRequest = (value) =>
  Object.hasOwn(value, "params") || Object.hasOwn(value, "custom_id");

/** Lines of INPUT, what is sent for them, and what they may cost. */
export class Requests {
  hasBegun = false; // then a model that retires is no reason not to collect what is paid for
  retired = ""; // what a line says of such a model

  constructor(settings) {
    this.settings = settings;
    this.prices = priceList();
    const system = { type: "text", text: settings.systemPrompt };
    if (settings.cacheTtl) system.cache_control = { type: "ephemeral", ttl: settings.cacheTtl };
    const params = { model: settings.model, max_tokens: settings.maxTokens };
    if (settings.systemPrompt) params.system = [system];
    if (settings.inferenceGeo) params.inference_geo = settings.inferenceGeo;
    const open = JSON.stringify(params).slice(0, -1);
    this.middle = `,"params":${open},"messages":[{"role":"user","content":`;
    this.overhead = Buffer.byteLength(`{"custom_id":${this.middle}}]}}`);
  }

  /** The bytes of the request of a line that has been checked; `value` is what the line holds. */
  wire(value, line) {
    if (isRequest(value)) return stripped(line);
    const [id, prompt] = [JSON.stringify(value.id), JSON.stringify(value.prompt)];
    return Buffer.from(`{"custom_id":${id}${this.middle}${prompt}}]}}`);
  }

  /** The model that a line asks for. */
  modelOf(value) {
    return isRequest(value) ? value.params.model : this.settings.model;
  }

  /**
   * {size, maxTokens, price or null, worst or null}: `size` is the bytes of `wire(value, line)`.
   */
  measure(value, line) {
    if (isRequest(value)) {
      const { model, max_tokens, inference_geo } = value.params;
      const body = stripped(line);
      const cached = body.includes('"cache_control"');
      const hidden = body.includes('"tools"') ? TOOL_PROMPT_TOKENS : 0;
      return this.cost(model, max_tokens, body.length, cached, inference_geo, hidden);
    }
    const { model, maxTokens, cacheTtl, inferenceGeo } = this.settings;
    const texts = value.id.length + 2 + Buffer.byteLength(JSON.stringify(value.prompt));
    return this.cost(model, maxTokens, this.overhead + texts, cacheTtl !== "", inferenceGeo);
  }

  cost(model, maxTokens, size, cached, geo, hidden = 0) {
    const price = priceOf(this.prices, model) ?? null;
    // The workspace's own choice may be the dearer one.
    const worst = price?.worst(size + hidden, maxTokens, cached, geo !== "global") ?? null;
    return { size, maxTokens, price, worst };
  }

  /** What is wrong with a line: texts that say what to do about it. */
  wrong(value) {
    return isRequest(value) ? this.wrongWithRequest(value) : wrongWithRow(value);
  }

  wrongWithRequest(request) {
    const wrong = wrongWithId(request, "custom_id");
    for (const name of namesBeside(request, "custom_id", "params")) {
      const move = `delete ${shown(name)} or move it into "params"`;
      wrong.push(`a request has "custom_id" and "params" only: ${move}`);
    }
    if (!isObject(request.params)) {
      const form = '{"model": …, "max_tokens": …, "messages": […]}';
      return [...wrong, `"params" is no object: write ${form}`];
    }
    return [...wrong, ...this.wrongWithParams(request.params)];
  }

  wrongWithParams(params) {
    const wrong = [];
    if (typeof params.model !== "string" || !params.model) {
      wrong.push('"model" is missing: name one');
    } else {
      wrong.push(...this.wrongWithModel(params.model, params.max_tokens));
    }
    if (!Array.isArray(params.messages) || !params.messages.length) {
      wrong.push('"messages" is missing or empty: write at least one message');
    }
    if (params.stream) wrong.push('"stream" is not possible in a batch: delete it');
    if (Object.hasOwn(params, "speed")) wrong.push('"speed" is not possible in a batch: delete it');
    for (const name of ["temperature", "top_p", "top_k"].filter((each) => each in params)) {
      wrong.push(`"${name}" no longer exists in this version of the API: delete it`);
    }
    if (this.settings.budgetUsd && attachments(params).some(isElsewhere)) {
      wrong.push(
        "a document, image or file by its address or id, or what a server tool brings in, has a " +
          "size that is not known here, so no budget can be kept: leave out --budget-usd, or the " +
          "tool, or put the document into the request",
      );
    }
    return wrong;
  }

  /** What is wrong with the request that every row becomes. */
  wrongWithSettings() {
    const wrong = this.wrongWithModel(this.settings.model, this.settings.maxTokens);
    if (this.settings.cacheTtl && !this.settings.systemPrompt) {
      wrong.push(
        "the plan caches a system prompt, and SYSTEM_PROMPT is empty: fill it in at the top of " +
          'this program, or set CACHE_TTL to ""',
      );
    }
    return wrong;
  }

  wrongWithModel(model, maxTokens) {
    const wrong = [];
    const price = priceOf(this.prices, model);
    const most = price?.maxTokens ?? Infinity;
    const retired = retirement(model);
    if (retired && this.hasBegun) this.retired = retired;
    else if (retired) wrong.push(retired);
    if (maxTokens === undefined || maxTokens === null) {
      wrong.push('"max_tokens" is missing: add it');
    } else if (!Number.isInteger(maxTokens)) {
      wrong.push('"max_tokens" is no whole number: write one of at least 1');
    } else if (maxTokens < 1) {
      wrong.push(`"max_tokens" is ${maxTokens}, and a batch needs at least 1: raise it`);
    } else if (maxTokens > most) {
      wrong.push(`"max_tokens" is ${maxTokens}, and ${model} allows ${most}: lower it`);
    }
    if (this.settings.budgetUsd && !price) {
      wrong.push(
        `no price is known for model ${shown(model)}, so no budget can be kept: leave out ` +
          "--budget-usd, or use another model",
      );
    }
    return wrong;
  }
}

/** What is to be said of a model that has gone, or "". */
export function retirement(model) {
  const [retires, successor] = Object.hasOwn(RETIRES, model) ? RETIRES[model] : ["9999", ""];
  if (retires > localTime().slice(0, 10)) return "";
  return `model ${shown(model)} is retired since ${retires}: use ${successor}`;
}

/** The images, documents and files in a request, and the tools that bring some in. */
export function attachments(params) {
  const blocks = [];
  // A list, not a recursion: what is nested deeply must not run out of stack.
  for (const waiting = [params.messages, params.system, params.tools]; waiting.length; ) {
    const value = waiting.pop();
    if (ATTACHMENT.test(value?.type) || OUTSIDE.test(value?.type)) blocks.push(value);
    if (typeof value !== "object" || value === null) continue;
    for (const each of Object.values(value)) waiting.push(each);
  }
  return blocks;
}

const isElsewhere = ({ type, source }) =>
  OUTSIDE.test(type) || source?.type === "url" || source?.type === "file";

function namesBeside(holder, ...expected) {
  return Object.keys(holder).filter((name) => !expected.includes(name));
}

function wrongWithRow(row) {
  const wrong = wrongWithId(row, "id");
  if (!Object.hasOwn(row, "prompt")) {
    wrong.push('"prompt" is missing: add it');
  } else if (typeof row.prompt !== "string") {
    wrong.push('"prompt" is no text: put it in quotes, or write a whole request with "params"');
  } else if (!/\S/.test(row.prompt)) {
    wrong.push('"prompt" is empty: the API refuses an empty message; fill it or delete the line');
  }
  for (const name of namesBeside(row, "id", "prompt")) {
    const remedy = `delete ${shown(name)}, or write a whole request`;
    wrong.push(`a row has "id" and "prompt" only: ${remedy}`);
  }
  return wrong;
}

function wrongWithId(holder, name) {
  if (!Object.hasOwn(holder, name)) return [`"${name}" is missing: give each line one of its own`];
  if (typeof holder[name] !== "string") return [`"${name}" is no text: put it in quotes`];
  if (CUSTOM_ID.test(holder[name])) return [];
  const allowed = '1 to 64 letters (a-z, A-Z), digits, "_" and "-" only';
  return [`"${name}" may have ${allowed}: rename it`];
}
