// Loaded before a program by `node --import`: kills it at the n-th line that it writes to its journal.
// KILL_AT is "n when": "before" the line, with half of it written ("torn"), or "after" it, before anything else is done.
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";

const [count, when] = (process.env.KILL_AT ?? "0 before").split(" ");
const write = fs.writeSync;
let seen = 0;

fs.writeSync = (file, data, ...rest) => {
  const bytes = typeof data === "string" ? Buffer.from(data) : data;
  if (Buffer.from(bytes).subarray(0, 8).toString() !== '{"event"') {
    return write(file, data, ...rest);
  }
  seen += 1;
  if (seen === Number(count)) {
    if (when === "torn") {
      write(file, bytes, 0, Math.floor(bytes.length / 2));
    }
    if (when === "after") {
      write(file, bytes);
    }
    process.kill(process.pid, "SIGKILL");
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0); // the signal comes in its own time
  }
  return write(file, data, ...rest);
};
syncBuiltinESMExports();
