// The panel beside the form: on a wide screen a link to a section of a guide opens the section in
// it, and the form stays in use. On a narrow one, and without this script, it is an ordinary link.
// Back and Escape close the panel.

const WIDE = matchMedia("(min-width: 64rem)");
const WAIT_MS = 10_000;
const ARTICLE = /^(guides|faq)\/[a-z0-9-]+\/$/;

/**
 * @param onOpen called with the address of the section that was opened
 * @param onClose called when the panel is to be closed; `follow("")` closes it
 * @param onMiss called with the address of a section that could not be had
 */
export function createPanel(place, { onOpen, onClose, onMiss }) {
  const name = place.querySelector("[data-panel-name]");
  const body = place.querySelector("[data-panel-body]");
  const whole = place.querySelector("[data-panel-whole]");
  const home = new URL(".", document.baseURI);
  let opener = null; // gets the focus back
  let turn = 0; // of the newest press; an older page that comes late is not shown

  const planner = (url) => url.pathname.replace(/index\.html$/, "") === home.pathname;
  const article = (url) =>
    url.origin === home.origin &&
    url.pathname.startsWith(home.pathname) &&
    ARTICLE.test(url.pathname.slice(home.pathname.length));

  /** Show the section that the address leads to. Resolves to whether it could. */
  async function show(address) {
    const mine = ++turn;
    const url = new URL(address);
    try {
      const signal = AbortSignal.timeout(WAIT_MS);
      const response = await fetch(url, { mode: "same-origin", signal });
      if (!response.ok) return false;
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      if (mine !== turn) return true;
      const section = sectionOf(page, decodeURIComponent(url.hash.slice(1)));
      name.textContent = page.querySelector("h1").textContent;
      whole.href = url.href;
      body.replaceChildren(...section.map((part) => document.importNode(part, true)));
      adapt(url);
      place.hidden = false;
      place.scrollTop = 0;
      return true;
    } catch {
      return false;
    }
  }

  // Links of the article, seen from the planner: to a plan as a press, to another article to be
  // opened here.
  function adapt(from) {
    for (const link of body.querySelectorAll("a[href]")) {
      const url = new URL(link.getAttribute("href"), from);
      const ours = url.origin === home.origin;
      link.setAttribute("href", ours && planner(url) ? url.hash || "#" : url.href);
      if (article(url)) link.dataset.panel = "";
    }
    for (const part of body.querySelectorAll(":is(h2, h3)[id]")) part.removeAttribute("id");
  }

  async function open(address, from) {
    if (!(await show(address))) {
      onMiss(address);
      return;
    }
    if (!place.contains(from)) opener = from;
    onOpen(address);
    name.focus();
  }

  function hide() {
    turn += 1;
    const inside = place.contains(document.activeElement);
    place.hidden = true;
    body.replaceChildren();
    if (inside && opener?.isConnected) giveFocus(opener);
    opener = null;
  }

  /** Show what an entry of the history says is open: the address of a section, or "". */
  function follow(address) {
    if (address && WIDE.matches) show(address);
    else if (!place.hidden) hide();
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-panel]");
    const withKey = event.ctrlKey || event.metaKey || event.shiftKey || event.altKey;
    const opens = link && event.button === 0 && !withKey && WIDE.matches;
    if (!opens || !article(new URL(link.href))) return;
    event.preventDefault();
    open(link.href, link);
  });

  place.querySelector("[data-panel-close]").addEventListener("click", onClose);

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !place.hidden) onClose();
  });

  return { follow };
}

/** The help of a field, with its link, is in sight only while the field has the focus. */
function giveFocus(link) {
  link.closest("[data-field]")?.querySelector("[name]").focus();
  link.focus();
}

/**
 * The heading with that id and what follows it up to the next heading of its level; without id the
 * whole article.
 */
function sectionOf(page, id) {
  const article = page.querySelector("article");
  const heading = id ? page.getElementById(id) : null;
  const all = [...article.children].filter((part) => !part.matches("h1, .sources"));
  const start = all.indexOf(heading);
  if (start < 0) return all;
  const level = Number(heading.localName[1]);
  const rest = all.slice(start + 1);
  const levelOf = (part) => (/^h[1-6]$/.test(part.localName) ? Number(part.localName[1]) : 7);
  const end = rest.findIndex((part) => levelOf(part) <= level);
  return [heading, ...(end < 0 ? rest : rest.slice(0, end))];
}
