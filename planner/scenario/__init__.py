"""What is asked: every question of the planner, and the door through which answers come in."""

from planner.scenario.fields import (
    FIELDS,
    GROUPS,
    Batches,
    Caching,
    Duration,
    Goal,
    GroupInfo,
    Limits,
    Pricing,
    Retries,
    Scenario,
    Workload,
    field,
    value_of,
)
from planner.scenario.history import History
from planner.scenario.parse import changed, parse, replace, to_json, unknown_field
from planner.scenario.questions import Choices, Field, Question

__all__ = [
    "FIELDS",
    "GROUPS",
    "Batches",
    "Caching",
    "Choices",
    "Duration",
    "Field",
    "Goal",
    "GroupInfo",
    "History",
    "Limits",
    "Pricing",
    "Question",
    "Retries",
    "Scenario",
    "Workload",
    "changed",
    "field",
    "parse",
    "replace",
    "to_json",
    "unknown_field",
    "value_of",
]
