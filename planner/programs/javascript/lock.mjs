// Let one program write to a folder at a time.
//
// DIR/lock has a line for each program that takes the folder, and a line when it leaves. Lines are
// appended whole, so they have one order for everybody: the first holder that has not left and is alive
// has the folder. A killed holder is known by its process id and the time that process started.

import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import fs from "node:fs";
import os from "node:os";

import { InputError, codeOf } from "./errors.mjs";
import { isObject, objectIn, shown } from "./text.mjs";

/** The right to write to a folder: `take` it, or get an InputError that says who has it; then `leave`. */
export class Lock {
  constructor(file) {
    this.file = file;
    this.me = {
      host: os.hostname(),
      pid: process.pid,
      started: processStart(process.pid),
      token: randomBytes(8).toString("hex"),
    };
  }

  take() {
    this.refuseIfHeld();
    this.append({ taken: this.me });
    try {
      this.refuseIfHeld();
    } catch (error) {
      this.leave();
      throw error;
    }
  }

  leave() {
    this.append({ left: this.me.token });
  }

  append(entry) {
    // A line of its own, even after one that was torn.
    fs.appendFileSync(this.file, `\n${JSON.stringify(entry)}\n`);
  }

  holders() {
    let holders = [];
    for (const line of fs.existsSync(this.file) ? fs.readFileSync(this.file, "utf8").split("\n") : []) {
      const entry = objectIn(line); // a torn line took nothing
      if (isObject(entry?.taken)) holders.push(entry.taken);
      else if (entry?.left) holders = holders.filter((holder) => holder.token !== entry.left);
    }
    return holders;
  }

  refuseIfHeld() {
    for (const holder of this.holders()) {
      if (holder.token === this.me.token) return;
      if (holder.host !== this.me.host) {
        throw new InputError(
          `A program on another host (${shown(holder.host)}, process ${holder.pid}) has this ` +
            `folder. If it no longer runs, delete ${this.file} and start again.`,
        );
      }
      if ([holder.started, ""].includes(processStart(holder.pid))) {
        throw new InputError(
          `Another program (process ${holder.pid}) has this folder. Wait for it or stop it; ` +
            "one program at a time writes to a folder.",
        );
      }
    }
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
    // State and start time are the 3rd and 22nd fields; the 2nd, a name in brackets, may hold anything.
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
