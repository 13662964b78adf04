// The reader of own files: a worker beside the one that plans, of which one thing at a time is
// wanted: to read files, or to write them again. Between, it answers questions about them.
//
// Python cannot be interrupted, only ended; one that is silent is lost.

const SILENCE_MS = 60_000; // no byte read, no word said for so long: Python is lost

/**
 * @param hire gives a worker: {listen, send, end}
 * @param onMessage called with what the worker says of its reading or writing
 * @param onLost called with why nothing more can be read
 */
export function createReader({ hire, onMessage, onLost }) {
  const tasks = new Map(); // id -> what to do with an answer
  let worker = null;
  let ready = null; // a promise of the worker that is begun
  let lastId = 0;
  let watchdog = 0;
  let isBusy = false; // it reads or writes

  function begin() {
    worker = hire({ isFresh: false });
    const mine = worker;
    watch();
    ready = new Promise((resolve) => {
      mine.listen((message) => {
        watch();
        if (message.kind === "ready") resolve(mine);
        receive(message);
      });
    });
  }

  function end() {
    clearTimeout(watchdog);
    worker?.end();
    worker = null;
    ready = null;
    tasks.clear();
    isBusy = false;
  }

  function watch() {
    clearTimeout(watchdog);
    watchdog = setTimeout(() => lose(`> ${SILENCE_MS / 1000} s`), SILENCE_MS);
  }

  /** Nothing is asked of the worker: it may be silent. */
  function rest() {
    if (!isBusy) clearTimeout(watchdog);
  }

  function lose(why) {
    end();
    onLost(why);
  }

  function receive(message) {
    switch (message.kind) {
      case "ready":
        rest();
        break;
      case "progress":
        onMessage(message);
        break;
      case "read":
      case "written":
        isBusy = false;
        rest();
        onMessage(message);
        break;
      case "told":
        rest();
        tasks.get(message.id)?.(message.text);
        tasks.delete(message.id);
        break;
      case "defect":
      case "crash":
      case "failed":
        lose(message.message);
        break;
    }
  }

  /** Have files read that belong together. */
  async function read(files, text) {
    isBusy = true;
    if (!worker) begin();
    const reader = await ready;
    if (reader !== worker) return;
    watch();
    reader.send({ kind: "read", files, text });
  }

  /** Have files written again that were read. */
  function write(files, text, folder) {
    isBusy = true;
    watch();
    worker.send({ kind: "write", files, text, folder });
  }

  /** What the files told, as text; never, where the worker is ended before. */
  function ask(text) {
    return new Promise((resolve) => {
      const id = ++lastId;
      tasks.set(id, resolve);
      ready?.then((reader) => {
        watch();
        reader.send({ kind: "tell", id, text });
      });
    });
  }

  return {
    read,
    write,
    ask,
    end,
    /** Have it read or write no further. */
    stop: () => worker?.send({ kind: "stop" }),
    get isBusy() {
      return isBusy;
    },
  };
}
