// The results: texts into slots, rows into lists, pictures into charts. It makes no words of its
// own.

/** Put a view {slots, lists, charts} into its places; what the view does not name stays. */
export function showView(view) {
  for (const [name, text] of Object.entries(view.slots)) {
    for (const place of document.querySelectorAll(`[data-slot="${name}"]`)) {
      if (place.textContent !== text) place.textContent = text;
    }
  }
  for (const [name, rows] of Object.entries(view.lists)) showRows(name, rows);
  for (const [name, svg] of Object.entries(view.charts)) showChart(name, svg);
}

/** Replace the rows of a list, each a clone of the list's template. */
export function showRows(name, rows) {
  const list = document.querySelector(`[data-list="${name}"]`);
  if (!list) return;
  const template = list.querySelector("template");
  list.replaceChildren(template, ...rows.map((row) => makeRow(template, row)));
}

function makeRow(template, row) {
  const made = template.content.cloneNode(true);
  for (const place of made.querySelectorAll("[data-cell]")) {
    place.textContent = row[place.dataset.cell] ?? "";
  }
  for (const place of made.querySelectorAll("[data-class]")) {
    const value = row[place.dataset.class];
    if (value) place.classList.add(`is-${value}`);
  }
  for (const place of made.querySelectorAll("[data-link]")) {
    const address = row[place.dataset.link];
    place.hidden = !address && !("keep" in place.dataset);
    if (address) place.setAttribute("href", address);
  }
  for (const place of made.querySelectorAll("[data-guide]")) {
    const guides = document.querySelector("[data-guides]").content;
    const guide = guides.querySelector(`[data-code="${row[place.dataset.guide]}"]`);
    place.hidden = !guide;
    if (guide) place.setAttribute("href", guide.getAttribute("href"));
  }
  for (const place of made.querySelectorAll("[data-open]")) {
    place.dataset.open = row.open ?? "";
    place.hidden = !row.open;
  }
  return made;
}

/** Insert one of our own pictures. It is parsed as XML: nothing in it can run. */
function showChart(name, svg) {
  const place = document.querySelector(`[data-chart="${name}"]`);
  if (!place) return;
  const parsed = new DOMParser().parseFromString(svg, "image/svg+xml").documentElement;
  if (parsed.localName === "svg") place.replaceChildren(document.importNode(parsed, true));
}
