"""What the next plan takes from a run, and that a second look takes nothing more."""

import json
from typing import Any

import pytest

from planner.drop import Drop
from planner.review.actual import actual_of
from planner.review.export import learnt
from planner.review.lessons import next_scenario
from planner.review.reading import Reading
from planner.scenario import Scenario, parse, texts
from planner.show.changes import steps
from tests.planner.measure.examples import lines_of
from tests.planner.review.account import BEGAN, account, run_event, stamp


def learn(data: bytes, base: Scenario | None = None) -> Scenario:
    """The scenario after one review."""
    reading = Reading()
    reading.begin("journal.jsonl")
    reading.feed(data)
    reading.end()
    return next_scenario(reading.found, learnt(actual_of(reading.found, None)), base or Scenario())


def run(batches: int, began: float = BEGAN, name: str = "a", **fields: Any) -> bytes:
    """A journal of batches of 100 requests, ten minutes each; fields are those of `sorted`."""
    told: dict[str, Any] = {"succeeded": 90, "again": 6, "given_up": 4, "usd": "1", "usage": {}}
    events = [run_event()]
    for number in range(1, batches + 1):
        sent, batch = began + 700 * number, {"batch": number, "id": f"{name}-{number}"}
        events += [
            {"event": "cut", "batch": number, "requests": 100},
            {"event": "created", **batch, "created_at": stamp(sent)},
            {"event": "ended", **batch, "ended_at": stamp(sent + 600), "counts": {"succeeded": 90}},
            {"event": "sorted", **batch, **told, **fields},
        ]
    return lines_of(events)


def test_failures_and_answers() -> None:
    """Shares of all attempts: those sent again or given up after a class that passes, the others; and
    the mean of the answers."""
    reasons = {"api_error": 1, "invalid_request_error": 3}
    known = learn(run(5, reasons=reasons, usage={"output_tokens": 90 * 321}))
    assert known.retries.transient_rate == pytest.approx(0.07)
    assert known.retries.permanent_rate == pytest.approx(0.03)
    assert known.workload.output_tokens == 321
    assert known.batches == Scenario().batches


def test_what_says_nothing_about_requests() -> None:
    """Neither what a person cancelled, nor a batch of which nothing succeeded: it tells of the account."""
    known = learn(run(1, again=0, given_up=10, reasons={"canceled": 10}))
    assert (known.retries.transient_rate, known.retries.permanent_rate) == (0, 0)
    assert learn(run(1, succeeded=0, again=100)).retries == Scenario().retries


def test_results_know_better_than_the_journal() -> None:
    """They have each answer's length."""
    message = {"model": "claude-sonnet-5-5", "usage": {"output_tokens": 50}}
    result = {"custom_id": "a", "result": {"type": "succeeded", "message": message}}
    reading = Reading()
    for name, data in (("journal.jsonl", run(1, again=50)), ("results.jsonl", lines_of([result]))):
        reading.begin(name)
        reading.feed(data)
        reading.end()
    known = next_scenario(reading.found, learnt(actual_of(reading.found, None)), Scenario())
    assert (known.workload.output_tokens, known.workload.output_p95_tokens) == (50, 50)
    assert known.retries.transient_rate == 0


def test_too_large_a_batch_is_not_planned_again() -> None:
    """Where the provider refused one and the program halved it, the largest that was made is taken."""
    halves = [{"batch": number, "requests": 50} for number in (8, 9)]
    halved = lines_of([{"event": "halved", "batch": 7, "into": halves}])
    assert learn(run(2) + halved).batches.requests_per_batch == 100


def test_runs_join() -> None:
    """The batches of each review are added to those that are known; a batch counts once."""
    first = learn(run(3))
    second = learn(run(2, BEGAN + 86_400, "b"), first)
    assert len(second.duration.history) == 5
    assert learn(run(2, BEGAN + 86_400, "b"), second) == second
    own = parse({"duration": {"model": "history", "history": [[5, 60], [5, 60]]}})
    assert len(learn(run(3), own).duration.history) == 4


def test_batches_of_one_second_are_not_one() -> None:
    """Batches of one size that are sent together all count, and none of them twice."""
    moment = stamp(BEGAN)
    events: list[dict[str, Any]] = [run_event()]
    for number in (1, 2, 3):
        batch = {"batch": number, "id": f"a-{number}"}
        events += [
            {"event": "cut", "batch": number, "requests": 100},
            {"event": "created", **batch, "created_at": moment},
            {"event": "ended", **batch, "ended_at": stamp(BEGAN + 600 + number)},
        ]
    known = learn(lines_of(events))
    assert [row[1] for row in known.duration.history] == [601, 602, 603]
    assert learn(lines_of(events), known) == known


@pytest.mark.parametrize("end", [".123456789Z", "z", "+0000"])
def test_moments_of_any_list(end: str) -> None:
    """However a list writes when a batch was made, that costs no row."""
    counts = {"processing": 0, "succeeded": 9, "errored": 0, "canceled": 0, "expired": 0}
    rows = [
        {
            "id": f"msgbatch_{hour}",
            "request_counts": counts,
            "created_at": f"2026-11-20T{hour}:00:00{end}",
            "ended_at": f"2026-11-20T{hour}:30:00{end}",
        }
        for hour in (10, 11)
    ]
    assert learn(lines_of(rows)).duration.history == (
        (9, 1800.0, "2026-11-20T10:00Z"),
        (9, 1800.0, "2026-11-20T11:00Z"),
    )


def test_others_batches_are_not_joined() -> None:
    """Rows that a plan holds and does not judge by are not taken up."""
    unused = parse({"duration": {"model": "observed", "history": [[5, 60]]}})
    assert len(learn(run(3), unused).duration.history) == 3


def test_the_page_says_each_change_and_gives_one_link() -> None:
    """A row for each field; behind the link nothing is left to change."""
    drop = Drop("{}")
    drop.begin("journal.jsonl")
    drop.feed(run(5, usage={"output_tokens": 90 * 321}))
    drop.end()
    told = json.loads(drop.tell('{"query": "workload.requests=500"}'))
    rows = [row["text"] for row in told["view"]["lists"]["reviewed.changes"]]
    use = told["use"]["reviewed"]
    following = texts.read_query(use["href"])
    assert rows == steps(parse({"workload": {"requests": 500}}), following)
    assert "Output tokens: 1,000 → 321" in rows and len(rows) == len(use["values"])
    again = json.loads(drop.tell(json.dumps({"query": use["href"]})))
    assert not again["use"]["reviewed"]["href"] and not again["view"]["lists"]["reviewed.changes"]


def test_a_whole_account() -> None:
    """The fake API's own run: its failures are its own, and pass."""
    made = account(3)
    known = learn(made.journal_bytes())
    entries = [entry for batch in made.own() for entry in batch.entries]
    failed = sum(entry.outcome["type"] != "succeeded" for entry in entries) / len(entries)
    assert known.retries.transient_rate == pytest.approx(failed)
