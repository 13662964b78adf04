"""How fast Python answers once it is there, in Chromium beside CPython, and what memory it takes.

Every question has a seed of its own, so that no answer comes from a cache.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from time import perf_counter
from typing import Any

from playwright.sync_api import Browser, Page

from planner import bridge
from tests.browser.watch import READY_MS, wait_ready
from tests.static_server import StaticServer

LARGE = "workload.requests=10000000&workload.input_tokens=200&workload.output_tokens=50&batches.concurrent=10&limits.tier=scale"
HUNDRED = LARGE + "&batches.requests_per_batch=100000"
TEN_THOUSAND = LARGE + "&batches.requests_per_batch=1000"
SMALL = "workload.requests=1"
SEEDS = count(2)
STEADY = (100, 500)  # so many plans, and so many more


def with_seed(query: str) -> str:
    """The same scenario, drawn anew."""
    return "&".join(filter(None, [query, f"forecast.seed={next(SEEDS)}"]))


def timed(work: Callable[[], object], times: int) -> list[float]:
    """How long each of so many calls took, in milliseconds."""
    taken = []
    for _ in range(times):
        start = perf_counter()
        work()
        taken.append(1000 * (perf_counter() - start))
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
        requestAnimationFrame(() => requestAnimationFrame(() => resolve(performance.now() - start)));
    }).observe(place, { childList: true, characterData: true, subtree: true });
    control.value = text;
    control.dispatchEvent(new Event("input", { bubbles: true }));
})"""

# Questions one after another to a worker of the page's kind: how long each took, and of the last reply how large it is
# and how long the page reads it.
HIRE = """(script) => new Promise((resolve, reject) => {
    const worker = new Worker(script, { type: "module" });
    window.ask = (text) => new Promise((resolve) => {
        worker.onmessage = ({ data }) => data.kind === "begun" || resolve(data.text);
        worker.postMessage({ kind: "ask", id: 0, text });
    });
    worker.onmessage = ({ data }) => {
        if (data.kind === "ready") resolve();
        if (data.kind === "failed") reject(new Error(data.message));
    };
})"""
ASK = """async (texts) => {
    const taken = [];
    let reply;
    for (const text of texts) {
        const start = performance.now();
        reply = await window.ask(text);
        taken.push(performance.now() - start);
    }
    const start = performance.now();
    JSON.parse(reply);
    return { taken, bytes: reply.length, read: performance.now() - start };
}"""


def painted(page: Page, times: int) -> list[float]:
    """From input to painted plan; the pause lets what comes after it be answered too."""
    taken = []
    for _ in range(times):
        taken.append(page.evaluate(PAINTED, ["forecast.seed", str(next(SEEDS))]))
        page.wait_for_timeout(1000)
    return taken


def ask(page: Page, queries: list[str]) -> dict[str, Any]:
    """What ASK tells of these queries."""
    reply: dict[str, Any] = page.evaluate(ASK, [json.dumps({"query": each}) for each in queries])
    return reply


def memory_mb(browser: Browser) -> float:
    """What the largest of the browser's page processes holds."""
    session = browser.new_browser_cdp_session()
    processes = session.send("SystemInfo.getProcessInfo")["processInfo"]
    session.detach()
    pids = [each["id"] for each in processes if each["type"] == "renderer"]
    status = [Path(f"/proc/{pid}/status").read_text() for pid in pids]
    resident = (line for text in status for line in text.splitlines() if "VmRSS" in line)
    return max(int(line.split()[1]) / 1024 for line in resident)


def in_page(browser: Browser, server: StaticServer, query: str, times: int) -> list[float]:
    """From input to painted plan, of a page that was opened by a link."""
    page = browser.new_page()
    page.goto(f"{server.url}#{query}")
    wait_ready(page)
    page.wait_for_timeout(3000)
    taken = painted(page, times)
    page.context.close()
    return taken


@contextmanager
def worker(browser: Browser, server: StaticServer) -> Iterator[Page]:
    """A page with a worker that is ready to be asked, and nothing else."""
    page = browser.new_page()
    page.set_default_timeout(4 * READY_MS)
    page.goto(server.url + "robots.txt")  # of the same origin, and runs nothing of its own
    page.evaluate(HIRE, server.path("runtime/worker-*.js"))
    yield page
    page.context.close()


def memory_of_many(browser: Browser, page: Page) -> list[float]:
    """Megabytes at the start, after some plans, and after many more."""
    found = [memory_mb(browser)]
    for plans in STEADY:
        ask(page, [with_seed(SMALL) for _ in range(plans)])
        found.append(memory_mb(browser))
    return found
