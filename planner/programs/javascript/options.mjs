// Read the command line.

import { parseArgs } from "node:util";

import { InputError } from "./errors.mjs";
import { DOLLAR, money } from "./money.mjs";
import { Settings } from "./settings.mjs";
import { grouped } from "./text.mjs";

export const PROGRAM = "run_batches.mjs";

const whole = (low, high) => (text) => {
  if (/^[0-9]{1,12}$/.test(text) && low <= Number(text) && Number(text) <= high) return Number(text);
  throw new InputError(`must be a whole number from ${grouped(low)} to ${grouped(high)}`);
};

function seconds(text) {
  if (/^[0-9]*\.?[0-9]+(?:e-?[0-9]+)?$/i.test(text) && Number(text) <= 86_400) return Number(text);
  throw new InputError("must be a number of seconds from 0 to 86,400");
}

function dollars(text) {
  if (/^[0-9]{1,9}(?:\.[0-9]+)?$/.test(text) && money(text) <= 100_000_000n * DOLLAR) return text;
  throw new InputError("must be US dollars from 0 to 100,000,000");
}

function backoff(text) {
  if (["exponential", "linear", "fixed"].includes(text)) return text;
  throw new InputError("must be exponential, linear or fixed");
}

// A flag, its value as the help shows it, the setting that it overrides, and how its text is read.
const FLAGS = [
  ["requests-per-batch", "N", "requestsPerBatch", whole(1, 100_000)],
  ["max-bytes-per-batch", "N", "maxBytesPerBatch", whole(1, 256_000_000)],
  ["concurrent-batches", "N", "concurrentBatches", whole(1, 100)],
  ["max-queued-requests", "N", "maxQueuedRequests", whole(1, 100_000_000)],
  ["poll-seconds", "S", "pollSeconds", seconds],
  ["max-retries", "N", "maxRetries", whole(0, 10)],
  ["backoff", "{exponential,linear,fixed}", "backoff", backoff],
  ["base-delay-seconds", "S", "baseDelaySeconds", seconds],
  ["budget-usd", "D", "budgetUsd", dollars],
  ["canary", "N", "canary", whole(0, 100_000)],
  ["adopt-grace-seconds", "S", "adoptGraceSeconds", seconds],
];

export const USAGE = `usage: ${PROGRAM} INPUT --out DIR [--check] [--cancel]
${FLAGS.map(([flag, value]) => `    [--${flag} ${value}]`).join("\n")}`;

export const HELP = `${USAGE}

Take a file of requests to a file of answers through the Message Batches API.

  INPUT      JSON Lines: whole requests, or rows of id and prompt
  --out DIR  the folder of this run; made if it is not there
  --check    read and count, submit nothing
  --cancel   cancel the open batches, collect what they finished, end the run

The key comes from ANTHROPIC_API_KEY. Start the same command again to go on after any stop.`;

function split(words) {
  const yes = { type: "boolean" };
  const texts = ["out", ...FLAGS.map(([flag]) => flag)].map((name) => [name, { type: "string" }]);
  const options = { check: yes, cancel: yes, help: { ...yes, short: "h" } };
  Object.assign(options, Object.fromEntries(texts));
  try {
    return parseArgs({ args: words, options, allowPositionals: true });
  } catch (error) {
    throw new InputError(String(error.message).split(/[.\n]/)[0]);
  }
}

/** {help, check, cancel, input, out, settings}; an InputError for words that cannot be followed. */
export function parse(words) {
  const { values, positionals } = split(words);
  const { check = false, cancel = false, help = false, out = "" } = values;
  if (help) return { help, check, cancel, input: "", out: "", settings: new Settings() };
  const missing = [positionals.length ? "" : "INPUT", "out" in values ? "" : "--out"].filter(Boolean);
  if (missing.length) {
    throw new InputError(`the following arguments are required: ${missing.join(", ")}`);
  }
  if (positionals.length > 1) {
    throw new InputError(`unrecognized arguments: ${positionals.slice(1).join(" ")}`);
  }
  const changes = {};
  for (const [flag, , setting, read] of FLAGS.filter(([name]) => name in values)) {
    try {
      changes[setting] = read(values[flag]);
    } catch (error) {
      throw new InputError(`argument --${flag}: ${error.message}`);
    }
  }
  return { help, check, cancel, input: positionals[0], out, settings: new Settings(changes) };
}
