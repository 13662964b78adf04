// A folder that goes away, an input in it, and the pieces that the parts of a run share.

import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { after } from "node:test";

import { Source } from "../../../../planner/programs/javascript/cut.mjs";
import { Folder } from "../../../../planner/programs/javascript/folder.mjs";
import { Requests } from "../../../../planner/programs/javascript/request.mjs";
import { Settings } from "../../../../planner/programs/javascript/settings.mjs";

/** A new folder for one test. */
export function newFolder() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "parts-"));
  after(() => fs.rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A file with this text in a folder of its own. */
export function newFile(text, name = "input.jsonl") {
  const file = path.join(newFolder(), name);
  fs.writeFileSync(file, text);
  return file;
}

/** INPUT of rows with these ids. */
export const rows = (...ids) => ids.map((id) => `{"id": "${id}", "prompt": "ask ${id}"}\n`).join("");

/** What the parts of a run share, begun on some rows; `lines` is what the log was told. */
export async function newRun(changes = {}, ids = ["a", "b", "c", "d"]) {
  const waits = { pollSeconds: 0.01, baseDelaySeconds: 0.01, adoptGraceSeconds: 0.02 };
  const settings = new Settings({ ...waits, ...changes });
  const file = newFile(rows(...ids));
  const folder = new Folder(path.join(path.dirname(file), "out"));
  folder.make();
  folder.open();
  const input = { name: "input.jsonl", bytes: fs.statSync(file).size, requests: ids.length };
  folder.note("run", { format: 2, input: { ...input, sha256: "0", kind: "rows" }, request_settings: {} });
  const source = new Source(file, folder, new Requests(settings));
  const { signal } = new AbortController();
  await source.open(os.tmpdir(), signal);
  after(() => {
    source.close();
    folder.journal.close();
  });
  const lines = [];
  const log = { line: (text) => lines.push(text), progress() {}, clear() {} };
  return { settings, folder, source, log, lines, signal };
}

/** The journal's lines. */
export function journalOf(folder) {
  const text = fs.readFileSync(folder.journal.file, "utf8");
  return text.split("\n").slice(0, -1).map((line) => JSON.parse(line));
}

/** A batch as the API shows it. */
export function shownBatch(id, counts, more = {}) {
  return {
    id,
    processing_status: "ended",
    created_at: "2026-11-24T10:00:00Z",
    ended_at: "2026-11-24T10:05:00Z",
    results_url: `https://api.example/${id}/results`,
    archived_at: null,
    request_counts: { processing: 0, succeeded: 0, errored: 0, canceled: 0, expired: 0, ...counts },
    ...more,
  };
}

/** A result line of the API. */
export function resultLine(custom_id, result = {}) {
  const usage = { input_tokens: 10, output_tokens: 5 };
  const message = { model: "claude-sonnet-5-5", stop_reason: "end_turn", usage };
  return `${JSON.stringify({ custom_id, result: { type: "succeeded", message, ...result } })}\n`;
}
