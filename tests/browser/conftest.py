"""The browser and a watch over it: another origin, a console error or a page error fails the test."""

import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.browser import chromium
from tests.static_server import StaticServer

ARGUMENTS = [
    "--no-sandbox",  # tests run as root too
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-features=AutofillServerCommunication",  # Chromium asks its maker about forms
]
READY_MS = 60_000  # a cold start takes two seconds alone on two cores, much more beside other tests

expect.set_options(timeout=15_000)


# For the package, not the session: while Playwright runs, asyncio.run() fails in other tests of the process.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Chromium, headless."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.find(), args=ARGUMENTS)
        yield browser
        browser.close()


class Outside(ThreadingHTTPServer):
    """A proxy for every address but our own server's: it notes who was called and refuses."""

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


@pytest.fixture(scope="package")
def outside() -> Iterator[Outside]:
    """Where every request to another host ends up, from workers and service workers too."""
    with Outside() as proxy:
        threading.Thread(target=proxy.serve_forever, args=(0.05,), daemon=True).start()
        yield proxy
        proxy.shutdown()


@dataclass
class Watch:
    """What went wrong in the pages of a test. `allow` says what the test itself provokes."""

    origin: str
    troubles: list[str] = field(default_factory=list)
    allowed: list[str] = field(default_factory=list)

    def allow(self, *patterns: str) -> None:
        """Console and page errors that match one of these regular expressions are expected."""
        self.allowed += patterns

    def follow(self, context: BrowserContext) -> None:
        context.on("request", lambda request: self.request(request.url))
        context.on("console", lambda line: self.error(f"console: {line.text}") if line.type == "error" else None)
        context.on("weberror", lambda error: self.error(f"page: {error.error}"))

    def request(self, url: str) -> None:
        # blob: is the worker's own script; data: a small picture in the style sheet
        if not url.startswith((self.origin + "/", "blob:", "data:")):
            self.troubles.append(f"request to {urlsplit(url).netloc or url}")

    def error(self, text: str) -> None:
        if not any(re.search(pattern, text) for pattern in self.allowed):
            self.troubles.append(text)


@pytest.fixture
def watch(server: StaticServer, outside: Outside) -> Iterator[Watch]:
    """The watch over this test's pages; it is read when the test is over."""
    watch = Watch(server.origin)
    outside.called.clear()
    yield watch
    assert watch.troubles + [f"request to {host}" for host in outside.called] == []


Visit = Callable[..., Page]


@pytest.fixture
def visit(browser: Browser, server: StaticServer, outside: Outside, watch: Watch) -> Iterator[Visit]:
    """`visit(path, ready=True, clock=False, **options)` opens a page of the site in a browser of its own.

    With `ready` it waits until Python answers; with `clock` the page's timers can be moved on. Options are those of a browser context, such as `viewport`,
    `color_scheme` or `java_script_enabled`.
    """
    contexts: list[BrowserContext] = []
    proxy = {"server": f"http://127.0.0.1:{outside.server_port}", "bypass": "127.0.0.1"}

    def visit(path: str = "", *, ready: bool = True, clock: bool = False, **options: Any) -> Page:
        context = browser.new_context(**{"proxy": proxy, "reduced_motion": "reduce", **options})
        contexts.append(context)
        watch.follow(context)
        page = context.new_page()
        if clock:
            page.clock.install()
        page.goto(server.url + path)
        if ready:
            wait_ready(page)
        return page

    yield visit
    for context in contexts:
        context.close()


@pytest.fixture
def page(visit: Visit) -> Page:
    """The planner with its defaults, Python ready."""
    return visit()


def wait_ready(page: Page) -> None:
    """Until Python answers; if it cannot be loaded, the page's own reason is the failure."""
    page.locator("html[data-engine=ready], html[data-engine=failed]").wait_for(state="attached", timeout=READY_MS)
    assert page.locator("html").get_attribute("data-engine") == "ready", page.locator("[data-engine-detail]").inner_text()
