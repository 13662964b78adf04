import assert from "node:assert/strict";
import fs from "node:fs";
import { test } from "node:test";

import { nextCut } from "../../../../planner/programs/javascript/cut.mjs";
import { BatchError } from "../../../../planner/programs/javascript/errors.mjs";
import { money } from "../../../../planner/programs/javascript/money.mjs";
import { Sorter, reasonIn, resultIn } from "../../../../planner/programs/javascript/sort.mjs";
import { journalOf, newRun, resultLine } from "./bench.mjs";

const errored = (type, message = "") => ({ type: "errored", error: { error: { type, message } } });

/** A run with one batch whose results are these. */
async function stored(results, changes) {
  const run = await newRun(changes);
  const { folder } = run;
  folder.note("cut", nextCut(run.source, run.settings));
  folder.note("created", { batch: 1, id: "b1", created_at: "2026-11-24T10:00:00" });
  const batch = folder.state.batches.get(1);
  fs.writeFileSync(folder.resultsFile(batch), results.join(""));
  const good = new Set(results.filter((line) => /"[a-d]".*succeeded/.test(line)));
  const counts = { succeeded: good.size };
  folder.note("ended", { batch: 1, id: "b1", ended_at: "", counts, archived: false });
  folder.note("stored", { batch: 1, bytes: 1 });
  return { run, batch, sorter: new Sorter(run) };
}

function linesOf(file) {
  return fs.readFileSync(file, "utf8").split("\n").slice(0, -1).map((line) => JSON.parse(line));
}

test("each request goes to one place, once", async () => {
  const results = [
    resultLine("b"),
    resultLine("a", errored("overloaded_error")),
    resultLine("b"),
    resultLine("c", errored("invalid_request_error")),
    resultLine("stranger"),
  ];
  const { run, batch, sorter } = await stored(results);
  sorter.sort(batch);
  const { folder } = run;
  assert.equal(fs.readFileSync(folder.succeeded, "utf8"), resultLine("b"));
  const [given] = linesOf(folder.failed);
  assert.deepEqual([given.custom_id, given.attempts], ["c", 1]);
  const again = linesOf(folder.roundFile(1)).map((place) => [place.custom_id, place.reason]);
  assert.deepEqual(again, [["a", "overloaded_error"], ["d", "missing"]]);
  const { lengths, succeeded } = journalOf(folder).at(-1);
  assert.equal(succeeded, 1);
  assert.equal(lengths[0], fs.statSync(folder.succeeded).size);
});

test("after the last attempt a request is given up", async () => {
  const { run, batch, sorter } = await stored([resultLine("a", errored("api_error"))], { maxRetries: 0 });
  sorter.sort(batch);
  assert.equal(run.folder.state.givenUp, 4);
});

test("credit that ran out stops the run and costs no attempt", async () => {
  const words = "Your credit balance is too low.";
  const results = ["a", "b", "c", "d"].map((id) => resultLine(id, errored("invalid_request_error", words)));
  const { run, batch, sorter } = await stored(results, { maxRetries: 0 });
  assert.throws(() => sorter.sort(batch), BatchError);
  const attempts = linesOf(run.folder.roundFile(1)).map((place) => place.attempts);
  assert.deepEqual(attempts, [0, 0, 0, 0]);
});

test("what the API counts as a success and does not give is paid for, and is not sent again", async () => {
  const { run, batch, sorter } = await stored([resultLine("a"), resultLine("b")]);
  batch.counts.succeeded = 3;
  sorter.sort(batch);
  assert.deepEqual([run.folder.state.again, run.folder.state.reasons.get("missing")], [0, 2]);
});

test("a line that cannot be read is logged by its number, and holds nothing back", async () => {
  const { run, batch, sorter } = await stored([resultLine("a"), '{"secret": NaN}\n']);
  sorter.sort(batch);
  assert.equal(run.folder.state.succeeded, 1);
  assert.match(run.lines[0], /line 2 of b1.jsonl cannot be read/);
  assert.ok(!run.lines.join("").includes("secret"));
});

test("an answer is priced by the model that it names, dated or not, else by the one asked for", async () => {
  const named = (id, model) => {
    const usage = { output_tokens: 1_000_000 };
    return resultLine(id, { message: { model, usage } });
  };
  const results = [named("a", "claude-sonnet-5-5-20261001"), named("b", "no-such-model"), named("c")];
  const { run, batch, sorter } = await stored(results);
  sorter.sort(batch);
  assert.equal(run.folder.state.spent, money("15"));
  assert.equal(run.folder.state.unpriced, 0);
});

test("an answer that the content filter blocked is tried again; what the filter says of us is not", async () => {
  const filtered = (words) => errored("invalid_request_error", words);
  const results = [
    resultLine("a", filtered("Output blocked by content filtering policy")),
    resultLine("b", filtered("Input blocked by content filtering policy")),
  ];
  const { run, batch, sorter } = await stored(results);
  sorter.sort(batch);
  const again = linesOf(run.folder.roundFile(1)).map(({ reason }) => reason);
  assert.deepEqual(again, ["content_filtered", "missing", "missing"]);
});

test("a request that a person sends again has all its attempts anew", async () => {
  const { run, batch, sorter } = await stored([resultLine("a", errored("api_error"))], { maxRetries: 1 });
  const place = { custom_id: "a", attempts: 2, before: 2 };
  sorter.append((sorting) => sorter.retry(sorting, batch, place, "api_error", null));
  assert.equal(fs.statSync(run.folder.failed).size, 0);
});

test("a class that nobody knows is tried again, and logged once", async () => {
  const results = ["a", "b"].map((id) => resultLine(id, errored("solar_flare")));
  const { run, batch, sorter } = await stored(results);
  sorter.sort(batch);
  assert.equal(run.lines.filter((line) => line.includes("solar_flare")).length, 1);
  assert.equal(run.folder.state.again, 4);
});

test("a type of result that nobody knows is not paid for again", async () => {
  const { run, batch, sorter } = await stored([resultLine("a", { type: "postponed" })]);
  sorter.sort(batch);
  assert.equal(run.folder.state.reasons.get("postponed"), 1);
});

test("what a torn step left behind is cut off", async () => {
  const { run, batch, sorter } = await stored(["a", "b", "c", "d"].map((id) => resultLine(id)));
  fs.writeFileSync(run.folder.succeeded, "torn");
  sorter.sort(batch);
  assert.equal(linesOf(run.folder.succeeded).length, 4);
});

test("after a cancel all that is left is given up", async () => {
  const { run, batch, sorter } = await stored([resultLine("a", errored("api_error"))]);
  run.folder.note("cancel");
  sorter.sort(batch);
  sorter.giveUpTheRest();
  assert.equal(run.folder.state.givenUp, 4);
  assert.equal(run.folder.state.restGivenUp, true);
});

test("a line is a result, or it is none", async () => {
  assert.equal(resultIn(Buffer.from('{"custom_id": "a", "result": {}}')).custom_id, "a");
  for (const other of ["NaN", "{}", '{"custom_id": "a"}', '{"custom_id": 1, "result": {}}', "[", "\xff"]) {
    assert.equal(resultIn(Buffer.from(other, "latin1")), null);
  }
});

test("the class is nested twice", async () => {
  assert.equal(reasonIn(errored("api_error")).reason, "api_error");
  assert.equal(reasonIn({ type: "errored", error: { type: "api_error" } }).reason, "unknown");
  assert.equal(reasonIn({ type: "expired" }).reason, "expired");
});
