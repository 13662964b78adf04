"""Without a network: the site stays on the machine, whole and of one build."""

import html
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, Playwright, expect

import build
from builder import offline
from tests.browser import chromium
from tests.browser.test_page import expect_plan
from tests.browser.watch import MEMORY_BYTES, QUICK_ARGUMENTS, READY_MS, Visit, Watch, wait_ready
from tests.conftest import Some, files_of
from tests.static_server import StaticServer, missing

PLAN = "#workload.model=claude-opus-5-5&workload.requests=2000000"
KEPT = "[data-offline]"
CACHES = "caches.keys().then((names) => names.filter((name) => name.startsWith('offline ')))"


def visit_in_vain(visit: Visit, place: StaticServer) -> Page:
    """The planner, as soon as its service worker has tried to keep the site and given up."""
    page = visit("robots.txt", ready=False, offline=True)
    with page.context.expect_event("serviceworker", timeout=READY_MS):
        page.goto(place.url)
        wait_ready(page)
    page.evaluate(
        """async () => {
            while (await navigator.serviceWorker.getRegistration())
                await new Promise((resolve) => setTimeout(resolve, 50));
        }"""
    )
    return page


def wait_kept(page: Page) -> None:
    """Until the page says that it works offline."""
    expect(page.locator(KEPT)).to_be_visible(timeout=READY_MS)
    expect(page.locator(".engine-state")).to_contain_text("Works offline")


def next_build(site: Path, folder: Path) -> Path:
    """The site as a later build would have it: another heading on the planner and on a guide."""
    files = files_of(site)
    del files["service-worker.js"], files["batch-planner.html"]
    for path in ("index.html", "guides/cost/index.html"):
        files[path] = files[path].replace(b"</h1>", b" (next)</h1>")
    files["service-worker.js"] = offline.service_worker(files, build.ROOT / "site")
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return folder


Start = Callable[[], Page]


@pytest.fixture
def start(tmp_path: Path, watch: Watch, playwright: Playwright) -> Iterator[Start]:
    """`start()` starts a browser with one profile, anew each time; what it kept is there again."""
    contexts: list[BrowserContext] = []

    def start() -> Page:
        while contexts:
            contexts.pop().close()
        context = playwright.chromium.launch_persistent_context(
            tmp_path / "profile",
            executable_path=chromium.find(),
            args=QUICK_ARGUMENTS,
            # nobody listens there: with a profile Chromium asks its maker about this and that
            proxy={"server": "http://127.0.0.1:9", "bypass": "127.0.0.1"},
        )
        contexts.append(context)
        watch.follow(context)
        return context.pages[0]

    yield start
    for context in contexts:
        context.close()


# ---------------------------------------------------------------- kept


@pytest.mark.drawn(1)
@pytest.mark.parametrize("server", ["/", "/some/path/"], indirect=True, ids=["root", "below"])
def test_without_server_and_after_a_restart(
    start: Start, site: Path, server: StaticServer, watch: Watch, some: Some[Path]
) -> None:
    """Every page, a plan by link, the programs, a guide beside the form and the search are all there."""
    page = start()
    page.goto(server.url)
    wait_ready(page)
    wait_kept(page)
    server.stop()
    page = start()
    page.goto(server.url + PLAN)
    wait_ready(page)
    expect_plan(page, PLAN[1:])
    expect(page.locator(KEPT)).to_be_visible()
    expect(page.locator("[data-action='download']").first).to_have_attribute(
        "href", re.compile("^blob:")
    )
    page.set_viewport_size({"width": 1400, "height": 900})
    page.locator(".ways-fold > summary").click()
    page.locator(".ways-fold a.more").click()
    expect(page.locator("[data-module='panel']")).to_be_visible()
    for path in some(sorted(site.rglob("index.html"))):
        address = path.relative_to(site).as_posix().removesuffix("index.html")
        page.goto(server.url + address)
        assert page.locator("h1").inner_text() in html.unescape(path.read_text("utf-8"))
        assert page.evaluate("document.styleSheets[0].cssRules.length") > 0
    page.goto(server.url + "faq/?anything=at-all")
    page.get_by_role("searchbox").fill("offline")
    page.locator("[data-search-list] a").first.click()
    expect(page.locator("h1")).to_contain_text("offline")
    page.goto(server.url + "guides")  # as a server of folders has it
    assert page.url == server.url + "guides/"
    watch.allow(
        "404", "ERR_CONNECTION_REFUSED"
    )  # that page has its styles at the root, see build.py
    answer = page.goto(server.url + "no/such/page")
    assert answer
    assert answer.status == 404
    expect(page.locator("h1")).to_have_text("There is no such page")


def test_it_is_not_said_before_it_is_true(visit: Visit, server: StaticServer, watch: Watch) -> None:
    """One file that cannot be had, and the page does not claim to work offline; the next visit mends it."""
    watch.allow("404", "ServiceWorker")
    server.faults["/guides/cost/"] = missing
    page = visit_in_vain(visit, server)
    expect(page.locator(KEPT)).to_be_hidden()
    server.faults.clear()
    page.reload()
    wait_ready(page)
    wait_kept(page)


def test_a_file_of_another_build_is_not_kept(
    visit: Visit, server: StaticServer, watch: Watch
) -> None:
    """A server that hands out another guide than the list names: not kept, so builds never mix."""
    watch.allow("integrity", "ServiceWorker", "digest")
    watch.allow("404")  # a text has no icon, so the browser may ask for /favicon.ico
    server.faults["/guides/cost/"] = lambda handler, reply: (
        *reply[:2],
        reply[2] + b"<!-- other -->",
    )
    page = visit_in_vain(visit, server)
    expect(page.locator(KEPT)).to_be_hidden()
    assert page.evaluate("navigator.serviceWorker.controller") is None


def test_a_start_does_not_wait_for_the_service_worker(visit: Visit) -> None:
    """The page, its styles and its scripts come from what is kept without a word of the service worker."""
    page = visit(offline=True)
    wait_kept(page)
    page.reload()
    wait_ready(page)
    sources = page.evaluate(
        "performance.getEntries().filter((entry) => /\\/(css|js|runtime)\\/|^navigation$/.test("
        "entry.entryType === 'navigation' ? entry.entryType : entry.name))"
        ".map((entry) => entry.workerFinalSourceType)"
    )
    assert len(sources) > 10
    assert set(sources) == {"cache"}


def test_what_was_deleted_is_not_claimed(visit: Visit) -> None:
    """Somebody deleted a kept file: the next visit does not say that all is there."""
    page = visit(offline=True)
    wait_kept(page)
    page.evaluate(
        CACHES + ".then(async ([name]) => { const cache = await caches.open(name);"
        "const [first] = await cache.keys(); await cache.delete(first); })"
    )
    page.reload()
    wait_ready(page)
    page.evaluate(
        "new Promise((done) => { navigator.serviceWorker.addEventListener('message', done, {once: true});"
        "navigator.serviceWorker.controller.postMessage({kind: 'status'}); })"
    )
    expect(page.locator(KEPT)).to_be_hidden()


# ---------------------------------------------------------------- updates


def test_an_open_page_keeps_its_build(
    start: Start, site: Path, server: StaticServer, tmp_path: Path
) -> None:
    """A newer build waits: pages stay as they were, then all of them are new, and the old one is gone."""
    page = start()
    page.goto(server.url)
    wait_ready(page)
    wait_kept(page)
    (kept,) = page.evaluate(CACHES)
    server.root = next_build(site, tmp_path / "next")
    page.reload()
    wait_ready(page)
    expect(page.locator("[data-update]")).to_be_visible(timeout=READY_MS)
    expect(page.locator("h1")).not_to_contain_text("next")
    page.goto(server.url + "guides/cost/")
    expect(page.locator("h1")).not_to_contain_text("next")
    page.goto(server.url + PLAN)
    wait_ready(page)
    second = page.context.new_page()
    second.goto(server.url)
    expect(second.locator("h1")).not_to_contain_text("next")
    expect(page.locator("[data-update]")).to_be_visible()
    page.locator("[data-update]").click()
    expect(page.locator("[data-update-others]")).to_be_visible()
    expect(page.locator("h1")).not_to_contain_text("next")
    server.stop()
    page = start()  # every window was left
    page.goto(server.url + PLAN)
    wait_ready(page)
    expect_plan(page, PLAN[1:])
    expect(page.locator("h1")).to_contain_text("next")
    page.goto(server.url + "guides/cost/")
    expect(page.locator("h1")).to_contain_text("next")
    (newer,) = page.evaluate(CACHES)
    assert newer != kept


def test_the_only_window_takes_the_update(
    visit: Visit, site: Path, server: StaticServer, tmp_path: Path
) -> None:
    """A press loads the newer build, with the plan as it stands; only what differs was downloaded."""
    page = visit(PLAN, offline=True)
    wait_kept(page)
    server.root = next_build(site, tmp_path / "next")
    server.asked.clear()
    page.reload()
    wait_ready(page)
    page.locator("[data-update]").click(timeout=READY_MS)
    expect(page.locator("h1")).to_contain_text("next")
    wait_ready(page)
    expect_plan(page, PLAN[1:])
    wait_kept(page)
    assert set(server.asked) == {"/", "/guides/cost/", "/service-worker.js"}


# ---------------------------------------------------------------- without

FORBID_STORAGE = """for (const name of ["localStorage", "sessionStorage", "indexedDB", "caches"])
    Object.defineProperty(self, name, { get() { throw new DOMException("no", "SecurityError"); } });"""


def test_without_room(visit: Visit, place: StaticServer, watch: Watch) -> None:
    """A disk that is full keeps neither site nor memory: the page plans, and does not claim to work offline."""
    watch.allow("[Qq]uota", "ServiceWorker", "404")
    page = visit("robots.txt", ready=False, offline=True)
    session = page.context.new_cdp_session(page)
    room = {"origin": place.origin, "quotaSize": 100_000}
    session.send("Storage.overrideQuotaForOrigin", room)
    page.goto(place.url + PLAN)
    wait_ready(page)
    expect_plan(page, PLAN[1:])
    page.wait_for_timeout(6000)  # it would have kept its memory and begun to keep the site by now
    expect(page.locator(KEPT)).to_be_hidden()
    assert page.evaluate(MEMORY_BYTES) == 0
    page.locator("[name='workload.requests']").fill("1000000")
    expect(page.locator("[data-slot='answer.sentence']")).to_contain_text("1,000,000 requests")


@pytest.mark.drawn(1)
@pytest.mark.parametrize(
    "forbidden",
    [
        "Object.defineProperty(Navigator.prototype, 'serviceWorker', { value: undefined })",
        "ServiceWorkerContainer.prototype.register = () => Promise.reject(new DOMException('no', 'SecurityError'))",
        FORBID_STORAGE,
    ],
    ids=["no-workers", "refused", "no-storage"],
)
def test_without_the_offline_part(visit: Visit, watch: Watch, forbidden: str) -> None:
    """Service workers or storage forbidden: the page plans all the same."""
    watch.allow("404")  # the first page names no icon
    page = visit("robots.txt", ready=False, offline=True)
    page.context.add_init_script(forbidden)
    page.goto(page.url.replace("robots.txt", PLAN))
    wait_ready(page)
    expect_plan(page, PLAN[1:])
