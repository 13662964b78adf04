// Follow a batch from its making to its last result.
//
// Results are streamed to a part file and renamed when they are whole: as many lines as the API
// counts. What is counted is paid for, so short results are fetched again, for a day if need be.
// Trouble with one batch keeps no other from being collected.

import fs from "node:fs";
import path from "node:path";

import {
  FETCHES_OF_UNREADABLE,
  SHORT_RESULTS_SECONDS,
  Waits,
  countsOf,
  iso,
  promptTokens,
  sizeOf,
  sleep,
} from "./answer.mjs";
import { BatchError, LostBatchError } from "./errors.mjs";
import { syncFolder } from "./folder.mjs";
import { resultIn } from "./sort.mjs";
import { clock, grouped, isBlank, linesIn, shown } from "./text.mjs";

/**
 * Polls, fetches, and hands over to the sorter. `troubles`: what is told at the end, errors by
 * batch.
 */
export class Collector {
  constructor({ settings, log, signal, folder, source, api, troubles }, sorter) {
    Object.assign(this, { settings, log, signal, folder, source, api, troubles, sorter });
  }

  /** Stay with one batch until it is sorted, or lost. */
  async follow(batch) {
    try {
      if (batch.status === "stored" || (await this.store(batch))) this.sorter.sort(batch);
    } catch (error) {
      if (!(error instanceof BatchError)) throw error;
      if (error instanceof LostBatchError && this.folder.state.canceling) {
        this.sorter.giveUpBatch(batch, "batch_not_found");
        return;
      }
      this.log.line(`Batch ${batch.number} is in trouble; the others are collected first`);
      this.troubles.set(batch, error);
    }
  }

  /** Have the results of a batch in the folder. false: there are none any more. */
  async store(batch) {
    const { folder, log } = this;
    // One that was adopted has ended: that is how it was proved ours.
    if (folder.state.canceling && folder.state.made.has(batch.id)) await this.cancel(batch);
    const ended = await this.pollUntilEnded(batch);
    if (ended.archived_at) {
      const paid = "its results are no longer at the API, and it is not paid for again";
      log.line(`Batch ${batch.number} (${batch.id}): ${paid}`);
      this.sorter.giveUpBatch(batch, "results_archived");
      return false;
    }
    await this.fetch(batch, sizeOf(ended));
    const { size } = fs.statSync(folder.resultsFile(batch));
    folder.note("stored", { batch: batch.number, bytes: size });
    return true;
  }

  async cancel(batch) {
    try {
      await this.api.cancel(batch);
      this.log.line(`Batch ${batch.number} (${batch.id}) is being canceled`);
    } catch (error) {
      if (!(error instanceof LostBatchError)) throw error;
      // Whether it is gone the next poll tells: it may have answers.
      this.log.line(`Batch ${batch.number} (${batch.id}) cannot be canceled`);
    }
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

  /**
   * Bring the results into DIR/results, whole: as many lines as the API counts, or a BatchError if
   * they stay short. Where it counts nothing, or lines cannot be read, a few fetches are all that
   * can be done.
   */
  async fetch(batch, counted) {
    const whole = this.folder.resultsFile(batch);
    const part = `${whole}.part`;
    const waits = new Waits(10 * this.settings.pollSeconds);
    const promised = counted || batch.requests;
    const fetches = { unreadable: 0, missing: 0 };
    for (;;) {
      await this.api.download(batch, part);
      const { lines, ours, strange, unreadable } = this.inspect(batch, part);
      const isShort = lines < promised;
      // A stray line may stand for one of ours.
      const isMissing = isShort || ours < Math.min(promised, batch.requests);
      // One that cannot be read may follow others that only lack an answer.
      const why = unreadable ? "unreadable" : "missing";
      if (isShort && counted) this.refuseIfLate(batch, lines, promised);
      else if (!(unreadable || isMissing) || ++fetches[why] > FETCHES_OF_UNREADABLE) {
        this.keep(batch, part, whole, strange);
        return;
      }
      const seconds = waits.next();
      const came = isShort
        ? `${grouped(lines)} of ${grouped(promised)} lines`
        : `${grouped(ours)} of ours, and ${grouped(unreadable)} lines that cannot be read`;
      const again = `fetched again in ${clock(seconds)}`;
      this.log.line(`Batch ${batch.number}: the results came with ${came}; ${again}`);
      await sleep(seconds, this.signal);
    }
  }

  /** Results are short: noted the first time; a BatchError when they have been so for too long. */
  refuseIfLate(batch, lines, promised) {
    if (!batch.shortSince) this.folder.note("short", { batch: batch.number, lines, promised });
    if (Date.now() - Date.parse(batch.shortSince) < 1000 * SHORT_RESULTS_SECONDS) return;
    const counts = `${grouped(lines)} of ${grouped(promised)} lines`;
    throw new BatchError(
      `The results of batch ${batch.number} (${batch.id}) have held ${counts} for ` +
        `${clock(SHORT_RESULTS_SECONDS)}. ${grouped(promised - lines)} requests are paid for and ` +
        "their answers do not come; nothing is sent again. Ask the provider.",
    );
  }

  keep(batch, part, whole, strange) {
    fs.renameSync(part, whole);
    syncFolder(path.dirname(whole));
    if (!strange) return;
    const stay = `ids that were not sent; they stay in ${path.basename(whole)}`;
    this.log.line(`Batch ${batch.number}: ${grouped(strange)} results have ${stay}`);
  }

  /** Lines that hold something; of them ids of ours, other ids, and lines that cannot be read. */
  inspect(batch, part) {
    const { lines, unreadable, tokens } = readResults(part);
    let ours = 0;
    for (const { place } of this.source.placesOf(batch)) ours += tokens.has(place.custom_id);
    return { lines, ours, strange: tokens.size - ours, unreadable };
  }
}

/**
 * {lines, unreadable, tokens}: `tokens` by id, of the prompt; 0 where there is no answer. A line
 * whose id was there before counts for nothing: it stands for no other.
 */
export function readResults(file) {
  let [lines, unreadable] = [0, 0];
  const tokens = new Map();
  for (const line of linesIn(file)) {
    const parsed = resultIn(line);
    if (isBlank(line) || tokens.has(parsed?.custom_id)) continue;
    lines++;
    if (parsed) tokens.set(parsed.custom_id, promptTokens(parsed.result));
    else unreadable++;
  }
  return { lines, unreadable, tokens };
}
