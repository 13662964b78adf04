import assert from "node:assert/strict";
import { test } from "node:test";

import { InputError } from "../../../../planner/programs/javascript/errors.mjs";
import { HELP, parse } from "../../../../planner/programs/javascript/options.mjs";
import { Settings } from "../../../../planner/programs/javascript/settings.mjs";

test("each flag overrides its setting", () => {
  const words = "in.jsonl --out dir --poll-seconds 0.5 --budget-usd 12.50 --backoff linear";
  const { input, out, check, settings } = parse(words.split(" "));
  assert.deepEqual([input, out, check], ["in.jsonl", "dir", false]);
  const changes = { pollSeconds: 0.5, budgetUsd: "12.50", backoff: "linear" };
  assert.deepEqual(settings, new Settings(changes));
});

for (const words of [
  "--requests-per-batch 0",
  "--requests-per-batch 1.5",
  "--requests-per-batch 100001",
  "--poll-seconds nan",
  "--poll-seconds -1",
  "--budget-usd inf",
  "--backoff quadratic",
  "--no-such-flag",
]) {
  test(`${words} is refused, by its name`, () => {
    const flag = new RegExp(words.split(" ")[0]);
    const wrong = (error) => error instanceof InputError && flag.test(error.message);
    assert.throws(() => parse(["in", "--out", "dir", ...words.split(" ")]), wrong);
  });
}

test("what is missing and what is too much is told", () => {
  assert.throws(() => parse([]), /INPUT, --out/);
  assert.throws(() => parse(["a", "b", "--out", "dir"]), /unrecognized arguments: b/);
});

test("help needs nothing else", () => {
  assert.equal(parse(["-h"]).help, true);
  assert.match(HELP, /--adopt-grace-seconds S/);
});

test("a check needs no folder, and a word may be said of several batches", () => {
  assert.equal(parse(["in", "--check"]).out, "");
  assert.deepEqual(parse(["in", "--out", "d", "--adopt", "b1", "--adopt", "none"]).adopt, ["b1", "none"]);
  assert.throws(() => parse(["in", "--out", "d", "--cancel", "--retry-failed"]), InputError);
});

test("each flag has its meaning and its default in the help", () => {
  const flags = HELP.split("\n").filter((line) => line.startsWith("  --"));
  assert.equal(flags.length, 18);
  for (const line of flags) assert.match(line, /^  --[a-z-]+( [A-Z]+)? {2,}\S.* \S+/);
  for (const line of flags.slice(7)) assert.match(line, /\[.+\]$/);
  assert.match(HELP, /--max-retries N .*\[3\]/);
});
