// Dropped files: read in pieces, and told of by what Python makes of them.

import { lastLine, send } from "./messages.js";

const PROGRESS_MS = 200;

/** What was dropped last: Python's own reader of it, and whether no more of it is wanted. */
export const dropped = { reader: null, isStopped: false };

/** Read files one after the other, in pieces; between two pieces questions are answered. */
export async function readAll(python, { files, text }) {
  dropped.isStopped = false;
  let isWhole = true;
  try {
    dropped.reader?.destroy();
    const drop = python.pyimport("planner.drop").Drop(text);
    dropped.reader = drop;
    const progress = progressOf(files, 1);
    const feed = takerOf(python, drop.feed);
    for (const file of files) {
      if (dropped.isStopped) break;
      drop.begin(file.name);
      const read = await readOne(file, feed, progress);
      if (read === file.size) drop.end();
      else if (read >= 0 && !dropped.isStopped) drop.lost(read, file.size);
      isWhole = !dropped.isStopped;
    }
    send({ kind: "read", stopped: !isWhole });
  } catch (error) {
    send({ kind: "defect", message: lastLine(error) });
  }
}

/** What takes a piece of a file, and gives it to Python as bytes. */
export const takerOf = (python, feed) =>
  python.runPython("lambda feed: lambda piece: feed(piece.to_bytes())")(feed);

/**
 * Read a file, to its end unless it is stopped; returns how many bytes came, -1 where `feed` wants
 * no more. It may be a folder, change, or go, while it is read: then they are fewer than it has.
 */
export async function readOne(file, feed, progress) {
  let read = 0;
  const reader = file.stream().getReader();
  const next = () => reader.read().catch(() => ({ done: true }));
  for (let part = await next(); !part.done && !dropped.isStopped; part = await next()) {
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

/** What adds up the bytes that were read, and now and then says how far it is. */
export function progressOf(files, passes) {
  const total = passes * files.reduce((sum, file) => sum + file.size, 0);
  const began = performance.now();
  let read = 0;
  let said = 0;
  return (bytes) => {
    read += bytes;
    const now = performance.now();
    if (now - said < PROGRESS_MS) return;
    said = now;
    const text = dropped.reader.progress(read, total, (now - began) / 1000);
    send({ kind: "progress", read, total, text });
  };
}

/** What the files told, as text, to a question. */
export function tell({ id, text }) {
  try {
    send({ kind: "told", id, text: dropped.reader.tell(text) });
  } catch (error) {
    send({ kind: "defect", id, message: lastLine(error) });
  }
}
