// The conductor: the only module that knows the others. A question goes from the form or the address to the engine,
// its reply to the results, the form and the address.

import { createBeside } from "./beside.js";
import { createEngine } from "./engine.js";
import { createForm } from "./form.js";
import { createMoment } from "./moment.js";
import { createPrograms } from "./programs.js";
import { showRows, showView } from "./results.js";

const REST_MS = 400; // a person has stopped asking: time for the alternatives
const ANNOUNCE_MS = 1500; // and later still for a screen reader to say the answer

const page = document.documentElement;
const find = (selector) => document.querySelector(selector);
const results = find('[data-module="results"]');
const engineBox = find('[data-module="engine"]');
const summary = find("[data-problems]");

const state = {
  query: "", // of the plan that is shown: at first the example
  before: null, // of the plan before the change that is under way; typing one number is one change
  asked: 0, // questions so far; a reply that is not to the last one is old
  field: "", // the field that was typed into last: one entry of the history for each
  answered: "", // the texts of the form that the plan answers
  rows: "", // the rows of the queue that are unfolded
};
let rest = 0;

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

const form = createForm(find('[data-module="form"]'), {
  onInput: ({ field, settled }) => askForm({ field, settled }),
  onSubmit: () => askForm({ field: "", settled: true, submitted: true }),
});

// A change after a guide was opened is an entry of the history of its own: Back closes the guide and changes nothing.
createBeside(find('[data-module="beside"]'), { onOpen: () => (state.field = "") });

const moment = createMoment(find('[data-module="moment"]'));

const programs = createPrograms(find('[data-module="programs"]'));

const percentile = () => find("[name=percentile]:checked").value;

function askForm({ field, settled, submitted = false }) {
  state.rows = "";
  const texts = form.texts();
  if (settled && !submitted && JSON.stringify(texts) === state.answered) return;
  // One entry of the history for each field, not for each key.
  const history = !field || field === state.field ? "replace" : "push";
  if (history === "push") state.before = state.query;
  ask({ texts }, { history, settled, submitted, field });
}

function askQuery(query, history) {
  state.rows = "";
  state.field = "";
  ask({ query }, { history, settled: true });
}

/** Ask for the same plan seen otherwise: another percentile, other rows unfolded. The form is left alone. */
function askAgain() {
  ask({ query: state.query }, { history: "none", settled: true, viewOnly: true });
}

/** Ask for a plan and show the reply. how: {history: "push" | "replace" | "none", settled, submitted, field, viewOnly} */
async function ask(question, how) {
  const turn = ++state.asked;
  clearTimeout(rest);
  if (page.dataset.engine !== "failed") results.setAttribute("aria-busy", "true");
  const extra = { ...(state.rows && { rows: state.rows }), ...(state.before !== null && { before: state.before }) };
  const reply = await engine.ask({ ...question, percentile: percentile(), ...extra });
  if (turn !== state.asked || reply === null) return;
  results.removeAttribute("aria-busy");
  if (reply.defect !== undefined) showDefect(reply.defect);
  else if (reply.problems) showProblems(reply.problems, how);
  else showPlan(reply, question, how);
}

function showPlan(reply, question, how) {
  delete reply.view.lists.alternatives; // they come later; until then the old ones stand, marked
  find('[data-list="alternatives"]').setAttribute("aria-busy", "true");
  delete results.dataset.defect;
  showView(reply.view);
  moment.refresh();
  rest = setTimeout(() => askMore(reply.query), REST_MS);
  if (how.viewOnly) return;
  programs.wait();
  delete results.dataset.stale;
  summary.hidden = true;
  form.showProblems([]);
  const fromAddress = question.query !== undefined;
  form.fill(reply.values, { all: fromAddress || how.submitted });
  if (fromAddress) form.markChanged(reply.changed);
  state.answered = JSON.stringify(question.texts ?? form.texts());
  remember(reply.query, how.history);
  if (how.field) state.field = how.field;
}

function remember(query, history) {
  const address = query ? `?${query}` : location.pathname;
  if (history !== "none" && query !== location.search.slice(1)) {
    const open = window.history.state?.beside; // the guide stays beside the new plan
    if (history === "push") window.history.pushState({ beside: open }, "", address);
    else window.history.replaceState(window.history.state, "", address);
  }
  state.query = query;
}

/** What comes after the plan: the alternatives, then the programs. */
async function askMore(query) {
  const turn = state.asked;
  setTimeout(() => {
    if (turn === state.asked) find("[data-announce]").textContent = find('[data-slot="answer.sentence"]').textContent;
  }, ANNOUNCE_MS);
  const reply = await engine.ask({ query, want: "alternatives" });
  if (turn !== state.asked || !reply?.view) return;
  showRows("alternatives", reply.view.lists.alternatives);
  find('[data-list="alternatives"]').removeAttribute("aria-busy");
  const generated = await engine.ask({ query, want: "programs" });
  if (turn === state.asked && generated?.programs) programs.show(generated.programs);
}

function showProblems(problems, { settled, submitted }) {
  state.answered = "";
  results.dataset.stale = "";
  if (!settled) return;
  form.showProblems(problems);
  showRows("problems", problems.map(problemRow));
  summary.hidden = false;
  if (submitted) summary.focus();
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
    state.before = state.query;
    askQuery(link.getAttribute("href").slice(1), "push");
  }
  // A fragment only scrolls to a control; the person wants to type there.
  const place = event.target.closest('[data-problems] a[href^="#"]');
  if (place) document.querySelector(place.getAttribute("href")).focus();
  const opener = event.target.closest("[data-open]");
  if (opener?.dataset.open) unfold(opener.dataset.open);
  const copier = event.target.closest("[data-copy]");
  if (copier) copy(copier);
  if (event.target.closest("[data-retry]")) retry();
});

function unfold(rows) {
  state.rows = rows;
  askAgain();
}

function retry() {
  engine.start();
  if (page.dataset.engine === "loading") askForm({ field: state.field, settled: true });
}

async function copy(button) {
  const text = button.dataset.copy === "link" ? location.href : find(`[data-slot="${button.dataset.copy}"], [data-program="${button.dataset.copy}"]`).textContent;
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
  state.rows = ""; // another run has other rows
  askAgain();
});

// It also fires when a link leads to a place in the page: the plan is then the same.
window.addEventListener("popstate", () => {
  if (location.search.slice(1) === state.query) return;
  state.before = state.query;
  askQuery(location.search.slice(1), "none");
});

// A browser may bring back a choice of an earlier visit, but the page shows the example.
for (const choice of document.querySelectorAll("[name=percentile]")) choice.checked = choice.defaultChecked;

engine.start();
if (location.search.length > 1) askQuery(location.search.slice(1), "replace");
