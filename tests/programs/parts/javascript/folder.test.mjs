import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { mock, test } from "node:test";

import { InputError } from "../../../../planner/programs/javascript/errors.mjs";
import { Folder, Journal, trim } from "../../../../planner/programs/javascript/folder.mjs";
import { newFile, newFolder } from "./bench.mjs";

const RUN = '{"event":"run","at":"x","format":2,"input":{"sha256":"0"},"request_settings":{}}\n';

function opened(journal) {
  const folder = new Folder(path.join(newFolder(), "a", "b"));
  folder.make();
  if (journal) fs.writeFileSync(folder.journal.file, journal);
  const wasThere = folder.open();
  folder.journal.close();
  return { folder, wasThere };
}

test("a note is on disk and in the state, and wakes whoever waits", () => {
  const folder = new Folder(newFolder());
  folder.open();
  let woken = 0;
  folder.watchers.add(() => woken++);
  folder.note("done", { code: 1 });
  folder.journal.close();
  const line = JSON.parse(fs.readFileSync(folder.journal.file, "utf8"));
  assert.deepEqual([line.event, line.code, folder.state.done, woken], ["done", 1, 1, 1]);
  assert.match(line.at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00$/);
});

test("a run is new, or was there", () => {
  assert.equal(opened().wasThere, false);
  assert.equal(opened(RUN).wasThere, true);
});

test("a torn last line is cut off", () => {
  const { folder } = opened(`${RUN}{"event":"done","co`);
  assert.equal(fs.readFileSync(folder.journal.file, "utf8"), RUN);
});

test("a damaged line is told by its number", () => {
  assert.throws(() => opened(`${RUN}garbage\n${RUN}`), /line 2 .*Restore the file from a copy/);
});

test("a file that is no journal is told", () => {
  assert.throws(() => new Journal(newFile("{}\n")).first(), InputError);
  assert.equal(new Journal(newFile("")).first(), null);
  assert.equal(new Journal(newFile(RUN)).first().event, "run");
});

test("a line that is there twice is read once", () => {
  const cut = { event: "cut", at: "x", batch: 1, round: 0, start: 0, end: 9, requests: 1, bytes: 9 };
  const line = `${JSON.stringify({ ...cut, worst_usd: "0", canary: false })}\n`;
  const rest = '{"event":"rest","at":"x","given_up":3,"reasons":{},"lengths":[0,0,0]}\n';
  const { folder } = opened(RUN + line + rest + rest);
  assert.equal(folder.state.givenUp, 3);
});

for (const line of ['{"at":"x","event":"nonsense"}', '{"at":"x","event":"stored","batch":7}', '{"at":"x","event":"cut"}', "[]", "7"]) {
  test(`no program wrote ${line}`, () => {
    assert.throws(() => opened(`${RUN}${line}\n`), /line 2 .*do not delete the line/);
  });
}

test("a journal of a newer format is told with its line", () => {
  const journal = new Journal(newFile('{"event":"run","at":"x","format":3}\n'));
  assert.throws(() => journal.first(), /line 1 says format 3/);
});

test("a line that the disk does not take is not there", () => {
  const folder = new Folder(newFolder());
  folder.open();
  folder.note("cancel");
  const before = fs.readFileSync(folder.journal.file);
  const broken = mock.method(fs, "fsyncSync", () => {
    throw Object.assign(new Error("full"), { code: "ENOSPC", errno: -28 });
  });
  assert.throws(() => folder.note("cancel"), /full/);
  broken.mock.restore();
  assert.deepEqual(fs.readFileSync(folder.journal.file), before);
  folder.journal.close();
});

test("a folder that another program took is written to no more", () => {
  const folder = new Folder(newFolder());
  folder.open();
  folder.guard = () => {
    throw new InputError("taken");
  };
  assert.throws(() => folder.note("cancel"), /taken/);
  assert.equal(fs.statSync(folder.journal.file).size, 0);
  folder.journal.close();
});

test("somebody's answers without a journal are left alone", () => {
  const folder = new Folder(newFolder());
  fs.writeFileSync(folder.failed, "mine\n");
  assert.throws(() => folder.open(), /failed.jsonl and no journal/);
});

test("what is longer than the journal says is cut off; what is shorter is told", () => {
  const file = newFile("12345");
  trim(file, 3);
  assert.equal(fs.readFileSync(file, "utf8"), "123");
  assert.throws(() => trim(file, 4), /has 3 bytes and had 4/);
});

test("a small file is written whole", () => {
  const folder = new Folder(newFolder());
  folder.write("summary.json", "é\n");
  assert.deepEqual(fs.readdirSync(folder.out), ["summary.json"]);
});
