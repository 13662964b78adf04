// Keep the folder: its files, the journal, and the state that the journal tells.
//
// `note` is the one way in which a run goes on: the line is on disk when it returns, the state has
// changed, and whoever waits for a change is woken. A line is there whole, or not at all. Nothing
// in the folder is ever deleted.

import fs from "node:fs";
import path from "node:path";

import { InputError, StoppedError, codeOf, leaveQuietly, systemText } from "./errors.mjs";
import { State } from "./state.mjs";
import { grouped, isWhole, jsonLine, linesIn, objectIn, shown } from "./text.mjs";

export const JOURNAL_FORMAT = 2;

// What each event holds at least.
const FIELDS = {
  run: "format input request_settings",
  account: "organization workspace",
  cut: "batch round start end requests bytes worst_usd canary",
  recut: "batches",
  submit: "batch since",
  created: "batch id created_at",
  doubt: "batch took_s",
  candidates: "batch ids",
  let_go: "batch id",
  adopted: "batch id created_at",
  not_made: "batch",
  refused: "batch",
  halved: "batch into",
  ended: "batch ended_at counts",
  short: "batch",
  stored: "batch",
  sorted: "batch given_up reasons lengths",
  round: "round requests bytes not_before",
  again: "round requests bytes not_before failed lengths given_up reasons",
  rest: "given_up reasons lengths",
  done: "code",
};

/** Whether an event holds what every program writes. */
function isComplete(event) {
  if (typeof event.at !== "string") return false;
  if (event.event === "run") {
    // One of another format is told apart, whatever it holds.
    if (event.format !== JOURNAL_FORMAT) return true;
    if (typeof event.input?.sha256 !== "string") return false;
  }
  const names = FIELDS[event.event]?.split(" ") ?? [];
  return names.every((name) => event[name] !== undefined);
}

/** Append-only JSON Lines; a line is on disk when `write` returns, or not there at all. */
export class Journal {
  constructor(file) {
    this.file = file;
    this.fd = -1;
    this.size = 0; // of what was read, or written since
  }

  exists() {
    return fs.existsSync(this.file);
  }

  /**
   * Every whole line, {event, number}; one that is there twice comes once. A torn last line is
   * none.
   */
  *read() {
    this.size = 0;
    let [number, before] = [0, Buffer.alloc(0)];
    for (const line of this.lines()) {
      if (!isWhole(line)) break;
      number++;
      this.size += line.length;
      if (line.equals(before)) continue;
      before = Buffer.from(line);
      const event = objectIn(line.toString());
      if (!event || !isComplete(event)) throw this.damaged(number);
      yield { event, number };
    }
  }

  /**
   * A StoppedError where it cannot be read: then there may be a run, and another folder would pay
   * for everything again.
   */
  *lines() {
    try {
      yield* linesIn(this.file);
    } catch (error) {
      if (["ENOENT", "ENOTDIR"].includes(error.code)) return;
      if (!codeOf(error)) throw error;
      const why = `cannot be read (${systemText(error)}), so what was sent is not known`;
      throw new StoppedError(`${this.file}: ${why}. Let this user read and write it.`);
    }
  }

  damaged(number) {
    return new InputError(
      `${this.file}: line ${number} is no line of a journal, so what was sent is not known. ` +
        "Restore the file from a copy; do not delete the line.",
    );
  }

  /** The line that says with what the run began, or null. */
  first() {
    for (const { event } of this.read()) {
      if (event.event !== "run") {
        throw new InputError(`${this.file} is no journal of this program. Choose another --out.`);
      }
      if (event.format === JOURNAL_FORMAT) return event;
      throw new InputError(
        `${this.file}: line 1 says format ${shown(event.format)}, and this program reads format ` +
          `${JOURNAL_FORMAT}. Go on with the version of the program that wrote it.`,
      );
    }
    return null;
  }

  /** Cut off a torn last line; then lines may be written. */
  open() {
    if (this.exists()) trim(this.file, this.size);
    this.fd = fs.openSync(this.file, "a");
    syncFolder(path.dirname(this.file));
  }

  write(event) {
    const line = jsonLine(event);
    try {
      writeAll(this.fd, line);
      fs.fsyncSync(this.fd);
    } catch (error) {
      leaveQuietly(() => fs.ftruncateSync(this.fd, this.size));
      throw error;
    }
    this.size += line.length;
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
    this.guard = () => {}; // called before each line: throws if the folder is another program's
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
    syncFolder(path.dirname(path.resolve(this.out)));
  }

  /** What the journal says, as it is now. An InputError for a line that no program wrote. */
  read() {
    const state = new State();
    for (const { event, number } of this.journal.read()) {
      try {
        state.apply(event);
      } catch {
        throw this.journal.damaged(number);
      }
    }
    return state;
  }

  /**
   * Take up what the journal says; then lines may be written to it. Whether it was there before.
   */
  open() {
    this.state = this.read();
    const isNew = this.state.began === null;
    for (const file of isNew ? [this.succeeded, this.failed] : []) {
      if (!fs.existsSync(file)) continue;
      const name = path.basename(file);
      throw new InputError(`${this.out} has a ${name} and no journal. Choose another --out.`);
    }
    this.journal.open();
    if (this.state.setAside) this.setAside(this.state.setAside);
    this.answerFiles().forEach((file, number) => trim(file, this.state.lengths[number]));
    return !isNew;
  }

  /**
   * What stays of failed.jsonl takes its place, and the old file gets a name; once, or once more.
   */
  setAside(name) {
    const old = path.join(this.out, name);
    const part = `${this.failed}.part`;
    if (!fs.existsSync(old)) fs.renameSync(this.failed, old);
    if (fs.existsSync(part)) fs.renameSync(part, this.failed);
    syncFolder(this.out);
  }

  /**
   * Write to the journal what is about to be done or has been learnt; the state follows from it.
   */
  note(event, fields = {}) {
    this.guard(event);
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
    const file = path.join(this.out, name);
    writeFile(`${file}.part`, [Buffer.from(text)]);
    fs.renameSync(`${file}.part`, file);
    syncFolder(this.out);
  }
}

/**
 * Make a folder, and those above it. (Node's own `recursive` hangs where nothing may be made:
 * /proc.)
 */
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

/** Write a file of these pieces, which is on disk then. */
export function writeFile(file, pieces) {
  const fd = fs.openSync(file, "w");
  try {
    for (const piece of pieces) writeAll(fd, piece);
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
