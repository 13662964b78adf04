// The conductor: the only module that knows the others. A question goes from the form or the
// address to the engine, its reply to the results, the form and the address.

import { createAddress, repeatEarly } from "./address.js";
import { localTime } from "./clock.js";
import { createCompare } from "./compare.js";
import { createDocuments } from "./documents.js";
import { createEngine, hire } from "./engine.js";
import { createFiles } from "./files.js";
import { createForm } from "./form.js";
import { createMoment } from "./moment.js";
import { createOffline } from "./offline.js";
import { setOffered } from "./offers.js";
import { showOutline } from "./outline.js";
import { createPanel } from "./panel.js";
import { createPicture } from "./picture.js";
import { createPresses } from "./presses.js";
import { createPrograms } from "./programs.js";
import { showRows, showView } from "./results.js";
import { createStanding } from "./standing.js";
import { createSummary } from "./summary.js";
import { createWays } from "./ways.js";

const REST_MS = 400; // a person has stopped asking: time for programs and ways

const page = document.documentElement;
const find = (selector) => document.querySelector(selector);
const engineBox = find('[data-module="engine"]');
const copiers = document.querySelectorAll(
  '[data-action="copy-link"], [data-action="copy-command"]',
);
const waysList = find('[data-list="ways"]');
const waysCopiers = document.querySelectorAll('[data-action="copy-ways"]');

let question = null; // the newest: {query} of a link or {texts} of the form
// What is asked to see of the plan: which run, and which of its rows unfolded.
let seen = { percentile: "p85", rows: "" };
// The query of each part of the page, null if it has none.
const shown = { plan: "", programs: null, ways: "", comparison: null };
let resting = 0; // the timer that a new question stops

const engine = createEngine({
  onState(name, why) {
    page.dataset.engine = name;
    find("[data-engine-detail]").textContent = why;
    if (name === "failed" && page.dataset.answer === "working") standing.showTrouble("failed");
    if (name === "ready") offline.resume();
    if (name === "ready" && page.dataset.answer === "example") showExamplePrograms();
  },
  onBytes(bytes) {
    find("[data-progress]").value = Math.min(1, bytes / Number(engineBox.dataset.runtimeBytes));
  },
  onRest: () => offline.start(),
});

const offline = createOffline({
  onKept() {
    find("[data-offline]").hidden = false;
  },
  onUpdate(state) {
    find("[data-update]").hidden = state !== "ready";
    find("[data-update-others]").hidden = state !== "others";
  },
});

const address = createAddress({
  onPlan: openLink,
  onPanel: (section) => panel.follow(section),
});

const summary = createSummary(find("[data-problems]"), { showRows });

const form = createForm(find('[data-module="form"]'), {
  onInput(field) {
    address.begin(field);
    askForm();
  },
  async onSubmit() {
    const reply = await askForm();
    if (reply?.problems) summary.focus();
  },
  onProblems: (problems) => summary.show(problems),
});

const panel = createPanel(find('[data-module="panel"]'), {
  onOpen: address.openPanel,
  onClose: address.closePanel,
  onMiss: address.leave,
});

createDocuments(find("[data-documents]"), find('[data-module="form"]'));

const files = createFiles(find('[data-module="files"]'), {
  hire,
  show: showView,
  query: () => address.query,
  now: localTime,
});

const moment = createMoment(find('[data-module="moment"]'));

const programs = createPrograms(find('[data-module="programs"]'), {
  setOffered,
  showOutline,
});

const ways = createWays(find('[data-module="ways"]'));

const compare = createCompare({
  async onAdd(link) {
    const reply = await askBeside({ want: "add", link, here: address.here, now: localTime() });
    if (reply?.query !== undefined) press(reply.query);
    return (reply?.problems ?? []).map(({ message }) => message).join(" ");
  },
});

const picture = createPicture(find('[data-module="picture"]'), {
  onSave: async () => {
    const { link } = address;
    return (await askBeside({ ...seen, want: "picture", step: moment.step, link }))?.picture;
  },
});

const standing = createStanding(find('[data-module="results"]'), {
  /** What can be taken away is the current plan's. */
  onMark(current) {
    for (const button of copiers) button.disabled = !current;
    programs.offer(current && (shown.programs ?? "") === shown.plan);
    const listed = shown.ways === shown.plan;
    if (listed) waysList.removeAttribute("aria-busy");
    else waysList.setAttribute("aria-busy", "true");
    const comparable = current && (!compare.shown || shown.comparison === shown.plan);
    for (const link of ways.links()) setOffered(link, current && listed);
    picture.offer(current);
    compare.offer(comparable, current && listed, setOffered);
    for (const button of waysCopiers) button.disabled = !(current && listed);
  },
});

createPresses({
  onPlan: press,
  onButton({ dataset }) {
    if (dataset.open) look({ rows: dataset.open });
    if ("retry" in dataset) retry();
    if ("update" in dataset) offline.update();
  },
  textOf: (name) =>
    name === "link"
      ? address.link
      : find(`[data-slot="${name}"], [data-program="${name}"]`).textContent,
});

function askForm() {
  seen = { ...seen, rows: "" };
  return ask({ texts: form.texts(), beside: address.query });
}

function openLink(query, beside = "") {
  seen = { ...seen, rows: "" };
  form.open(Object.fromEntries(new URLSearchParams(query)));
  ask({ query, beside });
}

/** A link that is pressed: the plans beside this one stay, unless the link says otherwise. */
function press(query) {
  address.begin("");
  openLink(query, address.query);
}

/** Ask for something else of the plan that is shown. */
async function askBeside(question) {
  const reply = await engine.ask({ query: shown.plan, ...question });
  if (reply) askRest(shown.plan); // the question may have taken the place of one of these
  return reply;
}

/** Ask for the same plan seen otherwise; it stays as current as it was. */
function look(otherwise) {
  seen = { ...seen, ...otherwise };
  question ??= { query: address.query };
  answer(question);
}

function ask(newest) {
  question = newest;
  const { engine: state } = page.dataset;
  standing.mark(state === "failed" ? "stale" : "working"); // it is asked when somebody tries again
  if (state !== "ready" && state !== "failed") {
    standing.showWorking(form.texts()["workload.requests"]);
    clearWays();
  }
  return answer(newest);
}

/** Show the reply to a question. Resolves to it, or to null when a newer question was asked. */
async function answer(asked) {
  clearTimeout(resting);
  standing.hush();
  standing.setBusy(page.dataset.engine !== "failed");
  const reply = await engine.ask({
    ...asked,
    ...seen,
    before: address.before,
    now: localTime(),
  });
  if (reply === null) return null;
  standing.setBusy(false);
  if (reply.tooMuch) standing.showTrouble("too-much");
  else if (reply.defect !== undefined) standing.showTrouble("defect", reply.defect);
  else if (reply.problems) showProblems(reply);
  else showPlan(reply);
  return reply;
}

function showPlan({ query, values, taken, understood, changed, beside, view }) {
  showAnswer(view);
  form.showProblems([]);
  form.fill(values);
  form.showTaken(taken);
  form.showUnderstood(understood);
  if (question.query !== undefined) form.markChanged(changed);
  address.put(query);
  files.follow(values);
  shown.plan = query;
  compare.show(beside);
  standing.mark("current");
  standing.announce();
  resting = setTimeout(() => askRest(query), REST_MS);
}

/** Of a link that cannot be planned as it is, the reply holds a plan of all that is good in it. */
function showProblems({ problems, values, view }) {
  if (view) {
    showAnswer(view);
    form.fill(values);
    shown.plan = null;
    compare.show(0);
    clearWays();
  }
  form.showProblems(problems);
  standing.showTrouble("value");
}

function showAnswer(view) {
  standing.clear();
  showView(view);
  moment.refresh();
}

/** What comes after the plan, where it is not there yet: plans beside it, programs, ways. */
async function askRest(query) {
  if (compare.shown && shown.comparison !== query) {
    const reply = await engine.ask({ query, want: "comparison" });
    if (!reply?.view && !reply?.tooMuch) return;
    if (reply.view) showView(reply.view);
    else compare.show(0);
    if (shown.comparison === null) compare.reveal();
    shown.comparison = query;
    standing.mark("current");
  }
  if (shown.programs !== query) {
    const reply = await engine.ask({ query, want: "programs" });
    if (!reply?.programs) return;
    programs.show(reply.programs);
    shown.programs = query;
    standing.mark("current");
  }
  if (shown.ways !== query) {
    const reply = await engine.ask({ query, want: "ways" });
    if (!reply?.view && !reply?.tooMuch) return;
    if (reply.view) ways.replace(() => showView(reply.view));
    else clearWays();
    shown.ways = query;
    standing.mark("current");
  }
}

/** The programs of the example are files; from Python they come when another plan was asked for. */
async function showExamplePrograms() {
  const texts = await programs.fetchExample();
  if (!texts || shown.programs !== null) return;
  programs.show(texts);
  shown.programs = "";
  standing.mark(page.dataset.answer);
}

function clearWays() {
  ways.replace(() => showRows("ways", []));
  shown.ways = null;
}

function retry() {
  engine.start();
  if (question) ask(question);
}

document.addEventListener("change", ({ target }) => {
  if (target.name !== "percentile") return;
  look({ percentile: target.value, rows: "" }); // another run has other rows
});

// A browser may bring back a choice of an earlier visit, but the page shows the example.
for (const choice of document.querySelectorAll("[name=percentile]")) {
  choice.checked = choice.defaultChecked;
}

// A sheet of paper says where it is from, and of which day.
addEventListener("beforeprint", () => {
  find("[data-paper]").textContent = `${address.link} · ${localTime().slice(0, 10)}`;
});

// First the link: the engine may know already that Python cannot be had.
if (address.query) openLink(address.query);
repeatEarly();
engine.start();
