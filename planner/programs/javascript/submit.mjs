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
import { clock, grouped } from "./text.mjs";

/**
 * Submits a round. `troubles` are those that stop the sending, and are told at the end: errors by
 * batch.
 */
export class Submitter {
  constructor({ settings, log, signal, folder, source, api, troubles }, doubts, sorter) {
    Object.assign(this, { settings, log, signal, folder, source, api, troubles, doubts, sorter });
  }

  /** Until nothing of this round is unsent, or nothing more can be sent. */
  async submitAll() {
    const { settings, signal, folder } = this;
    const { state } = folder;
    for (;;) {
      if (state.withStatus("doubt").length) await this.doubts.settle();
      if (state.canceling || this.troubles.size) return;
      // The clock may have been set back since the round began.
      const longest = state.round ? backoffSeconds(settings, state.round) : 0;
      await sleep(Math.max(0, Math.min(state.notBefore - Date.now() / 1000, longest)), signal);
      const following = state.withStatus("unsent")[0] ?? this.cut();
      if (!following || this.isRetired()) return;
      if (this.hasRoom(following)) await this.submit(following);
      else if (state.inFlight().every((batch) => this.isStuck(batch))) return;
      else await sleep(Infinity, signal, folder.watchers);
    }
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

  /** Whether what is unsent asks for a model that has gone since the run began. */
  isRetired() {
    const { retired } = this.source.requests;
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
    if (batch.canary) log.line(`The first ${requests} requests go alone; ${follows}`);
    while (batch.status === "unsent") {
      const since = await newestBatch(api, batch.requests);
      this.noteAccount();
      folder.note("submit", { batch: batch.number, since });
      const sentAt = performance.now();
      try {
        const { id, created_at } = await api.create(this.source.bodyOf(batch), batch.bytes);
        folder.note("created", { batch: batch.number, id, created_at: iso(created_at) });
        log.line(`Batch ${batch.number} with ${requests} requests is ${id}`);
      } catch (error) {
        const seconds = (performance.now() - sentAt) / 1000;
        if (error instanceof NoAnswerError) this.doubts.note(batch, error.message, seconds);
        else if (error instanceof RefusedError) await this.refused(batch, error, waits);
        else throw error;
      }
    }
  }

  noteAccount() {
    const { account } = this.api;
    const isKnown = account.organization !== null || account.workspace !== null;
    const before = JSON.stringify(this.folder.state.account);
    if (isKnown && JSON.stringify(account) !== before) this.folder.note("account", account);
  }

  /** No batch was made. */
  async refused(batch, refusal, waits) {
    const { status, message: why } = refusal;
    this.folder.note("refused", { batch: batch.number, status, why });
    if (refusal.forGood) {
      throw new StoppedError(`The API refused batch ${batch.number}: ${why}. ${refusal.remedy}`);
    }
    if (status === 413) {
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
