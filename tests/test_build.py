"""The site is whole: what the builder refuses, and what its pages hold before any script runs."""

import io
import json
import re
import zipfile
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlsplit

import pytest

import build
from planner import facts
from planner.plan import make_plan
from planner.scenario import FIELDS, Scenario
from planner.show import view

PAGE = (
    '<!doctype html><html lang="en"><head><title>A page</title><meta name="description" content="What it says.">'
    '<link rel="stylesheet" href="css/page.css"></head><body><h1>A page</h1><p id="place">Text</p>{}</body></html>'
)
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
def site():
    """The whole site, from the project's own files."""
    return build.build()


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
    """The view of the example plan."""
    return view.show(make_plan(Scenario()))


# What the checks find


def whats(site: dict[str, bytes]) -> list[str]:
    return [fault.what for fault in build.check(site)]


def small_site(extra: str = "", page: str = PAGE) -> dict[str, bytes]:
    return {
        "index.html": page.format(extra).encode(),
        "css/page.css": b"",
        "about/index.html": PAGE.replace("css/", "../css/").encode(),
    }


def test_a_whole_site_has_no_fault():
    """A link to another page, to an anchor there and to a scenario are all in order."""
    assert (
        build.check(
            small_site(
                '<a href="about/">x</a> <a href="about/#place">y</a> <a href="#workload.requests=5">z</a>'
            )
        )
        == []
    )


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("nowhere/", "the link nowhere/ leads to nowhere/index.html, which is not there"),
        ("about/#gone", "the link about/#gone leads to an id that about/index.html does not have"),
        ("#gone", "the link #gone leads to an id that index.html does not have"),
        ("/about/", "the link /about/ leaves the site"),
        ("../about/", "the link ../about/ leaves the site"),
    ],
)
def test_a_dead_link_is_a_fault(link, expected):
    """Pages, anchors, and links that would break below another path are checked."""
    assert whats(small_site(f'<a href="{link}">x</a>')) == [expected]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("<h1>A page</h1>", "", "the page has 0 h1 headings"),
        ("<h1>A page</h1>", "<h1>A page</h1><h1>B</h1>", "the page has 2 h1 headings"),
        ("<title>A page</title>", "<title> </title>", "the page has no title"),
        ('content="What it says."', 'content=""', "the page has no description"),
        ('<p id="place">', '<p id="place"><b id="place"></b>', "the id place is used twice"),
        ("Text", '<img src="css/page.css">', "1 images have no alt text"),
        ("Text", '<p style="color: red">', "<p style> is forbidden by the page's policy"),
        ("Text", "<script>1</script>", "<script> is forbidden by the page's policy"),
        ("Text", '<p onclick="x()">', "<p onclick> is forbidden by the page's policy"),
    ],
)
def test_a_page_that_is_not_whole_is_a_fault(old, new, expected):
    """One h1, title, description, unique ids, alt texts, and nothing that the policy forbids."""
    assert expected in whats(small_site(page=PAGE.replace(old, new)))


@pytest.mark.parametrize(
    "tag",
    ['<script src="{}"></script>', '<img alt="" src="{}">', '<link rel="stylesheet" href="{}">'],
)
def test_a_page_that_loads_from_elsewhere_is_a_fault(tag):
    """Scripts, pictures and styles come from the site itself; plain links may lead out."""
    address = "https://example.com/thing"
    assert whats(small_site(tag.format(address))) == [f"{address} is loaded from elsewhere"]
    assert whats(small_site(f'<a href="{address}">x</a>')) == []


def test_a_title_in_a_picture_is_no_page_title():
    """Every SVG has a <title> of its own."""
    page = PAGE.replace("<title>A page</title>", "").replace(
        "Text", "<svg><title>Chart</title></svg>"
    )
    assert "the page has no title" not in whats(small_site("<svg><title>Chart</title></svg>"))
    assert "the page has no title" in whats(small_site(page=page))


def test_data_in_a_script_element_is_no_fault():
    """The policy forbids scripts in the page; data for search engines are never run."""
    assert whats(small_site('<script type="application/ld+json">{}</script>')) == []


def test_a_missing_import_of_a_script_is_a_fault():
    """What a module or a style sheet refers to is part of the site."""
    site = small_site() | {
        "js/app.js": b'import { x } from "./gone.js";\n',
        "css/page.css": b"a{background:url(gone.svg)}",
    }
    assert sorted(whats(site)) == [
        "the link ./gone.js leads to js/gone.js, which is not there",
        "the link gone.svg leads to css/gone.svg, which is not there",
    ]


def test_front_matter_is_checked_in_every_file(tmp_path):
    """All faults at once, each with its file."""
    (tmp_path / "a.md").write_text("No front matter")
    (tmp_path / "b.md").write_text("---\ntitle: B\nnav: B\norder: 1\n---\ntext")
    (tmp_path / "c.md").write_text(
        "---\ntitle: C\ndescription: D\nnav: C\norder: 2\nauthor: E\n---\ntext"
    )
    with pytest.raises(build.SiteError) as caught:
        build.read_pages(tmp_path)
    assert [(fault.where, fault.what) for fault in caught.value.faults] == [
        ("content/a.md:1", "there is no front matter"),
        ("content/b.md:1", "description is missing"),
        ("content/c.md:6", "the front matter has an unknown key, author"),
    ]


def test_a_missing_runtime_is_a_fault(tmp_path):
    """Each file that is not there is named."""
    with pytest.raises(build.SiteError) as caught:
        build.pack_runtime(tmp_path, Path(build.ROOT / "planner"))
    assert len(caught.value.faults) == len(build.PYODIDE_FILES)


# What is written


def test_a_fault_writes_nothing(tmp_path, monkeypatch, capsys):
    """The old site stays as it was, the fault goes to stderr with its remedy, and the exit code is 1."""
    out = tmp_path / "dist"
    build.write({"index.html": b"old", "runtime/planner.zip": b""}, out)

    def broken() -> dict[str, bytes]:
        raise build.SiteError(build.Fault(where="index.html", what="no h1", remedy="Give it one."))

    monkeypatch.setattr(build, "build", broken)
    assert build.main(["--out", str(out)]) == 1
    assert (
        capsys.readouterr().err
        == "index.html: no h1\n    Give it one.\n\nNothing was written: 1 to mend.\n"
    )
    assert [file.name for file in tmp_path.iterdir()] == ["dist"]
    assert (out / "index.html").read_bytes() == b"old"


def test_writing_replaces_the_whole_site(tmp_path):
    """A file of an earlier build does not stay behind."""
    out = tmp_path / "dist"
    build.write({"old.html": b"1", "runtime/planner.zip": b""}, out)
    build.write({"a/new.html": b"2", "runtime/planner.zip": b""}, out)
    assert sorted(
        file.relative_to(out).as_posix() for file in out.rglob("*") if file.is_file()
    ) == [
        "a/new.html",
        "runtime/planner.zip",
    ]


def test_a_folder_that_is_no_site_is_not_replaced(tmp_path):
    """`--out` with the wrong folder must not delete somebody's files."""
    (tmp_path / "thesis.txt").write_text("ten years of work")
    with pytest.raises(build.SiteError, match="is not a site"):
        build.write({"index.html": b""}, tmp_path)
    assert (tmp_path / "thesis.txt").exists()


def test_two_builds_are_equal_in_every_byte(site):
    """No clock and no chance in the builder."""
    again = build.build()
    assert sorted(again) == sorted(site)
    assert [path for path in site if site[path] != again[path]] == []


# What the pages hold


def test_no_page_loads_anything_from_elsewhere(site):
    """Apart from plain links for people, no address of another host is in a page, style sheet or script."""
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
    """The contract: name="FIELD", a label, and [data-problem-for="FIELD"] that the control refers to."""
    names, problems, ids = (
        planner.find("name"),
        planner.find("data-problem-for"),
        planner.find("id"),
    )
    labels = planner.find("for")
    for entry in FIELDS:
        control = names[entry.name]
        assert control.attributes["id"] == "f-" + entry.name.replace(".", "-")
        assert labels[control.attributes["id"]].text().strip() == entry.label
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


def test_every_slot_of_the_page_is_one_that_the_view_fills(planner, shown):
    """A slot that nobody fills would keep the example's text for ever."""
    assert set(planner.find("data-slot")) <= set(shown["slots"])
    assert set(planner.find("data-echo")) <= set(shown["slots"])


def test_the_page_is_complete_without_a_script(planner, shown):
    """Every slot has the example's text, every list its rows, every chart its picture."""
    for name, element in planner.find("data-slot").items():
        assert element.text() == shown["slots"][name]
    for name, element in planner.find("data-list").items():
        rows = [child for child in element.children if child.tag != "template"]
        if name not in ("alternatives", "problems"):
            assert len(rows) == len(shown["lists"][name])
    assert len(planner.find("data-list")["alternatives"].children) > 2
    for element in planner.find("data-chart").values():
        assert [child.tag for child in element.children] == ["svg"]


def test_the_cells_of_every_row_are_those_of_the_view(planner, shown):
    """The template of each list names cells that the view gives, and none of them is missing from a row."""
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
    """Pages begin as `static`; the policy allows our own files, WebAssembly, and workers from a blob."""
    for path, content in site.items():
        if path.endswith(".html"):
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


def test_the_site_map_lists_every_page_once(site):
    """All pages but the one for missing pages."""
    found = re.findall(r"<loc>(.*?)</loc>", site["sitemap.xml"].decode())
    pages = [path for path in site if path.endswith("index.html")]
    assert sorted(found) == sorted(
        build.SITE_URL + path.removesuffix("index.html") for path in pages
    )


def test_the_runtime_is_byte_code_without_packages(site):
    """The library and the planner are compiled, programs that we hand out are not, and the lock file names no package."""
    packed = {
        name: zipfile.ZipFile(io.BytesIO(site[f"runtime/{name}.zip"])).namelist()
        for name in ("planner", "python_stdlib")
    }
    assert {
        "planner/bridge.pyc",
        "planner/facts/models.json",
        "planner/programs/templates/run_batches.py",
    } <= set(packed["planner"])
    assert {"json/__init__.pyc", "random.pyc", "encodings/utf_8.pyc"} <= set(
        packed["python_stdlib"]
    )
    sources = [
        name
        for names in packed.values()
        for name in names
        if name.endswith(".py") and "/templates/" not in name
    ]
    assert sources == []
    assert json.loads(site["runtime/pyodide-lock.json"])["packages"] == {}


def test_byte_code_is_the_same_when_it_is_made_anew(site, tmp_path):
    """The cache saves time and changes nothing: without it the planner is compiled to the same bytes."""
    (tmp_path / "pyodide").symlink_to(build.PYODIDE_DIR.resolve())
    library = tmp_path / "library.zip"
    library.write_bytes(site["runtime/python_stdlib.zip"])
    made = build._compiled(tmp_path / "pyodide", library, build._zip(build.ROOT / "planner"))
    assert tmp_path in made.parents
    assert made.read_bytes() == site["runtime/planner.zip"]


def test_sources_that_cannot_be_compiled_are_a_fault(tmp_path):
    """What Python says of it reaches the reader."""
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "module.py").write_text("def (")
    library = build.PYODIDE_DIR / "python_stdlib.zip"
    with pytest.raises(build.SiteError, match=r"site/runtime/compile\.mjs: .*SyntaxError"):
        build._compiled(build.PYODIDE_DIR, library, build._zip(tmp_path / "broken"))
