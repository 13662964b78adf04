"""What a file is, by its first bytes."""

import gzip
import json

import pytest

from planner.review.recognise import Head, Kind, kind_of_head
from tests.planner.measure.examples import lines_of, request
from tests.planner.review.account import account

MEASURED, REVIEWED, BOTH = Kind(True, False), Kind(False, True), Kind(True, True)
CSV = Kind(True, False, True)
RESULT = {"custom_id": "a", "result": {"type": "canceled"}}
FILES = {
    "requests": (lines_of([request()]), MEASURED),
    "rows": (b'{"id": "a", "prompt": "event"}\n', MEASURED),
    "a request that speaks of results": (lines_of([request(1, '"result": "event": 1')]), MEASURED),
    "results": (lines_of([RESULT]), BOTH),
    "failed.jsonl": (lines_of([{"reason": "expired", "attempts": 3}]), BOTH),
    "journal": (account(1).journal_bytes(), REVIEWED),
    "pages of a list": (account(1).list_bytes(), REVIEWED),
    "a batch a line": (b'{"id": "msgbatch_1", "request_counts": {}}\n', REVIEWED),
    "a list of batches": (b'[{"id": "b", "type": "message_batch"}]', REVIEWED),
    "another provider's list": (b'{"object": "list", "data": []}', REVIEWED),
    "CSV": (b"id,prompt\n1,a\n", CSV),
    "an empty file": (b"", MEASURED),
    "words": (b"hello\nworld\n", MEASURED),
    "a mark in front": (b"\xef\xbb\xbf\n" + lines_of([RESULT]), BOTH),
    "a first line without end": (b'{"custom_id": "a", "result": {"x": "' + b"y" * 99_999, BOTH),
}


@pytest.mark.parametrize(("data", "kind"), FILES.values(), ids=FILES)
@pytest.mark.parametrize("packed", [False, True])
def test_kinds(data: bytes, kind: Kind, packed: bool) -> None:
    """By content, packed or not."""
    assert kind_of_head((gzip.compress(data) if packed else data)[:65_536], "file") == kind


def test_a_csv_by_its_name() -> None:
    """One column alone has no delimiter."""
    assert kind_of_head(b"prompt\nhello\n", "PROMPTS.CSV.gz") == CSV


def test_pieces_are_kept() -> None:
    """A head waits until it has seen enough, and keeps what it saw."""
    head, data = Head("a"), lines_of([json.loads('{"event": "run"}')] * 9000)
    found = [head.feed(data[at : at + 1000]) for at in range(0, len(data), 1000)]
    assert found[:60] == [None] * 60 and REVIEWED in found
    assert Head("a").end() == MEASURED


def test_json_is_utf_8() -> None:
    """Whatever it begins with: a browser has no other encoding."""
    assert kind_of_head('{"event": "run"}'.encode("utf-16-le"), "a").measured
    assert kind_of_head(bytes(range(256)), "a").measured
