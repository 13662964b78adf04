import assert from "node:assert/strict";
import fs from "node:fs";
import { test } from "node:test";

import { nextCut } from "../../../../planner/programs/javascript/cut.mjs";
import { StoppedError } from "../../../../planner/programs/javascript/errors.mjs";
import { Sorter, reasonIn, resultIn } from "../../../../planner/programs/javascript/sort.mjs";
import { journalOf, newRun, resultLine } from "./bench.mjs";

const errored = (type, message = "") => ({ type: "errored", error: { error: { type, message } } });

/** A run with one batch whose results are these. */
function stored(results, changes) {
  const run = newRun(changes);
  const { folder } = run;
  folder.note("cut", nextCut(run.source, run.settings));
  folder.note("created", { batch: 1, id: "b1", created_at: "2026-11-24T10:00:00" });
  const batch = folder.state.batches.get(1);
  fs.writeFileSync(folder.resultsFile(batch), results.join(""));
  folder.note("stored", { batch: 1, bytes: 1 });
  return { run, batch, sorter: new Sorter(run) };
}

function linesOf(file) {
  return fs.readFileSync(file, "utf8").split("\n").slice(0, -1).map((line) => JSON.parse(line));
}

test("each request goes to one place, once", () => {
  const results = [
    resultLine("b"),
    resultLine("a", errored("overloaded_error")),
    resultLine("b"),
    resultLine("c", errored("invalid_request_error")),
    resultLine("stranger"),
  ];
  const { run, batch, sorter } = stored(results);
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

test("after the last attempt a request is given up", () => {
  const { run, batch, sorter } = stored([resultLine("a", errored("api_error"))], { maxRetries: 0 });
  sorter.sort(batch);
  assert.equal(run.folder.state.givenUp, 4);
});

test("credit that ran out stops the run and costs no attempt", () => {
  const words = "Your credit balance is too low.";
  const results = ["a", "b", "c", "d"].map((id) => resultLine(id, errored("invalid_request_error", words)));
  const { run, batch, sorter } = stored(results, { maxRetries: 0 });
  assert.throws(() => sorter.sort(batch), StoppedError);
  const attempts = linesOf(run.folder.roundFile(1)).map((place) => place.attempts);
  assert.deepEqual(attempts, [0, 0, 0, 0]);
});

test("a class that nobody knows is tried again, and logged once", () => {
  const results = ["a", "b"].map((id) => resultLine(id, errored("solar_flare")));
  const { run, batch, sorter } = stored(results);
  sorter.sort(batch);
  assert.equal(run.lines.filter((line) => line.includes("solar_flare")).length, 1);
  assert.equal(run.folder.state.again, 4);
});

test("a type of result that nobody knows is not paid for again", () => {
  const { run, batch, sorter } = stored([resultLine("a", { type: "postponed" })]);
  sorter.sort(batch);
  assert.equal(run.folder.state.reasons.get("postponed"), 1);
});

test("what a torn step left behind is cut off", () => {
  const { run, batch, sorter } = stored(["a", "b", "c", "d"].map((id) => resultLine(id)));
  fs.writeFileSync(run.folder.succeeded, "torn");
  sorter.sort(batch);
  assert.equal(linesOf(run.folder.succeeded).length, 4);
});

test("after a cancel all that is left is given up", () => {
  const { run, batch, sorter } = stored([resultLine("a", errored("api_error"))]);
  run.folder.note("cancel");
  sorter.sort(batch);
  sorter.giveUpTheRest();
  assert.equal(run.folder.state.givenUp, 4);
  assert.equal(run.folder.state.restGivenUp, true);
});

test("a line is a result, or it is none", () => {
  assert.equal(resultIn(Buffer.from('{"custom_id": "a", "result": {}}')).custom_id, "a");
  for (const other of ["NaN", "{}", '{"custom_id": "a"}', '{"custom_id": 1, "result": {}}', "[", "\xff"]) {
    assert.equal(resultIn(Buffer.from(other, "latin1")), null);
  }
});

test("the class is nested twice", () => {
  assert.equal(reasonIn(errored("api_error")).reason, "api_error");
  assert.equal(reasonIn({ type: "errored", error: { type: "api_error" } }).reason, "unknown");
  assert.equal(reasonIn({ type: "expired" }).reason, "expired");
});
