"""The table of the ways: its order, its links while a plan is worked out, and what is copied of it."""

import json
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from planner import bridge
from tests.browser.test_page import control, expect_plan, settled
from tests.browser.watch import Visit

GOAL = "workload.requests=60000&goal.deadline_h=9&goal.budget_usd=200"


def ways_of(query: str) -> dict[str, Any]:
    """The view of the ways that CPython gives for a query."""
    view: dict[str, Any] = json.loads(bridge.handle(json.dumps({"query": query, "want": "ways"})))[
        "view"
    ]
    return view


def labels(page: Page) -> list[str]:
    """The ways in the order in which they stand."""
    return page.locator("[data-list='ways'] [data-cell='label']").all_inner_texts()


def in_order(query: str, column: int, sign: int = 1) -> list[str]:
    """The ways by the ranks of a column, the planner's order among those that are alike."""
    rows = ways_of(query)["lists"]["ways"]
    ordered = sorted(rows, key=lambda row: sign * int(row["ranks"].split()[column]))
    return [row["label"] for row in ordered]


def head(page: Page, name: str) -> Locator:
    return page.locator(".ways thead th", has=page.get_by_role("button", name=name, exact=True))


@pytest.fixture
def goal(visit: Visit) -> Page:
    """A plan with a goal, its ways listed."""
    page = visit("#" + GOAL)
    settled(page)
    expect(page.locator("[data-list='ways'] > tr")).not_to_have_count(0)
    return page


def test_each_column_sorts_and_the_third_press_is_the_planners_order(goal: Page) -> None:
    """From the least, from the most, and back; the head says which."""
    planned = labels(goal)
    assert planned == [row["label"] for row in ways_of(GOAL)["lists"]["ways"]]
    heads = goal.locator(".ways thead th")
    for column, name in enumerate(heads.all_inner_texts()):
        button = heads.nth(column).get_by_role("button")
        button.click()
        expect(heads.nth(column)).to_have_attribute("aria-sort", "ascending")
        assert labels(goal) == in_order(GOAL, column), name
        button.click()
        expect(heads.nth(column)).to_have_attribute("aria-sort", "descending")
        assert labels(goal) == in_order(GOAL, column, -1), name
        button.click()
        expect(goal.locator(".ways th[aria-sort]")).to_have_count(0)
        assert labels(goal) == planned


def test_the_order_is_reached_and_kept_by_keys(goal: Page) -> None:
    """One stop for Tab, arrows between the heads, Enter sorts; another plan is sorted as this was."""
    head(goal, "Way").get_by_role("button").focus()
    for _ in range(3):
        goal.keyboard.press("ArrowRight")
    expect(head(goal, "Cost").get_by_role("button")).to_be_focused()
    goal.keyboard.press("Enter")
    assert labels(goal) == in_order(GOAL, 3)
    assert goal.locator(".ways thead button[tabindex='0']").count() == 1
    control(goal, "workload.requests").fill("50000")
    other = GOAL.replace("60000", "50000")
    expect_plan(goal, other)
    settled(goal)
    expect(head(goal, "Cost")).to_have_attribute("aria-sort", "ascending")
    assert labels(goal) == in_order(other, 3)


# Each time when the page changes from the first key on: whether a way can be pressed, and of which plan the page is then.
RECORD = """() => {
    window.record = [];
    const observer = new MutationObserver(() => window.record.push({
        answer: document.documentElement.dataset.answer,
        address: location.hash,
        links: [...document.querySelectorAll("[data-list='ways'] a[href]")].map((a) => a.getAttribute("href")),
        copy: !document.querySelector("[data-action='copy-ways']").disabled,
        text: document.querySelector("[data-slot='ways.csv']").textContent,
    }));
    const everything = { subtree: true, childList: true, attributes: true, characterData: true };
    const record = () => observer.observe(document.documentElement, everything);
    addEventListener("input", record, { capture: true, once: true }); // before, the older plan is the current one
}"""


def test_ways_of_another_plan_cannot_be_pressed_or_copied(goal: Page) -> None:
    """From a key until the new ways are there no moment offers one of the old."""
    new = GOAL.replace("60000", "55000")
    goal.evaluate(RECORD)
    control(goal, "workload.requests").fill("55000")
    settled(goal)
    expect(goal.locator("[data-list='ways'] a[href]").first).to_have_attribute(
        "href", ways_of(new)["lists"]["ways"][0]["href"]
    )
    moments = goal.evaluate("window.record")
    pressable = [moment for moment in moments if moment["links"]]
    assert pressable and {(each["answer"], each["address"]) for each in pressable} == {
        ("current", "#" + new)
    }
    assert all("55000" in link for moment in pressable for link in moment["links"])
    copied = [moment for moment in moments if moment["copy"]]
    assert copied and {moment["text"] for moment in copied} == {ways_of(new)["slots"]["ways.csv"]}
    assert any(not moment["links"] and moment["answer"] == "working" for moment in moments)


def test_ways_beside_a_bad_value_cannot_be_pressed(goal: Page) -> None:
    """They are the last good plan's; when the value is good again they can."""
    links = goal.locator("[data-list='ways'] a[href]")
    count = links.count()
    control(goal, "workload.requests").fill("none")
    expect(links).to_have_count(0)
    expect(goal.locator("[data-list='ways'] a[aria-disabled]")).to_have_count(count)
    control(goal, "workload.requests").fill("60000")
    expect(links).to_have_count(count)


def test_a_pressed_way_keeps_the_focus(goal: Page) -> None:
    """Who presses by key goes on where they were: at the way, which now is this plan."""
    link = goal.locator("[data-list='ways'] a[href]").first
    label = link.inner_text()
    link.focus()
    goal.keyboard.press("Enter")
    expect(goal.locator("[data-list='ways'] tr.is-this [data-cell='label']")).to_have_text(label)
    expect(goal.locator("[data-list='ways'] tr.is-this a")).to_be_focused()


@pytest.mark.parametrize("name", ["ways.csv", "ways.markdown"])
def test_the_table_is_copied(visit: Visit, name: str) -> None:
    """What the clipboard holds is what Python wrote of this plan's ways."""
    page = visit("#" + GOAL, permissions=["clipboard-read", "clipboard-write"])
    settled(page)
    page.locator(".ways-fold summary").first.click()
    page.locator(f"[data-copy='{name}']").click()
    expect(page.locator(f"[data-copy='{name}'] [data-copied]")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == ways_of(GOAL)["slots"][name]


def test_every_model_on_demand(goal: Page) -> None:
    """One press adds a way for each other model, older ones too; the other ways stay, each a link."""
    before = labels(goal)
    goal.locator(".ways-fold > summary").click()
    goal.get_by_role("button", name="More models").click()
    request = json.dumps({"query": GOAL, "want": "ways", "models": "every"})
    rows = json.loads(bridge.handle(request))["view"]["lists"]["ways"]
    expect(goal.locator("[data-list='ways'] > tr")).to_have_count(len(rows))
    assert labels(goal) == [row["label"] for row in rows]
    assert labels(goal)[: len(before)] == before and len(rows) > len(before)
    goal.locator("[data-list='ways'] a", has_text=rows[-1]["label"]).click()
    expect_plan(goal, rows[-1]["href"].removeprefix("#"))
