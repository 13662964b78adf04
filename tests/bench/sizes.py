"""How many bytes the site is: raw, and as a server sends them with gzip."""

import gzip
from pathlib import Path

from playwright.sync_api import Browser

from tests.browser.watch import NO_SERVICE_WORKER, READY_MS, wait_ready
from tests.static_server import StaticServer

Size = tuple[int, int]  # bytes as they are, bytes with gzip


def size(content: bytes) -> Size:
    """What is packed already is sent as it is."""
    return len(content), min(len(content), len(gzip.compress(content, 6, mtime=0)))


def total(sizes: list[Size]) -> Size:
    """All of them together."""
    return sum(raw for raw, _ in sizes), sum(packed for _, packed in sizes)


def runtime(site: Path) -> dict[str, Size]:
    """Each file of the runtime, by its name without the hash."""
    files = sorted((site / "runtime").iterdir())
    return {f"{file.stem.split('-')[0]}{file.suffix}": size(file.read_bytes()) for file in files}


def first_visit(browser: Browser, site: Path, *, offline: bool) -> Size:
    """What a first visit asks for until Python answers; with `offline`, until the site works offline."""
    with StaticServer(site) as server:
        context = browser.new_context()
        if not offline:
            context.add_init_script(NO_SERVICE_WORKER)
        page = context.new_page()
        page.goto(server.url)
        wait_ready(page)
        if offline:
            page.locator("[data-offline]:not([hidden])").wait_for(timeout=READY_MS)
        context.close()
        return total([size(server.file(path)[1].read_bytes()) for path in server.asked])
