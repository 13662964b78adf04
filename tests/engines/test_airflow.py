"""The Airflow edition without Airflow: its operators and triggers on stubs of the engine's base classes.

`make test-engines` runs it on the engine itself.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.engines.conftest import MakeStage
from tests.engines.stage import TEN, KilledError, on_create, sizes


def test_a_quiet_run(stage: MakeStage) -> None:
    """Each id once, counts that differ, one create a batch, and nobody waits in a worker."""
    made = stage()
    made.write(*TEN)
    text = made.run_all()
    made.is_complete(*TEN)
    assert sizes(made) == [4, 3, 2, 1]
    assert made.api.calls["create"] == 4
    assert text.startswith("10 of 10 requests succeeded")
    assert "batch_1_1 BatchTrigger" in made.deferrals
    summary = json.loads((made.out / "summary.json").read_text("utf-8"))
    assert (summary["requests"], summary["succeeded"], summary["batches"]) == (10, 10, 4)


def test_a_batch_is_waited_for_once(stage: MakeStage) -> None:
    """Its trigger polls until it has ended; the task has no worker in between."""
    made = stage()
    made.api.set_scenario({"polls": 5})
    made.write(*TEN[:4])
    made.run_round(1)
    assert made.deferrals == ["batch_1_1 BatchTrigger"]
    assert made.api.calls["retrieve"] >= 5


def test_results_never_go_through_the_engine(stage: MakeStage) -> None:
    """What tasks give and keep there is numbers and ids; no prompt and no answer."""
    made = stage()
    made.write(*TEN)
    assert made.run("cut_1") == [1, 2, 3, 4]
    assert [made.run(f"batch_1_{number}") for number in (1, 2, 3, 4)] == [None] * 4
    kept = json.dumps([each.values for each in made.kept.values()])
    assert "Prompt of" not in kept
    assert "Answer to" not in kept


def test_rounds_by_class(stage: MakeStage) -> None:
    """What failed in passing is sent again, as often as the plan says; what is refused is not."""
    made = stage(MAX_RETRIES=2)
    made.api.set_scenario(
        {
            "outcomes": [
                {"id": "r-1", "attempt": 1, "type": "errored", "error": "overloaded_error"},
                {"id": "r-2", "type": "errored", "error": "api_error"},
                {"id": "r-3", "type": "errored", "error": "invalid_request_error"},
            ]
        }
    )
    made.write(*TEN)
    made.run_all(3)
    made.is_complete(*TEN)
    failed = {line["custom_id"]: line for line in made.lines("failed.jsonl")}
    assert {name: line["attempts"] for name, line in failed.items()} == {"r-2": 3, "r-3": 1}
    assert failed["r-3"]["reason"] == "invalid_request_error"
    assert made.api.books.accepted["r-1"] == 2
    summary = json.loads((made.out / "summary.json").read_text("utf-8"))
    accepted, batches = made.api.books.accepted, made.api.own()
    assert summary["retried"] == accepted.total() - len(TEN)
    assert (summary["rounds"], summary["batches"]) == (3, len(batches))
    assert summary["reasons"] == {"api_error": 1, "invalid_request_error": 1}
    assert summary["first_created_at"] < summary["last_ended_at"]


def test_a_later_round_waits_and_counts_on(stage: MakeStage) -> None:
    """Without a worker, and the numbers of its batches are none of the round before."""
    made = stage()
    made.api.set_scenario(
        {"outcomes": [{"id": "r-[18]", "attempt": 1, "type": "errored", "error": "api_error"}]}
    )
    made.write(*TEN)
    made.run_round(1)
    waiting = made.begin("cut_2")
    assert waiting.trigger.seconds > 0
    assert made.wake("cut_2", waiting) == [5]


@pytest.mark.parametrize(
    ("scenario", "creates", "batches"),
    [
        (on_create("lose-answer", nth=2), 4, 4),
        (on_create("drop", nth=2), 5, 4),
        (on_create("error-after", nth=2, status=500), 4, 4),
        (on_create("error", nth=1, status=529, type="overloaded_error"), 5, 4),
        (on_create("lose-answer", times=-1), 4, 4),
        (on_create("late", seconds=0.1), 4, 4),
        (on_create("error", nth=1, status=429, type="rate_limit_error", retry_after=0.05), 5, 4),
    ],
)
def test_doubts(stage: MakeStage, scenario: dict[str, Any], creates: int, batches: int) -> None:
    """A batch that was made is adopted, one that was not is sent again."""
    made = stage()
    made.api.set_scenario(scenario)
    made.write(*TEN)
    made.run_all()
    made.is_complete(*TEN)
    assert (made.api.calls["create"], len(made.api.own())) == (creates, batches)


def test_a_sister_of_the_same_count_is_not_taken(stage: MakeStage) -> None:
    """Somebody else's batch of our count, made in the moment of doubt: its ids tell."""
    made = stage()
    made.api.set_scenario(on_create("foreign-too", nth=1))
    made.write(*TEN)
    made.run_all()
    made.is_complete(*TEN)
    assert len(made.api.own()) == 4


def test_sisters_in_doubt_at_once_are_told_apart(stage: MakeStage) -> None:
    """All answers are lost at the same time, and the counts have to be equal: ids prove whose is whose."""
    made = stage(REQUESTS_PER_BATCH=1, CONCURRENT_BATCHES=4)
    made.api.set_scenario(on_create("lose-answer", times=-1))
    ids = TEN[:4]
    made.write(*ids)
    tasks = [f"batch_1_{number}" for number in made.run("cut_1")]
    waiting = {task: made.begin(task) for task in tasks}
    while waiting:
        waiting = {task: made.wake(task, given) for task, given in waiting.items()}
        waiting = {task: given for task, given in waiting.items() if hasattr(given, "trigger")}
    made.run("cut_2")
    made.run("finish")
    made.is_complete(*ids)
    assert sizes(made) == [1, 1, 1, 1]


def test_a_kill_at_every_line_of_the_journal(stage: MakeStage) -> None:
    """Before and after each write to the state store; the next try of the task goes on."""
    made = stage()
    made.write(*TEN)
    tasks = [f"batch_1_{number}" for number in made.run("cut_1")]
    kills = 0
    for task in tasks:
        seen: set[tuple[str, int]] = set()

        def kill(when: str, value: Any, seen: set[tuple[str, int]] = seen) -> None:
            moment = (when, len(value) if isinstance(value, list) else 0)
            if moment not in seen and moment[1] < 12:
                seen.add(moment)
                raise KilledError

        made.store_of(task).kill = kill
        while True:
            try:
                made.run(task)
                break
            except KilledError:
                kills += 1
    for number in (2, 3, 4):
        made.run_round(number)
    made.run("finish")
    made.is_complete(*TEN)
    assert kills >= 8 * len(tasks), "before and after: the try, submit, created, ended, stored"
    assert len(made.api.own()) == len(tasks)


def test_a_state_store_that_forgot_is_told_by_the_copy(stage: MakeStage) -> None:
    """The journal's copy beside the answers is as good: what was sent is not sent again."""
    made = stage()
    made.write(*TEN)
    made.run("cut_1")
    made.begin("batch_1_1")
    assert made.api.calls["create"] == 1
    made.kept.clear()
    made.run("batch_1_1")
    assert made.api.calls["create"] == 1


def test_a_cleared_task_pays_nothing(stage: MakeStage) -> None:
    """Nor does it ask the API for anything, whatever its state store holds."""
    made = stage()
    made.write(*TEN)
    made.run_all()
    calls = made.api.calls.total()
    made.kept.clear()
    assert made.run_all().startswith("10 of 10")
    assert made.api.calls.total() == calls


# ---- room


def test_no_more_than_the_plan_has_at_once(stage: MakeStage) -> None:
    """A task whose batch has no room waits without a worker; all may begin at the same time."""
    made = stage(CONCURRENT_BATCHES=2)
    made.api.set_scenario({"polls": 3})
    made.write(*TEN)
    tasks = [f"batch_1_{number}" for number in made.run("cut_1")]
    waiting = {task: made.begin(task) for task in reversed(tasks)}
    names = {task: type(deferred.trigger).__name__ for task, deferred in waiting.items()}
    assert names == {
        "batch_1_1": "BatchTrigger",
        "batch_1_2": "BatchTrigger",
        "batch_1_3": "RoomTrigger",
        "batch_1_4": "RoomTrigger",
    }
    assert made.api.calls["create"] == 2
    for task in tasks:
        given: Any = waiting[task]
        while hasattr(given, "trigger"):
            given = made.wake(task, given)
    made.run("cut_2")
    made.run("finish")
    made.is_complete(*TEN)
    assert made.api.most_queued <= 7


def test_a_full_queue_holds_no_worker(stage: MakeStage) -> None:
    """Nor where it is full of the first half of a batch, and the second waits for it."""
    made = stage()
    made.api.set_scenario(
        {
            "faults": [
                {"on": "create", "do": "error", "nth": 1, "status": 413},
                {"on": "create", "do": "error", "nth": 6, "status": 403},  # who tries on and on
            ],
            "polls": 1,
            "queue_limit": 3,
            "queue_retry_after": 0.5,
        }
    )
    made.write(*TEN[:4])
    made.run("cut_1")
    given = made.begin("batch_1_1")
    assert type(given.trigger).__name__ == "BatchTrigger"
    assert made.api.calls["create"] == 3, "the whole, a half, and the half that is refused"
    while hasattr(given, "trigger"):
        given = made.wake("batch_1_1", given)
    made.run("cut_2")
    made.run("finish")
    made.is_complete(*TEN[:4])
    assert sizes(made) == [2, 2]
