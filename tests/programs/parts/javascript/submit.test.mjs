import assert from "node:assert/strict";
import fs from "node:fs";
import { test } from "node:test";

import { Doubts } from "../../../../planner/programs/javascript/doubt.mjs";
import { NoAnswerError, RefusedError, StoppedError } from "../../../../planner/programs/javascript/errors.mjs";
import { Submitter } from "../../../../planner/programs/javascript/submit.mjs";
import { journalOf, newRun, shownBatch } from "./bench.mjs";

/** A submitter whose creates are answered by `create`, and its run. */
async function submitter(create, changes) {
  const run = await newRun(changes);
  const account = { organization: "o", workspace: "w" };
  const api = { account, pages: async function* () {}, create };
  const doubts = new Doubts({ ...run, api });
  const troubles = new Map();
  return { run, doubts, submitter: new Submitter({ ...run, api, troubles }, doubts) };
}

const events = (run) => journalOf(run.folder).map(({ event }) => event).slice(1);
const idsIn = (pieces) => JSON.parse(Buffer.concat([...pieces])).requests.map((each) => each.custom_id);
const made = async (pieces) => shownBatch(idsIn(pieces).join("-"), {});

test("the intention is on disk before the POST", async () => {
  let before;
  const { run, submitter: each } = await submitter(async (pieces) => {
    before = events(run);
    return made(pieces);
  });
  await each.submitAll();
  assert.deepEqual(before, ["cut", "account", "submit"]);
  assert.deepEqual(events(run), ["cut", "account", "submit", "created"]);
});

test("what is too large is sent as two halves", async () => {
  const create = async (pieces) => {
    const ids = idsIn(pieces);
    if (ids.length > 2) throw new RefusedError("too large", { status: 413, forGood: false, isOfTheApi: true });
    return shownBatch(ids.join("-"), {});
  };
  const { run, submitter: each } = await submitter(create, { concurrentBatches: 9 });
  await each.submitAll();
  assert.deepEqual(events(run).slice(0, 4), ["cut", "account", "submit", "refused"]);
  const open = run.folder.state.withStatus("open");
  assert.deepEqual(open.map((batch) => batch.requests), [2, 2]);
});

test("a refusal for good stops the sending, and is told when the rest is collected", async () => {
  const refusal = { status: 402, forGood: true, remedy: "Add credit.", isOfTheApi: true };
  const create = async () => {
    throw new RefusedError("please pay", refusal);
  };
  const { run, submitter: each } = await submitter(create);
  await each.submitAll();
  const [error] = each.troubles.values();
  assert.ok(error instanceof StoppedError);
  assert.match(error.message, /please pay. Add credit./);
  assert.equal(events(run).at(-1), "refused");
});

test("a batch waits for room in the queue", async () => {
  const { run, submitter: each } = await submitter(made, { requestsPerBatch: 2, concurrentBatches: 1 });
  const first = each.cut();
  assert.ok(each.hasRoom(first));
  run.folder.note("submit", { batch: first.number, since: null });
  assert.ok(!each.hasRoom(each.cut()));
});

test("the budget counts what is in flight at its worst", async () => {
  const { submitter: each } = await submitter(made, { budgetUsd: "0.01" });
  assert.throws(() => each.hasRoom(each.cut()), StoppedError);
});

test("a canary that failed stops the run before the rest", async () => {
  const { run, submitter: each } = await submitter(made, { canary: 2, requestsPerBatch: 2 });
  const [first, second] = [each.cut(), each.cut()];
  assert.ok(!each.hasRoom(second));
  const counts = { given_up: 2, reasons: {}, lengths: [0, 0, 0] };
  run.folder.note("sorted", { batch: first.number, ...counts });
  assert.throws(() => each.hasRoom(second), /2 of the first 2 requests/);
});

test("a create without an answer is in doubt, and settled before anything else is sent", async () => {
  let creates = 0;
  const create = async (pieces) => {
    if (!creates++) throw new NoAnswerError("lost");
    return made(pieces);
  };
  const { run, submitter: each } = await submitter(create, { requestsPerBatch: 2, concurrentBatches: 9 });
  await each.submitAll();
  const kinds = events(run).filter((kind) => !["cut", "account"].includes(kind));
  assert.deepEqual(kinds, ["submit", "doubt", "not_made", "submit", "created", "submit", "created"]);
});

test("a batch that waits for a person does not keep the rest waiting for ever", async () => {
  const { run, doubts, submitter: each } = await submitter(made, { requestsPerBatch: 2 });
  const first = each.cut();
  run.folder.note("submit", { batch: first.number, since: null });
  run.folder.note("candidates", { batch: first.number, ids: ["b1"] });
  doubts.choices.set(first, "choose");
  await each.submitAll();
  assert.equal(each.canGoOn(), false);
  assert.ok(!events(run).includes("created"));
});

test("what asks for a retired model is not sent", async () => {
  const { run, submitter: each } = await submitter(made);
  run.source.requests.retired = "some line";
  run.source.requests.modelOf = () => "claude-3-opus-20240229";
  await each.submitAll();
  assert.match([...each.troubles.values()][0].message, /use claude-opus-5-5.*--cancel/);
  assert.ok(!events(run).includes("submit"));
});

test("a refusal that is no answer of the API leaves a doubt", async () => {
  const refusal = { status: 403, forGood: true, remedy: "Check.", isOfTheApi: false };
  const { run, submitter: each } = await submitter(async () => {
    throw new RefusedError("HTTP 403", refusal);
  });
  await each.submitAll();
  assert.ok(events(run).includes("doubt") && !events(run).includes("refused"));
  assert.equal(each.troubles.size, 1);
});

test("trouble that comes while the list is asked for keeps a batch back", async () => {
  let creates = 0;
  const { submitter: each } = await submitter(async () => creates++);
  each.api.pages = async function* () {
    each.troubles.set("another batch", new StoppedError("no credit"));
  };
  await each.submitAll();
  assert.equal(creates, 0);
});

test("a batch that is too large by now is cut anew", async () => {
  const { run, submitter: each } = await submitter(made, { requestsPerBatch: 4, concurrentBatches: 9 });
  each.cut();
  each.settings = { ...each.settings, requestsPerBatch: 2 };
  await each.submitAll();
  const open = run.folder.state.withStatus("open").map(({ requests }) => requests);
  assert.deepEqual(open, [2, 2]);
});

test("a body that is cut off again and again is halved", async () => {
  let creates = 0;
  const create = async (pieces) => {
    if (creates++ < 2) throw Object.assign(new NoAnswerError("reset"), { isCutOff: true });
    return made(pieces);
  };
  const { run, submitter: each } = await submitter(create, { concurrentBatches: 9 });
  await each.submitAll();
  assert.ok(events(run).includes("halved"));
});

test("an input that changed while a body went out stops the run, and leaves a doubt", async () => {
  const { run, submitter: each } = await submitter(async () => {
    fs.appendFileSync(run.source.file, "\n");
    throw new NoAnswerError("broken");
  });
  await assert.rejects(each.submitAll(), /was changed/);
  assert.equal(events(run).at(-1), "doubt");
});
