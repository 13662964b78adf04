"""The planner in hands and windows that are not the maker's: a keyboard alone, 200 %, 320 pixels."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_page import control, expect_answer, expect_query, program_of, slot
from tests.browser.test_stories import expect_ways
from tests.browser.watch import READY_MS, Visit

# A plan of long words: a deadline by the clock, a goal that is missed, ten million requests.
LONG = (
    "workload.requests=10000000&workload.input_tokens=100000&workload.output_tokens=10000"
    "&goal.deadline_at=2030-11-30T08:00%2B00:00&goal.budget_usd=12345678&limits.tier=scale"
)

# Texts of the question that are wider than their fields, and what is wider than the window.
CLIPPED = """() => [...document.querySelectorAll(".question input[type=text], .question select")]
    .filter((field) => field.scrollWidth > field.clientWidth + 1)
    .map((field) => `${field.name}: ${field.value} ${field.scrollWidth} > ${field.clientWidth}`)"""
OVER = """() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    return scrollWidth <= clientWidth ? [] : [...document.querySelectorAll("main *")]
        .filter((part) => part.getBoundingClientRect().right > clientWidth + 1)
        .map((part) => `${part.localName}.${part.className}`);
}"""


def tab_to(page: Page, part: str) -> int:
    """Press the Tab key until the focus is on a part; how often it took."""
    for count in range(1, 80):
        page.keyboard.press("Tab")
        if page.evaluate("(part) => document.activeElement.matches(part)", part):
            return count
    raise AssertionError(f"no key leads to {part}")


def test_by_keyboard_alone(page: Page) -> None:
    """The question is typed, a way is taken, the run moved, a reason read, the program downloaded."""
    tab_to(page, "[name='workload.requests']")
    page.keyboard.type("20k")
    tab_to(page, "[name='goal.budget_usd']")
    page.keyboard.type("50")
    page.keyboard.press("Enter")
    expect(slot(page, "answer.verdict")).to_contain_text("$60.00 above the budget")
    expect_ways(page)
    tab_to(page, "[data-list='ways'] a[href]")
    page.keyboard.press("Enter")
    query = "workload.model=claude-haiku-5-5&workload.requests=20000&goal.budget_usd=50"
    expect_query(page, query)
    expect_answer(page, "current")
    expect(slot(page, "answer.verdict")).to_contain_text("below the budget")
    tab_to(page, "[data-moment-slider]")
    page.keyboard.press("End")
    expect(page.locator("[data-moment-cell='queued']")).to_have_text("0")
    tab_to(page, ".sum summary")
    page.keyboard.press("Enter")
    expect(page.locator(".sum[open] [data-slot='why.cost']")).to_be_visible()
    expect(page.locator("[data-action='copy-program']").first).to_be_enabled(timeout=READY_MS)
    tab_to(page, "[data-action='download'][href]")
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    assert download.value.path().read_text("utf-8") == program_of(query)


@pytest.mark.parametrize(
    "viewport",
    [{"width": 320, "height": 568}, {"width": 640, "height": 450}],
    ids=["320-px", "1280-px-at-200-%"],
)
def test_large_and_narrow(visit: Visit, viewport: dict[str, Any]) -> None:
    """Everything open, long words: nothing is wider than the window, no answer to the question is cut."""
    page = visit(f"#{LONG}", viewport=viewport)
    expect_answer(page, "current")
    assert page.evaluate(CLIPPED) == []
    assert page.evaluate(OVER) == []
    for fold in page.locator("main details").all():
        fold.evaluate("(part) => (part.open = true)")
        assert page.evaluate(OVER) == []
    control(page, "workload.requests").fill("nothing")
    page.keyboard.press("Enter")
    expect(page.locator("[data-problems]")).to_be_visible(timeout=READY_MS)
    assert page.evaluate(OVER) == []
