"""Where the scenario stands in a link, and what is no link."""

import pytest

from planner.errors import ScenarioError
from planner.scenario.links import is_link, query_of


@pytest.mark.parametrize(
    ("text", "link"),
    [
        ("https://example.org/", True),
        ("http://127.0.0.1:8000/?a=1", True),
        ("HTTPS://EXAMPLE.ORG", True),
        ("file:///home/me/planner.html", True),
        ("#a=1", True),
        ("?a=1", True),
        ("#", True),
        ("-", False),
        ("", False),
        ("scenario.json", False),
        ("./#1", False),
        ("ftp://example.org/", False),
        ("a#b=1", False),
        ("workload.requests=1", False),
    ],
)
def test_what_is_a_link(text: str, link: bool) -> None:
    """An address of the web or of a file, or its end; everything else is the name of a file."""
    assert is_link(text) is link


@pytest.mark.parametrize(
    ("link", "query"),
    [
        ("https://example.org/#a=1&b=2", "a=1&b=2"),
        ("https://example.org/?a=1&b=2", "a=1&b=2"),
        ("https://example.org/?a=1#b=2", "b=2"),
        ("https://example.org/?a=1#costs", "a=1"),
        ("https://example.org/?a=1#", "a=1"),
        ("https://example.org/#a=1#2", "a=1#2"),
        ("https://example.org/#a=1?2", "a=1?2"),
        ("https://example.org/x.json#a=1", "a=1"),
        ("#a=1", "a=1"),
        ("?a=1", "a=1"),
    ],
)
def test_the_query_of_a_link(link: str, query: str) -> None:
    """The fragment, or the query string where the fragment is an ordinary anchor."""
    assert query_of(link) == query


@pytest.mark.parametrize(
    "link",
    [
        "https://example.org",
        "https://example.org/",
        "https://example.org/#costs",
        "https://example.org/?utm",
        "https://example.org/planner",
        "https://example.org/v1.2/",
        "https://example.org/index.html",
        "file:///home/me/planner.HTM",
        "#",
        "?",
    ],
)
def test_the_plain_address_of_the_page(link: str) -> None:
    """It carries nothing: the defaults."""
    assert query_of(link) == ""


@pytest.mark.parametrize(
    "link",
    ["https://example.org/scenario.json", "file:///home/me/plan.json#x", "http://a/b.jsonl?"],
)
def test_the_address_of_something_else(link: str) -> None:
    """A file that is no page is not taken for the defaults."""
    with pytest.raises(ScenarioError) as refused:
        query_of(link)
    assert str(refused.value) == (
        "The link carries no scenario. Copy it from the page, or name a file."
    )
