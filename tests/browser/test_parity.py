"""One answer everywhere: the page's worker, every CPython here and the command line give equal text."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Playwright

from planner import bridge
from planner.scenario import parse
from planner.scenario.texts import write_query
from tests.browser import chromium
from tests.browser.watch import ARGUMENTS
from tests.conftest import Some
from tests.pythons import interpreter
from tests.static_server import StaticServer

ROOT = Path(__file__).resolve().parents[2]
FILES = {path.stem: path for path in sorted((ROOT / "tests" / "scenarios").glob("*.json"))}
WANTS = ("plan", "ways", "json")
each_scenario = pytest.mark.parametrize("stem", FILES)

Asked = Callable[[str, str], str]

# Two Pythons: one that has begun from its library, and one that goes on from the memory of the first.
HIRE = """async (script) => {
    const hire = () => new Worker(script, { type: "module" });
    const reply = (worker, message, kind) => new Promise((resolve, reject) => {
        worker.onmessage = ({ data }) => {
            if (data.kind === kind) resolve(data);
            else if (["failed", "defect", "crash"].includes(data.kind)) reject(new Error(data.message));
        };
        worker.onerror = (event) => reject(new Error(event.message));
        if (message) worker.postMessage(message);
    });
    const isKept = async () => (await (await caches.open("python-memory")).keys()).length > 0;

    const first = hire();
    await reply(first, null, "ready");
    first.postMessage({ kind: "keep" });
    while (!(await isKept())) await new Promise((resolve) => setTimeout(resolve, 100));
    const next = hire();
    await reply(next, null, "ready");
    const pythons = { first, next };
    window.ask = async (visit, text) => (await reply(pythons[visit], { kind: "ask", id: text, text }, "answer")).text;
}"""


def question(stem: str, want: str) -> str:
    """What the bridge is asked for a thing of a scenario."""
    query = write_query(parse(json.loads(FILES[stem].read_text("utf-8"))))
    return json.dumps({"query": query, "want": want})


@cache
def here(stem: str, want: str) -> str:
    """What this Python answers."""
    return bridge.handle(question(stem, want))


@pytest.fixture(scope="module")
def chromium_answers(playwright: Playwright, site: Path) -> Iterator[Asked]:
    """What the page's own worker answers, asked as the page asks it, on a first visit and on the next, in a browser
    that optimises as people's do."""
    browser = playwright.chromium.launch(executable_path=chromium.find(), args=ARGUMENTS)
    with StaticServer(site) as server:
        page = browser.new_page()
        page.goto(server.url + "robots.txt")  # of the same origin, and runs nothing of its own
        page.evaluate(HIRE, server.path("runtime/worker-*.js"))
        yield lambda visit, text: str(page.evaluate("asked => ask(...asked)", [visit, text]))
        browser.close()


@pytest.mark.drawn
@pytest.mark.parametrize("visit", ["first", "next"])
@pytest.mark.parametrize("want", WANTS)
@each_scenario
def test_chromium_answers_as_cpython(
    chromium_answers: Asked, stem: str, want: str, visit: str
) -> None:
    """Each word, number and picture of the page, and the plan as JSON, are the same text to the last digit."""
    assert chromium_answers(visit, question(stem, want)) == here(stem, want)


ANSWER_ALL = """
import json, sys
from planner import bridge
print(json.dumps([bridge.handle(text) for text in json.load(sys.stdin)]))
"""


@pytest.mark.drawn(2)
@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13", "3.14"])
def test_every_python_answers_alike(version: str, some: Some[tuple[str, str]]) -> None:
    """Digits, words and pictures are equal to the byte, whichever Python makes them and whatever its hash seed."""
    asked = some([(stem, want) for stem in FILES for want in WANTS])
    done = subprocess.run(
        [interpreter(version), "-c", ANSWER_ALL],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": "random", "PYTHONDONTWRITEBYTECODE": "1"},
        input=json.dumps([question(*each) for each in asked]),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    there = zip(asked, json.loads(done.stdout), strict=True)
    assert [each for each, answer in there if answer != here(*each)] == []


@pytest.mark.drawn(3)
@each_scenario
def test_command_line_prints_the_same_plan(stem: str) -> None:
    """`python -m planner plan FILE --json` is what the page's Python gives for the link."""
    command = [sys.executable, "-m", "planner", "plan", str(FILES[stem]), "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr  # 1: a caveat blocks
    assert done.stdout.strip() == json.loads(here(stem, "json"))["json"]


def test_built_page_holds_the_same_plan(site: Path) -> None:
    """The example in the HTML is the answer to the empty question."""
    html = (site / "index.html").read_text("utf-8")
    slots = json.loads(here("default", "plan"))["view"]["slots"]
    assert f'data-slot="answer.sentence">{slots["answer.sentence"]}</p>' in html
    assert f'data-slot="cost.batch">{slots["cost.batch"]}</b>' in html


# A plan, and at once the ways; when those have begun, two plans, of which the second is the newest.
OVERTAKE = """async ([script, ways, plan]) => {
    const worker = new Worker(script, { type: "module" });
    const answered = [];
    return new Promise((resolve) => {
        worker.onmessage = ({ data }) => {
            const ask = (id, text) => worker.postMessage({ kind: "ask", id, text });
            if (data.kind === "ready") [plan, ways].forEach((text, id) => ask(id, text));
            if (data.kind === "begun" && data.id === 1) [2, 3].forEach((id) => ask(id, plan));
            if (data.kind === "answer") answered.push(data.id);
            if (data.kind === "answer" && data.id === 3) setTimeout(() => resolve(answered), 1000);
        };
    });
}"""


def test_a_newer_question_takes_the_place_of_a_search(
    browser: Browser, server: StaticServer
) -> None:
    """The ways are left between two steps, and of several questions that came only the last is answered."""
    page = browser.new_page()
    page.goto(server.url + "robots.txt")
    asked = [json.dumps({"query": "", "want": want}) for want in ("ways", "plan")]
    assert page.evaluate(OVERTAKE, [server.path("runtime/worker-*.js"), *asked]) == [3]
    page.close()
