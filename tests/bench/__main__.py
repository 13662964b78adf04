"""`make bench`: how fast the planner is, here and in Chromium, as minimum, median and maximum.

Every question has a seed of its own, so that no answer comes from a cache.
"""

import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from itertools import count
from pathlib import Path
from time import perf_counter

from playwright.sync_api import Browser, Page, sync_playwright

from planner import bridge
from planner.plan import make_plan
from planner.scenario.texts import read_query
from tests.browser import chromium
from tests.browser.watch import ARGUMENTS, wait_ready
from tests.static_server import StaticServer

ROOT = Path(__file__).resolve().parents[2]
LARGE = "workload.requests=10000000&workload.input_tokens=200&workload.output_tokens=50&batches.concurrent=10&limits.tier=scale"
HUNDRED = LARGE + "&batches.requests_per_batch=100000"
TEN_THOUSAND = LARGE + "&batches.requests_per_batch=1000"
SEEDS = count(2)


def with_seed(query: str) -> str:
    """The same scenario, drawn anew."""
    return "&".join(filter(None, [query, f"forecast.seed={next(SEEDS)}"]))


def show(what: str, seconds: Iterable[float]) -> None:
    """One line of the report, in milliseconds."""
    times = [1000 * each for each in seconds]
    print(
        f"{what:62} {min(times):8.0f} {statistics.median(times):8.0f} {max(times):8.0f}  n={len(times)}",
        flush=True,
    )


def timed(work: Callable[[], object], times: int) -> list[float]:
    """How long each of so many calls took, in seconds."""
    taken = []
    for _ in range(times):
        start = perf_counter()
        work()
        taken.append(perf_counter() - start)
    return taken


def answer(query: str) -> None:
    """A whole answer of CPython, as the page would get it."""
    bridge.handle(json.dumps({"query": with_seed(query)}))


# From a key to the paint after the answer: the second frame begins when the first has been painted.
PAINTED = """([field, text]) => new Promise((resolve) => {
    const control = document.querySelector(`[name="${field}"]`);
    const place = document.querySelector('[data-slot="command"]');
    const start = performance.now();
    new MutationObserver((changes, observer) => {
        observer.disconnect();
        requestAnimationFrame(() => requestAnimationFrame(() => resolve((performance.now() - start) / 1000)));
    }).observe(place, { childList: true, characterData: true, subtree: true });
    control.value = text;
    control.dispatchEvent(new Event("input", { bubbles: true }));
})"""

ASKED = """async ([script, texts]) => {
    const worker = new Worker(script, { type: "module" });
    const reply = (message, kind) => new Promise((resolve) => {
        worker.onmessage = ({ data }) => { if (data.kind === kind) resolve(data); };
        if (message) worker.postMessage(message);
    });
    await reply(null, "ready");
    const taken = [];
    for (const [id, text] of texts.entries()) {
        const start = performance.now();
        await reply({ kind: "ask", id, text }, "answer");
        taken.push((performance.now() - start) / 1000);
    }
    worker.terminate();
    return taken;
}"""


def painted(page: Page, times: int) -> list[float]:
    """From input to painted plan; the pause lets the ways be answered too."""
    taken = []
    for _ in range(times):
        taken.append(page.evaluate(PAINTED, ["forecast.seed", str(next(SEEDS))]))
        page.wait_for_timeout(1500)
    return taken


def start_up(browser: Browser, address: str) -> float:
    """From a first visit, nothing cached, to Python ready."""
    page = browser.new_page()
    start = perf_counter()
    page.goto(address)
    wait_ready(page)
    taken = perf_counter() - start
    page.context.close()
    return taken


def in_browser(site: Path) -> list[float]:
    """The figures of the page; returns how long its worker took for each answer about a hundred batches."""
    with StaticServer(site) as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.find(), args=ARGUMENTS)
        show(
            "first visit to Python ready, Chromium, local server",
            [start_up(browser, server.url) for _ in range(5)],
        )
        for name, query in (("default", ""), ("10,000,000 requests in 100 batches", HUNDRED)):
            page = browser.new_page()
            page.goto(f"{server.url}#{query}")
            wait_ready(page)
            page.wait_for_timeout(3000)
            show(f"input to painted plan, Chromium, {name}", painted(page, 15))
            page.context.close()
        page = browser.new_page()
        page.goto(server.url + "robots.txt")
        taken: list[float] = page.evaluate(
            ASKED,
            [
                server.path("runtime/worker-*.js"),
                [json.dumps({"query": with_seed(HUNDRED)}) for _ in range(10)],
            ],
        )
        browser.close()
    return taken


def main() -> None:
    """Print the whole report."""
    print(f"{'milliseconds':62} {'min':>8} {'median':>8} {'max':>8}")
    with tempfile.TemporaryDirectory() as folder:
        site = Path(folder, "site")
        build = [sys.executable, "build.py", "--out", str(site)]
        show(
            "build of the site",
            timed(lambda: subprocess.run(build, cwd=ROOT, check=True, stdout=subprocess.PIPE), 3),
        )
        in_chromium = in_browser(site)
    in_cpython = timed(lambda: answer(HUNDRED), 10)
    version = ".".join(map(str, sys.version_info[:2]))
    show(f"answer, CPython {version}, default", timed(lambda: answer(""), 10))
    show(f"answer, CPython {version}, 10,000,000 requests in 100 batches", in_cpython)
    show("answer, Chromium's worker, 10,000,000 requests in 100 batches", in_chromium)
    show(
        f"plan, CPython {version}, 10,000,000 requests in 10,000 batches",
        timed(lambda: make_plan(read_query(with_seed(TEN_THOUSAND))), 3),
    )

    plan = make_plan(read_query(HUNDRED))
    simulated = len(plan.batches) * plan.forecast.replications
    here, there = (simulated / statistics.median(taken) for taken in (in_cpython, in_chromium))
    print(
        f"\nsimulated batches per second, whole answer: CPython {here:,.0f}, Chromium {there:,.0f}, ratio {here / there:.1f}"
    )


if __name__ == "__main__":
    main()
