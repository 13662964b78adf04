import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";

import { InputError } from "../../../../planner/programs/javascript/errors.mjs";
import { BatchRunner } from "../../../../planner/programs/javascript/run.mjs";
import { Settings } from "../../../../planner/programs/javascript/settings.mjs";
import { newFile, newFolder, resultLine, rows, shownBatch } from "./bench.mjs";

/** A runner on an API that makes every batch at once, and has its results when asked. */
function newRunner(file, out, resultOf = () => ({})) {
  const waits = { pollSeconds: 0.01, baseDelaySeconds: 0.01, requestsPerBatch: 2 };
  const runner = new BatchRunner(file, out, new Settings({ ...waits, concurrentBatches: 2 }));
  runner.log.line = () => {};
  const bodies = [];
  Object.assign(runner.api, {
    connect: async () => {},
    newestBatch: async () => null,
    create: async (body) => shownBatch(`b${bodies.push(JSON.parse(body).requests)}`, {}),
    retrieve: async ({ id }) => shownBatch(id, { succeeded: 2 }),
    download: async ({ id }, url, target) => {
      const ids = bodies[id.slice(1) - 1].map((request) => request.custom_id);
      fs.writeFileSync(target, ids.map((each) => resultLine(each, resultOf(each))).join(""));
    },
  });
  return { runner, bodies };
}

test("from INPUT to answers, in rounds", async () => {
  const out = path.join(newFolder(), "out");
  const expired = new Set(["b"]);
  const resultOf = (id) => (expired.delete(id) ? { type: "expired" } : {});
  const { runner, bodies } = newRunner(newFile(rows("a", "b", "c")), out, resultOf);
  assert.equal(await runner.run(), 0);
  const sent = bodies.map((requests) => requests.map((request) => request.custom_id));
  assert.deepEqual(sent, [["a", "b"], ["c"], ["b"]]);
  assert.match(runner.lastLine(), /^3 of 3 requests succeeded/);
  const summary = JSON.parse(fs.readFileSync(path.join(out, "summary.json"), "utf8"));
  assert.deepEqual([summary.rounds, summary.retried], [2, 1]);
});

test("a finished run sends nothing", async () => {
  const [file, out] = [newFile(rows("a")), path.join(newFolder(), "out")];
  await newRunner(file, out).runner.run();
  const { runner, bodies } = newRunner(file, out);
  assert.equal(await runner.run(), 0);
  assert.deepEqual(bodies, []);
});

test("another input is refused", async () => {
  const [file, out] = [newFile(rows("a")), path.join(newFolder(), "out")];
  await newRunner(file, out).runner.run();
  fs.appendFileSync(file, rows("b"));
  await assert.rejects(newRunner(file, out).runner.run(), InputError);
});

test("a check says what a run would do, and makes no folder", async () => {
  const out = path.join(newFolder(), "out");
  const { runner } = newRunner(newFile(rows("a", "b", "c")), out);
  assert.match(await runner.check(), /Split: 2 batches, the largest of 2 requests/);
  assert.ok(!fs.existsSync(out));
});
