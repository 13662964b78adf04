"""Ways out of the page, of its worker and of the service worker: each is tried, and none reaches anybody."""

from urllib.parse import urljoin

import pytest
from playwright.sync_api import Page, expect

from tests.browser.watch import READY_MS, Outside, Visit, Watch

ELSEWHERE = "http://elsewhere.invalid/"
WAYS = {
    "fetch": f"fetch('{ELSEWHERE}')",
    "no-cors": f"fetch('{ELSEWHERE}', {{ mode: 'no-cors' }})",
    "import": f"import('{ELSEWHERE}a.js')",
    "socket": "new Promise((open, shut) => { const way = new WebSocket('ws://elsewhere.invalid/');"
    "way.onopen = open; way.onerror = shut; })",
    # by a timer: what a test itself evaluates is free to
    "eval": "new Promise((open, shut) => setTimeout(() => { try { open((0, eval)('1')); } catch { shut(); } }))",
    "function": "new Promise((open, shut) => setTimeout(() => { try { open(new Function('')); } catch { shut(); } }))",
}
OF_PAGES = {
    "image": f"new Promise((open, shut) => {{ const way = new Image(); way.onload = open; way.onerror = shut;"
    f"way.src = '{ELSEWHERE}a.png'; }})",
    "script": f"new Promise((open, shut) => {{ const way = document.createElement('script'); way.onload = open;"
    f"way.onerror = shut; way.src = '{ELSEWHERE}a.js'; document.head.append(way); }})",
    "form": "new Promise((open, shut) => { addEventListener('securitypolicyviolation', shut);"
    "const way = document.createElement('form'); document.body.append(way);"
    f"way.action = '{ELSEWHERE}'; way.submit(); }})",
    "frame": "new Promise((open, shut) => { addEventListener('securitypolicyviolation', shut);"
    f"const way = document.createElement('iframe'); way.src = '{ELSEWHERE}'; document.body.append(way); }})",
    "worker": f"new Promise((open, shut) => {{ const way = new Worker('{ELSEWHERE}a.js'); way.onerror = shut; }})",
    "shared": f"new Promise((open, shut) => {{ const way = new SharedWorker('{ELSEWHERE}a.js'); way.onerror = shut; }})",
}
TRY = "async () => { try { await %s; return 'open'; } catch { return 'shut'; } }"
# A worker such as the page's own: of a blob, so that the page's policy is its own too.
IN_WORKER = """(way) => new Promise((resolve) => {
    const script = `(async () => { try { await ${way}; postMessage("open"); } catch { postMessage("shut"); } })()`;
    new Worker(URL.createObjectURL(new Blob([script]))).onmessage = ({ data }) => resolve(data);
})"""


@pytest.fixture
def guarded(visit: Visit, watch: Watch) -> Page:
    """The planner with its service worker; what the policy stops is what the test is after."""
    watch.allow("Content Security Policy", "Failed to", "WebSocket", "violates", "Refused", "ERR_")
    page = visit(offline=True)
    expect(page.locator("[data-offline]")).to_be_visible(timeout=READY_MS)
    page.wait_for_function("navigator.serviceWorker.controller !== null")
    return page


def forget(watch: Watch) -> None:
    """Chromium announces a request before the policy stops it; who was reached, the proxy says."""
    watch.troubles[:] = [line for line in watch.troubles if "elsewhere.invalid" not in line]


def test_no_way_out_of_page_or_worker(guarded: Page, outside: Outside, watch: Watch) -> None:
    """Whatever a script tries, the policy of the page stops it; it binds a worker of a blob, as the page's own is, too."""
    ways = WAYS | OF_PAGES
    assert {way: guarded.evaluate(TRY % ways[way]) for way in ways} == dict.fromkeys(ways, "shut")
    shut = {way: guarded.evaluate(IN_WORKER, script) for way, script in WAYS.items()}
    assert shut == dict.fromkeys(WAYS, "shut")
    assert outside.called == []
    forget(watch)


def test_no_way_out_through_the_service_worker(
    guarded: Page, outside: Outside, watch: Watch
) -> None:
    """Told an address in every form it asks there for nothing; and a page without a policy, but within its reach, asks
    nobody either: it answers for every other origin."""
    watch.allow("404")
    guarded.evaluate(
        """async (address) => {
            for (const kind of ["status", "update", "fetch", "cache", "load"]) {
                const message = { kind, url: address, address, files: [address], path: address };
                navigator.serviceWorker.controller.postMessage(message);
            }
            navigator.serviceWorker.controller.postMessage(address);
            await new Promise((resolve) => {
                navigator.serviceWorker.addEventListener("message", resolve, { once: true });
                navigator.serviceWorker.controller.postMessage({ kind: "status" });
            });
        }""",
        ELSEWHERE,
    )
    assert outside.called == []
    guarded.goto(urljoin(guarded.url, "/robots.txt"))
    guarded.wait_for_function("navigator.serviceWorker.controller !== null")
    asked = {name: (WAYS | OF_PAGES)[name] for name in ("fetch", "no-cors", "import", "image")}
    asked["script"] = OF_PAGES["script"].replace("document.head", "document.documentElement")
    assert {way: guarded.evaluate(TRY % asked[way]) for way in asked} == dict.fromkeys(
        asked, "shut"
    )
    assert outside.called == []
    forget(watch)
