// The table of the ways: its order, which a press on the head of a column changes.

/** The heads of the columns become buttons; without this script they are words. */
export function createWays(root) {
  const list = root.querySelector('[data-list="ways"]');
  const heads = [...root.querySelectorAll("thead th")];
  const buttons = heads.map(makeButton);
  let planned = []; // the rows in the planner's order

  function makeButton(head, place) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "sort";
    button.tabIndex = place ? -1 : 0; // one stop for Tab; arrows lead on
    button.textContent = head.textContent;
    button.addEventListener("click", () => press(head));
    button.addEventListener("keydown", (event) => walk(event, place));
    head.replaceChildren(button);
    return button;
  }

  /** From the least, from the most, and as the planner has them. */
  function press(head) {
    const [first, second] = ["ascending", "descending"];
    const next = { null: first, [first]: second, [second]: null };
    const order = next[head.getAttribute("aria-sort")];
    for (const other of heads) other.removeAttribute("aria-sort");
    if (order) head.setAttribute("aria-sort", order);
    sort();
  }

  function walk(event, place) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const next = buttons[place + step];
    if (!next) return;
    event.preventDefault();
    for (const button of buttons) button.tabIndex = button === next ? 0 : -1;
    next.focus();
  }

  function sort() {
    const place = heads.findIndex((head) => head.hasAttribute("aria-sort"));
    const sign = heads[place]?.getAttribute("aria-sort") === "descending" ? -1 : 1;
    const rows = [...planned];
    if (place >= 0) rows.sort((one, other) => sign * (rank(one, place) - rank(other, place)));
    const focused = list.contains(document.activeElement) ? document.activeElement : null;
    list.append(...rows);
    focused?.focus({ preventScroll: true });
  }

  const rank = (row, place) =>
    Number(row.querySelector('[data-cell="ranks"]').textContent.split(" ")[place]);

  const linkOf = (row) => row.querySelector("th a");

  /** The rows that `put` puts in the place of the others are sorted as those were. */
  function replace(put) {
    delete root.dataset.ways;
    put();
    planned = [...list.querySelectorAll(":scope > tr")];
    sort();
  }

  /** The search was stopped: the list is empty, and says why. */
  function giveUp() {
    root.dataset.ways = "given-up";
  }

  planned = [...list.querySelectorAll(":scope > tr")];
  return { replace, giveUp, links: () => planned.map(linkOf) };
}
