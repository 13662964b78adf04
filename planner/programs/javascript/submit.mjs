// Send what is unsent, one batch at a time.
//
// The intention is on disk before the POST. Before each one there must be room: the canary has lived,
// the budget is kept even if every answer is as long as it may be, and the queue takes it.

import { Waits, backoffSeconds, iso, sleep } from "./answer.mjs";
import { halves, nextCut } from "./cut.mjs";
import { NoAnswerError, RefusedError, StoppedError } from "./errors.mjs";
import { money, usdRounded } from "./money.mjs";
import { clock, grouped } from "./text.mjs";

/** Submits a round. */
export class Submitter {
  constructor({ settings, log, signal, folder, source, api }, doubts, sorter) {
    Object.assign(this, { settings, log, signal, folder, source, api, doubts, sorter });
  }

  /** Until nothing of this round is unsent. A batch in doubt comes before any other. */
  async submitAll() {
    const { settings, signal, folder } = this;
    const { state } = folder;
    for (;;) {
      for (const batch of state.withStatus("doubt")) {
        await this.doubts.settle(batch, "whether it was made is not known");
      }
      if (state.canceling) return;
      // The clock may have been set back since the round began.
      const longest = state.round ? backoffSeconds(settings, state.round) : 0;
      await sleep(Math.max(0, Math.min(state.notBefore - Date.now() / 1000, longest)), signal);
      const following = state.withStatus("unsent")[0] ?? this.cut();
      if (!following) return;
      if (this.hasRoom(following)) await this.submit(following);
      else await sleep(Infinity, signal, folder.watchers);
    }
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

  /** Send one batch, until it is made or there is no need. */
  async submit(batch) {
    const { folder, log } = this;
    const waits = new Waits(this.settings);
    while (batch.status === "unsent") {
      const since = await this.api.newestBatch();
      const body = this.source.bodyOf(batch);
      folder.note("submit", { batch: batch.number, since });
      try {
        const { id, created_at } = await this.api.create(body);
        folder.note("created", { batch: batch.number, id, created_at: iso(created_at) });
        log.line(`Batch ${batch.number} with ${grouped(batch.requests)} requests is ${id}`);
      } catch (error) {
        if (error instanceof NoAnswerError) await this.doubts.settle(batch, error.message);
        else if (error instanceof RefusedError) await this.refused(batch, error, waits);
        else throw error;
      }
    }
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
      await this.waitOut(batch, refusal, refusal.waitSeconds ?? waits.next());
    }
  }

  /** After a 429; when the queue is full, only until one of our own batches has left it. */
  async waitOut(batch, refusal, seconds) {
    const { folder, signal } = this;
    const drains = refusal.queueIsFull && folder.state.inFlight().length > 0;
    const when = `${drains ? "when one of ours has ended, or " : ""}in ${clock(seconds)}`;
    this.log.line(`Batch ${batch.number}: ${refusal.message}; it goes out again ${when}`);
    await sleep(seconds, signal, drains ? folder.watchers : undefined);
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
