"""The form of a scenario file, as a JSON Schema made from the fields.

An editor completes and checks by it, another program writes by it. What JSON Schema cannot say,
that two fields must go together, `parse` alone checks.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from planner import facts
from planner.scenario.fields import FIELDS, GROUPS, GroupInfo, Scenario
from planner.scenario.history import AT_FORM, ROW_REQUESTS, ROW_SECONDS
from planner.scenario.kinds import TIME_FORM
from planner.scenario.parse import to_json
from planner.scenario.questions import Field

DIALECT = "https://json-schema.org/draft/2020-12/schema"

Schema = dict[str, Any]


def schema() -> Schema:
    """The JSON Schema (draft 2020-12) of a scenario: whatever it refuses, `parse` refuses too.

    A group is an object of its fields; a field has type, bounds, default, title and description.
    """
    return {
        "$schema": DIALECT,
        "title": "Scenario of the Batch API Throughput Planner",
        "description": "A workload for the Message Batches API. "
        "What is left out takes its default.",
        "type": "object",
        "additionalProperties": False,
        "properties": {group.key: _group(group) for group in GROUPS},
    }


def _group(group: GroupInfo) -> Schema:
    defaults = to_json(Scenario())[group.key]
    fields = [entry for entry in FIELDS if entry.group == group.key]
    keys = [entry.key for entry in fields]
    return {
        "title": group.label,
        "type": "object",
        "additionalProperties": False,
        "properties": {
            key: _field(entry, defaults[key]) for key, entry in zip(keys, fields, strict=True)
        },
    }


def _field(entry: Field, default: Any) -> Schema:
    unit = f" ({entry.unit})" if entry.unit else ""
    return {
        "title": entry.label + unit,
        "description": entry.help or f"{entry.label}{unit}.",
        **_KINDS[entry.kind.name](entry),
        "default": default,
    }


def _between(kind: str, low: Decimal, high: Decimal) -> Schema:
    return {"type": kind, "minimum": _bound(low), "maximum": _bound(high)}


def _bound(number: Decimal) -> int | float:
    return int(number) if number == int(number) else float(number)


def _number(entry: Field) -> Schema:
    return _between("number", entry.low, entry.high)


def _choice(entry: Field) -> Schema:
    meanings = "; ".join(f"{value}: {label}" for value, label in entry.choices)
    return {
        "description": f"{entry.help or entry.label + '.'} {meanings}.",
        "type": "string",
        "enum": [value for value, _ in entry.choices],
    }


def _model(_entry: Field) -> Schema:
    return {
        "description": "By id or alias.",
        "type": "string",
        "enum": [name for model in facts.models() for name in (model.id, *model.aliases)],
    }


def _time(_entry: Field) -> Schema:
    return {"type": "string", "pattern": f"^({TIME_FORM.pattern})?$"}


def _history(entry: Field) -> Schema:
    requests, seconds = _between("integer", *ROW_REQUESTS), _between("number", *ROW_SECONDS)
    made = {"type": "string", "pattern": f"^{AT_FORM.pattern}$"}
    row = {"type": "array", "prefixItems": [requests, seconds, made], "items": False, "minItems": 2}
    named = {
        "type": "object",
        "properties": {"requests": requests, "seconds": seconds, "created_at": made},
        "required": ["requests", "seconds"],
        "additionalProperties": False,
    }
    return {
        "description": "The time that each of your own batches took, "
        "as rows such as [8150, 1200]: requests, seconds, and perhaps when it was made.",
        "type": "array",
        "maxItems": _bound(entry.high),
        "items": {"oneOf": [row, named]},
    }


_KINDS: dict[str, Callable[[Field], Schema]] = {
    "integer": lambda entry: _between("integer", entry.low, entry.high),
    "share": _number,
    "span": _number,
    "money": _number,
    "flag": lambda _: {"type": "boolean"},
    "choice": _choice,
    "model": _model,
    "time": _time,
    "history": _history,
}
