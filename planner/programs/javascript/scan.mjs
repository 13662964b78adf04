// Read INPUT once: check every line, count what a run would send.
//
// Every problem is listed with its line, the first fifty of them and then a count. Memory does not
// grow with INPUT: a line that fits no batch is not read whole, and ids are compared through files.

import { createHash } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";

import { breathe } from "./answer.mjs";
import { CUSTOM_ID, ENVELOPE_BYTES, isRequest } from "./request.mjs";
import { BYTES_PER_TOKEN, PLANNED_OUTPUT_TOKENS } from "./settings.mjs";
import {
  DEEPEST,
  grouped,
  isBlank,
  isDeep,
  isObject,
  isWhole,
  linesOf,
  shown,
  utf8,
  withoutMark,
} from "./text.mjs";

const PROBLEMS_SHOWN = 50;
const TOO_DEEP = `nested deeper than ${DEEPEST} levels: flatten the request`;
const BYTES_BETWEEN_BREATHS = 2 ** 24;

/** The first problems of a file, by line, and how many there are. */
export class Problems {
  constructor(name) {
    this.name = name;
    this.count = 0;
    this.first = [];
  }

  /** `line` is 0 for the settings. */
  add(line, id, ...texts) {
    this.count += texts.length;
    const named = typeof id === "string" ? `, id ${shown(id)}` : "";
    const where = line ? `line ${line}${named}` : "settings";
    this.first.push(...texts.map((text) => ({ line, text: `${where}: ${text}` })));
    if (this.first.length > 4 * PROBLEMS_SHOWN) this.cut();
  }

  cut() {
    this.first = this.first.sort((a, b) => a.line - b.line).slice(0, PROBLEMS_SHOWN);
  }

  text() {
    this.cut();
    const listed = this.first.map(({ text }) => `${this.name}: ${text}`);
    const more = this.count - listed.length;
    if (more) listed.push(`and ${grouped(more)} more problems`);
    return [...listed, "Nothing was submitted."].join("\n");
  }
}

/** Finds repeated ids: they go to temporary files by checksum, and each file is looked at alone. */
export class Ids {
  constructor(inputBytes) {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "run_batches-"));
    const count = Math.min(128, 1 + Math.floor(inputBytes / 2 ** 25));
    this.files = Array.from({ length: count }, (_, number) => ({
      fd: fs.openSync(path.join(folder, String(number)), "wx+"),
      pending: "",
    }));
    // An open file without a name goes away with the program, whatever becomes of it.
    fs.rmSync(folder, { recursive: true });
  }

  add(id, line) {
    let checksum = 0;
    for (let at = 0; at < id.length; at++) checksum = (checksum * 31 + id.charCodeAt(at)) >>> 0;
    const file = this.files[checksum % this.files.length];
    file.pending += `${id} ${line}\n`;
    if (file.pending.length > 2 ** 16) this.flush(file);
  }

  flush(file) {
    fs.appendFileSync(file.fd, file.pending);
    file.pending = "";
  }

  /** Each repetition: the id, its line, and the line where the id came first. */
  *repeated() {
    for (const file of this.files) {
      this.flush(file);
      const seen = new Map();
      for (const entry of linesOf(file.fd)) {
        const [id, line] = entry.toString("latin1").trimEnd().split(" ");
        if (seen.has(id)) yield [id, Number(line), seen.get(id)];
        else seen.set(id, Number(line));
      }
    }
  }

  close() {
    for (const { fd } of this.files) fs.closeSync(fd);
  }
}

/** Counts the batches that a run would cut, as `nextCut` cuts them, and what they would cost. */
class Count {
  batches = 0;
  largest = 0; // requests
  textBytes = 0;
  outputTokens = 0;
  cost = 0n;
  worst = 0n;
  unpriced = 0;

  constructor(settings) {
    this.canary = settings.canary;
    this.most = Math.min(settings.requestsPerBatch, settings.maxQueuedRequests);
    this.longest = settings.maxBytesPerBatch - ENVELOPE_BYTES;
    this.placed = 0;
    this.inBatch = 0;
    this.batchBytes = -1; // a comma less than requests
  }

  add({ size, maxTokens, price, worst }) {
    const full = this.inBatch === this.most || this.batchBytes + 1 + size > this.longest;
    if (!this.inBatch || full || this.placed === this.canary) {
      [this.batches, this.inBatch, this.batchBytes] = [this.batches + 1, 0, -1];
    }
    this.placed += 1;
    this.inBatch += 1;
    this.batchBytes += 1 + size;
    this.largest = Math.max(this.largest, this.inBatch);
    this.textBytes += size;
    const output = Math.min(maxTokens, PLANNED_OUTPUT_TOKENS);
    this.outputTokens += output;
    if (!price) {
      this.unpriced += 1;
      return;
    }
    const input = BigInt(Math.ceil(size / BYTES_PER_TOKEN));
    this.cost += input * price.rates.input + BigInt(output) * price.rates.output;
    this.worst += worst;
  }
}

/** One reading: a line at a time. */
class Scanner {
  constructor(fd, name, requests) {
    this.requests = requests;
    this.problems = new Problems(name);
    this.ids = new Ids(fs.fstatSync(fd).size);
    this.count = new Count(requests.settings);
    this.number = 0; // of the line
    this.kind = "";
    this.kindLine = 0;
    this.total = 0; // lines that are not empty
    this.inLongLine = false;
    this.isText = true;
  }

  wrong(text) {
    this.problems.add(this.number, null, text);
  }

  /** A line, or a piece of one that is longer than a batch. */
  take(line) {
    const whole = isWhole(line);
    if (this.inLongLine) {
      this.inLongLine = !whole;
      return;
    }
    this.number++;
    if (line.length > this.count.longest && !whole) {
      this.inLongLine = true;
      const { maxBytesPerBatch } = this.requests.settings;
      const batch = `a batch of ${grouped(maxBytesPerBatch)} bytes`;
      this.wrong(`the line is longer than ${batch}: shorten it`);
      return;
    }
    if (this.number === 1) line = this.firstLine(line);
    if (isBlank(line)) return;
    this.total++;
    const value = this.parse(line);
    if (value) this.check(value, line);
  }

  /** The first line without a byte order mark. A file of another encoding is told once. */
  firstLine(line) {
    if (/^\xff\xfe|^\xfe\xff|^.{0,3}\0/s.test(line.toString("latin1", 0, 4))) {
      this.wrong("the file is UTF-16 or UTF-32: save it as UTF-8");
      [this.isText, this.total] = [false, 1];
      return Buffer.alloc(0);
    }
    return withoutMark(line);
  }

  /** The object that a line holds; null, and the problem noted, for a line that holds none. */
  parse(line) {
    let text;
    try {
      text = utf8.decode(line);
    } catch {
      this.wrong("the line is not UTF-8: save the file as UTF-8");
      return null;
    }
    try {
      const value = JSON.parse(text);
      if (isObject(value)) {
        if (!isDeep(value)) return value;
        this.wrong(TOO_DEEP);
        return null;
      }
      const forms = '{"id": …, "prompt": …} or {"custom_id": …, "params": …}';
      this.wrong(`not a JSON object: write ${forms}`);
    } catch (error) {
      this.wrong(`not JSON (${whyNotJson(error)}): each line is one JSON object`);
    }
    return null;
  }

  check(value, line) {
    const kind = isRequest(value) ? "requests" : "rows";
    if (!this.kind) this.begin(kind);
    const id = kind === "rows" ? value.id : value.custom_id;
    const wrong = this.requests.wrong(value);
    if (kind !== this.kind) {
      const began = `the file began with ${this.kind} (line ${this.kindLine})`;
      wrong.push(`${began}, and this is one of the ${kind}: use one form throughout`);
    }
    if (typeof id === "string" && CUSTOM_ID.test(id)) this.ids.add(id, this.number);
    if (!wrong.length) {
      const measured = this.requests.measure(value, line);
      const { longest } = this.count;
      if (measured.size <= longest) {
        this.count.add(measured);
        return;
      }
      const size = `the request has ${grouped(measured.size)} bytes`;
      wrong.push(`${size}, and a batch takes ${grouped(longest)}: shorten it`);
    }
    this.problems.add(this.number, id, ...wrong);
  }

  begin(kind) {
    [this.kind, this.kindLine] = [kind, this.number];
    if (kind === "rows") this.problems.add(0, null, ...this.requests.wrongWithSettings());
  }

  end() {
    if (!this.total) {
      this.problems.add(1, null, 'the file is empty: write one {"id": …, "prompt": …} a line');
    }
    for (const [id, line, first] of this.ids.repeated()) {
      const stands = `the id stands in line ${first} too`;
      this.problems.add(line, id, `${stands}: each needs one of its own`);
    }
  }
}

/** V8's own message may quote the line: only what it says about the place is passed on. */
function whyNotJson(error) {
  const place = / position (\d+)/.exec(String(error));
  if (place) return `at character ${Number(place[1]) + 1}`;
  return /end of JSON/.test(String(error)) ? "it ends too early" : "unexpected characters";
}

/**
 * Read INPUT from an open file: {identity, count, problems}. `identity` is {name, bytes, sha256,
 * kind, requests}, `count` a Count; both are worth nothing if there are problems.
 */
export async function scan(fd, name, requests, signal) {
  const scanner = new Scanner(fd, name, requests);
  const digest = createHash("sha256");
  let [bytes, breathed] = [0, 0];
  const seen = (chunk) => {
    bytes += chunk.length;
    digest.update(chunk);
  };
  try {
    for (const line of linesOf(fd, { most: scanner.count.longest + 2 ** 16, seen })) {
      scanner.take(line);
      if (!scanner.isText) break;
      if (bytes - breathed < BYTES_BETWEEN_BREATHS) continue;
      breathed = bytes;
      await breathe(signal);
    }
    scanner.end();
  } finally {
    scanner.ids.close();
  }
  const { kind, total, count, problems } = scanner;
  const identity = { name, bytes, sha256: digest.digest("hex"), kind, requests: total };
  return { identity, count, problems };
}
