// Sum up the journal.
//
// Pure: no clock, no file, no network. Every change of a run goes through `apply`, in a live run
// and when a run is taken up again, so both come to the same state.

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
  status = "unsent"; // unsent, doubt, question, open, stored; at the end sorted, halved or recut
  id = "";
  submittedAt = ""; // when the POST was announced
  since = null; // of the submit: the newest batch of the workspace, and those with this count
  tookSeconds = null; // how long the POST lasted until it was given up; null if a kill ended it
  candidates = []; // ids of batches that may be this one
  unsure = new Set(); // those of them whose count is not this one's
  letGo = new Set(); // ids of batches that are not
  shortSince = ""; // when its results were first found to be short
  counts = null; // of the API, when it has ended

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

  /** Candidates that have not been let go. */
  open() {
    return this.candidates.filter((id) => !this.letGo.has(id));
  }
}

/** What the journal says so far. */
export class State {
  began = null; // the event of the first line
  account = null; // {organization, workspace}, each a text or null
  batches = new Map(); // by number
  known = new Set(); // ids of batches that are ours
  made = new Set(); // those of them that our own create was answered with
  numbers = 0;
  created = 0;
  round = 0;
  position = 0; // where the tail of this round begins: of it nothing was cut
  free = []; // {start, end}: ranges before the tail that were cut, and are no batch any more
  roundBytes = 0; // the length of this round's list (not of INPUT)
  notBefore = 0;
  again = 0; // requests on the next round's list
  lengths = [0, 0, 0];
  largestRequests = Infinity; // halved by a 413
  largestBytes = Infinity;
  canaryCut = 0; // requests that were chosen as canary, and what became of them
  canary = 0;
  canaryGivenUp = 0;
  canaryRest = 0; // requests that were chosen after it
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
  setAside = ""; // the name that failed.jsonl gets when its requests are sent again
  done = null;

  /**
   * Throws for an event that cannot be what any program wrote: unknown, or of a batch that is not
   * there.
   */
  apply(event) {
    if (!Object.hasOwn(EVENTS, event.event)) throw new TypeError("no such event");
    const batch = this.batches.get(event.batch);
    if ("batch" in event && event.event !== "cut" && !batch) throw new TypeError("no such batch");
    EVENTS[event.event](this, event, batch);
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
    Object.assign(batch, { status: "open", id: event.id });
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

  /** Bytes of a round from `start` to `end` are a batch now. */
  take(start, end) {
    this.free = this.free
      .flatMap((range) => [
        { start: range.start, end: Math.min(range.end, start) },
        { start: Math.max(range.start, end), end: range.end },
      ])
      .filter((range) => range.start < range.end);
    this.position = Math.max(this.position, end);
  }

  /** Bytes of a round from `start` to `end` are no batch any more. */
  release(start, end) {
    const ranges = [...this.free, { start, end }].sort((a, b) => a.start - b.start);
    this.free = [];
    for (const range of ranges) {
      const last = this.free.at(-1);
      if (last?.end === range.start) last.end = range.end;
      else this.free.push({ ...range });
    }
    if (this.free.at(-1).end === this.position) this.position = this.free.pop().start;
  }

  /**
   * Where the requests of this round stand that are in no batch, `end` being the end of the round.
   */
  ranges(end) {
    return [...this.free, { start: this.position, end }];
  }

  withStatus(...statuses) {
    return [...this.batches.values()].filter((batch) => statuses.includes(batch.status));
  }

  /** Batches that are at the provider, or may be. */
  inFlight() {
    return this.withStatus("doubt", "question", "open");
  }
}

// What each event of the journal changes.
const EVENTS = {
  run(state, event) {
    state.began = event;
  },

  account(state, { organization, workspace }) {
    state.account = { organization, workspace };
  },

  cut(state, event) {
    state.add(event);
    state.take(event.start, event.end);
    state[event.canary ? "canaryCut" : "canaryRest"] += event.requests;
  },

  recut(state, event) {
    for (const batch of event.batches.map((number) => state.batches.get(number))) {
      state.remove(batch, "recut");
      state.release(batch.start, batch.end);
      state[batch.canary ? "canaryCut" : "canaryRest"] -= batch.requests;
    }
  },

  submit(state, event, batch) {
    const { since, at } = event;
    Object.assign(batch, { status: "doubt", since, submittedAt: at, tookSeconds: null });
  },

  created(state, event, batch) {
    state.open(batch, event);
    state.made.add(event.id);
  },

  doubt(state, event, batch) {
    batch.tookSeconds = event.took_s;
  },

  candidates(state, event, batch) {
    const unsure = new Set(event.unsure);
    Object.assign(batch, { status: "question", candidates: [...event.ids], unsure });
  },

  let_go(state, event, batch) {
    batch.letGo.add(event.id);
  },

  adopted(state, event, batch) {
    state.open(batch, event);
  },

  not_made(state, event, batch) {
    Object.assign(batch, { status: "unsent", since: null, candidates: [] });
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

  ended(state, event, batch) {
    batch.counts = event.counts;
    if (event.ended_at > state.lastEndedAt) state.lastEndedAt = event.ended_at;
  },

  short(state, event, batch) {
    batch.shortSince = event.at;
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
    beginRound(state, event);
    state.lengths[2] = 0;
  },

  again(state, event) {
    beginRound(state, event);
    const { given_up: givenUp, failed: setAside, lengths } = event;
    Object.assign(state, { givenUp, setAside, lengths: [...lengths], reasons: new Counter() });
    state.reasons.update(event.reasons);
    Object.assign(state, { done: null, canceling: false, restGivenUp: false });
    state.batches.clear(); // what --cancel left unsent
  },

  cancel(state) {
    state.canceling = true;
  },

  done(state, event) {
    Object.assign(state, { done: event.code, setAside: "" });
  },

  resume() {},

  stop() {},
};

function beginRound(state, { round, bytes, requests, not_before }) {
  Object.assign(state, { round, position: 0, free: [], roundBytes: bytes, notBefore: not_before });
  state.retried += requests;
  state.again = 0;
}
