// The engine: the worker's life, and one question at a time.
//
// The newest question wins: at most one runs and one waits. A question that is overtaken is
// answered with null. Questions may be asked while Python loads; the newest is answered as soon as
// it is ready.

const SILENCE_MS = 20_000; // no byte for so long: the download has failed
const START_MS = 60_000; // Python itself, on a slow machine
const ANSWER_MS = 30_000; // an answer takes a tenth of a second; past this it is too much work

/**
 * @param onState called with "loading", "ready" or "failed", and a text that says why it failed
 * @param onBytes called with the number of bytes downloaded so far
 */
export function createEngine({ onState, onBytes }) {
  let worker = null;
  let ready = false;
  let lastId = 0;
  let running = null;
  let waiting = null;
  let watchdog = 0;

  function start() {
    stop();
    onState("loading", "");
    // From a blob, because the page's Content-Security-Policy does not bind a worker that comes
    // from the network.
    const script = `import(${JSON.stringify(new URL("worker.js", import.meta.url).href)})
      .then(() => self.postMessage({kind: "alive"}),
        (error) => self.postMessage({kind: "failed", message: String(error)}));`;
    const address = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
    worker = new Worker(address, { type: "module" });
    worker.addEventListener("message", ({ data }) => receive(data));
    worker.addEventListener("error", (event) => fail(event.message || "worker.js"));
    watch(SILENCE_MS, fail);
  }

  function stop() {
    clearTimeout(watchdog);
    worker?.terminate();
    worker = null;
    ready = false;
  }

  function watch(limit, act) {
    clearTimeout(watchdog);
    watchdog = setTimeout(() => act(`> ${limit / 1000} s`), limit);
  }

  function fail(message) {
    stop();
    settle({ defect: message });
    onState("failed", message);
  }

  // Python cannot be interrupted, only ended; the next question gets a new one.
  function giveUp() {
    settle(waiting ? null : { tooMuch: true });
    start();
  }

  function settle(outcome) {
    clearTimeout(watchdog);
    const { resolve } = running ?? {};
    running = null;
    resolve?.(outcome);
  }

  function receive(message) {
    switch (message.kind) {
      case "alive":
        worker.postMessage({ kind: "start" });
        break;
      case "bytes":
        watch(SILENCE_MS, fail);
        onBytes(message.bytes);
        break;
      case "starting":
        watch(START_MS, fail);
        break;
      case "ready":
        clearTimeout(watchdog);
        ready = true;
        onState("ready", "");
        next();
        break;
      case "failed":
        fail(message.message);
        break;
      case "answer":
        finish(message.id, () => JSON.parse(message.text));
        break;
      case "defect":
        finish(message.id, () => ({ defect: message.message }));
        break;
    }
  }

  function finish(id, read) {
    if (id !== running?.id) return;
    settle(waiting ? null : read());
    next();
  }

  function next() {
    if (!ready || running || !waiting) return;
    running = waiting;
    waiting = null;
    worker.postMessage({ kind: "ask", id: running.id, text: running.text });
    watch(ANSWER_MS, giveUp);
  }

  /**
   * Resolves to the reply, to {defect: text} when the planner raised, to {tooMuch: true} when the
   * answer took too long, or to null when a newer question came.
   */
  function ask(question) {
    return new Promise((resolve) => {
      waiting?.resolve(null);
      waiting = { id: ++lastId, text: JSON.stringify(question), resolve };
      next();
    });
  }

  return { start, ask };
}
