"""A watch over the pages of a test: another origin, a console error or a page error is a trouble."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, Page

Visit = Callable[..., Page]

ARGUMENTS = [
    "--no-sandbox",  # tests run as root too
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Chromium asks its maker about forms, and loads two pages for its address bar beside each of ours:
    # they take more of the processor than Python in the page does.
    "--disable-features=AutofillServerCommunication,WebUIOmniboxPopup,WebUIOmniboxAimPopup",
]
# The pages of most tests live for seconds: what the optimising compiler does for the minutes after costs more than it
# brings. Where digits, sizes or speed are looked at, the browser is as people have it. `gc()` takes waste away where
# memory is.
QUICK_ARGUMENTS = [
    *ARGUMENTS,
    "--js-flags=--expose-gc --liftoff-only --wasm-lazy-compilation --wasm-lazy-validation",
]
ACTION_MS = 30_000  # only a failure takes so long
READY_MS = 60_000  # Python starts in two seconds on two idle cores, much later beside other tests

# A browser that does not have them; Playwright's own way has them answer what no browser does.
NO_SERVICE_WORKER = (
    "Object.defineProperty(Navigator.prototype, 'serviceWorker', { value: undefined });"
)
MEMORY_BYTES = """async () => {
    const cache = await caches.open("python-memory");
    const [request] = await cache.keys();
    return request ? (await (await cache.match(request)).arrayBuffer()).byteLength : 0;
}"""
FORGET_MEMORY = "caches.delete('python-memory')"


def wait_ready(page: Page) -> None:
    """Until Python answers; if it cannot be loaded, the page's own reason is the failure."""
    page.locator("html[data-engine=ready], html[data-engine=failed]").wait_for(
        state="attached", timeout=READY_MS
    )
    assert page.locator("html").get_attribute("data-engine") == "ready", page.locator(
        "[data-engine-detail]"
    ).inner_text()


def wait_memory(page: Page) -> int:
    """The size of Python's memory that is kept for the next visit, as soon as one is."""
    wait_ready(page)
    for _ in range(READY_MS // 200):
        if size := page.evaluate(MEMORY_BYTES):
            return int(size)
        page.wait_for_timeout(200)
    raise AssertionError("no memory is kept")


@dataclass
class Watch:
    """What went wrong in the pages of a test. `allow` says what the test itself provokes."""

    origin: str
    troubles: list[str] = field(default_factory=list)
    allowed: list[str] = field(default_factory=list)
    followed: dict[BrowserContext, dict[str, Callable[..., None]]] = field(default_factory=dict)

    def allow(self, *patterns: str) -> None:
        """Console and page errors that match one of these regular expressions are expected."""
        self.allowed += patterns

    def follow(self, context: BrowserContext) -> None:
        """Listen to every page and worker of a context."""
        if context in self.followed:
            return
        self.followed[context] = {
            "request": lambda request: self._request(request.url),
            "console": lambda line: (
                self._error(f"console: {line.text}") if line.type == "error" else None
            ),
            "weberror": lambda error: self._error(f"page: {error.error}"),
        }
        for event, listener in self.followed[context].items():
            context.on(event, listener)  # type: ignore[call-overload]

    def leave(self) -> None:
        """Listen no more: another test goes on in the same window."""
        for context, listeners in self.followed.items():
            for event, listener in listeners.items():
                context.remove_listener(event, listener)
        self.followed.clear()

    def _request(self, url: str) -> None:
        # blob: is the worker's own script; data: a small picture in the style sheet
        if not url.startswith((self.origin + "/", "blob:", "data:")):
            self.troubles.append(f"request to {urlsplit(url).netloc or url}")

    def _error(self, text: str) -> None:
        if not any(re.search(pattern, text) for pattern in self.allowed):
            self.troubles.append(text)


class Outside(ThreadingHTTPServer):
    """A proxy for every address but our own server's: it notes who was called, and refuses."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Refuse)
        self.called: list[str] = []


class _Refuse(BaseHTTPRequestHandler):
    server: Outside

    def refuse(self) -> None:
        self.server.called.append(self.path)
        self.send_error(502)

    do_GET = do_POST = do_HEAD = do_CONNECT = refuse

    def log_message(self, *words: object) -> None:
        """Silence: `called` is the log."""
