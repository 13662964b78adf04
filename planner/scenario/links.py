"""Find the scenario in a link of the page: its fragment, or its query string.

https://example.org/planner/#workload.requests=25000
file:///home/me/planner.html#workload.requests=25000
#workload.requests=25000
"""

import re

from planner.errors import Problem, ScenarioError

_BEGINNING = re.compile(r"https?://|file://|[#?]", re.IGNORECASE)
_PAGE = re.compile(r"[^.]*|.*\.html?", re.IGNORECASE)  # the last part of a page's path


def is_link(text: str) -> bool:
    """Whether a text is a link, not the name of a file; a file `#1` can be named `./#1`."""
    return _BEGINNING.match(text) is not None


def query_of(link: str) -> str:
    """The query of a link, for `texts.read_query`: "" where it is the page's plain address.

    Raises ScenarioError where the address is no page's, such as that of a JSON file: the plan of
    the defaults would then be an answer to another question.
    """
    address, _, fragment = link.partition("#")
    path, _, query = address.partition("?")
    for part in (fragment, query):
        if "=" in part:  # a fragment without is an ordinary anchor
            return part
    last = path.partition("://")[2].partition("/")[2].rpartition("/")[2]
    if not _PAGE.fullmatch(last):
        raise ScenarioError(
            Problem("", "The link carries no scenario. Copy it from the page, or name a file.")
        )
    return ""
