"""One caveat, as data."""

from dataclasses import dataclass, field
from typing import Any

Change = dict[str, Any]  # new values by the dotted names of their fields, for `scenario.replace`

SEVERITIES = ("blocks", "warns", "notes")  # gravest first


@dataclass(frozen=True, kw_only=True, slots=True)
class Caveat:
    """Something to know before the run.

    `code` never changes once it is out; `severity` is one of SEVERITIES; `fix` is the remedy, a
    change of the scenario, {} where nothing helps, and `fix_label` says it, "" where there is none.
    """

    code: str
    severity: str
    message: str
    fix: Change = field(default_factory=dict)
    fix_label: str = ""
