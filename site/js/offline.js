// What works without a network: the service worker keeps the site, and this says when that is so, and when a newer build
// waits. Where service workers or storage are forbidden nothing is said, and the page works as it is.

/**
 * @param onKept called when the whole site is on this machine
 * @param onUpdate called with "ready" when a newer build is there too, with "others" when other windows hold it back
 */
export function createOffline({ onKept, onUpdate }) {
  let registration = null;
  let asked = false;

  /** To be called when Python answers: a site that is kept already says so. */
  function resume() {
    if (navigator.serviceWorker?.controller) start();
  }

  /** To be called when the page rests: the whole site is fetched. */
  async function start() {
    if (registration || !navigator.serviceWorker) return;
    navigator.serviceWorker.addEventListener("message", ({ data }) => receive(data));
    navigator.serviceWorker.addEventListener("controllerchange", () => asked && location.reload());
    try {
      registration = await navigator.serviceWorker.register(new URL("../service-worker.js", import.meta.url));
    } catch {
      return;
    }
    registration.addEventListener("updatefound", follow);
    follow();
    report();
  }

  function follow() {
    registration.installing?.addEventListener("statechange", report);
  }

  function report() {
    registration.active?.postMessage({ kind: "status" });
    if (registration.active && registration.waiting) onUpdate("ready");
  }

  function receive(message) {
    if (message.kind === "status" && message.whole) onKept();
    if (message.kind === "others") onUpdate("others");
  }

  /** Have the newer build, in place of this page. */
  function update() {
    asked = true;
    registration.waiting?.postMessage({ kind: "update" });
  }

  return { resume, start, update };
}
