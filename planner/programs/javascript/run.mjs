// Take one run to its end: check, run, cancel.
//
// A run goes in rounds. One task submits, one follows each open batch; they know each other only by the
// journal. The first failure of any of them, or a signal, ends every wait of all the others.

import { setMaxListeners } from "node:events";
import fs from "node:fs";
import path from "node:path";

import { backoffSeconds, sleep } from "./answer.mjs";
import { Api } from "./api.mjs";
import { Collector } from "./collect.mjs";
import { Source } from "./cut.mjs";
import { Doubts } from "./doubt.mjs";
import { InputError, StoppedError, codeOf, leaveQuietly, systemText } from "./errors.mjs";
import { Folder, JOURNAL_FORMAT } from "./folder.mjs";
import { Lock } from "./lock.mjs";
import { usdRounded } from "./money.mjs";
import { PROGRAM } from "./options.mjs";
import { Log, lastLine, progressLine, summaryText } from "./report.mjs";
import { Requests, requestSettings, runSettings } from "./request.mjs";
import { scan } from "./scan.mjs";
import {
  BYTES_PER_TOKEN,
  PLANNED_OUTPUT_TOKENS,
  PLANNED_REQUESTS,
  PLANNED_USD,
  Settings,
} from "./settings.mjs";
import { Sorter } from "./sort.mjs";
import { Submitter } from "./submit.mjs";
import { clock, grouped, shown } from "./text.mjs";

/** Takes one file of requests to the end: `await new BatchRunner("in.jsonl", "out").run()`. */
export class BatchRunner {
  constructor(file, out, settings = new Settings()) {
    this.settings = settings;
    this.log = new Log();
    this.halt = new AbortController();
    this.signal = this.halt.signal;
    setMaxListeners(0, this.signal);
    this.folder = new Folder(out);
    this.source = new Source(file, this.folder, new Requests(settings));
    this.api = new Api(settings, this.log, this.signal);
    this.sorter = new Sorter(this);
    this.collector = new Collector(this, this.sorter);
    this.submitter = new Submitter(this, new Doubts(this), this.sorter);
    this.tasks = new Set();
    this.followed = new Set(); // batches that a task follows
  }

  /** Read INPUT and say what a run would do. */
  async check() {
    this.source.open();
    try {
      return checkText(await this.readInput(), this.settings);
    } finally {
      this.source.close();
    }
  }

  /** Send all that is unsent, collect all that is open, in rounds. Returns the exit code. */
  async run(cancel = false) {
    this.source.open();
    try {
      const { identity } = await this.readInput();
      const { out, journal } = this.folder;
      if (cancel && !fs.existsSync(journal.file)) {
        throw new InputError(`${out} holds no run to cancel.`);
      }
      const lock = this.takeFolder();
      try {
        this.takeUp(identity);
        return await this.goOn(cancel);
      } catch (error) {
        if (!codeOf(error)) throw error;
        throw new StoppedError(`${systemText(error)}: ${error.path ?? out}. Make room or mend it.`);
      } finally {
        journal.close();
        leaveQuietly(() => lock.leave());
      }
    } finally {
      this.source.close();
    }
  }

  lastLine() {
    return lastLine(this.folder.state, this.folder.succeeded);
  }

  async readInput() {
    const { source, settings, signal } = this;
    const read = await scan(source.fd, source.name, settings, signal).catch((error) => {
      if (!codeOf(error)) throw error;
      throw new InputError(`${source.file}: cannot be read (${systemText(error)}).`);
    });
    signal.throwIfAborted();
    this.sameInput(read.identity);
    if (read.problems.count) throw new InputError(read.problems.text());
    return read;
  }

  /** A run goes on with the file that it began with, to the byte, and with the same kind of requests. */
  sameInput(now) {
    const { out, journal } = this.folder;
    const began = journal.first();
    if (!began) return;
    if (began.format !== JOURNAL_FORMAT) {
      const remedy = "Use that version, or another --out.";
      throw new InputError(`${journal.file} is of another version of this program. ${remedy}`);
    }
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

  takeFolder() {
    const { folder } = this;
    const lock = new Lock(path.join(folder.out, "lock"));
    try {
      folder.make();
      lock.take();
      return lock;
    } catch (error) {
      if (!codeOf(error)) throw error;
      const why = `cannot be written (${systemText(error)})`;
      throw new InputError(`${folder.out}: ${why}. Choose another --out.`);
    }
  }

  /** Begin the run, or take up what the journal says. */
  takeUp(identity) {
    const { folder } = this;
    const settings = runSettings(this.settings);
    const request_settings = requestSettings(this.settings);
    try {
      this.sameInput(identity); // another run may have begun here while INPUT was read
      if (!folder.open()) {
        const run = { format: JOURNAL_FORMAT, program: PROGRAM, input: identity };
        folder.note("run", { ...run, request_settings, settings });
      } else if (folder.state.done === null) {
        folder.note("resume", { program: PROGRAM, settings });
      }
    } catch (error) {
      if (!codeOf(error)) throw error;
      const remedy = "Free the disk or choose another --out.";
      throw new InputError(`${folder.out}: ${systemText(error)}. ${remedy}`);
    }
  }

  async goOn(cancel) {
    const { folder } = this;
    const { state } = folder;
    if (state.done === null) {
      try {
        await this.api.connect();
        if (cancel && !state.canceling) folder.note("cancel");
        await this.workOffRound();
        while (state.again && !state.canceling) {
          this.beginRound();
          await this.workOffRound();
        }
        if (state.canceling && !state.restGivenUp) this.sorter.giveUpTheRest();
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

  /** Until nothing of this round is left; when canceling, until nothing is open. */
  async workOffRound() {
    const { state, watchers } = this.folder;
    const progress = setInterval(() => this.log.progress(progressLine(state)), 1000);
    try {
      do {
        this.start(this.submitter.submitAll());
        while (this.tasks.size) {
          for (const batch of state.withStatus("open", "stored")) this.follow(batch);
          await sleep(Infinity, this.signal, watchers);
        }
        // What is left was adopted and is somebody else's; or is not to be sent.
      } while (state.canceling ? state.withStatus("doubt").length : state.batches.size);
    } finally {
      clearInterval(progress);
      await Promise.all(this.tasks);
      this.log.clear();
    }
    this.signal.throwIfAborted();
  }

  follow(batch) {
    if (this.followed.has(batch)) return;
    this.followed.add(batch);
    this.start(this.collector.follow(batch).finally(() => this.followed.delete(batch)));
  }

  start(task) {
    const ended = task
      .catch((error) => this.halt.abort(error))
      .finally(() => {
        this.tasks.delete(ended);
        this.folder.wake();
      });
    this.tasks.add(ended);
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

/** What --check prints. */
function checkText({ identity, count }, settings) {
  const { name, requests, kind, bytes, sha256 } = identity;
  const first = Math.min(settings.canary, requests);
  const alone = first ? `; the first ${grouped(first)} requests go alone` : "";
  const unknown = `; no price is known for the model of ${grouped(count.unpriced)} requests`;
  const input = grouped(Math.ceil(count.textBytes / BYTES_PER_TOKEN));
  return [
    `${name}: ${grouped(requests)} ${kind}, ${grouped(bytes)} bytes, SHA-256 ${sha256}`,
    `Split: ${grouped(count.batches)} batches, the largest of ${grouped(count.largest)} requests${alone}`,
    `Tokens, estimated: ${input} of input (${BYTES_PER_TOKEN} bytes each), ` +
      `${grouped(count.outputTokens)} of output ` +
      `(as planned, ${grouped(PLANNED_OUTPUT_TOKENS)} a request)`,
    `Cost, estimated at batch prices without prompt caching: $${usdRounded(count.cost)}; ` +
      `at most $${usdRounded(count.worst)}, if every answer is max_tokens long` +
      (count.unpriced ? unknown : ""),
    `The plan: $${PLANNED_USD} for ${grouped(PLANNED_REQUESTS)} requests`,
    "Nothing was submitted.",
  ].join("\n");
}
