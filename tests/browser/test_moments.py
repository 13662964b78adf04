"""At any moment: what is pressed and typed while a link opens, and what is taken away after a change.

The moments are drawn.
"""

import json
import random
import time
from collections.abc import Callable

from playwright.sync_api import Page, expect

from planner import bridge
from tests.browser.test_page import (
    answered,
    control,
    expect_answer,
    expect_query,
    slot,
)
from tests.browser.watch import READY_MS, Visit
from tests.conftest import Chances
from tests.static_server import StaticServer

MOMENTS = (3, 200)  # in a run, and where every case is run

# In each frame before the link's own plan is there: which words of the example can be read.
LOOK = """(words) => {
    window.foreign = [];
    window.frames = 0;
    const look = () => {
        const { answer } = document.documentElement.dataset;
        if (answer === "current" || answer === "stale") return;
        if (document.body) {
            window.frames += 1;
            const seen = document.title + document.body.innerText;
            window.foreign.push(...words.filter((word) => seen.includes(word)));
        }
        requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
}"""


def type_requests(page: Page, chance: random.Random) -> dict[str, str]:
    text = str(chance.randrange(20_001, 90_000, 2))
    control(page, "workload.requests").fill(text)
    return {"workload.requests": text}


def type_output(page: Page, chance: random.Random) -> dict[str, str]:
    text = str(chance.randrange(51, 950, 2))
    control(page, "workload.output_tokens").fill(text)
    return {"workload.output_tokens": text}


def choose_model(page: Page, chance: random.Random) -> dict[str, str]:
    text = chance.choice(["claude-haiku-5-5", "claude-opus-5-5"])
    control(page, "workload.model").select_option(text)
    return {"workload.model": text}


def press_percentile(page: Page, chance: random.Random) -> dict[str, str]:
    page.locator(f"[name=percentile][value={chance.choice(['p50', 'p95'])}]").check()
    return {}


def wait(page: Page, chance: random.Random) -> dict[str, str]:
    return {}


ACTIONS: tuple[Callable[[Page, random.Random], dict[str, str]], ...] = (
    type_requests,
    type_output,
    choose_model,
    press_percentile,
    wait,
)


def written(fields: dict[str, str]) -> str:
    """The query of a link to those values, as the planner writes it."""
    request = json.dumps({"query": "&".join(f"{name}={text}" for name, text in fields.items())})
    return str(json.loads(bridge.handle(request))["query"])


def test_link_is_answered_as_changed_at_any_moment(
    visit: Visit, place: StaticServer, chances: Chances
) -> None:
    """Until the answer is there no word of the example can be read; what was typed early is in it."""
    example = answered("")
    names = ("answer.sentence", "page.title", "cost.batch", "cost.realtime", "time.p50", "time.p95")
    page = visit()
    words = json.dumps([example[name] for name in names] + ["10,000 requests"])
    page.add_init_script(f"({LOOK})({words})")
    started = time.monotonic()
    page.goto("about:blank")
    page.goto(f"{place.url}#workload.requests=33333")
    expect_answer(page, "current")
    load_s = time.monotonic() - started  # this machine, beside its other work
    for chance in chances(*MOMENTS):
        fields = {"workload.requests": str(chance.randrange(20_001, 90_000, 2)), "retries.max": "1"}
        page.goto("about:blank")
        page.goto(f"{place.url}#{written(fields)}", wait_until="commit")
        page.wait_for_timeout(chance.uniform(0, min(10, 1.2 * load_s)) * 1000)
        fields |= chance.choice(ACTIONS)(page, chance)
        expected = written(fields)
        expect(slot(page, "answer.sentence")).to_have_text(
            answered(expected)["answer.sentence"], timeout=READY_MS
        )
        expect_query(page, expected)
        expect_answer(page, "current")
        assert page.evaluate("[window.frames > 0, window.foreign]") == [True, []]


# What can be taken away just now, by its name; what is disabled is not there. A sheet of paper has the address and the
# sentence that stand on it.
TAKE = """async () => {
    const taken = {};
    const seen = (part) => part?.checkVisibility({ visibilityProperty: true }) ? part.innerText : "";
    const download = document.querySelector("[data-download=python]");
    if (download.hasAttribute("href")) taken.download = await window.made.get(download.href).text();
    window.copied = null;
    for (const button of document.querySelectorAll("[data-copy]:not(:disabled)")) {
        button.click();
        if (window.copied !== null) taken[button.dataset.copy] = window.copied;
        window.copied = null;
    }
    window.dispatchEvent(new Event("beforeprint"));
    taken.paper = seen(document.querySelector("[data-paper]"));
    taken.sentence = seen(document.querySelector("[data-slot='answer.sentence']"));
    taken.cost = seen(document.querySelector(".sum [data-slot='cost.batch']"));
    taken.ways = [...document.querySelectorAll("[data-list=ways] > tr")].map(seen).join("");
    return taken;
}"""
KEEP = """window.made = new Map();
const make = URL.createObjectURL;
URL.createObjectURL = (blob) => {
    const url = make(blob);
    window.made.set(url, blob);
    return url;
};
navigator.clipboard.writeText = (text) => {
    window.copied = text;
    return Promise.resolve();
};"""
TYPE = """(text) => {
    const field = document.querySelector("[name='workload.requests']");
    field.value = text;
    field.dispatchEvent(new Event("input", { bubbles: true }));
}"""


def belongs(name: str, text: str, query: str) -> bool:
    """Whether what was taken is of the plan of that query, or nothing."""
    if name in ("download", "python", "javascript", "dbos", "dag", "airflow", "jsonl"):
        reply = json.loads(bridge.handle(json.dumps({"query": query, "want": "programs"})))
        key = "python" if name == "download" else name
        return any(row["key"] == key and row["text"] == text for row in reply["programs"])
    if name in ("link", "paper"):
        return not text or f"#{query} " in f"{text} "
    slots = {"sentence": "answer.sentence", "cost": "cost.batch", "command": "command"}
    if name in slots:
        return text in ("", answered(query)[slots[name]])
    if name in ("ways", "ways.csv", "ways.markdown"):
        reply = json.loads(bridge.handle(json.dumps({"query": query, "want": "ways"})))
        costs = [row["cost"] for row in reply["view"]["lists"]["ways"]]
        return not text or name != "ways" or all(cost in text for cost in costs)
    return name == "reviewed.fetch"  # the same for every plan


def test_what_is_taken_away_is_current_at_any_moment(visit: Visit, chances: Chances) -> None:
    """Download, copies and paper are the plan's that is asked for, or not to be had."""
    page = visit()
    page.emulate_media(media="print")
    page.evaluate(KEEP)
    page.evaluate(TYPE, "20001")
    expect_query(page, "workload.requests=20001")
    started = time.monotonic()
    page.evaluate(TYPE, "20003")
    expect_query(page, "workload.requests=20003")
    expect(page.locator("[data-list='ways']")).not_to_have_attribute("aria-busy", "true")
    whole_s = time.monotonic() - started
    had: set[str] = set()
    for chance in chances(*MOMENTS):
        requests = chance.randrange(20_005, 90_000, 2)
        query = f"workload.requests={requests}"
        page.evaluate(TYPE, str(requests))
        page.wait_for_timeout(chance.uniform(0, 1.2 * whole_s) * 1000)
        taken: dict[str, str] = page.evaluate(TAKE)
        wrong = [name for name, text in taken.items() if not belongs(name, text, query)]
        assert wrong == [], query
        had |= {name for name, text in taken.items() if text}
    assert {"link", "sentence", "paper"} <= had
