"""Build the site: read -> render -> check -> write, top to bottom.

    python build.py [--out dist]

The whole site is one `dict[str, bytes]`: path below the site's root -> content. It is checked before
anything is written; every fault is printed with its file and its remedy, and the exit code is then 1. No clock and
no chance: two builds give the same bytes.

An article is Markdown that types no number: it names a fact, a price or a plan, as `{{ fact("expiry_h") }}`, and the
build asks the planner. site/templates/says.html says what an article may name.

Environment: SITE_URL is where the site will stand (only for canonical links, the site map and the links of
404.html, which a server shows at any depth); PYODIDE_DIR is the folder of the npm package `pyodide`.
"""

import argparse
import ast
import datetime
import hashlib
import html
import io
import json
import os
import posixpath
import re
import shutil
import subprocess
import sys
import tempfile
import textwrap
import zipfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import unquote, urlsplit

import jinja2
import markdown
import pygments.lexers
from markupsafe import Markup
from PIL import Image, ImageDraw, ImageFont
from pygments.formatters.html import HtmlFormatter

from planner import bridge, facts, scenario, words
from planner.errors import ScenarioError
from planner.plan import make_plan
from planner.scenario import FIELDS, GROUPS, Scenario, texts
from planner.show import view

ROOT = Path(__file__).resolve().parent
SITE_URL = os.environ.get("SITE_URL", "https://batch-planner.github.io/").rstrip("/") + "/"
PYODIDE_DIR = Path(os.environ.get("PYODIDE_DIR", ROOT / "node_modules" / "pyodide"))
PYODIDE_FILES = (
    "pyodide.mjs",
    "pyodide.asm.mjs",
    "pyodide.asm.wasm",
    "pyodide-lock.json",
    "python_stdlib.zip",
)
NAME = "Batch API Throughput Planner"
WORDS_A_MINUTE = 220  # of a person who reads a technical text
ZIP_DATE = (
    1980,
    1,
    1,
    0,
    0,
    0,
)  # the earliest that a zip can hold: a real date would change every build


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """What is wrong with the site, and where and how to put it right."""

    where: str
    what: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}\n    {self.remedy}"


class SiteError(Exception):
    """The faults that keep a site from being written."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = faults


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """A page before it is rendered.

    `path` is its file in the site, `source` the file that it is made from, `nav` its name in the navigation or "".
    `kind` is "guide", "question" or "" for a page of its own. `body` is Markdown that begins after `body_line` lines
    of the source. `order` is the place among pages of the kind, `checked` an ISO date.
    """

    path: str
    template: str
    title: str
    description: str
    source: str
    kind: str = ""
    nav: str = ""
    body: str = ""
    body_line: int = 0
    order: int = 0
    checked: str = ""
    summary: str = ""
    topic: str = ""

    @property
    def address(self) -> str:
        """The page's address below the site's root: "" or "method/"."""
        return self.path.removesuffix("index.html")

    @property
    def slug(self) -> str:
        """The last part of the address: "cost" of guides/cost/."""
        return posixpath.basename(self.address.rstrip("/"))


@dataclass(frozen=True, kw_only=True, slots=True)
class Kind:
    """What the front matter of a kind of page must have and may have, and the template of such pages."""

    name: str
    template: str
    must: tuple[str, ...]
    may: tuple[str, ...] = ()


# By the folder of content/ in which the pages are; index.md of a folder is a page of its own.
KINDS = {
    "": Kind(
        name="",
        template="article.html",
        must=("title", "description", "nav", "order"),
        may=("template",),
    ),
    "guides": Kind(
        name="guide",
        template="guide.html",
        must=("title", "description", "summary", "order", "checked"),
    ),
    "faq": Kind(
        name="question",
        template="question.html",
        must=("question", "description", "topic", "order", "checked"),
    ),
}


class Blank(dict[str, str]):
    """The row that fills a <template>: every cell of it is empty."""

    def __missing__(self, key: str) -> str:
        return ""


# ---------------------------------------------------------------- read


def read_pages(content: Path) -> tuple[Page, ...]:
    """The planner, the page of a missing page, and one page for each Markdown file of `content`.

    `content/guides/cost.md` becomes `guides/cost/index.html`; guides and questions are in their order.
    Raises SiteError with every fault of every front matter.
    """
    pages = [
        Page(
            path="index.html",
            template="planner.html",
            title="",  # the example plan's own
            description="Plan a Claude Message Batches workload: how to cut it up, what it costs, when it is done and how "
            "sure that is. It is worked out in your browser.",
            source="templates/planner.html",
            nav="Planner",
        ),
        Page(
            path="404.html",
            template="404.html",
            title="There is no such page",
            description="The address leads to no page of the Batch API Throughput Planner.",
            source="templates/404.html",
        ),
    ]
    faults: list[Fault] = []
    for file in sorted(content.rglob("*.md")):
        page = _read_page(file.relative_to(content).as_posix(), file.read_text("utf-8"), faults)
        taken = [
            other.source
            for other in pages
            if page and (other.kind, other.order) == (page.kind, page.order)
        ]
        if page and taken and page.order:
            what = f"the order {page.order} is that of {taken[0]} too"
            faults.append(
                Fault(
                    where=page.source, what=what, remedy="Give each page of a kind its own place."
                )
            )
        if page:
            pages.append(page)
    if faults:
        raise SiteError(*faults)
    topics = list(dict.fromkeys(page.topic for page in sorted(pages, key=lambda page: page.order)))
    return tuple(sorted(pages, key=lambda page: (page.kind, topics.index(page.topic), page.order)))


def _read_page(name: str, text: str, faults: list[Fault]) -> Page | None:
    """A page from a Markdown file with front matter: `key: value` lines between two lines of three dashes."""
    source, folder = f"content/{name}", posixpath.dirname(name)
    if folder not in KINDS:
        remedy = f"Articles stand in content/{' and content/'.join(filter(None, KINDS))}."
        faults.append(Fault(where=source, what="nothing is made from this folder", remedy=remedy))
        return None
    kind = KINDS["" if name.endswith("index.md") else folder]
    found = re.match(r"---\n(.*?)\n---\n", text, re.DOTALL)
    lines = found[1].splitlines() if found else []
    front = {key: value for key, _, value in (line.partition(": ") for line in lines)}

    def fault(what: str, key: str = "") -> None:
        line = next(
            (number for number, line in enumerate(lines, start=2) if line.startswith(f"{key}:")), 1
        )
        remedy = f"Between two lines of --- at the top stand: {', '.join((*kind.must, *kind.may))}."
        faults.append(Fault(where=f"{source}:{line}", what=what, remedy=remedy))

    if not found:
        fault("there is no front matter")
        return None
    for key in kind.must:
        if not front.get(key, "").strip():
            fault(f"{key} is missing", key)
    for key in sorted(front.keys() - {*kind.must, *kind.may}):
        fault(f"the front matter has an unknown key, {key}", key)
    if not front.get("order", "0").isdecimal():
        fault("order is not a number", "order")
    try:
        datetime.date.fromisoformat(front.get("checked", "2000-01-01"))
    except ValueError:
        fault("checked is not a date such as 2026-11-22", "checked")
    if faults and faults[-1].where.startswith(f"{source}:"):
        return None
    stem = name.removesuffix(".md").removesuffix("index").rstrip("/")
    return Page(
        path=f"{stem}/index.html",
        template=front.get("template", kind.template),
        title=front.get("title") or front["question"],
        description=front["description"],
        source=source,
        kind=kind.name,
        nav=front.get("nav", ""),
        body=text[found.end() :],
        body_line=len(lines) + 2,
        order=int(front["order"]),
        checked=front.get("checked", ""),
        summary=front.get("summary", ""),
        topic=front.get("topic", ""),
    )


def read_assets(site: Path) -> dict[str, bytes]:
    """The files that go into the site as they are: styles, scripts and icons."""
    files = sorted(
        file
        for folder in ("css", "js", "icons")
        for file in (site / folder).rglob("*")
        if file.is_file()
    )
    return {file.relative_to(site).as_posix(): file.read_bytes() for file in files}


def pack_runtime(pyodide: Path, package: Path) -> dict[str, bytes]:
    """What the browser needs to run the planner: Python with its library, and the package, both as byte code.

    Byte code is kept beside the npm package `pyodide`, by the hash of all that it is made from: a second build of the
    same sources takes it from there. Raises SiteError if the package is not whole or Node cannot compile.
    """
    missing = [name for name in PYODIDE_FILES if not (pyodide / name).is_file()]
    if missing:
        raise SiteError(
            *(
                Fault(where=str(pyodide / name), what="the file is missing", remedy="Run `npm ci`.")
                for name in missing
            )
        )
    library = _compiled(
        pyodide, pyodide / "python_stdlib.zip", (pyodide / "python_stdlib.zip").read_bytes()
    )
    planner = _compiled(pyodide, library, _zip(package))
    # Python wants to see its lock file, of which we need the versions but none of the packages.
    lock = json.loads((pyodide / "pyodide-lock.json").read_bytes()) | {"packages": {}}
    return {f"runtime/{name}": (pyodide / name).read_bytes() for name in PYODIDE_FILES} | {
        "runtime/pyodide-lock.json": json.dumps(lock).encode(),
        "runtime/python_stdlib.zip": library.read_bytes(),
        "runtime/planner.zip": planner.read_bytes(),
    }


def _compiled(pyodide: Path, library: Path, sources: bytes) -> Path:
    """The zip of sources as a zip of byte code, made by the browser's Python with `library` as its own library."""
    script = ROOT / "site" / "runtime" / "compile.mjs"
    parts = (
        sources,
        script.read_bytes(),
        library.read_bytes(),
        (pyodide / "pyodide.asm.wasm").read_bytes(),
    )
    key = hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()[:16]
    made = pyodide.parent / ".cache" / "byte-code" / f"{key}.zip"
    if made.exists():
        return made
    made.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=made.parent) as folder:
        given, got = Path(folder, "sources.zip"), Path(folder, "compiled.zip")
        given.write_bytes(sources)
        try:
            subprocess.run(
                ["node", script, pyodide, library, given, got],
                check=True,
                capture_output=True,
                text=True,
                timeout=300,
            )
        except (OSError, subprocess.SubprocessError) as error:
            why = (getattr(error, "stderr", None) or str(error)).strip().splitlines()[-1]
            raise SiteError(
                Fault(
                    where="site/runtime/compile.mjs",
                    what=why,
                    remedy="It needs Node 20 or newer, as `node`.",
                )
            ) from None
        got.rename(made)
    return made


def _zip(package: Path) -> bytes:
    """The package as a zip, but for what Python leaves in __pycache__."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for file in sorted(package.rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts:
                archive.writestr(
                    zipfile.ZipInfo(file.relative_to(package.parent).as_posix(), ZIP_DATE),
                    file.read_bytes(),
                )
    return buffer.getvalue()


# ---------------------------------------------------------------- render


def social_image(sentence: str) -> bytes:
    """The picture that a shared link shows: the answer to the example above a queue, 1,200 by 630 pixels, as PNG."""
    ink, paper, done, work, wait = "#eceaf2", "#141318", "#4fb880", "#a98bff", "#5b5868"
    image = Image.new("RGB", (2400, 1260), paper)  # drawn at twice the size, for smooth edges
    draw = ImageDraw.Draw(image)
    mark = ((176, 180, 240, done), (208, 204, 266, work), (240, 236, 280, wait))
    upper = ((960, 180, 900, done), (960, 940, 1720, work), (960, 1760, 2120, wait))
    lower = ((1050, 300, 1100, done), (1050, 1140, 1640, work), (1050, 1680, 2220, wait))
    for height, bars in ((22, mark), (56, upper), (56, lower)):
        for top, left, right, colour in bars:
            draw.rounded_rectangle((left, top, right, top + height), height // 4, colour)
    draw.rectangle((1320, 940, 1325, 1130), ink)
    draw.text((320, 180), "Batch API Throughput Planner", ink, ImageFont.load_default(66))
    draw.multiline_text(
        (180, 400), textwrap.fill(sentence, 50), ink, ImageFont.load_default(88), spacing=40
    )
    buffer = io.BytesIO()
    image.resize((1200, 630), Image.Resampling.LANCZOS).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def example_plan() -> dict[str, Any]:
    """The view of the default scenario, with its alternatives: what the page shows before any script runs."""
    shown = view.show(make_plan(Scenario()))
    more = json.loads(bridge.handle(json.dumps({"query": "", "want": "alternatives"})))
    return shown | {"lists": shown["lists"] | more["view"]["lists"]}


def environment(templates: Path) -> jinja2.Environment:
    """Jinja with everything that a template may ask: the form, the example plan, the facts and their words."""
    env = jinja2.Environment(
        loader=jinja2.FileSystemLoader(templates),
        undefined=jinja2.StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    env.globals |= {
        "fields": {
            group.key: tuple(entry for entry in FIELDS if entry.group == group.key)
            for group in GROUPS
        },
        "groups": GROUPS,
        "values": texts.write_texts(Scenario()),
        "example": example_plan(),
        "programs": view.show_programs(make_plan(Scenario())),
        "facts": facts,
        "blank": Blank(),
        "site_url": SITE_URL,
        "site_name": NAME,
        "view_of": view_of,
        "picture": picture,
        "compare": compare,
        "bands": bands,
        "excerpt": excerpt,
    }
    env.filters |= {
        "count": words.count,
        "price": lambda usd: (
            str(usd) and words.price(usd)
        ),  # str: it refuses a price that is not there by its name
        "duration": words.duration,
        "plain": _plain,
        "links": _links,
        "coded": _coded,
        "maybe": _maybe,
        "nearest": _nearest,
    }
    return env


def _plain(value: object) -> str:
    """A fact's value as people write it: 100,000 and 0.5."""
    if isinstance(value, Decimal):
        return words.plain(value)
    return words.count(value) if isinstance(value, int) else str(value)


def _coded(text: str) -> Markup:
    """The text with names such as custom_id and paths such as /v1/messages as code."""
    parts = re.split(
        r"((?:(?:GET|POST) )?/v1/[\w/?=]+|[\w.]*[a-z]_[a-z][\w.]*\w|[a-z]+(?:\.[a-z]+){2,})", text
    )
    made = [
        Markup("<code>{}</code>").format(part) if place % 2 else part
        for place, part in enumerate(parts)
    ]
    return Markup("").join(made)


def _maybe(number: int | None) -> str:
    return "not published" if number is None else words.count(number)


def _nearest(steps: tuple[int, ...], number: int) -> int:
    """The place of the largest step that is not above the number."""
    return max(place for place, step in enumerate(steps) if step <= number or place == 0)


def _links(text: str) -> Markup:
    """The text with every web address in it as a link."""
    parts = re.split(
        r"((?:https?://|(?:platform\.claude|github)\.com/)[^\s<>\"')\]]+[^\s<>\"')\].,;:])", text
    )
    made = [
        Markup('<a href="https://{0}">{1}</a>').format(re.sub("^https?://", "", part), part)
        if place % 2
        else Markup.escape(part)
        for place, part in enumerate(parts)
    ]
    return Markup("").join(made)


@dataclass(frozen=True, kw_only=True, slots=True)
class Text:
    """What an article's Markdown became. `headings` are (anchor, words, those below it); `sources` texts in the order
    of their numbers; `sections` (anchor, heading, words) for the search; `places` says where each link was written."""

    body: Markup
    headings: tuple[tuple[str, str, tuple[Any, ...]], ...]
    sources: tuple[str, ...]
    sections: tuple[tuple[str, str, str], ...]
    places: Mapping[str, str]

    @property
    def words(self) -> str:
        """All its words."""
        return " ".join(f"{heading} {words}".strip() for _, heading, words in self.sections)

    @property
    def minutes(self) -> int:
        """How long it takes to read."""
        return max(1, round(len(self.words.split()) / WORDS_A_MINUTE))


# A block of code, an expression, or the beginning or end of a quotation: what Markdown is not to see.
_OURS = re.compile(
    r"^```(?P<language>\w+)\n(?P<code>.*?)^```$|\{\{(?P<call>.*?)\}\}|\{%\s*(?P<quote>quote|endquote)\s*%\}",
    re.DOTALL | re.MULTILINE,
)
_HEADING = re.compile(r"^(#+) +(.+?)(?: +\{: #([a-z0-9-]+) \})?$", re.MULTILINE)
_KEPT = re.compile("\ue000(\\d+)\ue001")  # private characters: Markdown lets them pass
_CITED = re.compile("\ue002([a-z0-9_]+)\ue003")
_BLOCK = ("<div", "<figure", "<pre", "<details")


def compose(page: Page, says: Mapping[str, Callable[..., Any]], faults: list[Fault]) -> Text:
    """The article's Markdown as HTML, each `{{ expression }}` answered and each block of code coloured.

    Faults are appended with file and line: an expression that cannot be answered, a heading without an anchor of its
    own or with one that is taken.
    """
    kept: list[str] = []
    sources: dict[str, int] = {}
    places: dict[str, str] = {}

    def where(start: int) -> str:
        return f"{page.source}:{page.body_line + page.body.count(chr(10), 0, start) + 1}"

    def keep(found: re.Match[str]) -> str:
        made = ""
        try:
            if found["code"] is not None:
                made = str(coloured(found["code"], found["language"]))
            elif found["call"] is not None:
                made = str(Markup.escape(answer(found["call"], says))).strip()
            else:
                made = "<q>" if found["quote"] == "quote" else "</q>"
        except (ValueError, SyntaxError, LookupError, TypeError, jinja2.UndefinedError) as why:
            what = f"{found[0].splitlines()[0]}: {_reason(why)}"
            faults.append(Fault(where=where(found.start()), what=what, remedy=_REMEDY))
        if made.startswith("<figure"):  # a picture's own ids occur once in a page
            made = re.sub(r"\b(queue|depth|chance)-(?=\w)", rf"picture-{len(kept)}-\1-", made)
        places.update(
            (address, where(found.start())) for address in re.findall(r'href="([^"]*)"', made)
        )
        kept.append(made)
        return f"\ue000{len(kept) - 1}\ue001"

    def cite(found: re.Match[str]) -> str:
        fact = facts.limit(found[1])
        number = sources.setdefault(fact.source.split("; ")[0], len(sources) + 1)
        return str(says["citation"](fact, number))

    text = _OURS.sub(keep, page.body)
    for address, start in (
        (found[1], found.start()) for found in re.finditer(r"\]\(([^)\s]+)\)", page.body)
    ):
        places[address] = where(start)
    _check_headings(page, where, faults)
    writer = markdown.Markdown(
        extensions=["attr_list", "def_list", "md_in_html", "sane_lists", "tables", "toc"],
        output_format="html",
    )
    made = (
        writer.convert(text)
        .replace("<table>", '<div class="scroll" tabindex="0"><table>')
        .replace("</table>", "</table></div>")
    )
    made = re.sub(
        "<p>\ue000(\\d+)\ue001</p>",
        lambda m: m[0][3:-4] if kept[int(m[1])].startswith(_BLOCK) else m[0],
        made,
    )
    made = _CITED.sub(cite, _KEPT.sub(lambda found: kept[int(found[1])], made))
    made = re.sub(
        r'<(h[23]) id="([^"]+)">(.*?)</\1>',
        r'<\1 id="\2"><a class="anchor" href="#\2">\3</a></\1>',
        made,
    )
    return Text(
        body=Markup(made),
        headings=_headings(writer.toc_tokens),  # type: ignore[attr-defined]
        sources=tuple(sources),
        sections=tuple(_sections(made)),
        places=places,
    )


_REMEDY = "What an article may name stands in site/templates/says.html; `python -m planner facts` lists the facts."


def answer(expression: str, says: Mapping[str, Callable[..., Any]]) -> Any:
    """What `{{ expression }}` stands for: one call of what an article may name, with plain values.

    Raises what the call raises, ValueError or SyntaxError if it is no such call.
    """
    call = ast.parse(expression.strip(), mode="eval").body
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
        raise ValueError('it is not one call, such as fact("expiry_h")')
    if call.func.id not in says:
        raise ValueError(f"there is no {call.func.id}, only {', '.join(sorted(says))}")
    given = [ast.literal_eval(value) for value in call.args]
    return says[call.func.id](
        *given, **{str(part.arg): ast.literal_eval(part.value) for part in call.keywords}
    )


def _reason(why: Exception) -> str:
    if isinstance(why, ScenarioError):
        return "; ".join(problem.message for problem in why.problems)
    return f"there is no {why.args[0]!r}" if isinstance(why, KeyError) else str(why)


def _check_headings(page: Page, where: Callable[[int], str], faults: list[Fault]) -> None:
    """Every heading has an anchor that somebody chose, so that links to it live as long as the article."""
    seen = set()
    prose = re.sub(
        r"^```.*?^```$",
        lambda code: re.sub(r"\S", "x", code[0]),
        page.body,
        flags=re.DOTALL | re.MULTILINE,
    )
    for found in _HEADING.finditer(prose):
        if len(found[1]) == 1:
            what, remedy = (
                "an article begins with ##: its title is in the front matter",
                "Take one # more.",
            )
        elif not found[3]:
            what, remedy = f"the heading “{found[2]}” has no anchor", "End it with {: #anchor }."
        elif found[3] in seen:
            what, remedy = f"the anchor #{found[3]} is used twice", "Give each heading its own."
        else:
            seen.add(found[3])
            continue
        faults.append(Fault(where=where(found.start()), what=what, remedy=remedy))


def _headings(tokens: Iterable[dict[str, Any]]) -> tuple[tuple[str, str, tuple[Any, ...]], ...]:
    return tuple(
        (token["id"], html.unescape(token["name"]), _headings(token["children"]))
        for token in tokens
    )


def _sections(article: str) -> Iterable[tuple[str, str, str]]:
    """The article cut at its headings, as words without pictures and the sources of tables."""
    article = re.sub(
        r"<(svg|sup|small)\b.*?</\1>|<td class=\"source\">.*?</td>|<details.*?</details>",
        " ",
        article,
        flags=re.DOTALL,
    )
    parts = re.split(r'<h[23] id="([^"]+)">(.*?)</h[23]>', article, flags=re.DOTALL)
    for anchor, heading, rest in zip(
        ["", *parts[1::3]], ["", *parts[2::3]], [parts[0], *parts[3::3]], strict=True
    ):
        yield anchor, _words(heading), _words(rest)


def _words(part: str) -> str:
    return " ".join(
        html.unescape(
            re.sub(r"<[^>]+>", " ", re.sub(r"</?(a|b|code|q|span)\b[^>]*>", "", part))
        ).split()
    )


def coloured(code: str, language: str) -> Markup:
    """A block of code with a class for each kind of word; the colours are in css/code.css."""
    lexer = pygments.lexers.get_lexer_by_name(language, stripnl=False)
    inner = pygments.highlight(
        code.strip("\n"), lexer, HtmlFormatter(nowrap=True, classprefix="c-")
    )
    return Markup('<pre class="listing" tabindex="0"><code>{}</code></pre>').format(
        Markup(inner.rstrip("\n"))
    )


def excerpt(name: str, first: str, until: str) -> Markup:
    """A part of one of the programs that we hand out: from the line that begins with `first` to the one before `until`."""
    lines = (ROOT / "planner" / "programs" / "templates" / name).read_text("utf-8").splitlines()
    starts = [place for place, line in enumerate(lines) if line.startswith(first)]
    if len(starts) != 1:
        raise ValueError(f"{len(starts)} lines of {name} begin with {first!r}")
    end = next(
        (place for place in range(starts[0], len(lines)) if lines[place].startswith(until)), None
    )
    if end is None:
        raise ValueError(f"no line of {name} after that begins with {until!r}")
    return coloured(
        "\n".join(lines[starts[0] : end]).rstrip(),
        {"py": "python", "mjs": "javascript"}[name.split(".")[1]],
    )


def sayings(env: jinja2.Environment, pages: tuple[Page, ...]) -> dict[str, Callable[..., Any]]:
    """Everything that an article may name: the macros of says.html."""
    env.globals["page_of"] = {(page.kind, page.slug): page for page in pages}
    return {
        name: macro
        for name, macro in vars(env.get_template("says.html").module).items()
        if callable(macro)
    }


@cache
def view_of(query: str) -> dict[str, Any]:
    """The planner's view of a scenario, named by the query of its link. Raises ScenarioError."""
    return view.show(make_plan(texts.read_query(query)))


def picture(query: str, name: str) -> Markup:
    """A chart of a plan, without what only the planner's script needs."""
    return Markup(re.sub(r' data-[a-z0-9]+="[^"]*"', "", view_of(query)["charts"][name]))


def compare(queries: list[str]) -> tuple[str, list[str]]:
    """What plans have in common besides the defaults, and for each what sets it apart, in words."""
    found = [texts.read_query(query) for query in queries]
    same, apart = [], []
    for entry in FIELDS:
        values = [scenario.value_of(each, entry.name) for each in found]
        if any(value != values[0] for value in values):
            apart.append([_said(entry, value) for value in values])
        elif values[0] != entry.default:
            same.append(_said(entry, values[0]))
    return ", ".join(same), [
        ", ".join(filter(None, parts)) for parts in zip(*apart, strict=True)
    ] or ["The example plan"]


def _said(entry: Any, value: Any) -> str:
    """A field and its value: "Requests 20,000". A choice that says enough stands alone."""
    if entry.kind == "history":
        return f"{len(value)} of them" if value else ""
    if entry.kind in ("model", "choice"):
        label = dict(entry.choices)[value]
        return label if entry.kind == "model" else f"{entry.label}: {label[0].lower() + label[1:]}"
    if entry.kind == "flag":
        return f"{entry.label}: {'yes' if value else 'no'}"
    said = words.count(value) if isinstance(value, int) else words.plain(value)
    return " ".join(part for part in (entry.label, said, entry.unit) if part)


def bands() -> list[tuple[str, int, float, float, float, bool]]:
    """The observed durations by size: label, batches, seconds of the shortest, the middle and the longest, and whether
    the longest had ended when it was last seen."""
    rows = [
        (row.requests, row.seconds_low, not row.censored)
        for row in facts.observations()
        if row.used and row.requests is not None
    ]
    found = []
    for low, high in ((1, 9), (10, 199), (200, 4_999), (5_000, 100_000)):
        times = sorted(
            (seconds, ended) for requests, seconds, ended in rows if low <= requests <= high
        )
        if times:
            middle = median(seconds for seconds, _ in times)
            found.append((f"{low:,} to {high:,}", len(times), times[0][0], middle, *times[-1]))
    return found


def render(
    pages: tuple[Page, ...], env: jinja2.Environment, runtime_bytes: int
) -> tuple[dict[str, bytes], dict[tuple[str, str], str]]:
    """Every page, the search index, the feed, the site map and robots.txt; and where each link was written.

    The places are by page and address, such as {("guides/cost/index.html", "../limits/#spend"): "content/…:31"}.
    Raises SiteError with every fault of every article.
    """
    faults: list[Fault] = []
    says = sayings(env, pages)
    written = {page.path: compose(page, says, faults) for page in pages}
    if faults:
        raise SiteError(*faults)
    questions = [page for page in pages if page.kind == "question"]
    shared = {
        "nav": [page for page in pages if page.nav],
        "guides": [page for page in pages if page.kind == "guide"],
        "questions": questions,
        "topics": {
            topic: [page for page in questions if page.topic == topic]
            for topic in dict.fromkeys(page.topic for page in questions)
        },
        "written": written,
        "runtime_bytes": runtime_bytes,
    }
    site, places = {}, {}
    for page in pages:
        text = written[page.path]
        same = [other for other in pages if page.kind and other.kind == page.kind]
        place = same.index(page) if page in same else 0
        around = {
            "previous": same[place - 1] if place else None,
            "next": same[place + 1] if place + 1 < len(same) else None,
            "parents": [
                other
                for other in pages
                if other != page and page.address.startswith(other.address or "/")
            ],
        }
        made = env.get_template(page.template).render(shared, **around, page=page, text=text)
        site[page.path] = _relative(made, page.path).encode()
        for address, where in text.places.items():
            places[
                page.path, _relative(f' href="{address}"', page.path)[7:-1].replace("&amp;", "&")
            ] = where
    for name in ("feed.xml", "sitemap.xml"):
        site[name] = (
            env.get_template(name)
            .render(shared, pages=[page for page in pages if page.path != "404.html"])
            .encode()
        )
    site["search.json"] = _search_index(pages, written)
    site["robots.txt"] = f"User-agent: *\nAllow: /\nSitemap: {SITE_URL}sitemap.xml\n".encode()
    return site, places


def _search_index(pages: tuple[Page, ...], written: Mapping[str, Text]) -> bytes:
    """[title, address, heading, words] of every section of every article, for js/search.js."""
    rows = [
        [page.title, page.address + (f"#{anchor}" if anchor else ""), heading, words]
        for page in sorted(pages, key=lambda page: ("guide", "question", "").index(page.kind))
        for anchor, heading, words in written[page.path].sections
        if words
    ]
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":")).encode()


def _relative(page: str, path: str) -> str:
    """The page with `/…` links made relative, so that the site works below any path.

    404.html is shown at any depth, so its links begin with the path of SITE_URL.
    """
    up = urlsplit(SITE_URL).path if path == "404.html" else "../" * path.count("/")
    return re.sub(
        r'(?<=\s)(href|src|data-runtime|data-home)="/([^"]*)"',
        lambda m: f'{m[1]}="{up}{m[2]}"' if up + m[2] else f'{m[1]}="./"',
        page,
    )


# ---------------------------------------------------------------- check


@dataclass(slots=True)
class Outline(HTMLParser):
    """What the checks need to know of a page."""

    ids: list[str] = field(default_factory=list)
    links: list[tuple[str, bool]] = field(
        default_factory=list
    )  # address, and whether it is loaded with the page
    h1: int = 0
    title: str = ""
    description: str = ""
    inline: list[str] = field(default_factory=list)  # what the Content-Security-Policy forbids
    no_alt: int = 0
    _in_head: bool = True
    _in_title: bool = False

    def __post_init__(self) -> None:
        HTMLParser.__init__(self)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if "id" in given:
            self.ids.append(given["id"])
        self.inline += [
            f"<{tag} {name}>" for name in given if name == "style" or name.startswith("on")
        ]
        is_data = (
            given.get("type") == "application/ld+json"
        )  # never run, so the policy lets it stand
        if tag == "style" or (tag == "script" and "src" not in given and not is_data):
            self.inline.append(f"<{tag}>")
        for name in ("href", "src", "data-runtime"):
            if name in given:
                loaded = name != "href" or (
                    tag == "link" and given.get("rel") not in ("canonical", "prev", "next")
                )
                self.links.append((given[name], loaded))
        self.h1 += tag == "h1"
        self.no_alt += tag == "img" and "alt" not in given
        self._in_head = self._in_head and tag != "body"
        self._in_title = tag == "title" and self._in_head  # an <svg> has a <title> of its own
        if tag == "meta" and given.get("name") == "description":
            self.description = given.get("content", "")

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.title += data.strip()

    def handle_endtag(self, tag: str) -> None:
        self._in_title = self._in_title and tag != "title"


def check(
    site: dict[str, bytes], places: Mapping[tuple[str, str], str] | None = None
) -> list[Fault]:
    """Everything that is wrong with the site, or an empty list. `places` says where a link of a page was written."""
    places = places or {}
    outlines = {}
    for path, content in site.items():
        if path.endswith(".html"):
            outlines[path] = Outline()
            outlines[path].feed(content.decode())
    faults = []
    for path, outline in outlines.items():
        faults += [
            Fault(where=path, what=what, remedy=remedy) for what, remedy in _page_faults(outline)
        ]
        for address, loaded in outline.links:
            found = _link_faults(path, address, loaded, site, outlines)
            faults += [replace(fault, where=places.get((path, address), path)) for fault in found]
    for path, content in site.items():
        if path.endswith((".css", ".js")):
            for address in _references(path, content.decode()):
                faults += _link_faults(path, address, True, site, outlines)
    return faults


def _page_faults(outline: Outline) -> list[tuple[str, str]]:
    found = []
    if outline.h1 != 1:
        found.append((f"the page has {outline.h1} h1 headings", "Give it exactly one."))
    if not outline.title:
        found.append(("the page has no title", "Give it a title in its front matter or template."))
    if not outline.description:
        found.append(
            (
                "the page has no description",
                "Give it a description in its front matter or template.",
            )
        )
    if outline.no_alt:
        found.append(
            (
                f"{outline.no_alt} images have no alt text",
                'Say what the image shows, or alt="" if it only decorates.',
            )
        )
    found += [
        (f"the id {name} is used twice", "Ids are unique in a page.")
        for name in sorted({i for i in outline.ids if outline.ids.count(i) > 1})
    ]
    found += [
        (f"{what} is forbidden by the page's policy", "Move it into a file of css/ or js/.")
        for what in outline.inline
    ]
    return found


def _link_faults(
    path: str, address: str, loaded: bool, site: dict[str, bytes], outlines: dict[str, Outline]
) -> list[Fault]:
    """A link that leads nowhere, or a script, style or picture that comes from elsewhere."""
    parts = urlsplit(address)
    if address.startswith(SITE_URL):
        parts = urlsplit(urlsplit(SITE_URL).path + address.removeprefix(SITE_URL))
    elif parts.scheme or parts.netloc:
        if loaded:
            return [
                Fault(
                    where=path,
                    what=f"{address} is loaded from elsewhere",
                    remedy="Keep it in the site itself.",
                )
            ]
        return []
    target = _target(path, unquote(parts.path))
    if target.startswith("..") or (address.startswith("/") and path != "404.html"):
        return [
            Fault(
                where=path,
                what=f"the link {address} leaves the site",
                remedy="Use a relative link.",
            )
        ]
    if target.endswith("/") and loaded and any(name.startswith(target) for name in site):
        return []  # a folder from which the script loads
    target = target + "index.html" if not target or target.endswith("/") else target
    if target not in site:
        return [
            Fault(
                where=path,
                what=f"the link {address} leads to {target}, which is not there",
                remedy="Mend the link or add the file.",
            )
        ]
    is_plan = "=" in parts.fragment  # no anchor: the planner's page reads it
    anchors = outlines[target].ids if target in outlines and not is_plan else (parts.fragment,)
    if parts.fragment and parts.fragment not in anchors:
        return [
            Fault(
                where=path,
                what=f"the link {address} leads to an id that {target} does not have",
                remedy="Mend the link or add the id.",
            )
        ]
    return []


def _target(path: str, link: str) -> str:
    """The path below the site's root to which a link of the page `path` leads."""
    if not link:
        return path
    home = urlsplit(SITE_URL).path
    at_root = link.removeprefix(home) if link.startswith(home) else None
    joined = at_root if at_root is not None else posixpath.join(posixpath.dirname(path), link)
    target = posixpath.normpath(joined) if joined else "."
    return ("" if target == "." else target) + (
        "/" if joined.endswith("/") and target != "." else ""
    )


def _references(path: str, text: str) -> list[str]:
    if path.endswith(".css"):
        return [
            address
            for address in re.findall(r"url\([\"']?([^\"')]+)", text)
            if not address.startswith("data:")
        ]
    return re.findall(r"^(?:import|export)[^;]*?from\s*[\"']([^\"']+)[\"']", text, re.MULTILINE)


# ---------------------------------------------------------------- write


def write(site: dict[str, bytes], out: Path) -> None:
    """Put the site into `out` in place of the site that is there. It is written beside it first: `out` is never half a site.

    Raises SiteError if `out` holds something else, so that a slip in --out deletes nobody's files.
    """
    if out.exists() and not (out / "runtime" / "planner.zip").exists() and any(out.iterdir()):
        raise SiteError(
            Fault(
                where=str(out),
                what="the folder is not a site",
                remedy="Name another folder with --out, or empty this one.",
            )
        )
    fresh, old = out.with_name(out.name + ".new"), out.with_name(out.name + ".old")
    for folder in (fresh, old):
        shutil.rmtree(folder, ignore_errors=True)
    for path, content in site.items():
        file = fresh / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    if out.exists():
        out.rename(old)
    fresh.rename(out)
    shutil.rmtree(old, ignore_errors=True)


def build() -> dict[str, bytes]:
    """The whole site, checked. Raises SiteError with every fault."""
    site = read_assets(ROOT / "site") | pack_runtime(PYODIDE_DIR, ROOT / "planner")
    runtime_bytes = sum(
        len(content) for path, content in site.items() if path.startswith("runtime/")
    )
    site["icons/social.png"] = social_image(view.sentence(make_plan(Scenario())))
    site |= {
        f"programs/{program['name']}": program["text"].encode()
        for program in view.show_programs(make_plan(Scenario()))
    }
    pages = read_pages(ROOT / "content")
    made, places = render(pages, environment(ROOT / "site" / "templates"), runtime_bytes)
    site |= made
    if faults := check(site, places):
        raise SiteError(*faults)
    return site


def main(arguments: list[str]) -> int:
    """Build into the folder that the command line names. Exit code 0, or 1 with every fault printed."""
    parser = argparse.ArgumentParser(description="Build the site.")
    parser.add_argument(
        "--out", type=Path, default=ROOT / "dist", help="folder to write (default: dist)"
    )
    out = parser.parse_args(arguments).out.resolve()
    try:
        site = build()
        write(site, out)
    except SiteError as error:
        print(
            error, f"\nNothing was written: {len(error.faults)} to mend.", sep="\n", file=sys.stderr
        )
        return 1
    print(f"{out.name}/: {len(site)} files, {sum(map(len, site.values())):,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
