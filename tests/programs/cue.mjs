// Loaded before a program by `node --import`: something happens at the n-th line that it writes to its journal, at each, or at
// the first of an event, or at the n-th file that it renames. CUE is "n when do what"; see zygote.py, which does the same for Python.
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";

const [count, when, what, where] = (process.env.CUE ?? "0 before SIGKILL journal").split(" ");
let seen = 0;

const happen = () => {
  if (what === "ENOSPC") {
    const text = "ENOSPC: no space left on device, write";
    throw Object.assign(new Error(text), { code: "ENOSPC", errno: -28, syscall: "write" });
  }
  process.kill(process.pid, what);
  if (what === "SIGKILL") {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0); // it comes in its own time
  }
};

if (where === "journal") {
  const write = fs.writeSync;
  let full = -1;
  fs.writeSync = (file, data, ...rest) => {
    if (file === full) {
      happen();
    }
    const bytes = typeof data === "string" ? Buffer.from(data) : data;
    if (Buffer.from(bytes).subarray(0, 8).toString() !== '{"event"') {
      return write(file, data, ...rest);
    }
    seen += 1;
    if (count !== "each" && seen !== Number(count) && JSON.parse(bytes.toString()).event !== count) {
      return write(file, data, ...rest);
    }
    full = what === "ENOSPC" ? file : -1;
    if (when === "before") {
      happen();
    }
    const half = when === "torn" ? Math.floor(bytes.length / 2) : bytes.length;
    const written = write(file, bytes, 0, half);
    if (when !== "before" && full < 0) {
      happen();
    }
    if (what === "SIGSTOP") {
      return written + write(file, bytes, half);
    }
    return written;
  };
} else {
  const around = (rename) => (...args) => {
    seen += 1;
    const now = seen === Number(count);
    if (now && when === "before") {
      happen();
    }
    const renamed = rename(...args);
    if (now && when === "after") {
      happen();
    }
    return renamed;
  };
  fs.renameSync = around(fs.renameSync);
  fs.promises.rename = around(fs.promises.rename);
}
syncBuiltinESMExports();
