"""The site is whole: what is written, and what its pages hold before any script runs."""

import html
import json
import re
from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest

import build
from builder.faults import Fault, SiteError
from builder.output import write
from builder.templates import ASKED
from planner import facts
from planner.advice.ways import ways
from planner.drop import Drop
from planner.plan import make_plan
from planner.scenario import FIELDS, Scenario, texts
from planner.scenario.schema import schema
from planner.show import view
from tests.conftest import files_of
from tests.planner.measure.examples import lines_of, request
from tests.planner.review.account import account

VOID = {
    "area",
    "base",
    "br",
    "col",
    "embed",
    "hr",
    "img",
    "input",
    "link",
    "meta",
    "source",
    "track",
    "wbr",
}


@pytest.fixture(scope="session")
def site(site):
    """The whole site by path, from the project's own files."""
    return files_of(site)


class Element:
    """An element of a page: its tag, attributes, and what is in it."""

    def __init__(self, tag: str, attributes: dict[str, str], parent: "Element | None") -> None:
        self.tag, self.attributes, self.parent = tag, attributes, parent
        self.children: list[Element] = []
        self.own_text = ""

    def all(self):
        yield self
        for child in self.children:
            yield from child.all()

    def text(self) -> str:
        return self.own_text + "".join(child.text() for child in self.children)

    def find(self, attribute: str) -> dict[str, "Element"]:
        """Elements that have the attribute, by its value."""
        return {
            element.attributes[attribute]: element
            for element in self.all()
            if attribute in element.attributes
        }


class Tree(HTMLParser):
    """The page as a tree of elements."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.root = self.at = Element("", {}, None)
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        element = Element(tag, {name: value or "" for name, value in attrs}, self.at)
        self.at.children.append(element)
        if tag not in VOID:
            self.at = element

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.at = self.at.parent

    def handle_endtag(self, tag):
        while self.at.tag != tag:
            self.at = self.at.parent
        self.at = self.at.parent

    def handle_data(self, data):
        self.at.own_text += data


@pytest.fixture(scope="session")
def planner(site):
    return Tree(site["index.html"].decode()).root


@pytest.fixture(scope="session")
def shown():
    """The view of the example plan with its ways."""
    plan = make_plan(Scenario())
    first, more = view.show(plan), view.show_ways(plan, ways(plan))
    return {part: first[part] | more[part] for part in first}


# What is written


def test_a_fault_writes_nothing(tmp_path, monkeypatch, capsys):
    """The old site stays as it was, the fault goes to stderr with its remedy, and the exit code is
    1.
    """
    out = tmp_path / "dist"
    write({"index.html": b"old", "runtime/python.wasm": b""}, out)

    def broken() -> dict[str, bytes]:
        raise SiteError(Fault(where="index.html", what="no h1", remedy="Give it one."))

    monkeypatch.setattr(build, "build", broken)
    assert build.main(["--out", str(out)]) == 1
    assert (
        capsys.readouterr().err
        == "index.html: no h1\n    Give it one.\n\nNothing was written: 1 to mend.\n"
    )
    assert [file.name for file in tmp_path.iterdir()] == ["dist"]
    assert (out / "index.html").read_bytes() == b"old"


@pytest.mark.parametrize("address", ["nonsense", "ftp://example.org", "https://[bad", "https:///x"])
def test_address_of_the_site_that_is_none_is_a_fault(address, monkeypatch):
    """It would stand in every canonical link."""
    monkeypatch.setattr(build, "SITE_URL", f"{address}/")
    with pytest.raises(SiteError, match="is no address"):
        build.build()


def test_two_builds_are_equal_in_every_byte(site):
    """No clock and no chance in the builder: another process made the same."""
    again = build.build()
    assert sorted(again) == sorted(site)
    assert [path for path in site if site[path] != again[path]] == []


# What the pages hold


def test_no_address_of_the_site_tells_a_plan(site):
    """A plan stands behind the #, which no server sees, and can be read; no page says where one
    came from.
    """
    for path, content in site.items():
        if path.endswith(".html"):
            assert b'<meta name="referrer" content="no-referrer">' in content
            links = [
                html.unescape(link) for link in re.findall(r'href="([^"]*)"', content.decode())
            ]
            own = [urlsplit(link) for link in links if not re.match("[a-z]+:", link)]
            assert [link for link in own if link.query] == []
            for link in own:
                if "=" in link.fragment:
                    texts.read_query(link.fragment)
    assert sum(content.count(b"#workload.") for content in site.values()) > 50


def test_no_page_loads_anything_from_elsewhere(site):
    """Apart from plain links for people, no address of another host is in a page, style sheet or
    script.
    """
    for path, content in site.items():
        if path.endswith((".html", ".css", ".js")):
            text = re.sub(
                r'<a [^>]*>|<link rel="canonical"[^>]*>|<meta property="og:[^>]*>|xmlns="[^"]*"',
                "",
                content.decode(),
            )
            assert (
                re.findall(
                    r"""(?:src|href|url|import)\b\s*[=(]?\s*["']?(?:https?:)?//[^"')\s]+""", text
                )
                == []
            ), path


def test_every_field_has_a_control_and_a_place_for_its_problem(planner):
    """The contract: name="FIELD", a label, and [data-problem-for="FIELD"] that the control refers
    to.
    """
    names, problems, ids = (
        planner.find("name"),
        planner.find("data-problem-for"),
        planner.find("id"),
    )
    labels = planner.find("for")
    for entry in FIELDS:
        control = names[entry.name]
        assert control.attributes["id"] == "f-" + entry.name.replace(".", "-")
        words = labels[control.attributes["id"]].text().strip()
        assert words if entry.name in ASKED else words == entry.label  # in the question: its words
        described = control.attributes["aria-describedby"].split()
        assert problems[entry.name].attributes["id"] in described
        assert all(name in ids for name in described)


def test_every_choice_of_a_field_is_an_option(planner):
    """Nothing that the planner accepts is missing from the form."""
    names = planner.find("name")
    for entry in FIELDS:
        if entry.choices:
            assert tuple(names[entry.name].find("value")) == tuple(
                value for value, _ in entry.choices
            )


def is_empty_at_first(name):
    """Whether a place of the page is for a dropped file, or for plans beside the one at hand."""
    later = ("histogram", "actual", "compare")
    return name.startswith(("measured.", "reviewed.", "files.")) or name in later


def test_every_slot_of_the_page_is_one_that_the_view_fills(planner, shown):
    """A slot that nobody fills would keep the example's text for ever."""
    slots = {name for name in planner.find("data-slot") if not is_empty_at_first(name)}
    assert slots <= set(shown["slots"])


def test_every_place_for_files_is_one_that_their_views_fill(planner):
    """Slots, lists with their cells, and charts are those that the page is told of a file."""
    drop = Drop("{}")
    files = {
        "requests.jsonl": lines_of([request(1, stream=True), request(2, model="claude-haiku-5-5")]),
        "journal.jsonl": account(3).journal_bytes(),
        "batches.json": account(3).list_bytes(),
    }
    for name, data in files.items():
        drop.begin(name)
        drop.feed(data)
        drop.end()
    view = json.loads(drop.tell("{}"))["view"]
    for part, attribute in (
        ("slots", "data-slot"),
        ("lists", "data-list"),
        ("charts", "data-chart"),
    ):
        places = planner.find(attribute)
        assert {name for name in places if is_empty_at_first(name)} - {
            "compare",
            "files.troubles",
            "reviewed.fetch",
        } == set(view[part])
    for name, rows in view["lists"].items():
        template = planner.find("data-list")[name].children[0]
        cells = {
            key for kind in ("data-cell", "data-link", "data-class") for key in template.find(kind)
        }
        assert cells and all(cells <= set(row) for row in rows)


def test_the_page_is_complete_without_a_script(planner, shown):
    """Every slot has the example's text, every list its rows, every chart its picture."""
    for name, element in planner.find("data-slot").items():
        assert is_empty_at_first(name) or element.text() == shown["slots"][name]
    for name, element in planner.find("data-list").items():
        rows = [child for child in element.children if child.tag != "template"]
        if name != "problems":
            assert len(rows) == (0 if is_empty_at_first(name) else len(shown["lists"][name]))
    for name, element in planner.find("data-chart").items():
        assert [child.tag for child in element.children] == (
            [] if is_empty_at_first(name) else ["svg"]
        )


def test_the_cells_of_every_row_are_those_of_the_view(planner, shown):
    """The template of each list names cells that the view gives, and none of them is missing from a
    row.
    """
    lists = planner.find("data-list")
    for name, rows in shown["lists"].items():
        template = next(child for child in lists[name].children if child.tag == "template")
        cells = {
            key
            for attribute in ("data-cell", "data-link", "data-class")
            for key in template.find(attribute)
        }
        assert cells
        for row in rows:
            assert cells <= set(row)


def test_every_page_has_the_policy_and_says_that_no_script_has_run(site):
    """Pages begin as `static`; the policy allows our own files, WebAssembly, and workers from a
    blob.
    """
    for path, content in site.items():
        if path.endswith(".html") and path != "batch-planner.html":  # its policy is stricter
            assert b'data-engine="static"' in content, path
            assert (
                b"default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self' blob:"
                in content
            ), path


def test_links_between_pages_are_relative(site):
    """The site works below any path; only 404.html, shown at any depth, begins at the root."""
    assert b'href="css/base.css"' in site["index.html"]
    assert b'href="../css/base.css"' in site["method/index.html"]
    assert f'href="{urlsplit(build.SITE_URL).path}css/base.css"'.encode() in site["404.html"]


def test_the_method_page_holds_every_fact(site):
    """Each limit, model and observation is there with its source."""
    ids = Tree(site["method/index.html"].decode()).root.find("id")
    assert {f"model-{model.id}" for model in facts.models()} <= set(ids)
    assert {f"fact-{fact.key.replace('_', '-')}" for fact in facts.limits()} <= set(ids)


def test_every_page_leads_to_the_notices(site):
    """What is shipped of others, with every licence in full, is one press away."""
    for path, content in site.items():
        if path.endswith(".html"):
            assert re.search(rb'<footer.*href="[^"]*notices/".*</footer>', content, re.DOTALL), path
    page = html.unescape(site["notices/index.html"].decode())
    for text in (build.ROOT / "site" / "notices").glob("*.txt"):
        assert text.read_text("utf-8").rstrip() in page, text.name


def test_the_schema_of_a_scenario_is_that_of_the_command(site):
    """An editor that is pointed at the site checks as `batch-planner schema` does."""
    assert json.loads(site["scenario.schema.json"]) == schema()


def test_the_site_map_lists_every_page_once(site):
    """All pages but the one for missing pages."""
    found = re.findall(r"<loc>(.*?)</loc>", site["sitemap.xml"].decode())
    pages = [path for path in site if path.endswith("index.html")]
    assert sorted(found) == sorted(
        build.SITE_URL + path.removesuffix("index.html") for path in pages
    )
