"""The single file: opened from a disk, it is the whole site and asks nobody for anything."""

import hashlib
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.test_page import expect_plan
from tests.browser.watch import ACTION_MS, Outside, Watch, wait_ready

FILE = "batch-planner.html"
PLAN = "#workload.model=claude-opus-5-5&workload.requests=2000000"
MOST_BYTES = 8_000_000


@pytest.fixture(scope="module")
def copy(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file in a folder with a space in its name, and nothing beside it."""
    folder = tmp_path_factory.mktemp("on a stick")
    return Path(shutil.copy(site / FILE, folder / FILE))


@pytest.fixture
def single(browser: Browser, copy: Path, outside: Outside, watch: Watch) -> Iterator[Page]:
    """A page for the file; every request of it but for the file itself is a trouble."""
    watch.origin = copy.parent.as_uri()
    outside.called.clear()
    proxy = {"server": f"http://127.0.0.1:{outside.server_port}"}
    context = browser.new_context(proxy=proxy, reduced_motion="reduce", offline=True)
    context.set_default_timeout(ACTION_MS)
    watch.follow(context)
    yield context.new_page()
    context.close()


def test_it_plans_from_a_link(single: Page, copy: Path) -> None:
    """Python answers, the plan of the link is there, a change is answered, and the programs can be had."""
    single.goto(copy.as_uri() + PLAN)
    wait_ready(single)
    expect_plan(single, PLAN[1:])
    expect(single.locator("[data-offline]")).to_be_visible()
    single.locator("[name='workload.requests']").fill("1000000")
    expect(single.locator("[data-slot='answer.sentence']")).to_contain_text("1,000,000 requests")
    download = single.locator("[data-action='download']").first
    expect(download).to_have_attribute("href", re.compile("^blob:"))
    with single.expect_download() as caught:
        download.click()
    assert "def main()" in Path(caught.value.path()).read_text("utf-8")


def test_the_programs_of_the_example_are_in_it(single: Page, copy: Path) -> None:
    """They are files of the site, which the page fetches: the single file has them too."""
    single.goto(copy.as_uri())
    wait_ready(single)
    for key, word in (
        ("python", "def main()"),
        ("javascript", "import "),
        ("dbos", "@DBOS.workflow"),
        ("dag", "with DAG("),
        ("airflow", "class BatchOperator"),
        ("jsonl", "custom_id"),
    ):
        expect(single.locator(f"[data-program='{key}']")).to_contain_text(word)
    expect(single.locator("[data-copy='python']")).to_be_enabled()


def test_links_lead_to_pages_in_it(single: Page, copy: Path) -> None:
    """A guide, its section, the search, the way back to the plan, and a plan out of a guide."""
    single.goto(copy.as_uri() + PLAN)
    wait_ready(single)
    heading = single.locator("[data-page] h1")
    single.get_by_role("link", name="Guides", exact=True).click()
    expect(heading).to_have_text("Guides")
    expect(single.locator("main.planner")).to_be_hidden()
    single.get_by_role("searchbox").fill("stuck")
    single.locator("[data-search-list] a").first.click()
    expect(single).to_have_url(re.compile("#/faq/stuck/"))
    expect(single).to_have_title(re.compile("stuck"))
    single.go_back()
    single.go_back()
    expect(single.locator("main.planner")).to_be_visible()
    expect_plan(single, PLAN[1:])
    single.go_forward()  # the same page again
    expect(heading).to_have_text("Guides")
    single.goto(copy.as_uri() + "#/guides/privacy/#residency")
    expect(single.locator("#residency")).to_be_in_viewport()
    single.get_by_role("link", name="Open a plan, and watch the network panel").click()
    expect_plan(single, "workload.requests=5000&pricing.geo=us")


def test_every_page_of_the_site_is_in_it(single: Page, copy: Path, site: Path) -> None:
    """Each page has its heading there, and each link among them leads to a page or to a place that is there."""
    single.goto(copy.as_uri())
    wait_ready(single)
    pages = single.evaluate(
        """async () => {
            const packed = atob(document.querySelector("[data-file='pages.json']").textContent);
            const bytes = Uint8Array.from(packed, (letter) => letter.charCodeAt(0));
            const text = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
            return new Response(text).json();
        }"""
    )
    files = site.rglob("*/index.html")
    addresses = {file.parent.relative_to(site).as_posix() + "/" for file in files}
    assert pages.keys() == addresses
    broken = []
    for address, page in pages.items():
        for link in re.findall(r'href="([^"]*)"', page["main"]):
            page_of, _, anchor = link.removeprefix("#/").partition("#")
            if link.startswith("#/"):
                there = pages.get(page_of, {"main": ""})["main"]
                if not there or (anchor and f'id="{unquote(anchor)}"' not in there):
                    broken.append((address, link))
            elif not re.match(r"#$|#.*=|https?://", link):
                broken.append((address, link))
    assert broken == []


def test_its_policy_forbids_every_connection(single: Page, copy: Path, watch: Watch) -> None:
    """Even to where a server would be: no connection is in the policy, and no script but its own."""
    watch.allow("Content Security Policy")
    single.goto(copy.as_uri())
    wait_ready(single)
    policy = single.locator("meta[http-equiv]").get_attribute("content") or ""
    assert "connect-src" not in policy
    assert "unsafe-inline" not in policy
    assert "'unsafe-eval'" not in policy
    assert "default-src 'none'" in policy
    stopped = single.evaluate(
        """() => new Promise((resolve) => {
            document.addEventListener("securitypolicyviolation", ({ effectiveDirective }) => resolve(effectiveDirective));
            const request = new XMLHttpRequest();
            request.open("GET", "http://elsewhere.invalid/");
            request.send();
        })"""
    )
    assert stopped == "connect-src"
    watch.troubles.remove(
        "request to elsewhere.invalid"
    )  # announced, then stopped; the proxy saw none


def test_the_page_that_offers_it_says_what_it_is(site: Path) -> None:
    """Size and hash on /offline/ are those of the file, which is small enough to be carried."""
    content = (site / FILE).read_bytes()
    offer = (site / "offline" / "index.html").read_text("utf-8")
    assert hashlib.sha256(content).hexdigest() in offer
    assert f"{len(content):,} bytes" in offer
    assert len(content) <= MOST_BYTES
