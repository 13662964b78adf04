"""Guides and answers: that they type no number, that their claims hold, and what a reader, a search
engine and a feed reader find in them."""

import html
import json
import re
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

import jinja2
import pytest

import build
from planner import advice, facts
from planner.plan import make_plan
from planner.scenario import FIELDS, texts
from planner.show import view
from tests.conftest import files_of

ROOT = Path(build.ROOT)
ARTICLES = sorted(
    path for folder in ("guides", "faq") for path in (ROOT / "content" / folder).glob("*.md")
)


@pytest.fixture(scope="session")
def site(site: Path) -> dict[str, bytes]:
    """The whole site by path, from the project's own files."""
    return files_of(site)


def pages_of(site: dict[str, bytes], folder: str) -> dict[str, str]:
    """The pages below a folder, by path; not its index."""
    return {
        path: content.decode()
        for path, content in site.items()
        if re.fullmatch(rf"{folder}/[^/]+/index\.html", path)
    }


# ---------------------------------------------------------------- no typed number


_TYPED = re.compile(
    r"[$€£]\s?\d|\b\d{4}-\d\d-\d\d\b|\b20\d\d\b|\b\d[\d,.]*\s?(?:%|[kMG]i?B\b|million|thousand)|\b\d+(?:,\d{3})+\b|\b\d{2,}\b|"
    r"\b\d[\d.]*\s(?:hours?|h|days?|minutes?|min|seconds?|s|tokens?|requests?|characters?|bytes|months?|dollars)\b"
)


def typed(text: str) -> list[str]:
    """Amounts, limits, durations and dates that an article types outside a {% quote %}, an expression or code."""
    text = re.sub(r"\{%\s*quote\s*%\}.*?\{%\s*endquote\s*%\}", " ", text, flags=re.DOTALL)
    text = re.sub(
        r"\{\{.*?\}\}|^```.*?^```$|`[^`\n]*`|\{: #[^}]*\}",
        " ",
        text,
        flags=re.DOTALL | re.MULTILINE,
    )
    text = re.sub(r"\bP(?:50|85|95)\b|\bbase64\b|\bSHA-256\b|\bUTF-8\b", " ", text)
    return _TYPED.findall(text)


@pytest.mark.parametrize(
    "text",
    [
        "costs $5.00",
        "up to 100,000 requests",
        "for 24 hours",
        "half, 50 %",
        "256 MB",
        "since 2026-06-26",
        "in 2026",
    ],
)
def test_typed_number_is_found(text: str) -> None:
    """The net has the right mesh."""
    assert typed(text)
    assert not typed(f"{{% quote %}}{text}{{% endquote %}}")


@pytest.mark.parametrize("path", ARTICLES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_no_number_is_typed(path: Path) -> None:
    """Prices, limits, durations, dates and results are named, and the planner is asked; others' claims are quoted."""
    front, _, body = path.read_text("utf-8").partition("\n---\n")
    front = re.sub(r"^(?:checked|order): .*$", "", front, flags=re.MULTILINE)
    assert typed(front + body) == []


_CHANGED = """
import hashlib, json, sys
import build
from builder.notices import Notices
pages = build.read_pages(build.ROOT / "content")
templates = build.ROOT / "site" / "templates"
env = build.environment(templates, site_name=build.SITE_NAME, site_url=build.SITE_URL)
about = {"runtime": {"worker": "", "streamed_bytes": 0}, "notices": Notices(components=(), texts={})}
made = build.render(pages, build.compose_all(pages, env), env, about)
print(json.dumps({path: content.decode() for path, content in made.items()}))
"""


def test_changed_price_changes_every_page_that_mentions_it(
    site: dict[str, bytes], tmp_path: Path
) -> None:
    """One number of planner/facts/models.json is the only place of a price: every page follows it, and none breaks."""
    copy = tmp_path / "copy"
    skip = shutil.ignore_patterns("__pycache__")
    for name in ("planner", "site", "content"):
        shutil.copytree(ROOT / name, copy / name, ignore=skip)
    shutil.copy(ROOT / "build.py", copy)
    data = copy / "planner" / "facts" / "models.json"
    models = json.loads(data.read_text("utf-8"))
    (sonnet,) = (row for row in models["models"] if row["id"] == "claude-sonnet-5-5")
    assert sonnet["usd_per_mtok"]["batch"]["output"] == 5
    sonnet["usd_per_mtok"]["batch"]["output"] = 4.8642
    data.write_text(json.dumps(models), "utf-8")
    done = subprocess.run(
        [sys.executable, "-c", _CHANGED], cwd=copy, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    changed = json.loads(done.stdout)
    mention = {path for path, page in changed.items() if "$4.8642" in page}
    assert {
        "method/index.html",
        "guides/cost/index.html",
        "faq/batch-price/index.html",
        "faq/index.html",
    } <= mention
    assert [
        path
        for path in mention
        if "$4.8642" in site[path].decode() or "$5.00" not in site[path].decode()
    ] == []
    # the example plan is one of this model: its old cost, and what it saves, are gone from every page that said them
    costs = {
        path for path, page in site.items() if path in changed and b"in 1 batch cost $55.00" in page
    }
    assert {"index.html", "guides/what-this-planner-does/index.html"} <= costs
    assert [path for path in costs if "in 1 batch cost $53.64" not in changed[path]] == []
    others = [
        path
        for path, page in site.items()
        if path.endswith(".html") and b'title="Open this plan">$55.00<' in page
    ]
    assert others
    assert [path for path in others if "$53.64" not in changed[path]] == []


# ---------------------------------------------------------------- what the articles claim


def plan_of(query: str) -> dict[str, Any]:
    return view.show(make_plan(texts.read_query(query)))


def seconds(query: str, percentile: str) -> float:
    return getattr(make_plan(texts.read_query(query)).forecast, percentile).makespan_s


HAIKU = "workload.model=claude-haiku-5-5&"


def test_splitting_does_not_look_faster() -> None:
    """batch-size#faster: one batch, ten at once, ten in a row; the times are not better by more than 3 %."""
    whole, at_once, in_a_row = (
        f"{HAIKU}workload.requests=100k&batches.requests_per_batch={rest}"
        for rest in ("100k", "10k&batches.concurrent=10", "10k")
    )
    for percentile in ("p50", "p85", "p95"):
        assert seconds(whole, percentile) <= 1.03 * seconds(at_once, percentile)
        assert seconds(whole, percentile) <= 1.03 * seconds(in_a_row, percentile)


def test_few_hits_make_caching_dearer_than_none() -> None:
    """cost#caching: the second row of the table costs more than the first, the third less."""
    shared = "workload.shared_prefix_tokens=4000&workload.input_tokens=4500"
    none, few, usual = (
        make_plan(texts.read_query(shared + more)).cost.batch_usd
        for more in ("", "&caching.mode=1h&caching.hit_rate=0.3", "&caching.mode=1h")
    )
    assert usual < none < few


def test_spend_limit_stops_the_first_plan_and_not_the_second() -> None:
    """limits#spend: the table shows one plan over the cap of tier Start and one below."""
    first = "workload.requests=200k&batches.requests_per_batch=50k"
    for query, stopped in ((first, True), (f"{first}&workload.model=claude-haiku-5-5", False)):
        codes = [row["code"] for row in plan_of(query)["lists"]["caveats"]]
        assert ("spend-limit" in codes) == stopped


def test_real_time_gains_less_when_there_is_more_to_do() -> None:
    """limits#realtime: against P50 real time is ahead with the small workload and behind with the large one."""
    small, large = (
        make_plan(texts.read_query("")),
        make_plan(texts.read_query("workload.requests=50k&batches.requests_per_batch=50k")),
    )
    assert small.realtime and large.realtime
    assert small.realtime.seconds < small.forecast.p50.makespan_s
    assert large.realtime.seconds > large.forecast.p50.makespan_s


def test_own_luck_makes_the_typical_run_slow() -> None:
    """how-long#shared-load: five batches in a row with a luck of their own take longer at P50 than five that share it."""
    five = (
        f"{HAIKU}workload.requests=50k&batches.requests_per_batch=10k&batches.concurrent=1"
        "&duration.shared_load="
    )
    assert seconds(f"{five}0", "p50") > seconds(f"{five}0.7", "p50")
    assert seconds(f"{five}0", "p50") > seconds(f"{five}1", "p50")


def test_own_history_has_a_smaller_spread() -> None:
    """how-long#history: the made-up dozen differs less than the public observations."""
    text = (ROOT / "content" / "guides" / "how-long.md").read_text("utf-8")
    found = re.search(r'"(duration\.model=history[^"]*)"', text)
    assert found
    own = seconds(found[1], "p95") / seconds(found[1], "p50")
    assert own < seconds("", "p95") / seconds("", "p50")


def test_quickest_batch_of_thousands_beat_one_of_hundreds() -> None:
    """how-long#observed: one batch of thousands took less time than one of under two hundred."""
    rows = [row for row in facts.observations() if row.used and row.requests]
    assert min(r.seconds_high for r in rows if r.requests >= 5000) < max(
        r.seconds_low for r in rows if r.requests < 200
    )


# ---------------------------------------------------------------- what readers find


def test_every_article_is_a_page_and_is_listed(site: dict[str, bytes]) -> None:
    """Each file has an address of its own, and the index of its folder leads there."""
    for path in ARTICLES:
        if path.stem == "index":
            continue
        assert f"{path.parent.name}/{path.stem}/index.html" in site
        assert (
            f'href="../{path.parent.name}/{path.stem}/"'.encode()
            in site[f"{path.parent.name}/index.html"]
        )


def test_every_heading_is_a_link_to_itself(site: dict[str, bytes]) -> None:
    """h2 and h3 of articles carry an anchor that the contents and other pages use."""
    for path, page in pages_of(site, "guides").items():
        headings = re.findall(
            r'<h[23]( id="([^"]*)")?[^>]*>', page.split("<article")[1].split('class="sources"')[0]
        )
        assert headings and all(anchor for _, anchor in headings), path
        for _, anchor in headings:
            assert page.count(f'href="#{anchor}"') >= 2, (path, anchor)


def test_guides_turn_from_one_to_the_next(site: dict[str, bytes]) -> None:
    """From the first guide the links "next" lead through all of them, and "previous" back."""
    seen, path = [], "guides/what-this-planner-does/index.html"
    while path:
        seen.append(path)
        found = re.search(r'<a rel="next" href="\.\./\.\./([^"]*)"', site[path].decode())
        path = f"{found[1]}index.html" if found else ""
        if path:
            assert (
                f'rel="prev" href="../../{seen[-1].removesuffix("index.html")}"'
                in site[path].decode()
            )
    assert sorted(seen) == sorted(pages_of(site, "guides"))


def test_every_link_to_a_plan_can_be_planned(site: dict[str, bytes]) -> None:
    """Each press of an article opens a plan without a problem."""
    queries = set()
    for page in [*pages_of(site, "guides").values(), *pages_of(site, "faq").values()]:
        queries |= {
            link.replace("&amp;", "&") for link in re.findall(r'href="\.\./\.\./#([^"]*)"', page)
        }
    assert len(queries) > 40
    for query in queries:
        assert parse_qs(query) or query == ""
        texts.read_query(query)


def test_code_is_coloured_without_inline_style(site: dict[str, bytes]) -> None:
    """Every class that Pygments gave to strings, words and comments has a colour in the style sheet."""
    page = site["guides/how-long/index.html"].decode()
    assert '<span class="c-kn">import</span>' in page
    assert not re.search(r"<[^>]*\sstyle=", page)
    styles = site["css/code.css"].decode()
    assert {".c-kn", ".c-s2", ".c-c1", ".c-mi"} <= set(re.findall(r"\.c-\w+", styles))


def test_excerpt_is_the_program_that_is_handed_out(site: dict[str, bytes]) -> None:
    """The settings in the guide are lines of the example plan's program."""
    page = site["guides/programs/index.html"].decode()
    shown = html.unescape(
        re.sub(
            r"<[^>]*>",
            "",
            page.split('<pre class="listing" tabindex="0"><code>')[1].split("</code>")[0],
        )
    )
    program = site["programs/batch-10k-sonnet-5-5.py"].decode()
    assert "REQUESTS_PER_BATCH = " in shown
    assert shown.strip() in program


@pytest.mark.parametrize("kind", ["fields", "charts", "caveats"])
def test_everything_on_the_page_has_its_section(kind: str) -> None:
    """Each field, picture and caveat leads to a section of a guide; the builder refuses a dead one."""
    templates = jinja2.FileSystemLoader(ROOT / "site" / "templates")
    sections = jinja2.Environment(loader=templates).get_template("panel.html").module.sections
    rules = sorted(Path(advice.__file__).parent.glob("*.py"))
    source = " ".join(path.read_text("utf-8") for path in rules)
    wanted = {
        "fields": {entry.name for entry in FIELDS},
        "charts": set(plan_of("")["charts"]),
        "caveats": set(
            re.findall(r'"([a-z]+(?:-[a-z]+)+)"', " ".join(re.findall(r"code=.*", source)))
        ),
    }[kind]
    assert wanted == set(sections[kind])


# ---------------------------------------------------------------- what machines find


def structured(page: bytes) -> dict[str, Any]:
    (found,) = re.findall(rb'<script type="application/ld\+json">(.*?)</script>', page, re.DOTALL)
    data: dict[str, Any] = json.loads(found)
    assert data["@context"] == "https://schema.org"
    return data


def test_structured_data_says_what_each_page_is(site: dict[str, bytes]) -> None:
    """The properties that schema.org types need, with values that the page shows."""
    planner = structured(site["index.html"])
    assert planner["@type"] == "SoftwareApplication"
    assert planner["offers"]["price"] == "0"
    assert planner["name"] and planner["applicationCategory"] and planner["operatingSystem"]
    for path, page in pages_of(site, "guides").items():
        data = structured(site[path])
        assert data["@type"] == "TechArticle"
        assert data["headline"] in page and len(data["headline"]) <= 110
        assert date.fromisoformat(data["dateModified"])
        assert data["author"]["name"] and data["image"].startswith(build.SITE_URL)
        assert (
            data["url"]
            == data["mainEntityOfPage"]
            == build.SITE_URL + path.removesuffix("index.html")
        )
        crumbs = data["breadcrumb"]["itemListElement"]
        assert [crumb["position"] for crumb in crumbs] == [1, 2]
        assert [crumb["name"] for crumb in crumbs] == ["Guides", data["headline"]]
    questions = {q["name"]: q for q in structured(site["faq/index.html"])["mainEntity"]}
    for path in pages_of(site, "faq"):
        data = structured(site[path])
        assert data["@type"] == "FAQPage"
        (question,) = data["mainEntity"]
        assert question["@type"] == "Question" and question["acceptedAnswer"]["@type"] == "Answer"
        assert len(question["acceptedAnswer"]["text"]) > 40
        assert questions[question["name"]] == question
    assert len(questions) == len(pages_of(site, "faq"))


def test_heads_say_what_a_page_is(site: dict[str, bytes]) -> None:
    """Title, description, canonical address and social picture are there, and no two pages share a title or description."""
    seen: dict[str, str] = {}
    for path, content in site.items():
        if not path.endswith("index.html"):
            continue
        page = content.decode()
        title, description = (
            re.search(r"<title[^>]*>(.*?)</title>", page),
            re.search(r'name="description" content="([^"]*)"', page),
        )
        assert title and description
        assert 50 <= len(description[1]) <= 170, path
        for said in (title[1], description[1]):
            assert seen.setdefault(said, path) == path
        address = build.SITE_URL + path.removesuffix("index.html")
        assert f'<link rel="canonical" href="{address}">' in page
        assert f'property="og:image" content="{build.SITE_URL}icons/social.png"' in page
    assert site["icons/social.png"].startswith(b"\x89PNG")


def test_feed_lists_every_article_with_its_day(site: dict[str, bytes]) -> None:
    """Atom with all that it requires; no clock: the days are those of the articles."""
    atom = "{http://www.w3.org/2005/Atom}"
    feed = ElementTree.fromstring(site["feed.xml"])
    for name in ("id", "title", "updated", "author"):
        assert feed.find(atom + name) is not None
    entries = feed.findall(atom + "entry")
    assert len(entries) == len(pages_of(site, "guides")) + len(pages_of(site, "faq"))
    addresses = [
        str(entry.findtext(atom + "id")).removeprefix(build.SITE_URL) + "index.html"
        for entry in entries
    ]
    assert sorted(addresses) == sorted([*pages_of(site, "guides"), *pages_of(site, "faq")])
    days = [str(entry.findtext(atom + "updated")) for entry in entries]
    assert days == sorted(days, reverse=True)
    assert feed.findtext(atom + "updated") == days[0]


def test_search_index_holds_every_section(site: dict[str, bytes]) -> None:
    """Rows of title, address, heading and words; each address is a page, each anchor an id there."""
    rows = json.loads(site["search.json"])
    for _, address, _, words in rows:
        parts = urlsplit(address)
        page = site[f"{parts.path}index.html"].decode()
        assert words.strip() and not re.search(r"<[a-z/!]", words)
        if parts.fragment and "=" not in parts.fragment:  # else a plan, which has no place
            assert f'id="{parts.fragment}"' in page
    pages = {urlsplit(address).path + "index.html" for _, address, _, _ in rows}
    assert {*pages_of(site, "guides"), *pages_of(site, "faq"), "method/index.html"} <= pages
    assert len(site["search.json"]) < 250_000
