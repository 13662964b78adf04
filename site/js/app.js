// The conductor: the only module that knows the others. A question goes from the form or the
// address to the engine, its reply to the results, the form and the address.

import { createAddress } from "./address.js";
import { localTime } from "./clock.js";
import { createEngine, hire } from "./engine.js";
import { createFiles } from "./files.js";
import { createForm } from "./form.js";
import { createMoment } from "./moment.js";
import { createOffline } from "./offline.js";
import { createPanel } from "./panel.js";
import { createPrograms } from "./programs.js";
import { showRows, showView } from "./results.js";

const REST_MS = 400; // a person has stopped asking: time for programs and ways
const ANNOUNCE_MS = 1900; // and later still for a screen reader to say the answer

const OF_PLAN = '[data-slot]:not([data-module="files"] *)';

const page = document.documentElement;
const find = (selector) => document.querySelector(selector);
const results = find('[data-module="results"]');
const engineBox = find('[data-module="engine"]');
const summary = find("[data-problems]");
const copiers = document.querySelectorAll(
  '[data-action="copy-link"], [data-action="copy-command"]',
);

let question = null; // the newest: {query} of a link or {texts} of the form
// What is asked to see of the plan: which run, and which of its rows unfolded.
let seen = { percentile: "p85", rows: "" };
// The query of each part of the page, null if it has none.
const shown = { plan: "", programs: null, ways: "" };
let resting = []; // timers that a new question stops

const engine = createEngine({
  onState(name, why) {
    page.dataset.engine = name;
    find("[data-engine-detail]").textContent = why;
    if (name === "failed" && page.dataset.answer === "working") showTrouble("failed");
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

const files = createFiles(find('[data-module="files"]'), {
  hire,
  show: showView,
  query: () => address.query,
  now: localTime,
});

const moment = createMoment(find('[data-module="moment"]'));

const programs = createPrograms(find('[data-module="programs"]'));

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
  if (page.dataset.engine === "failed") mark("stale"); // it is asked when somebody tries again
  else mark("working");
  if (page.dataset.engine !== "ready" && page.dataset.engine !== "failed") showWorking();
  return answer(newest);
}

/** Show the reply to a question. Resolves to it, or to null when a newer question was asked. */
async function answer(asked) {
  resting.forEach(clearTimeout);
  setBusy(results, page.dataset.engine !== "failed");
  const reply = await engine.ask({
    ...asked,
    ...seen,
    before: address.before,
    now: localTime(),
  });
  if (reply === null) return null;
  setBusy(results, false);
  if (reply.tooMuch) showTrouble("too-much");
  else if (reply.defect !== undefined) showTrouble("defect", reply.defect);
  else if (reply.problems) showProblems(reply);
  else showPlan(reply);
  return reply;
}

/**
 * Say of what the shown answer is, as the contract of the page has it; what can be taken away is
 * the current plan's.
 */
function mark(state) {
  page.dataset.answer = state;
  const current = state === "example" || state === "current";
  for (const button of copiers) button.disabled = !current;
  programs.offer(current && (shown.programs ?? "") === shown.plan);
  setBusy(find('[data-list="ways"]'), shown.ways !== shown.plan);
}

function showPlan({ query, values, taken, understood, changed, view }) {
  showAnswer(view);
  form.showProblems([]);
  form.fill(values);
  form.showTaken(taken);
  form.showUnderstood(understood);
  if (question.query !== undefined) form.markChanged(changed);
  address.put(query);
  files.follow(values);
  shown.plan = query;
  mark("current");
  resting = [setTimeout(announce, ANNOUNCE_MS), setTimeout(() => askRest(query), REST_MS)];
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
  showTrouble("value");
}

function showAnswer(view) {
  delete results.dataset.trouble;
  delete results.dataset.blank;
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
    mark("current");
  }
  if (shown.ways !== query) {
    const reply = await engine.ask({ query, want: "ways" });
    if (!reply?.view && !reply?.tooMuch) return;
    if (reply.view) showView(reply.view);
    else clearWays();
    shown.ways = query;
    mark("current");
  }
}

/** The programs of the example are files; from Python they come when another plan was asked for. */
async function showExamplePrograms() {
  const texts = await programs.fetchExample();
  if (!texts || shown.programs !== null) return;
  programs.show(texts);
  shown.programs = "";
  mark(page.dataset.answer);
}

function clearWays() {
  showRows("ways", []);
  shown.ways = null;
}

/**
 * Until Python is there, nothing on the page is the plan that is asked for, and nothing is to look
 * as if it were.
 */
function showWorking() {
  results.dataset.blank = "";
  for (const place of document.querySelectorAll(OF_PLAN)) place.textContent = "…";
  const requests = form.texts()["workload.requests"];
  find('[data-slot="answer.sentence"]').textContent = find("[data-working]").textContent.replace(
    "{requests}",
    requests,
  );
  find('[data-slot="page.title"]').textContent = find("h1").textContent;
  clearWays();
}

/** No plan came: the page says why, and what it shows is older. */
function showTrouble(name, detail = "") {
  if (page.dataset.engine === "failed") name = "failed"; // its own notice says why
  results.dataset.trouble = name;
  find("[data-defect-detail]").textContent = detail;
  if ("blank" in results.dataset) find('[data-slot="answer.sentence"]').textContent = "";
  mark("stale");
}

function setBusy(element, busy) {
  if (busy) element.setAttribute("aria-busy", "true");
  else element.removeAttribute("aria-busy");
}

function announce() {
  find("[data-announce]").textContent = find('[data-slot="answer.sentence"]').textContent;
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

document.addEventListener("click", (event) => {
  // With a key held it opens a window of its own, as every link does.
  const withKey = event.ctrlKey || event.metaKey || event.shiftKey || event.altKey;
  const link = event.target.closest('a[href^="#"]');
  if (link && event.button === 0 && !withKey) {
    event.preventDefault();
    follow(link.getAttribute("href").slice(1));
  }
  const button = event.target.closest("button");
  if (button?.dataset.open) look({ rows: button.dataset.open });
  if (button?.dataset.copy) copy(button);
  if (button && "retry" in button.dataset) retry();
  if (button && "update" in button.dataset) offline.update();
});

/**
 * A link to another plan is a press; one to a place in the page leads there, and the address keeps
 * the plan.
 */
function follow(fragment) {
  if (!fragment || fragment.includes("=")) press(fragment);
  else goTo(document.getElementById(fragment));
}

function goTo(place) {
  place?.scrollIntoView();
  place?.focus({ preventScroll: true });
}

function press(query) {
  address.begin("");
  openLink(query);
}

function retry() {
  engine.start();
  if (question) ask(question);
}

async function copy(button) {
  const { copy: name } = button.dataset;
  const place = find(`[data-slot="${name}"], [data-program="${name}"]`);
  const text = name === "link" ? address.link : place.textContent;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    return; // no permission: the address bar still holds the link, and the command can be selected
  }
  const done = button.querySelector("[data-copied]");
  done.hidden = false;
  setTimeout(() => (done.hidden = true), 2000);
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
engine.start();
