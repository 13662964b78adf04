"""The run as a file: it stands alone, in the page's light colours, with title and address."""

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from planner.plan import Plan, make_plan
from planner.scenario import texts
from planner.show import view
from planner.show.picture import COLOURS, picture
from planner.show.timeline import timeline_of

SVG = "{http://www.w3.org/2000/svg}"
LINK = "https://example.org/planner/#workload.requests=2000000&retries.max=1"
STYLES = Path(__file__).resolve().parents[3] / "site" / "css"


def plan_of(query: str = "workload.requests=2000000&limits.tier=scale") -> Plan:
    """The plan of a link's query."""
    return make_plan(texts.read_query(query))


def drawn(plan: Plan, *, step: int = 20, link: str = LINK) -> str:
    """The picture of the run at P85."""
    return picture(plan, timeline_of(plan, plan.forecast.p85), "p85", step=step, link=link)


def words(svg: str) -> list[str]:
    """All its texts."""
    return [text.text or "" for text in ET.fromstring(svg).iter(f"{SVG}text")]


def test_it_says_which_plan_it_is() -> None:
    """Title and address stand in it, to be read; nothing in it is fetched from anywhere."""
    plan = plan_of()
    svg = drawn(plan)
    title = view.show(plan)["slots"]["page.title"]
    assert title in words(svg) and LINK in words(svg)
    named = ET.fromstring(svg).find(f"{SVG}title")
    assert named is not None and named.text == title
    assert not re.search(r"href|<script|<image|@import|url\((?!#)|var\(", svg)


def test_it_has_the_charts_of_the_page() -> None:
    """The same bars and the same curve, beneath each other, and all within the picture."""
    plan = plan_of()
    charts, svg = view.show(plan)["charts"], drawn(plan)
    assert charts["queue"] in svg and charts["chance"] in svg
    root = ET.fromstring(svg)
    tops = [
        (int(part.get("y", "")), int(part.get("height", ""))) for part in root.findall(f"{SVG}svg")
    ]
    (first, height), (second, lower) = tops
    assert first + height <= second
    lowest = max(int(text.get("y", "0")) for text in root.findall(f"{SVG}text"))
    assert second + lower < lowest < int(root.get("height", ""))


def test_the_moment_is_the_one_of_the_slider() -> None:
    """At the end all is completed; the legend and the bars say the same."""
    plan = plan_of("retries.transient_rate=0")
    assert "Completed 1" in words(drawn(plan, step=100))
    assert "Queued 0" in words(drawn(plan, step=0)) and "Processing 1" in words(drawn(plan, step=0))
    assert 'class="bar is-processing" data-start' not in drawn(plan, step=100)


def test_every_class_has_a_style() -> None:
    """What the page's style sheet colours is coloured here."""
    svg = drawn(plan_of("workload.requests=2000000&limits.tier=scale&goal.deadline_h=48"))
    style = svg.partition("<style>")[2].partition("</style>")[0]
    plain = {"chart", "chart-queue", "chart-chance", "plot", "bar", "tick", "clock", "address"}
    used = {name for names in re.findall(r'class="([^"]*)"', svg) for name in names.split()}
    assert {name for name in used - plain if f".{name}" not in style} == set()


@pytest.mark.parametrize("name", COLOURS)
def test_colours_are_those_of_the_page(name: str) -> None:
    """The light ones."""
    base = (STYLES / "base.css").read_text("utf-8")
    assert f"--{name}: light-dark({COLOURS[name]}," in base


def test_a_long_address_is_cut() -> None:
    """In lines that fit; that it goes on is said."""
    svg = drawn(plan_of(), link="https://example.org/#duration.history=" + "8150:1200;" * 500)
    lines = [text for text in words(svg) if "8150" in text]
    assert 1 <= len(lines) <= 4 and max(map(len, lines)) <= 150
    assert any("goes on" in text for text in words(svg))


def test_its_file_is_named_after_the_plan() -> None:
    """And a moment that the slider does not have is the nearest that it has."""
    kept = view.show_picture(plan_of(), percentile="p95", unfold=None, step=900, link=LINK)
    assert kept["name"] == "run-2M-sonnet-5-5"
    assert any(text.startswith("P95") for text in words(kept["svg"]))
