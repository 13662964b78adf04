import assert from "node:assert/strict";
import { test } from "node:test";

import { money } from "../../../../planner/programs/javascript/money.mjs";
import { State } from "../../../../planner/programs/javascript/state.mjs";

const CUT = { event: "cut", batch: 1, round: 0, start: 0, end: 90, requests: 4, bytes: 500 };
const CREATED = { event: "created", batch: 1, id: "b1", created_at: "2026-11-24T10:00:00" };
const SORTED = {
  event: "sorted",
  batch: 1,
  succeeded: 2,
  given_up: 1,
  again: 1,
  reasons: { expired: 1 },
  usage: { input_tokens: 7 },
  usd: "1.25",
  lengths: [10, 20, 30],
};

function after(...events) {
  const state = new State();
  for (const event of events) state.apply({ worst_usd: "0.5", canary: false, ...event });
  return state;
}

test("a batch is cut, in doubt, open, stored and sorted", () => {
  const steps = [CUT, { event: "submit", batch: 1, since: null }, CREATED];
  const statuses = steps.map((_, at) => after(...steps.slice(0, at + 1)).batches.get(1).status);
  assert.deepEqual(statuses, ["unsent", "doubt", "open"]);
  const state = after(...steps, { event: "stored", batch: 1 });
  assert.equal(state.batches.get(1).status, "stored");
  state.apply(SORTED);
  assert.equal(state.batches.size, 0);
});

test("what is at the provider, or may be, is in flight", () => {
  assert.equal(after(CUT).inFlight().length, 0);
  assert.equal(after(CUT, { event: "submit", batch: 1, since: null }).inFlight().length, 1);
  assert.equal(after(CUT, CREATED).inFlight().length, 1);
});

test("sorted batches add up", () => {
  const state = after(CUT, CREATED, SORTED, { ...CUT, batch: 2 }, { ...SORTED, batch: 2 });
  assert.deepEqual([state.succeeded, state.givenUp, state.again], [4, 2, 2]);
  assert.equal(state.spent, money("2.50"));
  assert.equal(state.usage.get("input_tokens"), 14);
  assert.deepEqual(state.lengths, [10, 20, 30]);
});

test("a round begins with what is to be tried again", () => {
  const round = { event: "round", round: 1, requests: 1, bytes: 30, not_before: 5 };
  const state = after(CUT, CREATED, SORTED, round);
  assert.deepEqual([state.round, state.position, state.roundBytes], [1, 0, 30]);
  assert.deepEqual([state.again, state.retried, state.lengths], [0, 1, [10, 20, 0]]);
});

test("halves take the place of a batch, and later batches are no larger", () => {
  const into = [2, 3].map((batch) => ({ ...CUT, batch, requests: 2, worst_usd: "0.25" }));
  const state = after(CUT, { event: "halved", batch: 1, into });
  assert.deepEqual([...state.batches.keys()], [2, 3]);
  assert.deepEqual([state.largestRequests, state.largestBytes], [2, 250]);
  assert.equal(state.numbers, 3);
});

test("a batch that was not made, or refused, is unsent again", () => {
  for (const event of ["not_made", "refused"]) {
    const state = after(CUT, { event: "submit", batch: 1, since: null }, { event, batch: 1 });
    assert.equal(state.batches.get(1).status, "unsent");
  }
});

test("the canary is counted apart", () => {
  const state = after({ ...CUT, canary: true }, CREATED, SORTED);
  assert.deepEqual([state.canaryCut, state.canary, state.canaryGivenUp], [4, 4, 1]);
  assert.equal(state.canaryRest, 0);
});

test("first and last moment are the API's", () => {
  const earlier = { ...CREATED, batch: 2, id: "b2", created_at: "2026-11-24T09:00:00" };
  const state = after(CUT, { ...CUT, batch: 2 }, CREATED, earlier);
  for (const ended_at of ["2026-11-24T12:00:00", "2026-11-24T11:00:00"]) {
    state.apply({ event: "ended", batch: 1, ended_at });
  }
  assert.equal(state.firstCreatedAt, "2026-11-24T09:00:00");
  assert.equal(state.lastEndedAt, "2026-11-24T12:00:00");
});

test("cancel, rest and done", () => {
  const rest = { event: "rest", given_up: 3, reasons: {}, lengths: [0, 9, 0] };
  const state = after({ event: "cancel" }, rest, { event: "done", code: 1 });
  assert.deepEqual([state.canceling, state.restGivenUp, state.givenUp, state.done], [true, true, 3, 1]);
});

test("what is dissolved is free again, and is taken before the rest", () => {
  const second = { ...CUT, batch: 2, start: 90, end: 180 };
  const third = { ...CUT, batch: 3, start: 180, end: 270 };
  const state = after(CUT, second, third, { ...CREATED, batch: 3 }, { event: "recut", batches: [1, 2] });
  assert.deepEqual(state.ranges(300), [{ start: 0, end: 180 }, { start: 270, end: 300 }]);
  state.apply({ ...CUT, batch: 4, start: 0, end: 100, worst_usd: "0", canary: false });
  assert.deepEqual(state.ranges(300)[0], { start: 100, end: 180 });
  const last = after(CUT, { event: "recut", batches: [1] });
  assert.deepEqual([last.position, last.free], [0, []]);
});

test("a dissolved canary is chosen again", () => {
  const state = after({ ...CUT, canary: true }, { event: "recut", batches: [1] });
  assert.deepEqual([state.canaryCut, state.canaryRest], [0, 0]);
});

test("what was cut without a canary and dissolved has not gone before one", () => {
  const state = after(CUT, { event: "recut", batches: [1] });
  assert.deepEqual([state.canaryCut, state.canaryRest], [0, 0]);
});

test("a batch in question is in flight until it is adopted or was not made", () => {
  const doubt = { event: "doubt", batch: 1, why: "lost", took_s: 2 };
  const question = { event: "candidates", batch: 1, ids: ["x", "y"] };
  const state = after(CUT, { event: "submit", batch: 1, since: null }, doubt, question);
  const batch = state.batches.get(1);
  state.apply({ event: "let_go", batch: 1, id: "x", why: "ids" });
  assert.deepEqual([batch.status, batch.open(), batch.tookSeconds], ["question", ["y"], 2]);
  assert.equal(state.inFlight().length, 1);
  state.apply({ event: "adopted", batch: 1, id: "y", created_at: "2026-11-24T10:00:00" });
  assert.deepEqual([batch.status, state.known.has("y"), state.made.has("y")], ["open", true, false]);
});

test("what is sent again counts anew", () => {
  const again = {
    event: "again",
    round: 1,
    requests: 1,
    bytes: 30,
    not_before: 0,
    failed: "failed-1.jsonl",
    lengths: [10, 5, 0],
    given_up: 0,
    reasons: {},
  };
  const state = after(CUT, CREATED, SORTED, { event: "done", code: 1 }, again);
  assert.deepEqual([state.givenUp, state.done, state.setAside], [0, null, "failed-1.jsonl"]);
  assert.deepEqual([state.round, state.lengths, state.reasons.size], [1, [10, 5, 0], 0]);
});

test("what no program wrote is refused", () => {
  assert.throws(() => after({ event: "nonsense" }), TypeError);
  assert.throws(() => after({ event: "stored", batch: 1 }), TypeError);
});
