"""Every page for everybody: axe finds nothing, the HTML is valid, and the site stands under any path."""

import json
import shutil
import subprocess
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from random import Random
from threading import Event
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browser.watch import Visit, wait_ready
from tests.conftest import Chances, Some
from tests.static_server import StaticServer, held

NODE_MODULES = Path(__file__).resolve().parents[2] / "node_modules"
AXE = (NODE_MODULES / "axe-core" / "axe.min.js").read_text("utf-8")
NU = NODE_MODULES / "vnu-jar" / "build" / "dist" / "vnu.jar"
WIDE, PHONE = {"width": 1440, "height": 900}, {"width": 360, "height": 740}


SCHEMES = ["light", "dark"]
LOOKS = [(size, scheme) for size in (WIDE, PHONE) for scheme in SCHEMES]
each_look = pytest.mark.parametrize("scheme", SCHEMES)


SINGLE_FILE = "batch-planner.html"


def pages(site: Path) -> list[str]:
    """The addresses of all pages; the single file is no page of the site, and holds them all again."""
    return sorted(
        file.relative_to(site).as_posix().removesuffix("index.html")
        for file in site.rglob("*.html")
        if file.name != SINGLE_FILE
    )


# So many pages of a template are looked at, where not every case is run.
OF_A_KIND = 2


def kinds(site: Path, chance: Random, whole: bool) -> Iterable[list[str]]:
    """For each template some of its pages, drawn; all where every case is run."""
    found = defaultdict[tuple[str, int], list[str]](list)
    for path in chance.sample(every := pages(site), len(every)):
        found[path.partition("/")[0], path.count("/")].append(path)
    return [kind if whole else kind[:OF_A_KIND] for kind in found.values()]


# What a colour scheme alone can break; the rest of the page is the same in both.
OF_COLOURS = ("cat.color",)


def open_all(page: Page) -> None:
    """Unfold every part of the page at once, also those of which one at a time is open otherwise."""
    page.evaluate(
        """() => document.querySelectorAll("details").forEach((part) => {
            part.removeAttribute("name");
            part.open = true;
        })"""
    )


def violations(page: Page, tags: Sequence[str] = ()) -> list[str]:
    """What axe finds, by the rules of those tags or by all, one line for each rule and place; every folded part of the
    page is opened first.
    """
    open_all(page)
    # not a script tag: the page's Content-Security-Policy allows none but its own
    page.evaluate(f"window.axe ?? (() => {{ {AXE} }})()")
    found: list[dict[str, Any]] = page.evaluate(
        "options => axe.run(options).then(result => result.violations)",
        {"runOnly": [*tags]} if tags else {},
    )
    return [
        f"{rule['id']}: {' '.join(node['target'])}: {node['failureSummary']}"
        for rule in found
        for node in rule["nodes"]
    ]


def test_axe_finds_nothing(visit: Visit, site: Path, chances: Chances, whole: bool) -> None:
    """No page breaks a rule: drawn are some of each kind, which are one template, the first of them at either width."""
    page, found = visit(ready=False), {}
    (chance,) = chances(1, 1)
    for kind in kinds(site, chance, whole):
        for place, path in enumerate(kind):
            page.goto(urljoin(page.url, "/" + path))
            if not path:
                wait_ready(page)
            either = [(size, chance.choice(SCHEMES)) for size in (WIDE, PHONE)]
            looks = LOOKS if whole else either if place == 0 else [chance.choice(either)]
            for number, (size, scheme) in enumerate(looks):
                page.set_viewport_size(size)
                page.emulate_media(color_scheme=scheme)
                is_other_scheme = whole and number % 2
                found[path, size["width"], scheme] = violations(page, OF_COLOURS * is_other_scheme)
    assert {look: rules for look, rules in found.items() if rules} == {}


@each_look
def test_axe_finds_nothing_beside_bad_values(page: Page, scheme: str) -> None:
    """Messages, the summary of them, and the mark of an old plan are accessible too."""
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.locator("[name='workload.requests']").fill("none")
    page.locator("[name='workload.input_tokens']").fill("0")
    page.keyboard.press("Enter")
    expect(page.locator("[data-problem-for='workload.input_tokens']")).to_be_visible()
    assert violations(page) == []


@each_look
def test_axe_finds_nothing_while_a_link_is_worked_out(
    visit: Visit, server: StaticServer, scheme: str
) -> None:
    """A page that has no answer yet, and nothing to take away."""
    server.faults["runtime/pyodide.asm-*.wasm"] = held(Event())
    page = visit("#workload.requests=20000", ready=False, color_scheme=scheme)
    expect(page.locator("[data-slot='answer.sentence']")).to_have_text(
        "Working out 20,000 requests…"
    )
    assert violations(page) == []


@pytest.mark.skipif(not shutil.which("java"), reason="the Nu HTML checker needs Java")
def test_html_is_valid(page: Page, site: Path, tmp_path: Path) -> None:
    """The Nu HTML checker accepts every page as built, and the planner as the script leaves it."""
    live = tmp_path / "live.html"
    live.write_text(
        "<!doctype html>" + page.evaluate("document.documentElement.outerHTML"), "utf-8"
    )
    built = [path for path in sorted(site.rglob("*.html")) if path.name != SINGLE_FILE]
    files = [str(path) for path in [*built, live]]
    command = ["java", "-Xss2m", "-jar", str(NU), "--errors-only", "--format", "json", *files]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    messages = json.loads(done.stderr)["messages"]
    assert [
        f"{Path(urlsplit(said['url']).path).name}:{said.get('lastLine')}: {said['message']}"
        for said in messages
    ] == []


@pytest.mark.parametrize("server", ["/tools/batch/planner/"], indirect=True)
def test_site_works_below_any_path(
    visit: Visit, server: StaticServer, site: Path, some: Some[str]
) -> None:
    """Python starts, every page links to the others, and nothing is asked for above the site's own folder."""
    page = visit("#workload.requests=20000")
    expect(page.locator("[data-slot='answer.sentence']")).to_contain_text("20,000")
    for path in some(pages(site)):
        if (
            path != "404.html"
        ):  # its links begin at the root, because a server shows it at any depth
            page.goto(server.url + path)
            links = page.evaluate(
                "[...document.querySelectorAll('a[href]')].map(link => link.href)"
            )
            ours = [link for link in links if link.startswith(server.origin)]
            assert [link for link in ours if not link.startswith(server.url)] == []
    assert [path for path in server.asked if not path.startswith(server.base)] == []


@pytest.mark.parametrize("server", ["/", "/tools/planner/"], indirect=True)
def test_every_file_that_a_page_asks_for_is_there(visit: Visit, server: StaticServer) -> None:
    """From the first visit to the first answer nothing is missing."""
    visit()
    assert [path for path in server.asked if server.file(path)[0] != 200] == []
