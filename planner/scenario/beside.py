"""Read and write the plans that a link puts beside its own, to be compared.

A link holds them as `compare=…`, each the query of a plan, quoted; they are no part of its scenario.
`compare=` alone says that there are none, `compare=#` stands for the plan of the defaults, whose
query is empty.
"""

from collections.abc import Sequence
from urllib.parse import parse_qsl, quote

KEY = "compare"
MOST = 3  # beside the link's own

_EMPTY = "#"


def beside(query: str) -> list[str] | None:
    """The queries of the plans beside that of a query, None if it says nothing of them."""
    others, says = [], False
    for part in query.lstrip("#?").split("&"):
        if part.partition("=")[0] == KEY:
            says = True
            others += ["" if text == _EMPTY else text for _, text in _read(part)]
    return others if says else None


def _read(part: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(part, errors="strict")
    except ValueError:  # mangled: it says nothing
        return []


def join(query: str, others: Sequence[str] | None) -> str:
    """The query of a plan with others beside it; with an empty list it says that there are none."""
    if others is None:
        return query
    parts = [f"{KEY}={quote(other or _EMPTY, safe=':;,/@')}" for other in others] or [f"{KEY}="]
    return "&".join(filter(None, (query, *parts)))
