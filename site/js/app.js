// The conductor: the only module that knows the others. A question goes from the form or the
// address to the engine, its reply to the results, the form and the address.

import { createAddress, repeatEarly } from "./address.js";
import { localClock, localTime } from "./clock.js";
import { createCompare } from "./compare.js";
import { chooseFolder, hasFolders, newerOf, save } from "./disk.js";
import { createDocuments } from "./documents.js";
import { createDropping } from "./dropping.js";
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
import { createReader } from "./reader.js";
import { keepAmounts, showRows, showView } from "./results.js";
import { createSequel } from "./sequel.js";
import { createStanding } from "./standing.js";
import { createSummary } from "./summary.js";
import { createWays } from "./ways.js";

const page = document.documentElement;
const find = (selector) => document.querySelector(selector);
const engineBox = find('[data-module="engine"]');

let question = null; // the newest: {query} of a link or {texts} of the form
// What is asked to see of the plan: which run, and which of its rows unfolded.
let seen = { percentile: "p85", rows: "" };

const engine = createEngine({
  onState(name, why) {
    page.dataset.engine = name;
    find("[data-engine-detail]").textContent = why;
    if (name === "failed" && page.dataset.answer === "working") standing.showTrouble("failed");
    if (name === "ready") offline.resume();
    if (name === "ready" && page.dataset.answer === "example") sequel.askNow();
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

const reader = createReader({
  hire,
  onMessage: (message) => files.receive(message),
  onLost: (why) => files.fail(why),
});

const files = createFiles(find('[data-module="files"]'), {
  reader,
  disk: { chooseFolder, hasFolders, newerOf, save },
  show: showView,
  query: () => address.query,
  now: localTime,
});

createDropping({ onFiles: files.open });

const moment = createMoment(find('[data-module="moment"]'));

const programs = createPrograms(find('[data-module="programs"]'), {
  setOffered,
  showOutline,
});

const ways = createWays(find('[data-module="ways"]'));

const compare = createCompare({
  async onAdd(link) {
    const reply = await askBeside({ want: "add", link, here: address.here, now: localClock() });
    if (reply?.query !== undefined) press(reply.query);
    return (reply?.problems ?? []).map(({ message }) => message).join(" ");
  },
});

const picture = createPicture(find('[data-module="picture"]'), {
  save,
  onSave: async () => {
    const { link } = address;
    return (await askBeside({ ...seen, want: "picture", step: moment.step, link }))?.picture;
  },
});

const sequel = createSequel({
  ask: engine.ask,
  parts: { compare, programs, ways, picture },
  show: { view: showView, rows: showRows },
  setOffered,
  onShown: () => standing.mark(page.dataset.answer),
});

const standing = createStanding(find('[data-module="results"]'), { onMark: sequel.offer });

createPresses({
  onPlan: press,
  onButton({ dataset }) {
    if (dataset.open) look({ rows: dataset.open });
    if ("retry" in dataset) retry();
    if ("everyModel" in dataset) showEveryModel();
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

/** Ask for something else of the plan that is shown; what the page itself asks waits. */
async function askBeside(question) {
  sequel.hold();
  const reply = await engine.ask({ query: sequel.plan, ...question });
  if (reply) sequel.askNow(); // the question may have taken the place of what was asked for
  return reply;
}

async function showEveryModel() {
  const reply = await askBeside({ want: "ways", models: "every" });
  if (reply?.view) sequel.showWays(reply.view);
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
    sequel.clearWays();
  }
  return answer(newest);
}

/** Show the reply to a question. Resolves to it, or to null when a newer question was asked. */
async function answer(asked) {
  sequel.hold();
  standing.hush();
  standing.setBusy(page.dataset.engine !== "failed");
  const reply = await engine.ask({
    ...asked,
    ...seen,
    before: address.before,
    now: localClock(),
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
  sequel.begin(query, beside);
  standing.mark("current");
  standing.announce();
}

/** Of a link that cannot be planned as it is, the reply holds a plan of all that is good in it. */
function showProblems({ problems, values, view }) {
  if (view) {
    showAnswer(view);
    form.fill(values);
    sequel.blank();
  }
  form.showProblems(problems);
  standing.showTrouble("value");
}

function showAnswer(view) {
  standing.clear();
  showView(view);
  moment.refresh();
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
keepAmounts();
