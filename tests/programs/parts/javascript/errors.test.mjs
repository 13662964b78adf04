import assert from "node:assert/strict";
import fs from "node:fs";
import { test } from "node:test";

import * as errors from "../../../../planner/programs/javascript/errors.mjs";

function errorOf(work) {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new assert.AssertionError({ message: "no error" });
}

test("errors of the system are told from others", () => {
  const missing = errorOf(() => fs.openSync("/no/such/file"));
  assert.equal(errors.codeOf(missing), "ENOENT");
  assert.equal(errors.systemText(missing), "No such file or directory");
  assert.equal(errors.codeOf(Object.assign(new Error(), { code: "ERR_SOMETHING" })), "");
});

test("what is good to have done is no loss if the system refuses; a mistake is", () => {
  errors.leaveQuietly(() => fs.closeSync(9999));
  assert.throws(() => errors.leaveQuietly(() => null.x), TypeError);
});

test("a signal's exit code is 128 and its number", () => {
  assert.equal(new errors.Interrupted(15).code, 143);
});

test("a refusal carries what the answer says", () => {
  const refusal = new errors.RefusedError("no", { status: 413, forGood: false });
  assert.deepEqual([refusal.message, refusal.status, refusal.forGood], ["no", 413, false]);
});
