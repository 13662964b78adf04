"""The editions of the program: which parts each is made of, and the folders they are taken from.

An edition is a set of parts in one language. Those of an engine are Python's, but for the parts
that have a file in the engine's own folder, which stand beside them or in their place.
"""

from dataclasses import dataclass

# In the order in which a reader meets them, where dependence leaves a choice; in both languages.
PARTS = (
    "head",
    "settings",
    "errors",
    "text",
    "options",
    "money",
    "request",
    "scan",
    "state",
    "report",
    "lock",
    "folder",
    "cut",
    "sort",
    "answer",
    "upload",
    "api",
    "collect",
    "doubt",
    "submit",
    "again",
    "run",
    "main",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Edition:
    """The parts of one joined file.

    `folders` are searched for a part in this order; `parts` as in PARTS.
    """

    language: str
    folders: tuple[str, ...]
    parts: tuple[str, ...]


_ALONE = ("options", "lock", "again", "run", "main")  # what an engine does instead
_ON_AIRFLOW = (
    *("engine", "rest", "count", "store", "cutting"),
    *("rounds", "flow", "triggers", "operators"),
)

EDITIONS = {
    "python": Edition(
        language="python", folders=("python",), parts=(*PARTS, "rest", "pace", "count")
    ),
    "javascript": Edition(language="javascript", folders=("javascript",), parts=PARTS),
    "dbos": Edition(
        language="python", folders=("dbos", "python"), parts=(*PARTS, "rest", "pace", "count")
    ),
    "airflow": Edition(
        language="python",
        folders=("airflow", "python"),
        parts=tuple(
            name
            for part in PARTS
            if part not in _ALONE
            for name in (part, *(_ON_AIRFLOW if part == "report" else ()))
        ),
    ),
}
