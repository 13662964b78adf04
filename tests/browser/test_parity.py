"""One answer everywhere: the page's worker, every CPython here and the command line give equal text."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Playwright

from planner import bridge
from planner.scenario import parse
from planner.scenario.texts import write_query
from tests.browser import chromium
from tests.browser.watch import ARGUMENTS
from tests.static_server import StaticServer

ROOT = Path(__file__).resolve().parents[2]
FILES = {path.stem: path for path in sorted((ROOT / "tests" / "scenarios").glob("*.json"))}
WANTS = ("plan", "ways", "json")
each_scenario = pytest.mark.parametrize("stem", FILES)

Answers = dict[str, str]

# A Python that has begun from its library is asked everything; so is one that goes on from the memory of the first.
ANSWERS = """async ([script, questions]) => {
    const hire = () => new Worker(script, { type: "module" });
    const reply = (worker, message, kind) => new Promise((resolve, reject) => {
        worker.onmessage = ({ data }) => {
            if (data.kind === kind) resolve(data);
            else if (["failed", "defect", "crash"].includes(data.kind)) reject(new Error(data.message));
        };
        worker.onerror = (event) => reject(new Error(event.message));
        if (message) worker.postMessage(message);
    });
    const answers = async (worker) => {
        const texts = {};
        for (const [id, text] of Object.entries(questions)) texts[id] = (await reply(worker, { kind: "ask", id, text }, "answer")).text;
        worker.terminate();
        return texts;
    };
    const isKept = async () => (await (await caches.open("python-memory")).keys()).length > 0;

    const keeping = hire();
    await reply(keeping, null, "ready");
    keeping.postMessage({ kind: "keep" });
    while (!(await isKept())) await new Promise((resolve) => setTimeout(resolve, 100));
    const first = await answers(keeping);
    const resumed = hire();
    await reply(resumed, null, "ready");
    return { first, next: await answers(resumed) };
}"""


def questions() -> dict[str, str]:
    """One question for each scenario and each thing that the bridge can be asked for."""
    queries = {
        stem: write_query(parse(json.loads(path.read_text("utf-8"))))
        for stem, path in FILES.items()
    }
    return {
        f"{stem} {want}": json.dumps({"query": queries[stem], "want": want})
        for stem in FILES
        for want in WANTS
    }


def other_pythons() -> list[str]:
    """CPython 3.11 to 3.13 on this machine, one program for each version but our own."""
    kept = Path.home() / ".pyenv" / "versions"
    found = []
    for name in ("python3.11", "python3.12", "python3.13"):
        candidates = [shutil.which(name), *sorted(map(str, kept.glob(f"*/bin/{name}")))]
        works = [
            path
            for path in candidates
            if path and subprocess.run([path, "-V"], capture_output=True).returncode == 0
        ]
        if works and name != f"python3.{sys.version_info.minor}":
            found.append(works[0])
    return found


@pytest.fixture(scope="module")
def here() -> Answers:
    """What this Python answers."""
    return {name: bridge.handle(text) for name, text in questions().items()}


@pytest.fixture(scope="module")
def answers_of_chromium(playwright: Playwright, site: Path) -> dict[str, Answers]:
    """What the page's own worker answers, asked as the page asks it, on a first visit and on the next, in a browser
    that optimises as people's do."""
    program = chromium.find()
    browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
    with StaticServer(site) as server:
        page = browser.new_page()
        page.goto(server.url + "robots.txt")  # of the same origin, and runs nothing of its own
        answers: dict[str, Answers] = page.evaluate(
            ANSWERS, [server.path("runtime/worker-*.js"), questions()]
        )
        browser.close()
    return answers


@pytest.mark.parametrize("visit", ["first", "next"])
@pytest.mark.parametrize("want", WANTS)
@each_scenario
def test_chromium_answers_as_cpython(
    answers_of_chromium: dict[str, Answers], here: Answers, stem: str, want: str, visit: str
) -> None:
    """Each word, number and picture of the page, and the plan as JSON, are the same text to the last digit."""
    assert answers_of_chromium[visit][f"{stem} {want}"] == here[f"{stem} {want}"]


@pytest.mark.parametrize("python", other_pythons(), ids=lambda path: Path(path).name)
def test_python_versions_agree(python: str, here: Answers) -> None:
    """CPython 3.11 to 3.13 answer alike."""
    program = "import json, sys; from planner import bridge; "
    program += "print(json.dumps({name: bridge.handle(text) for name, text in json.load(sys.stdin).items()}))"
    asked = json.dumps(questions())
    done = subprocess.run(
        [python, "-c", program], cwd=ROOT, input=asked, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    there = json.loads(done.stdout)
    assert [name for name in here if there[name] != here[name]] == []


@each_scenario
def test_command_line_prints_the_same_plan(here: Answers, stem: str) -> None:
    """`python -m planner plan FILE --json` is what the page's Python gives for the link."""
    command = [sys.executable, "-m", "planner", "plan", str(FILES[stem]), "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr  # 1: a caveat blocks
    assert done.stdout.strip() == json.loads(here[f"{stem} json"])["json"]


def test_built_page_holds_the_same_plan(site: Path, here: Answers) -> None:
    """The example in the HTML is the answer to the empty question."""
    html = (site / "index.html").read_text("utf-8")
    slots = json.loads(here["default plan"])["view"]["slots"]
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
