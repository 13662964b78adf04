"""Build the site: read -> render -> check -> write, top to bottom.

    python build.py [--out dist]

The whole site is one `dict[str, bytes]`: path below the site's root -> content. It is checked
before anything is written; every fault is printed with its file and its remedy, and the exit code
is then 1. No clock and no chance: two builds give the same bytes. The steps stand in site/builder/.

An article is Markdown that types no number: it names a fact, a price or a plan, as
`{{ fact("expiry_h") }}`, and the build asks the planner. site/builder/shortcodes.py lists what an
article may name.

Environment: SITE_URL is where the site will stand (only for canonical links, the site map and the
links of 404.html, which a server shows at any depth); PYODIDE_DIR is the folder of the npm package
`pyodide`.
"""

import argparse
import json
import os
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jinja2

# The steps are a package beside the templates that they fill. As `site.builder` they could not be
# imported: `site` is a module of the standard library, loaded long before this file.
sys.path.append(str(Path(__file__).resolve().with_name("site")))

from builder import offline, plans, search, single
from builder.articles import Text, compose
from builder.checks import check
from builder.faults import Collector, Fault, SiteError
from builder.notices import read_notices
from builder.output import write
from builder.pages import Page, around, read_pages
from builder.picture import social_image
from builder.runtime import pack_runtime
from builder.shortcodes import Context
from builder.sources import read_bytes
from builder.templates import environment, fill
from planner.scenario.schema import schema

ROOT = Path(__file__).resolve().parent
SITE_NAME = "Batch API Throughput Planner"
SITE_URL = (os.environ.get("SITE_URL") or "https://batch-planner.github.io/").rstrip("/") + "/"
PYODIDE_DIR = Path(os.environ.get("PYODIDE_DIR", ROOT / "node_modules" / "pyodide"))


def build() -> dict[str, bytes]:
    """The whole site, checked. Raises SiteError with every fault."""
    if not re.fullmatch(r"https?://[\w.:-]+/([^\s?#]*/)?", SITE_URL):
        remedy = "Say where the site will stand, such as https://example.org/planner/."
        raise SiteError(Fault(where="SITE_URL", what=f"{SITE_URL} is no address", remedy=remedy))
    pages = read_pages(ROOT / "content")
    runtime = pack_runtime(PYODIDE_DIR, ROOT / "planner")
    site = read_assets(ROOT / "site") | runtime.files | hand_out() | offline.app(ROOT / "site")
    env = environment(ROOT / "site" / "templates", site_name=SITE_NAME, site_url=SITE_URL)
    about = {
        "runtime": runtime,
        "notices": read_notices(ROOT / "site" / "notices", PYODIDE_DIR),
    }
    texts = compose_all(pages, env)
    site |= render(pages, texts, env, about) | render_lists(pages, texts, env)
    site |= single.hand_out(site, ROOT / "site" / "single", SITE_URL)
    kept = {path: site[path] for path in site if path != single.SINGLE_FILE}
    site["service-worker.js"] = offline.service_worker(kept, ROOT / "site")
    if faults := check(site, SITE_URL, places_of(pages, texts)):
        raise SiteError(*faults)
    return site


# ---------------------------------------------------------------- read


def read_assets(site: Path) -> dict[str, bytes]:
    """The files that go into the site as they are: styles, scripts and icons."""
    files = sorted(
        (file.relative_to(site).as_posix(), file)
        for folder in ("css", "js", "icons")
        for file in (site / folder).rglob("*")
        if not file.is_dir()
    )
    return {name: read_bytes(file, f"site/{name}") for name, file in files}


def hand_out() -> dict[str, bytes]:
    """What the planner makes: the schema of a scenario; the example's programs and picture."""
    sentence = plans.example()["slots"]["answer.sentence"]
    return {
        "scenario.schema.json": json.dumps(schema(), indent=2, ensure_ascii=False).encode() + b"\n",
        "icons/social.png": social_image(SITE_NAME, sentence),
    } | {f"programs/{program['file']}": program["text"].encode() for program in plans.programs()}


# ---------------------------------------------------------------- render


def compose_all(pages: Sequence[Page], env: jinja2.Environment) -> dict[str, Text]:
    """The text of every page, by path. Raises SiteError with every fault of every article."""
    titles = {(page.kind, page.slug): page.title for page in pages}
    texts, faults = {}, Collector()
    for page in pages:
        with faults.going_on():
            texts[page.path] = compose(page, Context(templates=env, titles=titles))
    faults.raise_all()
    return texts


def render(
    pages: Sequence[Page],
    texts: Mapping[str, Text],
    env: jinja2.Environment,
    about: Mapping[str, Any],
) -> dict[str, bytes]:
    """Every page, by path; `about` is what pages say of the files that are shipped beside them."""
    questions = [page for page in pages if page.kind == "question"]
    shared = {
        "nav": [page for page in pages if page.nav],
        "guides": [page for page in pages if page.kind == "guide"],
        "questions": questions,
        "topics": {
            topic: [page for page in questions if page.topic == topic]
            for topic in dict.fromkeys(page.topic for page in questions)
        },
        "texts": texts,
        **about,
    }
    site = {}
    for page in pages:
        own = {"page": page, "text": texts[page.path], **around(page, pages)}
        html = fill(env, page.template, shared | own)
        site[page.path] = relative(html, page).encode()
    return site


def render_lists(
    pages: Sequence[Page], texts: Mapping[str, Text], env: jinja2.Environment
) -> dict[str, bytes]:
    """What machines read of all pages: the feed, the site map, the search index and robots.txt."""
    listed = [page for page in pages if not page.everywhere]
    return {
        name: fill(env, name, {"pages": listed}).encode() for name in ("feed.xml", "sitemap.xml")
    } | {
        "search.json": search.index((page, texts[page.path].sections) for page in pages),
        "robots.txt": f"User-agent: *\nAllow: /\nSitemap: {SITE_URL}sitemap.xml\n".encode(),
    }


def relative(html: str, page: Page) -> str:
    """The page with `/…` links made relative, so that the site works below any path.

    A page that is shown at any depth begins them with the path of SITE_URL instead.
    """
    up = urlsplit(SITE_URL).path if page.everywhere else "../" * page.path.count("/")
    return re.sub(
        r'(?<=\s)(href|src|data-runtime|data-home)="/([^"]*)"',
        lambda link: f'{link[1]}="{up + link[2] or "./"}"',
        html,
    )


# ---------------------------------------------------------------- check


def places_of(pages: Sequence[Page], texts: Mapping[str, Text]) -> dict[tuple[str, str], str]:
    """Where each link of an article was written, by page and address as the page has it.

    Such as {("guides/cost/index.html", "../limits/#spend"): "content/guides/cost.md:31"}.
    """
    places = {}
    for page in pages:
        for address, place in texts[page.path].places.items():
            written = relative(f' href="{address}"', page)[7:-1].replace("&amp;", "&")
            places[page.path, written] = place
    return places


# ---------------------------------------------------------------- write


def main(arguments: list[str]) -> int:
    """Build into the folder that the command line names. Exit code 0, or 1 with every fault."""
    parser = argparse.ArgumentParser(description="Build the site.")
    parser.add_argument(
        "--out", type=Path, default=ROOT / "dist", help="folder to write (default: dist)"
    )
    out = parser.parse_args(arguments).out.resolve()
    try:
        site = build()
        write(site, out)
    except SiteError as error:
        count = f"Nothing was written: {len(error.faults)} to mend."
        print(error, f"\n{count}", sep="\n", file=sys.stderr)
        return 1
    print(f"{out.name}/: {len(site)} files, {sum(map(len, site.values())):,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
