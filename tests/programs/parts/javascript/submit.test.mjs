import assert from "node:assert/strict";
import { test } from "node:test";

import { RefusedError, StoppedError } from "../../../../planner/programs/javascript/errors.mjs";
import { Submitter } from "../../../../planner/programs/javascript/submit.mjs";
import { journalOf, newRun, shownBatch } from "./bench.mjs";

/** A submitter whose creates are answered by `create`, and its run. */
function submitter(create, changes) {
  const run = newRun(changes);
  const api = { create, newestBatch: async () => null };
  return { run, submitter: new Submitter({ ...run, api }) };
}

const events = (run) => journalOf(run.folder).map(({ event }) => event).slice(1);
const made = async (body) => shownBatch(`b${body.length}`, {});

test("the intention is on disk before the POST", async () => {
  let before;
  const create = async (body) => {
    before = events(run);
    return made(body);
  };
  const { run, submitter: each } = submitter(create);
  await each.submitAll();
  assert.deepEqual(before, ["cut", "submit"]);
  assert.deepEqual(events(run), ["cut", "submit", "created"]);
});

test("what is too large is sent as two halves", async () => {
  const create = async (body) => {
    const { requests } = JSON.parse(body);
    if (requests.length > 2) throw new RefusedError("too large", { status: 413, forGood: false });
    return made(body);
  };
  const { run, submitter: each } = submitter(create, { concurrentBatches: 9 });
  await each.submitAll();
  assert.deepEqual(events(run).slice(0, 4), ["cut", "submit", "refused", "halved"]);
  const open = run.folder.state.withStatus("open");
  assert.deepEqual(open.map((batch) => batch.requests), [2, 2]);
});

test("a refusal for good stops the run", async () => {
  const refusal = { status: 402, forGood: true, remedy: "Add credit." };
  const create = async () => {
    throw new RefusedError("please pay", refusal);
  };
  const { submitter: each } = submitter(create);
  await assert.rejects(each.submitAll(), /please pay. Add credit./);
});

test("a batch waits for room in the queue", () => {
  const { run, submitter: each } = submitter(made, { requestsPerBatch: 2, concurrentBatches: 1 });
  const first = each.cut();
  assert.ok(each.hasRoom(first));
  run.folder.note("submit", { batch: first.number, since: null });
  assert.ok(!each.hasRoom(each.cut()));
});

test("the budget counts what is in flight at its worst", () => {
  const { submitter: each } = submitter(made, { budgetUsd: "0.01" });
  assert.throws(() => each.hasRoom(each.cut()), StoppedError);
});

test("a canary that failed stops the run before the rest", () => {
  const { run, submitter: each } = submitter(made, { canary: 2, requestsPerBatch: 2 });
  const [first, second] = [each.cut(), each.cut()];
  assert.ok(!each.hasRoom(second));
  const counts = { given_up: 2, reasons: {}, lengths: [0, 0, 0] };
  run.folder.note("sorted", { batch: first.number, ...counts });
  assert.throws(() => each.hasRoom(second), /2 of the first 2 requests/);
});
