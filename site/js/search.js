// The search over guides, questions, and the planner's fields and models: the index is one file of
// the site, fetched when somebody begins to search. Without this script the field stays hidden; the
// pages of guides and of questions list everything.

const WAIT_MS = 10_000;
const AT_MOST = 12; // results
const AROUND = 70; // characters on either side of the first word that was found

const place = document.querySelector('[data-module="search"]');
const input = place.querySelector("input");
const found = place.querySelector(".found");
const list = place.querySelector("[data-search-list]");
const template = list.querySelector("template");
const home = new URL(place.dataset.home, document.baseURI);
let index = null; // a promise of the rows, once somebody searches

// Accents and capitals do not matter.
const fold = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
const wordsOf = (text) => fold(text).match(/[\p{L}\p{N}_]+/gu) ?? [];

async function load() {
  const signal = AbortSignal.timeout(WAIT_MS);
  const response = await fetch(new URL("search.json", home), { signal });
  if (!response.ok) throw new Error(String(response.status));
  return (await response.json()).map(([title, address, heading, text]) => ({
    title, address, heading, text,
    folded: { title: fold(title), heading: fold(heading), text: fold(text) },
  }));
}

// Every word must be there. One that begins a word counts more than one inside; a title more than a
// heading, a heading more than the text; of a field and a model the text is what people call it.
function score(row, words) {
  const ofText = /^#[^/]/.test(row.address) ? 6 : 1;
  let sum = 0;
  for (const word of words) {
    let best = 0;
    for (const [part, weight] of [["title", 9], ["heading", 6], ["text", ofText]]) {
      const at = row.folded[part].indexOf(word);
      if (at < 0) continue;
      const begins = new RegExp(`(?<![\\p{L}\\p{N}])${word}`, "u").test(row.folded[part]);
      best = Math.max(best, begins ? 2 * weight : weight);
    }
    if (!best) return 0;
    sum += best;
  }
  return row.heading ? sum : sum + 1; // the beginning of an article before its sections
}

function part(row, words) {
  const places = words.map((word) => row.folded.text.indexOf(word)).filter((at) => at >= 0);
  const first = Math.min(...places, Infinity);
  if (first === Infinity) return row.text.slice(0, 2 * AROUND);
  const start = first > AROUND ? row.text.indexOf(" ", first - AROUND) + 1 : 0;
  const { length } = row.text;
  const end = length > first + AROUND ? row.text.lastIndexOf(" ", first + 2 * AROUND) : length;
  return (start ? "… " : "") + row.text.slice(start, Math.max(end, first + AROUND));
}

// The words that were asked for, marked. Text nodes and <mark>, never markup from the index.
function marked(text, words) {
  const pattern = new RegExp(`(${words.join("|")})`, "giu");
  return text.split(pattern).map((piece, at) => {
    if (at % 2 === 0) return piece;
    const mark = document.createElement("mark");
    mark.textContent = piece;
    return mark;
  });
}

function show(rows, words) {
  const made = rows.map((row) => {
    const item = template.content.cloneNode(true);
    item.querySelector("a").href = new URL(row.address, home).href;
    const title = row.heading ? `${row.title}: ${row.heading}` : row.title;
    item.querySelector(".found-title").append(...marked(title, words));
    item.querySelector(".found-text").append(...marked(part(row, words), words));
    return item;
  });
  list.replaceChildren(template, ...made);
}

async function search() {
  const asked = input.value;
  const words = wordsOf(asked);
  if (!words.length) {
    found.hidden = true;
    return;
  }
  let rows = [];
  let failed = false;
  try {
    index ??= load();
    rows = await index;
  } catch {
    index = null; // the next key tries again
    failed = true;
  }
  if (asked !== input.value) return;
  const scored = rows
    .map((row) => ({ row, points: score(row, words) }))
    .filter(({ points }) => points);
  scored.sort((a, b) => b.points - a.points);
  show(scored.slice(0, AT_MOST).map(({ row }) => row), words);
  place.querySelector("[data-search-count]").textContent = failed ? "" : String(scored.length);
  place.querySelector(".found-count").hidden = failed;
  place.querySelector("[data-search-none]").hidden = failed || scored.length > 0;
  place.querySelector("[data-search-failed]").hidden = !failed;
  found.hidden = false;
}

function close() {
  found.hidden = true;
}

// What the planner itself has is not gone to, which would lose the plan, but shown.
list.addEventListener("click", (event) => {
  const link = event.target.closest("a");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  const place = new CustomEvent("place", { cancelable: true, detail: link.hash.slice(1) });
  if (document.dispatchEvent(place)) return; // nobody here has it
  event.preventDefault();
  close();
});

input.addEventListener("input", search);
input.addEventListener("click", search);

place.addEventListener("submit", (event) => {
  event.preventDefault();
  list.querySelector("a")?.click();
});

place.addEventListener("keydown", (event) => {
  const links = [...list.querySelectorAll("a")];
  const at = links.indexOf(document.activeElement);
  if (event.key === "Escape") {
    if (found.hidden) input.value = "";
    close();
    input.focus();
  } else if (event.key === "ArrowDown" && found.hidden) {
    search();
  } else if (event.key === "ArrowDown" && at < links.length - 1) {
    links[at + 1].focus();
  } else if (event.key === "ArrowUp" && at >= 0) {
    (links[at - 1] ?? input).focus();
  } else {
    return;
  }
  event.preventDefault();
});

// Elsewhere, by key or pointer: the results are in the way.
place.addEventListener("focusout", ({ relatedTarget }) => {
  if (relatedTarget && !place.contains(relatedTarget)) close();
});
document.addEventListener("pointerdown", ({ target }) => {
  if (!place.contains(target)) close();
});

// "/" leads to the search, as on many sites, unless somebody is typing.
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select, [contenteditable]");
  if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  input.focus();
});

place.hidden = false;
