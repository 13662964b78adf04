// Dropped files written again, as Python makes them: cut into batches, or mended.

import { lastLine, send } from "./messages.js";
import { dropped, progressOf, readOne, takerOf } from "./reading.js";

const HELD_BYTES = 2 ** 23;
const CHANGED = "ReadError"; // Python's name for a file that is no longer what it was

/** Write the requests of files again, into a folder or an archive, part by part. */
export async function writeAll(python, { files, text, folder }) {
  dropped.isStopped = false;
  let writing = null;
  let name = "";
  try {
    writing = dropped.reader.write(text);
    const sink = folder ? intoFolder(folder) : intoArchive();
    const progress = progressOf(files, writing.passes);
    const take = async (parts) => {
      for (const [name, bytes] of parts.toJs()) await sink.take(name, bytes);
      parts.destroy();
      return true;
    };
    const feed = takerOf(python, writing.feed);
    for (let pass = 0; pass < writing.passes && !dropped.isStopped; pass += 1) {
      writing.begin_pass();
      for (const [place, file] of files.entries()) {
        if (dropped.isStopped || !writing.begin(place)) continue;
        name = file.name;
        const read = await readOne(file, (piece) => take(feed(piece)), progress);
        const isShort = read < file.size && !dropped.isStopped;
        if (isShort) throw Object.assign(new Error(), { type: CHANGED });
        await take(writing.end());
      }
    }
    await take(writing.close());
    const archive = await sink.end();
    send({ kind: "written", text: dropped.isStopped ? "" : writing.told(), archive });
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
