"""The browser, and pages in it that are watched."""

import threading
from collections.abc import Iterator
from pathlib import Path
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
from tests.browser.watch import (
    ACTION_MS,
    NO_SERVICE_WORKER,
    QUICK_ARGUMENTS,
    Outside,
    Visit,
    Watch,
    wait_memory,
    wait_ready,
)
from tests.static_server import StaticServer

expect.set_options(timeout=ACTION_MS)

# How a promise is looked at, which it does not depend on.
LOOKS = ["scheme", "viewport", "width", "server"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What is held in more than one look is drawn: each case, in one of them."""
    for item in items:
        if hasattr(item, "callspec") and not set(LOOKS).isdisjoint(item.callspec.params):
            item.add_marker(pytest.mark.drawn(either=LOOKS))


# For the package, not the session: while Playwright runs, asyncio.run() fails in other tests of the process.
@pytest.fixture(scope="package")
def playwright() -> Iterator[Playwright]:
    """What drives the browser."""
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="package")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """Chromium without its window, if it can be had; tests that restart it have the whole browser."""
    browser = playwright.chromium.launch(
        executable_path=chromium.find_shell(), args=QUICK_ARGUMENTS
    )
    yield browser
    browser.close()


@pytest.fixture(scope="package")
def outside() -> Iterator[Outside]:
    """Where every request to another host ends up, from workers and service workers too."""
    with Outside() as proxy:
        threading.Thread(target=proxy.serve_forever, args=(0.05,), daemon=True).start()
        yield proxy
        proxy.shutdown()


@pytest.fixture(scope="package")
def shared_server(site: Path) -> Iterator[StaticServer]:
    """The site at one origin for all tests that leave the server as it is."""
    with StaticServer(site) as server:
        yield server


@pytest.fixture(scope="package")
def shared_window(
    browser: Browser, shared_server: StaticServer, outside: Outside
) -> Iterator[BrowserContext]:
    """One private window for all tests that leave nothing behind; its pages go on from Python's memory."""
    context = open_window(browser, outside)
    page = context.new_page()
    page.goto(shared_server.url)
    wait_memory(page)
    page.close()
    yield context
    context.close()


def open_window(
    browser: Browser, outside: Outside, *, offline: bool = False, **options: Any
) -> BrowserContext:
    """A private window; without `offline` it has no service worker, which would fetch the whole site."""
    proxy = {"server": f"http://127.0.0.1:{outside.server_port}", "bypass": "127.0.0.1"}
    context = browser.new_context(**{"proxy": proxy, **options})
    context.set_default_timeout(ACTION_MS)
    if not offline:
        context.add_init_script(NO_SERVICE_WORKER)
    return context


@pytest.fixture
def place(request: pytest.FixtureRequest) -> StaticServer:
    """The server of the pages of a test: its own, if the test itself speaks of one."""
    own = "server" in request.fixturenames
    place: StaticServer = request.getfixturevalue("server" if own else "shared_server")
    return place


@pytest.fixture
def watch(place: StaticServer, outside: Outside) -> Iterator[Watch]:
    """The watch over this test's pages; it is read when the test is over."""
    watch = Watch(place.origin)
    outside.called.clear()
    yield watch
    assert watch.troubles + [f"request to {host}" for host in outside.called] == []


@pytest.fixture
def visit(
    request: pytest.FixtureRequest,
    browser: Browser,
    place: StaticServer,
    outside: Outside,
    watch: Watch,
) -> Iterator[Visit]:
    """`visit(path, ready=True, …)` opens a page of the site.

    With `ready` it waits until Python answers. `viewport`, `color_scheme` and `reduced_motion` are the page's own. A
    test that has a server of its own, or asks for `clock` (the page's timers can be moved on), `offline` (the service
    worker) or another option of a browser context, such as `java_script_enabled`, has a private window of its own.
    """
    pages: list[Page] = []
    windows: list[BrowserContext] = []

    def window(alone: bool, options: dict[str, Any]) -> BrowserContext:
        if not alone and not options:
            shared: BrowserContext = request.getfixturevalue("shared_window")
            return shared
        windows.append(open_window(browser, outside, **options))
        return windows[-1]

    def visit(
        path: str = "",
        *,
        ready: bool = True,
        clock: bool = False,
        viewport: Any = None,
        color_scheme: Any = "light",
        reduced_motion: Any = "reduce",
        **options: Any,
    ) -> Page:
        context = window(clock or "server" in request.fixturenames, options)
        watch.follow(context)
        page = context.new_page()
        pages.append(page)
        page.emulate_media(color_scheme=color_scheme, reduced_motion=reduced_motion)
        if viewport:
            page.set_viewport_size(viewport)
        if clock:
            page.clock.install()
        page.goto(place.url + path)
        if ready:
            wait_ready(page)
        return page

    yield visit
    for page in pages:
        page.close()
    for context in windows:
        context.close()
    watch.leave()


@pytest.fixture
def page(visit: Visit) -> Page:
    """The planner with its defaults, Python ready."""
    return visit()
