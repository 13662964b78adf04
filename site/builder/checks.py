"""Check the site: every link leads somewhere, every page is whole, nothing comes from elsewhere."""

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

from builder.faults import Fault
from builder.pages import stands_everywhere
from builder.single import SINGLE_FILE

# What leads a reader or a script elsewhere, past the page's policy or past these checks.
_FORBIDDEN_ELEMENTS = ("applet", "base", "embed", "frame", "frameset", "iframe", "object")
_FORBIDDEN_ATTRIBUTES = ("action", "formaction", "srcdoc", "style")
_ADDRESSES = ("href", "src", "xlink:href", "data-runtime")
_SCHEMES = ("http", "https", "mailto")  # of a link that leads out of the site


@dataclass(slots=True)
class Outline(HTMLParser):
    """What the checks need to know of a page."""

    ids: list[str] = field(default_factory=list)
    # address, and whether it is loaded with the page
    links: list[tuple[str, bool]] = field(default_factory=list)
    h1: int = 0
    title: str = ""
    description: str = ""
    forbidden: list[str] = field(default_factory=list)  # such as "<p onclick>"
    no_alt: int = 0
    _in_head: bool = True
    _in_title: bool = False

    def __post_init__(self) -> None:
        HTMLParser.__init__(self)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        # of an attribute that is there twice a browser takes the first
        values = {name: value or "" for name, value in reversed(attrs)}
        if "id" in values:
            self.ids.append(values["id"])
        self.forbidden += _forbidden(tag, values)
        is_page = tag in ("a", "area") or values.get("rel") in ("canonical", "prev", "next")
        self.links += [(values[name], not is_page) for name in _ADDRESSES if name in values]
        self.h1 += tag == "h1"
        self.no_alt += tag == "img" and "alt" not in values
        self._in_head = self._in_head and tag != "body"
        self._in_title = tag == "title" and self._in_head  # an <svg> has a <title> of its own
        if tag == "meta" and values.get("name") == "description":
            self.description = values.get("content", "")

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.title += data.strip()

    def handle_endtag(self, tag: str) -> None:
        self._in_title = self._in_title and tag != "title"


def _forbidden(tag: str, values: Mapping[str, str]) -> Iterator[str]:
    """What an element is or has that no page of ours may hold."""
    if tag in _FORBIDDEN_ELEMENTS:
        yield f"<{tag}>"
    for name in values:
        if name in _FORBIDDEN_ATTRIBUTES or name.startswith("on"):
            yield f"<{tag} {name}>"
    rule = values.get("http-equiv", "content-security-policy")
    if rule.lower() != "content-security-policy":
        yield f"<{tag} http-equiv={rule}>"
    # data are never run, so the policy lets them stand
    is_data = values.get("type") == "application/ld+json"
    if tag == "style" or (tag == "script" and "src" not in values and not is_data):
        yield f"<{tag}>"


def outline_of(page: bytes) -> Outline:
    """The outline of a page."""
    outline = Outline()
    outline.feed(page.decode())
    return outline


class Checker:
    """Checks a site, by path, that will stand at `url`."""

    def __init__(self, site: Mapping[str, bytes], url: str) -> None:
        self.site, self.url, self.root = site, url, urlsplit(url).path
        self.outlines = {
            path: outline_of(content)
            for path, content in site.items()
            # the single file is made of the other pages, and has its scripts in it
            if path.endswith(".html") and path != SINGLE_FILE
        }

    def page_faults(self, path: str) -> Iterator[Fault]:
        """What a page lacks, or has and may not have."""
        for what, remedy in _page_faults(self.outlines[path]):
            yield Fault(where=path, what=what, remedy=remedy)

    def link_faults(self, path: str, address: str, loaded: bool, where: str) -> Iterator[Fault]:
        """A link of `path` that leads nowhere, or something that is loaded from elsewhere."""
        try:
            parts = urlsplit(address)
        except ValueError as why:
            yield Fault(where=where, what=f"the link {address}: {why}", remedy="Mend the link.")
            return
        if address.startswith(self.url):
            parts = urlsplit(self.root + address.removeprefix(self.url))
        elif parts.scheme or parts.netloc:
            if loaded:
                what, remedy = "is loaded from elsewhere", "Keep it in the site itself."
                yield Fault(where=where, what=f"{address} {what}", remedy=remedy)
            elif parts.scheme not in _SCHEMES:
                what = f"the link {address} is no address of the web"
                yield Fault(where=where, what=what, remedy=f"Begin it with {_SCHEMES[1]}:// or /.")
            return
        target = self._target(path, unquote(parts.path))
        file = target + "index.html" if not target or target.endswith("/") else target
        what, remedy = "", "Use a relative link."
        if target.startswith("..") or (address.startswith("/") and not stands_everywhere(path)):
            what = "leaves the site"
        elif loaded and target.endswith("/") and any(name.startswith(target) for name in self.site):
            pass  # a folder from which the script loads
        elif file not in self.site:
            what, remedy = f"leads to {file}, which is not there", "Mend the link or add the file."
        elif file == "index.html" and "=" in parts.fragment:
            pass  # a plan, which the planner's page reads
        elif file in self.outlines and parts.fragment not in ["", *self.outlines[file].ids]:
            what = f"leads to an id that {file} does not have"
            remedy = "Mend the link or add the id."
        if what:
            yield Fault(where=where, what=f"the link {address} {what}", remedy=remedy)

    def _target(self, path: str, link: str) -> str:
        """The path below the site's root to which a link of the page `path` leads."""
        if not link:
            return path
        at_root = link.startswith(self.root)
        folder = posixpath.dirname(path)
        joined = link.removeprefix(self.root) if at_root else posixpath.join(folder, link)
        target = posixpath.normpath(joined) if joined else "."
        if target == ".":
            return ""
        return f"{target}/" if joined.endswith("/") else target


def check(
    site: Mapping[str, bytes], url: str, places: Mapping[tuple[str, str], str] | None = None
) -> list[Fault]:
    """Everything that is wrong with the site that will stand at `url`, or an empty list.

    `places` says where a link of a page was written: by (page, address), such as "content/a.md:31".
    """
    checker = Checker(site, url)
    faults: list[Fault] = []
    for path, outline in checker.outlines.items():
        faults += checker.page_faults(path)
        for address, loaded in outline.links:
            where = (places or {}).get((path, address), path)
            faults += checker.link_faults(path, address, loaded, where)
    for path, content in site.items():
        if path.endswith((".css", ".js")):
            try:
                addresses = _references(path, content.decode())
            except UnicodeDecodeError:
                faults.append(Fault(where=path, what="it is no UTF-8", remedy="Save it as UTF-8."))
                continue
            for address in addresses:
                faults += checker.link_faults(path, address, True, path)
    return faults


def _page_faults(outline: Outline) -> Iterator[tuple[str, str]]:
    in_source = "in its front matter or template."
    if outline.h1 != 1:
        yield f"the page has {outline.h1} h1 headings", "Give it exactly one."
    if not outline.title:
        yield "the page has no title", f"Give it a title {in_source}"
    if not outline.description:
        yield "the page has no description", f"Give it a description {in_source}"
    if outline.no_alt:
        remedy = 'Say what the image shows, or alt="" if it only decorates.'
        yield f"{outline.no_alt} images have no alt text", remedy
    for name in sorted({name for name in outline.ids if outline.ids.count(name) > 1}):
        yield f"the id {name} is used twice", "Ids are unique in a page."
    for what in outline.forbidden:
        remedy = "Styles and scripts are files of css/ and js/; the rest is not needed."
        yield f"{what} is forbidden in a page", remedy


def _references(path: str, text: str) -> list[str]:
    """The files that a style sheet or a script names."""
    if path.endswith(".css"):
        addresses = re.findall(r"url\([\"']?([^\"')]+)", text)
        return [address for address in addresses if not address.startswith("data:")]
    imported = r"^(?:import|export)[^;]*?from\s*[\"']([^\"']+)[\"']"
    return re.findall(imported, text, re.MULTILINE)
