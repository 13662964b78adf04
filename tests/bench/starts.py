"""How long it takes from opening the page to the first answer, of each way to start, beside a bare `loadPyodide()`.

All ways take turns, so that whatever else the machine does meets them alike; a ratio is the median of the ratios of the
turns. What is compared was opened before, in the same browser: nothing is downloaded anew.
"""

import io
import shutil
import statistics
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Playwright

import build
from builder.runtime import FILES, zipped
from tests.browser import chromium
from tests.browser.watch import (
    ARGUMENTS,
    FORGET_MEMORY,
    NO_SERVICE_WORKER,
    READY_MS,
    wait_memory,
)
from tests.static_server import StaticServer

WARM_UPS, TURNS, COLD_TURNS = 2, 9, 5
NUMBERS = count(20_001)  # each question is another one

# As somebody would who has never thought of it: npm's package as it is, and the planner as sources.
BARE = """<!doctype html><meta charset="utf-8"><title>Bare</title><script type="module">
import { loadPyodide } from "./pyodide.mjs";
const python = await loadPyodide();
python.unpackArchive(await (await fetch("planner.zip")).arrayBuffer(), "zip");
const handle = python.pyimport("planner.bridge").handle;
handle(JSON.stringify({ query: location.hash.slice(1) }));
window.note(performance.now());
</script>"""

# The moment of the answer, as the page itself says it.
NOTE_ANSWER = """window.answered = new Promise((resolve) => { window.note = resolve; });
new MutationObserver(() => {
    if (document.documentElement?.dataset.answer === "current") window.note(performance.now());
}).observe(document, { subtree: true, attributes: true, attributeFilter: ["data-answer"] });"""

Start = Callable[[], float]


def write_bare(folder: Path) -> Path:
    """A site of npm's package and a page that does with it what its documentation says."""
    folder.mkdir()
    for name in (*FILES, "pyodide-lock.json", "python_stdlib.zip"):
        shutil.copy(build.PYODIDE_DIR / name, folder / name)
    sources = zipped(build.ROOT / "planner")
    assert zipfile.is_zipfile(io.BytesIO(sources))
    (folder / "planner.zip").write_bytes(sources)
    (folder / "index.html").write_text(BARE, "utf-8")
    return folder


def first_answer(context: BrowserContext, address: str, script: str = "") -> float:
    """Milliseconds from opening a page with a new question to its answer."""
    page = context.new_page()
    for each in filter(None, (NOTE_ANSWER, script)):
        page.add_init_script(each)
    page.goto(f"{address}#workload.requests={next(NUMBERS)}", wait_until="commit")
    answered = float(page.evaluate("window.answered"))
    page.close()
    return answered


def prepare(context: BrowserContext, address: str, *, offline: bool) -> None:
    """A visit that leaves Python's memory behind, and with `offline` the site too."""
    page = context.new_page()
    if not offline:
        page.add_init_script(NO_SERVICE_WORKER)
    page.goto(address)
    wait_memory(page)
    if offline:
        page.locator("[data-offline]:not([hidden])").wait_for(timeout=READY_MS)
    page.close()


def forget(context: BrowserContext, address: str) -> None:
    """Delete Python's memory, as if the last visit had been too short to keep it."""
    page = context.new_page()
    page.goto(f"{address}robots.txt")
    page.evaluate(FORGET_MEMORY)
    page.close()


@contextmanager
def warm_starts(playwright: Playwright, site: Path, folder: Path) -> Iterator[dict[str, Start]]:
    """The ways to start, by name, each ready for its first turn."""
    single = Path(shutil.copy(site / "batch-planner.html", folder))
    bare = write_bare(folder / "bare")
    with ExitStack() as stack:
        open_server = lambda root: stack.enter_context(StaticServer(root)).url  # noqa: E731
        addresses = {"bare": open_server(bare)} | {
            name: open_server(site) for name in ("fresh", "memory", "offline", "offline fresh")
        }
        context = playwright.chromium.launch_persistent_context(
            folder / "profile",
            executable_path=chromium.find(),
            args=ARGUMENTS,
            proxy={"server": "http://127.0.0.1:9", "bypass": "127.0.0.1"},
        )
        stack.callback(context.close)
        for name in ("memory", "offline", "offline fresh"):
            prepare(context, addresses[name], offline=name != "memory")
        forget(context, addresses["offline fresh"])
        without = {"fresh", "memory"}
        yield {
            name: lambda name=name: first_answer(  # type: ignore[misc]
                context, addresses[name], NO_SERVICE_WORKER if name in without else ""
            )
            for name in addresses
        } | {"single": lambda: first_answer(context, single.as_uri())}


def in_turns(starts: dict[str, Start], turns: int) -> dict[str, list[float]]:
    """Milliseconds of each start, turn by turn; every turn begins with another."""
    taken: dict[str, list[float]] = {name: [] for name in starts}
    names = list(starts)
    for turn in range(turns):
        first = turn % len(names)
        for name in names[first:] + names[:first]:
            taken[name].append(starts[name]())
    return taken


def ratio(taken: list[float], base: list[float]) -> float:
    """The median of the ratios of the turns."""
    return statistics.median(one / other for one, other in zip(taken, base, strict=True))


def warm(playwright: Playwright, site: Path, folder: Path) -> dict[str, list[float]]:
    """Milliseconds of each warm start, turn by turn."""
    with warm_starts(playwright, site, folder) as starts:
        in_turns(starts, WARM_UPS)
        return in_turns(starts, TURNS)


def cold(browser: Browser, site: Path, folder: Path) -> dict[str, list[float]]:
    """Milliseconds of a first visit in a new private window: of the site, and of the bare page."""

    def start(root: Path) -> float:
        with StaticServer(root) as server:
            context = browser.new_context()
            taken = first_answer(context, server.url)
            context.close()
        return taken

    starts: dict[str, Start] = {
        "bare": lambda: start(folder / "bare"),
        "site": lambda: start(site),
    }
    return in_turns(starts, COLD_TURNS)
