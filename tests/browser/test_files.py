"""Own files on the page: read in a worker of their own, shown, used in the plan."""

import io
import json
import shutil
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.test_accessibility import violations
from tests.browser.watch import READY_MS, Visit, wait_ready
from tests.planner.measure.examples import lines_of, request
from tests.planner.review.account import Account, account

TOLD = "[data-files=told]"
SENTENCE = "[data-slot='measured.sentence']"
REVIEWED = "[data-slot='reviewed.sentence']"


def drop(page: Page, *paths: Path) -> None:
    """Drop files onto the window, and wait for what they tell."""
    page.evaluate("document.querySelector('[data-module=files]').removeAttribute('data-files')")
    page.set_input_files("[data-drop-input]", paths)
    page.locator(TOLD).wait_for(timeout=READY_MS)


@pytest.fixture
def requests(tmp_path: Path) -> Path:
    """Sixty requests to two models, one with a bad id, two alike."""
    path = tmp_path / "requests.jsonl"
    rows = [request(n, f"Name {n} towns.") for n in range(1, 41)]
    rows += [request(n, "One more.", model="claude-haiku-5-5") for n in range(41, 61)]
    rows[7]["custom_id"] = "a b"
    path.write_bytes(lines_of(rows))
    return path


def test_without_a_file_one_line_names_the_drop(page: Page) -> None:
    """The page is quiet: the line, and nothing of a file."""
    expect(page.locator(".drop-line p")).to_have_text(
        "or drop requests.jsonl, results or a journal anywhere on this page: it stays on this "
        "machine"
    )
    expect(page.locator("[data-module=files]")).to_be_hidden()


def test_what_was_measured_is_shown(page: Page, requests: Path) -> None:
    """Requests, models with their sum, findings, histogram and its table."""
    drop(page, requests)
    expect(page.locator(SENTENCE)).to_contain_text("60 requests to 2 models")
    rows = page.locator("[data-list='measured.plans'] tr")
    expect(rows).to_have_count(3)
    expect(page.locator("[data-list='measured.findings'] tr").first).to_contain_text(
        "custom-id-form"
    )
    bars = page.locator("[data-list='measured.histogram'] tr").count()
    assert bars and page.locator(".chart-histogram .area").count() == 1
    expect(page.locator("[data-slot='measured.duplicates']")).to_contain_text("19 duplicates")


def test_one_press_fills_the_question(page: Page, requests: Path) -> None:
    """The fields are the file's and say so; what a person then changes is not the file's any more."""
    drop(page, requests)
    page.locator("[data-use=measured]").click()
    field = page.locator("[name='workload.requests']")
    expect(field).to_have_value("60")
    expect(page.locator("[data-slot='answer.sentence']")).to_contain_text("60 requests")
    note = page.locator("[data-field='workload.requests'] .from-file")
    expect(note).to_have_text("from your file")
    expect(page.locator("[data-used=measured]")).to_be_visible()
    expect(page.locator("[data-use=measured]")).to_be_hidden()
    field.fill("70")
    expect(note).to_have_count(0)
    expect(page.locator("[data-use=measured]")).to_be_visible()


def test_a_plan_is_answered_while_a_file_is_read(page: Page, tmp_path: Path) -> None:
    """The other worker plans; the stop button ends the reading, and tells what was read."""
    path = tmp_path / "large.jsonl"
    path.write_bytes(lines_of(request(number) for number in range(1000)))
    with path.open("r+b") as file:
        file.truncate(50_000_000_000)  # a hole, which takes no room, and long to read
    page.set_input_files("[data-drop-input]", path)
    page.locator("[data-files-rate]:not(:empty)").wait_for(timeout=READY_MS)
    page.locator("[name='workload.requests']").fill("123")
    expect(page.locator("[data-slot='answer.sentence']")).to_contain_text("123 requests")
    expect(page.locator("[data-files=reading]")).to_be_visible()
    page.locator("[data-files-stop]").click()
    page.locator(TOLD).wait_for(timeout=READY_MS)
    expect(page.locator("[data-files-stopped]")).to_be_visible()
    expect(page.locator(SENTENCE)).to_contain_text("1,000 requests")


def test_a_column_is_chosen(page: Page, tmp_path: Path) -> None:
    """A CSV without a usual name asks for its column, and is read again with it."""
    path = tmp_path / "fragen.csv"
    path.write_text("nr;frage\n1;Was?\n2;Wie?\n")
    drop(page, path)
    expect(page.locator("[data-files-troubles]")).to_be_visible()
    expect(page.locator("[data-files-troubles]")).to_contain_text("which column")
    page.evaluate("document.querySelector('[data-module=files]').removeAttribute('data-files')")
    page.locator("[data-files-column=column]").select_option("frage")
    page.locator(TOLD).wait_for()
    expect(page.locator("[data-files-troubles]")).to_be_hidden()
    expect(page.locator(SENTENCE)).to_contain_text("2 requests")


def test_what_was_measured_is_taken_away(page: Page, requests: Path) -> None:
    """As JSON and as CSV, by names that say what they are."""
    drop(page, requests)
    with page.expect_download() as coming:
        page.locator("[data-export=json]").click()
    assert json.loads(coming.value.path().read_text("utf-8"))["requests"] == 60
    assert coming.value.suggested_filename == "measured.json"
    with page.expect_download() as coming:
        page.locator("[data-export=csv]").click()
    assert "custom-id-form" in coming.value.path().read_text("utf-8")


def drop_by_mouse(page: Page, *paths: Path) -> None:
    """A drop as the browser itself makes it, of files and folders of this machine."""
    session = page.context.new_cdp_session(page)
    data = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        session.send("Input.dispatchDragEvent", {"type": kind, "x": 300, "y": 600, "data": data})
    page.locator(TOLD).wait_for(timeout=READY_MS)


def test_a_folder_and_a_file_are_dropped(page: Page, requests: Path, tmp_path: Path) -> None:
    """Anywhere on the window; the folder is told, the file is read."""
    folder = tmp_path / "batches"
    folder.mkdir()
    drop_by_mouse(page, folder, requests)
    expect(page.locator("[data-files-troubles]")).to_contain_text("it is a folder")
    expect(page.locator(SENTENCE)).to_contain_text("60 requests")


def test_close_leaves_nothing(page: Page, requests: Path) -> None:
    """The section is gone; what was used in the plan stays."""
    drop(page, requests)
    page.locator("[data-files-close]").click()
    expect(page.locator("[data-module=files]")).to_be_hidden()
    drop(page, requests)
    expect(page.locator(SENTENCE)).to_contain_text("60 requests")


def test_the_single_file_reads_too(
    browser: Browser, site: Path, tmp_path: Path, requests: Path
) -> None:
    """From a disk, without any server; what it writes comes as an archive."""
    copy = Path(shutil.copy(site / "batch-planner.html", tmp_path))
    page = browser.new_page()
    page.goto(copy.as_uri())
    wait_ready(page)
    drop(page, requests)
    expect(page.locator(SENTENCE)).to_contain_text("60 requests")
    with page.expect_download() as coming:
        page.locator("[data-write=mend]").click()
    assert coming.value.suggested_filename == "mended.zip"
    page.context.close()


@pytest.mark.parametrize("width", [1280, 360])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(
    visit: Visit, requests: Path, run: Account, tmp_path: Path, width: int, scheme: str
) -> None:
    """In what is shown of files neither; and nothing is wider than the window."""
    page = visit(viewport={"width": width, "height": 800}, color_scheme=scheme)
    drop(page, requests, tmp_path / "journal.jsonl", tmp_path / "batches.json")
    expect(page.locator(REVIEWED)).to_be_visible()
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.fixture
def run(tmp_path: Path) -> Account:
    """A run whose journal and list lie in the folder."""
    made = account(3)
    (tmp_path / "journal.jsonl").write_bytes(made.journal_bytes())
    (tmp_path / "batches.json").write_bytes(made.list_bytes())
    return made


def test_a_run_is_reviewed(page: Page, run: Account, tmp_path: Path) -> None:
    """On the plan's axis, with findings and table; its times become the history by one press."""
    drop(page, tmp_path / "journal.jsonl", tmp_path / "batches.json")
    expect(page.locator(REVIEWED)).to_contain_text(f"{len(run.own())} batches, ended after")
    expect(page.locator("[data-slot='reviewed.place']")).to_contain_text("Faster than")
    expect(page.locator(".chart-actual .bar")).to_have_count(len(run.own()))
    expect(page.locator("[data-list='reviewed.findings']")).to_contain_text("maybe paid for twice")
    expect(page.locator("[data-files-part=measured]")).to_be_hidden()
    changes = page.locator("[data-list='reviewed.changes']")
    expect(changes).to_contain_text("Judged by: Public observations → My own batches")
    page.locator("[data-use=reviewed]").click()
    expect(page.locator("[name='duration.model']")).to_have_value("history")
    history = page.locator("[name='duration.history']").input_value()
    assert len(history.split(";")) == len(run.provider.batches)
    expect(page.locator("[data-used=reviewed]")).to_be_visible()
    expect(changes).to_be_hidden()


def test_a_growing_journal_is_followed(page: Page, run: Account, tmp_path: Path) -> None:
    """A journal that was dropped by mouse is read again when it has grown."""
    journal = tmp_path / "growing.jsonl"
    lines = run.journal_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join(lines[: len(lines) * 2 // 3]))
    drop_by_mouse(page, journal)
    expect(page.locator(REVIEWED)).to_contain_text("running")
    expect(page.locator("[data-files-watch=followed]")).to_be_visible()
    journal.write_bytes(b"".join(lines))
    expect(page.locator(REVIEWED)).to_contain_text("ended after")
    expect(page.locator("[data-files-watch=followed]")).to_be_hidden()


def test_the_lines_that_fetch_the_list(page: Page, run: Account, tmp_path: Path) -> None:
    """They are those of the guide, and are Python."""
    drop(page, tmp_path / "journal.jsonl")
    lines = page.locator("[data-slot='reviewed.fetch']").text_content() or ""
    guide = (Path(__file__).parents[2] / "content/guides/own-files.md").read_text("utf-8")
    assert lines in guide
    compile(lines, "fetch", "exec")
    page.get_by_text("The lines that fetch the list of batches").click()
    expect(page.locator("[data-copy='reviewed.fetch']")).to_be_visible()


ENTRIES = """async () => {
    const root = await navigator.storage.getDirectory();
    const found = {};
    for await (const folder of root.values()) {
        for await (const file of folder.values()) {
            found[`${folder.name}/${file.name}`] = await (await file.getFile()).text();
        }
    }
    return found;
}"""


def test_batches_are_written_into_a_folder(page: Page, tmp_path: Path) -> None:
    """A new one each time, so that nothing is written over; put together they are the file."""
    data = lines_of(request(number, f"Name {number} towns.") for number in range(50))
    (tmp_path / "fine.jsonl").write_bytes(data)
    page.goto(page.url + "#batches.requests_per_batch=20")
    drop(page, tmp_path / "fine.jsonl")
    page.evaluate("window.showDirectoryPicker = () => navigator.storage.getDirectory()")
    for _ in range(2):
        page.locator("[data-files-written]").evaluate("(place) => (place.textContent = '')")
        page.locator("[data-write=split]").click()
        expect(page.locator("[data-files-written]")).to_have_text("3 batches written.")
    found = page.evaluate(ENTRIES)
    assert found.keys() == {
        f"{folder}/batch-0000{number}.jsonl"
        for folder in ("batches", "batches-2")
        for number in (1, 2, 3)
    }
    for folder in ("batches", "batches-2"):
        parts = [found[name] for name in sorted(found) if name.startswith(f"{folder}/")]
        assert "".join(parts).encode() == data


def test_mended_files_come_as_an_archive(page: Page, requests: Path) -> None:
    """Where the browser has no folders to write into."""
    drop(page, requests)
    expect(page.locator("[data-write=split]")).to_be_hidden()  # there is an error
    page.evaluate("window.showDirectoryPicker = undefined")
    with page.expect_download() as coming:
        page.locator("[data-write=mend]").click()
    assert coming.value.suggested_filename == "mended.zip"
    with zipfile.ZipFile(io.BytesIO(coming.value.path().read_bytes())) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["requests-1.jsonl", "ids.jsonl"]
        back = json.loads(archive.read("ids.jsonl"))
    assert (back["old"], back["line"]) == ("a b", 8)
    expect(page.locator("[data-files-written]")).to_contain_text("1 id mended")
