// Files that come to the page: dropped anywhere in the window, or chosen.

/**
 * @param onFiles called with files that belong together, and with their handles, [] where the
 *   browser has none
 */
export function createDropping({ onFiles }) {
  const page = document.documentElement;
  const carriesFiles = (event) => event.dataTransfer?.types.includes("Files");

  document.querySelector("[data-drop-input]").addEventListener("change", ({ target }) => {
    const chosen = [...target.files];
    target.value = ""; // the same file may be chosen again
    onFiles(chosen, []);
  });

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
    const dropped = [...event.dataTransfer.files];
    onFiles(dropped, await handlesOf(event.dataTransfer));
  });
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
