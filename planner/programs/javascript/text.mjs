// Write and read JSON, lines, names and durations as text.
//
// Lines are split at "\n" only. JSON goes out compact, in UTF-8. What comes from somebody's file is
// shown short, on one line, in ASCII.

import fs from "node:fs";

export const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

const CHUNK_BYTES = 2 ** 18;
export const DEEPEST = 100; // levels of nesting: beyond some thousand JSON.stringify writes none

/**
 * A line of compact JSON as bytes. (JSON.stringify escapes half a surrogate pair, as UTF-8
 * demands.)
 */
export const jsonLine = (value) => Buffer.from(`${JSON.stringify(value)}\n`);

/** JSON in ASCII. */
export function jsonAscii(value, indent) {
  const escape = (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return (JSON.stringify(value, null, indent) ?? "null").replace(/[\x7f-\uffff]/g, escape);
}

/** A name out of somebody's file, short and on one line. */
export function shown(value) {
  const text = jsonAscii(value);
  return text.length <= 80 ? text : `${text.slice(0, 77)}...`;
}

export const isObject = (value) =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The same value with null for each that lies deeper than so many levels. */
export function cutDeep(value, levels = DEEPEST) {
  if (typeof value !== "object" || value === null) return value;
  if (!levels) return null;
  if (Array.isArray(value)) return value.map((each) => cutDeep(each, levels - 1));
  const cut = ([name, each]) => [name, cutDeep(each, levels - 1)];
  return Object.fromEntries(Object.entries(value).map(cut));
}

/** Whether a value is nested deeper than so many levels. */
export function isDeep(value, levels = DEEPEST) {
  if (typeof value !== "object" || value === null) return false;
  return !levels || Object.values(value).some((each) => isDeep(each, levels - 1));
}

/** The object that a text of JSON holds, or null for a text that holds none. */
export function objectIn(text) {
  try {
    const value = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

/** A number with commas: 1,234,567. */
export const grouped = (value) => value.toLocaleString("en-US");

/** Hours, minutes and seconds: 1:02:03, or 4.5 s. */
export function clock(seconds) {
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const whole = Math.floor(seconds);
  const two = (part) => String(part).padStart(2, "0");
  return `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
}

/** Now, by the clock on the wall: 2026-11-22T18:53:29+01:00. */
export function localTime() {
  const now = new Date();
  const ahead = -now.getTimezoneOffset();
  const two = (part) => String(Math.floor(part)).padStart(2, "0");
  const zone = `${two(Math.abs(ahead) / 60)}:${two(Math.abs(ahead) % 60)}`;
  const wall = new Date(now.getTime() + 60_000 * ahead).toISOString().slice(0, 19);
  return wall + (ahead < 0 ? "-" : "+") + zone;
}

/** The words of a command as a shell takes them. */
export function quoted(words) {
  const bare = /^[\w@%+=:,./-]+$/;
  const inQuotes = (word) => `'${word.replaceAll("'", `'"'"'`)}'`;
  return words.map((word) => (bare.test(word) ? word : inQuotes(word))).join(" ");
}

const isSpace = (byte) => byte === 32 || (byte >= 9 && byte <= 13);

/** A line without the white space around it; a view of the same bytes. */
export function stripped(line) {
  let [start, end] = [0, line.length];
  while (start < end && isSpace(line[start])) start++;
  while (start < end && isSpace(line[end - 1])) end--;
  return line.subarray(start, end);
}

export const isBlank = (line) => stripped(line).length === 0;

/** The first line of a file without its byte order mark. */
export const withoutMark = (line) => (line.indexOf("\ufeff") === 0 ? line.subarray(3) : line);

export const isWhole = (line) => line[line.length - 1] === 10;

/**
 * The lines of an open file, each with its "\n", as bytes that are good until the next is asked
 * for.
 *
 * A line longer than `most` comes in pieces, of which all but the last are longer than `most` and
 * end without "\n". `seen` is called with every chunk as it is read.
 */
export function* linesOf(fd, { start = 0, end = Infinity, most = Infinity, seen = () => {} } = {}) {
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  let pieces = [];
  let held = 0;
  for (let position = start; position < end; ) {
    const got = fs.readSync(fd, chunk, 0, Math.min(CHUNK_BYTES, end - position), position);
    if (!got) break;
    position += got;
    const bytes = chunk.subarray(0, got);
    seen(bytes);
    let from = 0;
    for (let newline = bytes.indexOf(10); newline >= 0; newline = bytes.indexOf(10, from)) {
      const line = bytes.subarray(from, newline + 1);
      yield held ? Buffer.concat([...pieces, line]) : line;
      [pieces, held, from] = [[], 0, newline + 1];
    }
    if (from < got) {
      // A copy, for the chunk is read into again.
      pieces.push(Buffer.from(bytes.subarray(from)));
      held += got - from;
    }
    if (held > most) {
      yield Buffer.concat(pieces);
      [pieces, held] = [[], 0];
    }
  }
  if (held) yield Buffer.concat(pieces);
}

/** The lines of a file by its name, as `linesOf`. */
export function* linesIn(file, range) {
  const fd = fs.openSync(file, "r");
  try {
    yield* linesOf(fd, range);
  } finally {
    fs.closeSync(fd);
  }
}
