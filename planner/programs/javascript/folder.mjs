// Keep the folder: its files, the journal, and the state that the journal tells.
//
// `note` is the one way in which a run goes on: the line is on disk when it returns, the state has
// changed, and whoever waits for a change is woken. Nothing in the folder is ever deleted.

import fs from "node:fs";
import path from "node:path";

import { InputError, codeOf } from "./errors.mjs";
import { State } from "./state.mjs";
import { grouped, isWhole, jsonLine, linesIn, objectIn } from "./text.mjs";

export const JOURNAL_FORMAT = 1;

/** Append-only JSON Lines; a line is on disk when `write` returns. */
export class Journal {
  constructor(file) {
    this.file = file;
    this.fd = -1;
  }

  /** Every whole line. A torn last line is cut off. */
  *read() {
    if (!fs.existsSync(this.file)) return;
    let [whole, number] = [0, 0];
    for (const line of linesIn(this.file)) {
      if (!isWhole(line)) break;
      whole += line.length;
      number++;
      const event = objectIn(line.toString());
      if (!event) {
        throw new InputError(
          `${this.file}: line ${number} is no JSON, so what was sent is not known. ` +
            "Restore the file from a copy; do not delete the line.",
        );
      }
      yield event;
    }
    if (whole < fs.statSync(this.file).size) fs.truncateSync(this.file, whole);
  }

  /** The line that says with what the run began, or null. */
  first() {
    if (!fs.existsSync(this.file)) return null;
    const [line] = linesIn(this.file);
    if (!line || !isWhole(line)) return null;
    const event = objectIn(line.toString());
    if (event?.event === "run") return event;
    throw new InputError(`${this.file} is no journal of this program. Choose another --out.`);
  }

  open() {
    this.fd = fs.openSync(this.file, "a");
    syncFolder(path.dirname(this.file));
  }

  write(event) {
    writeAll(this.fd, jsonLine(event));
    fs.fsyncSync(this.fd);
  }

  close() {
    if (this.fd >= 0) fs.closeSync(this.fd);
    this.fd = -1;
  }
}

/** DIR: the names of its files, its journal and its state. */
export class Folder {
  constructor(out) {
    this.out = out;
    this.journal = new Journal(path.join(out, "journal.jsonl"));
    this.succeeded = path.join(out, "succeeded.jsonl");
    this.failed = path.join(out, "failed.jsonl");
    this.state = new State();
    this.watchers = new Set(); // functions to call when the journal has another line
  }

  roundFile(number) {
    return path.join(this.out, "rounds", `round-${number}.jsonl`);
  }

  resultsFile(batch) {
    return path.join(this.out, "results", `${batch.id}.jsonl`);
  }

  /** What the `lengths` of the journal are about. */
  answerFiles() {
    return [this.succeeded, this.failed, this.roundFile(this.state.round + 1)];
  }

  make() {
    for (const folder of ["", "results", "rounds"]) makeFolder(path.join(this.out, folder));
  }

  /** Take up what the journal says; then lines may be written to it. Whether it was there before. */
  open() {
    this.state = new State();
    for (const event of this.journal.read()) this.state.apply(event);
    const isNew = this.state.began === null;
    for (const file of isNew ? [this.succeeded, this.failed] : []) {
      if (!fs.existsSync(file)) continue;
      const name = path.basename(file);
      throw new InputError(`${this.out} has a ${name} and no journal. Choose another --out.`);
    }
    this.journal.open();
    this.answerFiles().forEach((file, number) => trim(file, this.state.lengths[number]));
    return !isNew;
  }

  /** Write to the journal what is about to be done or has been learnt; the state follows from it. */
  note(event, fields = {}) {
    const at = new Date().toISOString().replace("Z", "+00:00");
    const entry = { event, at, ...fields };
    this.journal.write(entry);
    this.state.apply(entry);
    this.wake();
  }

  wake() {
    for (const watcher of this.watchers) watcher();
  }

  /** Write a small file whole, or not at all. */
  write(name, text) {
    const part = path.join(this.out, `${name}.part`);
    const fd = fs.openSync(part, "w");
    try {
      writeAll(fd, Buffer.from(text));
      fs.fsyncSync(fd);
    } finally {
      fs.closeSync(fd);
    }
    fs.renameSync(part, path.join(this.out, name));
    syncFolder(this.out);
  }
}

/** Make a folder, and those above it. (Node's own `recursive` hangs where nothing may be made: /proc.) */
function makeFolder(folder, above = true) {
  try {
    fs.mkdirSync(folder);
  } catch (error) {
    if (fs.existsSync(folder) && fs.statSync(folder).isDirectory()) return;
    if (codeOf(error) !== "ENOENT" || !above || path.dirname(folder) === folder) throw error;
    makeFolder(path.dirname(folder));
    makeFolder(folder, false);
  }
}

/** Make names that were added to a folder survive a power cut. */
export function syncFolder(folder) {
  if (process.platform === "win32") return; // there, a folder cannot be opened
  const fd = fs.openSync(folder, "r");
  try {
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}

/** Write bytes to an open file, however few it takes at a time. */
export function writeAll(fd, bytes) {
  for (let at = 0; at < bytes.length; ) at += fs.writeSync(fd, bytes, at);
}

/** Cut off what a torn step left behind; the journal says how long the file was before it. */
export function trim(file, length) {
  const size = fs.existsSync(file) ? fs.statSync(file).size : 0;
  if (size < length) {
    throw new InputError(
      `${file} has ${grouped(size)} bytes and had ${grouped(length)}: something else changed it. ` +
        "Restore it from a copy.",
    );
  }
  if (size > length) fs.truncateSync(file, length);
}
