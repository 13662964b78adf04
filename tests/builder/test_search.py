"""Articles are cut at their headings, and machines get an index of the pieces."""

import json

from builder.pages import Page
from builder.search import index, sections


def test_section_is_what_stands_below_its_heading() -> None:
    """As words: without tags, pictures and the sources of tables."""
    article = (
        '<p>Above <b>all</b>.</p><h2 id="a"><a href="#a">A &amp; B</a></h2><p>One<sup>1</sup></p>'
        '<svg><text>no</text></svg><h3 id="c">C</h3><table><tr><td>two</td>'
        '<td class="source">no</td></tr></table>'
    )
    assert list(sections(article)) == [
        ("", "", "Above all."),
        ("a", "A & B", "One"),
        ("c", "C", "two"),
    ]


def test_index_leads_to_sections() -> None:
    """Guides first; a section without words is left out."""
    page = Page(path="method/index.html", template="", title="M", description="", source="")
    guide = Page(
        path="guides/a/index.html", template="", title="A", description="", source="", kind="guide"
    )
    rows = [(page, [("", "", "words é")]), (guide, [("", "", ""), ("b", "B", "more")])]
    assert json.loads(index(rows)) == [
        ["A", "guides/a/#b", "B", "more"],
        ["M", "method/", "", "words é"],
    ]
