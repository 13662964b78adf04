import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";

import { sendAgain } from "../../../../planner/programs/javascript/again.mjs";
import { nextCut } from "../../../../planner/programs/javascript/cut.mjs";
import { Folder } from "../../../../planner/programs/javascript/folder.mjs";
import { journalOf, newRun } from "./bench.mjs";

const errored = (type, message = "") => ({ type: "errored", error: { error: { type, message } } });

/** A run that is done, with these failures: {id: [reason, result]}. */
async function done(failures) {
  const run = await newRun();
  const lines = Object.entries(failures).map(([custom_id, [reason, result]]) => {
    return `${JSON.stringify({ custom_id, reason, attempts: 4, result })}\n`;
  });
  fs.writeFileSync(run.folder.failed, lines.join(""));
  const { size } = fs.statSync(run.folder.failed);
  const reasons = {};
  for (const [reason] of Object.values(failures)) reasons[reason] = (reasons[reason] ?? 0) + 1;
  const given_up = Object.keys(failures).length;
  run.folder.note("rest", { given_up, reasons, lengths: [0, size, 0] });
  run.folder.note("done", { code: 1 });
  return run;
}

const idsIn = (file) => fs.readFileSync(file, "utf8").split("\n").slice(0, -1).map((line) => JSON.parse(line).custom_id);

test("what may go otherwise is sent again, the rest stays and is told", async () => {
  const run = await done({
    d: ["expired", { type: "expired" }],
    a: ["invalid_request_error", errored("invalid_request_error")],
    b: ["invalid_request_error", errored("invalid_request_error", "Output blocked by content filter")],
    c: ["missing", null],
  });
  const { folder } = run;
  assert.equal(sendAgain(run), true);
  assert.deepEqual(idsIn(folder.roundFile(1)), ["b", "d"]);
  assert.deepEqual(idsIn(folder.failed), ["a", "c"]);
  assert.deepEqual(idsIn(path.join(folder.out, "failed-1.jsonl")), ["d", "a", "b", "c"]);
  assert.deepEqual([folder.state.givenUp, folder.state.done, folder.state.round], [2, null, 1]);
  assert.ok(run.lines.some((line) => line.includes("may have been paid for")));
  assert.equal(nextCut(run.source, run.settings).requests, 2);
  const [place] = fs.readFileSync(folder.roundFile(1), "utf8").split("\n");
  assert.equal(JSON.parse(place).before, 4);
});

test("nothing is sent when nothing may go otherwise", async () => {
  const run = await done({ a: ["request_too_large", null] });
  assert.equal(sendAgain(run), false);
  assert.equal(journalOf(run.folder).at(-1).event, "done");
});

test("a kill between the journal and the names is made good at the next start", async () => {
  const run = await done({ a: ["expired", { type: "expired" }], b: ["missing", null] });
  const { folder } = run;
  folder.setAside = () => {};
  sendAgain(run);
  folder.journal.close();
  const next = new Folder(folder.out);
  next.open();
  next.journal.close();
  assert.deepEqual(idsIn(next.failed), ["b"]);
  assert.deepEqual(fs.readdirSync(next.out).filter((name) => name.startsWith("failed")), [
    "failed-1.jsonl",
    "failed.jsonl",
  ]);
});
