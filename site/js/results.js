// The results: texts into slots, rows into lists, pictures into charts. It makes no words of its
// own.

// Such as 2 h 30 min, 85 % or 2026-11-24.
const AMOUNT = /((?:\d{4}-\d\d-\d\d|\d[\d.,]* (?:d|h|min|s|%|[kMGT]?B)(?: \d+ (?:h|min))?)(?!\w))/;

/** Put a view {slots, lists, charts} into its places; what the view does not name stays. */
export function showView(view) {
  for (const [name, text] of Object.entries(view.slots)) {
    for (const place of document.querySelectorAll(`[data-slot="${name}"]`)) {
      if (place.textContent === text) continue;
      put(place, ...(place.localName === "title" ? [text] : whole(text))); // it has but one line
    }
  }
  for (const [name, rows] of Object.entries(view.lists)) showRows(name, rows);
  for (const [name, svg] of Object.entries(view.charts)) showChart(name, svg);
}

/** Keep the amounts of the texts that stand in the page as it was built in one line too. */
export function keepAmounts() {
  for (const place of document.querySelectorAll("body :is([data-slot], [data-cell])")) {
    if (!place.childElementCount) place.replaceChildren(...whole(place.textContent));
  }
}

/** A text into its place; what is only there for its sake is hidden where there is none. */
function put(place, ...pieces) {
  place.replaceChildren(...pieces);
  // not :has(:empty): with such a rule the browser looks at every style again for each new text
  const conditional = place.closest("[data-if-text]");
  if (conditional) conditional.hidden = !place.textContent;
}

/** The pieces of a text, every amount in it one that no line breaks. */
function whole(text) {
  return text.split(AMOUNT).map((piece, at) => {
    if (at % 2 === 0) return piece;
    const amount = document.createElement("span");
    amount.className = "whole";
    amount.textContent = piece;
    return amount;
  });
}

/**
 * Replace the rows of a list, each a clone of the list's template. What had the focus has it again:
 * the row of the same words, else the one in its place, else the list.
 */
export function showRows(name, rows) {
  const list = document.querySelector(`[data-list="${name}"]`);
  if (!list) return;
  const template = list.querySelector("template");
  const held = list.contains(document.activeElement) ? placeOf(list) : null;
  list.replaceChildren(template, ...rows.map((row) => makeRow(template, row)));
  if (held) focusAt(list, held);
}

const rowsOf = (list) => [...list.children].filter((row) => row.localName !== "template");
const wordsOf = (row) => row.querySelector("a, button")?.textContent;

function placeOf(list) {
  const held = rowsOf(list);
  const at = held.findIndex((row) => row.contains(document.activeElement));
  return { at, words: at < 0 ? null : wordsOf(held[at]) };
}

function focusAt(list, { at, words }) {
  const rows = rowsOf(list);
  const row = rows.find((each) => wordsOf(each) === words) ?? rows[Math.min(at, rows.length - 1)];
  const place = row?.querySelector("a.press[href]:not([hidden]), a, button") ?? list;
  if (!place.hasAttribute("href")) place.tabIndex = -1; // for this time: it is no stop of the keys
  place.focus({ preventScroll: true });
}

function makeRow(template, row) {
  const made = template.content.cloneNode(true);
  for (const place of made.querySelectorAll("[data-cell]")) {
    put(place, ...whole(String(row[place.dataset.cell] ?? "")));
  }
  for (const place of made.querySelectorAll("[data-class]")) {
    const value = row[place.dataset.class];
    if (value) place.classList.add(`is-${value}`);
  }
  for (const place of made.querySelectorAll("[data-link]")) {
    const address = row[place.dataset.link];
    place.hidden = !address && !("keep" in place.dataset);
    if (address) lead(place, address);
  }
  for (const place of made.querySelectorAll("[data-guide]")) {
    const guides = document.querySelector("[data-guides]").content;
    const guide = guides.querySelector(`[data-code="${row[place.dataset.guide]}"]`);
    place.hidden = !guide;
    if (guide) lead(place, guide.getAttribute("href"));
  }
  for (const place of made.querySelectorAll("[data-open]")) {
    place.dataset.open = row.open ?? "";
    place.hidden = !row.open;
  }
  return made;
}

/** Make a link of what is none without an address. */
function lead(place, address) {
  place.setAttribute("href", address);
  place.removeAttribute("role");
}

/** Insert one of our own pictures. It is parsed as XML: nothing in it can run. */
function showChart(name, svg) {
  const place = document.querySelector(`[data-chart="${name}"]`);
  if (!place) return;
  const parsed = new DOMParser().parseFromString(svg, "image/svg+xml").documentElement;
  if (parsed.localName === "svg") place.replaceChildren(document.importNode(parsed, true));
}
