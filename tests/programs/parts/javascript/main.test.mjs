import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { mock, test } from "node:test";

import { main } from "../../../../planner/programs/javascript/main.mjs";
import { newFile, newFolder, rows } from "./bench.mjs";

/** The exit code of a command, and what it printed to either side. */
async function ran(...words) {
  const lines = [];
  const keep = (text) => lines.push(String(text)) > 0;
  const out = mock.method(fs, "writeSync", (fd, text) => keep(text));
  const error = mock.method(console, "error", keep);
  const write = mock.method(process.stderr, "write", keep);
  try {
    const code = await main(words);
    return { code, text: lines.join("\n") };
  } finally {
    for (const each of [out, error, write]) each.mock.restore();
  }
}

test("help is no error", async () => {
  const { code, text } = await ran("--help");
  assert.equal(code, 0);
  assert.match(text, /^usage: run_batches.mjs/);
});

test("bad usage is code 2", async () => {
  const { code, text } = await ran("in.jsonl");
  assert.equal(code, 2);
  assert.match(text, /--out/);
});

test("bad input is code 2, good input is counted", async () => {
  const out = path.join(newFolder(), "out");
  assert.equal((await ran(newFile("[]\n"), "--out", out, "--check")).code, 2);
  const { code, text } = await ran(newFile(rows("a")), "--out", out, "--check");
  assert.equal(code, 0);
  assert.match(text, /1 rows/);
});
