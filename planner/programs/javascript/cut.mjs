// Choose the requests of a batch.
//
// A batch is a range of lines: of INPUT, or of the list of requests that a later round sends again. What
// is sent for a range is made from INPUT each time, so only the range is in the journal.

import fs from "node:fs";
import path from "node:path";

import { InputError, StoppedError, codeOf, systemText } from "./errors.mjs";
import { usdExact } from "./money.mjs";
import { ENVELOPE, ENVELOPE_BYTES, isRequest } from "./request.mjs";
import { grouped, isBlank, linesIn, linesOf, utf8 } from "./text.mjs";

/** INPUT, and the lists of later rounds: which requests stand where. */
export class Source {
  constructor(file, folder, requests) {
    this.file = file;
    this.name = path.basename(file);
    this.folder = folder;
    this.requests = requests;
    this.fd = -1;
    this.opened = null; // what the system said of the file then
  }

  open() {
    try {
      const stat = fs.statSync(this.file);
      if (stat.isDirectory()) {
        throw new InputError(`${this.file}: cannot be read (Is a directory). Check the path.`);
      }
      if (!stat.isFile()) {
        throw new InputError(`${this.file}: is no file that can be read again. Save it as a file.`);
      }
      this.fd = fs.openSync(this.file, "r");
      this.opened = fs.fstatSync(this.fd, { bigint: true });
    } catch (error) {
      if (!codeOf(error)) throw error;
      throw new InputError(`${this.file}: cannot be read (${systemText(error)}). Check the path.`);
    }
  }

  close() {
    fs.closeSync(this.fd);
  }

  refuseIfChanged() {
    const [before, now] = [this.opened, fs.fstatSync(this.fd, { bigint: true })];
    if (now.size === before.size && now.mtimeNs === before.mtimeNs) return;
    const sizes = `${grouped(before.size)} bytes before, ${grouped(now.size)} now`;
    throw new StoppedError(`${this.file} was changed while the run went on: ${sizes}. Restore it.`);
  }

  /**
   * The requests of a round from byte `start` to byte `end`: {place, after, line}. `place` is where one
   * stands and what became of it so far, as on a round's list; `after` the byte where the next begins;
   * `line` its line of INPUT, good until the next is asked for.
   */
  *places(round, start, end) {
    this.refuseIfChanged();
    yield* round === 0 ? this.inInput(start, end) : this.onList(round, start, end);
  }

  placesOf(batch) {
    return this.places(batch.round, batch.start, batch.end);
  }

  *inInput(start, end = Number(this.opened.size)) {
    let after = start;
    for (const line of linesOf(this.fd, { start, end })) {
      const offset = after;
      after += line.length;
      if (isBlank(line)) continue;
      const value = JSON.parse(utf8.decode(line));
      const custom_id = isRequest(value) ? value.custom_id : value.id;
      const never = { attempts: 0, reason: "not_sent", result: null };
      yield { place: { custom_id, offset, length: line.length, ...never }, after, line, value };
    }
  }

  *onList(round, start, end) {
    const { state } = this.folder;
    const until = end ?? (round === state.round ? state.roundBytes : Infinity);
    let after = start;
    for (const entry of linesIn(this.folder.roundFile(round), { start, end: until })) {
      after += entry.length;
      const place = JSON.parse(utf8.decode(entry));
      const line = Buffer.allocUnsafe(place.length);
      fs.readSync(this.fd, line, 0, place.length, place.offset);
      yield { place, after, line, value: JSON.parse(utf8.decode(line)) };
    }
  }

  /** The body of the POST. It is made here, not by the SDK, so that its bytes and its size are known. */
  bodyOf(batch) {
    const body = Buffer.allocUnsafe(batch.bytes);
    let at = body.write(ENVELOPE[0]);
    for (const { line } of this.placesOf(batch)) {
      if (at > ENVELOPE[0].length) at += body.write(",", at);
      at += this.requests.wire(line).copy(body, at);
    }
    at += body.write(ENVELOPE[1], at);
    if (at === batch.bytes) return body;
    const size = `${grouped(batch.bytes)} bytes`;
    throw new StoppedError(`Batch ${batch.number} was cut with ${size} and has others now.`);
  }
}

/** The next batch of this round, as many requests as fit: the fields of `cut`. null: there is none. */
export function nextCut(source, settings) {
  const { state } = source.folder;
  const canary = state.restBegan ? 0 : Math.max(0, settings.canary - state.canaryCut);
  const limits = [settings.requestsPerBatch, settings.maxQueuedRequests, state.largestRequests];
  const most = Math.min(canary || Infinity, ...limits);
  const longest = Math.min(settings.maxBytesPerBatch, state.largestBytes) - ENVELOPE_BYTES;
  let [requests, bytes, worst, end] = [0, -1, 0n, state.position]; // a comma less than requests
  for (const { value, line, after } of source.places(state.round, state.position)) {
    const measured = source.requests.measure(value, line);
    if (requests && (requests === most || bytes + 1 + measured.size > longest)) break;
    requests += 1;
    bytes += 1 + measured.size;
    worst += measured.worst ?? 0n;
    end = after;
  }
  if (!requests) return null;
  return {
    batch: state.numbers + 1,
    round: state.round,
    start: state.position,
    end,
    requests,
    bytes: bytes + ENVELOPE_BYTES,
    worst_usd: usdExact(worst),
    canary: canary > 0,
  };
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
