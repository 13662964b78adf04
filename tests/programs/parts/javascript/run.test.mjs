import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";

import { InputError, StoppedError } from "../../../../planner/programs/javascript/errors.mjs";
import { BatchRunner } from "../../../../planner/programs/javascript/run.mjs";
import { Settings } from "../../../../planner/programs/javascript/settings.mjs";
import { newFile, newFolder, resultLine, rows, shownBatch } from "./bench.mjs";

/** A runner on an API that makes every batch at once, and has its results when asked. */
function newRunner(file, out, resultOf = () => ({}), changes = {}) {
  const waits = { pollSeconds: 0.01, baseDelaySeconds: 0.01, requestsPerBatch: 2 };
  const runner = new BatchRunner(file, out, new Settings({ ...waits, concurrentBatches: 2, ...changes }));
  runner.log.line = () => {};
  const bodies = [];
  Object.assign(runner.api, {
    connect: () => {},
    page: async () => [],
    list: async function* () {},
    create: async (pieces) => {
      const { requests } = JSON.parse(Buffer.concat([...pieces]));
      return shownBatch(`b${bodies.push(requests)}`, {});
    },
    retrieve: async ({ id }) => shownBatch(id, { succeeded: bodies[id.slice(1) - 1].length }),
    download: async ({ id }, target) => {
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

test("what was cut and not sent is cut anew at the next start", async () => {
  const [file, out] = [newFile(rows("a", "b", "c")), path.join(newFolder(), "out")];
  const first = newRunner(file, out);
  first.runner.api.create = async () => {
    throw new StoppedError("enough");
  };
  await assert.rejects(first.runner.run(), StoppedError);
  const { runner, bodies } = newRunner(file, out, undefined, { requestsPerBatch: 3 });
  runner.doubts.settle = async () => runner.folder.note("not_made", { batch: 1 });
  assert.equal(await runner.run(), 0);
  assert.deepEqual(bodies.flat().map((request) => request.custom_id), ["a", "b", "c"]);
});

test("--retry-failed is for a run that is there", async () => {
  const [file, out] = [newFile(rows("a")), path.join(newFolder(), "out")];
  await assert.rejects(newRunner(file, out).runner.run({ retryFailed: true }), /holds no run/);
  assert.equal(fs.existsSync(out), false);
});

test("a full disk is told with what is paid for, and never with another folder", async () => {
  const [file, out] = [newFile(rows("a")), path.join(newFolder(), "out")];
  const { runner } = newRunner(file, out);
  runner.api.download = async () => {
    throw Object.assign(new Error(), { code: "ENOSPC", errno: -28, path: "results" });
  };
  const told = (error) => /Free space on .*: 1 batches are open and paid for/.test(error.message);
  await assert.rejects(runner.run(), told);
  assert.equal(runner.stateNow().inFlight().length, 1);
});

test("a check says what a run would do, and makes no folder", async () => {
  const out = path.join(newFolder(), "out");
  const { runner } = newRunner(newFile(rows("a", "b", "c")), "");
  assert.match(await runner.check(), /Split: 2 batches, the largest of 2 requests/);
  assert.ok(!fs.existsSync(out));
});
