"""The JSON Schema of a scenario: an independent validator takes and refuses by it what `parse`
takes and refuses.
"""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from jsonschema import Draft202012Validator

from planner.errors import ScenarioError
from planner.scenario import FIELDS, Field, Scenario, parse, to_json
from planner.scenario.kinds import CHOICE, HISTORY, INTEGER, MONEY, SHARE, SPAN, TIME
from planner.scenario.schema import schema
from tests.strategies import json_trees, json_values, scenarios

SCENARIOS = sorted((Path(__file__).resolve().parents[2] / "scenarios").glob("*.json"))
VALIDATOR = Draft202012Validator(schema())
EACH_FIELD = pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.name)


def node(field: Field) -> dict[str, Any]:
    """The schema of one field."""
    group, _, key = field.name.partition(".")
    return schema()["properties"][group]["properties"][key]


def takes(field: Field, value: Any) -> bool:
    """Whether the schema takes the value of that field."""
    group, _, key = field.name.partition(".")
    return VALIDATOR.is_valid({group: {key: value}})


def test_it_is_a_schema() -> None:
    """The meta-schema of the draft that it names takes it."""
    Draft202012Validator.check_schema(schema())
    assert schema()["$schema"] == Draft202012Validator.META_SCHEMA["$id"]


@EACH_FIELD
def test_every_field_is_described(field: Field) -> None:
    """Type, default, title and description; bounds or choices where there are some."""
    shown = node(field)
    assert shown["title"].startswith(field.label) and len(shown["description"]) > 4
    assert parse({field.group: {field.name.partition(".")[2]: shown["default"]}}) == Scenario()
    if field.kind in (INTEGER, SHARE, SPAN, MONEY):
        bounds = [Decimal(str(shown[end])) for end in ("minimum", "maximum")]
        assert bounds == [field.low, field.high]
    if field.kind is CHOICE:
        assert shown["enum"] == [value for value, _ in field.choices]
        assert all(label in shown["description"] for _, label in field.choices)
    assert shown["type"] in ("string", "integer", "number", "boolean", "array")


def test_no_field_is_left_out_or_added() -> None:
    """The schema has the fields of the form, in their order."""
    groups = schema()["properties"]
    names = [f"{group}.{key}" for group in groups for key in groups[group]["properties"]]
    assert names == [field.name for field in FIELDS]


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_it_takes_the_scenarios(path: Path) -> None:
    """Every scenario file of the tests is one by the schema too."""
    VALIDATOR.validate(json.loads(path.read_text("utf-8")))


@given(scenario=scenarios())
def test_it_takes_what_the_planner_writes(scenario: Scenario) -> None:
    """The scenario that a plan gives back is one."""
    VALIDATOR.validate(to_json(scenario))


@given(tree=json_trees())
def test_what_it_refuses_is_refused(tree: Any) -> None:
    """The schema is no stricter than the planner."""
    if not VALIDATOR.is_valid(tree):
        with pytest.raises(ScenarioError):
            parse(tree)


@pytest.mark.parametrize(
    "field", [field for field in FIELDS if field.kind is not TIME], ids=lambda field: field.name
)
@given(value=json_values().filter(lambda value: "nan" not in repr(value)))
def test_a_value_that_is_refused(field: Field, value: Any) -> None:
    """And no looser: what the check of a field refuses, whatever it is, the schema refuses; NaN is
    no JSON.
    """
    try:
        field.check(value)
    except ValueError:
        assert not takes(field, value)
    else:
        assert takes(field, value)


@pytest.mark.parametrize(
    "field", [field for field in FIELDS if field.high > field.low and field.kind is not HISTORY],
    ids=lambda field: field.name,
)  # fmt: skip
def test_bounds(field: Field) -> None:
    """The lowest and the highest value are taken, what is beyond them is not."""
    low, high = node(field)["minimum"], node(field)["maximum"]
    assert [takes(field, value) for value in (low, high, low - 0.5, high + 1)] == [True, True, False, False]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("", True),
        ("2026-11-22T22:00+01:00", True),
        ("2026-11-22 22:00:30Z", True),
        ("2026-11-22T24:00Z", False),
        ("2026-11-22T22:00", False),
        ("tomorrow", False),
        (20261122, False),
    ],
)
def test_times(text: Any, right: bool) -> None:
    """A start needs date, time and offset, or is empty."""
    assert VALIDATOR.is_valid({"goal": {"start_at": text}}) is right


@pytest.mark.parametrize(
    ("rows", "right"),
    [
        ([], True),
        ([[8150, 1200.5], {"requests": 1, "seconds": 0.001}], True),
        ([[8150]], False),
        ([[8150, 1200, 3]], False),
        ([[0, 1]], False),
        ([[1.5, 1]], False),
        ([[1, 2_592_001]], False),
        ([{"requests": 1}], False),
        ([[1, 1]] * 10_001, False),
    ],
    ids=lambda value: repr(value)[:20],
)
def test_history(rows: Any, right: bool) -> None:
    """Rows of requests and seconds, as pairs or by name, ten thousand at most."""
    assert VALIDATOR.is_valid({"duration": {"history": rows}}) is right


@pytest.mark.parametrize("tree", [[], {"colour": {}}, {"workload": {"colour": 1}}, {"workload": 1}])
def test_what_is_unknown_is_refused(tree: Any) -> None:
    """A group or a field that does not exist is a mistake, not an extra."""
    assert not VALIDATOR.is_valid(tree)
