// The single file: what stands in its blocks of data takes the place of the server. Its pages are shown one at a time:
// `#/guides/cost/#tokens` is a place in a guide, anything else behind the # the planner's own. The scripts of the site
// follow, as they are.

const blocks = new Map([...document.querySelectorAll("[data-file]")].map((block) => [block.dataset.file, block]));

/** The bytes of a text in base 64; browsers of 2024 know no quick way. */
function decoded(text) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

/** The bytes of a file, from its block: gzip in base 64. */
async function read(name) {
  const bytes = decoded(blocks.get(name).textContent);
  const unpacked = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(unpacked).arrayBuffer();
}

const nameOf = (address) => new URL(address).pathname.split("/").at(-1);

self.fetch = async (address) => new Response(await read(nameOf(address)));

const runtime = [...blocks.keys()].filter((name) => /\.(wasm|bin|json)$/.test(name) && !/^(pages|search)\./.test(name));
const files = Promise.all(runtime.map(async (name) => [name, await read(name)]));
const workerScript = URL.createObjectURL(new Blob([await read("worker.js")], { type: "text/javascript" }));

// Whatever worker is asked for, it is ours: a classic one, because Chromium lets a file have no other.
self.Worker = class extends Worker {
  constructor() {
    super(workerScript);
    files.then((all) => this.postMessage({ kind: "files", files: all }));
  }
};

// ---------------------------------------------------------------- pages

const planner = document.querySelector("main.planner");
const reading = document.querySelector("[data-reading]");
const brand = document.querySelector("h1.brand");
let page = null; // the one that is shown instead of the planner

// The title of the plan is written here, answered late or not; the window has it while the plan is shown.
const planTitle = document.createElement("span");
planTitle.hidden = true;
planTitle.textContent = document.title;
planTitle.dataset.slot = "page.title";
delete document.querySelector("title").dataset.slot;
document.body.append(planTitle);
new MutationObserver(setTitle).observe(planTitle, { childList: true });

function setTitle() {
  document.title = page?.title ?? planTitle.textContent;
}

let pages = null; // a promise: address -> {title, main}

/** Show what the address says: a page, or the planner. */
async function showPage() {
  const [, address, anchor] = location.hash.match(/^#\/([^#]*)#?(.*)$/) ?? [];
  page = address && (await (pages ??= read("pages.json").then((bytes) => JSON.parse(new TextDecoder().decode(bytes)))))[address];
  setTitle();
  planner.hidden = Boolean(page);
  if (page) brand.setAttribute("role", "presentation"); // the page has a first heading of its own
  else brand.removeAttribute("role");
  reading.hidden = !page;
  for (const link of document.querySelectorAll("header.site nav a")) {
    const here = link.getAttribute("href") === (page ? `#/${address}` : "#");
    if (here) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  const place = reading.querySelector("[data-page]");
  if (!page) {
    place.replaceChildren();
    place.dataset.page = "";
    return;
  }
  if (place.dataset.page !== address) {
    place.dataset.page = address;
    place.replaceChildren(...new DOMParser().parseFromString(page.main, "text/html").body.childNodes);
  }
  const target = anchor && document.getElementById(decodeURIComponent(anchor));
  if (target) target.scrollIntoView();
  else scrollTo(0, 0);
}

document.addEventListener(
  "click",
  (event) => {
    const link = event.target.closest('a[href^="#"]');
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    const leads = link.getAttribute("href");
    if (leads.startsWith("#/") || planner.hidden) event.stopImmediatePropagation(); // not a plan: the browser's
  },
  true,
);
addEventListener("hashchange", showPage);
await showPage();
for (const link of document.querySelectorAll("[data-download]")) {
  link.href = URL.createObjectURL(new Blob([await read(link.download)], { type: "text/plain" }));
}
document.querySelector("[data-offline]").hidden = false;
