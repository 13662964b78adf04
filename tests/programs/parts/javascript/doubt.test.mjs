import assert from "node:assert/strict";
import { test } from "node:test";

import { nextCut } from "../../../../planner/programs/javascript/cut.mjs";
import { Doubts } from "../../../../planner/programs/javascript/doubt.mjs";
import { journalOf, newRun, shownBatch } from "./bench.mjs";

async function settled(listings) {
  const run = newRun();
  run.folder.note("cut", nextCut(run.source, run.settings));
  run.folder.note("submit", { batch: 1, since: null });
  const api = { batchesSince: async () => listings.shift() ?? [] };
  await new Doubts({ ...run, api }).settle(run.folder.state.batches.get(1), "why");
  return journalOf(run.folder).at(-1);
}

test("a batch with the same number of requests is adopted, also when it is listed late", async () => {
  const { event, id } = await settled([[], [shownBatch("b1", { processing: 4 })]]);
  assert.deepEqual([event, id], ["adopted", "b1"]);
});

test("without one the batch was not made", async () => {
  const other = [shownBatch("b1", { processing: 3 })];
  assert.equal((await settled([other, other, other])).event, "not_made");
});
