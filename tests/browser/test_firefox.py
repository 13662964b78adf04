"""The core in another browser: a plan, a link, without a network, and the single file."""

import json
import shutil
from pathlib import Path

from tests.browser.firefox import Firefox
from tests.browser.test_offline import next_build
from tests.browser.test_page import answered, program_of
from tests.planner.measure.examples import lines_of, request
from tests.static_server import StaticServer

QUERY = "workload.model=claude-opus-5-5&workload.requests=2000000"
ENGINE = "document.documentElement.dataset.engine"
SENTENCE = """document.querySelector("[data-slot='answer.sentence']").textContent"""
MEASURED = """document.querySelector("[data-slot='measured.sentence']").textContent"""
KEPT = """!document.querySelector("[data-offline]").hidden"""


def type_text(firefox: Firefox, name: str, text: str) -> None:
    """Type into a field, as a person's browser tells the page."""
    firefox.evaluate(
        f"""(() => {{
            const field = document.querySelector("[name='{name}']");
            field.value = "{text}";
            field.dispatchEvent(new Event("input", {{ bubbles: true }}));
        }})()"""
    )


def expect_answers(firefox: Firefox) -> None:
    """The plan of the link is there, and a change is answered, with the digits of CPython."""
    firefox.wait(ENGINE, "ready")
    firefox.wait(SENTENCE, answered(QUERY)["answer.sentence"])
    type_text(firefox, "workload.requests", "1000000")
    changed = QUERY.replace("2000000", "1000000")
    firefox.wait(SENTENCE, answered(changed)["answer.sentence"])
    firefox.wait("location.hash", f"#{changed}")


def expect_measured(firefox: Firefox) -> None:
    """A file that is dropped is read, shown, and used in the plan by one press."""
    lines = lines_of(request(number, f"Name {number} towns.") for number in range(1, 31))
    firefox.evaluate(
        f"""(() => {{
            const data = new DataTransfer();
            data.items.add(new File([{json.dumps(lines.decode())}], "requests.jsonl"));
            document.body.dispatchEvent(
                new DragEvent("drop", {{ dataTransfer: data, bubbles: true, cancelable: true }}));
        }})()"""
    )
    firefox.wait("document.querySelector('[data-module=files]').dataset.files", "told")
    assert firefox.evaluate(MEASURED).startswith("30 requests")
    firefox.evaluate("document.querySelector('[data-use=measured]').click()")
    firefox.wait("document.querySelector(`[name='workload.requests']`).value", "30")
    firefox.wait("document.querySelectorAll('.from-file').length > 0")


def expect_way(firefox: Firefox) -> None:
    """The question is typed, the best way pressed: plan, address and program are that way's."""
    goal = "workload.requests=20000&goal.budget_usd=50"
    way = f"workload.model=claude-haiku-5-5&{goal}"
    listed = "!document.querySelector('[data-list=ways]').hasAttribute('aria-busy')"
    best = "document.querySelector('[data-list=ways] a[href]')"
    link = "document.querySelector('[data-download=python]')"
    program = "document.querySelector('[data-program=python]').textContent"
    type_text(firefox, "workload.requests", "20k")
    type_text(firefox, "goal.budget_usd", "$50")
    firefox.wait(SENTENCE, answered(goal)["answer.sentence"])
    firefox.wait(f"{listed} && {best} !== null")
    firefox.evaluate(f"{best}.click()")
    firefox.wait("location.hash", f"#{way}")
    firefox.wait(SENTENCE, answered(way)["answer.sentence"])
    firefox.wait(program, program_of(way))
    firefox.wait(f"{link}.hasAttribute('href') && {link}.download", "batch-20k-haiku-5-5.py")


def test_it_plans_online_and_offline(tmp_path: Path, server: StaticServer) -> None:
    """A link is planned; then, without a server and after a restart, again; a file is read, a way is taken with its
    program, and every guide is there."""
    with Firefox(tmp_path / "profile") as firefox:
        firefox.go(f"{server.url}#{QUERY}")
        expect_answers(firefox)
        firefox.wait(KEPT)
    server.stop()
    with Firefox(tmp_path / "profile") as firefox:
        firefox.go(f"{server.url}#{QUERY}")
        expect_answers(firefox)
        firefox.wait(KEPT)
        expect_measured(firefox)
        firefox.evaluate("document.querySelector('.form-end a').click()")  # back to the example
        expect_way(firefox)
        for file in sorted((server.root / "guides").glob("*/index.html")):
            firefox.go(f"{server.url}guides/{file.parent.name}/")
            assert firefox.evaluate("document.querySelectorAll('article h1').length") == 1


def test_the_single_file(tmp_path: Path, site: Path) -> None:
    """From a folder with a space in its name it plans from a link, and its guides open."""
    folder = tmp_path / "on a stick"
    folder.mkdir()
    copy = Path(shutil.copy(site / "batch-planner.html", folder))
    with Firefox(tmp_path / "profile") as firefox:
        firefox.go(f"{copy.as_uri()}#{QUERY}")
        expect_answers(firefox)
        expect_measured(firefox)
        firefox.go(f"{copy.as_uri()}#/guides/privacy/#residency")
        firefox.wait("!document.querySelector('[data-reading]').hidden")
        firefox.wait("document.querySelector('[data-page] h1').textContent.includes('Privacy')")
        requested = "performance.getEntriesByType('resource').filter(({name}) => !name.startsWith('blob:')).length"
        assert firefox.evaluate(requested) == 0


def test_an_open_page_keeps_its_build(tmp_path: Path, site: Path) -> None:
    """Below a path: a newer build waits beside the one that is open, is told, and comes when it is asked for."""
    heading = "document.querySelector('h1').textContent.includes('(next)')"
    with StaticServer(site, "/some/path/") as server, Firefox(tmp_path / "profile") as firefox:
        firefox.go(f"{server.url}#{QUERY}")
        firefox.wait(ENGINE, "ready")
        firefox.wait(KEPT)
        server.root = next_build(site, tmp_path / "next")
        firefox.call("browsingContext.reload", context=firefox.page, wait="complete")
        firefox.wait(ENGINE, "ready")
        firefox.wait("!document.querySelector('[data-update]').hidden")
        assert not firefox.evaluate(heading)
        firefox.evaluate("document.querySelector('[data-update]').click()")
        firefox.wait(heading)
        firefox.wait(SENTENCE, answered(QUERY)["answer.sentence"])
        server.stop()
        firefox.go(f"{server.url}guides/cost/")
        assert firefox.evaluate(heading)
