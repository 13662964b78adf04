// Find out whether a batch in doubt was made.
//
// The batches made since the intention are listed, and the one with the same number of requests that
// the journal does not know is adopted. Only after a grace period without one is it taken as not made.

import { iso, sizeOf, sleep } from "./answer.mjs";

/** Settles doubts, one after the other. */
export class Doubts {
  constructor({ settings, log, signal, folder, api }) {
    Object.assign(this, { settings, log, signal, folder, api });
  }

  async settle(batch, why) {
    const { adoptGraceSeconds, pollSeconds } = this.settings;
    this.folder.note("doubt", { batch: batch.number, why });
    const before = "looking for it before its requests are sent again";
    this.log.line(`Batch ${batch.number} is in doubt (${why}): ${before}`);
    const lookingSince = performance.now();
    for (;;) {
      const graceIsOver = performance.now() - lookingSince >= 1000 * adoptGraceSeconds;
      const candidate = await this.candidate(batch);
      if (candidate) {
        const { id, created_at } = candidate;
        this.folder.note("adopted", { batch: batch.number, id, created_at: iso(created_at) });
        this.log.line(`Batch ${batch.number} was made: it is ${id}`);
        return;
      }
      if (graceIsOver) {
        this.folder.note("not_made", { batch: batch.number });
        this.log.line(`Batch ${batch.number} was not made`);
        return;
      }
      await sleep(Math.min(pollSeconds, adoptGraceSeconds / 5), this.signal);
    }
  }

  async candidate(batch) {
    const { known } = this.folder.state;
    const listed = await this.api.batchesSince(batch.since);
    return listed.find((other) => !known.has(other.id) && sizeOf(other) === batch.requests);
  }
}
