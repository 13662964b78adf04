"""When a download fails or is late: the example plan stays readable, and the page says so within its limits."""

from pathlib import Path
from threading import Event

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import chromium
from tests.browser.watch import ARGUMENTS, READY_MS, Visit, Watch, wait_ready
from tests.static_server import Fault, StaticServer, held, html, missing, never, truncated

WASM, LIBRARY, PLANNER = (
    "runtime/pyodide.asm.wasm",
    "runtime/python_stdlib.zip",
    "runtime/planner.zip",
)
LOADER, WORKER = "runtime/pyodide.mjs", "js/worker.js"
LIMIT_S = 90  # what a person waits at most before the page says that it failed

FAULTS = [
    *[
        (file, fault)
        for file in (WASM, LIBRARY, PLANNER, LOADER, WORKER)
        for fault in (missing, html)
    ],
    *[(file, fault) for file in (WASM, PLANNER) for fault in (truncated, never)],
]


def say_failed(page: Page) -> None:
    """The page gives up within the limit; its timers are moved on, so that the test need not wait."""
    for _ in range(LIMIT_S // 15):
        page.wait_for_timeout(400)  # what can be downloaded is
        if page.locator("html").get_attribute("data-engine") == "failed":
            break
        page.clock.fast_forward(15_000)
    expect(page.locator("html")).to_have_attribute("data-engine", "failed")


@pytest.mark.parametrize(
    ("file", "fault"),
    FAULTS,
    ids=[f"{file.split('/')[1]}-{fault.__name__}" for file, fault in FAULTS],
)
def test_failed_download(
    visit: Visit, server: StaticServer, watch: Watch, file: str, fault: Fault
) -> None:
    """Whatever is missing, replaced, cut or silent: one message, and the example plan as it was."""
    watch.allow("^console:")  # what a broken Python says there is not ours
    server.faults[file] = fault
    page = visit("", ready=False, clock=True)
    sentence = page.locator("[data-slot='answer.sentence']")
    example = sentence.inner_text()
    say_failed(page)
    expect(page.locator(".notice.is-failed")).to_be_visible()
    expect(page.locator("[data-engine-detail]")).not_to_be_empty()
    expect(sentence).to_be_visible()
    expect(sentence).to_have_text(example)


def test_try_again(visit: Visit, server: StaticServer, watch: Watch) -> None:
    """When the network is back, one press is enough, and what was typed meanwhile is answered."""
    watch.allow("Failed to load resource", "404")
    server.faults[PLANNER] = missing
    page = visit("", ready=False, clock=True)
    say_failed(page)
    page.locator("[name='workload.requests']").fill("54321")
    server.faults.clear()
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("[data-slot='answer.sentence']")).to_contain_text(
        "54,321", timeout=READY_MS
    )
    expect(page.locator(".notice.is-failed")).to_be_hidden()


def test_typing_while_python_loads(visit: Visit, server: StaticServer) -> None:
    """The form works from the first moment; the newest input is answered as soon as Python is there."""
    arrives = Event()
    server.faults[WASM] = held(arrives)
    page = visit("", ready=False)
    requests = page.locator("[name='workload.requests']")
    requests.fill("11111")
    requests.fill("22222")
    expect(page.locator("html")).to_have_attribute("data-engine", "loading")
    expect(page.locator("[data-progress]")).to_be_visible()
    arrives.set()
    expect(page.locator("[data-slot='answer.sentence']")).to_contain_text(
        "22,222", timeout=READY_MS
    )
    expect(requests).to_have_value("22222")


def test_link_opened_while_python_loads(visit: Visit, server: StaticServer) -> None:
    """A shared link is answered as soon as Python is there, and its values stand in the form."""
    arrives = Event()
    server.faults[WASM] = held(arrives)
    page = visit("?workload.requests=33333", ready=False)
    expect(page.locator("html")).to_have_attribute("data-engine", "loading")
    arrives.set()
    expect(page.locator("[data-slot='answer.sentence']")).to_contain_text(
        "33,333", timeout=READY_MS
    )
    expect(page.locator("[name='workload.requests']")).to_have_value("33,333")


def test_without_scripts_from_the_server(visit: Visit, server: StaticServer, watch: Watch) -> None:
    """If the script itself is missing, the page is the example plan."""
    watch.allow("Failed to load resource", "404")
    server.faults["js/app.js"] = missing
    page = visit("", ready=False)
    page.wait_for_load_state("networkidle")
    expect(page.locator("html")).to_have_attribute("data-engine", "static")
    expect(page.locator("[data-slot='answer.sentence']")).to_contain_text("10,000 requests")


def test_second_visit_downloads_nothing_of_the_runtime(
    browser: Browser, site: Path, tmp_path: Path
) -> None:
    """A browser with a disk fetches Python once; a private window has too small a cache for that."""
    with StaticServer(site) as server:
        context = browser.browser_type.launch_persistent_context(
            tmp_path, executable_path=chromium.find(), args=ARGUMENTS
        )
        for runtime in (True, False):
            server.asked.clear()
            page = context.new_page()
            page.goto(server.url)
            wait_ready(page)
            assert any("/runtime/" in path for path in server.asked) is runtime
        context.close()
