import assert from "node:assert/strict";
import fs from "node:fs";
import { test } from "node:test";

import * as text from "../../../../planner/programs/javascript/text.mjs";
import { newFile } from "./bench.mjs";

// Each as a text at once: a line is good until the next is asked for.
const linesIn = (file, range) => Array.from(text.linesIn(file, range), String);

test("lines are split at \\n only", () => {
  const file = newFile("a\u2028b\u0085c\r\n\nlast");
  assert.deepEqual(linesIn(file), ["a\u2028b\u0085c\r\n", "\n", "last"]);
});

test("lines longer than a chunk come whole", () => {
  const long = "x".repeat(600_000);
  assert.deepEqual(linesIn(newFile(`${long}\nshort\n${long}`)), [`${long}\n`, "short\n", long]);
});

test("a range of bytes is read, no byte more", () => {
  const file = newFile("one\ntwo\nthree\n");
  assert.deepEqual(linesIn(file, { start: 4, end: 8 }), ["two\n"]);
});

test("a line longer than the most comes in pieces that end without \\n", () => {
  const file = newFile(`${"x".repeat(700_000)}\nnext\n`);
  const pieces = linesIn(file, { most: 300_000 });
  assert.ok(pieces[0].length > 300_000 && !pieces[0].endsWith("\n"));
  assert.equal(pieces.slice(0, -1).join(""), `${"x".repeat(700_000)}\n`);
  assert.equal(pieces.at(-1), "next\n");
});

test("every byte that is read is seen, once", () => {
  const file = newFile("one\n".repeat(200_000));
  let bytes = 0;
  linesIn(file, { seen: (chunk) => (bytes += chunk.length) });
  assert.equal(bytes, fs.statSync(file).size);
});

test("half a surrogate pair is written as its escape", () => {
  assert.equal(text.jsonLine("\ud800é").toString(), '"\\ud800é"\n');
});

test("what somebody named is shown short, on one line, in ASCII", () => {
  assert.equal(text.shown("é\n\x7f"), '"\\u00e9\\n\\u007f"');
  assert.equal(text.shown("x".repeat(200)).length, 80);
});

test("an object of JSON, or null", () => {
  assert.deepEqual(text.objectIn('{"a": 1}'), { a: 1 });
  for (const other of ["[1]", "null", "3", '"x"', "{", ""]) assert.equal(text.objectIn(other), null);
});

test("what lies deeper than so many levels is cut off, and nothing else", () => {
  const nested = (levels) => JSON.parse(`${'[{"a":'.repeat(levels / 2)}7${"}]".repeat(levels / 2)}`);
  for (const levels of [2, 98, text.DEEPEST]) {
    assert.deepEqual(text.cutDeep(nested(levels)), nested(levels));
    assert.ok(!text.isDeep(nested(levels)));
  }
  for (const levels of [102, 20_000]) {
    assert.ok(text.isDeep(nested(levels)));
    assert.equal(JSON.stringify(text.cutDeep(nested(levels))).match(/[[{]/g).length, text.DEEPEST);
  }
  assert.deepEqual(text.cutDeep({ a: [1], b: "[[", c: null }, 1), { a: null, b: "[[", c: null });
});

test("white space around a line is no part of it", () => {
  assert.equal(text.stripped(Buffer.from(" \t{} \r\n")).toString(), "{}");
  assert.ok(text.isBlank(Buffer.from(" \r\n")));
  assert.ok(!text.isBlank(Buffer.from("x")));
});

test("durations and moments", () => {
  assert.equal(text.clock(4.25), "4.3 s");
  assert.equal(text.clock(3725.9), "1:02:05");
  assert.match(text.localTime(), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d$/);
});

test("a command can be pasted into a shell", () => {
  assert.equal(text.quoted(["a/b", "it's", "$x"]), `a/b 'it'"'"'s' '$x'`);
});
