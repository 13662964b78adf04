import assert from "node:assert/strict";
import fs from "node:fs";
import { test } from "node:test";

import { fitByTokens } from "../../../../planner/programs/javascript/answer.mjs";
import { nextCut } from "../../../../planner/programs/javascript/cut.mjs";
import { Doubts, newestBatch } from "../../../../planner/programs/javascript/doubt.mjs";
import { journalOf, newRun, resultLine, shownBatch } from "./bench.mjs";

const SINCE = { id: "b0", created_at: "2026-11-24T10:00:00.000000+00:00", seen: ["old"] };
const OURS = { 1: ["a", "b"], 2: ["c", "d"] };

/** An API that lists these batches, newest first, and has these ids in their results. */
function apiOf(listed, results = {}) {
  return {
    account: { organization: null, workspace: null },
    ask: async (what, call) => call(),
    page: async () => [],
    pages: async function* () {
      if (listed.length) yield { rows: listed, oldest: listed.at(-1).created_at };
    },
    look: async (id) => listed.find((batch) => batch.id === id) ?? null,
    download: async ({ id }, file) => {
      fs.writeFileSync(file, results[id].map((each) => resultLine(each)).join(""));
      return file;
    },
  };
}

/** A run with two batches of two in doubt, and the doubts of it. */
async function doubtful(listed, results, { words, since = SINCE } = {}) {
  const run = await newRun({ requestsPerBatch: 2 });
  for (const batch of [1, 2]) {
    run.folder.note("cut", nextCut(run.source, run.settings));
    run.folder.note("submit", { batch, since });
    run.folder.note("doubt", { batch, why: "lost", took_s: 0 });
  }
  const api = apiOf(listed, results);
  return { ...run, api, doubts: new Doubts({ ...run, api }, words) };
}

const ended = (id) => shownBatch(id, { succeeded: 2 });
const last = (run, batch) => journalOf(run.folder).filter((event) => event.batch === batch).at(-1);

test("without a batch of this count nothing was made", async () => {
  const listed = [shownBatch("x", { processing: 3 }), ended("old"), ended("b0")];
  const run = await doubtful(listed);
  await run.doubts.settle();
  assert.deepEqual([last(run, 1).event, last(run, 2).event], ["not_made", "not_made"]);
});

test("doubts are settled together; what one lets go stays a candidate of the other", async () => {
  const run = await doubtful([ended("x"), ended("y"), ended("z")], { x: OURS[2], y: ["s", "t"], z: OURS[1] });
  await run.doubts.settle();
  assert.deepEqual(last(run, 1).ids, ["x", "y", "z"]);
  await run.doubts.judge();
  assert.deepEqual([last(run, 1).id, last(run, 2).id], ["z", "x"]);
  assert.deepEqual([last(run, 1).event, last(run, 2).event], ["adopted", "adopted"]);
});

test("a batch far older than the intention is no candidate, one a little older is", async () => {
  const at = (id, created_at) => ({ ...ended(id), created_at });
  const listed = [at("near", "2026-11-24T09:56:00Z"), at("far", "2026-11-24T09:50:00Z")];
  const run = await doubtful(listed);
  await run.doubts.settle();
  assert.deepEqual(last(run, 1).ids, ["near"]);
});

test("a candidate that was deleted is not ours", async () => {
  const run = await doubtful([ended("x")], { x: ["s", "t"] });
  await run.doubts.settle();
  run.api.look = async () => null;
  run.api.pages = async function* () {};
  await run.doubts.judge();
  assert.equal(last(run, 1).event, "not_made");
});

test("where two fit, a person chooses", async () => {
  const alike = { x: OURS[1], y: OURS[1] };
  const choice = await doubtful([ended("x"), ended("y")], alike);
  await choice.doubts.settle();
  await choice.doubts.judge();
  const [[batch, text]] = choice.doubts.choices;
  assert.equal(batch.number, 1);
  assert.match(text, /x \(made .*\), y \(made .*--adopt ID.*--adopt none/);
  assert.equal(last(choice, 2).event, "not_made");
  const chosen = await doubtful([ended("x"), ended("y")], alike, { words: ["y"] });
  await chosen.doubts.settle();
  await chosen.doubts.judge();
  assert.deepEqual([last(chosen, 1).event, last(chosen, 1).id], ["adopted", "y"]);
  const none = await doubtful([ended("x"), ended("y")], alike, { words: ["none"] });
  await none.doubts.sameAccount();
  await none.doubts.settle();
  await none.doubts.judge();
  assert.equal(last(none, 1).event, "not_made");
});

test("a list that lacks what was there before is read again", async () => {
  const run = await doubtful([ended("b0")]);
  let lists = 0;
  const whole = run.api.pages;
  run.api.pages = async function* () {
    if (lists++) yield* whole();
  };
  await run.doubts.settle();
  assert.equal(lists, 2);
});

test("an id of ours that results lack unmakes nothing where no strange one is", async () => {
  const run = await doubtful([ended("x")], { x: ["a"] });
  run.api.look = async (id) => (id === "x" ? shownBatch(id, { succeeded: 1 }) : null);
  run.api.pages = async function* () {
    yield { rows: [ended("x")], oldest: ended("x").created_at };
  };
  await run.doubts.settle();
  await run.doubts.judge();
  assert.deepEqual([last(run, 1).event, last(run, 2).event], ["adopted", "not_made"]);
});

test("an archived candidate may have been ours: a person chooses", async () => {
  const run = await doubtful([{ ...ended("x"), archived_at: "2026-12-24T10:00:00Z" }]);
  await run.doubts.settle();
  await run.doubts.judge();
  assert.equal(run.doubts.choices.size, 2);
});

test("--adopt none is a word about what was in doubt at the start alone", async () => {
  const alike = { x: OURS[1], y: OURS[1] };
  const run = await doubtful([ended("x"), ended("y")], alike, { words: ["none"] });
  await run.doubts.settle();
  await run.doubts.judge();
  assert.equal(run.doubts.choices.size, 1);
});

test("a stranger's line beside ours does not unmake ours; strange ids in place of ours do", async () => {
  const run = await doubtful([ended("x"), ended("y")], { x: [...OURS[1], "s"], y: ["c", "s"] });
  await run.doubts.settle();
  await run.doubts.judge();
  assert.deepEqual([last(run, 1).event, last(run, 2).event], ["adopted", "not_made"]);
});

test("a key of another workspace sends nothing while a doubt is open", async () => {
  const run = await doubtful([]);
  run.folder.note("account", { organization: "o", workspace: "w" });
  run.api.account = { organization: "o", workspace: "v" };
  await assert.rejects(run.doubts.sameAccount(), /workspace v, and the run is in w/);
  run.api.account = { organization: "o", workspace: "w" };
  await run.doubts.sameAccount();
});

test("without headers, what the run saw vouches for the key", async () => {
  await assert.rejects((await doubtful([])).doubts.sameAccount(), /does not see b0/);
  await (await doubtful([ended("b0")])).doubts.sameAccount();
  await (await doubtful([], {}, { since: null })).doubts.sameAccount();
  await (await doubtful([], {}, { words: ["none"] })).doubts.sameAccount();
});

test("a row out of its order does not end the list", async () => {
  const old = { ...shownBatch("old"), created_at: "2026-11-20T10:00:00Z" };
  const run = await doubtful([old, ended("x"), ended("b0")], { x: ["a", "b"] });
  await run.doubts.settle();
  assert.equal(last(run, 2).event, "candidates");
});

test("what is known before a create: the newest batch, and those with the same count", async () => {
  const at = (id, created_at, succeeded) => ({ ...shownBatch(id, { succeeded }), created_at });
  const listed = [
    at("n", "2026-11-24T10:00:00Z", 2),
    at("m", "2026-11-24T09:58:00Z", 3),
    at("l", "2026-11-24T09:57:00Z", 2),
    at("k", "2026-11-24T09:54:00Z", 2),
  ];
  const newest = await newestBatch(apiOf(listed), 2);
  assert.deepEqual(newest, { id: "n", created_at: SINCE.created_at, seen: ["n", "l", "k"] });
  assert.equal(await newestBatch(apiOf([]), 2), null);
});

test("answers fit by their tokens", () => {
  const pairs = (tokensOf, bytes) => bytes.map((size, at) => [tokensOf(size, at), size]);
  const varied = [100, 200, 400, 800, 900, 1000, 1100, 1200, 1300];
  assert.ok(fitByTokens([]));
  assert.ok(fitByTokens(pairs((size) => Math.ceil(size / 4), varied)));
  assert.ok(!fitByTokens(pairs((size) => 3 * size, varied)), "more tokens than text has");
  assert.ok(!fitByTokens(pairs((size) => Math.ceil(size / 40), varied)), "fewer than text has");
  assert.ok(!fitByTokens(pairs((size) => 1400 - size, varied)), "long where ours are short");
  assert.ok(fitByTokens(pairs(() => 300, varied)), "all alike says nothing");
});
