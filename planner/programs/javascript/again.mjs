// Send again what was given up, when a person asks for it.
//
// Only what may go otherwise the next time is sent, in a new round of the same folder; what would
// fail alike, and what may have been paid for, stays in failed.jsonl. The old file keeps a name of
// its own.

import fs from "node:fs";
import path from "node:path";

import { syncFolder, writeFile } from "./folder.mjs";
import { reasonIn } from "./sort.mjs";
import { Counter } from "./state.mjs";
import { grouped, jsonLine, linesIn, utf8 } from "./text.mjs";

// So many failures are held in memory at once; INPUT is read for each such piece of failed.jsonl.
const FAILURES_AT_ONCE = 50_000;
const FAIL_ALIKE = ["invalid_request_error", "request_too_large"];
// Reasons of this program's own for requests that the API made an answer to, or may have made one.
const PAID = ["missing", "results_archived", "batch_not_found"];

/** Begin a round of what failed.jsonl holds. false: nothing of it may go otherwise. */
export function sendAgain({ folder, source, log }) {
  const { state, failed } = folder;
  // A canceled run has a list that was never sent, and keeps it.
  const round = state.round + (state.lengths[2] ? 2 : 1);
  const kept = new Counter();
  let requests = 0;
  const list = function* () {
    for (const failures of pieces(failed)) {
      for (const place of placesOf(failures, source)) {
        requests++;
        yield jsonLine(place);
      }
    }
  };
  const stays = function* () {
    for (const line of linesIn(failed)) {
      const { reason, result } = JSON.parse(utf8.decode(line));
      if (mayGoOtherwise(reason, result)) continue;
      kept.update({ [reason]: 1 });
      yield line;
    }
  };
  folder.guard();
  writeFile(folder.roundFile(round), list());
  writeFile(`${failed}.part`, stays());
  for (const name of ["rounds", ""]) syncFolder(path.join(folder.out, name));
  const given_up = [...kept.values()].reduce((sum, count) => sum + count, 0);
  for (const [reason, count] of kept) {
    const why = PAID.includes(reason) ? "may have been paid for" : "would fail alike";
    log.line(`${grouped(count)} requests (${reason}) stay in failed.jsonl: each ${why}`);
  }
  if (!requests) {
    log.line("Nothing is sent again: none of failed.jsonl may go otherwise.");
    return false;
  }
  const sizeOf = (file) => (fs.existsSync(file) ? fs.statSync(file).size : 0);
  folder.note("again", {
    round,
    requests,
    bytes: sizeOf(folder.roundFile(round)),
    not_before: Math.round(Date.now()) / 1000,
    kept: given_up,
    failed: unusedName(folder.out),
    lengths: [sizeOf(folder.succeeded), sizeOf(`${failed}.part`), 0],
    given_up,
    reasons: Object.fromEntries(kept),
  });
  folder.setAside(state.setAside);
  log.line(`${grouped(requests)} requests of failed.jsonl are sent again, in round ${round + 1}`);
  return true;
}

/** Failures that may go otherwise, by id, some at a time. */
function* pieces(file) {
  let failures = new Map();
  for (const line of linesIn(file)) {
    const failure = JSON.parse(utf8.decode(line));
    if (!mayGoOtherwise(failure.reason, failure.result)) continue;
    failures.set(failure.custom_id, failure);
    if (failures.size < FAILURES_AT_ONCE) continue;
    yield failures;
    failures = new Map();
  }
  if (failures.size) yield failures;
}

/** Where they stand in INPUT, as lines of a round's list; `before` are the attempts until now. */
function* placesOf(failures, source) {
  for (const { place } of source.places(0, 0, source.endOf(0))) {
    const failure = failures.get(place.custom_id);
    if (!failure) continue;
    const { attempts, reason, result } = failure;
    yield { ...place, attempts, before: attempts, reason, result };
  }
}

function mayGoOtherwise(reason, result) {
  if (result && reasonIn(result).reason === "content_filtered") return true;
  const isOfTheApi = !result || ["errored", "expired", "canceled"].includes(result.type);
  return isOfTheApi && !FAIL_ALIKE.includes(reason) && !PAID.includes(reason);
}

function unusedName(out) {
  for (let number = 1; ; number++) {
    const name = `failed-${number}.jsonl`;
    if (!fs.existsSync(path.join(out, name))) return name;
  }
}
