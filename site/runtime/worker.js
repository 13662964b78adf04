// The worker: loads Python, then answers the newest question through planner.bridge.
//
// It begins by itself. A worker that comes from the network is bound by no policy of a page, so
// this one takes no address from a message: all that it asks for stands beside it, and is of its
// own origin.
//
// in:  {kind: "ask", id, text}           text: a question as JSON; one that is newer takes its place
//      {kind: "keep"}                    the page is idle: what the next visit needs may be kept
//      {kind: "read", files, text}       dropped together; text: what planner.drop.Drop begins with
//      {kind: "write", files, text, folder}    write them again; text: what planner.drop.Drop.write
//                                        takes; folder: a handle of it, null for an archive
//      {kind: "stop"}                    read no further
//      {kind: "tell", id, text}          what they told; text: a question as JSON
// out: {kind: "bytes", bytes}            downloaded so far
//      {kind: "starting"}                all is there, Python begins
//      {kind: "ready"}
//      {kind: "kept"}                    as far as there was room
//      {kind: "begun", id}
//      {kind: "answer", id, text}        of the newest; one that was left has none
//      {kind: "progress", read, total, text}   bytes of the files, and the same in words
//      {kind: "read", stopped}           all of them, or as far as it was wanted
//      {kind: "written", text, archive}  what was written; "" if it was stopped
//      {kind: "told", id, text}
//      {kind: "defect", id, message}     the planner raised: a defect of ours, not of the input
//      {kind: "crash", message}          Python broke down; this worker is of no use
//      {kind: "failed", message}         Python could not be loaded; this worker is of no use

import { lastLine, send } from "./messages.js";
import { dropped, readAll, tell } from "./reading.js";
import { writeAll } from "./writing.js";

// Written by the build: {loader, script, wasm, library: names, integrity: of the library, lock}.
const FILES = "FILES";

// What memory holds depends on all files, whose names this script's own name covers, on the
// browser, and on the zone.
const ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;
const MADE_BY = encodeURIComponent(`${navigator.userAgent} ${ZONE}`);
const MEMORY = { cache: "python-memory", key: `${import.meta.url}?${MADE_BY}` };
// Where the service worker looks for what is here already: a private window has too small a cache
// for it, and would download it twice.
const DOWNLOADS = "downloads";

let bytes = 0;
let python = null;
let ask = null; // gives the steps to an answer
let newest = null; // the question that waits
let isAnswering = false;
let memory = null; // of a Python that has just begun, until it is kept
const turn = new MessageChannel(); // to itself
const downloads = new Map(); // address -> a promise of its parts, until they are kept

const at = (name) => new URL(name, import.meta.url).href;

// Each file is asked for at once, and once: Python is then handed what is here.
const parts = [
  load(FILES.loader),
  load(FILES.script),
  compile(FILES.wasm),
  read(FILES.library),
  recall(),
];

self.addEventListener("message", ({ data }) => {
  if (data.kind === "ask") take(data);
  if (data.kind === "keep") keepAll();
  if (data.kind === "read") readAll(python, data);
  if (data.kind === "write") writeAll(python, data);
  if (data.kind === "stop") dropped.isStopped = true;
  if (data.kind === "tell") tell(data);
});

start();

async function start() {
  try {
    const [{ loadPyodide }, script, wasm, library, kept] = await Promise.all(parts);
    send({ kind: "starting" });
    const load = (options) => begin(loadPyodide, script.default, wasm, library, options);
    python = (kept && (await resume(load, kept))) || (await beginFresh(load));
    ask = python.pyimport("planner.bridge").answer;
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
    // the response itself: a browser keeps the compiled code with the file that it comes from
    if (response.headers.get("Content-Type") === "application/wasm")
      return await WebAssembly.compileStreaming(response);
    return await WebAssembly.compile(await response.arrayBuffer());
  } catch (error) {
    throw new Error(`${name}: ${error.message}`);
  }
}

async function read(name) {
  const { body } = await download(name, FILES.integrity);
  return new Response(body.pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();
}

/**
 * The response for a file, whose bytes are counted as they come; with `integrity` it is whole and
 * the right one.
 */
async function download(name, integrity = "") {
  let response;
  try {
    response = await fetch(at(name), { mode: "same-origin", integrity });
  } catch (error) {
    throw new Error(`${name}: ${error.message}`);
  }
  if (!response.ok) throw new Error(`${name}: ${response.status} ${response.statusText}`.trim());
  downloads.set(at(name), count(response.clone()));
  return response;
}

/** The parts of a file, as they came; null if it is not whole, which the other copy's reader says. */
async function count({ body }) {
  const reader = body.getReader();
  const parts = [];
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      parts.push(part.value);
      bytes += part.value.length;
      send({ kind: "bytes", bytes });
    }
    return parts;
  } catch {
    return null;
  }
}

// ---------------------------------------------------------------- Python

/**
 * Python, from the files that are here. loadPyodide never settles when its wasm cannot be had, this
 * always does.
 */
async function begin(loadPyodide, createPyodideModule, wasm, library, options = {}) {
  const { fetch } = self;
  const { instantiateStreaming } = WebAssembly;
  try {
    return await new Promise((resolve, reject) => {
      // it asks for its library, and for its wasm, which is taken from below
      self.fetch = async () => new Response(library);
      WebAssembly.instantiateStreaming = async (_, imports) => {
        try {
          return { module: wasm, instance: await WebAssembly.instantiate(wasm, imports) };
        } catch (error) {
          reject(error);
          throw error;
        }
      };
      loadPyodide({
        indexURL: at("."),
        createPyodideModule,
        lockFileContents: FILES.lock,
        env: { PYTHONHASHSEED: "0" }, // one answer everywhere
        ...options,
      }).then(resolve, reject);
    });
  } finally {
    self.fetch = fetch;
    WebAssembly.instantiateStreaming = instantiateStreaming;
  }
}

async function beginFresh(load) {
  const python = await load({ _makeSnapshot: true });
  python.runPython("import random, planner.bridge; planner.bridge.prepare()");
  memory = python.makeMemorySnapshot(); // of a Python that has not been asked anything
  return python;
}

// ---------------------------------------------------------------- memory

/**
 * The memory of an earlier visit, if there is one that is whole; null if not, or if storage is
 * forbidden.
 */
async function recall() {
  if (self.isFresh) return null; // the Python before this one broke down: perhaps it was its memory
  try {
    const cache = await caches.open(MEMORY.cache);
    const response = await cache.match(MEMORY.key);
    const kept = await response?.arrayBuffer();
    return kept && response.headers.get("Sum") === sumOf(kept) ? kept : null;
  } catch {
    return null;
  }
}

/** Python as it began on an earlier visit, or null if nothing can be made of its memory. */
async function resume(load, kept) {
  try {
    const python = await load({ _loadSnapshot: kept });
    python.runPython("random.seed()"); // else every visit draws the same
    return python;
  } catch {
    return null;
  }
}

/** Keep what the next visit needs; without room it is not kept, which only costs time. */
async function keepAll() {
  const files = [...downloads];
  const fresh = memory;
  downloads.clear();
  memory = null;
  // each by itself: what finds no room does not keep the other from it
  await Promise.allSettled([fresh && keepMemory(fresh), handOver(files)]);
  send({ kind: "kept" });
}

/** Keep the memory, in place of any other. */
async function keepMemory(fresh) {
  const headers = { Sum: sumOf(new Uint8Array(fresh).buffer) };
  await caches.delete(MEMORY.cache);
  const cache = await caches.open(MEMORY.cache);
  await cache.put(MEMORY.key, new Response(fresh, { headers }));
}

/** Lay the files where the service worker finds them, if it does not have them. */
async function handOver(files) {
  for (const [address, coming] of files) {
    const parts = await coming;
    if (!parts || (await caches.match(address, { ignoreSearch: true }))) continue;
    const cache = await caches.open(DOWNLOADS);
    const headers = address.endsWith(".wasm") ? { "Content-Type": "application/wasm" } : {};
    await cache.put(address, new Response(new Blob(parts), { headers }));
  }
}

/**
 * A sum that no accident leaves as it was. A hash that nobody can forge would keep Python waiting
 * for longer than the rest of the memory does, and who can write here can write the hash too.
 */
function sumOf(buffer) {
  const words = new Int32Array(buffer, 0, buffer.byteLength >> 2);
  let sum = buffer.byteLength;
  for (let at = 0; at < words.length; at += 1) sum = Math.imul(sum ^ words[at], 16777619);
  return String(sum);
}

// ---------------------------------------------------------------- questions

async function take(question) {
  newest = question;
  if (isAnswering) return;
  isAnswering = true;
  while (newest) {
    await others(); // of many only the last is answered
    const asked = newest;
    newest = null;
    await answer(asked);
  }
  isAnswering = false;
}

/** Answer in steps; between two of them a newer question may come, and this one is left. */
async function answer({ id, text }) {
  send({ kind: "begun", id });
  try {
    const steps = ask(text);
    let step = steps.next();
    while (!step.done && !newest) {
      await others();
      if (!newest) step = steps.next();
    }
    steps.destroy();
    if (step.done) send({ kind: "answer", id, text: step.value });
  } catch (error) {
    if (error.name === "PythonError") send({ kind: "defect", id, message: lastLine(error) });
    else send({ kind: "crash", message: lastLine(error) }); // of Python itself, which is gone
  }
}

/** Resolves when the messages that wait have been taken. */
function others() {
  return new Promise((resolve) => {
    turn.port1.onmessage = resolve;
    turn.port2.postMessage(null);
  });
}
