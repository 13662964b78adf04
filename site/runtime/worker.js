// The worker: loads Python, then answers one question after another through planner.bridge.handle.
//
// It begins by itself. A worker that comes from the network is bound by no policy of a page, so
// this one takes no address from a message: all that it asks for stands beside it, and is of its
// own origin.
//
// in:  {kind: "ask", id, text}           text: a question as JSON
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
//      {kind: "answer", id, text}
//      {kind: "progress", read, total, text}   bytes of the files, and the same in words
//      {kind: "read", stopped}           all of them, or as far as it was wanted
//      {kind: "written", text, archive}  what was written; "" if it was stopped
//      {kind: "told", id, text}
//      {kind: "defect", id, message}     the planner raised: a defect of ours, not of the input
//      {kind: "crash", message}          Python broke down; this worker is of no use
//      {kind: "failed", message}         Python could not be loaded; this worker is of no use

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
let handle = null;
let memory = null; // of a Python that has just begun, until it is kept
const downloads = new Map(); // address -> a promise of its parts, until they are kept

const send = (message) => self.postMessage(message);
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
  if (data.kind === "ask") answer(data);
  if (data.kind === "keep") keepAll();
  if (data.kind === "read") readAll(data);
  if (data.kind === "write") writeAll(data);
  if (data.kind === "stop") isStopped = true;
  if (data.kind === "tell") tell(data);
});

start();

async function start() {
  try {
    const [{ loadPyodide }, script, wasm, library, kept] = await Promise.all(parts);
    send({ kind: "starting" });
    const load = (options) => begin(loadPyodide, script.default, wasm, library, options);
    python = (kept && (await resume(load, kept))) || (await beginFresh(load));
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
  python.runPython("import random, planner.bridge");
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

function answer({ id, text }) {
  try {
    send({ kind: "answer", id, text: handle(text) });
  } catch (error) {
    if (error.name === "PythonError") send({ kind: "defect", id, message: lastLine(error) });
    else send({ kind: "crash", message: lastLine(error) }); // of Python itself, which is gone
  }
}

// ---------------------------------------------------------------- files

const PROGRESS_MS = 200;

let drop = null; // Python's own reader of the files
let isStopped = false;

/** Read files one after the other, in pieces; between two pieces questions are answered. */
async function readAll({ files, text }) {
  isStopped = false;
  let isWhole = true;
  try {
    drop?.destroy();
    drop = python.pyimport("planner.drop").Drop(text);
    const progress = progressOf(files, 1);
    const feed = pieces("lambda feed: lambda piece: feed(piece.to_bytes())", drop.feed);
    for (const file of files) {
      if (isStopped) break;
      drop.begin(file.name);
      const read = await readOne(file, feed, progress);
      if (read === file.size) drop.end();
      else if (read >= 0 && !isStopped) drop.lost(read, file.size);
      isWhole = !isStopped;
    }
    send({ kind: "read", stopped: !isWhole });
  } catch (error) {
    send({ kind: "defect", message: lastLine(error) });
  }
}

/** What takes a piece of a file, and gives it to Python as bytes. */
const pieces = (way, feed) => python.runPython(way)(feed);

/**
 * Read a file, to its end unless it is stopped; returns how many bytes came, -1 where `feed` wants
 * no more. It may be a folder, change, or go, while it is read: then they are fewer than it has.
 */
async function readOne(file, feed, progress) {
  let read = 0;
  const reader = file.stream().getReader();
  const next = () => reader.read().catch(() => ({ done: true }));
  for (let part = await next(); !part.done && !isStopped; part = await next()) {
    if (!(await feed(part.value))) {
      reader.cancel();
      progress(file.size - read);
      return -1;
    }
    read += part.value.length;
    progress(part.value.length);
  }
  reader.cancel().catch(() => {});
  return read;
}

const CHANGED = "ReadError"; // Python's name for a file that is no longer what it was

/** Write the requests of files again, into a folder or an archive, part by part. */
async function writeAll({ files, text, folder }) {
  isStopped = false;
  let writing = null;
  let name = "";
  try {
    writing = drop.write(text);
    const sink = folder ? intoFolder(folder) : intoArchive();
    const progress = progressOf(files, writing.passes);
    const take = async (parts) => {
      for (const [name, bytes] of parts.toJs()) await sink.take(name, bytes);
      parts.destroy();
      return true;
    };
    const feed = pieces("lambda feed: lambda piece: feed(piece.to_bytes())", writing.feed);
    for (let pass = 0; pass < writing.passes && !isStopped; pass += 1) {
      writing.begin_pass();
      for (const [place, file] of files.entries()) {
        if (isStopped || !writing.begin(place)) continue;
        name = file.name;
        const read = await readOne(file, (piece) => take(feed(piece)), progress);
        if (!isStopped && read < file.size) throw Object.assign(new Error(), { type: CHANGED });
        await take(writing.end());
      }
    }
    await take(writing.close());
    const archive = await sink.end();
    send({ kind: "written", text: isStopped ? "" : writing.told(), archive });
  } catch (error) {
    if (error.type === CHANGED) send({ kind: "written", text: writing.broken(name), archive: null });
    else send({ kind: "defect", message: lastLine(error) });
  }
  writing?.destroy();
}

/** Files in a folder, one open at a time. */
function intoFolder(folder) {
  let open = { name: "", file: null };
  return {
    async take(name, bytes) {
      if (name !== open.name) {
        await open.file?.close();
        const handle = await folder.getFileHandle(name, { create: true });
        open = { name, file: await handle.createWritable() };
      }
      await open.file.write(bytes);
    },
    async end() {
      await open.file?.close();
      return null;
    },
  };
}

const HELD_BYTES = 2 ** 23;

/** One file, of which a browser keeps on its disk what does not fit its memory. */
function intoArchive() {
  const blobs = [];
  let held = [];
  let size = 0;
  const put = () => {
    blobs.push(new Blob(held));
    held = [];
    size = 0;
  };
  return {
    async take(_, bytes) {
      held.push(bytes);
      size += bytes.length;
      if (size >= HELD_BYTES) put();
    },
    async end() {
      put();
      return new Blob(blobs, { type: "application/zip" });
    },
  };
}

/** What adds up the bytes that were read, and now and then says how far it is. */
function progressOf(files, passes) {
  const total = passes * files.reduce((sum, file) => sum + file.size, 0);
  const began = performance.now();
  let read = 0;
  let said = 0;
  return (bytes) => {
    read += bytes;
    const now = performance.now();
    if (now - said < PROGRESS_MS) return;
    said = now;
    const text = drop.progress(read, total, (now - began) / 1000);
    send({ kind: "progress", read, total, text });
  };
}

function tell({ id, text }) {
  try {
    send({ kind: "told", id, text: drop.tell(text) });
  } catch (error) {
    send({ kind: "defect", id, message: lastLine(error) });
  }
}

// A Python traceback ends with the line that says what happened.
function lastLine(error) {
  return String(error?.message ?? error).trim().split("\n").at(-1);
}
