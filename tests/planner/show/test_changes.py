"""What was changed, in one sentence."""

from typing import Any

import pytest

from planner.scenario import Scenario, parse
from planner.show.changes import changes


def test_changes_in_words() -> None:
    """Labels, with what was before and what is now, as people read them."""
    scenario = parse(
        {
            "workload": {"requests": 25_000},
            "caching": {"mode": "1h"},
            "pricing": {"bill_failed": True},
        }
    )
    sentence = changes(
        scenario,
        [
            ("workload.requests", 10_000),
            ("caching.mode", "none"),
            ("pricing.bill_failed", False),
        ],
    )
    assert "Requests: 10,000 → 25,000" in sentence
    assert "No caching → 1 hour" in sentence
    assert "no → yes" in sentence


def test_no_changes() -> None:
    """Nothing changed, nothing said."""
    assert changes(Scenario(), []) == ""


def test_a_long_history_is_not_repeated() -> None:
    """A change of ten thousand rows is a short sentence."""
    scenario = parse({"duration": {"history": [[100, 60]] * 10_000}})
    assert len(changes(scenario, [("duration.history", ())])) < 200


def test_one_sentence() -> None:
    """The label, what was before, what is now; several changes apart by semicolons."""
    scenario = parse({"workload": {"requests": 25_000}, "retries": {"max": 1}})
    before = [("workload.requests", 10_000), ("retries.max", 3)]
    assert changes(scenario, before) == "Changed Requests: 10,000 → 25,000; Retries: 3 → 1."


@pytest.mark.parametrize(
    ("name", "before", "words"),
    [
        ("goal.start_at", "2026-11-22T22:00+01:00", "Start: Sun 22 Nov 2026, 22:00 +01:00 → none"),
        ("pricing.bill_failed", True, "Count failed attempts: yes → no"),
        ("retries.transient_rate", 0.05, "Transient failures: 5 % → 1 %"),
        (
            "duration.history",
            ((1, 1.0),) * 9 + ((1, 12.0),),
            f"My batches: {'1:1;' * 9}1:12 → none",
        ),
        ("duration.history", ((1, 1.0),) * 11, f"My batches: {'1:1;' * 9}1:1… → none"),
    ],
)
def test_values_in_words(name: str, before: Any, words: str) -> None:
    """As people read them; what is empty is none, what is longer than forty characters is cut."""
    assert changes(Scenario(), [(name, before)]) == f"Changed {words}."
