// Choose the requests of a batch.
//
// A batch is a range of lines: of INPUT, or of the list of requests that a later round sends again.
// What is sent for a range is made from INPUT each time, so only the range is in the journal.
// Batches of one run have counts of their own, so that each is recognised in the list of the
// workspace.

import { createHash, randomBytes } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";

import { InputError, StoppedError, codeOf, systemText } from "./errors.mjs";
import { writeAll } from "./folder.mjs";
import { usdExact } from "./money.mjs";
import { ENVELOPE, ENVELOPE_BYTES, isRequest } from "./request.mjs";
import { grouped, isBlank, linesIn, linesOf, utf8, withoutMark } from "./text.mjs";

const GZIP = Buffer.from([0x1f, 0x8b]);
const PIECE_BYTES = 2 ** 17;

/** INPUT, and the lists of later rounds: which requests stand where. */
export class Source {
  constructor(file, folder, requests) {
    this.file = file;
    this.name = path.basename(file);
    this.folder = folder;
    this.requests = requests;
    this.original = -1; // INPUT as it is
    this.fd = -1; // its lines: the same, or what it holds unpacked
    this.opened = null; // what the system said of the file then
    this.packed = false; // {bytes, sha256} of a file that had to be unpacked
  }

  /** Open INPUT. One that is packed is unpacked to a file without a name in the folder `near`. */
  async open(near, signal) {
    try {
      const stat = fs.statSync(this.file);
      if (stat.isDirectory()) {
        throw new InputError(`${this.unreadable("Is a directory")} Check the path.`);
      }
      if (!stat.isFile()) {
        throw new InputError(`${this.file}: is no file that can be read again. Save it as a file.`);
      }
      this.original = this.fd = fs.openSync(this.file, "r");
      this.opened = fs.fstatSync(this.fd, { bigint: true });
      const magic = Buffer.alloc(2);
      fs.readSync(this.fd, magic, 0, 2, 0);
      this.packed = magic.equals(GZIP);
    } catch (error) {
      if (!codeOf(error)) throw error;
      throw new InputError(`${this.unreadable(systemText(error))} Check the path.`);
    }
    if (this.packed) await this.unpack(near, signal);
  }

  unreadable(why) {
    return `${this.file}: cannot be read (${why}).`;
  }

  async unpack(near, signal) {
    const file = path.join(near, `run_batches-${randomBytes(8).toString("hex")}`);
    this.fd = fs.openSync(file, "wx+");
    fs.unlinkSync(file); // an open file without a name goes away with the program
    const digest = createHash("sha256");
    const read = fs.createReadStream("", { fd: this.original, start: 0, autoClose: false });
    read.on("data", (chunk) => digest.update(chunk));
    const write = async (pieces) => {
      for await (const piece of pieces) writeAll(this.fd, piece);
    };
    await pipeline(read, createGunzip(), write, { signal }).catch((error) => {
      if (!error.code?.startsWith("Z_")) throw error;
      throw new InputError(`${this.file}: is no whole gzip file (${error.code}). Pack it again.`);
    });
    this.packed = { bytes: Number(this.opened.size), sha256: digest.digest("hex") };
  }

  close() {
    for (const fd of new Set([this.fd, this.original])) if (fd >= 0) fs.closeSync(fd);
  }

  refuseIfChanged() {
    const [before, now] = [this.opened, fs.fstatSync(this.original, { bigint: true })];
    if (now.size === before.size && now.mtimeNs === before.mtimeNs) return;
    const sizes = `${grouped(before.size)} bytes before, ${grouped(now.size)} now`;
    throw new StoppedError(`${this.file} was changed while the run went on: ${sizes}. Restore it.`);
  }

  /** Where a round ends, in bytes of INPUT or of the round's list. */
  endOf(round) {
    const { state } = this.folder;
    if (round === 0) return fs.fstatSync(this.fd).size;
    return round === state.round ? state.roundBytes : state.lengths[2];
  }

  /**
   * The requests of a round from byte `start` to byte `end`: {place, after, line, value}. `place`
   * is where one stands and what became of it so far, as on a round's list; `after` the byte where
   * the next begins; `line` its line of INPUT, good until the next is asked for; `value` what the
   * line holds.
   */
  *places(round, start, end) {
    this.refuseIfChanged();
    yield* round === 0 ? this.inInput(start, end) : this.onList(round, start, end);
  }

  placesOf(batch) {
    return this.places(batch.round, batch.start, batch.end);
  }

  *inInput(start, end) {
    let after = start;
    for (const whole of linesOf(this.fd, { start, end })) {
      after += whole.length;
      const line = after === whole.length ? withoutMark(whole) : whole;
      if (isBlank(line)) continue;
      const value = JSON.parse(utf8.decode(line));
      const custom_id = isRequest(value) ? value.custom_id : value.id;
      const where = { custom_id, offset: after - line.length, length: line.length };
      const place = { ...where, attempts: 0, reason: "not_sent", result: null };
      yield { place, after, line, value };
    }
  }

  *onList(round, start, end) {
    let after = start;
    for (const entry of linesIn(this.folder.roundFile(round), { start, end })) {
      after += entry.length;
      const place = JSON.parse(utf8.decode(entry));
      yield { place, after, ...this.at(place) };
    }
  }

  /** {line, value} of the request that stands at a place. */
  at({ offset, length }) {
    const whole = Buffer.allocUnsafe(length);
    fs.readSync(this.fd, whole, 0, length, offset);
    const line = offset ? whole : withoutMark(whole);
    return { line, value: JSON.parse(utf8.decode(line)) };
  }

  /** The body of the POST in pieces. It is made here, not by the SDK, so that its size is known. */
  *bodyOf(batch) {
    let [pieces, held, sent] = [[Buffer.from(ENVELOPE[0])], 0, 0];
    for (const { line, value } of this.placesOf(batch)) {
      const comma = Buffer.from(sent || pieces.length > 1 ? "," : "");
      // A copy, for the line is good until the next is asked for.
      pieces.push(Buffer.concat([comma, this.requests.wire(value, line)]));
      held += pieces.at(-1).length;
      if (held < PIECE_BYTES) continue;
      const piece = Buffer.concat(pieces);
      this.folder.guard(); // a body takes hours on a slow line
      yield piece;
      [pieces, held, sent] = [[], 0, sent + piece.length];
    }
    const last = Buffer.concat([...pieces, Buffer.from(ENVELOPE[1])]);
    if (sent + last.length !== batch.bytes) {
      const size = `${grouped(batch.bytes)} bytes`;
      throw new StoppedError(`Batch ${batch.number} was cut with ${size} and has others now.`);
    }
    this.folder.guard();
    yield last;
  }
}

/**
 * The next batch of this round, as many requests as fit: the fields of `cut`. null: there is none.
 */
export function nextCut(source, settings) {
  const { state } = source.folder;
  const canary = state.canaryRest ? 0 : Math.max(0, settings.canary - state.canaryCut);
  const limits = [settings.requestsPerBatch, settings.maxQueuedRequests, state.largestRequests];
  const full = Math.min(canary || Infinity, ...limits);
  const spread = canary ? 0 : spreadOf(full);
  const longest = Math.min(settings.maxBytesPerBatch, state.largestBytes) - ENVELOPE_BYTES;
  for (const { start, end } of state.ranges(source.endOf(state.round))) {
    const chosen = choose(source, start, end, { full, spread, longest });
    if (!chosen.requests) continue; // empty lines
    const { requests, bytes, worst } = chosen;
    const range = { batch: state.numbers + 1, round: state.round, start, end: chosen.end };
    const size = { requests, bytes: bytes + ENVELOPE_BYTES, worst_usd: usdExact(worst) };
    return { ...range, ...size, canary: canary > 0 };
  }
  return null;
}

/**
 * By how many requests a batch may be smaller than the largest, so that it has a count of its own.
 * Of a small batch nothing is taken: it would cost a batch more, with its whole start.
 */
export const spreadOf = (full) => Math.min(Math.floor(full / 25), 100 + Math.floor(full / 100));

/** {requests, bytes, worst, end} of the requests from `start` on that are the next batch. */
function choose(source, start, end, { full, spread, longest }) {
  const ends = []; // where the batch may end
  let batch = { requests: 0, bytes: -1, worst: 0n, end: start }; // a comma less than requests
  for (const { value, line, after } of source.places(source.folder.state.round, start, end)) {
    const { size, worst } = source.requests.measure(value, line);
    const bytes = batch.bytes + 1 + size;
    if (batch.requests && bytes > longest) return batch;
    if (batch.requests === full) return ownCount(ends, source.folder.state);
    const requests = batch.requests + 1;
    batch = { requests, bytes, worst: batch.worst + (worst ?? 0n), end: after };
    if (requests >= full - spread) ends.push(batch);
  }
  return batch; // what remains, as it is
}

/** One of these by luck, with a count that no batch of this run has, if there is one. */
function ownCount(ends, state) {
  const taken = new Set([...state.batches.values()].map(({ requests }) => requests));
  const own = ends.filter(({ requests }) => !taken.has(requests));
  const all = own.length ? own : ends;
  return all[Math.floor(Math.random() * all.length)];
}

/** Two batches of half the requests of a batch each: the fields of two cuts. */
export function halves(source, batch) {
  const { numbers } = source.folder.state;
  const half = Math.floor(batch.requests / 2);
  const parts = [half, batch.requests - half].map((requests, part) => ({
    batch: numbers + 1 + part,
    round: batch.round,
    start: batch.start,
    end: batch.end,
    requests,
    bytes: ENVELOPE_BYTES - 1,
    worst: 0n,
    canary: batch.canary,
  }));
  let count = 0;
  for (const { value, line, after } of source.placesOf(batch)) {
    const measured = source.requests.measure(value, line);
    const part = parts[count < half ? 0 : 1];
    part.bytes += measured.size + 1;
    part.worst += measured.worst ?? 0n;
    if (++count === half) parts[0].end = parts[1].start = after;
  }
  return parts.map(({ worst, ...cut }) => ({ ...cut, worst_usd: usdExact(worst) }));
}
