"""What leaves the machine: nothing of the plan, and nothing but to the site's own server."""

import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_page import control, expect_plan, settled
from tests.browser.watch import READY_MS, Outside, Visit, Watch, wait_ready
from tests.static_server import StaticServer

SECRETS = ("987654", "876543", "765432", "654321")  # of the plan; no file and no header has them


def test_no_value_of_the_plan_reaches_the_server(visit: Visit, server: StaticServer) -> None:
    """Links, typing, presses, guides beside and alone, search, the way back: the log knows of none of it."""
    page = visit("#workload.requests=987654&workload.input_tokens=876", offline=True)
    expect_plan(page, "workload.requests=987654&workload.input_tokens=876")
    control(page, "workload.requests").fill("876543")
    settled(page)
    page.locator("[data-list='ways'] a").first.click()
    settled(page)
    page.locator(".ways-fold > summary").click()
    page.locator(".ways-fold a.more").click()
    expect(page.locator("[data-module='panel']")).to_be_visible()
    page.get_by_role("link", name="Open the whole page").click()
    page.wait_for_url("**/guides/**")
    page.get_by_role("searchbox").fill("cost of 765432 requests")
    expect(page.locator("[data-search-none]")).to_be_visible()
    page.get_by_role("link", name="FAQ", exact=True).click()
    page.go_back()
    page.go_back()
    wait_ready(page)
    expect(page.locator("[data-slot='answer.sentence']")).to_contain_text("876,543 requests")
    control(page, "goal.budget_usd").fill("654321")
    settled(page)
    page.reload()
    wait_ready(page)
    expect(page.locator("[data-slot='answer.sentence']")).to_contain_text("876,543 requests")
    assert len(server.log) > 30
    found = [line for line in server.log if any(secret in line for secret in SECRETS)]
    assert found == []
    assert [line for line in server.log if "workload" in line or "?" in line.split()[1]] == []


def test_nobody_is_told_where_one_came_from(visit: Visit, server: StaticServer) -> None:
    """An old link is sent once, when it is opened; no request after it carries it, for there is no referrer."""
    page = visit("?workload.requests=987654", offline=True)
    expect_plan(page, "workload.requests=987654")
    page.locator(".ways-fold > summary").click()
    page.locator(".ways-fold a.more").click()
    expect(page.locator("[data-module='panel']")).to_be_visible()
    page.get_by_role("button", name="Close").click()
    page.get_by_role("link", name="Guides", exact=True).click()
    page.wait_for_url("**/guides/")
    assert len([line for line in server.log if "987654" in line]) == 1
    named = re.findall(r"^referer: (.*?)\r?$", "\n".join(server.log), re.IGNORECASE | re.MULTILINE)
    # what the worker imports names the worker's own file, which is the same for everybody
    assert [address for address in named if not re.search(r"/runtime/[\w.-]+\.js$", address)] == []


# ---------------------------------------------------------------- workers from the network

ELSEWHERE = "http://elsewhere.invalid/runtime/"
MESSAGES = [
    {"kind": "start", "runtime": ELSEWHERE, "url": ELSEWHERE, "base": ELSEWHERE},
    {"kind": "load", "runtime": ELSEWHERE},
    {"kind": "ask", "id": 1, "text": '{"query": "", "runtime": "http://elsewhere.invalid/"}'},
    {"type": "start", "indexURL": ELSEWHERE, "address": ELSEWHERE},
    ELSEWHERE,
]
WORKER = """([script, messages]) => new Promise((resolve) => {
    const worker = new Worker(script, { type: "module" });
    worker.onerror = () => resolve("error");
    worker.onmessage = ({ data }) => ["ready", "failed"].includes(data.kind) && resolve(data.kind);
    for (const message of messages) worker.postMessage(message);
    if (!script.includes("/worker-")) setTimeout(resolve, 3000, "silent");
})"""
SHARED = """([script, messages]) => new Promise((resolve) => {
    const worker = new SharedWorker(script, { type: "module" });
    worker.onerror = () => resolve("error");
    worker.port.onmessage = ({ data }) => resolve(data.kind);
    for (const message of messages) worker.port.postMessage(message);
    setTimeout(resolve, 3000, "silent");
})"""
SERVICE = """async ([script, messages]) => {
    try {
        const kept = await navigator.serviceWorker.register(script, { type: "module" });
        const worker = kept.installing ?? kept.waiting ?? kept.active;
        for (const message of messages) worker.postMessage(message);
        await new Promise((resolve) => setTimeout(resolve, 3000));
        await kept.unregister();
        return "silent";
    } catch {
        return "error";
    }
}"""


def scripts(server: StaticServer) -> list[str]:
    """Every script that runs in a browser, as the address that a worker takes it from."""
    files = [*server.root.rglob("*.js"), *server.root.rglob("*.mjs")]
    paths = sorted("/" + file.relative_to(server.root).as_posix() for file in files)
    return [path for path in paths if not path.startswith("/programs/")]  # those are Node's


@pytest.fixture
def bare(visit: Visit, watch: Watch) -> Page:
    """A page of the site's origin that has no policy and runs nothing of its own."""
    watch.allow("404")  # it names no icon
    page = visit("robots.txt", ready=False, offline=True)
    assert urlsplit(page.url).path == "/robots.txt"
    return page


def test_worker_takes_its_runtime_from_its_own_origin(
    bare: Page, server: StaticServer, outside: Outside
) -> None:
    """Started from the network and told another origin it asks there for nothing, and starts all the same."""
    bare.set_default_timeout(READY_MS)
    assert bare.evaluate(WORKER, [server.path("runtime/worker-*.js"), MESSAGES]) == "ready"
    assert any(path.startswith("/runtime/") for path in server.asked)
    assert outside.called == []


@pytest.mark.drawn(1)
@pytest.mark.parametrize("way", [WORKER, SHARED, SERVICE], ids=["worker", "shared", "service"])
def test_no_script_of_ours_reaches_outside(
    bare: Page, server: StaticServer, outside: Outside, watch: Watch, way: str
) -> None:
    """Each of them, started as a worker of any kind and told another origin, asks there for nothing."""
    watch.allow("^console:", "^page:")  # most of them are no workers
    own = scripts(server)
    ours = ("runtime/worker-*.js", "runtime/pyodide-*.mjs")
    assert set(map(server.path, ours)) <= set(own)
    ends = bare.evaluate(
        f"([all, told]) => Promise.all(all.map((s) => ({way})([s, told])))", [own, MESSAGES]
    )
    assert set(ends) <= {"ready", "silent", "error"}
    assert outside.called == []
