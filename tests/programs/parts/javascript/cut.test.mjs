import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";

import { Source, halves, nextCut } from "../../../../planner/programs/javascript/cut.mjs";
import { StoppedError } from "../../../../planner/programs/javascript/errors.mjs";
import { Folder } from "../../../../planner/programs/javascript/folder.mjs";
import { Requests } from "../../../../planner/programs/javascript/request.mjs";
import { Settings } from "../../../../planner/programs/javascript/settings.mjs";
import { newFile, newFolder, newRun, rows } from "./bench.mjs";

const ids = (places) => [...places].map(({ place }) => place.custom_id);

const bodyOf = (run, batch) => Buffer.concat([...run.source.bodyOf(batch)]);

function cut(run) {
  const fields = nextCut(run.source, run.settings);
  if (!fields) return null;
  run.folder.note("cut", fields);
  return run.folder.state.batches.get(fields.batch);
}

test("a round is cut into batches, in order, until it is at its end", async () => {
  const run = await newRun({ requestsPerBatch: 3 });
  const batches = [cut(run), cut(run)];
  assert.equal(cut(run), null);
  assert.deepEqual(batches.map((batch) => ids(run.source.placesOf(batch))), [["a", "b", "c"], ["d"]]);
});

test("a body has the bytes that were cut", async () => {
  const run = await newRun();
  const batch = cut(run);
  const body = bodyOf(run, batch);
  assert.equal(body.length, batch.bytes);
  assert.deepEqual(JSON.parse(body).requests.map((each) => each.custom_id), ["a", "b", "c", "d"]);
});

test("a batch has no more bytes than allowed", async () => {
  const whole = cut(await newRun());
  const run = await newRun({ maxBytesPerBatch: whole.bytes - 1 });
  assert.equal(cut(run).requests, 3);
});

test("the canary goes first and alone", async () => {
  const run = await newRun({ canary: 2, requestsPerBatch: 3 });
  const batches = [cut(run), cut(run)];
  assert.deepEqual(batches.map((batch) => [batch.requests, batch.canary]), [[2, true], [2, false]]);
});

test("halves hold the same requests, and cost the same at worst", async () => {
  const run = await newRun({}, ["a", "b", "c"]);
  const batch = cut(run);
  const into = halves(run.source, batch);
  run.folder.note("halved", { batch: batch.number, into });
  const parts = [...run.folder.state.batches.values()];
  const held = parts.map((part) => ids(run.source.placesOf(part)));
  assert.deepEqual(held, [["a"], ["b", "c"]]);
  assert.equal(parts[0].worst + parts[1].worst, batch.worst);
  for (const part of parts) assert.equal(bodyOf(run, part).length, part.bytes);
});

test("a later round reads its list, and its lines from INPUT", async () => {
  const run = await newRun();
  const [, second] = [...run.source.places(0, 0, Infinity)].map(({ place }) => place);
  const list = Buffer.from(`${JSON.stringify({ ...second, attempts: 1, reason: "expired" })}\n`);
  fs.writeFileSync(run.folder.roundFile(1), list);
  run.folder.note("round", { round: 1, requests: 1, bytes: list.length, not_before: 0 });
  const batch = cut(run);
  assert.deepEqual([batch.round, batch.requests], [1, 1]);
  const [{ custom_id }] = JSON.parse(bodyOf(run, batch)).requests;
  assert.equal(custom_id, "b");
});

test("an input that changes is noticed before a batch is made of it", async () => {
  const run = await newRun();
  const batch = cut(run);
  fs.appendFileSync(run.source.file, "\n");
  assert.throws(() => bodyOf(run, batch), StoppedError);
});

test("what is no file cannot be read", async () => {
  const { signal } = new AbortController();
  const open = (file) => new Source(file, null, null).open(os.tmpdir(), signal);
  await assert.rejects(open(newFolder()), /Is a directory/);
  await assert.rejects(open("/no/such"), /No such file or directory/);
  await assert.rejects(open("/dev/null"), /no file that can be read again/);
});

test("a packed file is unpacked to a file without a name; it is known by what it is", async () => {
  const packed = gzipSync(rows("a", "b"));
  const file = newFile(packed);
  const source = new Source(file, new Folder("none"), new Requests(new Settings()));
  await source.open(path.dirname(file), new AbortController().signal);
  assert.deepEqual(ids(source.places(0, 0, source.endOf(0))), ["a", "b"]);
  assert.equal(source.packed.bytes, packed.length);
  assert.deepEqual(fs.readdirSync(path.dirname(file)), ["input.jsonl"]);
  source.close();
});

test("a byte order mark is no part of the first line", async () => {
  const file = newFile(`\ufeff${rows("a")}`);
  const source = new Source(file, new Folder("none"), new Requests(new Settings()));
  await source.open(os.tmpdir(), new AbortController().signal);
  const [{ place, line }] = source.places(0, 0, source.endOf(0));
  assert.deepEqual([place.offset, line.toString()], [3, rows("a")]);
  source.close();
});

test("batches have counts of their own, in a small range below the full size", async () => {
  const names = Array.from({ length: 500 }, (_, number) => `r${number}`);
  const run = await newRun({ requestsPerBatch: 100 }, names);
  const counts = [];
  for (let batch = cut(run); batch; batch = cut(run)) counts.push(batch.requests);
  const last = counts.pop();
  assert.ok(counts.every((count) => 96 <= count && count <= 100), String(counts));
  assert.ok(new Set(counts).size === counts.length && last <= 100, String([...counts, last]));
});

test("what was cut and not sent is cut anew, before the rest", async () => {
  const run = await newRun({ requestsPerBatch: 2 });
  cut(run);
  run.folder.note("recut", { batches: [1] });
  run.settings = new Settings({ requestsPerBatch: 3 });
  const batches = [cut(run), cut(run)];
  const held = batches.map((batch) => ids(run.source.placesOf(batch)));
  assert.deepEqual(held, [["a", "b", "c"], ["d"]]);
});
