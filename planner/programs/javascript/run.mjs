// Take one run to its end: check, run, cancel.
//
// A run goes in rounds. One task submits, one settles questions, one follows each open batch; they
// know each other only by the journal. The first failure of any of them, or a signal, ends every
// wait of all the others; trouble with one batch alone is told when the others are collected.

import { setMaxListeners } from "node:events";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";

import { sendAgain } from "./again.mjs";
import { backoffSeconds, breathe, sleep } from "./answer.mjs";
import { Api } from "./api.mjs";
import { Collector } from "./collect.mjs";
import { Source } from "./cut.mjs";
import { Doubts } from "./doubt.mjs";
import { InputError, StoppedError, codeOf, leaveQuietly, systemText } from "./errors.mjs";
import { Folder, JOURNAL_FORMAT } from "./folder.mjs";
import { Lock } from "./lock.mjs";
import { PROGRAM } from "./options.mjs";
import { Log, checkText, lastLine, progressLine, summaryText } from "./report.mjs";
import { Requests, requestSettings, runSettings } from "./request.mjs";
import { scan } from "./scan.mjs";
import { Settings } from "./settings.mjs";
import { Sorter } from "./sort.mjs";
import { Submitter } from "./submit.mjs";
import { clock, grouped, shown } from "./text.mjs";

const FULL = ["ENOSPC", "EDQUOT", "EFBIG"];

/** Takes one file of requests to the end: `await new BatchRunner("in.jsonl", "out").run()`. */
export class BatchRunner {
  /** `adopt` is what a person says of batches that may be ours: their ids, or "none". */
  constructor(file, out, settings = new Settings(), adopt = []) {
    this.settings = settings;
    this.log = new Log();
    this.halt = new AbortController();
    this.signal = this.halt.signal;
    setMaxListeners(0, this.signal);
    this.folder = new Folder(out);
    this.source = new Source(file, this.folder, new Requests(settings));
    this.api = new Api(settings, this.log, this.signal);
    this.troubles = new Map(); // errors by batch, told when the others are collected
    this.sorter = new Sorter(this);
    this.doubts = new Doubts(this, adopt);
    this.collector = new Collector(this, this.sorter);
    this.submitter = new Submitter(this, this.doubts, this.sorter);
    this.tasks = new Map(); // promises by what they are about: a batch, or a part of the run
  }

  /** Read INPUT and say what a run would do. */
  async check() {
    try {
      await this.source.open(os.tmpdir(), this.signal);
      return checkText(await this.readInput(), this.settings);
    } catch (error) {
      if (!codeOf(error)) throw error;
      throw new InputError(`${error.path ?? os.tmpdir()}: ${systemText(error)}. Free space.`);
    } finally {
      this.source.close();
    }
  }

  /** Send all that is unsent, collect all that is open, in rounds. Returns the exit code. */
  async run({ cancel = false, retryFailed = false } = {}) {
    const { out, journal } = this.folder;
    let lock;
    try {
      await this.source.open(nearest(out), this.signal);
      const { identity } = await this.readInput();
      if ((cancel || retryFailed) && !this.source.requests.hasBegun) {
        throw new InputError(`${out} holds no run ${cancel ? "to cancel" : "to send again"}.`);
      }
      lock = await this.takeFolder();
      this.takeUp(identity);
      return await this.goOn(cancel, retryFailed);
    } catch (error) {
      throw codeOf(error) ? this.diskTrouble(error) : error;
    } finally {
      journal.close();
      leaveQuietly(() => lock?.leave());
      this.source.close();
    }
  }

  lastLine() {
    return lastLine(this.folder.state, this.folder.succeeded);
  }

  /** The state of the run, also before it was taken up. */
  stateNow() {
    const { folder } = this;
    try {
      return folder.state.began ? folder.state : folder.read();
    } catch {
      return folder.state;
    }
  }

  async readInput() {
    const { source, signal } = this;
    const { requests, name, fd } = source;
    const began = this.folder.out ? this.folder.journal.first() : null;
    requests.hasBegun = began !== null;
    const { identity, count, problems } = await scan(fd, name, requests, signal).catch((error) => {
      const isFull = FULL.includes(codeOf(error)); // of a temporary file
      if (isFull || !codeOf(error)) throw error;
      throw new InputError(source.unreadable(systemText(error)));
    });
    await breathe(signal);
    Object.assign(identity, source.packed);
    this.sameInput(began, identity);
    if (problems.count) throw new InputError(problems.text());
    return { identity, count };
  }

  /**
   * A run goes on with the file that it began with, to the byte, and with the same kind of
   * requests.
   */
  sameInput(began, now) {
    if (!began) return;
    const { out } = this.folder;
    const before = began.input;
    if (before.bytes !== now.bytes || before.sha256 !== now.sha256) {
      const identity = (input) =>
        `${grouped(input.bytes)} bytes, SHA-256 ${input.sha256.slice(0, 12)}`;
      throw new InputError(
        `${out} belongs to a run on another input: it began with ${shown(before.name)}, ` +
          `${identity(before)}; ${shown(now.name)} has ${identity(now)}. ` +
          "Restore that file, or choose another --out. Nothing was submitted.",
      );
    }
    const mine = requestSettings(this.settings);
    const differ = Object.entries(began.request_settings)
      .filter(([name, value]) => JSON.stringify(mine[name]) !== JSON.stringify(value))
      .map(([name]) => name);
    if (differ.length) {
      throw new InputError(
        `${out} belongs to a run with other settings: ${differ.join(", ")} differ. ` +
          "Set them as they were, or choose another --out. Nothing was submitted.",
      );
    }
  }

  async takeFolder() {
    const { folder } = this;
    folder.make();
    const lock = new Lock(path.join(folder.out, "lock"), this.signal);
    for (const { host, pid } of await lock.take()) {
      this.log.line(`Process ${pid} on ${shown(host)}, which had the folder, is gone: taken over`);
    }
    folder.guard = () => lock.refuseIfLost();
    return lock;
  }

  /** What to do about a disk that is full, or a folder that cannot be written. */
  diskTrouble(error) {
    const { out } = this.folder;
    const state = this.stateNow();
    if (!state.began) {
      const why = `cannot be written (${systemText(error)})`;
      return new InputError(`${out}: ${why}. Free space, or choose another --out.`);
    }
    const remedy = `Free space on ${out}, or make it writable,`;
    const open = state.inFlight().length;
    const paid = open ? `: ${grouped(open)} batches are open and paid for.` : ".";
    const what = `${systemText(error)}: ${error.path ?? out}`;
    return new StoppedError(`${what}. ${remedy} and start the same command again${paid}`);
  }

  /** Begin the run, or take up what the journal says. */
  takeUp(identity) {
    const { folder } = this;
    const settings = runSettings(this.settings);
    const request_settings = requestSettings(this.settings);
    this.sameInput(folder.journal.first(), identity); // another may have begun here meanwhile
    if (!folder.open()) {
      const run = { format: JOURNAL_FORMAT, program: PROGRAM, input: identity };
      folder.note("run", { ...run, request_settings, settings });
    } else if (folder.state.done === null) {
      folder.note("resume", { program: PROGRAM, settings });
      // The settings may be others now: what was not sent is cut anew.
      const batches = folder.state.withStatus("unsent").map(({ number }) => number);
      if (batches.length) folder.note("recut", { batches });
    }
  }

  async goOn(cancel, retryFailed) {
    const { folder } = this;
    const { state } = folder;
    if (retryFailed && state.done === null && !state.setAside) {
      throw new InputError("--retry-failed is for a run that is done: start without it first.");
    }
    if (retryFailed && state.done !== null) sendAgain(this);
    if (state.done === null) {
      try {
        this.api.connect();
        if (cancel && !state.canceling) folder.note("cancel");
        await this.workOff();
        await breathe(this.signal);
      } catch (error) {
        if (error instanceof StoppedError) {
          leaveQuietly(() => folder.note("stop", { code: 3, why: error.message }));
        }
        throw error;
      }
      folder.note("done", { code: state.givenUp ? 1 : 0 });
    }
    folder.write("summary.json", summaryText(state));
    return state.done;
  }

  /** One round after the other. */
  async workOff() {
    const { state } = this.folder;
    await this.doubts.sameAccount();
    await this.workOffRound();
    while (state.again && !state.canceling) {
      this.beginRound();
      await this.workOffRound();
    }
    if (state.canceling && !state.restGivenUp) this.sorter.giveUpTheRest();
  }

  /**
   * Until nothing of this round is left, or what is left waits for a person: then a StoppedError.
   */
  async workOffRound() {
    const { state, watchers } = this.folder;
    const progress = setInterval(() => this.log.progress(progressLine(state)), 1000);
    try {
      do {
        this.start("submit", () => this.submitter.submitAll());
        while (this.tasks.size) {
          if (this.submitter.isWanted()) this.start("submit", () => this.submitter.submitAll());
          for (const batch of state.withStatus("open", "stored")) {
            if (!this.troubles.has(batch)) this.start(batch, () => this.collector.follow(batch));
          }
          if (this.doubts.questions().length) this.start("judge", () => this.doubts.judge());
          await sleep(Infinity, this.signal, watchers);
        }
      } while (this.submitter.canGoOn());
    } finally {
      clearInterval(progress);
      await Promise.all(this.tasks.values());
      this.log.clear();
    }
    this.signal.throwIfAborted();
    const told = [...this.troubles.values()].map((error) => error.message);
    told.push(...this.doubts.choices.values());
    if (told.length) throw new StoppedError(told.join(" "));
  }

  /** Begin a task, unless there is one for the same thing. */
  start(what, work) {
    if (this.tasks.has(what)) return;
    const ended = work()
      .catch((error) => this.halt.abort(error))
      .finally(() => {
        this.tasks.delete(what);
        this.folder.wake();
      });
    this.tasks.set(what, ended);
    this.log.progress(progressLine(this.folder.state));
  }

  beginRound() {
    const { folder, settings } = this;
    const { state } = folder;
    const round = state.round + 1;
    const delay = backoffSeconds(settings, round);
    const not_before = Math.round(Date.now() + 1000 * delay) / 1000;
    folder.note("round", { round, requests: state.again, bytes: state.lengths[2], not_before });
    const retried = `${grouped(state.retried)} retries so far`;
    this.log.line(`Round ${round + 1}: ${retried}; the next go out in ${clock(delay)}`);
  }
}

/** The folder, or the nearest above it that is there. */
function nearest(folder) {
  const full = path.resolve(folder);
  return fs.existsSync(full) ? full : nearest(path.dirname(full));
}
