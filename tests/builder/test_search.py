"""Articles are cut at their headings, and machines get an index of the pieces."""

import json

from builder import search
from builder.pages import Page
from builder.search import index, sections
from planner import facts
from planner.scenario import FIELDS


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
    articles = [row for row in json.loads(index(rows)) if row[0] in ("A", "M")]
    assert articles == [["A", "guides/a/#b", "B", "more"], ["M", "method/", "", "words é"]]


def test_index_has_every_field_and_every_model() -> None:
    """Each field by its place in the planner, with words that people use; each model as a plan of it."""
    rows = {
        address: (title, heading, words) for title, address, heading, words in json.loads(index([]))
    }
    assert len(rows) == len(FIELDS) + len(facts.models())
    assert rows["#f-goal-budget_usd"][:2] == ("Planner", "Budget")
    assert "dollars" in rows["#f-goal-budget_usd"][2]
    assert rows["#workload.model=claude-haiku-5-5"][1] == "Claude Haiku 5.5"


def test_words_of_people_are_those_of_fields() -> None:
    """No field that is gone keeps its words."""
    assert set(search.CALLED) <= {field.name for field in FIELDS}
