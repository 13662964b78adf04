"""What is asked: every question of the planner, and the door through which answers come in."""

from planner.scenario.fields import (
    ENVELOPE_BYTES,
    FIELDS,
    GROUPS,
    Duration,
    GroupInfo,
    Scenario,
    batch_byte_limit,
    field,
    largest_request_bytes,
    value_of,
)
from planner.scenario.kinds import Choices, Field, History, Question
from planner.scenario.parse import changed, parse, replace, to_json, unknown_field

__all__ = [
    "ENVELOPE_BYTES",
    "FIELDS",
    "GROUPS",
    "Choices",
    "Duration",
    "Field",
    "GroupInfo",
    "History",
    "Question",
    "Scenario",
    "batch_byte_limit",
    "changed",
    "field",
    "largest_request_bytes",
    "parse",
    "replace",
    "to_json",
    "unknown_field",
    "value_of",
]
