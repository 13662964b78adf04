// The person's own disk: what is saved there, a folder to write into, and files that change there.

/** Hand a file over, as a download of that name. */
export function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000); // the download may be under way
}

// a file from a disk has no origin that a handle could be handed on in
export const hasFolders = () =>
  Boolean(window.showDirectoryPicker) && location.protocol !== "file:";

/** A new folder in one that the person chooses; null if nobody chose, or nothing may be written. */
export async function chooseFolder(name) {
  try {
    const chosen = await window.showDirectoryPicker({ mode: "readwrite" });
    return await newFolder(chosen, name);
  } catch {
    return null;
  }
}

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

/** The files as they are by now, if one has changed; null if none has, or one is gone. */
export async function newerOf(files, handles) {
  const newest = await Promise.all(handles.map((handle) => handle.getFile())).catch(() => files);
  return newest.some((file, place) => hasChanged(file, files[place])) ? newest : null;
}

const hasChanged = (file, before) =>
  file.size !== before.size || file.lastModified !== before.lastModified;
