"""Read the pages: those of templates alone, and one for each Markdown file of content/."""

import datetime
import posixpath
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from builder.faults import Collector
from builder.sources import read_text


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """A page before it is rendered.

    `path` is its file in the site, `source` the file that it is made from, `nav` its name in the
    navigation or "". `kind` is "guide", "question" or "" for a page of its own. `body` is Markdown
    that begins after `body_line` lines of the source. `order` is the place among pages of the kind,
    `checked` an ISO date.
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

    @property
    def everywhere(self) -> bool:
        """Whether it stands for any address; see `stands_everywhere`."""
        return stands_everywhere(self.path)


def stands_everywhere(path: str) -> bool:
    """Whether a server shows the page in place of one that is not there, at whatever depth.

    Such a page has no address of its own, so nothing lists it, and its links begin at the root.
    """
    return path == "404.html"


OWN_PAGES = (
    Page(
        path="index.html",
        template="planner.html",
        title="",  # the example plan's own
        description="Plan a Claude Message Batches workload: how to cut it up, what it costs, when "
        "it is done and how sure that is. It is worked out in your browser.",
        source="site/templates/planner.html",
    ),
    Page(
        path="notices/index.html",
        template="notices.html",
        title="Licences of all that is shipped",
        description="The software that this site ships, Python in the browser and all that it is "
        "made of, with the notices of its authors and the full text of each licence.",
        source="site/templates/notices.html",
    ),
    Page(
        path="offline/index.html",
        template="offline.html",
        title="Use it offline",
        description="Four ways to plan without a network: the page itself, the app, one file that a "
        "browser opens from a disk, and the command line.",
        source="site/templates/offline.html",
        nav="Offline",
        order=9,
    ),
    Page(
        path="404.html",
        template="404.html",
        title="There is no such page",
        description="The address leads to no page of the Batch API Throughput Planner.",
        source="site/templates/404.html",
    ),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Kind:
    """What the front matter of a kind of page must and may have, and the template of such pages."""

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


def read_pages(content: Path) -> tuple[Page, ...]:
    """The pages of templates, and one page for each Markdown file of `content`.

    `content/guides/cost.md` becomes `guides/cost/index.html`; guides and questions are in their
    order. Raises SiteError with every fault of every front matter.
    """
    faults = Collector()
    pages = list(OWN_PAGES)
    files = sorted(content.rglob("*.md"))
    if not files:
        faults.add(f"{content.name}/", "there are no articles", "Articles are files NAME.md there.")
    for file in files:
        name = file.relative_to(content).as_posix()
        with faults.going_on():
            page = _read_page(name, read_text(file, f"content/{name}"))
            for what, remedy in _clashes(page, pages):
                faults.add(page.source, what, remedy)
            pages.append(page)
    faults.raise_all()
    topics = list(dict.fromkeys(page.topic for page in sorted(pages, key=lambda page: page.order)))
    return tuple(sorted(pages, key=lambda page: (page.kind, topics.index(page.topic), page.order)))


def _clashes(page: Page, pages: Sequence[Page]) -> Iterator[tuple[str, str]]:
    """What a page has that another has already: (what, remedy)."""
    for other in pages:
        if other.path == page.path:
            yield f"its page is that of {other.source} too", "Give it another name."
        if page.order and (other.kind, other.order) == (page.kind, page.order):
            what = f"the order {page.order} is that of {other.source} too"
            yield what, "Give each page of a kind its own place."


def _read_page(name: str, text: str) -> Page:
    """A page from a Markdown file with front matter. Raises SiteError with all that is wrong."""
    source, folder = f"content/{name}", posixpath.dirname(name)
    faults = Collector()
    if folder not in KINDS:
        remedy = f"Articles stand in content/{' and content/'.join(filter(None, KINDS))}."
        faults.add(source, "nothing is made from this folder", remedy)
    elif not re.fullmatch(r"[a-z0-9-]+\.md", posixpath.basename(name)):
        faults.add(repr(source), "its name is no address", "Use a to z, 0 to 9 and hyphens.")
    faults.raise_all()
    kind = KINDS["" if name.endswith("index.md") else folder]
    front = FrontMatter(text)
    remedy = f"Between two lines of --- at the top stand: {', '.join((*kind.must, *kind.may))}."
    for key, what in _front_faults(front, kind):
        faults.add(f"{source}:{front.line_of(key)}", what, remedy)
    faults.raise_all()
    values = front.values
    stem = name.removesuffix(".md").removesuffix("index").rstrip("/")
    return Page(
        path=f"{stem}/index.html".removeprefix("/"),
        template=values.get("template", kind.template),
        title=values.get("title") or values["question"],
        description=values["description"],
        source=source,
        kind=kind.name,
        nav=values.get("nav", ""),
        body=front.body,
        body_line=len(front.lines) + 2,
        order=int(values["order"]),
        checked=values.get("checked", ""),
        summary=values.get("summary", ""),
        topic=values.get("topic", ""),
    )


class FrontMatter:
    """`key: value` lines between two lines of three dashes at the top of a text, and its body."""

    def __init__(self, text: str) -> None:
        block = re.match(r"---\n(.*?)\n---\n", text, re.DOTALL)
        self.lines = block[1].splitlines() if block else []
        self.values = {
            key: value for key, _, value in (line.partition(": ") for line in self.lines)
        }
        self.body = text[block.end() :] if block else text

    def line_of(self, key: str) -> int:
        """The line of the file that gives the key, or the first."""
        numbered = enumerate(self.lines, start=2)
        return next((number for number, line in numbered if line.startswith(f"{key}:")), 1)


def _front_faults(front: FrontMatter, kind: Kind) -> Iterator[tuple[str, str]]:
    """What is wrong with the front matter of a kind of page: (key, what)."""
    if not front.lines:
        yield "---", "there is no front matter"
        return
    for key in kind.must:
        if not front.values.get(key, "").strip():
            yield key, f"{key} is missing"
    for key in sorted(front.values.keys() - {*kind.must, *kind.may}):
        yield key, f"the front matter has an unknown key, {key}"
    if len(front.values) < len(front.lines):
        yield "---", "the front matter gives a key twice"
    if not re.fullmatch("[0-9]{1,6}", front.values.get("order", "0")):
        yield "order", "order is not a number"
    try:
        datetime.date.fromisoformat(front.values.get("checked", "2000-01-01"))
    except ValueError:
        yield "checked", "checked is not a date such as 2026-11-22"


def around(page: Page, pages: Sequence[Page]) -> dict[str, Any]:
    """The page's neighbours: the `previous` and `next` of its kind, or None, and its `parents`."""
    same = [other for other in pages if page.kind and other.kind == page.kind]
    place = same.index(page) if page in same else 0
    return {
        "previous": same[place - 1] if place else None,
        "next": same[place + 1] if place + 1 < len(same) else None,
        "parents": [
            other
            for other in pages
            if other != page and page.address.startswith(other.address or "/")
        ],
    }
