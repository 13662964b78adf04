// Let one program write to a folder at a time.
//
// DIR/lock has a line for each program that takes the folder, and a line when it leaves. Lines are
// appended whole, so they have one order for everybody: the first holder that has not left and is
// alive has the folder. A holder in the same process table is alive if its process is; of any other
// the file tells: whoever has the folder touches it every few seconds. Who takes over writes that
// the dead one has left, so that one that only slept knows.

import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import { Worker } from "node:worker_threads";

import { sleep } from "./answer.mjs";
import { InputError, StoppedError, codeOf } from "./errors.mjs";
import { isObject, objectIn, shown } from "./text.mjs";

const HEARTBEAT_SECONDS = 5.0;
// A thread of its own: sorting a large batch on a slow disk must not look like the end.
const HEARTBEAT = `
  const { utimesSync } = require("node:fs");
  const { workerData: { file, ms } } = require("node:worker_threads");
  setInterval(() => {
    try { utimesSync(file, new Date(), new Date()); } catch {}
  }, ms);
`;
const LOCK_WATCH_SECONDS = 20.0;

/**
 * The right to write to a folder: `take` it, or get an InputError that says who has it; then
 * `leave`.
 */
export class Lock {
  constructor(file, signal) {
    this.file = file;
    this.signal = signal;
    this.me = {
      host: os.hostname(),
      pid: process.pid,
      started: processStart(process.pid),
      boot: textOf(() => fs.readFileSync("/proc/sys/kernel/random/boot_id", "utf8")),
      pidns: textOf(() => fs.readlinkSync("/proc/self/ns/pid")),
      token: randomBytes(8).toString("hex"),
    };
    this.size = -1; // of the file, when it was last read
    this.isLost = false;
  }

  /** Returns the holders that are gone and were taken over from. */
  async take() {
    const gone = await this.deadHolders();
    for (const { token } of gone) this.append({ left: token });
    this.append({ taken: this.me });
    try {
      await this.deadHolders();
    } catch (error) {
      this.leave();
      throw error;
    }
    const workerData = { file: this.file, ms: 1000 * HEARTBEAT_SECONDS };
    this.heartbeat = new Worker(HEARTBEAT, { eval: true, execArgv: [], workerData });
    this.heartbeat.on("error", () => {}).unref();
    return gone;
  }

  leave() {
    this.heartbeat?.terminate();
    if (!this.isLost) this.append({ left: this.me.token });
  }

  /** A StoppedError if another program has taken the folder meanwhile: this one must have slept. */
  refuseIfLost() {
    const size = fs.existsSync(this.file) ? fs.statSync(this.file).size : 0;
    if (size === this.size && !this.isLost) return;
    if (!this.holders().some(({ token }) => token === this.me.token)) {
      this.isLost = true;
      throw new StoppedError(
        "Another program has taken this folder, for this one gave no sign for some time. " +
          "Nothing more is written here.",
      );
    }
  }

  append(entry) {
    // A line of its own, even after one that was torn.
    fs.appendFileSync(this.file, `\n${JSON.stringify(entry)}\n`);
  }

  /** Those who took the folder and have not left, in order. */
  holders() {
    const text = fs.existsSync(this.file) ? fs.readFileSync(this.file) : Buffer.alloc(0);
    this.size = text.length;
    let holders = [];
    for (const line of text.toString().split("\n")) {
      const entry = objectIn(line); // a torn line took nothing
      if (isObject(entry?.taken)) holders.push(entry.taken);
      else if (entry?.left) holders = holders.filter((holder) => holder.token !== entry.left);
    }
    return holders;
  }

  /** The holders before this program, all of them dead; an InputError if one is alive. */
  async deadHolders() {
    const holders = this.holders();
    const mine = holders.findIndex(({ token }) => token === this.me.token);
    const before = mine < 0 ? holders : holders.slice(0, mine);
    const here = before.filter((holder) => this.isHere(holder));
    for (const { pid } of here.filter((holder) => isAlive(holder))) {
      throw new InputError(
        `Another program (process ${pid}) has this folder. Wait for it or stop it; ` +
          "one program at a time writes to a folder.",
      );
    }
    const elsewhere = before.filter((holder) => !here.includes(holder));
    if (elsewhere.length && (await this.isTouched())) {
      const { host, pid } = elsewhere[0];
      throw new InputError(
        `A program on another host (${shown(host)}, process ${pid}) has this folder and is ` +
          "alive. Wait for it or stop it; one program at a time writes to a folder.",
      );
    }
    return before;
  }

  /** Whether a holder stands in the same process table as this program. */
  isHere({ host, boot, pidns }) {
    if (boot && pidns && this.me.boot && this.me.pidns) {
      return boot === this.me.boot && pidns === this.me.pidns;
    }
    return host === this.me.host;
  }

  /** Whether somebody touches the file while it is watched. */
  async isTouched() {
    const before = this.modified();
    for (let looks = 0; looks < 20; looks++) {
      await sleep(LOCK_WATCH_SECONDS / 20, this.signal);
      if (this.modified() !== before) return true;
    }
    return false;
  }

  modified() {
    // Opened anew each time: a shared folder may show an old time of a file that is not.
    const fd = fs.openSync(this.file, "r");
    try {
      return fs.fstatSync(fd, { bigint: true }).mtimeNs;
    } finally {
      fs.closeSync(fd);
    }
  }
}

const isAlive = ({ pid, started }) => [started, ""].includes(processStart(pid));

function textOf(read) {
  try {
    return read().trim();
  } catch {
    return ""; // no Linux
  }
}

/**
 * When a process began, as text that another process begun at another time does not have.
 * null: there is no such process. "": it is there, and this system does not say since when.
 */
export function processStart(pid) {
  if (process.platform === "win32") {
    const words = ["/NH", "/FI", `PID eq ${pid}`];
    const listed = execFileSync("tasklist", words, { encoding: "utf8" });
    return listed.split(/\s+/).includes(String(pid)) ? "" : null;
  }
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (codeOf(error) === "ESRCH") return null;
  }
  const start = startInProc(pid);
  return start === undefined ? startByPs(pid) : start;
}

/** As `processStart`; undefined where there is no /proc. */
function startInProc(pid) {
  try {
    // State and start time are the 3rd and 22nd fields; the 2nd, a name in brackets, may hold
    // anything.
    const stat = fs.readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 1).trim().split(/\s+/);
    const boot = fs.readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    return "ZX".includes(fields[0]) ? null : `${boot} ${fields[19]}`;
  } catch {
    return undefined;
  }
}

function startByPs(pid) {
  try {
    const env = { ...process.env, LC_ALL: "C", TZ: "UTC" };
    const words = ["-o", "lstart=", "-p", String(pid)];
    return execFileSync("ps", words, { encoding: "utf8", env }).trim();
  } catch {
    return "";
  }
}
