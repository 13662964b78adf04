"""A measurement as a whole: the contract's JSON, the scenario that it becomes, the report."""

import gzip
import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.measure.becomes import scenario_of
from planner.measure.export import export
from planner.measure.measurement import Measurement
from planner.measure.sample import Sample
from planner.measure.tokens import image_size
from planner.plan import cost_of, make_plan
from planner.scenario import Scenario, changed, parse
from planner.show.measured import report
from tests.planner.measure.examples import lines_of, measure, request

BASE = Scenario()


def result(number: int, **message: Any) -> dict[str, Any]:
    """A line of results: an answer."""
    usage = {"input_tokens": 40, "output_tokens": message.pop("output_tokens", 100)}
    answer = {"model": "claude-sonnet-5-5", "stop_reason": "end_turn", "usage": usage, **message}
    return {"custom_id": f"r{number}", "result": {"type": "succeeded", "message": answer}}


def failure(number: int, kind: str, message: str = "") -> dict[str, Any]:
    """A line of results: an error, whose class is nested twice."""
    error = {"type": "error", "error": {"type": kind, "message": message}}
    return {"custom_id": f"r{number}", "result": {"type": "errored", "error": error}}


def test_json_has_the_names_of_the_contract() -> None:
    """Every name that the contract gives, and what each holds."""
    data = lines_of([request(n, "x" * 250) for n in range(4)] + [{"custom_id": "a b"}])
    told = export(measure(data), BASE)
    assert (told["files"], told["lines"], told["requests"]) == (1, 5, 4)
    assert told["models"] == {"claude-sonnet-5-5": 4}
    tokens = told["input_tokens"]
    assert [tokens[key] for key in ("low", "likely", "high")] == [63, 100, 130]
    assert [tokens[key] for key in ("p50", "p95", "max")] == [100, 100, 100]
    assert told["output_tokens"] is None
    assert [list(each) for each in told["problems"]] == [
        ["line", "custom_id", "rule", "severity", "message"]
    ] * len(told["problems"])
    assert {each["rule"] for each in told["problems"]} == {"custom-id-form", "params-missing"}
    assert parse(told["scenario"]) == scenario_of(measure(data), BASE)
    json.dumps(told, allow_nan=False)


def test_prefix_in_json() -> None:
    """A prefix has the five names of the contract, and what it saves."""
    data = lines_of([request(n, f"Letter {n}", system="Sort letters. " * 300) for n in range(9)])
    (prefix,) = export(measure(data), BASE)["prefixes"]
    assert prefix["requests"] == 9 and prefix["tokens"] == 1680 and prefix["cacheable"]
    assert prefix["model"] == "claude-sonnet-5-5" and prefix["marked"] is False


def test_scenario_differs_only_as_measured() -> None:
    """Requests, tokens, bytes and max_tokens are the file's; everything else keeps its default."""
    measured = measure(
        lines_of([request(n, f"{n:05} " + "x" * 2494, max_tokens=2000) for n in range(30)])
    )
    scenario = scenario_of(measured, BASE)
    assert changed(BASE, scenario) == (
        "workload.requests",
        "workload.input_tokens",
        "workload.max_tokens",
        "workload.bytes_per_request",
    )
    assert (scenario.workload.requests, scenario.workload.input_tokens) == (30, 1000)
    assert make_plan(scenario).batches[0].bytes - measured.bytes in range(30)


def test_answers_cannot_be_longer_than_the_limit() -> None:
    """Where the file allows 200 tokens, the plan does not count with a mean of 1,000."""
    scenario = scenario_of(measure(lines_of([request(1, max_tokens=200)])), BASE)
    assert (scenario.workload.max_tokens, scenario.workload.output_tokens) == (200, 200)


def test_marked_prefix_becomes_caching() -> None:
    """A shared prefix is the scenario's, and a marked one is cached as long as it says."""
    block = {"type": "text", "text": "Sort letters. " * 300}
    block["cache_control"] = {"type": "ephemeral", "ttl": "1h"}  # type: ignore[assignment]
    data = lines_of([request(n, f"Letter {n}", system=[block]) for n in range(50)])
    scenario = scenario_of(measure(data), BASE)
    assert (scenario.workload.shared_prefix_tokens, scenario.caching.mode) == (1680, "1h")


def test_results_become_output_and_failures() -> None:
    """Output by usage, failure rates by class; what the account's trouble failed counts nothing."""
    lines = [result(n, output_tokens=100 if n < 19 else 1100) for n in range(20)]
    lines += [failure(20 + n, "overloaded_error") for n in range(3)]
    lines += [failure(30, "invalid_request_error", "Your credit balance is too low")]
    lines += [
        failure(31, "invalid_request_error"),
        {"custom_id": "c", "result": {"type": "expired"}},
    ]
    measured = measure(lines_of(lines))
    told = export(measured, BASE)
    assert told["output_tokens"] == {"mean": 150, "p95": 100}
    assert told["results"]["errors"] == {
        "overloaded_error": 3,
        "invalid_request_error": 2,
        "expired": 1,
    }
    scenario = scenario_of(measured, BASE)
    assert scenario.retries.transient_rate == round(4 / 25, 9)
    assert scenario.retries.permanent_rate == round(1 / 25, 9)
    assert scenario.workload.output_tokens == 150
    assert scenario.workload.requests == 26
    assert scenario.workload.input_tokens == 40


def test_requests_and_results_together() -> None:
    """Several files at once: requests from the one, answers from the other."""
    measurement = Measurement()
    for name, data in (
        ("a.jsonl", lines_of([request(n) for n in range(5)])),
        ("b.jsonl.gz", gzip.compress(lines_of([result(n) for n in range(5)]))),
    ):
        measurement.begin(name)
        measurement.feed(data)
        measurement.end()
    measured = measurement.measured()
    assert (measured.files, measured.requests, measured.results.succeeded) == (2, 5, 5)
    scenario = scenario_of(measured, BASE)
    assert (scenario.workload.requests, scenario.workload.output_tokens) == (5, 100)


def test_ids_are_unique_over_all_files() -> None:
    """The second file's id that stands in the first is told with its file."""
    measurement = Measurement()
    for name in ("a.jsonl", "b.jsonl"):
        measurement.begin(name)
        measurement.feed(lines_of([request(7)]))
        measurement.end()
    (finding,) = measurement.measured().findings.kept
    assert (finding.file, finding.line, finding.rule) == ("b.jsonl", 1, "custom-id-repeated")
    assert "line 1 of a.jsonl" in finding.message


def test_mixed_models_are_planned_apart() -> None:
    """Each model has a plan, and the costs add up."""
    data = lines_of(
        [request(n) for n in range(6)] + [request(9 + n, model="claude-opus-5-5") for n in range(3)]
    )
    told = export(measure(data), BASE)
    assert [(each["model"], each["requests"]) for each in told["plans"]] == [
        ("claude-sonnet-5-5", 6),
        ("claude-opus-5-5", 3),
    ]
    for each in told["plans"]:
        assert Decimal(each["usd"]) == cost_of(parse(each["scenario"])).batch_usd
    assert told["scenario"]["workload"]["requests"] == 9
    assert any(line.startswith("All models: $") for line in report(measure(data), BASE))


def test_duplicates_cost() -> None:
    """A request that says the same under another id is paid for twice; the sum is told."""
    data = lines_of([request(1), request(2), request(3, "Other"), request(4)])
    told = export(measure(data), BASE)
    assert told["duplicates"]["requests"] == 2
    # 5 tokens in at $1, 1,000 out at $5 a million
    assert told["duplicates"]["usd"] == "0.01001"


def test_duplicates_in_a_long_csv() -> None:
    """However far apart they stand."""
    data = "prompt\n" + "".join(f"Prompt {number % 250}\n" for number in range(500))
    assert export(measure(data.encode(), "a.csv"), BASE)["duplicates"]["requests"] == 250


def test_what_was_measured_can_be_asked_at_any_time() -> None:
    """Whoever stops in the middle has what was read up to there, and may go on."""
    data, measurement = lines_of([request(n) for n in range(10)]), Measurement()
    measurement.begin("a.jsonl")
    measurement.feed(data[: len(data) // 2 + 10])
    assert measurement.measured().requests == 5
    assert measurement.bytes_read == len(data) // 2 + 10
    measurement.feed(data[len(data) // 2 + 10 :])
    measurement.end()
    assert measurement.measured().requests == 10
    assert measurement.measured().findings.kept == []


@pytest.mark.parametrize(
    "data",
    [b"", b"\x00", b"{", b"[]", b"\xff", b'{"result": 1}', b'{"custom_id": "a", "params": {}}'],
)
def test_report_of_anything(data: bytes) -> None:
    """Whatever was measured, there is a report, JSON and a scenario."""
    measurement = Measurement()
    measurement.begin("a.jsonl")
    try:
        measurement.feed(data)
        measurement.end()
    except ValueError:
        pass
    measured = measurement.measured()
    assert report(measured, BASE)
    parse(export(measured, BASE)["scenario"])


@given(st.lists(st.integers(0, 3_000_000), min_size=1, max_size=200), st.floats(0.01, 1))
def test_quantiles_are_nearly_exact(numbers: list[int], share: float) -> None:
    """A quantile is the nearest rank, off by at most one in a thousand."""
    sample = Sample()
    for number in numbers:
        sample.add([number])
    rank = max(1, -int(-(share * len(numbers) - 1e-9) // 1))
    wanted = sorted(numbers)[rank - 1]
    assert wanted <= sample.quantile(share) <= wanted * 1.001 + 1e-9
    assert sum(count for *_, count in sample.histogram()) == len(numbers)


@pytest.mark.parametrize(
    ("head", "size"),
    [
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + b"\0\0\x03\xe8\0\0\x02\x58", (1000, 600)),
        (b"GIF89a\xe8\x03\x58\x02", (1000, 600)),
        (b"\xff\xd8\xff\xe0\0\x04ab\xff\xc0\0\x11\x08\x02\x58\x03\xe8\x03", (1000, 600)),
        (b"RIFF\0\0\0\0WEBPVP8X" + b"\0" * 8 + b"\xe7\x03\0\x57\x02\0", (1000, 600)),
        (b"BM nothing", None),
    ],
)
def test_image_size(head: bytes, size: tuple[int, int] | None) -> None:
    """Width and height stand in the first bytes."""
    assert image_size(head) == size
