import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import { test } from "node:test";

import { InputError } from "../../../../planner/programs/javascript/errors.mjs";
import { Lock, processStart } from "../../../../planner/programs/javascript/lock.mjs";
import { newFile } from "./bench.mjs";

const holder = (changes) => {
  const me = { host: os.hostname(), pid: process.pid, started: processStart(process.pid) };
  return `${JSON.stringify({ taken: { ...me, token: "t", ...changes } })}\n`;
};
const take = (text) => new Lock(newFile(text, "lock")).take();

test("who has the folder keeps it until it leaves", () => {
  const file = newFile("", "lock");
  const first = new Lock(file);
  first.take();
  assert.throws(() => new Lock(file).take(), InputError);
  first.leave();
  new Lock(file).take();
});

test("a process that lives has the folder; its number alone does not", () => {
  assert.throws(() => take(holder()), new RegExp(`process ${process.pid}`));
  take(holder({ started: "another-boot 123" }));
  const gone = spawnSync("true").pid;
  take(holder({ pid: gone }));
});

test("of a process on another host the message says what to delete", () => {
  assert.throws(() => take(holder({ host: "elsewhere" })), /"elsewhere".*delete .*lock/);
});

test("a torn line took nothing", () => {
  take('{"taken": {"host": "x"');
  take('\n\n{"left": "t"}\n[]\n');
});

test("a process has a start, one that is gone has none", () => {
  assert.match(processStart(process.pid), /\S/);
  assert.equal(processStart(spawnSync("true").pid), null);
});
