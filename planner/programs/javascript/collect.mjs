// Follow a batch from its making to its last result.
//
// Results are streamed to a part file and renamed when they are whole. An adopted batch whose results
// hold an id that is not its own is somebody else's, and is let go.

import fs from "node:fs";
import path from "node:path";

import { Waits, countsOf, iso, sizeOf, sleep } from "./answer.mjs";
import { LostBatchError } from "./errors.mjs";
import { syncFolder } from "./folder.mjs";
import { resultIn } from "./sort.mjs";
import { clock, grouped, isBlank, linesIn, shown } from "./text.mjs";

// Results with fewer lines than the batch has requests are fetched so often, then the rest is missing.
const FETCHES_OF_SHORT_RESULTS = 3;

/** Polls, fetches, and hands over to the sorter. */
export class Collector {
  constructor({ settings, log, signal, folder, source, api }, sorter) {
    Object.assign(this, { settings, log, signal, folder, source, api, sorter });
  }

  /** Stay with one batch until it is sorted, or let go. */
  async follow(batch) {
    const stored = batch.status === "stored" || (await this.store(batch));
    if (stored) this.sorter.sort(batch);
  }

  /** Have the results of a batch in the folder. false: there are none that are ours. */
  async store(batch) {
    const { folder, log } = this;
    let ended;
    try {
      if (folder.state.canceling) await this.cancel(batch);
      ended = await this.pollUntilEnded(batch);
    } catch (error) {
      if (!(error instanceof LostBatchError && folder.state.canceling)) throw error;
      this.sorter.giveUpBatch(batch, "batch_not_found");
      return false;
    }
    if (ended.archived_at) {
      const paid = "its results are no longer at the API, and it is not paid for again";
      log.line(`Batch ${batch.number} (${batch.id}): ${paid}`);
      this.sorter.giveUpBatch(batch, "results_archived");
      return false;
    }
    if (!(await this.fetch(batch, ended))) {
      folder.note("let_go", { batch: batch.number, id: batch.id });
      const left = "the adopted batch is somebody else's; its requests are still to be sent";
      log.line(`Batch ${batch.number}: ${left}`);
      return false;
    }
    const { size } = fs.statSync(folder.resultsFile(batch));
    folder.note("stored", { batch: batch.number, bytes: size });
    return true;
  }

  async cancel(batch) {
    if (!batch.adopted) {
      await this.api.cancel(batch);
      this.log.line(`Batch ${batch.number} (${batch.id}) is being canceled`);
      return;
    }
    this.log.line(
      `Batch ${batch.number} (${batch.id}) was adopted, and whether it is ours is known only when ` +
        "it has ended: it is not canceled here. If it is yours, cancel it in the Console; this " +
        "program waits for its end",
    );
  }

  async pollUntilEnded(batch) {
    let odd = "";
    for (;;) {
      const polled = await this.api.retrieve(batch);
      const archived = Boolean(polled.archived_at);
      let status = polled.processing_status;
      if (status === "ended" && (polled.results_url || archived)) {
        const { number, id } = batch;
        const ended = { batch: number, id, ended_at: iso(polled.ended_at) };
        this.folder.note("ended", { ...ended, counts: countsOf(polled), archived });
        return polled;
      }
      if (status === "ended") status = "ended, without results yet";
      if (!["in_progress", "canceling", odd].includes(status)) {
        const where = `Batch ${batch.number} (${batch.id})`;
        this.log.line(`${where} has the status ${shown(status)}: polling goes on`);
        odd = status;
      }
      await sleep(this.settings.pollSeconds, this.signal);
    }
  }

  /** Bring the results into DIR/results, whole. false: they are somebody else's. */
  async fetch(batch, ended) {
    const whole = this.folder.resultsFile(batch);
    const part = `${whole}.part`;
    const promised = Math.max(batch.requests, sizeOf(ended));
    const waits = new Waits(this.settings);
    let short = 0;
    for (;;) {
      await this.api.download(batch, ended.results_url, part);
      const { lines, strange, unreadable } = this.inspect(batch, part);
      if (lines < promised && !unreadable) short++;
      if (!unreadable && (lines >= promised || short >= FETCHES_OF_SHORT_RESULTS)) {
        if (strange && batch.adopted) return false;
        this.keep(batch, part, whole, strange);
        return true;
      }
      const seconds = waits.next();
      const came = unreadable
        ? `${grouped(unreadable)} unreadable lines`
        : `${grouped(lines)} of ${grouped(promised)} lines`;
      const again = `fetched again in ${clock(seconds)}`;
      this.log.line(`Batch ${batch.number}: the results came with ${came}; ${again}`);
      await sleep(seconds, this.signal);
    }
  }

  keep(batch, part, whole, strange) {
    fs.renameSync(part, whole);
    syncFolder(path.dirname(whole));
    if (!strange) return;
    const stay = `ids that were not sent; they stay in ${path.basename(whole)}`;
    this.log.line(`Batch ${batch.number}: ${grouped(strange)} results have ${stay}`);
  }

  /** Lines that are results, those of them with ids that are not the batch's, and lines that are none. */
  inspect(batch, part) {
    const ids = new Set();
    for (const { place } of this.source.placesOf(batch)) ids.add(place.custom_id);
    let [lines, strange, unreadable] = [0, 0, 0];
    for (const line of linesIn(part)) {
      if (isBlank(line)) continue;
      const parsed = resultIn(line);
      if (parsed) lines++;
      else unreadable++;
      if (parsed && !ids.has(parsed.custom_id)) strange++;
    }
    return { lines, strange, unreadable };
  }
}
