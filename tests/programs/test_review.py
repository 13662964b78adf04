"""The journals that the programs write are reviewed as the books have it."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from planner.fake import FakeApi, wire
from planner.review.actual import Actual, actual_of
from planner.review.findings import findings_of
from planner.review.reading import Found, Reading
from tests.programs.harness import Bench


def listing(api: FakeApi) -> bytes:
    """What batches.list shows at the end."""
    rows = [wire.batch_shown(each, api.url) for each in api.listed(api.scenario["workspace"])]
    return json.dumps({"data": rows, "has_more": False}).encode()


def review(bench: Bench) -> tuple[Found, Actual]:
    """The review of the folder and of the list."""
    reading = Reading()
    for name, data in (
        ("journal.jsonl", (bench.out / "journal.jsonl").read_bytes()),
        ("batches.json", listing(bench.api)),
    ):
        reading.begin(name)
        reading.feed(data)
        reading.end()
    return reading.found, actual_of(reading.found, None)


def rows(bench: Bench, count: int) -> None:
    lines = [json.dumps({"id": f"r-{n}", "prompt": f"Prompt {n}"}) for n in range(count)]
    bench.input.write_text("\n".join(lines), "utf-8")


FAULTS: list[dict[str, Any]] = [
    {},
    {"outcomes": [{"id": "r-1.*", "attempt": 1, "type": "errored", "error": "api_error"}]},
    {"outcomes": [{"id": "r-2.*", "type": "errored", "error": "invalid_request_error"}]},
    {"faults": [{"on": "create", "nth": 2, "do": "lose-answer"}]},
    {"outcomes": [{"id": "r-3.*", "stop_reason": "max_tokens"}]},
]


@pytest.mark.parametrize("scenario", FAULTS)
def test_review_is_as_the_books_say(
    bench: Callable[..., Bench], language: str, scenario: dict[str, Any]
) -> None:
    """Cost, counts, batches and makespan of a whole run, and nothing is suspected that was not so."""
    there = bench(scenario)
    rows(there, 40)
    there.run(language, "--requests-per-batch", "15", "--concurrent-batches", "3")
    found, actual = review(there)
    summary = json.loads((there.out / "summary.json").read_text("utf-8"))
    own = there.api.own()
    assert actual.usd == there.api.books.spent_usd() == Decimal(summary["cost_usd"])
    assert (actual.succeeded, actual.given_up) == (summary["succeeded"], summary["given_up"])
    assert [each.id for each in actual.own] == [each.id for each in own]
    assert [each.requests for each in actual.own] == [len(each.entries) for each in own]
    ended = max(each.ended or 0 for each in own) - min(each.created for each in own)
    assert actual.makespan_s == pytest.approx(ended, abs=2e-3)
    assert not actual.running
    suspicions = {"possible-duplicate", "not-in-journal", "not-at-provider", "still-running"}
    assert suspicions.isdisjoint(each.rule for each in findings_of(found, actual))
    truncated = scenario.get("outcomes", [{}])[0].get("stop_reason")
    assert actual.truncated == (11 if truncated else 0)


def test_review_of_a_run_that_goes_on(bench: Callable[..., Bench]) -> None:
    """A run that was killed is running; its open batches are told, and the list knows more."""
    there = bench({"polls": 10_000})
    rows(there, 10)
    there.run("python", kill=("created", "after"))
    found, actual = review(there)
    assert actual.running and actual.makespan_s is None
    assert [each.rule for each in findings_of(found, actual)] == ["still-running"]
