"""One gap takes both deadlines: a length of time, and a time by the clock."""

from datetime import datetime

import pytest

from planner.errors import ScenarioError
from planner.scenario import Scenario
from planner.scenario.texts import read_texts, write_texts

CLOCK = datetime.fromisoformat("2026-11-28T16:40+01:00")


def read(at: str, **others: str) -> Scenario:
    texts = {"goal.deadline_at": at} | {f"goal.{key}": text for key, text in others.items()}
    return read_texts(texts, clock=CLOCK)


@pytest.mark.parametrize(
    ("text", "hours"), [("48h", 48), ("2 days", 48), ("90 min", 1.5), ("36", 36)]
)
def test_a_length_is_a_deadline_in_hours(text: str, hours: float) -> None:
    """However it is written; nothing is left in the other field, and no start is made up."""
    goal = read(text).goal
    assert (goal.deadline_h, goal.deadline_at, goal.start_at) == (hours, "", "")


def test_a_time_begins_now() -> None:
    """Who says by when, and not from when, starts at once."""
    goal = read("Mon 8:00").goal
    assert goal.deadline_at == "2026-11-30T08:00+01:00"
    assert goal.start_at == "2026-11-28T16:40+01:00"
    assert goal.deadline_s == (39 * 60 + 20) * 60


def test_a_start_that_is_given_stays() -> None:
    """In the same texts, or in the file beneath them."""
    start = "2026-11-29T20:00+01:00"
    assert read("Mon 8:00", start_at=start).goal.start_at == start
    base = {"goal": {"start_at": start}}
    texts = {"goal.deadline_at": "Mon 8:00"}
    assert read_texts(texts, base, clock=CLOCK).goal.start_at == start


def test_without_a_clock_a_start_is_asked_for() -> None:
    """The planner itself does not know the time."""
    with pytest.raises(ScenarioError, match="needs a start"):
        read_texts({"goal.deadline_at": "2026-11-30T08:00+01:00"})


@pytest.mark.parametrize("at", ["48h", "Mon 8:00"])
def test_the_form_comes_back(at: str) -> None:
    """What a form shows reads as the same scenario, with a clock or without; the gap is never
    empty.
    """
    scenario = read(at)
    texts = write_texts(scenario)
    assert texts["goal.deadline_at"]
    assert read_texts(texts) == scenario
    assert read_texts(texts, clock=CLOCK) == scenario


def test_the_same_deadline_twice_is_one() -> None:
    """As the form has it, whose two fields show the hours."""
    assert read("48 h", deadline_h="48").goal.deadline_h == 48


def test_two_deadlines_are_refused() -> None:
    """Nobody knows which one is meant."""
    with pytest.raises(ScenarioError):
        read("48 h", deadline_h="47")
    with pytest.raises(ScenarioError, match="two deadlines"):
        read("Mon 8:00", deadline_h="47")
