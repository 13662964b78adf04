// The worker: loads Python, then answers one question after another through planner.bridge.handle.
//
// in:  {kind: "start", runtime}          runtime: absolute address of the folder with Python and the planner
//      {kind: "ask", id, text}           text: a question as JSON
// out: {kind: "bytes", bytes}            downloaded so far
//      {kind: "starting"}                all is there, Python begins
//      {kind: "ready"}
//      {kind: "answer", id, text}
//      {kind: "defect", id, message}     the planner raised: a defect of ours, not of the input
//      {kind: "failed", message}         Python could not be loaded; this worker is of no use any more

const FILES = ["pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "pyodide-lock.json", "python_stdlib.zip", "planner.zip"];
const HOME = "/planner";

let handle = null;

const send = (message) => self.postMessage(message);

self.addEventListener("message", ({ data }) => {
  if (data.kind === "start") start(data.runtime);
  if (data.kind === "ask") answer(data);
});

async function start(runtime) {
  try {
    const planner = await download(runtime);
    send({ kind: "starting" });
    const { loadPyodide } = await import(new URL("pyodide.mjs", runtime).href);
    const python = await loadPyodide({ indexURL: runtime });
    python.unpackArchive(planner, "zip", { extractDir: HOME });
    python.runPython(`import sys; sys.path.insert(0, ${JSON.stringify(HOME)})`);
    handle = python.pyimport("planner.bridge").handle;
    send({ kind: "ready" });
  } catch (error) {
    send({ kind: "failed", message: String(error?.message ?? error) });
  }
}

// loadPyodide never settles when its .wasm cannot be had, so each file is fetched and looked at first; Python then
// takes it from the browser's cache. Returns the planner's zip.
async function download(runtime) {
  let bytes = 0;
  const fetched = FILES.map(async (name) => {
    const response = await fetch(new URL(name, runtime));
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
