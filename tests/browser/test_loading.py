"""When a download fails or is late: the example plan stays readable, and the page says so within its limits."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from threading import Event

import pytest
from playwright.sync_api import Browser, Page, expect

from planner import bridge
from tests.browser import chromium
from tests.browser.watch import (
    MEMORY_BYTES,
    QUICK_ARGUMENTS,
    READY_MS,
    Visit,
    Watch,
    wait_memory,
    wait_ready,
)
from tests.static_server import (
    CRASH,
    HANG,
    Fault,
    StaticServer,
    at_question,
    held,
    html,
    missing,
    never,
    no_fresh_start,
    old,
    truncated,
    without_body,
    without_storage,
)

WASM, LIBRARY = "runtime/pyodide.asm-*.wasm", "runtime/library-*.bin"
WORKER, LOADER, SCRIPT = (
    "runtime/worker-*.js",
    "runtime/pyodide-*.mjs",
    "runtime/pyodide.asm-*.mjs",
)
RUNTIME = (WORKER, LOADER, SCRIPT, WASM, LIBRARY)
LIMIT_S = 90  # what a person waits at most before the page says that it failed

FAULTS = [(file, fault) for file in RUNTIME for fault in (missing, html, truncated, never, old)]


def say_failed(page: Page) -> None:
    """The page gives up within the limit; its timers are moved on, so that the test need not wait."""
    for _ in range(LIMIT_S // 15):
        page.wait_for_timeout(400)  # what can be downloaded is
        if page.locator("html").get_attribute("data-engine") == "failed":
            break
        page.clock.fast_forward(15_000)
    expect(page.locator("html")).to_have_attribute("data-engine", "failed")


def test_no_script_is_ahead_of_the_page(visit: Visit, server: StaticServer) -> None:
    """A page whose body comes later than its scripts is whole; an error of one fails the test."""
    page = visit("method/", ready=False)
    body = Event()
    server.faults["/"] = without_body(body)
    page.goto(server.url, wait_until="commit")
    page.wait_for_timeout(1000)
    assert page.locator("main").count() == 0
    body.set()
    expect(page.get_by_role("searchbox")).to_be_visible()
    wait_ready(page)


@pytest.mark.drawn  # each file, and each fault
@pytest.mark.parametrize(
    ("file", "fault"),
    FAULTS,
    ids=[f"{file.split('/')[1].replace('-*', '')}-{fault.__name__}" for file, fault in FAULTS],
)
def test_failed_download(
    visit: Visit, server: StaticServer, watch: Watch, file: str, fault: Fault
) -> None:
    """Missing, replaced, cut, silent or old: one message, the example as it was, and a question is kept."""
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
    page.locator("[name='workload.requests']").fill("54321")
    expect(page.locator("html")).to_have_attribute("data-answer", "stale")
    expect(page.get_by_role("button", name="Try again")).to_be_visible()
    expect(page.locator("[name='workload.requests']")).to_have_value("54321")


@pytest.mark.drawn(2)
@pytest.mark.parametrize("file", RUNTIME)
def test_try_again(visit: Visit, server: StaticServer, watch: Watch, file: str) -> None:
    """When the server is mended, one press is enough, and what was typed meanwhile is answered."""
    watch.allow("^console:")  # what a broken Python says there is not ours
    server.faults[file] = html
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
    page = visit("#workload.requests=33333", ready=False)
    expect(page.locator("html")).to_have_attribute("data-engine", "loading")
    arrives.set()
    expect(page.locator("[data-slot='answer.sentence']")).to_contain_text(
        "33,333", timeout=READY_MS
    )
    expect(page.locator("[name='workload.requests']")).to_have_value("33,333")


def opened(visit: Visit, server: StaticServer, link: str) -> tuple[Page, Event]:
    """The page as it stands before Python is there, and what lets Python come."""
    arrives = Event()
    server.faults[WASM] = held(arrives)
    page = visit(link, ready=False)
    expect(page.locator("html")).to_have_attribute("data-engine", "loading")
    return page, arrives


def test_link_is_not_answered_by_the_example(visit: Visit, server: StaticServer) -> None:
    """Until its plan is there the page says that it works, and no number of the example is there to be read."""
    page, arrives = opened(
        visit, server, "#workload.requests=33333&goal.start_at=2026-11-28T22:30%2B01:00"
    )
    html = page.locator("html")
    expect(html).to_have_attribute("data-answer", "working")
    expect(page.locator("[data-slot='answer.sentence']")).to_have_text(
        "Working out 33,333 requests…"
    )
    expect(page.locator("[name='workload.requests']")).to_have_value("33333")
    expect(page.locator("[name='goal.start_at']")).to_have_value("2026-11-28T22:30+01:00")
    example = json.loads(bridge.handle(json.dumps({"query": ""})))["view"]["slots"]
    shown = page.evaluate("document.title + document.body.innerText")
    for name in ("answer.sentence", "page.title", "cost.batch", "time.p50", "time.p85", "time.p95"):
        assert example[name] not in shown
    others = page.locator("[data-list='ways'] > tr")
    expect(others).to_have_count(0)
    for action in ("copy-link", "copy-command", "copy-program", "download"):
        expect(page.locator(f"[data-action='{action}']").first).to_be_disabled()
    arrives.set()
    expect(html).to_have_attribute("data-answer", "current", timeout=READY_MS)
    expect(page.locator("[data-slot='answer.sentence']")).to_contain_text("33,333 requests")
    expect(page.locator("[data-action='download']").first).to_be_enabled()
    page.locator(".assumptions summary").click()
    page.get_by_role("link", name="Back to the example").click()
    expect(page.locator("[data-slot='answer.sentence']")).to_have_text(example["answer.sentence"])
    expect(others).not_to_have_count(0)


def test_link_is_not_answered_by_the_example_before_the_script_is_there(
    visit: Visit, server: StaticServer, watch: Watch
) -> None:
    """A slow network paints the page long before its script comes; the example is then out of sight already."""
    watch.allow("404")  # a text names no icon
    arrives = Event()
    server.faults["js/app.js"] = held(arrives)
    page = visit("robots.txt", ready=False)
    page.goto(server.url + "#workload.requests=33333", wait_until="commit")
    expect(page.locator("footer")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("data-answer", "working")
    for part in (".sentence", ".sum b", "[data-slot='time.p85']", ".ways", ".run", ".programs"):
        expect(page.locator(part).first).to_be_hidden()
    arrives.set()
    expect(page.locator("[data-slot='answer.sentence']")).to_contain_text(
        "33,333 requests", timeout=READY_MS
    )


def test_percentile_keeps_the_link(visit: Visit, server: StaticServer) -> None:
    """Pressed before Python is there it is the link's plan that is shown, at that percentile."""
    page, arrives = opened(visit, server, "#workload.requests=33333")
    page.locator("[name=percentile][value=p95]").check()
    arrives.set()
    expect(page.locator("[data-slot='answer.sentence']")).to_contain_text(
        "33,333 requests", timeout=READY_MS
    )
    expect(page.locator("[data-slot='queue.caption']")).to_contain_text("P95")
    expect(page).to_have_url(re.compile(r"#workload\.requests=33333$"))


def test_typing_keeps_the_rest_of_the_link(visit: Visit, server: StaticServer) -> None:
    """One field that is typed into before Python is there is one change of the link's plan; Back undoes it."""
    page, arrives = opened(visit, server, "#workload.requests=33333&retries.max=1")
    page.locator("[name='workload.output_tokens']").fill("50")
    arrives.set()
    expect(page).to_have_url(
        re.compile(r"#workload\.requests=33333&workload\.output_tokens=50&retries\.max=1$"),
        timeout=READY_MS,
    )
    expect(page.locator("[data-slot='answer.sentence']")).to_contain_text("33,333 requests")
    page.go_back()
    expect(page).to_have_url(re.compile(r"#workload\.requests=33333&retries\.max=1$"))
    expect(page.locator("[name='workload.output_tokens']")).to_have_value("1,000")


def test_try_again_keeps_the_link(visit: Visit, server: StaticServer, watch: Watch) -> None:
    """A link that was opened without a network is answered when the network is back."""
    watch.allow("Failed to load resource", "404")
    server.faults[LIBRARY] = missing
    page = visit("#workload.requests=33333", ready=False, clock=True)
    say_failed(page)
    expect(page.locator("html")).to_have_attribute("data-answer", "stale")
    expect(page.locator("[data-slot='answer.sentence']")).to_be_empty()
    expect(page).to_have_url(re.compile(r"#workload\.requests=33333$"))
    arrives = Event()
    server.faults[LIBRARY] = held(arrives)
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("html")).to_have_attribute("data-answer", "working")
    expect(page.locator("[data-slot='answer.sentence']")).to_have_text(
        "Working out 33,333 requests…"
    )
    arrives.set()
    expect(page.locator("[data-slot='answer.sentence']")).to_contain_text(
        "33,333 requests", timeout=READY_MS
    )
    expect(page.locator("html")).to_have_attribute("data-answer", "current")


def forward(page: Page, answered: Callable[[], bool]) -> None:
    """Move the page's timers on while Python is at a question, and wait for Python while it begins."""
    for _ in range(400):
        if answered():
            return
        if page.locator("html").get_attribute("data-engine") == "ready":
            page.clock.fast_forward(5_000)
        page.wait_for_timeout(150)


def test_too_much_work_says_so(visit: Visit, server: StaticServer) -> None:
    """A plan that takes too long twice is not a planner that could not be loaded; link and page stay in use."""
    server.faults[WORKER] = at_question('"query":"workload.requests=66666"', HANG)
    page = visit("#workload.requests=66666", clock=True)
    notice = page.locator(".notice.is-too-much")
    forward(page, notice.is_visible)
    expect(notice).to_be_visible()
    expect(page.locator(".notice.is-failed")).to_be_hidden()
    expect(page.locator("html")).to_have_attribute("data-answer", "stale")
    expect(page).to_have_url(re.compile(r"#workload\.requests=66666$"))
    expect(page.locator("[name='workload.requests']")).to_have_value("66666")
    page.locator("[name='workload.requests']").fill("55555")
    expect(page.locator("[data-slot='answer.sentence']")).to_contain_text(
        "55,555 requests", timeout=READY_MS
    )
    expect(notice).to_be_hidden()


def test_a_search_that_is_given_up_says_so(visit: Visit, server: StaticServer) -> None:
    """In the place of the ways stands why there are none; the plan is current."""
    server.faults[WORKER] = at_question('"want":"ways"', HANG)
    page = visit("#workload.requests=66666", clock=True)
    # the plan itself has its time, whatever else this machine does
    expect(page.locator("html")).to_have_attribute("data-answer", "current", timeout=READY_MS)
    words = page.locator(".ways-given-up")
    forward(page, words.is_visible)
    expect(words).to_be_visible()
    expect(page.locator("html")).to_have_attribute("data-answer", "current")
    expect(page.locator("[data-list='ways'] > tr")).to_have_count(0)


@pytest.mark.parametrize("statement", [HANG, CRASH], ids=["hang", "crash"])
def test_python_begins_anew_by_itself(visit: Visit, server: StaticServer, statement: str) -> None:
    """Whatever ends Python once ends it silently: it is begun anew and the same question is answered."""
    server.faults[WORKER] = at_question("66666", statement)
    page = visit("", clock=True)
    server.faults.clear()  # the next worker is whole
    page.locator("[name='workload.requests']").fill("66666")
    if statement == HANG:
        forward(page, lambda: page.locator("html").get_attribute("data-engine") == "loading")
    expect(page.locator("[data-slot='answer.sentence']")).to_contain_text(
        "66,666 requests", timeout=READY_MS
    )
    expect(page.locator("html")).to_have_attribute("data-answer", "current")
    for notice in (".is-too-much", ".is-defect", ".is-failed"):
        expect(page.locator(f".notice{notice}")).to_be_hidden()


def test_second_crash_is_told(visit: Visit, server: StaticServer) -> None:
    """Python that breaks down twice at a question says so, and the next question has a Python of its own."""
    server.faults[WORKER] = at_question("66666", CRASH)
    page = visit("")
    page.locator("[name='workload.requests']").fill("66666")
    expect(page.locator(".notice.is-defect")).to_be_visible(timeout=READY_MS)
    expect(page.locator("[data-defect-detail]")).to_have_text("unreachable")
    page.locator("[name='workload.requests']").fill("55555")
    expect(page.locator("[data-slot='answer.sentence']")).to_contain_text(
        "55,555 requests", timeout=READY_MS
    )
    expect(page.locator(".notice.is-defect")).to_be_hidden()


# Typing faster than anybody, with a pause now and then in which an answer comes; what stood there each time when the
# page called its answer current.
TYPE_QUICKLY = """async (times) => {
    const field = document.querySelector("[name='workload.requests']");
    const sentence = document.querySelector("[data-slot='answer.sentence']");
    const stale = [];
    const current = new Set();
    const observer = new MutationObserver(() => {
        if (document.documentElement.dataset.answer !== "current") return;
        const shown = /([\\d,]+) requests/.exec(sentence.textContent)[1].replaceAll(",", "");
        current.add(shown);
        if (shown !== field.value) stale.push([field.value, shown]);
    });
    observer.observe(document.documentElement, { subtree: true, attributes: true, childList: true, characterData: true });
    for (let count = 1; count <= times; count += 1) {
        field.value = String(20_000 + count);
        field.dispatchEvent(new Event("input", { bubbles: true }));
        if (count % 50 === 0) await new Promise((resolve) => setTimeout(resolve, 150));
    }
    while (!current.has(String(20_000 + times))) await new Promise((resolve) => setTimeout(resolve, 20));
    observer.disconnect();
    return stale;
}"""


def held_by(page: Page) -> tuple[float, float]:
    """How much the page's script holds after a clean-up, in bytes, and how many nodes there are."""
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    session.send("Performance.enable")
    metrics = session.send("Performance.getMetrics")["metrics"]
    session.detach()
    values = {metric["name"]: metric["value"] for metric in metrics}
    return values["JSHeapUsedSize"], values["Nodes"]


def test_a_thousand_quick_inputs(page: Page) -> None:
    """The last one is answered, no moment shows an older plan as current, and nothing is left in memory."""
    page.evaluate(TYPE_QUICKLY, 200)  # what is made once is there now
    size, nodes = held_by(page)
    assert page.evaluate(TYPE_QUICKLY, 1000) == []
    expect(page).to_have_url(re.compile(r"#workload\.requests=21000$"))
    size_after, nodes_after = held_by(page)
    assert size_after < 1.2 * size
    assert nodes_after < 1.2 * nodes


def test_without_scripts_from_the_server(visit: Visit, server: StaticServer, watch: Watch) -> None:
    """If the script itself is missing, the page is the example plan."""
    watch.allow("Failed to load resource", "404")
    server.faults["js/app.js"] = missing
    for link in ("", "#workload.requests=33333"):
        page = visit(link, ready=False)
        page.wait_for_load_state("networkidle")
        expect(page.locator("html")).to_have_attribute("data-engine", "static")
        expect(page.locator("html")).to_have_attribute("data-answer", "example")
        expect(page.locator("[data-slot='answer.sentence']")).to_contain_text("10,000 requests")
        expect(page.locator("[data-slot='answer.sentence']")).to_be_visible()


def test_second_visit_downloads_nothing_of_the_runtime(
    browser: Browser, site: Path, tmp_path: Path
) -> None:
    """A browser with a disk fetches Python once; a private window has too small a cache for that."""
    with StaticServer(site) as server:
        context = browser.browser_type.launch_persistent_context(
            tmp_path, executable_path=chromium.find(), args=QUICK_ARGUMENTS
        )
        for runtime in (True, False):
            server.asked.clear()
            page = context.new_page()
            page.goto(server.url)
            wait_ready(page)
            assert any("/runtime/" in path for path in server.asked) is runtime
        context.close()


def test_each_file_is_fetched_once(visit: Visit, server: StaticServer) -> None:
    """In a private window too, whose cache does not take Python, and with the copy for offline use."""
    page = visit("#workload.requests=33333", offline=True)
    expect(page.locator("html")).to_have_attribute("data-answer", "current")
    expect(page.locator("[data-offline]")).to_be_visible(timeout=READY_MS)
    fetched = [path for path in server.asked if "/runtime/" in path]
    assert sorted(fetched) == sorted(map(server.path, RUNTIME))


# ---------------------------------------------------------------- memory of an earlier visit

# What stands in the cache, changed: one byte of it, its sum with it, all of it, or whose it is.
SPOIL = """async (way) => {
    const cache = await caches.open("python-memory");
    const [request] = await cache.keys();
    const response = await cache.match(request);
    let { url } = request;
    let bytes = new Uint8Array(await response.arrayBuffer());
    let sum = response.headers.get("Sum");
    if (way === "byte") bytes[bytes.length / 2] ^= 1;
    if (way === "cut") bytes = bytes.slice(0, 1000);
    if (way === "signed") {
        bytes = bytes.fill(1, 100_000, 2_000_000);
        sum = bytes.byteLength;
        for (const word of new Int32Array(bytes.buffer)) sum = Math.imul(sum ^ word, 16777619);
    }
    if (way === "foreign") {
        await cache.delete(request);
        url = url.replace("worker-", "worker-0");
    }
    await cache.put(url, new Response(bytes, { headers: { Sum: sum } }));
}"""


def next_visit(page: Page, server: StaticServer, requests: str) -> None:
    """Another visit in the same window answers another plan, without a word about what it began from."""
    page.goto(f"{server.url}faq/")
    page.goto(f"{server.url}#workload.requests={requests}")
    sentence = page.locator("[data-slot='answer.sentence']")
    expect(sentence).to_contain_text(f"{requests} requests", timeout=READY_MS)
    expect(page.locator("html")).to_have_attribute("data-engine", "ready")


def test_next_visit_goes_on_from_memory(visit: Visit, server: StaticServer) -> None:
    """Python's memory is kept once the page is idle; the next visit does not begin it from its library."""
    page = visit("")
    assert wait_memory(page) > 30_000_000
    server.faults[WORKER] = no_fresh_start
    next_visit(page, server, "77")


@pytest.mark.drawn(1)
@pytest.mark.parametrize("way", ["byte", "cut", "signed", "foreign"])
def test_memory_that_is_of_no_use_is_passed_over(
    visit: Visit, server: StaticServer, watch: Watch, way: str
) -> None:
    """Broken, cut, broken with a sum that fits, or of another version: Python begins from its library."""
    watch.allow("^console:")  # what a broken Python says there is not ours
    page = visit("")
    wait_memory(page)
    page.evaluate(SPOIL, way)
    next_visit(page, server, "77")


def test_storage_that_is_forbidden_or_full(visit: Visit, server: StaticServer) -> None:
    """The page works as on a first visit, and says nothing of it."""
    server.faults[WORKER] = without_storage
    page = visit("")
    page.wait_for_timeout(4000)  # it would have kept its memory by now
    assert page.evaluate(MEMORY_BYTES) == 0
    next_visit(page, server, "77")
