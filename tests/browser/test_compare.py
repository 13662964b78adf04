"""Plans side by side: put there by a press, a key or a link, held by the address, opened and taken away."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from planner import bridge
from planner.scenario.beside import beside, join
from tests.browser.test_accessibility import violations
from tests.browser.test_page import control, expect_query, query, settled
from tests.browser.watch import ACTION_MS, Outside, Visit, Watch, wait_ready

HAIKU = "workload.model=claude-haiku-5-5&workload.requests=20000"
FEW = "workload.requests=5000&goal.deadline_h=9"
THREE = join(HAIKU, [FEW, "retries.max=1"])


def columns_of(text: str) -> list[dict[str, str]]:
    """The columns that CPython gives for a query."""
    asked: dict[str, Any] = {"query": text, "want": "comparison"}
    rows: list[dict[str, str]] = json.loads(bridge.handle(json.dumps(asked)))["view"]["lists"][
        "compare"
    ]
    return rows


def columns(page: Page) -> Locator:
    return page.locator("[data-list='compare'] > li")


def expect_columns(page: Page, text: str) -> None:
    """The address holds that comparison, and the page shows it."""
    expect_query(page, text)
    rows = columns_of(text)
    expect(columns(page)).to_have_count(len(rows))
    for place, row in enumerate(rows):
        column = columns(page).nth(place)
        for cell in ("sentence", "cost", "p50", "p85", "p95", "batches", "chance", "problem"):
            expect(column.locator(f"[data-cell='{cell}']")).to_have_text(row[cell])
        for line in row["differences"].split("\n"):
            expect(column.locator("[data-cell='differences']")).to_contain_text(line)
    expect(page.locator("[data-chart='compare'] > svg")).to_be_visible()


def open_chooser(page: Page) -> Locator:
    """Unfold what plans are put beside this one with."""
    page.locator(".ways-fold > summary").click()
    return page.locator("[data-module='compare-add']")


def test_a_link_opens_the_comparison(visit: Visit) -> None:
    """The first plan in the form, all of them in columns, in sight."""
    page = visit("#" + THREE)
    expect_columns(page, THREE)
    expect(control(page, "workload.requests")).to_have_value("20,000")
    expect(page.locator("#compare-name")).to_be_in_viewport()


def test_without_others_there_is_none(page: Page) -> None:
    """The example stands alone."""
    expect(page.locator("[data-module='compare']")).to_be_hidden()


def test_a_way_is_put_beside_by_key(page: Page) -> None:
    """Enter on a way; the plan stays, the focus too, and what was typed is kept beside it."""
    chooser = open_chooser(page)
    way = chooser.get_by_role("link", name="Haiku").first
    way.focus()
    page.keyboard.press("Enter")
    with_haiku = join("", ["workload.model=claude-haiku-5-5"])
    expect_columns(page, with_haiku)
    settled(page)
    expect(chooser.locator("a:focus, input:focus")).to_have_count(1)
    control(page, "workload.requests").fill("30000")
    expect_columns(page, join("workload.requests=30000", beside(with_haiku)))
    page.go_back()
    expect_columns(page, with_haiku)
    page.go_back()
    expect(page.locator("[data-module='compare']")).to_be_hidden()


def test_a_column_opens_as_the_plan(visit: Visit) -> None:
    """The plan at hand takes its place; without a column the others stay, without the last none."""
    page = visit("#" + THREE)
    expect_columns(page, THREE)
    columns(page).nth(1).locator("h3 a").click()
    swapped = join(FEW, [HAIKU, "retries.max=1"])
    expect_columns(page, swapped)
    expect(control(page, "workload.requests")).to_have_value("5,000")
    columns(page).nth(2).get_by_role("link", name="Take away").click()
    expect_columns(page, join(FEW, [HAIKU]))
    columns(page).nth(1).get_by_role("link", name="Take away").click()
    expect(page.locator("[data-module='compare']")).to_be_hidden()
    expect_query(page, FEW)


def test_a_remedy_keeps_the_comparison(visit: Visit) -> None:
    """A press that changes this plan leaves those beside it."""
    page = visit("#" + join("workload.model=claude-sonnet-4-20250514", [HAIKU]))
    page.locator("[data-list='caveats'] .is-blocks a.press").click()
    expect(page.locator("[data-list='caveats'] .is-blocks")).to_have_count(0)
    expect(page).to_have_url(re.compile("compare="))
    assert beside(query(page)) == [HAIKU]


def test_a_bad_link_is_told_in_place(visit: Visit) -> None:
    """Beneath the field, which keeps it; a good one then stands there."""
    page = visit("#" + HAIKU)
    settled(page)
    chooser = open_chooser(page)
    field, problem = chooser.get_by_role("textbox"), chooser.locator("[data-compare-problem]")
    for pasted, words in (
        ("my notes", "no link to a plan"),
        ("https://elsewhere.example/#workload.requests=none", "must be a number"),
        ("#" + HAIKU, "here already"),
    ):
        field.fill(pasted)
        expect(problem).to_be_hidden()
        field.press("Enter")
        expect(problem).to_contain_text(words)
        expect(field).to_have_attribute("aria-invalid", "true")
        expect(field).to_have_value(pasted)
        expect_query(page, HAIKU)
    field.fill(page.url.partition("#")[0] + "#" + FEW)
    expect(problem).to_be_hidden()
    chooser.get_by_role("button", name="Put beside").click()
    expect_columns(page, join(HAIKU, [FEW]))
    expect(field).to_have_value("")


def test_a_bad_plan_of_a_link_is_told_in_its_column(visit: Visit) -> None:
    """The others are compared all the same."""
    text = join(HAIKU, ["workload.requests=none", FEW])
    page = visit("#" + text)
    expect_columns(page, text)
    expect(columns(page).nth(1)).to_contain_text("must be a number")


# Each time when the page changes: which requests the first column and the form speak of while a
# column can be opened.
RECORD = """() => {
    window.record = [];
    const observer = new MutationObserver(() => {
        if (!document.querySelector("[data-list='compare'] a[href]")) return;
        window.record.push([location.hash, document.querySelector("[data-list='compare'] [data-cell='sentence']").textContent]);
    });
    const everything = { subtree: true, childList: true, attributes: true, characterData: true };
    const record = () => observer.observe(document.documentElement, everything);
    addEventListener("input", record, { capture: true, once: true }); // before, the older plan is the current one
}"""


def test_columns_beside_an_older_plan_cannot_be_opened(visit: Visit) -> None:
    """Their links hold the plan at hand: until they are of the new one they lead nowhere."""
    page = visit("#" + THREE)
    expect_columns(page, THREE)
    page.evaluate(RECORD)
    control(page, "workload.requests").fill("4321")
    expect(columns(page).first).to_contain_text("4,321 requests")
    expect(columns(page).nth(1).locator("h3 a")).to_have_attribute("href", re.compile("4321"))
    moments = page.evaluate("window.record")
    assert moments
    assert all("4321" in address and "4,321" in sentence for address, sentence in moments)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 320])
def test_it_fits_and_breaks_no_rule(visit: Visit, scheme: str, width: int) -> None:
    """Side by side where there is room, beneath each other on a phone; axe finds nothing."""
    page = visit("#" + THREE, viewport={"width": width, "height": 800}, color_scheme=scheme)
    expect_columns(page, THREE)
    settled(page)
    tops = [box["y"] for box in (columns(page).nth(at).bounding_box() for at in range(3)) if box]
    assert len(set(tops)) == (1 if width == 1280 else 3)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert violations(page) == []


def test_it_is_on_paper(visit: Visit) -> None:
    """The columns and their axis, without what can only be pressed."""
    page = visit("#" + THREE)
    expect_columns(page, THREE)
    page.emulate_media(media="print")
    expect(columns(page).nth(2)).to_be_visible()
    expect(page.locator("[data-chart='compare'] > svg")).to_be_visible()
    expect(columns(page).first.get_by_text("Take away")).to_be_hidden()


def test_the_single_file_compares(
    browser: Browser, site: Path, tmp_path: Path, outside: Outside, watch: Watch
) -> None:
    """From a disk, by a link and by a paste."""
    copy = Path(shutil.copy(site / "batch-planner.html", tmp_path))
    watch.origin = tmp_path.as_uri()
    context = browser.new_context(reduced_motion="reduce", offline=True)
    context.set_default_timeout(ACTION_MS)
    watch.follow(context)
    page = context.new_page()
    page.goto(copy.as_uri() + "#" + join(HAIKU, [FEW]))
    wait_ready(page)
    expect_columns(page, join(HAIKU, [FEW]))
    field = open_chooser(page).get_by_role("textbox")
    field.fill(copy.as_uri())
    field.press("Enter")
    expect_columns(page, join(HAIKU, [FEW, ""]))
    context.close()
