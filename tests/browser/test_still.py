"""Nothing moves under the hand: in a session of sixty changes every field and every button stays where it is."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_accessibility import PHONE, WIDE
from tests.browser.test_page import control, open_assumptions, open_cut, slot
from tests.browser.watch import Visit

# In every frame, how far each control stands from where it stood first; rows of lists are made anew.
WATCH = """() => {
    const controls = [...document.querySelectorAll("input, select, textarea, button, summary, a.button, .tab, .segment")]
        .filter((part) => !part.closest("[data-list]"));
    const seen = (part) => part.checkVisibility({ visibilityProperty: true });
    const box = (part) => {
        const { left, top, right, bottom } = part.getBoundingClientRect();
        return [left + scrollX, top + scrollY, right + scrollX, bottom + scrollY];
    };
    const name = (part) => part.name || part.id || part.dataset.action || part.className || part.textContent;
    const first = new Map();
    window.moved = {};
    window.watched = () => first.size;
    const look = () => {
        for (const part of controls) {
            if (!seen(part)) continue;
            const now = box(part);
            const before = first.get(part) ?? now;
            first.set(part, before);
            const by = Math.max(...now.map((edge, at) => Math.abs(edge - before[at])));
            if (by > 1) window.moved[name(part).trim()] = [window.step, ...before, ...now].map((edge) => Math.round(edge));
        }
        requestAnimationFrame(look);
    };
    look();
}"""

Step = Callable[[Page], None]


def typed(field: str, text: str) -> Step:
    """A text in a field, good or bad; the focus stays in it."""

    def step(page: Page) -> None:
        control(page, field).fill(text)
        answered(page)
        expect(control(page, field)).to_be_focused()

    return step


def chosen(field: str, value: str) -> Step:
    def step(page: Page) -> None:
        control(page, field).focus()
        control(page, field).select_option(value)
        answered(page)
        expect(control(page, field)).to_be_focused()

    return step


def percentile(value: str) -> Step:
    def step(page: Page) -> None:
        segment = page.locator(f"[name=percentile][value={value}]")
        segment.check()
        answered(page)
        expect(segment).to_be_focused()

    return step


def pressed(name: str, place: int) -> Step:
    """A link in a row of a list: what it leads to has its focus in the list that was pressed."""

    def step(page: Page) -> None:
        rested(page)
        links = page.locator(f"[data-list='{name}'] a[href^='#']:visible")
        assert links.count(), f"nothing to press in {name}"
        links.nth(place % links.count()).click()
        rested(page)
        assert page.evaluate("document.activeElement.closest('[data-list]')?.dataset.list") == name

    return step


def answered(page: Page) -> None:
    expect(page.locator("html")).not_to_have_attribute("data-answer", "working")
    page.evaluate(
        "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
    )


def rested(page: Page) -> None:
    """Plan and ways are there."""
    expect(page.locator("html")).to_have_attribute("data-answer", re.compile("current|example"))
    expect(page.locator("[data-list='ways']")).not_to_have_attribute("aria-busy", "true")


REQUESTS, INPUT, OUTPUT = "workload.requests", "workload.input_tokens", "workload.output_tokens"
MODEL, DEADLINE, BUDGET = "workload.model", "goal.deadline_at", "goal.budget_usd"
SURE, PER_BATCH = "goal.confidence", "batches.requests_per_batch"
SESSION: tuple[Step, ...] = (
    pressed("caveats", 0),
    typed(REQUESTS, "half a million"),
    typed(REQUESTS, "500k"),
    typed(INPUT, "800"),
    typed(OUTPUT, "150"),
    typed(DEADLINE, "36h"),
    typed(BUDGET, "$500"),  # missed, and over the monthly limit
    pressed("ways", 0),
    pressed("ways", 1),
    typed("workload.max_tokens", "200"),
    typed(BUDGET, "much"),
    typed(BUDGET, ""),
    typed(DEADLINE, "yesterdayish"),
    typed(DEADLINE, "30h"),
    typed(REQUESTS, "20k"),
    chosen(MODEL, "claude-sonnet-4-20250514"),  # blocked
    pressed("caveats", 0),
    typed(BUDGET, "5,000"),  # met
    percentile("p50"),
    percentile("p95"),
    pressed("ways", 0),
    pressed("ways", 2),
    typed(SURE, "120 %"),
    typed(SURE, "95"),
    typed(SURE, "50 %"),
    typed(DEADLINE, ""),
    typed(BUDGET, ""),
    typed(REQUESTS, "10m"),
    typed(PER_BATCH, "100k"),
    typed(PER_BATCH, "100,001"),
    typed(PER_BATCH, "7"),
    typed(REQUESTS, "1"),
    typed(REQUESTS, ""),
    typed(PER_BATCH, ""),
    chosen(MODEL, "claude-opus-5-5"),
    typed(OUTPUT, "300,000"),
    typed(OUTPUT, "-5"),
    typed(OUTPUT, "20"),
    percentile("p85"),
    pressed("ways", 0),
    chosen("limits.tier", "evaluation"),
    chosen(MODEL, "claude-sonnet-4-20250514"),
    pressed("caveats", 0),
    chosen("limits.tier", "scale"),
    typed("workload.shared_prefix_tokens", "20,000"),
    typed(INPUT, "30k"),
    chosen("caching.mode", "1h"),
    typed("caching.hit_rate", "90"),
    typed("retries.transient_rate", "50 %"),
    typed("retries.max", "0"),
    typed("retries.permanent_rate", "0.2"),
    typed("retries.permanent_rate", "none"),
    typed("retries.permanent_rate", "0"),
    chosen("duration.model", "formula"),
    typed("duration.seconds_per_request", "2 min"),
    chosen("duration.model", "history"),
    typed("duration.history", "8150:1200\n400:300"),
    typed("duration.history", "8150"),
    typed("duration.history", "8150:1200\n400:300\n90:80"),
    pressed("ways", 0),
)


@pytest.mark.parametrize("viewport", [WIDE, PHONE], ids=["wide", "phone"])
def test_nothing_moves(visit: Visit, viewport: dict[str, Any]) -> None:
    """In no frame does a field or button stand more than a pixel from where it stood, and the focus is kept."""
    page = visit(viewport=viewport)
    open_cut(page)
    open_assumptions(page)
    page.evaluate(WATCH)
    assert len(SESSION) == 60
    for number, step in enumerate(SESSION):
        page.evaluate("number => { window.step = number; }", number)
        step(page)
    assert slot(page, "answer.sentence").inner_text()
    assert page.evaluate("window.watched()") > 50
    assert page.evaluate("window.moved") == {}
