"""The programs on the page: a tab for each edition, with the very files that the command line writes."""

from pathlib import Path
from threading import Event

import pytest
from playwright.sync_api import Page, expect

from planner.__main__ import main
from tests.browser.test_accessibility import PHONE
from tests.browser.test_page import control, expect_answer, settled
from tests.browser.watch import READY_MS, Visit
from tests.static_server import StaticServer, held

FILES = {
    "python": "run_batches.py",
    "javascript": "run_batches.mjs",
    "dbos": "run_batches_dbos.py",
    "dag": "run_batches_dag.py",
    "airflow": "run_batches_airflow.py",
}
ENGINES = ("dbos", "airflow")
HANDED_OUT = "[data-action='download'], [data-action='copy-program']"


def offered(page: Page) -> None:
    """Until the texts of the example are there."""
    for key in FILES:
        expect(page.locator(f"[data-copy={key}]")).to_be_enabled()


def panel(page: Page, edition: str) -> str:
    """Choose a tab; where its panel is."""
    page.locator(f".tab:has([value={edition}])").click()
    expect(page.locator(f".program-{edition}")).to_be_visible()
    return f".program-{edition}"


def test_files_are_those_of_the_command_line(page: Page, tmp_path: Path) -> None:
    """Downloaded and copied, byte for byte, each file of each edition."""
    editions = [word for each in ("python", "javascript", *ENGINES) for word in ("--for", each)]
    plan = ["--set", "workload.requests=4322"]
    assert main(["programs", *plan, *editions, "--out", str(tmp_path)]) == 0
    control(page, "workload.requests").fill("4322")
    settled(page)
    page.evaluate(
        "navigator.clipboard.writeText = (text) => { window.copied = text; return Promise.resolve(); }"
    )
    for key, name in FILES.items():
        panel(page, "airflow" if key == "dag" else key)
        written = (tmp_path / name).read_bytes()
        with page.expect_download() as download:
            page.locator(f"[data-download={key}]").click()
        assert Path(download.value.path()).read_bytes() == written, name
        page.locator(f"[data-copy={key}]").click()
        assert str(page.evaluate("window.copied")).encode() == written, name


def test_an_engine_finds_its_files_by_their_names(visit: Visit) -> None:
    """The two of Airflow keep theirs; that of DBOS has the plan's, and so have its commands."""
    page = visit("#workload.model=claude-haiku-5-5&workload.requests=2000000")
    settled(page)
    names = page.locator("[data-action='download']").evaluate_all(
        "(links) => links.map((link) => link.download)"
    )
    assert names[2:5] == ["batch-dbos-2M-haiku-5-5.py", FILES["dag"], FILES["airflow"]]
    run = page.locator(f"{panel(page, 'dbos')} [data-program-cell='run']")
    expect(run).to_have_text("python batch-dbos-2M-haiku-5-5.py requests.jsonl --out run")


@pytest.mark.parametrize("edition", ENGINES)
def test_every_step_has_its_command(page: Page, edition: str) -> None:
    """Once, check, try three, run; and where an engine looks for its files."""
    steps = page.locator(f"{panel(page, edition)} .steps li")
    words = ["Once", "Check the file", "Try three", "Run"]
    if edition == "airflow":
        words.insert(1, "Put in place")
    assert steps.locator(".step-name").all_inner_texts() == words
    assert all(steps.locator("code").all_inner_texts())


@pytest.mark.drawn(1)
@pytest.mark.parametrize("edition", ENGINES)
def test_nothing_of_an_old_plan_is_handed_out(page: Page, edition: str) -> None:
    """Beside a bad value, and until the texts of the next plan are there."""
    handed_out = page.locator(panel(page, edition)).locator(HANDED_OUT)
    control(page, "workload.requests").fill("none")
    expect_answer(page, "stale")
    for part in handed_out.all():
        expect(part).to_be_disabled()
    control(page, "workload.requests").fill("4323")
    settled(page)
    for part in handed_out.all():
        expect(part).to_be_enabled()


def test_by_keyboard(page: Page) -> None:
    """The tabs are one stop; the next is the first download; then each file's copy and text."""
    offered(page)
    page.locator("[name=program][value=python]").focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    expect(page.locator(".program-airflow")).to_be_visible()
    here = "document.activeElement.dataset.download ?? document.activeElement.dataset.copy ?? document.activeElement.localName"
    stops = []
    for _ in range(6):
        page.keyboard.press("Tab")
        stops.append(page.evaluate(here))
    assert stops == ["dag", "dag", "summary", "airflow", "airflow", "summary"]


# Types in the very moment in which Python is ready; what the worker is asked, in its order.
TYPE_WHEN_READY = """() => {
    const { postMessage } = Worker.prototype;
    window.asked = [];
    Worker.prototype.postMessage = function (message) {
        if (message.kind === "ask") window.asked.push(JSON.parse(message.text).want ?? "plan");
        postMessage.call(this, message);
    };
    new MutationObserver((_, observer) => {
        if (document.documentElement.dataset.engine !== "ready") return;
        observer.disconnect();
        const field = document.querySelector("[name='workload.requests']");
        field.value = "4324";
        field.dispatchEvent(new Event("input", { bubbles: true }));
    }).observe(document.documentElement, { attributeFilter: ["data-engine"] });
}"""


def test_programs_of_the_example_wait_for_whoever_types(visit: Visit, server: StaticServer) -> None:
    """They are asked for when a person rests, not before the plan that is typed at the start."""
    arrives = Event()
    server.faults["runtime/pyodide.asm-*.wasm"] = held(arrives)
    page = visit(ready=False)
    page.evaluate(TYPE_WHEN_READY)
    arrives.set()
    expect(page.locator("[data-slot='answer.sentence']")).to_contain_text("4,324", timeout=READY_MS)
    settled(page)
    assert page.evaluate("window.asked") == ["plan", "ways", "programs"]


def test_outline_leads_to_the_parts(page: Page) -> None:
    """Each part of the text in its order, and the one that is pressed at the top of the block."""
    offered(page)
    here = page.locator(panel(page, "airflow"))
    here.locator("summary").last.click()
    outline = here.locator("[data-outline=airflow] button")
    expect(outline.first).to_have_text("settings")
    assert outline.all_inner_texts()[:2] == ["settings", "errors"]
    expect(here.locator("[data-outline=dag]")).to_be_hidden()
    outline.filter(has_text="doubt").click()
    block = here.locator("pre").last
    expect(block).to_be_focused()
    text = page.locator("[data-program=airflow]").inner_text()
    lines = text[: text.index("# --- doubt:")].count("\n")
    height = page.evaluate(
        "(part) => parseFloat(getComputedStyle(part).lineHeight)", block.element_handle()
    )
    at = block.evaluate("(part) => part.scrollTop")
    assert abs(at - lines * height) < 3 * height


def test_texts_are_not_in_the_page(visit: Visit) -> None:
    """Before they are asked for, no program is in the HTML; without a script each is a file."""
    page = visit(ready=False, java_script_enabled=False)
    assert not any(page.locator("[data-program]").all_text_contents())
    for key in FILES:
        link = page.locator(f"[data-download={key}]")
        answer = page.request.get(str(link.evaluate("(link) => link.href")))
        assert "claude-sonnet-5-5" in answer.text() or key == "dag"


@pytest.mark.drawn(1)
@pytest.mark.parametrize("edition", ENGINES)
def test_nothing_moves_with_another_plan(visit: Visit, edition: str) -> None:
    """On a phone too, where commands break: the buttons of a tab stay where they are."""
    page = visit(viewport=PHONE)
    offered(page)
    here = page.locator(panel(page, edition))

    def places() -> list[float]:
        boxes = [part.bounding_box() for part in here.locator("a.button, button").all()]
        return [box["y"] for box in boxes if box]

    top = here.bounding_box()
    before = places()
    control(page, "workload.model").select_option("claude-haiku-5-5")
    settled(page)
    now = here.bounding_box()
    assert top and now
    assert [y - now["y"] for y in places()] == [y - top["y"] for y in before]
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
