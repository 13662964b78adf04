"""The browser's door for files: several kinds at once, what cannot be read, and what is told."""

import csv
import gzip
import io
import json
import zipfile
from typing import Any

import pytest

from planner.drop import Drop
from planner.measure.export import export
from planner.scenario import Scenario, texts
from tests.planner.measure.examples import lines_of, measure, request
from tests.planner.review.account import account

REQUESTS = lines_of(request(number, f"Name {number} towns.") for number in range(1, 51))
RESULTS = lines_of(
    {
        "custom_id": f"request-{number}",
        "result": {
            "type": "succeeded",
            "message": {
                "model": "claude-sonnet-5-5",
                "stop_reason": "end_turn",
                "usage": {"input_tokens": 10, "output_tokens": 321},
            },
        },
    }
    for number in range(1, 51)
)


def dropped(files: dict[str, bytes], question: str = "{}", piece: int = 700) -> Drop:
    """Files, each fed in pieces as the worker does it."""
    drop = Drop(question)
    for name, data in files.items():
        drop.begin(name)
        fine = all(drop.feed(data[at : at + piece]) for at in range(0, len(data), piece))
        if fine:
            drop.end()
    return drop


def page(drop: Drop, **question: str) -> dict[str, Any]:
    """What the page is told."""
    told: dict[str, Any] = json.loads(drop.tell(json.dumps(question)))
    return told


def test_a_run_in_which_nothing_failed() -> None:
    """Its failed.jsonl is there and empty: nothing is wrong with that."""
    told = page(dropped({"journal.jsonl": account(3).journal_bytes(), "failed.jsonl": b""}))
    assert (told["kinds"], told["troubles"]) == (["reviewed"], [])


@pytest.mark.parametrize("packed", [False, True])
def test_it_tells_what_the_command_line_tells(packed: bool) -> None:
    """The JSON is that of `measure --json`; gzip or not, whatever the pieces."""
    data = gzip.compress(REQUESTS) if packed else REQUESTS
    drop = dropped({"requests.jsonl": data})
    assert json.loads(drop.tell('{"want": "json"}')) == json.loads(
        json.dumps(export(measure(REQUESTS), Scenario()))
    )
    assert page(drop)["kinds"] == ["measured"] and not page(drop)["troubles"]


def test_one_press_fills_the_question() -> None:
    """The link is the scenario of the file upon the plan that stands on the page; then it is done."""
    drop = dropped({"requests.jsonl": REQUESTS, "results.jsonl": RESULTS})
    use = page(drop, query="goal.budget_usd=7")["use"]["measured"]
    scenario = texts.read_query(use["href"].removeprefix("#"))
    assert (scenario.workload.requests, scenario.workload.output_tokens) == (50, 321)
    assert scenario.goal.budget_usd == 7
    assert use["values"]["workload.requests"] == "50" and "goal.budget_usd" not in use["values"]
    assert page(drop, query=use["href"][1:])["use"]["measured"] == {"href": "", "values": {}}


def test_mixed_models_are_planned_each_and_summed() -> None:
    """A row a model with its own link, and one that sums them up."""
    data = REQUESTS + lines_of(request(n + 50, model="claude-haiku-5-5") for n in range(1, 11))
    rows = page(dropped({"a.jsonl": data}))["view"]["lists"]["measured.plans"]
    assert [row["requests"] for row in rows] == ["50", "10", "60"]
    second = texts.read_query(rows[1]["href"][1:])
    assert (second.workload.model, second.workload.requests) == ("claude-haiku-5-5", 10)
    assert rows[2]["href"] == ""


def test_what_a_file_costs_is_said_at_once() -> None:
    """Of a file of one model too: its row, which needs no sum."""
    rows = page(dropped({"requests.jsonl": REQUESTS}))["view"]["lists"]["measured.plans"]
    assert [row["requests"] for row in rows] == ["50"]
    assert rows[0]["cost"].startswith("$0.")


def test_columns_are_chosen() -> None:
    """Without a usual column the file tells its own; with the chosen one it is read."""
    data = b'nr;frage\n1;Was?\n2;"Wie\nviele?"\n'
    told = page(dropped({"fragen.txt": data}))
    assert told["columns"] == ["nr", "frage"] and "frage" in told["troubles"][0]["message"]
    told = page(dropped({"fragen.txt": data}, '{"column": "frage", "id_column": "nr"}'))
    assert told["chosen"] == {"column": "frage", "id_column": "nr"} and not told["troubles"]
    assert told["view"]["slots"]["measured.sentence"].startswith("2 requests")


def test_findings_are_exported() -> None:
    """All of them, worst first, as CSV that any program reads."""
    bad = lines_of([request(1, stream=True), {"custom_id": 'a,"b', "params": {}}, request(1)])
    rows = list(csv.DictReader(io.StringIO(dropped({"a.jsonl": bad}).tell('{"want": "csv"}'))))
    assert {row["rule"] for row in rows} >= {"stream", "custom-id-form", "custom-id-repeated"}
    assert 'a,"b' in {row["custom_id"] for row in rows}


def test_a_run_is_reviewed() -> None:
    """Journal and list, beside the plan of the page; the history is one press away."""
    made = account(3)
    drop = dropped({"journal.jsonl": made.journal_bytes(), "batches.json": made.list_bytes()})
    told = page(drop, query="workload.requests=300", now="2026-11-28T20:00:00+01:00")
    assert told["kinds"] == ["reviewed"] and not told["running"]
    assert told["view"]["slots"]["reviewed.place"].startswith("Faster than")
    assert len(told["view"]["lists"]["reviewed.batches"]) == len(made.own())
    scenario = texts.read_query(told["use"]["reviewed"]["href"][1:])
    assert len(scenario.duration.history) == len(made.provider.batches)
    assert scenario.workload.requests == 300
    review = json.loads(drop.tell('{"want": "review"}'))
    assert len(review["batches"]) == len(made.own())


def test_a_run_that_goes_on_says_how_it_stands() -> None:
    """Batches by state, and the chance of the deadline by now."""
    made = account(3)
    data = b"".join(made.journal_bytes().splitlines(keepends=True)[:-9])
    told = page(dropped({"journal.jsonl": data}), query="goal.deadline_h=9")
    assert told["running"]
    assert "at work" in told["view"]["slots"]["reviewed.standing"]
    assert "likely to be done within 9 h" in told["view"]["slots"]["reviewed.deadline"]
    told = page(dropped({"journal.jsonl": data}), query="goal.deadline_h=700")
    assert "over 99.9 % likely" in told["view"]["slots"]["reviewed.deadline"]  # never certain


def test_results_tell_of_both() -> None:
    """Their answers go into the plan, their cost into the review."""
    told = page(dropped({"results.jsonl": RESULTS}))
    assert told["kinds"] == ["measured", "reviewed"]
    assert "321 tokens in the mean" in told["view"]["slots"]["measured.output"]
    assert "50 succeeded" in told["view"]["slots"]["reviewed.sentence"]
    assert told["view"]["slots"]["reviewed.sentence"].endswith("paid")


def test_nothing_that_could_be_read_has_a_whole_page() -> None:
    """A folder alone is told, beside a view of nothing."""
    drop = Drop("{}")
    drop.begin("folder")
    drop.lost(0, 4096)
    told = page(drop)
    assert told["view"] == {"slots": {}, "lists": {}, "charts": {}} and not told["kinds"]
    assert "it is a folder" in told["troubles"][0]["message"]


BAD = {
    "a newer journal": (
        b'{"event": "run", "at": "2026-11-28T20:00:00Z", "format": 99}\n',
        "format 99",
    ),
    "another provider's list": (b'{"object": "list", "data": [{"object": "batch"}]}', "another"),
    "binary": (b"PK\x03\x04" + b"\0" * 900, "zip archive"),
    "zeros": (b"\0" * 900, "bytes of zero"),
    "cut gzip": (gzip.compress(b"\n" * 50)[:-9], "ends in the middle"),
    "one document": (json.dumps([request(1)], indent=1).encode(), "one JSON document"),
    "another provider's results": (
        lines_of([{"custom_id": "a", "response": {}, "error": None}]),
        "another provider",
    ),
}


@pytest.mark.parametrize(("data", "words"), BAD.values(), ids=BAD)
def test_bad_files_are_told_and_others_read(data: bytes, words: str) -> None:
    """Why, by name; the file after it is read all the same."""
    told = page(dropped({"bad": data, "requests.jsonl": REQUESTS}))
    (trouble,) = told["troubles"]
    assert trouble["name"] == "bad" and words in trouble["message"]
    assert told["view"]["slots"]["measured.sentence"].startswith("50 requests")


def test_what_was_read_up_to_there_is_told() -> None:
    """A file that goes while it is read: its lines so far are measured."""
    drop = Drop("{}")
    drop.begin("requests.jsonl")
    drop.feed(REQUESTS[:-20] + b"\n" * 70_000)
    drop.lost(5, 9)
    told = page(drop)
    assert "9 bytes, of which 5" in told["troubles"][0]["message"]
    assert "Read up to there: 70," in told["troubles"][0]["message"]
    assert told["view"]["slots"]["measured.sentence"].startswith("49 requests")
    told = page(
        dropped(
            {"a.jsonl": REQUESTS, "b.jsonl": REQUESTS[:300] + b"\n" + b'{"event": 1, "at": 2}\n'}
        )
    )
    assert "Read up to there: 4 lines" in told["troubles"][0]["message"]


def test_progress_in_words() -> None:
    """Bytes, rate, rest; no rest where none is left."""
    drop = Drop("{}")
    assert drop.progress(0, 2_000_000, 0) == "0 B of 2 MB"
    assert drop.progress(500_000, 2_000_000, 10) == (
        "500 kB of 2 MB, 50 kB a second, about 30 s left"
    )
    assert drop.progress(2_000_000, 2_000_000, 10) == "2 MB of 2 MB, 200 kB a second"


def test_what_can_be_written() -> None:
    """Batches where nothing is wrong, mended ids where some are bad; results are in neither."""
    drop = dropped({"results.jsonl": RESULTS, "requests.jsonl": REQUESTS})
    assert page(drop)["can"] == ["split"]
    writing = drop.write(
        '{"what": "split", "zip": false, "query": "batches.requests_per_batch=20"}'
    )
    writing.begin_pass()
    assert not writing.begin(0) and writing.begin(1)
    parts = [*writing.feed(REQUESTS), *writing.end(), *writing.close()]
    assert b"".join(data for _, data in parts) == REQUESTS
    assert [name for name, _ in parts] == [f"batch-0000{number}.jsonl" for number in (1, 2, 3)]
    assert writing.told() == "3 batches written."
    bad = lines_of([request(1), request(1)])
    assert page(dropped({"bad.jsonl": bad}))["can"] == ["mend"]


def test_an_archive_of_the_mended_files() -> None:
    """Zipped, as the browser has no folder: files and map."""
    drop = dropped({"bad.jsonl": lines_of([request(1), request(1)])})
    writing, archive = drop.write('{"what": "mend", "zip": true}'), b""
    for _ in range(writing.passes):
        writing.begin_pass()
        writing.begin(0)
        for _, data in writing.feed(lines_of([request(1), request(1)])) + writing.end():
            archive += data
    archive += b"".join(data for _, data in writing.close())
    with zipfile.ZipFile(io.BytesIO(archive)) as files:
        assert files.namelist() == ["bad-1.jsonl", "ids.jsonl"]
    assert writing.told().startswith("1 id mended")
