"""Build the site: read -> render -> check -> write, top to bottom.

    python build.py [--out dist]

The whole site is one `dict[str, bytes]`: path below the site's root -> content. It is checked before
anything is written; every fault is printed with its file and its remedy, and the exit code is then 1. No clock and
no chance: two builds give the same bytes.

Environment: SITE_URL is where the site will stand (only for canonical links, the site map and the links of
404.html, which a server shows at any depth); PYODIDE_DIR is the folder of the npm package `pyodide`.
"""

import argparse
import hashlib
import io
import json
import os
import posixpath
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass, field
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from xml.sax.saxutils import escape

import jinja2
import markdown
from markupsafe import Markup

from planner import bridge, facts, texts, view, words
from planner.plan import make_plan
from planner.scenario import FIELDS, GROUPS, Scenario

ROOT = Path(__file__).resolve().parent
SITE_URL = os.environ.get("SITE_URL", "https://batch-planner.github.io/").rstrip("/") + "/"
PYODIDE_DIR = Path(os.environ.get("PYODIDE_DIR", ROOT / "node_modules" / "pyodide"))
PYODIDE_FILES = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "pyodide-lock.json", "python_stdlib.zip")
ZIP_DATE = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip can hold: a real date would change every build


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
    """A page before it is rendered. `path` is its file in the site; `nav` its name in the navigation or ""."""

    path: str
    template: str
    title: str
    description: str
    source: str
    nav: str = ""
    body: str = ""

    @property
    def address(self) -> str:
        """The page's address below the site's root: "" or "method/"."""
        return self.path.removesuffix("index.html")


class Blank(dict[str, str]):
    """The row that fills a <template>: every cell of it is empty."""

    def __missing__(self, key: str) -> str:
        return ""


# ---------------------------------------------------------------- read


def read_pages(content: Path) -> tuple[Page, ...]:
    """The planner, the page of a missing page, and one page for each Markdown file of `content`.

    `content/method.md` becomes `method/index.html`.
    Raises SiteError with every file whose front matter is not whole.
    """
    pages = [
        Page(
            path="index.html",
            template="planner.html",
            title="",  # the example plan's own
            description="Plan a Claude Message Batches workload: how to cut it up, what it costs, when it is done and how "
            "sure that is. Runs in your browser; nothing you type leaves it.",
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
    faults = []
    for file in sorted(content.glob("*.md")):
        name = file.name
        try:
            pages.append(_page(name, file.read_text("utf-8")))
        except ValueError as why:
            faults.append(
                Fault(
                    where=f"content/{name}",
                    what=str(why),
                    remedy="Begin the file with ---, title: …, description: …, ---.",
                )
            )
    if faults:
        raise SiteError(*faults)
    return tuple(pages)


def _page(name: str, text: str) -> Page:
    """A page from a Markdown file with front matter: `key: value` lines between two lines of three dashes."""
    found = re.match(r"---\n(.*?)\n---\n(.*)", text, re.DOTALL)
    if not found:
        raise ValueError("there is no front matter")
    front = dict(re.split(r":\s*", line, maxsplit=1) for line in found[1].splitlines() if ":" in line)
    unknown = front.keys() - {"title", "description", "nav", "template"}
    if unknown:
        raise ValueError(f"the front matter has unknown keys: {', '.join(sorted(unknown))}")
    if not front.get("title") or not front.get("description"):
        raise ValueError("title or description is missing")
    return Page(
        path=f"{name.removesuffix('.md')}/index.html",
        template=front.get("template", "article.html"),
        title=front["title"],
        description=front["description"],
        nav=front.get("nav", ""),
        source=f"content/{name}",
        body=found[2],
    )


def read_assets(site: Path) -> dict[str, bytes]:
    """The files that go into the site as they are: styles, scripts and icons."""
    files = sorted(file for folder in ("css", "js", "icons") for file in (site / folder).rglob("*") if file.is_file())
    return {file.relative_to(site).as_posix(): file.read_bytes() for file in files}


def pack_runtime(pyodide: Path, package: Path) -> dict[str, bytes]:
    """What the browser needs to run the planner: Python with its library, and the package, both as byte code.

    Byte code is kept beside the npm package `pyodide`, by the hash of all that it is made from: a second build of the
    same sources takes it from there. Raises SiteError if the package is not whole or Node cannot compile.
    """
    missing = [name for name in PYODIDE_FILES if not (pyodide / name).is_file()]
    if missing:
        raise SiteError(
            *(Fault(where=str(pyodide / name), what="the file is missing", remedy="Run `npm ci`.") for name in missing)
        )
    library = _compiled(pyodide, pyodide / "python_stdlib.zip", (pyodide / "python_stdlib.zip").read_bytes())
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
    parts = (sources, script.read_bytes(), library.read_bytes(), (pyodide / "pyodide.asm.wasm").read_bytes())
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
                ["node", script, pyodide, library, given, got], check=True, capture_output=True, text=True, timeout=300
            )
        except (OSError, subprocess.SubprocessError) as error:
            why = (getattr(error, "stderr", None) or str(error)).strip().splitlines()[-1]
            raise SiteError(
                Fault(where="site/runtime/compile.mjs", what=why, remedy="It needs Node 20 or newer, as `node`.")
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
                    zipfile.ZipInfo(file.relative_to(package.parent).as_posix(), ZIP_DATE), file.read_bytes()
                )
    return buffer.getvalue()


# ---------------------------------------------------------------- render


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
        "fields": {group.key: tuple(entry for entry in FIELDS if entry.group == group.key) for group in GROUPS},
        "groups": GROUPS,
        "values": texts.write_texts(Scenario()),
        "example": example_plan(),
        "facts": facts,
        "blank": Blank(),
        "site_url": SITE_URL,
    }
    env.filters |= {
        "count": words.count,
        "price": words.price,
        "duration": words.duration,
        "plain": _plain,
        "links": _links,
        "maybe": _maybe,
        "nearest": _nearest,
    }
    return env


def _plain(value: object) -> str:
    """A fact's value as people write it: 100,000 and 0.5."""
    if isinstance(value, Decimal):
        return words.plain(value)
    return words.count(value) if isinstance(value, int) else str(value)


def _maybe(number: int | None) -> str:
    return "not published" if number is None else words.count(number)


def _nearest(steps: tuple[int, ...], number: int) -> int:
    """The place of the largest step that is not above the number."""
    return max(place for place, step in enumerate(steps) if step <= number or place == 0)


def _links(text: str) -> Markup:
    """The text with every web address in it as a link."""
    parts = re.split(r"(https?://[^\s<>\"')\]]+[^\s<>\"')\].,;:])", text)
    made = [
        Markup('<a href="{0}">{0}</a>').format(part) if place % 2 else Markup.escape(part)
        for place, part in enumerate(parts)
    ]
    return Markup("").join(made)


def render(pages: tuple[Page, ...], env: jinja2.Environment, runtime_bytes: int) -> dict[str, bytes]:
    """Every page, the site map and robots.txt."""
    nav = [page for page in pages if page.nav]
    site = {}
    for page in pages:
        more = {"page": page, "nav": nav, "runtime_bytes": runtime_bytes}
        body = _markdown(env.from_string(page.body).render(more)) if page.body else ""
        html = env.get_template(page.template).render(more, body=body)
        site[page.path] = _relative(html, page.path).encode()
    addresses = [page.address for page in pages if page.path != "404.html"]
    return site | {
        "sitemap.xml": _sitemap(addresses),
        "robots.txt": f"User-agent: *\nAllow: /\nSitemap: {SITE_URL}sitemap.xml\n".encode(),
    }


def _markdown(text: str) -> Markup:
    extensions = ["attr_list", "def_list", "fenced_code", "md_in_html", "sane_lists", "tables", "toc"]
    return Markup(markdown.markdown(text, extensions=extensions, output_format="html"))


def _relative(html: str, path: str) -> str:
    """The page with `/…` links made relative, so that the site works below any path.

    404.html is shown at any depth, so its links begin with the path of SITE_URL.
    """
    up = urlsplit(SITE_URL).path if path == "404.html" else "../" * path.count("/")
    return re.sub(
        r'(?<=\s)(href|src|data-runtime)="/([^"]*)"',
        lambda m: f'{m[1]}="{up}{m[2]}"' if up + m[2] else f'{m[1]}="./"',
        html,
    )


def _sitemap(addresses: list[str]) -> bytes:
    rows = "".join(f"  <url><loc>{escape(SITE_URL + address)}</loc></url>\n" for address in addresses)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{rows}</urlset>\n'.encode()


# ---------------------------------------------------------------- check


@dataclass(slots=True)
class Outline(HTMLParser):
    """What the checks need to know of a page."""

    ids: list[str] = field(default_factory=list)
    links: list[tuple[str, bool]] = field(default_factory=list)  # address, and whether it is loaded with the page
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
        self.inline += [f"<{tag} {name}>" for name in given if name == "style" or name.startswith("on")]
        if tag == "style" or (tag == "script" and "src" not in given):
            self.inline.append(f"<{tag}>")
        for name in ("href", "src", "data-runtime"):
            if name in given:
                loaded = name != "href" or (tag == "link" and given.get("rel") != "canonical")
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


def check(site: dict[str, bytes]) -> list[Fault]:
    """Everything that is wrong with the site, or an empty list."""
    outlines = {}
    for path, content in site.items():
        if path.endswith(".html"):
            outlines[path] = Outline()
            outlines[path].feed(content.decode())
    faults = []
    for path, outline in outlines.items():
        faults += [Fault(where=path, what=what, remedy=remedy) for what, remedy in _page_faults(outline)]
        for address, loaded in outline.links:
            faults += _link_faults(path, address, loaded, site, outlines)
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
        found.append(("the page has no description", "Give it a description in its front matter or template."))
    if outline.no_alt:
        found.append(
            (f"{outline.no_alt} images have no alt text", 'Say what the image shows, or alt="" if it only decorates.')
        )
    found += [
        (f"the id {name} is used twice", "Ids are unique in a page.")
        for name in sorted({i for i in outline.ids if outline.ids.count(i) > 1})
    ]
    found += [
        (f"{what} is forbidden by the page's policy", "Move it into a file of css/ or js/.") for what in outline.inline
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
            return [Fault(where=path, what=f"{address} is loaded from elsewhere", remedy="Keep it in the site itself.")]
        return []
    target = _target(path, unquote(parts.path))
    if target.startswith("..") or (address.startswith("/") and path != "404.html"):
        return [Fault(where=path, what=f"the link {address} leaves the site", remedy="Use a relative link.")]
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
    if parts.fragment and target in outlines and parts.fragment not in outlines[target].ids:
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
    return ("" if target == "." else target) + ("/" if joined.endswith("/") and target != "." else "")


def _references(path: str, text: str) -> list[str]:
    if path.endswith(".css"):
        return [address for address in re.findall(r"url\([\"']?([^\"')]+)", text) if not address.startswith("data:")]
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
    runtime_bytes = sum(len(content) for path, content in site.items() if path.startswith("runtime/"))
    site |= render(read_pages(ROOT / "content"), environment(ROOT / "site" / "templates"), runtime_bytes)
    if faults := check(site):
        raise SiteError(*faults)
    return site


def main(arguments: list[str]) -> int:
    """Build into the folder that the command line names. Exit code 0, or 1 with every fault printed."""
    parser = argparse.ArgumentParser(description="Build the site.")
    parser.add_argument("--out", type=Path, default=ROOT / "dist", help="folder to write (default: dist)")
    out = parser.parse_args(arguments).out.resolve()
    try:
        site = build()
        write(site, out)
    except SiteError as error:
        print(error, f"\nNothing was written: {len(error.faults)} to mend.", sep="\n", file=sys.stderr)
        return 1
    print(f"{out.name}/: {len(site)} files, {sum(map(len, site.values())):,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
