"""The scenario as texts: what a form holds, a command line sets and a share link carries.

10000, 10,000, 10k and 1e4 are the same number; 85 % is 0.85; with a clock `Mon 8:00` is a moment.
A field reads and writes its own text (`kinds`); what it may say is decided in `scenario.parse`.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, quote

from planner import scenario as scenarios
from planner.errors import Problem, ScenarioError
from planner.scenario import Scenario, beside, deadlines

MAX_QUERY_CHARS = 650_000  # ten thousand rows of history fit, with their times

_NOTHING: Mapping[str, Any] = {}


def read_texts(
    texts: Mapping[str, str], base: Any = _NOTHING, *, clock: datetime | None = None
) -> Scenario:
    """A scenario from one text for each dotted field name, on top of the JSON values of `base`.

    A field without a text or a value takes its default. `clock` is the moment, with its offset, from
    which texts such as `Mon 8:00` are seen; without it they cannot be read. Raises ScenarioError with every problem,
    those of the texts and those of `scenario.parse` together.
    """
    texts = deadlines.settle(texts, starts=deadlines.has_start(base), clock=clock)
    tree = base
    problems: list[Problem] = []
    for name, text in texts.items():
        try:
            entry = scenarios.field(name)
        except KeyError:
            problems.append(scenarios.unknown_field(name))
            continue
        try:
            answer = entry.read(text, clock)
        except ValueError as why:
            problems.append(Problem(name, str(why)))
        else:
            tree = _with(tree, entry.group, entry.key, answer)
    return scenarios.parse(tree, problems=problems)


def read_query(query: str, *, clock: datetime | None = None) -> Scenario:
    """A scenario from what a link holds behind its # (or ?), with or without that sign.

    Raises ScenarioError.
    """
    return read_texts(query_texts(query), clock=clock)


def query_texts(query: str) -> dict[str, str]:
    """The texts that a link gives, by field name; raises ScenarioError if it is mangled.

    The plans that it puts beside its own are left out.
    """
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
    pairs = [pair for pair in pairs if pair[0] != beside.KEY]
    texts = dict(pairs)
    if len(texts) < len(pairs):
        seen = [name for name, _ in pairs]
        twice = (name for name in texts if seen.count(name) > 1)
        raise ScenarioError(
            *(Problem(name[:60], "The link gives this field more than once.") for name in twice)
        )
    return texts


def read_json(document: str) -> Any:
    """The JSON values of a scenario file, for `read_texts` or `scenario.parse`.

    Raises ScenarioError if it is no JSON.
    """

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
    """The query string of a link to the scenario, without question mark.

    Only what differs from the defaults.
    """
    return "&".join(
        f"{name}={quote(text, safe=':;,+/@')}".replace("+", "%2B")
        for name, text in differing(scenario)
    )


def write_texts(scenario: Scenario) -> dict[str, str]:
    """The text of every field, as a form holds it.

    Large numbers with commas, one row of history a line.
    """
    texts = {
        entry.name: entry.fill(scenarios.value_of(scenario, entry.name))
        for entry in scenarios.FIELDS
    }
    if scenario.goal.deadline_h:  # one gap for both deadlines
        texts["goal.deadline_at"] = f"{texts['goal.deadline_h']} h"
    return texts


def understood(texts: Mapping[str, str], scenario: Scenario) -> dict[str, str]:
    """What was made of the texts from which the scenario was read, in words with the unit, by name.

    Only of those that are written otherwise than a form or a link would write the value.
    """
    words = {}
    for name, text in deadlines.settle(texts, starts=True).items():
        entry, value = scenarios.field(name), scenarios.value_of(scenario, name)
        typed = text.strip()
        if (
            typed
            and entry.kind.control == "text"
            and typed not in (entry.fill(value), entry.write(value))
        ):
            words[name] = " ".join(filter(None, (entry.say(value), entry.unit)))
    return words


def differing(scenario: Scenario) -> tuple[tuple[str, str], ...]:
    """The fields that are not at their defaults, by name, each with the text that `read_texts`
    reads back.
    """
    return tuple(
        (entry.name, entry.write(value))
        for entry in scenarios.FIELDS
        if (value := scenarios.value_of(scenario, entry.name)) != entry.default
    )


def _with(tree: Any, group: str, key: str, answer: Any) -> Any:
    """The tree with one answer in its place; what is no object stays, for `parse` to name."""
    inner = tree.get(group, {}) if isinstance(tree, Mapping) else None
    if not isinstance(inner, Mapping):
        return tree
    return {**tree, group: {**inner, key: answer}}
