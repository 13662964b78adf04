"""Save what is good of a link: one bad value does not cost the others."""

from collections.abc import Iterator
from datetime import datetime
from urllib.parse import parse_qsl

from planner.errors import ScenarioError
from planner.scenario import FIELDS, Scenario, texts


def salvage(query: str, *, clock: datetime | None = None) -> tuple[Scenario, dict[str, str]]:
    """The scenario of all that can be used of a link that `read_query` refuses, and the texts of
    the rest.

    What cannot be used has its default in the scenario; the texts are those of its fields, by name,
    as the link gives them.
    """
    links = dict(_readable(query)) if len(query) <= texts.MAX_QUERY_CHARS else {}
    good, refused = links, set[str]()
    while True:
        good = {name: text for name, text in good.items() if name not in refused}
        try:
            return texts.read_texts(good, clock=clock), {
                name: text for name, text in links.items() if name not in good
            }
        except ScenarioError as error:
            refused = {problem.field for problem in error.problems}
            # what is missing cannot be left out: then what asks for it goes, with all the rest
            good = {} if refused.isdisjoint(good) else good


def _readable(query: str) -> Iterator[tuple[str, str]]:
    """The fields of the link whose text is whole and given once."""
    pairs = []
    for part in query.lstrip("#?").split("&"):
        try:
            pairs += parse_qsl(part, keep_blank_values=True, errors="strict")
        except ValueError:  # mangled: it says nothing
            continue
    names = [name for name, _ in pairs]
    known = {entry.name for entry in FIELDS}
    return ((name, text) for name, text in pairs if name in known and names.count(name) == 1)
