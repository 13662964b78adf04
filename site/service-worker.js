// The service worker: keeps the whole site on this machine, and answers from there.
//
// A build is kept whole or not at all: each file must have the hash that the builder noted. The next build is fetched
// beside it and waits until the last window is left, or until the only one asks for it; so no page ever meets files of
// two builds.
//
// No policy of a page binds this script. It asks for the files of its list and for what a page of the site asks for,
// both of its own origin, and takes no address from a message.
//
// in:  {kind: "status"}             out: {kind: "status", whole}   is every file still here?
//      {kind: "update"}             out: {kind: "others"}          not yet: other windows are open

const BUILD = ""; // the builder puts both in
const FILES = new Map([]); // path below the site's root -> hash, as in the attribute `integrity`

const HOME = new URL(self.registration.scope);
const OURS = `offline ${HOME.pathname} `; // another site of this origin has caches of its own
const CACHE = OURS + BUILD;
const DOWNLOADS = "downloads"; // where the page's worker lays what it has of the files

// A page stands at the address of its folder.
const addressOf = (path) => new URL(path.replace(/(?<=^|\/)index\.html$/, ""), HOME).href;

self.addEventListener("install", (event) => {
  event.waitUntil(keepAll());
  event.addRoutes?.(shortcuts()).catch(() => {}); // it works without, only slower
});

self.addEventListener("activate", (event) => event.waitUntil(takeOver()));

self.addEventListener("fetch", (event) => {
  const { origin, pathname } = new URL(event.request.url);
  if (origin !== HOME.origin) event.respondWith(Response.error());
  else if (pathname.startsWith(HOME.pathname)) event.respondWith(answer(event.request, pathname.slice(HOME.pathname.length)));
});

self.addEventListener("message", (event) => {
  if (event.data?.kind === "status") event.waitUntil(tellStatus(event.source));
  if (event.data?.kind === "update") event.waitUntil(update(event.source));
});

/** What a start needs, which a browser that knows such routes brings without asking this script. */
function shortcuts() {
  return ["", "css/*", "js/*", "runtime/*"].map((path) => ({
    condition: { urlPattern: new URLPattern({ pathname: HOME.pathname + path, search: "", baseURL: HOME.href }) },
    source: { cacheName: CACHE },
  }));
}

async function keepAll() {
  const [cache, names] = [await caches.open(CACHE), await caches.keys()];
  await Promise.all(
    [...FILES.keys()].map(async (path) => {
      await cache.put(addressOf(path), (await known(path, names)) ?? (await download(path)));
    }),
  );
  await caches.delete(DOWNLOADS);
}

/** The file as it was built, if it is here: of another build, or as the page's worker downloaded it. */
async function known(path, names) {
  for (const cacheName of names) {
    const response = await caches.match(addressOf(path), { cacheName });
    if (response && (await integrityOf(response.clone())) === FILES.get(path)) return response;
  }
  return null;
}

async function integrityOf(response) {
  const digest = await crypto.subtle.digest("SHA-256", await response.arrayBuffer());
  return `sha256-${btoa(String.fromCharCode(...new Uint8Array(digest)))}`;
}

/** The file as it was built. Rejects if the server has another. */
async function download(path) {
  const load = (cache) =>
    fetch(addressOf(path), { cache, integrity: FILES.get(path), mode: "same-origin", referrerPolicy: "no-referrer" });
  // what the browser has from showing the page need not come again, unless it is of another build
  const response = await load("default").catch(() => load("reload"));
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  // a browser takes no page from here that came by a redirect
  return response.redirected ? new Response(response.body, response) : response;
}

async function takeOver() {
  const older = (await caches.keys()).filter((name) => name.startsWith(OURS) && name !== CACHE);
  await Promise.all(older.map((name) => caches.delete(name)));
  await self.clients.claim();
}

async function answer(request, address) {
  const path = address.replace(/(?<=^|\/)$/, "index.html");
  const kept = FILES.has(path) && (await find(path));
  if (kept) return kept;
  if (FILES.has(`${path}/index.html`)) return Response.redirect(new URL(`${path}/`, HOME));
  try {
    return await fetch(request);
  } catch {
    const page = request.mode === "navigate" && (await find("404.html"));
    return page ? new Response(page.body, { status: 404, headers: page.headers }) : Response.error();
  }
}

async function find(path) {
  const cache = await caches.open(CACHE);
  return cache.match(addressOf(path));
}

async function tellStatus(client) {
  const kept = await Promise.all([...FILES.keys()].map(find));
  client.postMessage({ kind: "status", whole: kept.every(Boolean) });
}

async function update(client) {
  const windows = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  const ours = windows.filter(({ url }) => url.startsWith(HOME.href));
  if (ours.length > 1) client.postMessage({ kind: "others" });
  else await self.skipWaiting();
}
