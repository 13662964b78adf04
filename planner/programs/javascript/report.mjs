// Say how it goes: log, progress line, summary, last line.
//
// The API shows no count before a batch has ended, so progress is by batch and by time, beside the
// forecast. No prompt, answer or key is in any of it.

import { spreadOf } from "./cut.mjs";
import { USAGE_KINDS, usdRounded } from "./money.mjs";
import {
  BYTES_PER_TOKEN,
  FORECAST_SECONDS,
  PLANNED_OUTPUT_TOKENS,
  PLANNED_REQUESTS,
  PLANNED_USD,
} from "./settings.mjs";
import { clock, grouped, jsonAscii, localTime } from "./text.mjs";

const PROGRESS_SECONDS = 600;

/** Plain lines when stderr is no terminal; one line that is written over when it is one. */
export class Log {
  constructor() {
    this.terminal = process.stderr.isTTY === true;
    this.lastProgress = performance.now();
  }

  line(text) {
    process.stderr.write(`${this.terminal ? "\r\x1b[K" : ""}${localTime()} ${text}\n`);
  }

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

/**
 * Where the run is, in fewer than 80 columns: what is answered, what is open, time beside the
 * forecast.
 */
export function progressLine(state) {
  const { at, input } = state.began;
  const minutes = (seconds) => clock(Math.max(60, seconds)).replace(/:\d\d$/, "");
  const { p50, p95 } = FORECAST_SECONDS;
  return (
    `${grouped(state.succeeded + state.givenUp)} of ${grouped(input.requests)} answered, ` +
    `${state.inFlight().length} open, ${clock((Date.now() - Date.parse(at)) / 1000)} elapsed, ` +
    `forecast ${minutes(p50)}-${minutes(p95)}`
  );
}

/** What --check prints of INPUT: {identity, count} as `scan` gives them. */
export function checkText({ identity, count }, settings) {
  const { name, requests, kind, bytes, sha256 } = identity;
  const first = Math.min(settings.canary, requests);
  const follows = "go alone, the rest follows if they are good";
  const alone = first ? `; the first ${grouped(first)} requests ${follows}` : "";
  const unknown = `; no price is known for the model of ${grouped(count.unpriced)} requests`;
  const input = grouped(Math.ceil(count.textBytes / BYTES_PER_TOKEN));
  const about = count.batches > 1 && spreadOf(count.most) ? "about " : "";
  const largest = `the largest of ${grouped(count.largest)} requests`;
  const split = `${about}${grouped(count.batches)} batches, ${largest}${alone}`;
  return [
    `${name}: ${grouped(requests)} ${kind}, ${grouped(bytes)} bytes, SHA-256 ${sha256}`,
    `Split: ${split}`,
    `Tokens, estimated: ${input} of input (${BYTES_PER_TOKEN} bytes each), ` +
      `${grouped(count.outputTokens)} of output ` +
      `(as planned, ${grouped(PLANNED_OUTPUT_TOKENS)} a request)`,
    `Cost, estimated at batch prices without prompt caching: $${usdRounded(count.cost)}; ` +
      `at most $${usdRounded(count.worst)}, if every answer is max_tokens long` +
      (count.unpriced ? unknown : ""),
    `The plan: $${PLANNED_USD} for ${grouped(PLANNED_REQUESTS)} requests`,
    "Nothing was submitted.",
  ].join("\n");
}

/** The text of summary.json. */
export function summaryText(state) {
  const byName = ([a], [b]) => (a < b ? -1 : 1);
  const summary = {
    requests: state.began.input.requests,
    succeeded: state.succeeded,
    given_up: state.givenUp,
    reasons: Object.fromEntries([...state.reasons].sort(byName)),
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
    input: state.began.input,
  };
  return `${jsonAscii(summary, 2)}\n`;
}

/** What the program prints at the end of a complete run. */
export function lastLine(state, answers) {
  const parts = [
    `${grouped(state.succeeded)} of ${grouped(state.began.input.requests)} requests succeeded`,
    `${grouped(state.truncated)} of them truncated at max_tokens`,
    `${grouped(state.refused)} refused by the model`,
    `${grouped(state.givenUp)} given up${state.givenUp ? " (failed.jsonl says why)" : ""}`,
  ];
  const planned = `$${PLANNED_USD} planned for ${grouped(PLANNED_REQUESTS)} requests`;
  const cost = `$${usdRounded(state.spent)} spent, ${planned}`;
  return `${parts.join(", ")}; ${cost}. Answers: ${answers}`;
}
