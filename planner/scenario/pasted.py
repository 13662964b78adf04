"""Read a link that somebody pastes, to put its plan beside others."""

from collections.abc import Sequence
from datetime import datetime

from planner.errors import Problem, ScenarioError
from planner.scenario import beside, texts
from planner.scenario.links import is_link, query_of


def add(query: str, link: str, *, here: str, clock: datetime | None = None) -> str:
    """The query with the plan of a link beside its own.

    `here` is the page's own address: alone it stands for the plan of the defaults, any other
    address for nothing. Raises ScenarioError with what is wrong with the link.
    """
    link = link.strip()
    others = beside.beside(query) or []
    if len(others) >= beside.MOST:
        raise _refused(f"{beside.MOST + 1} plans stand here; take one away first.")
    if not is_link(link) or ("=" not in link and link.partition("#")[0] != here):
        raise _refused("This is no link to a plan. Such a link begins as the address of this page.")
    added = texts.write_query(texts.read_query(query_of(link), clock=clock))
    if added in [_own(query), *others]:
        raise _refused("This plan is here already.")
    return beside.join(_own(query), [*others, added])


def _own(query: str) -> str:
    """A query without the plans beside it, as it is written."""
    return texts.write_query(texts.read_query(query))


def tidy(queries: Sequence[str]) -> list[str]:
    """Queries as they are written; one that cannot be read stays as it is."""
    return [_tidy(query) for query in queries]


def _tidy(query: str) -> str:
    try:
        return _own(query)
    except ScenarioError:
        return query


def _refused(message: str) -> ScenarioError:
    return ScenarioError(Problem("", message))
