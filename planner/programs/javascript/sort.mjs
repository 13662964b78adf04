// Put each answer where it belongs.
//
// Every request of a batch goes to succeeded.jsonl, to failed.jsonl, or on the next round's list;
// once, for the journal says how long the three files are when that is done.

import fs from "node:fs";
import path from "node:path";

import { ACCOUNT_WORDS } from "./answer.mjs";
import { BatchError, leaveQuietly } from "./errors.mjs";
import { syncFolder, trim, writeAll } from "./folder.mjs";
import { bill, priceList, usdExact } from "./money.mjs";
import { Counter } from "./state.mjs";
import {
  cutDeep,
  grouped,
  isBlank,
  isObject,
  isWhole,
  jsonLine,
  linesIn,
  shown,
  utf8,
} from "./text.mjs";

// What `result.error.error.type` says of trying again. One in neither is tried again, and logged.
const TRY_AGAIN = [
  "api_error",
  "overloaded_error",
  "rate_limit_error",
  "timeout_error",
  "expired",
  "missing",
  "content_filtered",
];
const GIVE_UP = [
  "invalid_request_error",
  "not_found_error",
  "permission_error",
  "authentication_error",
  "request_too_large",
  "canceled",
];
// Classes that may be the account's trouble, not the request's: the message tells.
const MAYBE_ACCOUNT = ["invalid_request_error", "permission_error", "rate_limit_error"];

/** JSON, with null for NaN and the infinities, which some write all the same. */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    const odd = /"(?:[^"\\]|\\.)*"|-?Infinity|NaN/g;
    return JSON.parse(text.replace(odd, (word) => (word.startsWith('"') ? word : "null")));
  }
}

/** The id and the result of one line, which is cut where it is no answer and deep; else null. */
export function resultIn(line) {
  let value;
  try {
    value = parsed(utf8.decode(line));
  } catch {
    return null;
  }
  const isResult = typeof value?.custom_id === "string" && isObject(value.result);
  if (!isResult) return null;
  return value.result.type === "succeeded" ? value : cutDeep(value);
}

/** The class of a result that is no success, and the API's words. The class is nested twice. */
export function reasonIn(result) {
  const kind = typeof result.type === "string" ? result.type : "unknown";
  if (kind !== "errored") return { reason: kind, message: "" };
  const error = result.error?.error;
  const message = String(error?.message ?? "");
  const reason = typeof error?.type === "string" ? error.type : "unknown";
  // What is blocked is an answer, and the next one may differ.
  const isFiltered = /content filter/i.test(message) && /output|response/i.test(message);
  const isBlocked = reason === "invalid_request_error" && isFiltered;
  return { reason: isBlocked ? "content_filtered" : reason, message };
}

/** Appends to the three files of answers, and counts. */
export class Sorting {
  constructor(folder, prices) {
    this.folder = folder;
    this.prices = prices;
    folder.guard(); // before anything is cut off or appended
    const { lengths } = folder.state;
    this.files = folder.answerFiles().map((file, number) => {
      trim(file, lengths[number]);
      return { fd: fs.openSync(file, "a"), pending: [], bytes: 0 };
    });
    Object.assign(this, { succeeded: 0, givenUp: 0, retries: 0 });
    Object.assign(this, { truncated: 0, refused: 0, unpriced: 0, spent: 0n });
    this.reasons = new Counter();
    this.usage = new Counter();
  }

  write(number, line) {
    const file = this.files[number];
    file.pending.push(line);
    file.bytes += line.length;
    if (file.bytes > 2 ** 20) this.flush(file);
  }

  flush(file) {
    writeAll(file.fd, Buffer.concat(file.pending));
    [file.pending, file.bytes] = [[], 0];
  }

  /** The API's own line, to the byte. `asked` gives the model that was asked for. */
  success(line, { message }, asked) {
    const [usage, cost] = bill(message, this.prices, asked);
    this.succeeded++;
    if (message?.stop_reason === "max_tokens") this.truncated++;
    if (message?.stop_reason === "refusal") this.refused++;
    this.usage.update(usage);
    this.spent += cost ?? 0n;
    if (cost === null) this.unpriced++;
    // A copy: the line is good until the next is read.
    this.write(0, isWhole(line) ? Buffer.from(line) : Buffer.concat([line, Buffer.from("\n")]));
  }

  again(place, attempts, reason, result) {
    this.retries++;
    this.write(2, jsonLine({ ...place, attempts, reason, result }));
  }

  giveUp({ custom_id }, attempts, reason, result) {
    this.givenUp++;
    this.reasons.update({ [reason]: 1 });
    this.write(1, jsonLine({ custom_id, reason, attempts, result }));
  }

  /**
   * Leave the files on disk, with their names. The fields of `sorted`: their lengths, and what was
   * counted.
   */
  finish() {
    for (const file of this.files) {
      this.flush(file);
      fs.fsyncSync(file.fd);
    }
    syncFolder(this.folder.out);
    syncFolder(path.join(this.folder.out, "rounds"));
    return {
      succeeded: this.succeeded,
      given_up: this.givenUp,
      again: this.retries,
      reasons: Object.fromEntries(this.reasons),
      truncated: this.truncated,
      refused: this.refused,
      usage: Object.fromEntries(this.usage),
      usd: usdExact(this.spent),
      unpriced: this.unpriced,
      lengths: this.files.map(({ fd }) => fs.fstatSync(fd).size),
    };
  }

  close() {
    for (const { fd } of this.files) leaveQuietly(() => fs.closeSync(fd));
  }
}

/** Decides what becomes of each request of a batch. */
export class Sorter {
  constructor({ settings, log, folder, source }) {
    Object.assign(this, { settings, log, folder, source, prices: priceList() });
    this.unknown = new Set(); // classes that have been logged
  }

  /**
   * Let `work` append to the files of answers; then what happened may be written to the journal.
   */
  append(work) {
    const sorting = new Sorting(this.folder, this.prices);
    try {
      work(sorting);
      return sorting.finish();
    } finally {
      sorting.close();
    }
  }

  /** Sort a stored batch. A BatchError when its results say that the account lacks credit. */
  sort(batch) {
    const { source } = this;
    const waiting = new Map();
    for (const { place } of source.placesOf(batch)) waiting.set(place.custom_id, place);
    let lacksCredit = false;
    const fields = this.append((sorting) => {
      for (const { custom_id, result, line } of this.resultsOf(batch)) {
        const place = waiting.get(custom_id);
        if (!place) continue;
        waiting.delete(place.custom_id);
        const asked = () => source.requests.modelOf(source.at(place).value);
        if (result.type === "succeeded") sorting.success(line, result, asked);
        else if (!this.failure(sorting, batch, place, result)) lacksCredit = true;
      }
      this.missing(sorting, batch, [...waiting.values()]);
    });
    this.folder.note("sorted", { batch: batch.number, ...fields });
    const [good, again, bad] = [fields.succeeded, fields.again, fields.given_up].map(grouped);
    const counts = `${good} succeeded, ${again} to be tried again, ${bad} given up`;
    this.log.line(`Batch ${batch.number}: ${counts}`);
    if (lacksCredit && !this.folder.state.canceling) {
      throw new BatchError("The account lacks credit: requests failed for it. Add credit.");
    }
  }

  /**
   * {custom_id, result, line} of each line that is a result; any other is logged, by its number.
   */
  *resultsOf(batch) {
    const file = this.folder.resultsFile(batch);
    let number = 0;
    for (const line of linesIn(file)) {
      number++;
      const found = resultIn(line);
      if (found) yield { ...found, line };
      else if (!isBlank(line)) {
        const where = `line ${number} of ${path.basename(file)}`;
        this.log.line(`Batch ${batch.number}: ${where} cannot be read; it stays there`);
      }
    }
  }

  /**
   * What results do not hold: it may be paid for, if the API counts more than they hold of ours.
   */
  missing(sorting, batch, places) {
    const counted = Object.values(batch.counts ?? {}).reduce((sum, count) => sum + count, 0);
    const isPaid = batch.requests - places.length < counted;
    for (const place of places) {
      if (isPaid) sorting.giveUp(place, place.attempts + 1, "missing", null);
      else this.retry(sorting, batch, place, "missing", null);
    }
  }

  /** An attempt failed. false: for want of credit, which costs no attempt. */
  failure(sorting, batch, place, result) {
    const { reason, message } = reasonIn(result);
    const account = MAYBE_ACCOUNT.includes(reason) && ACCOUNT_WORDS.test(message);
    if (account || reason === "billing_error") {
      sorting.again(place, place.attempts, reason, result);
      return false;
    }
    this.retry(sorting, batch, place, reason, result);
    return true;
  }

  /** Try again in the next round, or give up. */
  retry(sorting, batch, place, reason, result) {
    const forGood = GIVE_UP.includes(reason);
    if (!TRY_AGAIN.includes(reason) && !forGood && !this.unknown.has(reason)) {
      this.unknown.add(reason);
      this.log.line(`Batch ${batch.number}: ${shown(reason)} is not known here`);
    }
    const attempts = place.attempts + 1;
    const since = attempts - (place.before ?? 0); // a person asked to try again
    // An unknown type of result may have been paid for.
    const mayBePaid = result !== null && !["errored", "expired"].includes(result.type);
    if (forGood || mayBePaid || since > this.settings.maxRetries) {
      sorting.giveUp(place, attempts, reason, result);
    } else {
      sorting.again(place, attempts, reason, result);
    }
  }

  giveUpBatch(batch, reason) {
    const fields = this.append((sorting) => {
      for (const { place } of this.source.placesOf(batch)) {
        sorting.giveUp(place, place.attempts + 1, reason, null);
      }
    });
    this.folder.note("sorted", { batch: batch.number, ...fields });
    const count = grouped(batch.requests);
    this.log.line(`Batch ${batch.number}: ${count} requests are given up (${reason})`);
  }

  /** After --cancel: what was not sent, and what would have been tried again, is given up. */
  giveUpTheRest() {
    const { folder, source } = this;
    const { state } = folder;
    const fields = this.append((sorting) => {
      const rest = state.withStatus("unsent").map((batch) => source.placesOf(batch));
      for (const { start, end } of state.ranges(source.endOf(state.round))) {
        rest.push(source.places(state.round, start, end));
      }
      if (state.again) rest.push(source.places(state.round + 1, 0, state.lengths[2]));
      for (const places of rest) {
        for (const { place } of places) {
          sorting.giveUp(place, place.attempts, place.reason, place.result);
        }
      }
    });
    folder.note("rest", fields);
  }
}
