// The conductor: the only module that knows the others. A question goes from the form or the
// address to the engine, its reply to the results, the form and the address.

import { createAddress, repeatEarly } from "./address.js";
import { localTime } from "./clock.js";
import { createDocuments } from "./documents.js";
import { createEngine } from "./engine.js";
import { createForm } from "./form.js";
import { createMoment } from "./moment.js";
import { createOffline } from "./offline.js";
import { createPanel } from "./panel.js";
import { createPresses } from "./presses.js";
import { createPrograms } from "./programs.js";
import { showRows, showView } from "./results.js";
import { createStanding } from "./standing.js";
import { createWays } from "./ways.js";

const REST_MS = 400; // a person has stopped asking: time for programs and ways

const page = document.documentElement;
const find = (selector) => document.querySelector(selector);
const engineBox = find('[data-module="engine"]');
const summary = find("[data-problems]");
const copiers = document.querySelectorAll(
  '[data-action="copy-link"], [data-action="copy-command"]',
);
const waysList = find('[data-list="ways"]');
const waysCopiers = document.querySelectorAll('[data-action="copy-ways"]');

let question = null; // the newest: {query} of a link or {texts} of the form
// What is asked to see of the plan: which run, and which of its rows unfolded.
let seen = { percentile: "p85", rows: "" };
// The query of each part of the page, null if it has none.
const shown = { plan: "", programs: null, ways: "" };
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

const form = createForm(find('[data-module="form"]'), {
  onInput(field) {
    address.begin(field);
    askForm();
  },
  async onSubmit() {
    const reply = await askForm();
    if (reply?.problems) summary.focus();
  },
  onProblems: showSummary,
});

const panel = createPanel(find('[data-module="panel"]'), {
  onOpen: address.openPanel,
  onClose: address.closePanel,
  onMiss: address.leave,
});

createDocuments(find("[data-documents]"), find('[data-module="form"]'));

const moment = createMoment(find('[data-module="moment"]'));

const programs = createPrograms(find('[data-module="programs"]'));

const ways = createWays(find('[data-module="ways"]'));

const standing = createStanding(find('[data-module="results"]'), {
  /** What can be taken away is the current plan's. */
  onMark(current) {
    for (const button of copiers) button.disabled = !current;
    programs.offer(current && (shown.programs ?? "") === shown.plan);
    const listed = shown.ways === shown.plan;
    if (listed) waysList.removeAttribute("aria-busy");
    else waysList.setAttribute("aria-busy", "true");
    ways.offer(current && listed);
    for (const button of waysCopiers) button.disabled = !(current && listed);
  },
});

createPresses({
  onPlan(query) {
    address.begin("");
    openLink(query);
  },
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
  return ask({ texts: form.texts() });
}

function openLink(query) {
  seen = { ...seen, rows: "" };
  form.open(Object.fromEntries(new URLSearchParams(query)));
  ask({ query });
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

function showPlan({ query, values, taken, understood, changed, view }) {
  showAnswer(view);
  form.showProblems([]);
  form.fill(values);
  form.showTaken(taken);
  form.showUnderstood(understood);
  if (question.query !== undefined) form.markChanged(changed);
  address.put(query);
  shown.plan = query;
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

/** What comes after the plan, where it is not there yet: the programs, then the ways. */
async function askRest(query) {
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

function showSummary(problems) {
  showRows("problems", problems.map(problemRow));
  summary.hidden = !problems.length;
}

// The message names the field by its label; a field that the form does not have is named as the
// link wrote it.
function problemRow({ field, label, message }) {
  const id = `f-${field.replaceAll(".", "-")}`;
  const href = document.getElementById(id) ? `#${id}` : "#question-name";
  return { name: label ? "" : field, message, href };
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
