// The engine: the worker's life, and one question at a time.
//
// The newest question wins: one that is overtaken is answered with null, and the worker leaves it
// as soon as it can. Questions may be asked while Python loads; the newest is answered as soon as it
// is ready.
//
// Python cannot be interrupted, only ended. When it breaks down or hangs it is begun anew, once,
// and asked again; the second time the page is told.

const SILENCE_MS = 20_000; // no byte for so long: the download has failed
const START_MS = 40_000; // Python itself, on a slow machine
const IDLE_MS = 3_000; // after it is ready: what only the next visit needs
const ANSWER_MS = 20_000; // an answer takes a tenth of a second; past this it is too much work

// The page also loads this module by itself: the worker begins before the other modules are there.
let early = hire({ isFresh: false });

/**
 * A worker at its first act; what it says is kept until somebody listens. A fresh one takes nothing
 * from an earlier visit.
 */
export function hire({ isFresh }) {
  const { href } = document.querySelector("link[data-worker]");
  // From a blob, because the page's Content-Security-Policy does not bind a worker that comes from
  // the network.
  const script = `self.isFresh = ${isFresh}; import(${JSON.stringify(href)})
    .catch((error) => self.postMessage({kind: "failed", message: String(error)}));`;
  const address = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
  const worker = new Worker(address, { type: "module" });
  const kept = [];
  let receive = (message) => kept.push(message);
  worker.onmessage = ({ data }) => receive(data);
  worker.onerror = (event) => receive({ kind: "crash", message: event.message || "worker.js" });
  return {
    listen(listener) {
      receive = listener;
      kept.forEach(listener);
    },
    send: (message) => worker.postMessage(message),
    end() {
      receive = () => {};
      worker.terminate();
      URL.revokeObjectURL(address);
    },
  };
}

/**
 * @param onState called with "loading", "ready" or "failed", and a text that says why it failed
 * @param onBytes called with the number of bytes downloaded so far
 * @param onRest called when the page is idle, and the worker has kept what it downloaded
 */
export function createEngine({ onState, onBytes, onRest }) {
  let worker = null;
  let ready = false;
  let isSecond = false; // it was begun anew, and has not been asked or answered since
  let lastId = 0;
  let newest = null; // the question that is not answered
  let watchdog = 0;

  function start() {
    isSecond = false;
    begin();
  }

  function begin() {
    stop();
    onState("loading", "");
    watch(SILENCE_MS, fail);
    worker = early ?? hire({ isFresh: true });
    early = null;
    worker.listen(receive);
  }

  function stop() {
    rest();
    worker?.end();
    worker = null;
    ready = false;
  }

  function rest() {
    clearTimeout(watchdog);
    watchdog = 0;
  }

  function watch(limit, act) {
    rest();
    watchdog = setTimeout(() => act(`> ${limit / 1000} s`), limit);
  }

  /** Python could not be loaded, and will not be until somebody tries again. */
  function fail(message) {
    stop();
    settle({ defect: message });
    onState("failed", message);
  }

  /**
   * Python is lost. The second time, the outcome is told; if it was not at a question, that it
   * could not be loaded.
   */
  function lose(message, outcome = { defect: message }) {
    if (isSecond && !(ready && newest)) {
      fail(message);
      return;
    }
    if (isSecond) settle(outcome);
    isSecond = !isSecond;
    begin();
  }

  function settle(outcome) {
    rest();
    const { resolve } = newest ?? {};
    newest = null;
    resolve?.(outcome);
  }

  function receive(message) {
    switch (message.kind) {
      case "bytes":
        watch(SILENCE_MS, fail);
        onBytes(message.bytes);
        break;
      case "starting":
        watch(START_MS, lose);
        break;
      case "ready":
        rest();
        ready = true;
        if (newest) send();
        onState("ready", "");
        setTimeout((reader) => reader.send({ kind: "keep" }), IDLE_MS, worker);
        break;
      case "kept":
        onRest();
        break;
      case "failed":
        fail(message.message);
        break;
      case "crash":
        lose(message.message);
        break;
      case "begun":
        watchAnswer();
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
    if (id !== newest?.id) return;
    isSecond = false;
    settle(read());
  }

  function send() {
    worker.send({ kind: "ask", id: newest.id, text: newest.text });
    if (!watchdog) watchAnswer(); // it may be at another one, and not come to this
  }

  function watchAnswer() {
    watch(ANSWER_MS, (limit) => lose(limit, { tooMuch: true }));
  }

  /**
   * Resolves to the reply, to {defect: text} when the planner raised, to {tooMuch: true} when the
   * answer took too long, or to null when a newer question came.
   */
  function ask(question) {
    return new Promise((resolve) => {
      newest?.resolve(null);
      newest = { id: ++lastId, text: JSON.stringify(question), resolve };
      if (ready) {
        isSecond = false;
        send();
      }
    });
  }

  return { start, ask };
}
