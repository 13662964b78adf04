// Read the command line.

import { parseArgs } from "node:util";

import { InputError } from "./errors.mjs";
import { DOLLAR, money } from "./money.mjs";
import { Settings } from "./settings.mjs";
import { grouped } from "./text.mjs";

export const PROGRAM = "run_batches.mjs";

const whole = (low, high) => (text) => {
  const number = /^[0-9]{1,12}$/.test(text) ? Number(text) : -1;
  if (low <= number && number <= high) return number;
  throw new InputError(`must be a whole number from ${grouped(low)} to ${grouped(high)}`);
};

function seconds(text) {
  if (/^[0-9]*\.?[0-9]+(?:e-?[0-9]+)?$/i.test(text) && Number(text) <= 86_400) return Number(text);
  throw new InputError("must be a number of seconds from 0 to 86,400");
}

/** At least a hundredth: a provider in trouble must not be hammered. */
function pollSeconds(text) {
  if (seconds(text) >= 0.01) return seconds(text);
  throw new InputError("must be a number of seconds from 0.01 to 86,400");
}

function dollars(text) {
  if (/^[0-9]{1,9}(?:\.[0-9]+)?$/.test(text) && money(text) <= 100_000_000n * DOLLAR) return text;
  throw new InputError("must be US dollars from 0 to 100,000,000");
}

function backoff(text) {
  if (["exponential", "linear", "fixed"].includes(text)) return text;
  throw new InputError("must be exponential, linear or fixed");
}

// What may be done with a run; a value if the flag has one.
const ACTIONS = [
  ["out", "DIR", "the folder of this run; made if it is not there"],
  ["check", "", "read and count, submit nothing; needs no --out"],
  ["cancel", "", "cancel the open batches, collect what they finished, end the run"],
  ["retry-failed", "", "send again, in new rounds, what failed.jsonl holds, when a run is done"],
  ["adopt", "ID", "this batch is ours, where the program cannot tell; none: none of them is"],
  ["on-done", "COMMAND", "run it at the end, with the folder and the exit code as arguments"],
  ["help", "", "this text"],
];

// Flags that override a setting: value, setting, how the text is read, meaning.
const FLAGS = [
  ["requests-per-batch", "N", "requestsPerBatch", whole(1, 100_000), "the largest batch"],
  ["max-bytes-per-batch", "N", "maxBytesPerBatch", whole(1, 256_000_000), "the largest body"],
  ["concurrent-batches", "N", "concurrentBatches", whole(1, 100), "batches open at once"],
  ["max-queued-requests", "N", "maxQueuedRequests", whole(1, 100_000_000), "requests in them"],
  ["poll-seconds", "S", "pollSeconds", pollSeconds, "between two looks at a batch"],
  ["max-retries", "N", "maxRetries", whole(0, 10), "rounds after the first, for a request"],
  ["backoff", "KIND", "backoff", backoff, "of the waits: exponential, linear or fixed"],
  ["base-delay-seconds", "S", "baseDelaySeconds", seconds, "before the first retry round"],
  ["budget-usd", "D", "budgetUsd", dollars, "not to be passed, even at the worst"],
  ["canary", "N", "canary", whole(0, 100_000), "first and alone; the rest follows if good"],
  ["adopt-grace-seconds", "S", "adoptGraceSeconds", seconds, "before the list is read in a doubt"],
];

const form = (flag, value) => `--${flag}${value && ` ${value}`}`;

function helpOf(flag, value, meaning, setting) {
  const planned = setting ? new Settings()[setting] : "";
  const shown = typeof planned === "number" ? grouped(planned) : planned || "none";
  return `  ${form(flag, value).padEnd(26)} ${meaning}${setting ? ` [${shown}]` : ""}`;
}

export const USAGE = [
  `usage: ${PROGRAM} INPUT --out DIR`,
  ...ACTIONS.slice(1).map(([flag, value]) => `    [${form(flag, value)}]`),
  ...FLAGS.map(([flag, value]) => `    [${form(flag, value)}]`),
].join("\n");

export const HELP = `usage: ${PROGRAM} INPUT --out DIR [FLAGS]

Take a file of requests to a file of answers through the Message Batches API.

  ${"INPUT".padEnd(26)} JSON Lines, plain or gzip: whole requests, or rows of id and prompt
${ACTIONS.map(([flag, value, meaning]) => helpOf(flag, value, meaning)).join("\n")}

Flags that override the plan, with the plan's value:

${FLAGS.map(([flag, value, name, , meaning]) => helpOf(flag, value, meaning, name)).join("\n")}

The key comes from ANTHROPIC_API_KEY. Start the same command again to go on after any stop.
Exit codes: 0 all succeeded, 1 some were given up, 2 bad usage or input, 3 stopped, 130 and 143
interrupted.`;

/** parseArgs' values and positionals. */
function taken(words) {
  const texts = [...ACTIONS.filter(([, value]) => value), ...FLAGS];
  const options = Object.fromEntries([
    ...ACTIONS.map(([flag]) => [flag, { type: "boolean" }]),
    ...texts.map(([flag]) => [flag, { type: "string" }]),
  ]);
  options.help.short = "h";
  options.adopt.multiple = true;
  try {
    return parseArgs({ args: words, options, allowPositionals: true });
  } catch (error) {
    throw new InputError(String(error.message).split(/[.\n]/)[0]);
  }
}

function settingsOf(values) {
  const changes = {};
  for (const [flag, , setting, read] of FLAGS.filter(([name]) => name in values)) {
    try {
      changes[setting] = read(values[flag]);
    } catch (error) {
      throw new InputError(`argument --${flag}: ${error.message}`);
    }
  }
  return new Settings(changes);
}

/**
 * {input, out, settings, help, check, cancel, retryFailed, adopt, onDone}; an InputError for words
 * that cannot be followed.
 */
export function parse(words) {
  const { values, positionals } = taken(words);
  const { check = false, cancel = false, help = false, out = "", adopt = [] } = values;
  const retryFailed = values["retry-failed"] ?? false;
  const options = { help, check, cancel, retryFailed, adopt, onDone: values["on-done"] ?? "" };
  if (help) return options;
  const missing = [positionals.length ? "" : "INPUT", out || check ? "" : "--out"].filter(Boolean);
  if (missing.length) {
    throw new InputError(`the following arguments are required: ${missing.join(", ")}`);
  }
  if (positionals.length > 1) {
    throw new InputError(`unrecognized arguments: ${positionals.slice(1).join(" ")}`);
  }
  if (cancel && retryFailed) {
    throw new InputError("--cancel and --retry-failed cannot both be followed");
  }
  if (adopt.some((id) => !/^[a-zA-Z0-9_-]{1,200}$/.test(id))) {
    throw new InputError("argument --adopt: must be the id of a batch, or none");
  }
  return { ...options, input: positionals[0], out, settings: settingsOf(values) };
}
