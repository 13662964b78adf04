// The worker: loads Python, then answers one question after another through planner.bridge.handle.
//
// A worker that comes from the network is bound by no policy of a page, so this one takes no
// address from a message: all that it asks for stands beside it, and is of its own origin.
//
// in:  {kind: "start"}
//      {kind: "ask", id, text}           text: a question as JSON
// out: {kind: "bytes", bytes}            downloaded so far
//      {kind: "starting"}                all is there, Python begins
//      {kind: "ready"}
//      {kind: "answer", id, text}
//      {kind: "defect", id, message}     the planner raised: a defect of ours, not of the input
//      {kind: "failed", message}         Python could not be loaded; this worker is of no use

const FILES = [
  "pyodide.mjs",
  "pyodide.asm.mjs",
  "pyodide.asm.wasm",
  "pyodide-lock.json",
  "python_stdlib.zip",
  "planner.zip",
];
const RUNTIME = new URL("../runtime/", import.meta.url);
const HOME = "/planner";

let handle = null;

const send = (message) => self.postMessage(message);

self.addEventListener("message", ({ data }) => {
  if (data.kind === "start") start();
  if (data.kind === "ask") answer(data);
});

async function start() {
  try {
    if (RUNTIME.origin !== self.origin) throw new Error(`${RUNTIME.origin} is not ${self.origin}`);
    const planner = await download();
    send({ kind: "starting" });
    const { loadPyodide } = await import(new URL("pyodide.mjs", RUNTIME).href);
    const python = await loadPyodide({ indexURL: RUNTIME.href });
    python.unpackArchive(planner, "zip", { extractDir: HOME });
    python.runPython(`import sys; sys.path.insert(0, ${JSON.stringify(HOME)})`);
    handle = python.pyimport("planner.bridge").handle;
    send({ kind: "ready" });
  } catch (error) {
    send({ kind: "failed", message: String(error?.message ?? error) });
  }
}

// loadPyodide never settles when its .wasm cannot be had, so each file is fetched and looked at
// first; Python then takes it from the browser's cache. Returns the planner's zip.
async function download() {
  let bytes = 0;
  const fetched = FILES.map(async (name) => {
    const response = await fetch(new URL(name, RUNTIME), { mode: "same-origin" });
    if (!response.ok) throw new Error(`${name}: ${response.status} ${response.statusText}`.trim());
    const parts = [];
    const reader = response.body.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      bytes += value.length;
      send({ kind: "bytes", bytes });
      if (name === "planner.zip") parts.push(value);
    }
    return parts;
  });
  const [planner] = (await Promise.all(fetched)).slice(-1);
  return new Blob(planner).arrayBuffer();
}

function answer({ id, text }) {
  try {
    send({ kind: "answer", id, text: handle(text) });
  } catch (error) {
    send({ kind: "defect", id, message: lastLine(error) });
  }
}

// A Python traceback ends with the line that says what happened.
function lastLine(error) {
  return String(error?.message ?? error).trim().split("\n").at(-1);
}
