// The worker: loads Python, then answers one question after another through planner.bridge.handle.
//
// It begins by itself. A worker that comes from the network is bound by no policy of a page, so this one takes no address
// from a message: all that it asks for stands beside it, and is of its own origin.
//
// in:  {kind: "ask", id, text}           text: a question as JSON
// out: {kind: "bytes", bytes}            downloaded so far
//      {kind: "starting"}                all is there, Python begins
//      {kind: "ready"}
//      {kind: "answer", id, text}
//      {kind: "defect", id, message}     the planner raised: a defect of ours, not of the input
//      {kind: "crash", message}          Python broke down; this worker is of no use any more
//      {kind: "failed", message}         Python could not be loaded; this worker is of no use any more

const FILES = "FILES"; // {loader, script, wasm, library: names, integrity: of the library, lock}, written by the build

let bytes = 0;
let handle = null;

const send = (message) => self.postMessage(message);
const at = (name) => new URL(name, import.meta.url).href;

// Each file is asked for at once, and once: Python is then handed what is here.
const parts = [load(FILES.loader), load(FILES.script), compile(FILES.wasm), read(FILES.library)];

self.addEventListener("message", ({ data }) => {
  if (data.kind === "ask") answer(data);
});

start();

async function start() {
  try {
    const [{ loadPyodide }, { default: createPyodideModule }, wasm, library] = await Promise.all(parts);
    send({ kind: "starting" });
    const python = await begin(loadPyodide, createPyodideModule, wasm, library);
    handle = python.pyimport("planner.bridge").handle;
    send({ kind: "ready" });
  } catch (error) {
    send({ kind: "failed", message: lastLine(error) });
  }
}

// ---------------------------------------------------------------- files

async function load(name) {
  try {
    return await import(at(name));
  } catch (error) {
    throw new Error(`${name}: ${error.message}`);
  }
}

async function compile(name) {
  const response = await download(name);
  try {
    // the response itself, because a browser keeps the code that it has compiled with the file that it comes from
    if (response.headers.get("Content-Type") === "application/wasm") return await WebAssembly.compileStreaming(response);
    return await WebAssembly.compile(await response.arrayBuffer());
  } catch (error) {
    throw new Error(`${name}: ${error.message}`);
  }
}

async function read(name) {
  const response = await download(name, FILES.integrity);
  return response.arrayBuffer();
}

/** The response for a file, whose bytes are counted as they come; with `integrity` it is whole and the right one. */
async function download(name, integrity = "") {
  let response;
  try {
    response = await fetch(at(name), { mode: "same-origin", integrity });
  } catch (error) {
    throw new Error(`${name}: ${error.message}`);
  }
  if (!response.ok) throw new Error(`${name}: ${response.status} ${response.statusText}`.trim());
  count(response.clone());
  return response;
}

async function count({ body }) {
  const reader = body.getReader();
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      bytes += part.value.length;
      send({ kind: "bytes", bytes });
    }
  } catch {
    // whoever reads the other copy says so
  }
}

// ---------------------------------------------------------------- Python

/** Python, from the files that are here. loadPyodide never settles when its wasm cannot be had, this always does. */
async function begin(loadPyodide, createPyodideModule, wasm, library, options = {}) {
  const { fetch } = self;
  const { instantiateStreaming } = WebAssembly;
  try {
    return await new Promise((resolve, reject) => {
      self.fetch = async () => new Response(library); // it asks for its library, and for its wasm, which is taken from below
      WebAssembly.instantiateStreaming = async (_, imports) => {
        try {
          return { module: wasm, instance: await WebAssembly.instantiate(wasm, imports) };
        } catch (error) {
          reject(error);
          throw error;
        }
      };
      const lockFileContents = FILES.lock;
      const env = { PYTHONHASHSEED: "0" }; // one answer everywhere
      loadPyodide({ indexURL: at("."), createPyodideModule, lockFileContents, env, ...options }).then(resolve, reject);
    });
  } finally {
    self.fetch = fetch;
    WebAssembly.instantiateStreaming = instantiateStreaming;
  }
}

function answer({ id, text }) {
  try {
    send({ kind: "answer", id, text: handle(text) });
  } catch (error) {
    if (error.name === "PythonError") send({ kind: "defect", id, message: lastLine(error) });
    else send({ kind: "crash", message: lastLine(error) }); // of Python itself, which is gone
  }
}

// A Python traceback ends with the line that says what happened.
function lastLine(error) {
  return String(error?.message ?? error).trim().split("\n").at(-1);
}
