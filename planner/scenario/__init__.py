"""What is asked: every question of the planner, and the door through which answers come in."""

from planner.scenario.fields import (
    FIELDS,
    GROUPS,
    Duration,
    GroupInfo,
    Limits,
    Retries,
    Scenario,
    field,
    value_of,
)
from planner.scenario.history import History
from planner.scenario.parse import changed, parse, replace, to_json, unknown_field
from planner.scenario.questions import Choices, Field, Question

__all__ = [
    "FIELDS",
    "GROUPS",
    "Choices",
    "Duration",
    "Field",
    "GroupInfo",
    "History",
    "Limits",
    "Question",
    "Retries",
    "Scenario",
    "changed",
    "field",
    "parse",
    "replace",
    "to_json",
    "unknown_field",
    "value_of",
]
