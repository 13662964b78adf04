import assert from "node:assert/strict";
import fs from "node:fs";
import { test } from "node:test";

import { Source, halves, nextCut } from "../../../../planner/programs/javascript/cut.mjs";
import { StoppedError } from "../../../../planner/programs/javascript/errors.mjs";
import { newFolder, newRun } from "./bench.mjs";

const ids = (places) => [...places].map(({ place }) => place.custom_id);

function cut(run) {
  const fields = nextCut(run.source, run.settings);
  if (!fields) return null;
  run.folder.note("cut", fields);
  return run.folder.state.batches.get(fields.batch);
}

test("a round is cut into batches, in order, until it is at its end", () => {
  const run = newRun({ requestsPerBatch: 3 });
  const batches = [cut(run), cut(run)];
  assert.equal(cut(run), null);
  assert.deepEqual(batches.map((batch) => ids(run.source.placesOf(batch))), [["a", "b", "c"], ["d"]]);
});

test("a body has the bytes that were cut", () => {
  const run = newRun();
  const batch = cut(run);
  const body = run.source.bodyOf(batch);
  assert.equal(body.length, batch.bytes);
  assert.deepEqual(JSON.parse(body).requests.map((each) => each.custom_id), ["a", "b", "c", "d"]);
});

test("a batch has no more bytes than allowed", () => {
  const whole = cut(newRun());
  const run = newRun({ maxBytesPerBatch: whole.bytes - 1 });
  assert.equal(cut(run).requests, 3);
});

test("the canary goes first and alone", () => {
  const run = newRun({ canary: 2, requestsPerBatch: 3 });
  const batches = [cut(run), cut(run)];
  assert.deepEqual(batches.map((batch) => [batch.requests, batch.canary]), [[2, true], [2, false]]);
});

test("halves hold the same requests, and cost the same at worst", () => {
  const run = newRun({}, ["a", "b", "c"]);
  const batch = cut(run);
  const into = halves(run.source, batch);
  run.folder.note("halved", { batch: batch.number, into });
  const parts = [...run.folder.state.batches.values()];
  const held = parts.map((part) => ids(run.source.placesOf(part)));
  assert.deepEqual(held, [["a"], ["b", "c"]]);
  assert.equal(parts[0].worst + parts[1].worst, batch.worst);
  for (const part of parts) assert.equal(run.source.bodyOf(part).length, part.bytes);
});

test("a later round reads its list, and its lines from INPUT", () => {
  const run = newRun();
  const [, second] = [...run.source.places(0, 0)].map(({ place }) => place);
  const list = Buffer.from(`${JSON.stringify({ ...second, attempts: 1, reason: "expired" })}\n`);
  fs.writeFileSync(run.folder.roundFile(1), list);
  run.folder.note("round", { round: 1, requests: 1, bytes: list.length, not_before: 0 });
  const batch = cut(run);
  assert.deepEqual([batch.round, batch.requests], [1, 1]);
  const [{ custom_id }] = JSON.parse(run.source.bodyOf(batch)).requests;
  assert.equal(custom_id, "b");
});

test("an input that changes is noticed before a batch is made of it", () => {
  const run = newRun();
  const batch = cut(run);
  fs.appendFileSync(run.source.file, "\n");
  assert.throws(() => run.source.bodyOf(batch), StoppedError);
});

test("what is no file cannot be read", () => {
  const open = (file) => new Source(file, null, null).open();
  assert.throws(() => open(newFolder()), /Is a directory/);
  assert.throws(() => open("/no/such"), /No such file or directory/);
  assert.throws(() => open("/dev/null"), /no file that can be read again/);
});
