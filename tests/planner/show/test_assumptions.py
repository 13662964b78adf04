"""What a plan assumes, and what of it somebody has changed."""

from typing import Any

import pytest

from planner.scenario import FIELDS, parse, texts
from planner.show.assumptions import QUESTION, changed, counts


def test_of_the_example_nothing_is_changed() -> None:
    """Everything that is not asked for in the question is an assumption."""
    scenario = parse({})
    assert changed(scenario) == []
    assert counts(scenario) == f"{len(FIELDS) - len(QUESTION)} values"
    assert {entry.name for entry in FIELDS} > QUESTION


def test_a_change_can_be_taken_back() -> None:
    """Its link leads to the same plan without it; what the question asks for is no assumption."""
    raw: dict[str, Any] = {
        "workload": {"requests": 5},
        "retries": {"transient_rate": 0.02, "max": 1},
    }
    rows = changed(parse(raw))
    assert [(row["name"], row["text"]) for row in rows] == [
        ("retries.max", "Retries: 1"),
        ("retries.transient_rate", "Transient failures: 2 %"),
    ]
    assert texts.read_query(rows[0]["href"].removeprefix("#")) == parse(
        {"workload": {"requests": 5}, "retries": {"transient_rate": 0.02}}
    )
    assert counts(parse(raw)).endswith(" values, 2 changed")


@pytest.mark.parametrize("name", ["duration.history"])
def test_what_others_rest_on_has_no_link(name: str) -> None:
    """Without its rows "my own batches" is no plan."""
    raw = {"duration": {"model": "history", "history": [[100, 60]]}}
    links = {row["name"]: row["href"] for row in changed(parse(raw))}
    assert links[name] == ""
    assert links["duration.model"]
