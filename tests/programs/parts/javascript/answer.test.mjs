import assert from "node:assert/strict";
import { test } from "node:test";

import * as answers from "../../../../planner/programs/javascript/answer.mjs";

const answer = (status, headers = {}) => ({ status, headers: new Headers(headers) });
const failure = (status, error, headers) => ({ ...answer(status, headers), error: { error } });

test("moments sort as texts, to the microsecond; what is none is empty", () => {
  assert.equal(answers.iso("2026-11-24T10:00:00Z"), "2026-11-24T10:00:00.000000+00:00");
  assert.equal(answers.iso("2026-11-24t12:00:00.1234567+02:00"), "2026-11-24T10:00:00.123456+00:00");
  for (const other of [null, "", "soon", "2026-11-24", "2026-99-24T10:00:00Z"]) {
    assert.equal(answers.iso(other), "");
  }
});

test("retry-after is a number, or a date, or nothing", () => {
  const seconds = (text) => answers.retryAfter(answer(429, { "retry-after": text }));
  assert.equal(seconds("2.5"), 2.5);
  assert.equal(seconds("Wed, 21 Oct 2015 07:28:00 GMT"), 0);
  assert.equal(seconds("1e999"), null);
  assert.equal(seconds("999999999"), 86_400);
  assert.equal(answers.retryAfter(answer(429)), null);
});

test("the account's trouble is told from what passes", () => {
  const stopped = [
    answer(401),
    answer(402),
    answer(403),
    failure(429, { details: { error_code: "enforced_spend_limit_reached" } }),
    failure(400, { message: "Your credit balance is too low" }),
    failure(429, { message: "You have reached your usage limits" }),
  ];
  for (const error of stopped) assert.ok(answers.accountIsStopped(error), JSON.stringify(error));
  const asksToWait = failure(429, { message: "usage limits" }, { "retry-after": "1" });
  for (const error of [answer(429), answer(500), answer(400), asksToWait]) {
    assert.ok(!answers.accountIsStopped(error), JSON.stringify(error));
  }
});

test("waits grow to the poll interval, with a little luck in each", () => {
  const waits = new answers.Waits(5);
  [1, 2, 4, 5, 5].forEach((most) => {
    const seconds = waits.next();
    assert.ok(0.75 * most <= seconds && seconds <= most, `${seconds} of ${most}`);
  });
});

test("the backoff of each kind, a day at most", () => {
  const of = (backoff, retry) => answers.backoffSeconds({ backoff, baseDelaySeconds: 60 }, retry);
  assert.deepEqual([1, 2, 3].map((retry) => of("exponential", retry)), [60, 120, 240]);
  assert.deepEqual([1, 2, 3].map((retry) => of("linear", retry)), [60, 120, 180]);
  assert.deepEqual([1, 2, 3].map((retry) => of("fixed", retry)), [60, 60, 60]);
  assert.equal(of("exponential", 40), 86_400);
});

test("a wait ends with the run, or when it is woken", async () => {
  const halt = new AbortController();
  const watchers = new Set();
  const woken = answers.sleep(1000, halt.signal, watchers);
  for (const wake of watchers) wake();
  await woken;
  assert.equal(watchers.size, 0);
  const asleep = answers.sleep(1000, halt.signal);
  halt.abort(new Error("over"));
  await assert.rejects(asleep, /over/);
});

test("a batch's size is the sum of its counts, whatever stands there", () => {
  assert.equal(answers.sizeOf({ request_counts: { processing: 3, succeeded: 2, errored: "x" } }), 5);
  assert.equal(answers.sizeOf({}), 0);
});

test("the API's own words are never passed on; class, code and place are", () => {
  const words = "messages.0.content: PROMPT is too long";
  const details = { error_code: "ramp_limit_exceeded" };
  const error = failure(400, { type: "invalid_request_error", message: words, details });
  error.headers.set("request-id", "req_1");
  const reason = "HTTP 400, invalid_request_error, ramp_limit_exceeded, request req_1 (at messages.0.content:)";
  assert.equal(answers.reasonOf(error), reason);
  const odd = failure(400, { type: "PROMPT here", message: "PROMPT: x", details: { error_code: 7 } });
  assert.equal(answers.reasonOf(odd), "HTTP 400");
});

test("a redirect is no answer of the API, and does not pass", () => {
  assert.ok(!answers.passes(answer(307)));
  assert.match(answers.remedy(answer(307)), /ANTHROPIC_BASE_URL/);
});

test("only a clear no says that no batch was made", () => {
  for (const status of [307, 408, 409, 500, 529]) assert.equal(answers.refusal(answer(status)), null);
  assert.equal(answers.refusal(answer(413)).forGood, false);
  assert.equal(answers.refusal(answer(400)).forGood, true);
});

test("the account is what the headers name", () => {
  const headers = new Headers({ "anthropic-workspace-id": "w" });
  assert.deepEqual(answers.accountIn(headers), { organization: null, workspace: "w" });
});
