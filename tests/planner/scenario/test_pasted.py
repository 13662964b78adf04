"""A link that is pasted: its plan stands beside the others, or what is wrong with it is said."""

from datetime import datetime

import pytest

from planner.errors import ScenarioError
from planner.scenario.beside import join
from planner.scenario.pasted import add, tidy

HERE = "https://example.org/planner/"
NOW = datetime.fromisoformat("2026-11-27T18:05:09+01:00")


@pytest.mark.parametrize(
    ("link", "added"),
    [
        ("#workload.requests=20k", "workload.requests=20000"),
        (f" {HERE}#workload.requests=20000 ", "workload.requests=20000"),
        ("file:///home/me/batch-planner.html#retries.max=1", "retries.max=1"),
        ("http://elsewhere.example/?retries.max=1", "retries.max=1"),
        (HERE, ""),
        (HERE + "#", ""),
        (HERE + "#run-name", ""),
        ("#retries.max=1&compare=retries.max%3D2", "retries.max=1"),
        (
            "#goal.start_at=now&goal.deadline_at=Mon 8:00",
            "goal.start_at=2026-11-27T18:05%2B01:00&goal.deadline_at=2026-11-30T08:00%2B01:00",
        ),
    ],
)
def test_a_link_to_a_plan(link: str, added: str) -> None:
    """Wherever the page stands; of a comparison the first plan; the plain address is the example."""
    query = join("workload.requests=7", ["retries.max=5"])
    whole = join("workload.requests=7", ["retries.max=5", added])
    assert add(query, link, here=HERE, clock=NOW) == whole


@pytest.mark.parametrize(
    ("link", "words"),
    [
        ("", "no link"),
        ("requests.jsonl", "no link"),
        ("workload.requests=5", "no link"),
        ("https://example.org/", "no link"),
        ("https://example.org/plan.json?x", "no link"),
        ("javascript:alert(1)", "no link"),
        ("#workload.requests=none", "must be a number"),
        ("#workload.requests=5&workload.requets=5", "no such field"),
        ("#workload.requests=%FF", "cut or mangled"),
        ("#workload.requests=7", "here already"),
        ("#retries.max=5", "here already"),
    ],
)
def test_what_is_wrong_is_said(link: str, words: str) -> None:
    """No link, a bad value, a field that does not exist, a plan that stands there."""
    query = join("workload.requests=7", ["retries.max=5"])
    with pytest.raises(ScenarioError) as refused:
        add(query, link, here=HERE, clock=NOW)
    assert words in " ".join(problem.message for problem in refused.value.problems)


def test_there_is_room_for_four() -> None:
    """The fifth is told to wait."""
    query = join("", [f"retries.max={number}" for number in (0, 1, 2)])
    with pytest.raises(ScenarioError, match="take one away"):
        add(query, "#retries.max=5", here=HERE)


def test_queries_are_tidied() -> None:
    """Each as a link carries it; one that cannot be read stays, so that it can be told."""
    given = ["workload.requests=20k", "workload.requests=none", ""]
    assert tidy(given) == ["workload.requests=20000", "workload.requests=none", ""]
