"""Cut articles at their headings, for a search that finds sections."""

import html
import json
import re
from collections.abc import Iterable, Iterator

from builder.pages import Page

Section = tuple[str, str, str]  # anchor, heading, words

# Pictures, numbers of sources, notes and sources of tables: nobody looks for their words.
_NOT_WORDS = re.compile(
    r"<(svg|sup|small)\b.*?</\1>|<td class=\"source\">.*?</td>|<details.*?</details>", re.DOTALL
)
_HEADING = re.compile(r'<h[23] id="([^"]+)">(.*?)</h[23]>', re.DOTALL)
_INSIDE_WORDS = re.compile(r"</?(a|b|code|q|span)\b[^>]*>")


def sections(article: str) -> Iterator[Section]:
    """(anchor, heading, words) of each section; the first, above all headings, has no anchor."""
    parts = _HEADING.split(_NOT_WORDS.sub(" ", article))
    yield "", "", _words(parts[0])
    for anchor, heading, body in zip(parts[1::3], parts[2::3], parts[3::3], strict=True):
        yield anchor, _words(heading), _words(body)


def _words(part: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", _INSIDE_WORDS.sub("", part))).split())


def index(articles: Iterable[tuple[Page, Iterable[Section]]]) -> bytes:
    """[title, address, heading, words] of every section, as JSON for js/search.js.

    Guides come first, then questions, then pages of their own.
    """
    kinds = ("guide", "question", "")
    rows = [
        [page.title, page.address + (f"#{anchor}" if anchor else ""), heading, words]
        for page, parts in sorted(articles, key=lambda article: kinds.index(article[0].kind))
        for anchor, heading, words in parts
        if words
    ]
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":")).encode()
