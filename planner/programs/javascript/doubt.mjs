// Find out whether a batch in doubt was made.
//
// A doubt ends with proof alone. After a grace in which a late batch may still be made, the list of
// the workspace is read once, to well before the intention: without a batch of this count nothing
// was made. Those with this count are candidates, and no later ones are. Each is held against every
// batch in question when it has ended: the ids in its results tell whose it is. Where ids prove
// nothing, for two runs may number their rows alike, a person has to choose.

import {
  FETCHES_OF_UNREADABLE,
  SHORT_RESULTS_SECONDS,
  Waits,
  fitByTokens,
  iso,
  mayCount,
  mayHave,
  sizeOf,
  sleep,
  tookAtMost,
} from "./answer.mjs";
import { readResults } from "./collect.mjs";
import { StoppedError } from "./errors.mjs";
import { attachments } from "./request.mjs";
import { clock, grouped } from "./text.mjs";

const CLOCK_MARGIN_SECONDS = 300.0; // by so much clocks may differ

/** Settles doubts; `choices` are those that a person has to settle: texts by batch. */
export class Doubts {
  constructor({ settings, log, signal, folder, source, api }, words = []) {
    Object.assign(this, { settings, log, signal, folder, source, api, words });
    this.choices = new Map();
    this.before = new Set(); // batches that the words are about: in doubt or question at the start
    this.verdicts = new Map(); // by candidate: {moment, of}, `of` being by batch whether it fits
    this.unfit = new Map(); // by candidate with results not whole yet: {count, since, waits, next}
  }

  /** Every batch in doubt: was not made, or is in question with the candidates for it. */
  async settle() {
    const batches = this.folder.state.withStatus("doubt");
    for (const batch of batches.filter(({ tookSeconds }) => tookSeconds === null)) {
      this.note(batch, "whether it was made is not known", tookAtMost(batch));
    }
    const graces = batches.map(({ tookSeconds }) => tookSeconds);
    await sleep(Math.max(this.settings.adoptGraceSeconds, ...graces), this.signal);
    const listed = await this.list(batches);
    for (const batch of batches) this.choose(batch, listed);
  }

  /** All batches that may be these. A list without what was there before proves nothing. */
  async list(batches) {
    const moments = batches.map(({ since }) => since?.created_at ?? "").sort();
    const before = batches.flatMap(({ since }) => since?.id ?? []);
    for (;;) {
      const listed = await madeSince(this.api, moments[0]);
      const ids = new Set(listed.map(({ id }) => id));
      const missing = before.find((id) => !ids.has(id));
      if (!missing || !(await this.api.look(missing, 3))) return listed;
      this.log.line(`The list of batches lacks ${missing}, which is there: it is read again`);
      await sleep(this.settings.pollSeconds, this.signal);
    }
  }

  /** Journal a doubt; `seconds` is how long the POST lasted. */
  note(batch, why, seconds) {
    this.folder.note("doubt", { batch: batch.number, why, took_s: seconds });
    const before = "looking for it before its requests are sent again";
    this.log.line(`Batch ${batch.number} is in doubt (${why}): ${before}`);
  }

  choose(batch, listed) {
    const { state } = this.folder;
    const { id, created_at, seen = [] } = batch.since ?? {};
    const excluded = new Set([...state.known, ...seen, ...batch.letGo, id]);
    const mayBe = listed
      .filter((other) => !created_at || !isBefore(iso(other.created_at), created_at))
      .filter((other) => mayHave(other, batch.requests) && !excluded.has(other.id));
    if (!mayBe.length) {
      this.notMade(batch);
      return;
    }
    const ids = mayBe.map((other) => other.id);
    const unsure = ids.filter((_, number) => sizeOf(mayBe[number]) !== batch.requests);
    this.folder.note("candidates", { batch: batch.number, ids, unsure });
    this.log.line(`Batch ${batch.number} may be ${ids.join(", ")}: known when it has ended`);
  }

  notMade(batch) {
    this.before.delete(batch); // a later doubt of the same batch is another question
    this.folder.note("not_made", { batch: batch.number });
    this.log.line(`Batch ${batch.number} was not made`);
  }

  /** Until every batch in question is decided, or left to a person. */
  async judge() {
    for (;;) {
      for (const id of this.candidates()) await this.look(id);
      for (const batch of this.questions()) this.decide(batch);
      if (!this.questions().length) return;
      await sleep(this.settings.pollSeconds, this.signal);
    }
  }

  /** Batches in question that nobody has been asked about. */
  questions() {
    const { state } = this.folder;
    return state.withStatus("question").filter((batch) => !this.choices.has(batch));
  }

  /**
   * Ids that have not been judged for every batch that they may be, and are due to be asked for.
   */
  candidates() {
    const isNew = (batch, id) => this.verdicts.get(id)?.of.has(batch) !== true;
    const ids = this.questions().flatMap((batch) => batch.open().filter((id) => isNew(batch, id)));
    return [...new Set(ids)].filter((id) => (this.unfit.get(id)?.next ?? 0) <= performance.now());
  }

  /** Ask for one candidate, and judge it if it has ended and its results are whole. */
  async look(id) {
    const shown = await this.api.look(id);
    if (shown?.archived_at) this.judgeAs(shown, () => false); // it may have been ours, and paid for
    else if (!shown) await this.isUnknown(id);
    else if (shown.processing_status === "ended" && shown.results_url) await this.fetch(shown);
  }

  async fetch(shown) {
    const { id } = shown;
    const file = `${this.folder.resultsFile({ id })}.part`;
    if (!(await this.api.download({ id }, file))) {
      await this.isUnknown(id);
      return;
    }
    const results = readResults(file);
    const isShort = results.lines < sizeOf(shown);
    if (this.isAgain(id, isShort, results.unreadable)) return;
    this.judgeAs(shown, (batch) => !isShort && this.fit(batch, results, shown));
  }

  /** Judge a candidate for every batch that it may be; `fit` says null where it is not. */
  judgeAs({ id, created_at }, fit) {
    const verdict = this.verdicts.get(id) ?? { moment: iso(created_at), of: new Map() };
    this.verdicts.set(id, verdict);
    for (const batch of this.holders(id)) {
      const fits = fit(batch);
      if (fits === null) this.letGo(batch, id, "ids");
      else verdict.of.set(batch, fits);
    }
  }

  /** The API has not known a candidate for long: deleted, if it is not listed either. */
  async isUnknown(id) {
    const listed = (await madeSince(this.api, "")).find((batch) => batch.id === id);
    if (listed) this.judgeAs(listed, () => false);
    // No create of ours was answered with it, so it was not ours.
    else for (const batch of this.holders(id)) this.letGo(batch, id, "vanished");
  }

  /** Whether results are to be fetched again before they are judged. */
  isAgain(id, isShort, unreadable) {
    const now = performance.now();
    const waits = new Waits(10 * this.settings.pollSeconds);
    const tries = this.unfit.get(id) ?? { count: 0, since: now, waits };
    const isLate = now - tries.since >= 1000 * SHORT_RESULTS_SECONDS;
    if (isShort ? isLate : !unreadable || tries.count >= FETCHES_OF_UNREADABLE) return false;
    const seconds = tries.waits.next();
    this.unfit.set(id, { ...tries, count: tries.count + !isShort, next: now + 1000 * seconds });
    this.log.line(`${id}: its results are not whole yet; fetched again in ${clock(seconds)}`);
    return true;
  }

  /** Batches in question that this may be. */
  holders(id) {
    return this.questions().filter((batch) => batch.open().includes(id));
  }

  letGo(batch, id, why) {
    this.folder.note("let_go", { batch: batch.number, id, why });
    const is = { ids: "is somebody else's", vanished: "was deleted", person: "is not ours" };
    this.log.line(`Batch ${batch.number}: ${id} ${is[why]}`);
  }

  /**
   * A batch held against results: null if they are not its own, true if they fit by ids and tokens,
   * false if neither is sure. An id of ours that they lack unmakes nothing, nor does a stray line;
   * where strange ones stand for ours that the API counts, it is somebody's who numbers alike.
   */
  fit(batch, { tokens, unreadable }, shown) {
    const counted = sizeOf(shown);
    let ours = 0;
    const pairs = [];
    for (const { place, line, value } of this.source.placesOf(batch)) {
      const count = tokens.get(place.custom_id);
      if (count === undefined) continue;
      ours++;
      if (count && !attachments(value.params ?? {}).length) {
        pairs.push([count, this.source.requests.measure(value, line).size]);
      }
    }
    const strange = tokens.size - ours;
    const missing = Math.min(counted || Infinity, batch.requests) - ours - unreadable;
    if (strange && (!ours || (missing > 0 && strange >= missing))) return null;
    // Where the count proves nothing, every id does.
    if (batch.unsure.has(shown.id) && (strange || ours < batch.requests)) return false;
    return ours > 0 && fitByTokens(pairs) && !(strange && missing > 0);
  }

  /** When all its candidates are judged: none fits, one does, or a person has to choose. */
  decide(batch) {
    const ids = batch.open();
    const verdicts = ids.map((id) => this.verdicts.get(id)?.of.get(batch));
    if (verdicts.includes(undefined)) return;
    const none = this.words.includes("none") && this.before.has(batch) ? "none" : undefined;
    const word = this.words.find((each) => ids.includes(each)) ?? none;
    if (!ids.length) this.notMade(batch);
    else if (ids.length === 1 && verdicts[0]) this.adopt(batch, ids[0]);
    else if (word === "none") {
      for (const id of ids) this.letGo(batch, id, "person");
      this.notMade(batch);
    } else if (word) this.adopt(batch, word);
    else this.leaveToPerson(batch, ids);
  }

  adopt(batch, id) {
    const created_at = this.verdicts.get(id).moment;
    this.folder.note("adopted", { batch: batch.number, id, created_at });
    this.log.line(`Batch ${batch.number} was made: it is ${id}`);
  }

  leaveToPerson(batch, ids) {
    const made = ids.map((id) => `${id} (made ${this.verdicts.get(id).moment})`);
    this.choices.set(
      batch,
      `Whether batch ${batch.number} of ${grouped(batch.requests)} requests is one of these ` +
        `cannot be told from here: ${made.join(", ")}. Look at it in the Console, then start the ` +
        "same command with --adopt ID if it is yours, or with --adopt none if none of them is.",
    );
    this.folder.wake();
  }

  /**
   * A StoppedError if this key does not see what the doubts are about: what it does not list may
   * have been made all the same. Nothing is sent before this is known.
   */
  async sameAccount() {
    const { state } = this.folder;
    const doubts = state.withStatus("doubt", "question");
    this.before = new Set(doubts);
    if (!doubts.length || this.words.includes("none")) return;
    await this.api.ask("list batches", () => this.api.page());
    const [before, now] = [state.account ?? {}, this.api.account];
    for (const kind of ["organization", "workspace"]) {
      if (!before[kind] || !now[kind] || before[kind] === now[kind]) continue;
      throw new StoppedError(
        `The key is of ${kind} ${now[kind]}, and the run is in ${before[kind]}, where a batch ` +
          "may have been made. Nothing was sent. Use a key of that workspace.",
      );
    }
    if (before.workspace && now.workspace) return;
    const vouchers = [...doubts.map(({ since }) => since?.id).filter(Boolean), ...state.made];
    for (const id of vouchers) if (await this.api.look(id, 1)) return;
    if (vouchers.length) {
      throw new StoppedError(
        `The key does not see ${vouchers[0]}, which the run saw, so a batch in doubt could not ` +
          "be found with it. Nothing was sent. Use a key of the workspace where the run began; " +
          "if that batch was deleted and no batch in doubt was made, start with --adopt none.",
      );
    }
  }
}

/** Whether one moment of the API is surely before another: clocks differ. */
const isBefore = (moment, other) =>
  Date.parse(moment) < Date.parse(other) - 1000 * CLOCK_MARGIN_SECONDS;

/**
 * The newest batch, {id, created_at, seen}, or null: what comes after is told by the API's clock,
 * not by ours. `seen` are the ids of the batches that might be taken by their count for one made
 * after it.
 */
export async function newestBatch(api, requests) {
  const listed = await madeSince(api, null);
  if (!listed.length) return null;
  const [{ id, created_at }] = listed;
  const seen = listed.filter((batch) => mayCount(batch, requests)).map((batch) => batch.id);
  return { id, created_at: iso(created_at), seen };
}

/** All batches of the pages to a margin before a moment, or the newest; after "", all. */
async function madeSince(api, moment) {
  const batches = [];
  for await (const { rows, oldest } of api.pages()) {
    batches.push(...rows);
    const until = moment ?? iso(batches[0].created_at);
    if (until && isBefore(iso(oldest), until)) break;
  }
  return batches;
}
