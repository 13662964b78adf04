// Own files: read in a worker of their own, shown by what Python makes of them. A plan is answered
// meanwhile by the other worker, and nothing here holds it up.
//
// Nothing of a file is kept, and nothing is sent: the worker is handed the file itself, reads it
// piece by piece, and is ended when the person closes what is shown.

const FOLLOW_MS = 300; // after a plan: what is shown of the files is held against it
const WATCH_MS = 5_000; // a run goes on: its journal is looked at
const CLOCK_MS = 60_000; // and how long it has taken is said anew

const EXPORTS = {
  csv: ["text/csv", "findings.csv"],
  json: ["application/json", "measured.json"],
  review: ["application/json", "review.json"],
};

const FOLDERS = { split: "batches", mend: "mended" };

/**
 * @param root the section of the files
 * @param reader the worker that reads them
 * @param disk what saves, chooses folders and looks for changes
 * @param show puts a view into its places
 * @param query gives the query of the plan that stands on the page
 * @param now gives the local time
 */
export function createFiles(root, { reader, disk, show, query, now }) {
  const find = (selector) => root.querySelector(selector);
  const all = (selector) => [...root.querySelectorAll(selector)];
  let files = [];
  let handles = []; // of the files, where the browser gives them: the journal may grow
  let watching = 0;
  let columns = {}; // of a CSV file: {column, id_column}
  let told = null; // the newest that Python told
  let used = {}; // the texts that a press put into the question, by field
  let following = 0;
  let writing = ""; // the name of the folder or archive that is written

  const say = (text) => (find("[data-files-said]").textContent = text);

  const ask = (want) => reader.ask(JSON.stringify({ query: query(), now: now(), want }));

  // ---------------------------------------------------------------- reading

  /** Read files that belong together, in place of those before. */
  function open(newest, itsHandles) {
    if (!newest.length) return;
    if (reader.isBusy) reader.end(); // Python cannot be interrupted, only ended
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
    showProgress(0, "");
    find("[data-files-reading]").hidden = false;
    say(find("[data-files-names]").textContent);
    read(newest);
  }

  function read(newest) {
    files = newest;
    reader.read(files, JSON.stringify({ query: query(), ...columns }));
  }

  function showProgress(share, text) {
    find("[data-files-progress]").value = share;
    find("[data-files-rate]").textContent = text;
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
      const newer = isFollowed ? await disk.newerOf(files, handles) : null;
      if (reader.isBusy) return;
      if (newer) read(newer);
      else if (performance.now() - shown > CLOCK_MS) showTold();
    }, WATCH_MS);
  }

  // ---------------------------------------------------------------- what they told

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
    showUses();
    for (const button of all("[data-write]")) {
      button.hidden = !told.can.includes(button.dataset.write);
    }
    showColumns();
    watchRun();
    root.dataset.files = "told";
    const words = all("[data-files-part]:not([hidden]) .file-words");
    const troubles = all("[data-files-troubles]:not([hidden])");
    say([...words, ...troubles].map((place) => place.textContent).join(" "));
  }

  /** The links that put what the files tell into the plan. */
  function showUses() {
    for (const [name, { href }] of Object.entries(told.use ?? {})) {
      const link = find(`[data-use="${name}"]`);
      link.hidden = !href;
      if (href) link.setAttribute("href", href);
      find(`[data-used="${name}"]`).hidden = Boolean(href);
    }
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

  function showWritten({ text, archive }) {
    find("[data-files-written]").textContent = text;
    say(text);
    if (archive && text) disk.save(archive, `${writing}.zip`);
  }

  // ---------------------------------------------------------------- what a person does

  /** Write the batches, or the mended files: into a new folder if the browser can, else zipped. */
  async function write(what) {
    if (reader.isBusy) return;
    writing = FOLDERS[what];
    const folder = disk.hasFolders() ? await disk.chooseFolder(writing) : null;
    if (disk.hasFolders() && !folder) return;
    find("[data-files-written]").textContent = "";
    showProgress(0, "");
    find("[data-files-reading]").hidden = false;
    reader.write(files, JSON.stringify({ query: query(), what, zip: !folder }), folder);
  }

  async function take(kind) {
    const [type, name] = EXPORTS[kind];
    disk.save(new Blob([await ask(kind)], { type }), name);
  }

  function close() {
    reader.end();
    clearInterval(watching);
    handles = [];
    root.hidden = true;
    files = [];
    told = null;
  }

  root.addEventListener("change", ({ target }) => {
    const name = target.dataset.filesColumn;
    if (!name) return;
    columns = { ...columns, [name]: target.value };
    open([...files], handles);
  });

  root.addEventListener("click", ({ target }) => {
    const { dataset } = target.closest("button, [data-use]") ?? {};
    if (!dataset) return;
    if ("filesStop" in dataset) reader.stop();
    if ("filesClose" in dataset) close();
    if (dataset.write) write(dataset.write);
    if (dataset.use) used = { ...used, ...told.use[dataset.use].values };
    if (dataset.export) take(dataset.export);
  });

  return {
    /** Other files came to the page. */
    open(newest, itsHandles) {
      columns = {};
      open(newest, itsHandles);
    },
    /** What the reader says. */
    receive(message) {
      if (message.kind === "progress") {
        showProgress(message.total ? message.read / message.total : 0, message.text);
        return;
      }
      find("[data-files-reading]").hidden = true;
      if (message.kind === "written") {
        showWritten(message);
        return;
      }
      find("[data-files-stopped]").hidden = !message.stopped;
      showTold();
    },
    /** Nothing more can be read. */
    fail(why) {
      root.dataset.files = "failed";
      find("[data-files-reading]").hidden = true;
      find("[data-files-why]").textContent = why;
      find("[data-files-failed]").hidden = false;
      say(why);
    },
    /** A plan was shown: say which of its fields are the file's, and hold the file against it. */
    follow(texts) {
      markUsed(used, texts);
      clearTimeout(following);
      if (told && !reader.isBusy) following = setTimeout(showTold, FOLLOW_MS);
    },
  };
}

/** Say beside each field whether its text is the one that a file put there. */
function markUsed(used, texts) {
  for (const row of document.querySelectorAll("[data-field]")) {
    const { field } = row.dataset;
    const note = row.querySelector(".from-file");
    if (used[field] === undefined || used[field] !== texts[field]) note?.remove();
    else if (!note) {
      const made = document.querySelector("[data-from-file]").content.cloneNode(true);
      row.querySelector(".beneath").append(made);
    }
  }
}
