// Own files: dropped anywhere in the window, read in a worker of their own, shown by what Python
// makes of them. A plan is answered meanwhile by the other worker, and nothing here holds it up.
//
// Nothing of a file is kept, and nothing is sent: the worker is handed the file itself, reads it
// piece by piece, and is ended when the person closes what is shown.

const SILENCE_MS = 60_000; // no byte read, no word said for so long: Python is lost
const FOLLOW_MS = 300; // after a plan: what is shown of the files is held against it
const WATCH_MS = 5_000; // a run goes on: its journal is looked at
const CLOCK_MS = 60_000; // and how long it has taken is said anew

const EXPORTS = {
  csv: ["text/csv", "findings.csv"],
  json: ["application/json", "measured.json"],
  review: ["application/json", "review.json"],
};

const FOLDERS = { split: "batches", mend: "mended" };

/** A folder that was not there, so that nothing is written over: batches, batches-2, … */
async function newFolder(parent, name) {
  for (let number = 1; ; number += 1) {
    const wanted = number === 1 ? name : `${name}-${number}`;
    try {
      await parent.getDirectoryHandle(wanted);
    } catch (error) {
      if (error.name === "NotFoundError") {
        return parent.getDirectoryHandle(wanted, { create: true });
      }
      if (error.name !== "TypeMismatchError") throw error; // there is a file of that name
    }
  }
}

/** The handles of the files that were dropped, [] where the browser has none. Asked for at once. */
async function handlesOf({ items }) {
  try {
    const handles = await Promise.all([...items].map((item) => item.getAsFileSystemHandle()));
    return handles.every((handle) => handle?.kind === "file") ? handles : [];
  } catch {
    return [];
  }
}

/** The files as they are by now; rejects where one is gone. */
const newestOf = (handles) => Promise.all(handles.map((handle) => handle.getFile()));

const hasChanged = (file, before) =>
  file.size !== before.size || file.lastModified !== before.lastModified;

/**
 * @param root the section of the files
 * @param hire gives a worker: {listen, send, end}
 * @param show puts a view into its places
 * @param query gives the query of the plan that stands on the page
 * @param now gives the local time
 */
export function createFiles(root, { hire, show, query, now }) {
  const find = (selector) => root.querySelector(selector);
  const all = (selector) => [...root.querySelectorAll(selector)];
  const tasks = new Map(); // id -> what to do with an answer
  let worker = null;
  let ready = null; // a promise of the worker that is begun
  let files = [];
  let handles = []; // of the files, where the browser gives them: the journal may grow
  let watching = 0;
  let columns = {}; // of a CSV file: {column, id_column}
  let told = null; // the newest that Python told
  let used = {}; // the texts that a press put into the question, by field
  let lastId = 0;
  let watchdog = 0;
  let following = 0;
  let isReading = false; // or writing
  let writing = ""; // the name of the folder or archive that is written

  // ---------------------------------------------------------------- the worker

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
    isReading = false;
  }

  function watch() {
    clearTimeout(watchdog);
    watchdog = setTimeout(() => fail(`> ${SILENCE_MS / 1000} s`), SILENCE_MS);
  }

  function fail(why) {
    end();
    root.dataset.files = "failed";
    find("[data-files-reading]").hidden = true;
    find("[data-files-why]").textContent = why;
    find("[data-files-failed]").hidden = false;
    say(why);
  }

  function receive(message) {
    switch (message.kind) {
      case "ready":
        rest();
        break;
      case "progress":
        find("[data-files-progress]").value = message.total ? message.read / message.total : 0;
        find("[data-files-rate]").textContent = message.text;
        break;
      case "read":
        isReading = false;
        rest();
        find("[data-files-reading]").hidden = true;
        find("[data-files-stopped]").hidden = !message.stopped;
        showTold();
        break;
      case "written":
        isReading = false;
        rest();
        find("[data-files-reading]").hidden = true;
        find("[data-files-written]").textContent = message.text;
        say(message.text);
        if (message.archive && message.text) save(message.archive, `${writing}.zip`);
        break;
      case "told":
        rest();
        tasks.get(message.id)?.(message.text);
        tasks.delete(message.id);
        break;
      case "defect":
      case "crash":
      case "failed":
        fail(message.message);
        break;
    }
  }

  /** Nothing is asked of the worker: it may be silent. */
  function rest() {
    if (!isReading) clearTimeout(watchdog);
  }

  /** What the files told, as text; never, where the worker is ended before. */
  function ask(want, more = {}) {
    return new Promise((resolve) => {
      const id = ++lastId;
      tasks.set(id, resolve);
      const text = JSON.stringify({ query: query(), now: now(), want, ...more });
      ready?.then((reader) => {
        watch();
        reader.send({ kind: "tell", id, text });
      });
    });
  }

  // ---------------------------------------------------------------- reading

  /** Read files that belong together, in place of those before. */
  function open(newest, itsHandles = []) {
    if (!newest.length) return;
    if (isReading) end(); // Python cannot be interrupted, only ended
    clearInterval(watching);
    handles = itsHandles;
    told = null;
    root.dataset.files = "reading";
    root.hidden = false;
    find("[data-files-names]").textContent = newest.map((file) => file.name).join(", ");
    for (const name of ["failed", "stopped", "columns", "troubles"]) {
      find(`[data-files-${name}]`).hidden = true;
    }
    for (const part of all("[data-files-part]")) part.hidden = true;
    find("[data-files-written]").textContent = "";
    showProgress();
    say(find("[data-files-names]").textContent);
    read(newest);
  }

  function showProgress() {
    find("[data-files-progress]").value = 0;
    find("[data-files-rate]").textContent = "";
    find("[data-files-reading]").hidden = false;
  }

  async function read(newest) {
    files = newest;
    isReading = true;
    if (!worker) begin();
    const text = JSON.stringify({ query: query(), ...columns });
    const reader = await ready;
    if (reader !== worker || files !== newest) return;
    watch();
    reader.send({ kind: "read", files, text });
  }

  async function showTold() {
    told = JSON.parse(await ask("page"));
    for (const part of all("[data-files-part]")) {
      part.hidden = !told.kinds.includes(part.dataset.filesPart);
    }
    show({ ...told.view, lists: { ...told.view.lists, "files.troubles": told.troubles } });
    find("[data-files-troubles]").hidden = !told.troubles.length;
    for (const place of all("[data-if-rows]")) {
      place.hidden = !told.view.lists[place.dataset.ifRows]?.length;
    }
    for (const [name, { href }] of Object.entries(told.use ?? {})) {
      const link = find(`[data-use="${name}"]`);
      link.hidden = !href;
      if (href) link.setAttribute("href", href);
      find(`[data-used="${name}"]`).hidden = Boolean(href);
    }
    for (const button of all("[data-write]")) {
      button.hidden = !told.can.includes(button.dataset.write);
    }
    showColumns();
    watchRun();
    root.dataset.files = "told";
    say([...all("[data-files-part]:not([hidden]) .file-words"), ...all("[data-files-troubles]:not([hidden])")]
      .map((place) => place.textContent).join(" "));
  }

  /** While a run goes on its journal is read again as it grows, and the clock is looked at. */
  function watchRun() {
    const isFollowed = told.running && handles.length === files.length;
    find('[data-files-watch="followed"]').hidden = !isFollowed;
    find('[data-files-watch="again"]').hidden = !told.running || isFollowed;
    clearInterval(watching);
    if (!told.running) return;
    const shown = performance.now();
    watching = setInterval(async () => {
      const newest = isFollowed ? await newestOf(handles).catch(() => files) : files;
      if (isReading) return;
      if (newest.some((file, place) => hasChanged(file, files[place]))) read(newest);
      else if (performance.now() - shown > CLOCK_MS) showTold();
    }, WATCH_MS);
  }

  function say(text) {
    find("[data-files-said]").textContent = text;
  }

  /** Write the batches, or the mended files: into a new folder where the browser can, else zipped. */
  async function write(what) {
    if (isReading) return;
    writing = FOLDERS[what];
    let folder = null;
    // a file from a disk has no origin that a handle could be handed on in
    if (window.showDirectoryPicker && location.protocol !== "file:") {
      try {
        const chosen = await window.showDirectoryPicker({ mode: "readwrite" });
        folder = await newFolder(chosen, writing);
      } catch {
        return; // nobody chose one, or nothing may be written there
      }
    }
    isReading = true;
    find("[data-files-written]").textContent = "";
    showProgress();
    const text = JSON.stringify({ query: query(), what, zip: !folder });
    watch();
    worker.send({ kind: "write", files, text, folder });
  }

  /** The columns of a CSV file, of which a person chooses. */
  function showColumns() {
    find("[data-files-columns]").hidden = !told.columns.length;
    for (const choice of all("[data-files-column]")) {
      const chosen = columns[choice.dataset.filesColumn] ?? told.chosen[choice.dataset.filesColumn];
      choice.replaceChildren(
        new Option("–", ""),
        ...told.columns.map((name) => new Option(name, name, false, name === chosen)),
      );
    }
  }

  // ---------------------------------------------------------------- what a person does

  document.querySelector("[data-drop-input]").addEventListener("change", ({ target }) => {
    columns = {};
    const chosen = [...target.files];
    target.value = ""; // the same file may be chosen again
    open(chosen);
  });

  const carriesFiles = (event) => event.dataTransfer?.types.includes("Files");
  const page = document.documentElement;

  addEventListener("dragover", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
    page.dataset.dragging = "";
  });
  addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) delete page.dataset.dragging;
  });
  addEventListener("drop", async (event) => {
    delete page.dataset.dragging;
    if (!carriesFiles(event)) return;
    event.preventDefault();
    columns = {};
    const dropped = [...event.dataTransfer.files];
    open(dropped, await handlesOf(event.dataTransfer));
  });

  root.addEventListener("change", ({ target }) => {
    const name = target.dataset.filesColumn;
    if (!name) return;
    columns = { ...columns, [name]: target.value };
    open([...files], handles);
  });

  root.addEventListener("click", async ({ target }) => {
    const button = target.closest("[data-files-stop], [data-files-close], [data-export], [data-use], [data-write]");
    if (!button) return;
    if ("filesStop" in button.dataset) worker?.send({ kind: "stop" });
    if ("filesClose" in button.dataset) close();
    if (button.dataset.write) write(button.dataset.write);
    if (button.dataset.use) used = { ...used, ...told.use[button.dataset.use].values };
    if (button.dataset.export) {
      const kind = button.dataset.export;
      const [type, name] = EXPORTS[kind];
      save(new Blob([await ask(kind)], { type }), name);
    }
  });

  function close() {
    end();
    clearInterval(watching);
    handles = [];
    root.hidden = true;
    files = [];
    told = null;
  }

  function save(blob, name) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  }

  return {
    /** A plan was shown: say which of its fields are the file's, and hold the file against it. */
    follow(texts) {
      for (const row of document.querySelectorAll("[data-field]")) {
        const { field } = row.dataset;
        const note = row.querySelector(".from-file");
        if (used[field] === undefined || used[field] !== texts[field]) note?.remove();
        else if (!note) {
          const made = document.querySelector("[data-from-file]").content.cloneNode(true);
          row.querySelector(".beneath").append(made);
        }
      }
      clearTimeout(following);
      if (told && !isReading) following = setTimeout(showTold, FOLLOW_MS);
    },
  };
}
