import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import { mock, test } from "node:test";

import { InputError, StoppedError } from "../../../../planner/programs/javascript/errors.mjs";
import { Lock, processStart } from "../../../../planner/programs/javascript/lock.mjs";
import { newFile } from "./bench.mjs";

const { signal } = new AbortController();
const here = new Lock("none", signal).me;
const holder = (changes) => `${JSON.stringify({ taken: { ...here, token: "t", ...changes } })}\n`;

/** Take the folder of a lock file with this text; those that were taken over from. */
async function take(text) {
  const lock = new Lock(newFile(text, "lock"), signal);
  try {
    return await lock.take();
  } finally {
    clearInterval(lock.heartbeat);
  }
}

/** As `take`, with the watching made short; `touch` is done to the lock file meanwhile. */
async function watched(text, touch = () => {}) {
  const timer = setTimeout;
  const short = mock.method(globalThis, "setTimeout", (work, ms) => timer(work, ms / 100));
  const file = newFile(text, "lock");
  const lock = new Lock(file, signal);
  timer(() => touch(file), 60);
  try {
    return await lock.take();
  } finally {
    short.mock.restore();
    clearInterval(lock.heartbeat);
  }
}

test("who has the folder keeps it until it leaves", async () => {
  const file = newFile("", "lock");
  const [first, second] = [new Lock(file, signal), new Lock(file, signal)];
  await first.take();
  await assert.rejects(second.take(), InputError);
  first.leave();
  await second.take();
  second.leave();
});

test("a process that lives has the folder; its number alone does not", async () => {
  await assert.rejects(take(holder()), new RegExp(`process ${process.pid}`));
  assert.equal((await take(holder({ started: "another-boot 123" }))).length, 1);
  assert.equal((await take(holder({ pid: spawnSync("true").pid }))).length, 1);
});

test("in the same process table the name of the host does not matter", async () => {
  await assert.rejects(take(holder({ host: "elsewhere" })), /Another program/);
  await take(holder({ host: "elsewhere", pid: spawnSync("true").pid }));
});

test("a host of the same name with another process table is another host", async () => {
  const other = holder({ pidns: "pid:[1]", pid: 1 });
  await assert.rejects(watched(other, (file) => fs.utimesSync(file, 1, 1)), /is alive/);
  const [gone] = await watched(other);
  assert.equal(gone.pidns, "pid:[1]");
});

test("a program that slept and lost the folder writes nothing more", async () => {
  const file = newFile("", "lock");
  const lock = new Lock(file, signal);
  await lock.take();
  lock.refuseIfLost();
  fs.appendFileSync(file, `${JSON.stringify({ left: lock.me.token })}\n${holder()}`);
  assert.throws(() => lock.refuseIfLost(), StoppedError);
  const { size } = fs.statSync(file);
  lock.leave();
  assert.equal(fs.statSync(file).size, size);
});

test("a torn line took nothing", async () => {
  assert.deepEqual(await take('{"taken": {"host": "x"'), []);
  assert.deepEqual(await take('\n\n{"left": "t"}\n[]\n'), []);
});

test("a process has a start, one that is gone has none", () => {
  assert.match(processStart(process.pid), /\S/);
  assert.equal(processStart(spawnSync("true").pid), null);
  assert.equal(here.host, os.hostname());
});
