"""The browser, and pages in it that are watched."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Page,
    Playwright,
    expect,
    sync_playwright,
)

from tests.browser import chromium
from tests.browser.watch import ACTION_MS, ARGUMENTS, Outside, Visit, Watch, wait_ready
from tests.static_server import StaticServer

expect.set_options(timeout=ACTION_MS)


# For the package, not the session: while Playwright runs, asyncio.run() fails in other tests of the process.
@pytest.fixture(scope="package")
def playwright() -> Iterator[Playwright]:
    """What drives the browser."""
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="package")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """Chromium, headless."""
    browser = playwright.chromium.launch(executable_path=chromium.find(), args=ARGUMENTS)
    yield browser
    browser.close()


@pytest.fixture(scope="package")
def outside() -> Iterator[Outside]:
    """Where every request to another host ends up, from workers and service workers too."""
    with Outside() as proxy:
        threading.Thread(target=proxy.serve_forever, args=(0.05,), daemon=True).start()
        yield proxy
        proxy.shutdown()


@pytest.fixture
def watch(server: StaticServer, outside: Outside) -> Iterator[Watch]:
    """The watch over this test's pages; it is read when the test is over."""
    watch = Watch(server.origin)
    outside.called.clear()
    yield watch
    assert watch.troubles + [f"request to {host}" for host in outside.called] == []


@pytest.fixture
def visit(
    browser: Browser, server: StaticServer, outside: Outside, watch: Watch
) -> Iterator[Visit]:
    """`visit(path, ready=True, clock=False, **options)` opens a page of the site in a private window of its own.

    With `ready` it waits until Python answers; with `clock` the page's timers can be moved on. Options are those
    of a browser context, such as `viewport`, `color_scheme` or `java_script_enabled`.
    """
    contexts: list[BrowserContext] = []
    proxy = {"server": f"http://127.0.0.1:{outside.server_port}", "bypass": "127.0.0.1"}

    def visit(path: str = "", *, ready: bool = True, clock: bool = False, **options: Any) -> Page:
        context = browser.new_context(**{"proxy": proxy, "reduced_motion": "reduce", **options})
        contexts.append(context)
        context.set_default_timeout(ACTION_MS)
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
