import assert from "node:assert/strict";
import { test } from "node:test";

import { lastLine, progressLine, summaryText } from "../../../../planner/programs/javascript/report.mjs";
import { newRun } from "./bench.mjs";

async function ended() {
  const { folder } = await newRun();
  const cut = { round: 0, start: 0, end: 1, requests: 4, bytes: 9, worst_usd: "1", canary: false };
  folder.note("cut", { batch: 1, ...cut });
  folder.note("created", { batch: 1, id: "b1", created_at: "2026-11-24T10:00:00" });
  return folder;
}

function sort(folder) {
  const reasons = { missing: 1, canceled: 1 };
  const counts = { succeeded: 2, given_up: 2, truncated: 1, refused: 1, usd: "0.125" };
  folder.note("sorted", { batch: 1, ...counts, reasons, lengths: [1, 1, 0] });
  return folder.state;
}

test("progress is by batch and by time", async () => {
  const { state } = await ended();
  assert.match(progressLine(state), /^0 of 4 answered, 1 open, 0\.\d s elapsed, forecast 0:28-5:36$/);
});

test("progress fits 80 columns, however many requests and hours there are", async () => {
  const { state } = await ended();
  Object.assign(state.began, { at: new Date(Date.now() - 359_000_000).toISOString() });
  state.began.input.requests = state.succeeded = 1_000_000;
  assert.ok(progressLine(state).length < 80, progressLine(state));
});

test("the summary has what the journal added up, reasons by name", async () => {
  const summary = JSON.parse(summaryText(sort(await ended())));
  assert.deepEqual([summary.requests, summary.succeeded, summary.given_up], [4, 2, 2]);
  assert.deepEqual(Object.keys(summary.reasons), ["canceled", "missing"]);
  assert.equal(summary.cost_usd, "0.125000");
});

test("the last line counts answers that were cut or refused", async () => {
  const line = lastLine(sort(await ended()), "out/succeeded.jsonl");
  assert.match(line, /2 of 4 requests succeeded, 1 of them truncated at max_tokens, 1 refused/);
  assert.match(line, /2 given up \(failed.jsonl says why\); \$0.13 spent/);
});
