// The conductor: the only module that knows the others. A question goes from the form or the address to the engine,
// its reply to the results, the form and the address.

import { createAddress } from "./address.js";
import { createEngine } from "./engine.js";
import { createForm } from "./form.js";
import { createMoment } from "./moment.js";
import { createPanel } from "./panel.js";
import { createPrograms } from "./programs.js";
import { showRows, showView } from "./results.js";

const REST_MS = 400; // a person has stopped asking: time for programs and alternatives
const ANNOUNCE_MS = 1900; // and later still for a screen reader to say the answer

const page = document.documentElement;
const find = (selector) => document.querySelector(selector);
const results = find('[data-module="results"]');
const engineBox = find('[data-module="engine"]');
const summary = find("[data-problems]");
const alternatives = find('[data-list="alternatives"]');

let question = null; // the newest: {query} of a link or {texts} of the form
let seen = { percentile: "p85", rows: "" }; // what is asked to see of the plan: which run, and which of its rows unfolded
let complete = ""; // the query whose programs and alternatives stand there too
let resting = []; // timers that a new question stops

const engine = createEngine({
  runtime: new URL(engineBox.dataset.runtime, document.baseURI).href,
  onState(name, why) {
    page.dataset.engine = name;
    if (name === "failed") results.removeAttribute("aria-busy");
    find("[data-engine-detail]").textContent = why;
  },
  onBytes(bytes) {
    find("[data-progress]").value = Math.min(1, bytes / Number(engineBox.dataset.runtimeBytes));
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

/** Ask for the same plan seen otherwise. */
function look(otherwise) {
  seen = { ...seen, ...otherwise };
  ask(question ?? { query: address.query });
}

/** Ask for a plan and show the reply. Resolves to it, or to null when a newer question was asked. */
async function ask(newest) {
  question = newest;
  resting.forEach(clearTimeout);
  if (page.dataset.engine !== "failed") results.setAttribute("aria-busy", "true");
  const reply = await engine.ask({ ...question, ...seen, before: address.before });
  if (reply === null) return null;
  results.removeAttribute("aria-busy");
  if (reply.defect !== undefined) showDefect(reply.defect);
  else if (reply.problems) showProblems(reply.problems);
  else showPlan(reply);
  return reply;
}

function showPlan({ query, values, changed, view }) {
  delete results.dataset.defect;
  delete results.dataset.stale;
  showView(view);
  moment.refresh();
  form.showProblems([]);
  form.fill(values);
  if (question.query !== undefined) form.markChanged(changed);
  address.put(query);
  resting = [setTimeout(announce, ANNOUNCE_MS)];
  if (query === complete) return;
  complete = null;
  programs.wait();
  alternatives.setAttribute("aria-busy", "true"); // the old ones stand, marked
  resting.push(setTimeout(() => askRest(query), REST_MS));
}

/** What comes after the plan: the programs, then the alternatives. */
async function askRest(query) {
  const generated = await engine.ask({ query, want: "programs" });
  if (!generated?.programs) return;
  programs.show(generated.programs);
  const others = await engine.ask({ query, want: "alternatives" });
  if (!others?.view) return;
  showView(others.view);
  alternatives.removeAttribute("aria-busy");
  complete = query;
}

function announce() {
  find("[data-announce]").textContent = find('[data-slot="answer.sentence"]').textContent;
}

function showProblems(problems) {
  results.dataset.stale = "";
  form.showProblems(problems);
}

function showSummary(problems) {
  showRows("problems", problems.map(problemRow));
  summary.hidden = !problems.length;
}

// The message names the field by its label; a field that the form does not have is named as the link wrote it.
function problemRow({ field, label, message }) {
  const id = `f-${field.replaceAll(".", "-")}`;
  return { name: label ? "" : field, message, href: document.getElementById(id) ? `#${id}` : "#inputs-name" };
}

function showDefect(message) {
  if (page.dataset.engine === "failed") return;
  results.dataset.defect = "";
  find("[data-defect-detail]").textContent = message;
}

// A press is a link to another scenario. With a key held it opens a window of its own, as every link does.
document.addEventListener("click", (event) => {
  const link = event.target.closest('a[href^="?"]');
  if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey && event.button === 0) {
    event.preventDefault();
    press(link.getAttribute("href").slice(1));
  }
  // A fragment only scrolls to a control; the person wants to type there.
  const place = event.target.closest('[data-problems] a[href^="#"]');
  if (place) document.querySelector(place.getAttribute("href")).focus();
  const opener = event.target.closest("[data-open]");
  if (opener?.dataset.open) look({ rows: opener.dataset.open });
  const copier = event.target.closest("[data-copy]");
  if (copier) copy(copier);
  if (event.target.closest("[data-retry]")) retry();
});

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
  const text = name === "link" ? address.link : find(`[data-slot="${name}"], [data-program="${name}"]`).textContent;
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
  if (target.name === "percentile") look({ percentile: target.value, rows: "" }); // another run has other rows
});

// A browser may bring back a choice of an earlier visit, but the page shows the example.
for (const choice of document.querySelectorAll("[name=percentile]")) choice.checked = choice.defaultChecked;

engine.start();
if (address.query) openLink(address.query);
