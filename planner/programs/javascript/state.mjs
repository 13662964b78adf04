// Sum up the journal.
//
// Pure: no clock, no file, no network. Every change of a run goes through `apply`, in a live run and
// when a run is taken up again, so both come to the same state.

import { money } from "./money.mjs";

/** Counts by name. */
export class Counter extends Map {
  update(counts) {
    for (const [name, count] of Object.entries(counts)) {
      this.set(name, (this.get(name) ?? 0) + count);
    }
  }
}

/** One batch that is not sorted yet. */
export class Batch {
  status = "unsent"; // unsent, doubt, open, stored; at the end sorted, or halved
  since = null; // the newest batch of the workspace before the POST
  id = "";
  adopted = false;

  /** `cut` is an event, or one of the two in `halved`. */
  constructor(cut) {
    this.number = cut.batch;
    this.round = cut.round;
    this.start = cut.start;
    this.end = cut.end;
    this.requests = cut.requests;
    this.bytes = cut.bytes;
    this.worst = money(cut.worst_usd);
    this.canary = cut.canary;
  }
}

/** What the journal says so far. */
export class State {
  began = null; // the event of the first line
  batches = new Map(); // by number
  known = new Set(); // ids of batches that are accounted for
  numbers = 0;
  created = 0;
  round = 0;
  position = 0; // where the next batch of this round begins
  roundBytes = 0; // the length of this round's list (not of INPUT)
  notBefore = 0;
  again = 0; // requests on the next round's list
  lengths = [0, 0, 0];
  largestRequests = Infinity; // halved by a 413
  largestBytes = Infinity;
  canaryCut = 0; // requests that were chosen as canary, and what became of them
  canary = 0;
  canaryGivenUp = 0;
  restBegan = false;
  succeeded = 0;
  givenUp = 0;
  retried = 0;
  reasons = new Counter();
  truncated = 0;
  refused = 0;
  usage = new Counter();
  spent = 0n;
  unpriced = 0;
  firstCreatedAt = "";
  lastEndedAt = "";
  canceling = false;
  restGivenUp = false;
  done = null;

  apply(event) {
    const change = Object.hasOwn(EVENTS, event.event) ? EVENTS[event.event] : () => {};
    change(this, event, this.batches.get(event.batch));
  }

  add(cut) {
    this.batches.set(cut.batch, new Batch(cut));
    this.numbers = Math.max(this.numbers, cut.batch);
  }

  remove(batch, status) {
    batch.status = status;
    this.batches.delete(batch.number);
  }

  open(batch, event) {
    Object.assign(batch, { status: "open", id: event.id, adopted: event.event === "adopted" });
    this.known.add(event.id);
    this.created += 1;
    const isFirst = !this.firstCreatedAt || event.created_at < this.firstCreatedAt;
    if (isFirst) this.firstCreatedAt = event.created_at;
  }

  addUp(event) {
    this.succeeded += event.succeeded ?? 0;
    this.givenUp += event.given_up;
    this.again += event.again ?? 0;
    this.reasons.update(event.reasons);
    this.truncated += event.truncated ?? 0;
    this.refused += event.refused ?? 0;
    this.usage.update(event.usage ?? {});
    this.spent += money(event.usd ?? "0");
    this.unpriced += event.unpriced ?? 0;
    this.lengths = [...event.lengths];
  }

  withStatus(...statuses) {
    return [...this.batches.values()].filter((batch) => statuses.includes(batch.status));
  }

  /** Batches that are at the provider, or may be. */
  inFlight() {
    return this.withStatus("doubt", "open");
  }
}

// What each event of the journal changes; those that are not here change nothing.
const EVENTS = {
  run(state, event) {
    state.began = event;
  },

  cut(state, event) {
    state.add(event);
    state.position = event.end;
    if (event.canary) state.canaryCut += event.requests;
    state.restBegan = !event.canary;
  },

  submit(state, event, batch) {
    Object.assign(batch, { status: "doubt", since: event.since });
  },

  created(state, event, batch) {
    state.open(batch, event);
  },

  adopted(state, event, batch) {
    state.open(batch, event);
  },

  not_made(state, event, batch) {
    Object.assign(batch, { status: "unsent", since: null });
  },

  refused(state, event, batch) {
    Object.assign(batch, { status: "unsent", since: null });
  },

  halved(state, event, batch) {
    state.remove(batch, "halved");
    for (const cut of event.into) state.add(cut);
    state.largestRequests = Math.ceil(batch.requests / 2);
    state.largestBytes = Math.ceil(batch.bytes / 2);
  },

  let_go(state, event, batch) {
    Object.assign(batch, { status: "doubt", id: "", adopted: false });
    state.created -= 1;
  },

  ended(state, event) {
    if (event.ended_at > state.lastEndedAt) state.lastEndedAt = event.ended_at;
  },

  stored(state, event, batch) {
    batch.status = "stored";
  },

  sorted(state, event, batch) {
    state.addUp(event);
    state.restGivenUp = false;
    state.remove(batch, "sorted");
    if (!batch.canary) return;
    state.canary += batch.requests;
    state.canaryGivenUp += event.given_up;
  },

  rest(state, event) {
    state.addUp(event);
    state.restGivenUp = true;
  },

  round(state, event) {
    Object.assign(state, { round: event.round, position: 0, roundBytes: event.bytes });
    state.retried += event.requests;
    state.notBefore = event.not_before;
    state.again = 0;
    state.lengths[2] = 0;
  },

  cancel(state) {
    state.canceling = true;
  },

  done(state, event) {
    state.done = event.code;
  },
};
