"""Put the whole site into one file, which a browser opens from a disk."""

import base64
import gzip
import hashlib
import html
import json
import posixpath
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from builder.offline import integrity
from builder.sources import read_text

# Links of a head that a file has no use for, and what says where the page stands.
_HEAD_ONLY = re.compile(
    r"<(?:link|meta (?:property|name=\"twitter))[^>]*>\n?|<script.*?</script>\n?", re.DOTALL
)
_MEMORY = '"memory:/runtime/worker.js"'  # where the worker believes to be
_POLICY = (
    "default-src 'none'; script-src '{script}' 'wasm-unsafe-eval'; worker-src blob:; "
    "style-src '{style}'; img-src data:; base-uri 'none'; form-action 'none'"
)


SINGLE_FILE = "batch-planner.html"


def hand_out(site: Mapping[str, bytes], folder: Path, url: str) -> dict[str, bytes]:
    """The single file, and the page that offers it with its size and hash, by path.

    The single file holds that page too, which there cannot say them. Raises SiteError if a script
    of `folder` cannot be read.
    """
    whole = single_file(site, folder, url)
    offer = site["offline/index.html"].decode()
    about = {"bytes": f"{len(whole):,} bytes", "sha256": hashlib.sha256(whole).hexdigest()}
    for name, text in about.items():
        offer = re.sub(rf'(?<=data-single="{name}">)[^<]*', text, offer)
    return {SINGLE_FILE: whole, "offline/index.html": offer.encode()}


def single_file(site: Mapping[str, bytes], folder: Path, url: str) -> bytes:
    """The site as one page. `folder` has its two scripts, `url` is where the site will stand."""
    planner = re.sub(r'data-home="[^"]*"', 'data-home=""', _with_links(site, "index.html", url))
    style = _style(site, planner)
    script = _script(site, read_text(folder / "start.js", "site/single/start.js"))
    policy = _POLICY.format(script=integrity(script.encode()), style=integrity(style.encode()))
    head, body = planner.split("</head>", 1)
    head = re.sub(r'(?<=Content-Security-Policy" content=")[^"]*', policy, head)
    head = _HEAD_ONLY.sub("", head)
    files = {
        "worker.js": _worker(site, read_text(folder / "worker.js", "site/single/worker.js")),
        "pages.json": json.dumps(_pages(site, url), ensure_ascii=False).encode(),
        "search.json": _search(site["search.json"]),
    } | {
        posixpath.basename(path): content
        for path, content in site.items()
        if path.startswith("programs/")
        or (path.startswith("runtime/") and not path.endswith((".js", ".mjs")))
    }
    body = body.replace("</main>", f"</main>\n{_READING}", 1)
    end = "".join(_block(name, content) for name, content in files.items())
    body = body.replace("</body>", f"{end}<script>{script}</script>\n</body>")
    head += '<link rel="help" href="#" data-worker>\n'  # what the engine looks for
    return f"{head}<style>{style}</style>\n</head>{body}".encode()


# ---------------------------------------------------------------- pages


def _with_links(site: Mapping[str, bytes], path: str, url: str) -> str:
    """A page whose links lead to places in the single file, or to the site where it has none."""

    def link(found: re.Match[str]) -> str:
        address = html.unescape(found[1])
        if re.match(r"[a-z]+:", address):
            return found[0]
        target, _, anchor = address.partition("#")
        joined = posixpath.join(posixpath.dirname(path), target) if target else path
        place = posixpath.normpath(joined) + ("/index.html" if joined.endswith("/") else "")
        place = "index.html" if place in (".", "./index.html") else place
        if place == "index.html":
            leads = f"#{anchor}"
        elif place in site and place.endswith(".html"):
            leads = f"#/{place.removesuffix('index.html')}" + (f"#{anchor}" if anchor else "")
        else:
            leads = url + place
        return f' href="{html.escape(leads)}"'

    return re.sub(r'\shref="([^"]*)"', link, site[path].decode())


def _pages(site: Mapping[str, bytes], url: str) -> dict[str, dict[str, str]]:
    """The title and the content of each page but the planner, by address."""
    pages = {}
    for path in sorted(site):
        if path.endswith("/index.html"):
            page = _with_links(site, path, url)
            found = re.search(r"<title>(.*?)</title>.*<main[^>]*>(.*)</main>", page, re.DOTALL)
            assert found, path  # the build's own pages have both
            title = html.unescape(found[1])
            pages[path.removesuffix("index.html")] = {"title": title, "main": found[2]}
    return pages


_READING = '<main data-reading tabindex="-1" hidden>\n<div data-page></div>\n</main>'


def _search(index: bytes) -> bytes:
    """The search index, its addresses those of places in the single file."""
    rows = [
        [title, address if address.startswith("#") else f"#/{address}", *rest]
        for title, address, *rest in json.loads(index)
    ]
    return json.dumps(rows, ensure_ascii=False).encode()


# ---------------------------------------------------------------- styles and scripts


def _style(site: Mapping[str, bytes], planner: str) -> str:
    """All styles of the planner's page and of articles, in their order."""
    sheets = re.findall(r'rel="stylesheet" href="[^"]*(css/[^"]+)"( media="print")?', planner)
    styles = []
    for path, in_print in sheets:
        text = site[path].decode()
        styles.append(f"@media print {{\n{text}}}\n" if in_print else text)
    return "".join(styles)


def _script(site: Mapping[str, bytes], start: str) -> str:
    """The scripts of the site after `start`, each in a scope of its own."""
    names = sorted(path for path in site if path.startswith("js/"))
    names = [name for name in names if name != "js/app.js"] + ["js/app.js"]
    parts = [
        start,
        "const modules = {};\n",
        *(_module(name, site[name].decode()) for name in names),
    ]
    return "(async () => {\n" + "".join(parts) + "})();\n"


def _module(path: str, text: str) -> str:
    """A module as a function that runs at once and gives what the module exports."""
    exported = re.findall(r"^export (?:async )?(?:function|const) (\w+)", text, re.MULTILINE)
    text = re.sub(r"^export ", "", text, flags=re.MULTILINE)
    text = re.sub(
        r'^import (\{[^}]*\}) from "\./([^"]+)"',
        r'const \1 = modules["\2"]',
        text,
        flags=re.MULTILINE,
    )
    text = text.replace("import.meta.url", "document.baseURI")
    name = posixpath.basename(path)
    return f'modules["{name}"] = (() => {{\n{text}\nreturn {{ {", ".join(exported)} }};\n}})();\n'


def _worker(site: Mapping[str, bytes], start: str) -> bytes:
    """The classic worker: `start`, Python's scripts as functions, and the site's own worker."""
    parts = [start]
    for path in sorted(site):
        if path.startswith("runtime/") and path.endswith(".mjs"):
            name, text = posixpath.basename(path), _classic(site[path].decode())
            parts.append(f'scripts["{name}"] = () => {{\n{text}\n}};\n')
    (worker,) = (path for path in site if re.fullmatch(r"runtime/worker-\w+\.js", path))
    parts.append(f"(() => {{\n{_classic(site[worker].decode())}\n}})();\n")
    return "".join(parts).encode()


def _classic(text: str) -> str:
    """A module without what a classic script cannot have: it returns what it exports."""
    text = re.sub(r"^//# sourceMappingURL.*$", "", text, flags=re.MULTILINE)
    text = re.sub(r"\bimport\(", "imported(", text).replace("import.meta.url", _MEMORY)
    text = re.sub(r"\bexport default (\w+);", r"return { default: \1 };", text)
    return re.sub(r"\bexport\{([^}]*)\};", lambda found: _returned(found[1].split(",")), text)


def _returned(exports: Iterable[str]) -> str:
    pairs = (export.split(" as ") for export in exports)
    return f"return {{ {', '.join(f'{pair[-1]}: {pair[0]}' for pair in pairs)} }};"


def _block(name: str, content: bytes) -> str:
    """A file as data of the page, which no browser runs."""
    packed = base64.b64encode(gzip.compress(content, 9, mtime=0)).decode()
    return f'<script type="application/octet-stream" data-file="{name}">{packed}</script>\n'
