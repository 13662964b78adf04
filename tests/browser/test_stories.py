"""The planner as people come to it: what they know, how many steps it takes them, and what they then see."""

import re
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.test_accessibility import PHONE
from tests.browser.test_page import control, expect_answer, expect_query, program_of, slot
from tests.browser.watch import READY_MS, Visit
from tests.planner.measure.examples import lines_of, request

DESK = {"width": 1280, "height": 900}


class Steps:
    """What somebody does on the page, counted."""

    def __init__(self, page: Page) -> None:
        self.page, self.count = page, 0

    def type(self, field: Locator, text: str) -> None:
        self.count += 1
        field.fill(text)

    def choose(self, field: Locator, file: Path) -> None:
        self.count += 1
        field.set_input_files(file)

    def press(self, part: Locator) -> None:
        self.count += 1
        part.click()


def foot(part: Locator) -> float:
    """How far down the page a part ends, in pixels."""
    box = part.bounding_box()
    assert box
    return box["y"] + box["height"] + float(part.page.evaluate("scrollY"))


def expect_ways(page: Page) -> Locator:
    """The best way, once the ways are there."""
    expect(page.locator("[data-list='ways']")).not_to_have_attribute(
        "aria-busy", "true", timeout=READY_MS
    )
    return page.locator("[data-list='ways'] > tr").first


@pytest.mark.drawn(1)
@pytest.mark.parametrize(
    ("viewport", "within"), [(DESK, 900), (PHONE, 2 * PHONE["height"])], ids=["wide", "phone"]
)
def test_two_million_tickets_by_monday(visit: Visit, viewport: dict[str, Any], within: int) -> None:
    """Requests, tokens, deadline and budget typed: verdict and best way are read without scrolling far."""
    page = visit(viewport=viewport, clock=True)
    page.clock.pause_at(datetime(2027, 1, 1))  # beside other tests the ways would be given up
    steps = Steps(page)
    steps.type(control(page, "workload.requests"), "2 million")
    steps.type(control(page, "workload.input_tokens"), "800")
    steps.type(control(page, "workload.output_tokens"), "150")
    steps.type(control(page, "goal.deadline_at"), "Mon 8:00")
    steps.type(control(page, "goal.budget_usd"), "$500")
    expect_answer(page, "current")
    expect(slot(page, "answer.verdict")).to_contain_text("$500")
    page.clock.run_for(1000)  # typing has rested
    best = expect_ways(page)
    expect(best).to_contain_text("$", timeout=READY_MS)
    assert steps.count <= 6
    assert foot(slot(page, "answer.verdict")) <= within
    assert foot(best) <= within


def test_fifty_thousand_pdfs(visit: Visit) -> None:
    """Pages and megabytes are what is known; the page asks for them and says what they are."""
    page = visit()
    steps = Steps(page)
    steps.type(control(page, "workload.requests"), "50k")
    steps.type(page.get_by_label("Pages of each document"), "12")
    steps.type(page.get_by_label("Size of each document"), "1.5 MB")
    asked = page.locator("[data-documents]")
    expect(asked).to_contain_text("93,408")
    expect(asked).to_contain_text("2,000,000")
    expect_query(
        page,
        "workload.requests=50000&workload.input_tokens=93408&workload.bytes_per_request=2000000",
    )
    assert steps.count == 3


def test_jsonl_and_only_the_cost(visit: Visit, tmp_path: Path) -> None:
    """A file is chosen, and what it costs stands there; one press makes it the plan."""
    page = visit(viewport=DESK)
    file = tmp_path / "requests.jsonl"
    file.write_bytes(lines_of(request(n, f"Name {n} towns.") for n in range(1, 31)))
    steps = Steps(page)
    steps.choose(page.locator("[data-drop-input]"), file)
    page.locator("[data-files=told]").wait_for(timeout=READY_MS)
    cost = page.locator("[data-list='measured.plans'] [data-cell='cost']").first
    expect(cost).to_have_text(re.compile(r"\$0\.\d+"))
    assert steps.count == 1
    assert foot(cost) <= DESK["height"]
    steps.press(page.locator("[data-use='measured']"))
    expect(slot(page, "answer.sentence")).to_contain_text("30 requests", timeout=READY_MS)
    assert steps.count == 2


def test_link_on_a_phone(visit: Visit) -> None:
    """Nothing to press: verdict and best way stand within two screens."""
    page = visit("#workload.requests=20000&goal.deadline_h=48&goal.budget_usd=500", viewport=PHONE)
    expect(slot(page, "answer.verdict")).to_contain_text("below the budget")
    assert foot(slot(page, "answer.verdict")) <= PHONE["height"]
    assert foot(expect_ways(page)) <= 2 * PHONE["height"]


def test_program_is_read_before_it_is_taken(page: Page) -> None:
    """The steps are told, one press opens the text, one takes it."""
    steps = Steps(page)
    for words in ("Check the file", "Try three", "Run"):
        expect(page.locator(".program-python .steps")).to_contain_text(words)
    steps.press(page.locator(".program-python summary"))
    expect(page.locator("[data-program=python]")).to_be_visible()
    expect(page.locator("[data-program=python]")).to_have_text(program_of(""))
    with page.expect_download() as download:
        steps.press(page.locator(".program-python [data-action='download']"))
    assert download.value.path().read_text("utf-8") == program_of("")
    assert steps.count == 2


def test_few_stops_of_the_tab_key(page: Page) -> None:
    """The first input follows the navigation, and the download is at most 30 stops away, the one for files among them."""
    expect(page.locator("[data-action='download']").first).to_be_enabled()
    here = """() => {
        const part = document.activeElement;
        return part.name || part.dataset.action || (part.closest("nav") ? "nav" : part.localName);
    }"""
    stops: list[str] = []
    while "download" not in stops and len(stops) < 60:
        page.keyboard.press("Tab")
        stops.append(page.evaluate(here))
    assert len(stops) <= 30, stops
    last_of_nav = len(stops) - 1 - stops[::-1].index("nav")
    assert stops[last_of_nav + 1] == "workload.requests"


def test_without_a_script_a_link_says_what_is_missing(visit: Visit) -> None:
    """The example is called so, and where the plan of a link is."""
    page = visit("#workload.requests=5", ready=False, java_script_enabled=False)
    notice = page.locator("noscript .notice, .notice.is-note").first
    expect(notice).to_contain_text("This is the example plan")
    expect(notice).to_contain_text("the plan of a link stands behind the #")


def test_search_knows_the_words_of_people(visit: Visit) -> None:
    """Fields and models are found beside guides and questions."""
    page = visit("method/", ready=False)
    for words, first in {
        "max cost dollars": "Budget",
        "how sure": "Confidence",
        "due date": "Deadline by the clock",
        "system prompt": "Shared prefix",
        "parallel": "Batches at once",
        "own past runs": "My batches",
        "haiku 5.5": "Claude Haiku 5.5",
    }.items():
        page.get_by_role("searchbox").fill(words)
        expect(page.locator(".found-title", has_text=first).first).to_be_visible()


def test_search_leads_to_a_field(visit: Visit) -> None:
    """From another page it opens in the planner; in the planner the plan stays, and the fold opens."""
    page = visit("faq/", ready=False)
    page.get_by_role("searchbox").fill("monthly spend cap")
    page.locator("[data-search-list] a", has_text="Monthly spend limit").first.click()
    expect(control(page, "limits.monthly_spend_usd")).to_be_focused()
    expect(control(page, "limits.monthly_spend_usd")).to_be_in_viewport()


def test_search_in_the_planner_keeps_the_plan(visit: Visit) -> None:
    page = visit("#workload.requests=4321")
    expect_answer(page, "current")
    page.get_by_role("searchbox").fill("error rate overloaded")
    page.locator("[data-search-list] a", has_text="Transient failures").first.click()
    expect(control(page, "retries.transient_rate")).to_be_focused()
    page.get_by_role("searchbox").fill("haiku 5.5 price")
    page.locator("[data-search-list] a", has_text="Claude Haiku 5.5").first.click()
    expect_query(page, "workload.model=claude-haiku-5-5&workload.requests=4321")
