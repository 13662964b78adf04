"""Moments as people write them, seen from Friday 27 November 2026, 18:05 in Berlin."""

from datetime import datetime

import pytest

from planner import scenario
from planner.errors import ScenarioError
from planner.scenario import moments, texts

NOW = datetime.fromisoformat("2026-11-27T18:05:30+01:00")


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("now", "2026-11-27T18:05+01:00"),
        ("Mon 8:00", "2026-11-30T08:00+01:00"),
        ("by Mon 8:00", "2026-11-30T08:00+01:00"),
        ("monday, 08:00", "2026-11-30T08:00+01:00"),
        ("Mon 8am", "2026-11-30T08:00+01:00"),
        ("Mon 8", "2026-11-30T08:00+01:00"),
        ("Fri 18:05", "2026-12-04T18:05+01:00"),
        ("Fri 18:06", "2026-11-27T18:06+01:00"),
        ("30 Nov 08:00", "2026-11-30T08:00+01:00"),
        ("30 November 2026 08:00", "2026-11-30T08:00+01:00"),
        ("Nov 30, 8:00", "2026-11-30T08:00+01:00"),
        ("Nov 30 2027 8 pm", "2027-11-30T20:00+01:00"),
        ("Mon 30 Nov 08:00", "2026-11-30T08:00+01:00"),
        ("Mon 30 Nov 2026, 08:00 +01:00", "2026-11-30T08:00+01:00"),
        ("2026-11-30 08:00", "2026-11-30T08:00+01:00"),
        ("2026-11-30T08:00Z", "2026-11-30T08:00+00:00"),
        ("27 Nov 18:05", "2027-11-27T18:05+01:00"),
        ("3 Jan 9:00", "2027-01-03T09:00+01:00"),
        ("29 Feb 9:00", "2028-02-29T09:00+01:00"),
        ("today 23:00", "2026-11-27T23:00+01:00"),
        ("tomorrow 18:30", "2026-11-28T18:30+01:00"),
        ("18:06", "2026-11-27T18:06+01:00"),
        ("18:05", "2026-11-28T18:05+01:00"),
        ("12am", "2026-11-28T00:00+01:00"),
        ("Sat 00:30 UTC", "2026-11-28T00:30+00:00"),
    ],
)
def test_moment(text: str, moment: str) -> None:
    """A text means the next moment that it fits."""
    assert moments.read(text, NOW) == moment


@pytest.mark.parametrize(
    "text",
    [
        "",
        "8",
        "2026-11-30",
        "30",
        "soon",
        "Mon",
        "Mo 8:00",
        "8:00 30 Nov",
        "30 Now 8:00",
        "in 2 days",
    ],
)
def test_no_moment(text: str) -> None:
    """What names no time of day is not guessed at."""
    assert moments.read(text, NOW) is None


@pytest.mark.parametrize(
    ("text", "why"),
    [("Tue 30 Nov 08:00", "30 Nov 2026 is a Monday"), ("31 Nov 08:00", "no such day"), ("30 Feb 08:00", "no such day"), ("29 Feb 2027 08:00", "no such day"), ("8:00 +24:00", "no such offset"), ("8:00 -01:60", "no such offset"), ("Mon 24:00", "no such time"), ("13 pm", "no such time"), ("Mon 8:60", "no such time")],
)  # fmt: skip
def test_impossible_moment(text: str, why: str) -> None:
    """A moment that does not exist says so."""
    with pytest.raises(ValueError, match=why):
        moments.read(text, NOW)


def test_a_field_reads_by_the_clock() -> None:
    """The scenario holds what was understood."""
    goal = texts.read_texts(
        {"goal.start_at": "now", "goal.deadline_at": "Mon 8:00"}, clock=NOW
    ).goal
    assert (goal.start_at, goal.deadline_at) == ("2026-11-27T18:05+01:00", "2026-11-30T08:00+01:00")


def test_without_a_clock_it_cannot_be_read() -> None:
    """A planner without a clock asks for a whole moment."""
    with pytest.raises(ScenarioError, match="2026-11-22T22:00"):
        texts.read_texts({"goal.start_at": "Mon 8:00"})


def test_json_takes_iso_only() -> None:
    """A file is read without the clock, as it stands."""
    with pytest.raises(ScenarioError, match="with its offset"):
        texts.read_texts({}, {"goal": {"start_at": "Mon 8:00"}}, clock=NOW)


@pytest.mark.parametrize(
    ("goal", "message"),
    [
        ({"deadline_at": "2026-11-30T08:00+01:00"}, "needs a start"),
        (
            {"start_at": "2026-11-30T08:00+01:00", "deadline_at": "2026-11-30T07:00Z"},
            "after the start",
        ),
        (
            {"start_at": "2026-11-28T08:00Z", "deadline_at": "2026-11-30T07:00Z", "deadline_h": 1},
            "two deadlines",
        ),
    ],
)
def test_deadline_by_the_clock_must_make_sense(goal: dict[str, object], message: str) -> None:
    """It needs a start before it, and no other deadline; the problem stands beside it."""
    with pytest.raises(ScenarioError, match=message) as caught:
        scenario.parse({"goal": goal})
    assert [problem.field for problem in caught.value.problems] == ["goal.deadline_at"]


def test_both_deadlines_are_the_same_seconds() -> None:
    """Hours and a clock time, across offsets, come to the same."""
    by_clock = scenario.parse(
        {"goal": {"start_at": "2026-11-28T08:00+01:00", "deadline_at": "2026-11-28T09:30Z"}}
    )
    assert (
        by_clock.goal.deadline_s
        == scenario.parse({"goal": {"deadline_h": 2.5}}).goal.deadline_s
        == 9000
    )


def test_what_was_understood_is_said() -> None:
    """Only what is written otherwise than the planner would write it."""
    form = {
        "workload.requests": "2 million",
        "goal.deadline_h": "2 days",
        "goal.confidence": "90",
        "goal.budget_usd": "$500",
        "retries.max": "3",
        "workload.input_tokens": "1,000",
    }
    assert texts.understood(form, texts.read_texts(form)) == {
        "workload.requests": "2,000,000", "goal.deadline_h": "48 h", "goal.confidence": "90 %", "goal.budget_usd": "500 US$",
    }  # fmt: skip
