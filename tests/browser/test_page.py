"""The planner as a person uses it: typing, mistakes, links, keys, the slider, presses, paper and a phone."""

import json
import re
from datetime import date, datetime
from itertools import chain
from pathlib import Path
from urllib.parse import parse_qs, urljoin, urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from planner import bridge
from tests.browser.test_accessibility import PHONE, kinds, open_all
from tests.browser.watch import READY_MS, Visit
from tests.conftest import Chances


def control(page: Page, field: str) -> Locator:
    return page.locator(f"[name='{field}']")


def slot(page: Page, name: str) -> Locator:
    return page.locator(f"[data-slot='{name}']")


def query(page: Page) -> str:
    """The plan that the address holds."""
    return urlsplit(page.url).fragment


def open_cut(page: Page) -> None:
    """Unfold the batches: how the workload is cut is chosen unless somebody sets it."""
    page.locator(".sum", has=control(page, "batches.concurrent")).locator("summary").click()


def open_assumptions(page: Page) -> None:
    """Unfold what is taken as it is until somebody changes it."""
    page.locator(".assumptions summary").click()


def expect_query(page: Page, text: str) -> None:
    """The address comes to hold that query; Playwright learns of it a moment after the page."""
    end = "#" + text if text else "/"
    expect(page).to_have_url(re.compile(re.escape(end) + "$"))


def answered(text: str) -> dict[str, str]:
    """The slots that CPython gives for a query: what the page must show."""
    slots: dict[str, str] = json.loads(bridge.handle(json.dumps({"query": text})))["view"]["slots"]
    return slots


def expect_plan(page: Page, text: str) -> None:
    """The page shows the plan of that query, and its address is that query."""
    slots = answered(text)
    for name in (
        "answer.sentence",
        "time.p50",
        "time.p95",
        "cost.batch",
        "cost.saved",
        "batches.count",
        "command",
    ):
        expect(slot(page, name)).to_have_text(slots[name])
    expect(page).to_have_title(slots["page.title"])
    expect_query(page, text)


def shown(page: Page) -> dict[str, str]:
    """Everything that the page says about the plan: slots, lists and pictures."""
    settled(page)
    found: dict[str, str] = page.evaluate(
        """() => Object.fromEntries([...document.querySelectorAll("[data-slot], [data-list], [data-chart]")].map(place => [
            Object.values(place.dataset).join(" "), place.dataset.chart ? place.innerHTML : place.textContent]))"""
    )
    found.pop("answer.changed")  # says where one came from
    return found


def expect_answer(page: Page, state: str) -> None:
    """Of what the shown answer is, as `data-answer` says."""
    expect(page.locator("html")).to_have_attribute("data-answer", state)


def settled(page: Page) -> None:
    """Until no answer is awaited: plan, programs and ways are there, and the sentence was said."""
    for awaited in (
        "[data-module='results']",
        "[data-module='programs']",
        "[data-list='ways']",
    ):
        expect(page.locator(awaited)).not_to_have_attribute("aria-busy", "true", timeout=READY_MS)
    expect(page.locator("[data-announce]")).to_have_text(slot(page, "answer.sentence").inner_text())


# ---------------------------------------------------------------- typing


def test_typing_changes_the_plan(page: Page) -> None:
    """Every field that is typed into changes sentence, numbers, title and address."""
    control(page, "workload.requests").fill("250000")
    control(page, "workload.model").select_option("claude-haiku-5-5")
    open_cut(page)
    control(page, "batches.requests_per_batch").fill("50000")
    expect_plan(
        page,
        "workload.model=claude-haiku-5-5&workload.requests=250000&batches.requests_per_batch=50000",
    )


def test_number_is_read_as_people_write_it(page: Page) -> None:
    """20,000, 20k and 2e4 are the same number."""
    for text in ("20,000", "20k", "2e4", " 20000 "):
        control(page, "workload.requests").fill(text)
        expect_plan(page, "workload.requests=20000")
        control(page, "workload.requests").fill("9")
        expect_query(page, "workload.requests=9")


def test_newest_input_wins(page: Page) -> None:
    """Keys that come faster than answers end with the plan of the last one."""
    control(page, "workload.requests").fill("")
    control(page, "workload.requests").press_sequentially("7654321", delay=5)
    expect_plan(page, "workload.requests=7654321")


def test_checkbox_and_choice(page: Page) -> None:
    """Controls in folded groups count too."""
    open_assumptions(page)
    control(page, "pricing.geo").select_option("us")
    control(page, "pricing.bill_failed").check()
    expect_plan(page, "pricing.geo=us&pricing.bill_failed=true")


def test_one_gap_takes_both_deadlines(page: Page) -> None:
    """A length becomes hours, a time by the clock takes their place and begins now, and back."""
    gap = control(page, "goal.deadline_at")
    gap.fill("2 days")
    expect_query(page, "goal.deadline_h=48")
    gap.fill("Mon 8:00")
    expect(page).to_have_url(
        re.compile(r"#goal\.start_at=[^&]+&goal\.deadline_at=[^&]+T08:00[^&]+$")
    )
    gap.fill("36h")
    expect(page).to_have_url(re.compile(r"goal\.deadline_h=36$"))
    assert "deadline_at" not in query(page)


def test_a_time_has_the_offset_of_its_own_day(visit: Visit) -> None:
    """In summer another than in winter, whichever it is now."""
    page, year = visit(timezone_id="America/New_York"), date.today().year + 1
    open_assumptions(page)
    for day, moment in (("Jan", "01-01T08:00-05:00"), ("Jul", "07-01T08:00-04:00")):
        control(page, "goal.start_at").fill(f"1 {day} {year} 8:00")
        expect_query(page, f"goal.start_at={year}-{moment}")


# ---------------------------------------------------------------- mistakes


def test_bad_value_has_a_message_beside_it_and_in_the_summary(page: Page) -> None:
    """The message says what is allowed; the last good plan stays, marked as such."""
    sentence = slot(page, "answer.sentence").inner_text()
    field = control(page, "workload.requests")
    field.fill("ten")
    beside = page.locator("[data-problem-for='workload.requests']")
    expect(beside).to_contain_text("from 1 to 10,000,000")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(page.locator("[data-problems]")).to_contain_text("Requests")
    expect(page.locator(".notice.is-stale")).to_be_visible()
    expect(slot(page, "answer.sentence")).to_have_text(sentence)
    expect_query(page, "")
    expect_answer(page, "stale")


def test_all_mistakes_are_told_at_once(page: Page) -> None:
    """Sending the form moves the focus to a summary that links to each field."""
    control(page, "workload.requests").fill("0")
    control(page, "workload.output_tokens").fill("-5")
    control(page, "workload.output_tokens").press("Enter")
    summary = page.locator("[data-problems]")
    expect(summary).to_be_focused()
    expect(summary.get_by_role("link")).to_have_count(2)
    summary.get_by_role("link").last.click()
    expect(control(page, "workload.output_tokens")).to_be_focused()


def test_mended_value_clears_the_messages(page: Page) -> None:
    """When the value is good again nothing reminds of the mistake."""
    open_cut(page)
    control(page, "batches.concurrent").fill("101")
    expect(page.locator("[data-problem-for='batches.concurrent']")).to_be_visible()
    control(page, "batches.concurrent").fill("10")
    expect(page.locator("[data-problem-for='batches.concurrent']")).to_be_hidden()
    expect(page.locator("[data-problems]")).to_be_hidden()
    expect(page.locator(".notice.is-stale")).to_be_hidden()
    expect(control(page, "batches.concurrent")).not_to_have_attribute("aria-invalid", "true")
    expect_plan(page, "batches.concurrent=10")
    expect_answer(page, "current")


def test_half_a_word_is_not_scolded(visit: Visit) -> None:
    """No message while a value is being typed; it comes when typing rests, and goes with the first good value."""
    page = visit(clock=True)
    page.clock.pause_at(datetime(2100, 1, 1))  # nobody rests
    field, message = (
        control(page, "workload.requests"),
        page.locator("[data-problem-for='workload.requests']"),
    )
    field.fill("")
    field.press_sequentially("1e")
    expect(page.locator(".notice.is-stale")).to_be_visible()
    expect(message).to_be_hidden()
    field.press_sequentially("5")
    expect_plan(page, "workload.requests=100000")
    field.press_sequentially("e")
    expect(page.locator(".notice.is-stale")).to_be_visible()
    expect(message).to_be_hidden()
    page.clock.run_for(1000)
    expect(message).to_be_visible()
    field.press("Backspace")
    expect(message).to_be_hidden()


# ---------------------------------------------------------------- links


def test_link_gives_the_same_plan(visit: Visit) -> None:
    """Whoever opens the link sees the same texts, rows and pictures, and the same values in the form."""
    first = visit()
    control(first, "workload.requests").fill("123456")
    open_cut(first)
    control(first, "batches.concurrent").fill("3")
    open_assumptions(first)
    control(first, "goal.start_at").fill("2026-11-28T22:30+01:00")
    control(first, "goal.deadline_h").fill("9.5")
    expect_plan(
        first,
        "workload.requests=123456&batches.concurrent=3&goal.start_at=2026-11-28T22:30%2B01:00&goal.deadline_h=9.5",
    )
    second = visit("#" + query(first))
    expect_plan(second, query(first))
    expect(control(second, "goal.start_at")).to_have_value("Sat 28 Nov 2026, 22:30 +01:00")
    assert shown(second) == shown(first)


def test_default_has_no_query(page: Page) -> None:
    """Only what differs from the default stands in the address."""
    control(page, "workload.requests").fill("9")
    expect_plan(page, "workload.requests=9")
    control(page, "workload.requests").fill("10000")
    expect_plan(page, "")


def test_copy_link(visit: Visit) -> None:
    """The button puts the address into the clipboard and says so."""
    page = visit("#workload.requests=77", permissions=["clipboard-read", "clipboard-write"])
    expect_plan(page, "workload.requests=77")
    page.locator("[data-copy='link']").click()
    expect(page.locator("[data-copy='link'] [data-copied]")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == page.url


def test_back_and_forward(page: Page) -> None:
    """Each field that was changed is one step back; the form follows."""
    control(page, "workload.requests").fill("500")
    expect_plan(page, "workload.requests=500")
    control(page, "workload.output_tokens").fill("50")
    expect_plan(page, "workload.requests=500&workload.output_tokens=50")
    page.go_back()
    expect_plan(page, "workload.requests=500")
    expect(control(page, "workload.output_tokens")).to_have_value("1,000")
    page.go_back()
    expect_plan(page, "")
    page.go_forward()
    page.go_forward()
    expect_plan(page, "workload.requests=500&workload.output_tokens=50")
    expect(control(page, "workload.requests")).to_have_value("500")


def test_query_string_is_moved_behind_the_number_sign(visit: Visit) -> None:
    """A link as they once were opens the same plan, and leaves no entry of its own in the history."""
    page = visit("?workload.requests=77&batches.concurrent=3")
    expect_plan(page, "workload.requests=77&batches.concurrent=3")
    assert urlsplit(page.url).query == ""
    assert page.evaluate("history.length") == visit("", ready=False).evaluate("history.length")


def test_query_string_of_others_is_left_alone(visit: Visit) -> None:
    """What a mail or a network appends to links is no plan, beside one neither."""
    page = visit("?utm_source=mail&fbclid=Iw.AR=1")
    expect_answer(page, "example")
    expect(page.locator("[data-problems]")).to_be_hidden()
    page = visit("?utm_source=mail#workload.requests=78")
    expect_plan(page, "workload.requests=78")


def test_fragment_without_a_plan_is_an_anchor(visit: Visit) -> None:
    """The example stands there, and the browser goes to the place."""
    page = visit("#run-name")
    expect_answer(page, "example")
    expect(page.locator("#run-name")).to_be_in_viewport()


def test_anchor_keeps_the_plan(visit: Visit) -> None:
    """Who goes to a place in the page does not lose the plan from the address."""
    page = visit("#workload.requests=79")
    expect_plan(page, "workload.requests=79")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    expect_query(page, "workload.requests=79")
    page.evaluate("location.hash = 'run-name'")
    expect(page.locator("#run-name")).to_be_in_viewport()
    expect_answer(page, "current")
    expect(slot(page, "answer.sentence")).to_contain_text("79 requests")


def test_address_that_is_typed_is_a_plan(page: Page) -> None:
    """Another fragment in the address bar loads no page; the plan follows all the same."""
    page.evaluate("location.hash = 'workload.requests=80'")
    expect_plan(page, "workload.requests=80")
    expect(control(page, "workload.requests")).to_have_value("80")
    open_assumptions(page)
    page.get_by_role("link", name="Back to the example").click()
    expect_plan(page, "")


def test_one_bad_value_keeps_the_others(visit: Visit) -> None:
    """It stands in the form as the link gives it, with its message; the plan is that of the others."""
    link = "workload.requests=20000&workload.output_tokens=abc&goal.deadline_h=9"
    page = visit("#" + link)
    expect(page.locator("[data-problem-for='workload.output_tokens']")).to_contain_text("a number")
    expect(control(page, "workload.output_tokens")).to_have_value("abc")
    expect(control(page, "workload.requests")).to_have_value("20,000")
    expect(control(page, "goal.deadline_h")).to_have_value("9")
    good = "workload.requests=20000&goal.deadline_h=9"
    expect(slot(page, "answer.sentence")).to_have_text(answered(good)["answer.sentence"])
    expect_answer(page, "stale")
    expect_query(page, link)
    control(page, "workload.output_tokens").fill("500")
    expect_plan(page, "workload.requests=20000&workload.output_tokens=500&goal.deadline_h=9")
    expect_answer(page, "current")
    expect(page.locator("[data-problems]")).to_be_hidden()


def test_choice_that_is_none_keeps_the_others(visit: Visit) -> None:
    """A list cannot show what it does not have; the message beside it says what the link wrote."""
    page = visit("#workload.model=claude-9&workload.requests=20000")
    expect(page.locator("[data-problem-for='workload.model']")).to_contain_text("claude-9")
    expect(control(page, "workload.model")).to_have_value("claude-sonnet-5-5")
    expect(control(page, "workload.requests")).to_have_value("20,000")


@pytest.mark.drawn(3)
@pytest.mark.parametrize(
    ("link", "message"),
    [
        ("#workload.requets=5", "workload.requets: There is no such field."),
        ("#workload.requests=5&workload.requests=6", "more than once"),
        ("#workload.requests=%FF", "cut or mangled"),
        ("#workload.model=%3Cimg%20src=x%20onerror=alert(1)%3E", "<img src=x onerror=alert(1)>"),
        ("#workload.requests=" + "9" * 400, "400 characters"),
    ],
    ids=["unknown field", "field twice", "mangled", "markup", "400 digits"],
)
def test_bad_link(visit: Visit, link: str, message: str) -> None:
    """A link that cannot be planned says why; the example plan stays, marked as such."""
    page = visit(link)
    expect(page.locator("[data-problems]")).to_contain_text(message)
    expect(page.locator(".notice.is-stale")).to_be_visible()
    expect(slot(page, "answer.sentence")).to_have_text(answered("")["answer.sentence"])
    expect(page.locator("img[src=x]")).to_have_count(0)
    control(page, "workload.requests").fill("12")
    expect_plan(page, "workload.requests=12")


def test_link_of_100_kilobytes(page: Page) -> None:
    """It says what is wrong, and works on."""
    page.evaluate("location.hash = 'x=' + 'a'.repeat(100_000)")
    expect(page.locator("[data-problems]")).to_contain_text("no such field")
    control(page, "workload.requests").fill("12")
    expect_plan(page, "workload.requests=12")


# ---------------------------------------------------------------- what can be taken away


COPY_LINK = "[data-action='copy-link']"
COPY_PROGRAM, DOWNLOAD = "[data-action='copy-program']", "[data-action='download']"

# Each time when the page changes from the first key on: of what the sentence speaks, and what can be taken away just then.
RECORD = """(wanted) => {
    const count = (text) => /([\\d,]+) requests/.exec(text)?.[1];
    const program = document.querySelector("[data-program=python]");
    const link = document.querySelector("[data-action=download]");
    window.record = [];
    const observer = new MutationObserver(() => window.record.push({
        answer: document.documentElement.dataset.answer,
        sentence: count(document.querySelector("[data-slot='answer.sentence']").textContent),
        program: program.textContent === wanted,
        link: !document.querySelector("[data-action=copy-link]").disabled,
        address: location.hash,
        copy: !document.querySelector("[data-action=copy-program]").disabled,
        download: link.hasAttribute("href"),
    }));
    const everything = { subtree: true, childList: true, attributes: true, characterData: true };
    const record = () => observer.observe(document.documentElement, everything);
    addEventListener("input", record, { capture: true, once: true }); // before, the older plan is the current one
}"""


def program_of(text: str) -> str:
    """The Python program that CPython gives for a query."""
    reply = json.loads(bridge.handle(json.dumps({"query": text, "want": "programs"})))
    (program,) = (each for each in reply["programs"] if each["key"] == "python")
    return str(program["text"])


def test_only_what_is_current_can_be_taken_away(page: Page) -> None:
    """From a key to the last program, no moment offers the link or the program of another plan."""
    expect(page.locator(COPY_LINK)).to_be_enabled()
    expect(page.locator(DOWNLOAD).first).to_be_enabled()
    page.evaluate(RECORD, program_of("workload.requests=4321"))
    control(page, "workload.requests").fill("4321")
    settled(page)
    moments = page.evaluate("window.record")
    offered = [moment for moment in moments if moment["copy"] or moment["download"]]
    assert {(moment["answer"], moment["sentence"], moment["program"]) for moment in offered} == {
        ("current", "4,321", True)
    }
    links = {(each["answer"], each["address"]) for each in moments if each["link"]}
    assert links == {("current", "#workload.requests=4321")}
    assert {"working", "current"} == {moment["answer"] for moment in moments}


def test_download_is_the_program_of_the_plan(page: Page) -> None:
    """The file is the text that is shown."""
    control(page, "workload.requests").fill("4322")
    settled(page)
    with page.expect_download() as download:
        page.locator(DOWNLOAD).first.click()
    assert Path(download.value.path()).read_text("utf-8") == program_of("workload.requests=4322")


def test_the_file_says_which_plan_it_is(visit: Visit) -> None:
    """The download has the plan's name, and so have the commands beside it."""
    page = visit("#workload.model=claude-haiku-5-5&workload.requests=2000000")
    settled(page)
    with page.expect_download() as download:
        page.locator(DOWNLOAD).first.click()
    assert download.value.suggested_filename == "batch-2M-haiku-5-5.py"
    commands = page.locator(".program-python [data-program-cell]")
    expect(commands.nth(1)).to_have_text("python batch-2M-haiku-5-5.py requests.jsonl --check")
    expect(page.locator(".program-javascript [data-program-cell='run']")).to_have_text(
        "node batch-2M-haiku-5-5.mjs requests.jsonl --out run"
    )
    control(page, "workload.requests").fill("12345")
    settled(page)
    expect(commands.nth(1)).to_contain_text("batch-12345-haiku-5-5.py")


def test_nothing_is_handed_out_beside_a_bad_value(page: Page) -> None:
    """Neither link nor program is that of the form; when the form is right again they are."""
    control(page, "workload.requests").fill("none")
    expect_answer(page, "stale")
    expect(page.locator(COPY_LINK)).to_be_disabled()
    expect(page.locator(COPY_PROGRAM).first).to_be_disabled()
    expect(page.locator(DOWNLOAD).first).to_be_disabled()
    control(page, "workload.requests").fill("10000")
    for action in (COPY_LINK, COPY_PROGRAM, DOWNLOAD):
        expect(page.locator(action).first).to_be_enabled()


# ---------------------------------------------------------------- presses, slider, keys


def test_remedy_is_one_press(visit: Visit) -> None:
    """A caveat's remedy changes the scenario, says what changed, and the caveat is gone."""
    page = visit("#workload.model=claude-sonnet-4-20250514")
    caveat = page.locator("[data-list='caveats'] .is-blocks")
    expect(caveat).to_have_count(1)
    remedy = caveat.locator("a.press")
    address = remedy.get_attribute("href")
    assert address is not None
    remedy.click()
    expect(page.locator("[data-list='caveats'] .is-blocks")).to_have_count(0)
    expect(slot(page, "answer.changed")).not_to_be_empty()
    expect(page.locator("[data-field='workload.model'].is-changed")).to_have_count(1)
    expect_plan(page, address.removeprefix("#"))
    page.go_back()
    expect_plan(page, "workload.model=claude-sonnet-4-20250514")


def test_way_is_a_plan(page: Page) -> None:
    """Each way is a link to the plan with the numbers that its line shows, and this plan is marked."""
    control(page, "workload.requests").fill("60000")
    settled(page)
    lines = page.locator("[data-list='ways'] > tr")
    expect(page.locator("[data-list='ways'] > tr.is-this")).to_have_count(1)
    line = lines.filter(has=page.locator("a[href]")).first
    cost, time = (line.locator(f"[data-cell='{cell}']").inner_text() for cell in ("cost", "time"))
    line.get_by_role("link").click()
    expect(slot(page, "cost.batch").first).to_have_text(cost)
    expect(slot(page, "time.confident")).to_have_text(time)
    expect(page).not_to_have_url(re.compile(r"#workload\.requests=60000$"))


def test_slider_sets_the_field(page: Page) -> None:
    """The slider under a number is the same number, by keys too."""
    open_cut(page)
    slider = page.locator("[data-slider-for='batches.requests_per_batch']")
    slider.focus()
    slider.press("ArrowLeft")
    size = control(page, "batches.requests_per_batch").input_value()
    assert size == "5,000"
    expect(slider).to_have_attribute("aria-valuetext", "5,000")
    expect_plan(page, "batches.requests_per_batch=5000")


def test_moment_of_the_run(visit: Visit) -> None:
    """At the start nothing is done, at the end all is; between them every batch that is drawn is counted once."""
    page = visit("#workload.requests=40000&batches.requests_per_batch=5000&batches.concurrent=2")
    expect(page.locator("[data-slot='batches.count']")).to_have_text("8")
    slider, line = (
        page.locator("[data-moment-slider]"),
        page.locator("[data-chart='queue'] .moment"),
    )
    slider.focus()
    slider.press("Home")
    start = line.get_attribute("x1") or ""
    expect(page.locator("[data-moment-cell='completed']").first).to_have_text("0")
    slider.press("End")
    expect(line).not_to_have_attribute("x1", start)
    expect(page.locator("[data-chart='queue'] .bar.is-processing")).to_have_count(0)
    for key in ("Home", "PageUp", "PageUp", "End"):
        slider.press(key)
        cells = [
            page.locator(f"[data-moment-cell='{state}']").inner_text()
            for state in ("completed", "processing", "queued")
        ]
        counted = re.findall(r"\d+", " ".join(cells))
        assert sum(map(int, counted)) == page.locator("[data-chart='queue'] .bar").count()


def test_play_walks_through_the_run(visit: Visit) -> None:
    """Play moves the moment on and can be stopped; who wants less motion is not offered it."""
    expect(visit("", ready=False).locator("[data-play]")).to_be_hidden()
    page = visit(reduced_motion="no-preference")
    slider, play = page.locator("[data-moment-slider]"), page.locator("[data-play]")
    before = slider.input_value()
    play.click()
    expect(play).to_have_attribute("aria-pressed", "true")
    expect(slider).not_to_have_value(before)
    play.click()
    expect(play).to_have_attribute("aria-pressed", "false")


def test_percentile_chooses_the_run_that_is_drawn(page: Page) -> None:
    """The queue shows the typical, the cautious or the slow run."""
    drawn = page.locator("[data-chart='queue']").inner_html()
    page.locator("[name=percentile][value=p95]").check()
    page.wait_for_function(
        "before => document.querySelector(\"[data-chart='queue']\").innerHTML !== before", arg=drawn
    )
    expect(slot(page, "queue.caption")).to_contain_text("P95")
    expect_query(page, "")


def test_keyboard_alone(page: Page) -> None:
    """From the top of the page to a new plan and its remedy without a pointer."""
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.name") == "workload.requests":
            break
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("345")
    page.keyboard.press("Enter")
    expect_plan(page, "workload.requests=345")
    page.keyboard.press("Tab")
    # the mark of the focus may stand on the frame around the control
    marks = "[document.activeElement, document.activeElement.parentElement].map(part => getComputedStyle(part).outlineStyle)"
    assert page.evaluate(marks) != ["none", "none"]


def test_reason_opens_and_closes_by_key(page: Page) -> None:
    """Every number opens to its reason, and closes as it opened; another one takes its place."""
    cost = page.locator(".sum", has=slot(page, "why.cost"))
    batches = page.locator(".sum", has=slot(page, "why.batches"))
    cost.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(slot(page, "why.cost")).to_be_visible()
    expect(slot(page, "why.cost")).not_to_be_empty()
    batches.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(slot(page, "why.batches")).to_be_visible()
    expect(slot(page, "why.cost")).to_be_hidden()
    page.keyboard.press("Enter")
    expect(slot(page, "why.batches")).to_be_hidden()


def test_a_fact_without_a_text_is_not_there(visit: Visit) -> None:
    """What a file alone tells has its name on the page only when it has a text; so has a plan's fact."""
    page = visit("#goal.deadline_h=60")
    expect(slot(page, "time.deadline")).to_contain_text("60 h")
    for place in page.locator("[data-if-text]").all():
        texts = place.locator("dd").all_text_contents()
        has_text = any(text.replace("Guide", "").strip() for text in texts)
        assert (place.get_attribute("hidden") is None) == has_text, texts


# ---------------------------------------------------------------- paper, phone, no script


def test_paper(page: Page) -> None:
    """Print keeps sentence, numbers, chart and cost, and leaves out what can only be pressed."""
    page.emulate_media(media="print")
    for kept in (
        "[data-slot='answer.sentence']",
        "[data-slot='cost.batch']",
        "[data-chart='queue'] svg",
        "[data-list='cost.lines']",
    ):
        expect(page.locator(kept).first).to_be_visible()
    for left_out in ("[data-copy='link']", "[data-play]", "[data-moment-slider]", "nav"):
        expect(page.locator(left_out).first).to_be_hidden()
    assert sheets(page) == 1


def sheets(page: Page) -> int:
    """The pages of paper that the page needs."""
    return len(re.findall(rb"/Type\s*/Page(?!s)", page.pdf(format="A4")))


def test_a_long_verdict_is_one_sheet_too(visit: Visit) -> None:
    """A plan that cannot run, with three caveats, eight ways and 23 batches."""
    goal = "goal.deadline_h=40&goal.budget_usd=900"
    page = visit(f"#workload.requests=2m&workload.output_tokens=1000&{goal}")
    expect(page.locator('[data-list="ways"] tr')).to_have_count(8, timeout=READY_MS)
    assert sheets(page) == 1


def test_no_page_scrolls_sideways(visit: Visit, site: Path, chances: Chances, whole: bool) -> None:
    """No page, drawn of each kind, is wider than the window, on a phone neither, with large numbers and help of every
    field."""
    link = "#workload.requests=10m&batches.requests_per_batch=100k&batches.concurrent=100"
    page = visit(link)
    expect(slot(page, "answer.sentence")).to_contain_text("10,000,000 requests")
    open_all(page)
    (chance,) = chances(1, 1)
    drawn = {*chain.from_iterable(kinds(site, chance, whole))}
    for path in sorted(drawn):  # the planner, of which the numbers are, is the first
        if path:
            page.goto(urljoin(page.url, "/" + path))
        for width in (1440, 1024, 700, 360, 320):
            page.set_viewport_size({"width": width, "height": 740})
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path or "home"


BROKEN = """() => {
  const broken = [];
  for (const place of document.querySelectorAll("[data-slot], [data-cell]")) {
    const texts = document.createTreeWalker(place, NodeFilter.SHOW_TEXT);
    for (let text; (text = texts.nextNode()); ) {
      for (const found of text.data.matchAll(/(?:\\d{4}-\\d\\d-\\d\\d|\\d (?:d|h|min|s|%)(?: \\d+ (?:h|min))?)(?!\\w)/g)) {
        const range = document.createRange();
        range.setStart(text, found.index);
        range.setEnd(text, found.index + found[0].length);
        const lines = new Set([...range.getClientRects()].map(({ top }) => Math.round(top)));
        if (lines.size > 1) broken.push(found[0]);
      }
    }
  }
  return broken;
}"""


@pytest.mark.parametrize(
    "path",
    [
        "",
        "#workload.requests=2000000&goal.deadline_h=30&goal.budget_usd=9000",
        "#workload.model=claude-sonnet-4-5",
    ],
    ids=["example", "plan", "date"],
)
def test_no_line_breaks_an_amount(visit: Visit, path: str) -> None:
    """2 h 30 min, or 2026-11-30, stay together on the narrowest page, in what was built and in what was asked."""
    page = visit(path, viewport=PHONE)
    expect(slot(page, "answer.sentence")).to_have_text(answered(path[1:])["answer.sentence"])
    for width in range(320, 400, 8):  # a line ends elsewhere on each
        page.set_viewport_size(PHONE | {"width": width})
        assert page.evaluate(BROKEN) == []


def test_without_javascript(visit: Visit) -> None:
    """The example plan is whole: sentence, numbers, rows and pictures."""
    page = visit("", ready=False, java_script_enabled=False)
    for name, text in answered("").items():
        if name not in ("answer.changed", "page.title") and slot(page, name).count():
            expect(slot(page, name).first).to_have_text(text)
    expect(page.locator("html")).to_have_attribute("data-engine", "static")
    expect(page.locator("[data-chart='queue'] svg")).to_be_visible()
    expect(page.locator("[data-list='ways'] > tr").first).to_be_visible()
    assert parse_qs(
        page.locator("[data-list='ways'] a").first.get_attribute("href").removeprefix("#")
    )


def test_nothing_is_stored(page: Page) -> None:
    """No cookie, and nothing of the inputs is kept in the browser."""
    control(page, "workload.requests").fill("4711")
    expect_plan(page, "workload.requests=4711")
    assert page.context.cookies() == []
    assert page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])") == "[{},{}]"
