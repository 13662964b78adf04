"""The watch itself: what it must notice, it notices."""

from time import monotonic

import pytest
from playwright.sync_api import Browser

from tests.browser.watch import ACTION_MS, Outside, Watch
from tests.static_server import StaticServer

CALL = "fetch('http://planner.invalid/').catch(() => 0)"
IN_A_WORKER = f"""new Promise((resolve) => {{
    const script = new Blob(["{CALL}.then(() => self.postMessage(0))"], {{ type: "text/javascript" }});
    new Worker(URL.createObjectURL(script)).onmessage = resolve;
}})"""


@pytest.mark.parametrize(
    ("script", "trouble"),
    [
        ("console.error('a mistake')", "console: a mistake"),
        ("setTimeout(() => { throw new Error('a defect') })", "page: a defect"),
        (CALL, "request to planner.invalid"),
        (IN_A_WORKER, "request to planner.invalid"),
    ],
    ids=["console", "page", "request", "worker"],
)
def test_watch_sees(browser: Browser, server: StaticServer, script: str, trouble: str) -> None:
    """A console error, an uncaught error, and a request to another host from page and worker."""
    watch = Watch(server.origin)
    with browser.new_context() as context:
        watch.follow(context)
        page = context.new_page()
        page.goto(server.url + "robots.txt")
        page.evaluate(script)
        deadline = monotonic() + ACTION_MS / 1000
        while trouble not in " ".join(watch.troubles) and monotonic() < deadline:
            page.wait_for_timeout(20)  # the browser's events are delivered meanwhile
    assert any(trouble in seen for seen in watch.troubles), watch.troubles


def test_proxy_sees_every_other_host(
    browser: Browser, server: StaticServer, outside: Outside
) -> None:
    """A request to another host reaches the proxy; one to our own server does not."""
    outside.called.clear()
    proxy = {"server": f"http://127.0.0.1:{outside.server_port}", "bypass": "127.0.0.1"}
    with browser.new_context(proxy=proxy) as context:  # type: ignore[arg-type]
        page = context.new_page()
        page.goto(server.url + "robots.txt")
        page.evaluate(CALL)
    assert outside.called == ["http://planner.invalid/"]


def test_allowed_trouble_is_none() -> None:
    """What a test provokes it may name; anything else still counts."""
    watch = Watch("http://127.0.0.1:1")
    watch.allow("404")
    watch._error("console: 404")
    watch._error("console: 500")
    assert watch.troubles == ["console: 500"]
