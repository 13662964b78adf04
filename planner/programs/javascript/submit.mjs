// Send what is unsent, one batch at a time.
//
// The intention is on disk before the POST. Before each one there must be room: the canary has
// lived, the budget is kept even if every answer is as long as it may be, and the queue takes it.
// While a batch may still be made late, nothing else is sent.

import { Waits, backoffSeconds, iso, sleep } from "./answer.mjs";
import { halves, nextCut } from "./cut.mjs";
import { newestBatch } from "./doubt.mjs";
import { NoAnswerError, RefusedError, StoppedError } from "./errors.mjs";
import { money, usdRounded } from "./money.mjs";
import { retirement } from "./request.mjs";
import { clock, grouped } from "./text.mjs";

// So often in a row the connection broke before the end of a body: it may be too large.
const CUT_OFF_UPLOADS = 2;

/**
 * Submits a round. `troubles` are those that stop the sending, and are told at the end: errors by
 * batch.
 */
export class Submitter {
  constructor({ settings, log, signal, folder, source, api, troubles }, doubts, sorter) {
    Object.assign(this, { settings, log, signal, folder, source, api, troubles, doubts, sorter });
    this.doneAt = 0; // the size of the journal when `submitAll` ended
    this.cutOffs = new Map(); // by batch, how often in a row its upload was cut off
  }

  /** Until nothing of this round is unsent, or nothing more can be sent. */
  async submitAll() {
    await this.submitRound();
    this.doneAt = this.folder.journal.size;
  }

  async submitRound() {
    const { settings, signal, folder } = this;
    const { state } = folder;
    for (;;) {
      if (state.withStatus("doubt").length) await this.doubts.settle();
      if (state.canceling || this.troubles.size) return;
      // The clock may have been set back since the round began.
      const longest = state.round ? backoffSeconds(settings, state.round) : 0;
      await sleep(Math.max(0, Math.min(state.notBefore - Date.now() / 1000, longest)), signal);
      const following = this.unsent() ?? this.cut();
      if (!following || this.isRetired(following)) return;
      if (this.hasRoom(following)) await this.submit(following);
      else if (state.inFlight().every((batch) => this.isStuck(batch))) return;
      else await sleep(Infinity, signal, folder.watchers);
    }
  }

  /** A batch that was cut and is not sent; one that is too large by now is cut anew. */
  unsent() {
    const { settings, folder } = this;
    for (const batch of folder.state.withStatus("unsent")) {
      const isSmall = batch.requests <= settings.requestsPerBatch;
      if (isSmall && batch.bytes <= settings.maxBytesPerBatch) return batch;
      folder.note("recut", { batches: [batch.number] });
    }
    return null;
  }

  /** Whether there is something new for `submitAll` since it ended. */
  isWanted() {
    const { state, journal } = this.folder;
    const isNew = this.doneAt !== journal.size && state.withStatus("doubt", "unsent").length > 0;
    return isNew && !state.canceling && !this.troubles.size;
  }

  /** Whether there is something to do for `submitAll` again, when all other tasks have ended. */
  canGoOn() {
    const { state } = this.folder;
    if (state.withStatus("doubt").length) return true;
    const [unsent] = state.withStatus("unsent");
    return Boolean(unsent) && !state.canceling && !this.troubles.size && this.hasRoom(unsent);
  }

  /** Whether a batch waits for a person. */
  isStuck(batch) {
    return this.doubts.choices.has(batch) || this.troubles.has(batch);
  }

  /** Whether a batch asks for a model that has gone since the run began. */
  isRetired(batch) {
    const { requests } = this.source;
    let retired = "";
    for (const { value } of requests.retired ? this.source.placesOf(batch) : []) {
      retired ||= retirement(requests.modelOf(value));
    }
    if (!retired) return false;
    const ways = "in another run; what is paid for is collected. --cancel ends this one.";
    this.troubles.set(null, new StoppedError(`Not everything was sent: ${retired}, ${ways}`));
    return true;
  }

  cut() {
    const fields = nextCut(this.source, this.settings);
    if (!fields) return null;
    this.folder.note("cut", fields);
    return this.folder.state.batches.get(fields.batch);
  }

  /** Whether the batch may go now. A StoppedError: not before somebody has decided. */
  hasRoom(batch) {
    const { settings } = this;
    const flying = this.folder.state.inFlight();
    if (!this.canaryLives(batch) || !this.budgetAllows(batch, flying)) return false;
    const queued = flying.reduce((sum, other) => sum + other.requests, batch.requests);
    const queueTakesIt = queued <= settings.maxQueuedRequests;
    return !flying.length || (flying.length < settings.concurrentBatches && queueTakesIt);
  }

  canaryLives(batch) {
    const { state } = this.folder;
    if (!this.settings.canary || batch.canary) return true;
    if ([...state.batches.values()].some((other) => other.canary)) return false;
    if (2 * state.canaryGivenUp <= state.canary) return true;
    throw new StoppedError(
      `The canary failed: ${grouped(state.canaryGivenUp)} of the first ${grouped(state.canary)} ` +
        "requests were given up. failed.jsonl has the reasons. Correct INPUT and choose another " +
        "--out, or go on with --canary 0.",
    );
  }

  budgetAllows(batch, flying) {
    const { budgetUsd } = this.settings;
    const { spent } = this.folder.state;
    const worst = flying.reduce((sum, other) => sum + other.worst, spent + batch.worst);
    if (!budgetUsd || worst <= money(budgetUsd)) return true;
    if (flying.length) return false; // what they do not spend is free again when they have ended
    throw new StoppedError(
      `The budget of $${budgetUsd} would be passed: $${usdRounded(spent)} is spent, and the next ` +
        `batch of ${grouped(batch.requests)} requests may cost $${usdRounded(batch.worst)}. ` +
        "Raise --budget-usd, or lower max_tokens.",
    );
  }

  /** Send one batch, until it is made, is in doubt, or there is no need. */
  async submit(batch) {
    const { api, folder, log } = this;
    const requests = grouped(batch.requests);
    const waits = new Waits(this.settings.pollSeconds);
    const follows = "the rest follows if they are good";
    if (batch.canary) log.line(`Canary: the first ${requests} requests go alone; ${follows}`);
    while (batch.status === "unsent" && !this.troubles.size) {
      if (batch.requests > 1 && this.cutOffs.get(batch) >= CUT_OFF_UPLOADS) {
        this.halve(batch);
        return;
      }
      const since = await newestBatch(api, batch.requests);
      if (batch.status !== "unsent" || this.troubles.size) return; // what came meanwhile
      this.source.refuseIfChanged();
      this.noteAccount();
      folder.note("submit", { batch: batch.number, since });
      const sentAt = performance.now();
      try {
        const { id, created_at } = await api.create(this.source.bodyOf(batch), batch.bytes);
        folder.note("created", { batch: batch.number, id, created_at: iso(created_at) });
        log.line(`Batch ${batch.number} with ${requests} requests is ${id}`);
      } catch (error) {
        const seconds = (performance.now() - sentAt) / 1000;
        if (error instanceof NoAnswerError) this.noAnswer(batch, error, seconds);
        else if (error instanceof RefusedError) await this.refused(batch, error, waits, seconds);
        else throw error;
      }
    }
  }

  noteAccount() {
    const { account } = this.api;
    const known = this.folder.state.account ?? {};
    const isNew = ([name, value]) => value !== null && value !== known[name];
    if (Object.entries(account).some(isNew)) this.folder.note("account", account);
  }

  /** Whether the batch was made is not known. */
  noAnswer(batch, error, seconds) {
    this.cutOffs.set(batch, error.isCutOff ? (this.cutOffs.get(batch) ?? 0) + 1 : 0);
    this.doubts.note(batch, error.message, seconds);
    this.source.refuseIfChanged(); // the reason why the body came to no end
  }

  /** No batch was made, if it was the API that said so. */
  async refused(batch, refusal, waits, seconds) {
    const { status, message: why } = refusal;
    if (refusal.isOfTheApi) this.folder.note("refused", { batch: batch.number, status, why });
    else this.doubts.note(batch, why, seconds);
    if (refusal.forGood) {
      const told = `The API refused batch ${batch.number}: ${why}. ${refusal.remedy}`;
      this.troubles.set(batch, new StoppedError(told));
      this.log.line(`${told} What is open is collected first`);
    } else if (status === 413) {
      this.halve(batch);
    } else {
      await this.waitOut(batch, refusal, Math.max(refusal.waitSeconds ?? 0, waits.next()));
    }
  }

  /** After a 429; when the queue is full, only until one of our own batches has left it. */
  async waitOut(batch, refusal, seconds) {
    const { folder, signal } = this;
    const open = folder.state.inFlight().length;
    const drains = refusal.queueIsFull && open > 0;
    const why = refusal.queueIsFull ? `${refusal.message}, the queue is full` : refusal.message;
    const when = `${drains ? "when one of ours has ended, or " : ""}in ${clock(seconds)}`;
    this.log.line(`Batch ${batch.number}: ${why}; it goes out again ${when}`);
    const end = performance.now() + 1000 * seconds;
    while (performance.now() < end && folder.state.inFlight().length >= open) {
      const rest = (end - performance.now()) / 1000;
      await sleep(Math.max(0, rest), signal, drains ? folder.watchers : undefined);
    }
  }

  /** The body is too large for the API, though not for the settings. */
  halve(batch) {
    if (batch.requests === 1) {
      this.sorter.giveUpBatch(batch, "request_too_large");
      return;
    }
    this.folder.note("halved", { batch: batch.number, into: halves(this.source, batch) });
    const size = `${grouped(batch.bytes)} bytes`;
    this.log.line(`Batch ${batch.number} is too large for the API (${size}): sent as two halves`);
  }
}
