"""`make bench`: how large, how fast and how steady the planner is, printed and written to content/measures.json.

The method page shows that file; it is data, with the day and the machine that it is of.
"""

import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Playwright, sync_playwright

import build
from planner.plan import make_plan
from planner.scenario.texts import read_query
from tests.bench import answers, sizes, starts, worlds
from tests.browser import chromium
from tests.browser.watch import ARGUMENTS
from tests.static_server import StaticServer

FILE = build.ROOT / "content" / "measures.json"

Row = dict[str, Any]


def row(what: str, value: float, unit: str, *, digits: int = 0, most: float | None = None) -> Row:
    """One line of the report; `most` is the limit that the planner holds itself to."""
    rounded = round(value, digits) if digits else round(value)
    print(
        f"{what:72} {rounded:>14,} {unit}" + (f"  (at most {most:,})" if most else ""), flush=True
    )
    return {"what": what, "value": rounded, "unit": unit, "most": most}


def of_sizes(browser: Browser, site: Path) -> Iterator[Row]:
    """Bytes, raw and as they are sent."""
    for name, (raw, packed) in sizes.runtime(site).items():
        yield row(f"{name}, raw", raw, "bytes")
        yield row(f"{name}, with gzip", packed, "bytes")
    _, page = sizes.first_visit(browser, site, offline=False)
    yield row("First visit to the first answer, with gzip", page, "bytes", most=5_500_000)
    _, whole = sizes.first_visit(browser, site, offline=True)
    yield row(
        "First visit with the copy for offline use, with gzip", whole, "bytes", most=5_500_000
    )
    single = (site / build.single.SINGLE_FILE).stat().st_size
    yield row("The single file", single, "bytes", most=8_000_000)


def of_starts(playwright: Playwright, browser: Browser, site: Path, folder: Path) -> Iterator[Row]:
    """Starts, in milliseconds and beside a bare loadPyodide() of the same package in the same run."""
    taken = starts.warm(playwright, site, folder)
    cold = starts.cold(browser, site, folder)
    names = {
        "bare": "npm's package as it is, planner from sources",
        "fresh": "the site, Python begun anew",
        "memory": "the site, Python's memory kept",
        "offline fresh": "the site offline, Python begun anew",
        "offline": "the site offline, Python's memory kept",
        "single": "the single file",
    }
    for name, words in names.items():
        yield row(f"Warm start to the first answer: {words}", statistics.median(taken[name]), "ms")
    for name, words in (("bare", names["bare"]), ("site", "the site")):
        yield row(f"First start to the first answer: {words}", statistics.median(cold[name]), "ms")
    ratios = [
        ("Python begun anew, beside a bare start", "fresh", "bare", 0.38),
        ("Python's memory kept, beside a bare start", "memory", "bare", 0.2),
        ("offline beside online, Python begun anew", "offline fresh", "fresh", 1.05),
        ("offline beside online, Python's memory kept", "offline", "memory", 1.05),
        ("the single file beside the site, Python begun anew", "single", "fresh", 1.5),
    ]
    for words, name, base, most in ratios:
        value = starts.ratio(taken[name], taken[base])
        yield row(f"Warm start: {words}", value, "times", digits=2, most=most)
    yield row(
        "First start: beside a bare start",
        starts.ratio(cold["site"], cold["bare"]),
        "times",
        digits=2,
    )


def of_answers(browser: Browser, site: Path) -> Iterator[Row]:
    """Answers of a Python that is there, in Chromium's worker, and what it holds."""
    with StaticServer(site) as server:
        with answers.worker(browser, server) as page:
            asked = [answers.with_seed("") for _ in range(20)]
            example = answers.ask(page, asked)
            hundred = answers.ask(page, [answers.with_seed(answers.HUNDRED) for _ in range(10)])
            bad = answers.ask(page, ["workload.requests=none"] * 50)
            megabytes = answers.memory_of_many(browser, page)
        painted = answers.in_page(browser, server, "", 9)
    per_second = 1000 / statistics.median(example["taken"])
    yield row("Whole answers in Chromium, the example", per_second, "a second", digits=1)
    per_second = 1000 / statistics.median(hundred["taken"])
    yield row("Whole answers in Chromium, 100 batches", per_second, "a second", digits=1)
    yield row("From a key to the painted plan, the example", statistics.median(painted), "ms")
    both = statistics.median(bad["taken"])
    yield row("The shortest question and its answer, both ways", both, "ms", digits=1)
    yield row("Whole answer as JSON", example["bytes"], "characters")
    yield row("Whole answer as JSON, read by the page", example["read"], "ms", digits=1)
    some, many = answers.STEADY
    for words, value in zip(("no", f"{some:,}", f"{some + many:,}"), megabytes, strict=True):
        yield row(f"Memory of the page's process after {words} plans", value, "MB")


def of_cpython() -> Iterator[Row]:
    """The same on the command line's Python."""
    version = ".".join(map(str, sys.version_info[:2]))
    for words, query in (("the example", ""), ("100 batches", answers.HUNDRED)):
        taken = answers.timed(lambda query=query: answers.answer(query), 9)  # type: ignore[misc]
        per_second = 1000 / statistics.median(taken)
        yield row(f"Whole answers in CPython {version}, {words}", per_second, "a second", digits=1)
    large = read_query(answers.with_seed(answers.TEN_THOUSAND))
    (taken_ms,) = answers.timed(lambda: make_plan(large), 1)
    yield row(f"Plan of 10,000 batches, CPython {version}", taken_ms, "ms")


def of_truth() -> Iterator[Row]:
    """How often the forecast is right that knows a person's earlier runs by their journals alone."""
    kept = worlds.loops(100, 100)
    share = 100 * statistics.mean(each.p85 for each in kept)
    yield row("Hidden worlds, known by journals alone: runs that kept P85", share, "%")


def machine() -> str:
    """What the figures are of, in words."""
    model = "unknown processor"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
    return f"{os.cpu_count()} × {model}, {platform.system()}"


def measure() -> Iterator[Row]:
    """Every row, as it is measured."""
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        site = folder / "site"
        command = [sys.executable, "build.py", "--out", str(site)]
        subprocess.run(command, cwd=build.ROOT, check=True, stdout=subprocess.PIPE)
        program = chromium.find()
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield {"browser": f"Chromium {browser.version}"}
        yield from of_sizes(browser, site)
        yield from of_starts(playwright, browser, site, folder)
        yield from of_answers(browser, site)
        browser.close()
    yield from of_cpython()
    yield from of_truth()


def main() -> None:
    """Print the report, and write it."""
    first, *rows = measure()
    pyodide = json.loads((build.PYODIDE_DIR / "package.json").read_text("utf-8"))["version"]
    about = {"measured_on": date.today().isoformat(), "machine": machine(), **first}
    about["python"] = f"Pyodide {pyodide}"
    text = json.dumps(about | {"rows": rows}, indent=1, ensure_ascii=False)
    FILE.write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    main()
