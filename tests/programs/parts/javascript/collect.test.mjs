import assert from "node:assert/strict";
import fs from "node:fs";
import { mock, test } from "node:test";

import { Collector } from "../../../../planner/programs/javascript/collect.mjs";
import { nextCut } from "../../../../planner/programs/javascript/cut.mjs";
import { LostBatchError } from "../../../../planner/programs/javascript/errors.mjs";
import { Sorter } from "../../../../planner/programs/javascript/sort.mjs";
import { journalOf, newRun, resultLine, shownBatch } from "./bench.mjs";

const IDS = ["a", "b", "c", "d"];

/** A run with an open batch; the API shows it as listed, then gives these results, one after the other. */
async function opened(shown, downloads, before = () => {}) {
  const run = await newRun();
  const { folder } = run;
  folder.note("cut", nextCut(run.source, run.settings));
  folder.note("created", { batch: 1, id: "b1", created_at: "2026-11-24T10:00:00" });
  const api = {
    retrieve: async () => shown.shift(),
    cancel: async () => {},
    download: async (batch, file) => fs.writeFileSync(file, downloads.shift()),
  };
  before(folder, api);
  const troubles = new Map();
  const collector = new Collector({ ...run, api, troubles }, new Sorter({ ...run, api }));
  return { run, troubles, collector, batch: folder.state.batches.get(1) };
}

async function followed(...words) {
  const { run, troubles, collector, batch } = await opened(...words);
  await collector.follow(batch);
  return { ...run, troubles };
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

test("short results are fetched again until they are whole, and noted once", async () => {
  const few = [resultLine("a"), "", whole.slice(0, -20), resultLine("b"), resultLine("a"), whole];
  const run = await followed([ended()], few);
  assert.equal(run.folder.state.succeeded, 4);
  assert.equal(events(run).filter((kind) => kind === "short").length, 1);
});

test("results that stay short for a day are trouble; nothing is sent again", async () => {
  const now = Date.now();
  const run = await followed([ended()], [resultLine("a"), resultLine("a")], (folder) => {
    const day = mock.method(Date, "now", () => now - 86_400_000);
    folder.note("short", { batch: 1, lines: 1, promised: 4 });
    folder.state.batches.get(1).shortSince = new Date(now - 86_400_000).toISOString();
    day.mock.restore();
  });
  const [[batch, error]] = run.troubles;
  assert.equal(batch.number, 1);
  assert.match(error.message, /held 1 of 4 lines.* 3 requests are paid for/);
  assert.equal(run.folder.state.again, 0);
});

test("lines that cannot be read are fetched a few times, then hold nothing back", async () => {
  const spoilt = whole.replace('"custom_id":"b"', '"custom_id":NaN');
  const run = await followed([ended()], [spoilt, spoilt, spoilt, spoilt]);
  assert.equal(run.folder.state.succeeded, 3);
  assert.equal(run.folder.state.reasons.get("missing"), 1);
});

test("a stranger's line holds nothing back", async () => {
  const run = await followed([ended()], [whole + resultLine("stranger")]);
  assert.equal(run.folder.state.succeeded, 4);
});

test("results that are no longer there were paid for once", async () => {
  const run = await followed([ended({ archived_at: "2026-12-24T10:00:00Z" })], []);
  assert.equal(run.folder.state.reasons.get("results_archived"), 4);
});

test("a lost batch is trouble; when canceling, its requests are given up", async () => {
  const lose = (folder, api) => {
    api.retrieve = async () => {
      throw new LostBatchError("lost");
    };
  };
  const run = await followed([], [], lose);
  assert.equal(run.troubles.size, 1);
  const canceled = await followed([], [], (folder, api) => {
    folder.note("cancel");
    lose(folder, api);
  });
  assert.equal(canceled.folder.state.reasons.get("batch_not_found"), 4);
});
