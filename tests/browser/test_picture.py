"""The run is saved as a file of the plan that is shown."""

import struct
from pathlib import Path
from xml.etree import ElementTree as ET

from playwright.sync_api import Locator, Page, expect

from tests.browser.test_page import answered, control, settled
from tests.browser.watch import Visit

PLAN = "workload.model=claude-haiku-5-5&workload.requests=2000000&limits.tier=scale"


def button(page: Page, kind: str) -> Locator:
    return page.locator(f"[data-action='save-{kind}']")


def saved(page: Page, kind: str) -> tuple[str, bytes]:
    """The name and the content of the file that a press saves."""
    with page.expect_download() as download:
        button(page, kind).click()
    return download.value.suggested_filename, Path(download.value.path()).read_bytes()


def test_the_run_is_saved(visit: Visit) -> None:
    """As SVG and as PNG in twice its size, named after the plan, with title and address in it."""
    page = visit("#" + PLAN)
    settled(page)
    page.locator(".run-fold > summary").click()
    name, content = saved(page, "svg")
    svg = content.decode()
    assert name == "run-2M-haiku-5-5.svg"
    assert answered(PLAN)["page.title"] in svg and "limits.tier=scale" in svg
    root = ET.fromstring(svg)
    name, content = saved(page, "png")
    assert name == "run-2M-haiku-5-5.png"
    assert content.startswith(b"\x89PNG")
    size = struct.unpack(">II", content[16:24])
    assert size == (2 * int(root.get("width", "")), 2 * int(root.get("height", "")))
    assert len(content) > 50_000  # an empty one is a tenth of it
    expect(page.locator("[data-save-failed]")).to_be_hidden()


def test_the_picture_is_of_what_is_seen(page: Page) -> None:
    """The percentile and the moment that were chosen."""
    page.locator("[name=percentile][value=p50]").check()
    expect(page.locator("[data-slot='queue.caption']")).to_contain_text("P50")
    page.locator("[data-moment-slider]").focus()
    page.keyboard.press("End")
    page.locator(".run-fold > summary").click()
    svg = saved(page, "svg")[1].decode()
    assert "P50: half of the runs" in svg
    assert "Queued 0" in svg and "Processing 0" in svg


# A picture is drawn a second after it is asked for, and somebody saves it as soon as the ways are there.
SAVE_AT_ONCE = """() => {
    const { postMessage } = Worker.prototype;
    Worker.prototype.postMessage = function (message) {
        setTimeout(() => postMessage.call(this, message), message.text?.includes('"picture"') ? 1000 : 0);
    };
    const ways = document.querySelector("[data-list='ways']");
    new MutationObserver(([{ oldValue }]) => {
        if (oldValue) setTimeout(() => document.querySelector("[data-action='save-svg']").click());
    }).observe(ways, { attributeFilter: ["aria-busy"], attributeOldValue: true });
}"""


def test_what_the_page_asks_itself_does_not_go_before_a_press(page: Page) -> None:
    """Saved just before the programs would be asked for, the picture comes all the same, and then they do."""
    page.evaluate(SAVE_AT_ONCE)
    with page.expect_download() as download:
        control(page, "workload.requests").fill("30000")
    assert "30,000" in Path(download.value.path()).read_text("utf-8")
    settled(page)


def test_nothing_is_saved_beside_a_bad_value(page: Page) -> None:
    """The run that is shown is not the form's."""
    page.locator(".run-fold > summary").click()
    expect(button(page, "svg")).to_be_enabled()
    control(page, "workload.requests").fill("none")
    expect(button(page, "svg")).to_be_disabled()
    expect(button(page, "png")).to_be_disabled()
    control(page, "workload.requests").fill("10000")
    expect(button(page, "png")).to_be_enabled()
