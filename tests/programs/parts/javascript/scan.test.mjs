import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fs from "node:fs";
import { test } from "node:test";

import { Requests } from "../../../../planner/programs/javascript/request.mjs";
import { Ids, Problems, scan } from "../../../../planner/programs/javascript/scan.mjs";
import { Settings } from "../../../../planner/programs/javascript/settings.mjs";
import { newFile, rows } from "./bench.mjs";

const { signal } = new AbortController();

async function scanned(text, changes = {}) {
  const fd = fs.openSync(newFile(text));
  const read = await scan(fd, "input.jsonl", new Requests(new Settings(changes)), signal);
  fs.closeSync(fd);
  return read;
}

async function problemsOf(text, changes) {
  return (await scanned(text, changes)).problems.text().split("\n").slice(0, -1);
}

test("a good file: what it is, and how it will be split", async () => {
  const text = rows("a", "b", "c", "d", "e");
  const { identity, count, problems } = await scanned(text, { requestsPerBatch: 2, canary: 1 });
  assert.equal(problems.count, 0);
  const sha256 = createHash("sha256").update(text).digest("hex");
  const expected = { name: "input.jsonl", bytes: text.length, sha256, kind: "rows", requests: 5 };
  assert.deepEqual(identity, expected);
  assert.deepEqual([count.batches, count.largest], [3, 2]);
});

test("empty lines and CRLF are no requests", async () => {
  const { identity, problems } = await scanned(`\r\n${rows("a")} \n\n`);
  assert.equal(problems.count, 0);
  assert.equal(identity.requests, 1);
});

test("a byte order mark does no harm", async () => {
  const { identity, problems } = await scanned(`\ufeff${rows("a")}`);
  assert.deepEqual([identity.requests, problems.count], [1, 0]);
});

for (const [text, ...expected] of [
  ["", "line 1: the file is empty"],
  ["{'a': 1}\n", "line 1: not JSON"],
  ["[1]\n3\n", "line 1: not a JSON object", "line 2: not a JSON object"],
  [Buffer.from('{"id": "a", "prompt": "\xff"}\n', "latin1"), "line 1: the line is not UTF-8"],
  [Buffer.from(`${rows("a")}${rows("b")}`, "utf16le"), "line 1: the file is UTF-16 or UTF-32"],
  [Buffer.from(`\ufeff${rows("a")}`, "utf16le"), "line 1: the file is UTF-16 or UTF-32"],
  [rows("a", "b", "a"), 'line 3, id "a": the id stands in line 1 too'],
  [`${rows("a")}{"custom_id": "b", "params": 1}\n`, "line 2, id \"b\"", "line 2, id \"b\": the file began"],
]) {
  test(`told: ${expected}`, async () => {
    const problems = await problemsOf(text);
    assert.equal(problems.length, expected.length);
    expected.forEach((words, at) => assert.ok(problems[at].includes(words), problems[at]));
  });
}

test("a line that fits no batch is told without being read whole", async () => {
  const long = `{"id": "b", "prompt": "${"x".repeat(900_000)}"}\n`;
  const problems = await problemsOf(rows("a") + long + rows("c"), { maxBytesPerBatch: 4000 });
  assert.equal(problems.length, 1);
  assert.match(problems[0], /line 2: the line is longer than a batch of 4,000 bytes: shorten it/);
});

test("a message about JSON never quotes the line", async () => {
  const [problem] = await problemsOf('{"id": "a", "prompt": "secret" oops}\n');
  assert.match(problem, /not JSON \(at character \d+\)/);
});

test("the first fifty problems, by line, then a count", () => {
  const problems = new Problems("f");
  for (let line = 500; line > 0; line--) problems.add(line, null, "bad");
  const lines = problems.text().split("\n");
  assert.equal(lines[0], "f: line 1: bad");
  assert.equal(lines[49], "f: line 50: bad");
  assert.equal(lines[50], "and 450 more problems");
});

test("ids are compared through many files as through one", () => {
  const ids = new Ids(2 ** 28);
  assert.equal(ids.files.length, 9);
  for (let n = 0; n < 5000; n++) ids.add(`id-${n}`, n + 1);
  ids.add("id-4711", 6000);
  assert.deepEqual([...ids.repeated()], [["id-4711", 6000, 4712]]);
  ids.close();
});
