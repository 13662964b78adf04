import assert from "node:assert/strict";
import fs from "node:fs";
import { test } from "node:test";

import { Collector } from "../../../../planner/programs/javascript/collect.mjs";
import { nextCut } from "../../../../planner/programs/javascript/cut.mjs";
import { Sorter } from "../../../../planner/programs/javascript/sort.mjs";
import { journalOf, newRun, resultLine, shownBatch } from "./bench.mjs";

const IDS = ["a", "b", "c", "d"];

/** Follow one open batch; the API shows it as listed, then gives these results, one after the other. */
async function followed(shown, downloads, event = "created") {
  const run = newRun();
  const { folder } = run;
  folder.note("cut", nextCut(run.source, run.settings));
  folder.note(event, { batch: 1, id: "b1", created_at: "2026-11-24T10:00:00" });
  const api = {
    retrieve: async () => shown.shift(),
    download: async (batch, url, file) => fs.writeFileSync(file, downloads.shift()),
  };
  const sorter = new Sorter({ ...run, api });
  await new Collector({ ...run, api }, sorter).follow(folder.state.batches.get(1));
  return run;
}

const ended = (more) => shownBatch("b1", { succeeded: 4 }, more);
const whole = IDS.map((id) => resultLine(id)).join("");
const events = (run) => journalOf(run.folder).map(({ event }) => event);

test("polled until it has ended, stored and sorted", async () => {
  const running = shownBatch("b1", { processing: 4 }, { processing_status: "in_progress" });
  const odd = { ...running, processing_status: "reticulating" };
  const run = await followed([running, odd, ended()], [whole]);
  assert.deepEqual(events(run).slice(-3), ["ended", "stored", "sorted"]);
  assert.equal(run.folder.state.succeeded, 4);
  assert.ok(run.lines.some((line) => line.includes("reticulating")));
});

test("results that were cut are fetched again", async () => {
  const run = await followed([ended()], [whole.slice(0, -20), resultLine("a"), whole]);
  assert.equal(run.folder.state.succeeded, 4);
});

test("an adopted batch with an id that is not ours is let go", async () => {
  const run = await followed([ended()], [whole + resultLine("stranger")], "adopted");
  assert.equal(events(run).at(-1), "let_go");
});

test("a stranger's line in a batch of our own holds nothing back", async () => {
  const run = await followed([ended()], [whole + resultLine("stranger")]);
  assert.equal(run.folder.state.succeeded, 4);
});

test("results that are no longer there were paid for once", async () => {
  const run = await followed([ended({ archived_at: "2026-12-24T10:00:00Z" })], []);
  assert.equal(run.folder.state.reasons.get("results_archived"), 4);
});
