"""The scenario as texts: what a form holds, a command line sets and a share link carries.

10000, 10,000, 10k and 1e4 are the same number; 85 % is 0.85. Only the texts are read here; what they may
say is decided in `scenario.parse`.
"""

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, quote

from planner import scenario as scenarios
from planner.errors import Problem, ScenarioError
from planner.scenario import Scenario
from planner.scenario.kinds import Field, bound
from planner.words import counted, plain

MAX_QUERY_CHARS = 250_000  # ten thousand rows of history fit
MAX_TEXT_CHARS = 200
MAX_HISTORY_CHARS = 240_000

_NUMBER = re.compile(
    r"(?P<digits>[+-]?(?:\d{1,3}(?:[,_'\u2009\u202f\u00a0 ]\d{3})+(?:\.\d*)?|\d+\.?\d*|\.\d+))"
    r"(?:e(?P<exponent>[+-]?\d{1,4}))?\s*(?P<suffix>[km%]?)",
    re.IGNORECASE,
)
_FACTORS = {"": Decimal(1), "k": Decimal(1000), "m": Decimal(1_000_000), "%": Decimal("0.01")}
_NOTHING: Mapping[str, Any] = {}
_YES = {"true", "on", "yes", "1"}
_NO = {"false", "off", "no", "0", ""}


def read_texts(texts: Mapping[str, str], base: Any = _NOTHING) -> Scenario:
    """A scenario from one text for each dotted field name, on top of the JSON values of `base`.

    A field without a text or a value takes its default. Raises ScenarioError with every problem, those of the
    texts and those of `scenario.parse` together.
    """
    tree = base
    problems: list[Problem] = []
    for name, text in texts.items():
        try:
            entry = scenarios.field(name)
        except KeyError:
            problems.append(scenarios.unknown_field(name))
            continue
        try:
            value = _value(entry, text)
        except ValueError as why:
            problems.append(Problem(name, str(why)))
        else:
            tree = _with(tree, entry.group, name.partition(".")[2], value)
    return scenarios.parse(tree, found=problems)


def read_query(query: str) -> Scenario:
    """A scenario from what a link holds behind its # (or ?), with or without that sign; raises ScenarioError."""
    if len(query) > MAX_QUERY_CHARS:
        raise ScenarioError(
            Problem(
                "",
                f"The link has {len(query):,} characters; at most {MAX_QUERY_CHARS:,} can be read. Ask for it anew.",
            )
        )
    try:
        pairs = parse_qsl(
            query.lstrip("#?"), keep_blank_values=True, max_num_fields=200, errors="strict"
        )
    except ValueError:
        raise ScenarioError(
            Problem("", "The link cannot be read: it is cut or mangled. Ask for it anew.")
        ) from None
    texts = dict(pairs)
    if len(texts) < len(pairs):
        seen = [name for name, _ in pairs]
        twice = (name for name in texts if seen.count(name) > 1)
        raise ScenarioError(
            *(Problem(name[:60], "The link gives this field more than once.") for name in twice)
        )
    return read_texts(texts)


def read_json(document: str) -> Any:
    """The JSON values of a scenario file, for `read_texts` or `scenario.parse`; raises ScenarioError if it is no JSON."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        seen: dict[str, Any] = {}
        for key, value in pairs:
            if key in seen:
                raise ScenarioError(Problem("", f"The file gives “{key[:60]}” twice."))
            seen[key] = value
        return seen

    try:
        return json.loads(document, object_pairs_hook=unique)
    except ScenarioError:  # a ValueError too
        raise
    except RecursionError:
        raise ScenarioError(
            Problem("", "The file is nested too deeply to be a scenario.")
        ) from None
    except json.JSONDecodeError as why:
        raise ScenarioError(
            Problem("", f"The file is not JSON: line {why.lineno}, column {why.colno}: {why.msg}.")
        ) from None
    except ValueError:  # an integer of more digits than Python reads
        raise ScenarioError(
            Problem("", "The file holds a number of thousands of digits.")
        ) from None


def write_query(scenario: Scenario) -> str:
    """The query string of a link to the scenario, without question mark: only what differs from the defaults."""
    return "&".join(
        f"{entry.name}={quote(text_of(entry, value), safe=':;,+/@')}".replace("+", "%2B")
        for entry in scenarios.FIELDS
        if (value := scenarios.value_of(scenario, entry.name)) != entry.default
    )


def write_texts(scenario: Scenario) -> dict[str, str]:
    """The text of every field, as a form holds it: large numbers with commas, one row of history a line."""
    texts = {}
    for entry in scenarios.FIELDS:
        value = scenarios.value_of(scenario, entry.name)
        text = f"{value:,}" if entry.kind == "integer" else text_of(entry, value)
        texts[entry.name] = text.replace(";", "\n") if entry.kind == "history" else text
    return texts


def text_of(entry: Field, value: Any) -> str:
    """The text that `read_texts` reads back to the same value, to the digit."""
    if entry.kind == "history":
        return ";".join(f"{requests}:{plain(seconds)}" for requests, seconds in value)
    if entry.kind == "flag":
        return "true" if value else "false"
    if entry.kind in ("integer", "number", "money"):
        return plain(value)
    return str(value)


def _with(tree: Any, group: str, key: str, value: Any) -> Any:
    """The tree with one value replaced; what is no object stays, for `parse` to name."""
    inner = tree.get(group, {}) if isinstance(tree, Mapping) else None
    if not isinstance(inner, Mapping):
        return tree
    return {**tree, group: {**inner, key: value}}


def _value(entry: Field, text: str) -> Any:
    text = text.strip()
    if entry.kind == "history":
        return _history(entry, text)
    if len(text) > MAX_TEXT_CHARS:
        raise ValueError(
            f"{entry.label} has {counted(len(text), 'character')}; at most {MAX_TEXT_CHARS} can be read."
        )
    if entry.kind == "flag":
        return True if text.lower() in _YES else False if text.lower() in _NO else text
    if entry.kind in ("integer", "number", "money"):
        return _number(entry, text) if text else entry.default
    return text


def _number(entry: Field, text: str) -> Decimal:
    found = _NUMBER.fullmatch(text)
    if not found:
        raise ValueError(
            f"{entry.label} must be a number from {bound(entry.low)} to {bound(entry.high)}, "
            "such as 10000, 10,000, 10k or 1e4."
        )
    digits = re.sub(r"[^\d.+-]", "", found["digits"])
    return Decimal(f"{digits}e{found['exponent'] or 0}") * _FACTORS[found["suffix"].lower()]


def _history(entry: Field, text: str) -> list[list[Any]]:
    if len(text) > MAX_HISTORY_CHARS:
        raise ValueError(
            f"{entry.label} has {len(text):,} characters; at most {MAX_HISTORY_CHARS:,} can be read."
        )
    rows = []
    for number, row in enumerate(re.split(r"[\n;]+|(?<=\d) +(?=\d)", text), start=1):
        if not row.strip():
            continue
        parts = re.split(r"[:,\t]", row.strip())
        try:
            rows.append([Decimal(part.strip()) for part in parts])
        except ArithmeticError:
            raise ValueError(
                f"Row {number:,} must be requests:seconds, such as 8150:1200, not “{row.strip()[:40]}”."
            ) from None
    return rows
