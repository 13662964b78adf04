"""Collect what is wrong with the lines of files: all of it counted, the first of it kept."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from planner.measure.rules import ERROR, RULES, Fault, Finding

_KEPT = 100_000  # findings with their words; beyond them only the counts grow
_PLACES = {name: place for place, name in enumerate(RULES)}


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """All findings of one rule and severity: how many, in how many lines, and the first."""

    rule: str
    severity: str
    count: int
    lines: int
    first: Finding


@dataclass(slots=True)
class Findings:
    """What is wrong, in the order in which it was found."""

    kept: list[Finding] = field(default_factory=list)
    _counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    _lines: Counter[tuple[str, str]] = field(default_factory=Counter)
    _firsts: dict[tuple[str, str], Finding] = field(default_factory=dict)

    def add(self, file: str, line: int, custom_id: object, faults: Iterable[Fault]) -> None:
        """Take what is wrong with one line: all that a rule says of it at once."""
        seen = set[tuple[str, str]]()
        for fault in faults:
            key = fault.severity, fault.rule
            self._counts[key] += 1
            self._lines[key] += key not in seen
            seen.add(key)
            if len(self.kept) >= _KEPT and key in self._firsts:
                continue
            finding = Finding(
                file=file,
                line=line,
                custom_id=custom_id if isinstance(custom_id, str) else None,
                rule=fault.rule,
                severity=fault.severity,
                message=fault.message,
            )
            self._firsts.setdefault(key, finding)
            if len(self.kept) < _KEPT:
                self.kept.append(finding)

    def copy(self) -> "Findings":
        """The same, to which more may be added."""
        counts, lines = self._counts.copy(), self._lines.copy()
        return Findings(self.kept.copy(), counts, lines, self._firsts.copy())

    @property
    def errors(self) -> int:
        """How many errors there are; warnings are none."""
        return sum(count for (severity, _), count in self._counts.items() if severity == ERROR)

    @property
    def left_out(self) -> int:
        """How many findings are counted only."""
        return sum(self._counts.values()) - len(self.kept)

    def groups(self) -> list[Group]:
        """By rule, the worst first: errors before warnings, then the most frequent."""
        ordered = sorted(
            self._counts.items(),
            key=lambda entry: (entry[0][0] != ERROR, -entry[1], _PLACES[entry[0][1]]),
        )
        return [
            Group(
                rule=key[1],
                severity=key[0],
                count=count,
                lines=self._lines[key],
                first=self._firsts[key],
            )
            for key, count in ordered
        ]

    def sorted(self) -> list[Finding]:
        """All that is kept: errors first, then by file and line."""
        return sorted(self.kept, key=lambda each: (each.severity != ERROR, each.file, each.line))
