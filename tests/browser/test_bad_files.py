"""Files as they come to harm, dropped on the page: each is told plainly, with what was read of it."""

import json
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from tests.bench.answers import memory_mb
from tests.browser.test_files import SENTENCE, TOLD, drop, drop_by_mouse
from tests.browser.watch import READY_MS
from tests.planner.measure.examples import lines_of, request

TROUBLES = "[data-files-troubles]"
FINDINGS = "[data-list='measured.findings']"
GOOD = lines_of(request(number) for number in range(1000))
HOLE = 300_000_000


def hollow(path: Path, head: bytes, tail: bytes, size: int = HOLE) -> Path:
    """A file with a hole between head and tail, which takes no room on the disk."""
    with path.open("wb") as file:
        file.write(head)
        file.seek(size, 1)
        file.write(tail)
    return path


NO_SUCH_FILES = (
    ("empty.jsonl", b"", "The file is empty"),
    ("binary.jsonl", bytes(range(256)) * 9, "bytes of zero"),
    ("requests.zip", b"PK\x03\x04" + bytes(900), "zip archive"),
    ("utf16.csv", "id,prompt\n1,a\n".encode("utf-16"), "UTF-16"),
    ("cut.jsonl", GOOD[:-3] + "é".encode()[:1], "not UTF-8"),
    ("old.jsonl", b'{"event": "run", "format": 99}\n', "format 99"),
    ("other.json", b'{"object": "list", "data": [{"object": "batch"}]}', "another provider"),
)


def test_what_is_no_such_file(page: Page, tmp_path: Path) -> None:
    """What is wrong with each of them; nothing is taken for what it is not, nor for the one before."""
    shown = page.locator(f"{TROUBLES}:visible, {FINDINGS}:visible").first
    for name, data, said in NO_SUCH_FILES:
        path = tmp_path / name
        path.write_bytes(data)
        drop(page, path)
        expect(shown).to_contain_text(said)


def test_an_empty_folder(page: Page, tmp_path: Path) -> None:
    """It is told to be a folder, and nothing is measured."""
    folder = tmp_path / "batches"
    folder.mkdir()
    drop_by_mouse(page, folder)
    expect(page.locator(TROUBLES)).to_contain_text("it is a folder")
    expect(page.locator(SENTENCE)).to_be_hidden()


def test_a_line_of_300_megabytes(page: Page, tmp_path: Path) -> None:
    """It is a finding of its own line; the thousand requests around it are measured."""
    half = len(GOOD) // 2
    cut = GOOD.index(b"\n", half) + 1
    path = hollow(tmp_path / "long.jsonl", GOOD[:cut] + b'{"custom_id": "', b'"}\n' + GOOD[cut:])
    drop(page, path)
    expect(page.locator(SENTENCE)).to_contain_text("1,000 requests")
    expect(page.locator(FINDINGS)).to_contain_text("request-too-large")


def test_a_file_that_shrinks_while_it_is_read(page: Page, tmp_path: Path) -> None:
    """It is told with its bytes and those that could be had; what came before stays measured."""
    path = hollow(tmp_path / "shrinking.jsonl", GOOD, b"\n", 50_000_000_000)
    page.set_input_files("[data-drop-input]", path)
    page.locator("[data-files-rate]:not(:empty)").wait_for(timeout=READY_MS)
    with path.open("r+b") as file:
        file.truncate(len(GOOD))
    page.locator(TOLD).wait_for(timeout=READY_MS)
    expect(page.locator(TROUBLES)).to_contain_text("could be had")
    expect(page.locator(TROUBLES)).to_contain_text("Read up to there: 1,000 lines")
    expect(page.locator(SENTENCE)).to_contain_text("1,000 requests")


def test_a_file_that_changes_before_it_is_written_again(page: Page, tmp_path: Path) -> None:
    """What comes of it is not handed out, and the reason is said."""
    path = tmp_path / "changing.jsonl"
    path.write_bytes(GOOD)
    drop(page, path)
    path.write_bytes(GOOD[: len(GOOD) // 2])
    page.evaluate("window.showDirectoryPicker = undefined")
    page.locator("[data-write=split]").click()
    expect(page.locator("[data-files-written]")).to_contain_text("changing.jsonl was changed")
    expect(page.locator(SENTENCE)).to_contain_text("1,000 requests")


def memory_in_use_mb(browser: Browser, page: Page) -> float:
    """What the page's process holds without what is waste."""
    for each in (page, *page.workers):
        each.evaluate("gc()")
    return memory_mb(browser)


def test_an_archive_is_not_held_in_memory(browser: Browser, page: Page, tmp_path: Path) -> None:
    """Of 150 MB that are written into an archive the page's process holds a small part at any time."""
    prompt, path = "x" * 100_000, tmp_path / "large.jsonl"
    with path.open("wb") as file:
        for number in range(1500):
            file.write(json.dumps(request(number, prompt)).encode() + b"\n")
    drop(page, path)
    before = most = memory_in_use_mb(browser, page)
    page.evaluate("window.showDirectoryPicker = undefined")
    with page.expect_download(timeout=2 * READY_MS) as coming:
        page.locator("[data-write=split]").click()
        while not coming.is_done():
            most = max(most, memory_in_use_mb(browser, page))
            page.wait_for_timeout(200)
    assert most - before < 100
    assert coming.value.path().stat().st_size > path.stat().st_size
