"""Guides beside the form and on their own, and the search over them."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urljoin

import pytest
from playwright.sync_api import Locator, Page, expect

from planner.scenario import texts
from tests.browser.test_accessibility import violations
from tests.browser.watch import Visit
from tests.static_server import StaticServer, missing

PHONE = {"width": 360, "height": 740}


def panel(page: Page) -> Locator:
    return page.locator("[data-module='panel']")


def more(page: Page, field: str) -> Locator:
    return page.locator(f"[data-field='{field}'] a.more")


def requests_field(page: Page) -> Locator:
    return page.locator("[name='workload.requests']")


# ---------------------------------------------------------------- beside the form


def test_section_opens_beside_the_form(page: Page) -> None:
    """The field's own section, and no other; the form stays in use and its plan is answered."""
    address = page.url
    page.locator(".sum", has=page.locator("[name='batches.requests_per_batch']")).locator(
        "summary"
    ).click()
    page.locator("[name='batches.requests_per_batch']").focus()
    more(page, "batches.requests_per_batch").click()
    expect(panel(page)).to_be_visible()
    expect(panel(page).locator("[data-panel-name]")).to_have_text("Choosing a batch size")
    expect(panel(page).locator("[data-panel-name]")).to_be_focused()
    expect(panel(page).locator("[data-panel-body] h2")).to_have_text(["Requests"])
    assert page.url == address
    requests_field(page).fill("20000")
    expect(page.locator("[data-slot='answer.sentence']")).to_contain_text("20,000 requests")
    expect(panel(page)).to_be_visible()


def test_panel_closes_and_the_focus_returns(page: Page) -> None:
    """By key, by button and by Back; the page is then as it was."""
    ways: dict[str, Callable[[], object]] = {
        "by key": lambda: page.keyboard.press("Escape"),
        "by button": panel(page).get_by_role("button", name="Close").click,
        "by Back": page.go_back,
    }
    address, link = page.url, more(page, "retries.max")
    page.locator(".assumptions summary").click()
    for how, close in ways.items():
        page.locator("[name='retries.max']").focus()
        link.focus()
        page.keyboard.press("Enter")
        expect(panel(page).locator("[data-panel-name]"), how).to_be_focused()
        close()
        expect(panel(page), how).to_be_hidden()
        expect(link, how).to_be_focused()
        assert page.url == address, how
        page.go_forward()
        expect(panel(page), how).to_be_visible()
        page.go_back()
        expect(panel(page), how).to_be_hidden()


def test_back_after_a_change_keeps_the_order(page: Page) -> None:
    """What was typed while the panel was open is undone by the first Back, the panel by the second."""
    requests_field(page).fill("500")
    expect(page).to_have_url(re.compile(r"#workload.requests=500$"))
    requests_field(page).focus()
    more(page, "workload.requests").click()
    expect(panel(page)).to_be_visible()
    requests_field(page).fill("700")
    expect(page).to_have_url(re.compile(r"#workload.requests=700$"))
    page.go_back()
    expect(requests_field(page)).to_have_value("500")
    expect(panel(page)).to_be_visible()
    page.go_back()
    expect(panel(page)).to_be_hidden()
    expect(requests_field(page)).to_have_value("500")


def test_close_after_a_change_keeps_the_change(page: Page) -> None:
    """Close never takes back what was typed."""
    requests_field(page).focus()
    more(page, "workload.requests").click()
    expect(panel(page)).to_be_visible()
    requests_field(page).fill("700")
    expect(page).to_have_url(re.compile(r"#workload.requests=700$"))
    panel(page).get_by_role("button", name="Close").click()
    expect(panel(page)).to_be_hidden()
    expect(requests_field(page)).to_have_value("700")
    expect(page).to_have_url(re.compile(r"#workload.requests=700$"))


def test_example_in_the_panel_applies_at_once(page: Page) -> None:
    """A plan that a section shows is one press away, and the section stays."""
    page.locator(".ways-fold summary").click()
    page.locator(".ways-fold a.more").click()
    expect(panel(page).locator("h2").last).to_have_text("Does a smaller batch finish sooner?")
    link = (
        panel(page).locator("[data-panel-body] td, [data-panel-body] th").get_by_role("link").first
    )
    address = link.get_attribute("href") or ""
    assert address.startswith("#workload.")
    link.click()
    expect(page.locator("[data-slot='answer.sentence']")).to_contain_text("100,000 requests")
    query = texts.write_query(texts.read_query(address))
    expect(page).to_have_url(re.compile(re.escape("#" + query) + "$"))
    expect(panel(page)).to_be_visible()


def test_links_of_the_panel_open_in_it(page: Page) -> None:
    """Another guide takes the place of the first; Back closes the panel all the same."""
    page.locator(".ways-fold summary").click()
    page.locator(".ways-fold a.more").click()
    panel(page).get_by_role("link", name="share its pace").click()
    expect(panel(page).locator("[data-panel-name]")).to_have_text(
        "How long a batch takes, and how we know"
    )
    page.go_back()
    expect(panel(page)).to_be_hidden()


def test_reason_and_caveat_lead_to_their_sections(page: Page) -> None:
    """From the reason of a number, and from a caveat, those that came with a later answer too."""
    cost = page.locator(".sum", has=page.locator("[data-slot='why.cost']"))
    cost.locator("summary").click()
    cost.locator("a[data-panel]").first.click()
    expect(panel(page).locator("[data-panel-body] h2")).to_have_text("Line by line")
    page.keyboard.press("Escape")
    expect(cost.locator("a[data-panel]").first).to_be_focused()
    page.locator("[name='workload.requests']").fill("5m")
    caveat = page.locator("[data-list='caveats'] li", has_text="monthly limit")
    caveat.locator("a.caveat-label").click()
    expect(panel(page).locator("[data-panel-body] h2")).to_have_text("Spend")


def test_panel_has_no_id_twice(page: Page) -> None:
    """A section with pictures stands beside the planner's own pictures."""
    page.locator(".run-fold summary").click()
    page.locator(".run-fold a.more[href*=rows]").click()
    expect(panel(page)).to_be_visible()
    first = panel(page).locator("[data-panel-body]").inner_text()
    page.locator(".run-more").get_by_role("link", name="How to read the curve").click()
    expect(panel(page).locator("[data-panel-body]")).not_to_have_text(first)
    expect(panel(page).locator("figure")).to_have_count(1)
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map(part => part.id)")
    assert sorted(ids) == sorted(set(ids))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_panel_is_accessible(page: Page, scheme: Any) -> None:
    """axe finds nothing in the page with the panel open."""
    page.emulate_media(color_scheme=scheme)
    page.locator(".ways-fold summary").click()
    page.locator(".ways-fold a.more").click()
    expect(panel(page)).to_be_visible()
    assert violations(page) == []


@pytest.mark.parametrize(
    "options", [{"viewport": PHONE}, {"java_script_enabled": False}], ids=["phone", "no script"]
)
def test_otherwise_it_is_an_ordinary_page(visit: Visit, options: dict[str, Any]) -> None:
    """On a narrow screen and without JavaScript the same link leads to the guide."""
    page = visit("", ready=False, **options)
    page.locator(".run-fold summary").click()
    link = page.locator(".run-fold a.more[href*=rows]")
    link.click()
    page.wait_for_url("**/guides/queue/#rows")
    expect(page.locator("h1")).to_have_text("Reading the run")


def test_guide_that_cannot_be_fetched_is_an_ordinary_page(
    page: Page, server: StaticServer, watch: Any
) -> None:
    """The link then does what every link does, and the browser says what is wrong."""
    watch.allow("404")
    server.faults["/guides/queue/"] = missing
    page.locator(".run-fold summary").click()
    page.locator(".run-fold a.more[href*=rows]").click()
    page.wait_for_url("**/guides/queue/#rows")


# ---------------------------------------------------------------- on their own


def test_example_of_a_guide_opens_in_the_planner(visit: Visit) -> None:
    """Reading, one press tries the example."""
    page = visit("guides/cost/", ready=False)
    page.locator("a.try").click()
    expect(page.locator("html")).to_have_attribute("data-engine", "ready", timeout=60_000)
    expect(page.locator("[name='caching.hit_rate']")).to_have_value("90 %")


def test_structured_data_stands_under_the_policy(visit: Visit, site: Any) -> None:
    """The browser does not report it: `visit` fails a test on a console error."""
    for path in ("guides/cost/", "faq/", "faq/cancel/", "guides/", "method/"):
        page = visit(path, ready=False)
        assert page.locator("script[type='application/ld+json']").count() == 1


# ---------------------------------------------------------------- search


@pytest.mark.parametrize("server", ["/", "/tools/planner/"], indirect=True)
def test_search_finds_a_section(visit: Visit, server: StaticServer) -> None:
    """Below any path; the first result of a rare word is its section, and leads there."""
    page = visit("faq/", ready=False)
    page.get_by_role("searchbox").fill("kaplan meier")
    first = page.locator("[data-search-list] a").first
    expect(first).to_contain_text("How each number is made")
    first.click()
    page.wait_for_url("**/method/#one-batch")


def test_search_by_keyboard(visit: Visit) -> None:
    """Slash, words, arrow, Enter; Escape closes the list and keeps the words."""
    page = visit("guides/", ready=False)
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type("custom_id dots")
    expect(page.locator("[data-search-list] a").first).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("[data-search-list]")).to_be_hidden()
    expect(page.get_by_role("searchbox")).to_have_value("custom_id dots")
    page.keyboard.press("ArrowDown")
    expect(page.locator("[data-search-list] a").first).to_be_visible()
    page.keyboard.press("ArrowDown")
    expect(page.locator("[data-search-list] a").first).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url("**/faq/custom-id-rules/")


def test_search_without_a_result_says_so(visit: Visit) -> None:
    """And markup that somebody types is text."""
    page = visit("guides/cost/", ready=False)
    page.get_by_role("searchbox").fill("<img src=x onerror=alert(1)> zzz")
    expect(page.locator("[data-search-none]")).to_be_visible()
    expect(page.locator("img")).to_have_count(0)


def test_search_works_without_the_network(visit: Visit) -> None:
    """Once the index is there nothing more is asked for; without it the page says where everything is listed."""
    page = visit("guides/cost/", ready=False, offline=False)  # a window that can be cut off
    page.get_by_role("searchbox").fill("prefix")
    expect(page.locator("[data-search-list] a").first).to_be_visible()
    page.context.set_offline(True)
    page.get_by_role("searchbox").fill("expiry")
    expect(page.locator("[data-search-list] a").first).to_contain_text("xpir")


def test_search_that_cannot_be_loaded(visit: Visit, server: StaticServer, watch: Any) -> None:
    """The lists of guides and questions are named instead; the next key tries again."""
    watch.allow("404")
    server.faults["/search.json"] = missing
    page = visit("guides/cost/", ready=False)
    page.get_by_role("searchbox").fill("prefix")
    expect(page.locator("[data-search-failed]")).to_be_visible()
    server.faults.clear()
    page.get_by_role("searchbox").fill("prefi")
    expect(page.locator("[data-search-list] a").first).to_be_visible()


def test_without_javascript_everything_is_listed(visit: Visit) -> None:
    """No search field that does nothing; the indexes lead to every article."""
    page = visit("faq/", ready=False, java_script_enabled=False)
    expect(page.get_by_role("searchbox")).to_have_count(0)
    assert page.locator("details.question").count() > 40
    page.locator("details.question summary").first.click()
    expect(page.locator("details.question .answer").first).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ["guides/", "faq/", "guides/queue/"])
def test_search_results_are_accessible(visit: Visit, scheme: str, path: str) -> None:
    """axe finds nothing while the results are open."""
    page = visit(path, ready=False, color_scheme=scheme)
    page.get_by_role("searchbox").fill("cache")
    expect(page.locator("[data-search-list] a").first).to_be_visible()
    assert violations(page) == []


def test_paper_keeps_the_article(visit: Visit) -> None:
    """Print has the text, the pictures and the sources, and nothing that can only be pressed."""
    page = visit("guides/queue/", ready=False)
    page.emulate_media(media="print")
    for kept in (".article h1", ".article svg", ".sources"):
        expect(page.locator(kept).first).to_be_visible()
    for left_out in (".toc", ".try", "[data-module='search']", ".turn", "header nav"):
        expect(page.locator(left_out).first).to_be_hidden()


def test_questions_open_by_their_address(visit: Visit, place: StaticServer) -> None:
    """/faq/#cancel opens the question, as a link from elsewhere wants."""
    page = visit("faq/#cancel", ready=False)
    expect(page.locator("#cancel")).to_be_visible()
    assert urljoin(place.url, "faq/#cancel") == page.url
