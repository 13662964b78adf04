"""What is sent again when a person asks for it, and what stays."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from planner.programs.python.again import name_for_failed, send_again, stays
from planner.programs.python.errors import InputError
from tests.programs.parts.python.conftest import Work
from tests.programs.parts.python.test_sort import collected, error, success


def done(there: Work) -> None:
    there.folder.note("done", code=1)


@pytest.mark.parametrize(
    ("reason", "result", "kept"),
    [
        ("expired", {"type": "expired"}, False),
        ("api_error", {"type": "errored"}, False),
        ("not_sent", None, False),
        ("content_filtered", {"type": "errored"}, False),
        ("invalid_request_error", {"type": "errored"}, True),
        ("request_too_large", None, True),
        ("missing", None, True),
        ("postponed", {"type": "postponed"}, True),
    ],
)
def test_what_stays(reason: str, result: Any, kept: bool) -> None:
    """What would fail alike, and what was paid for."""
    assert stays({"reason": reason, "result": result}) is kept


def test_the_others_are_a_round(work: Callable[..., Work]) -> None:
    """With their places in INPUT, and retries of their own."""
    there = work(*"abc", requests_per_batch=3, max_retries=0)
    collected(there, a=success(), b={"type": "expired"}, c=error("invalid_request_error"))
    done(there)
    send_again(there.folder, there.source, there.log)
    folder, state = there.folder, there.folder.state
    assert there.ids(folder.failed) == ["c"]
    assert there.ids(folder.path / "failed-1.jsonl") == ["b", "c"]
    (place,) = [json.loads(line) for line in folder.round_file(1).read_bytes().splitlines()]
    assert (place["custom_id"], place["attempts"], place["before"]) == ("b", 1, 1)
    assert (state.done, state.round, state.totals.given_up) == (None, 1, 1)
    assert name_for_failed(folder) == "failed-2.jsonl"


def test_nothing_to_send(work: Callable[..., Work]) -> None:
    """The run stays at its end, and says so."""
    there = work("a", max_retries=0)
    collected(there, a=error("invalid_request_error"))
    done(there)
    send_again(there.folder, there.source, there.log)
    assert there.folder.state.done == 1 and there.ids(there.folder.failed) == ["a"]
    assert any("Nothing is to be sent again" in line for line in there.log.lines)


def test_a_list_that_cancel_left_is_not_written_over(work: Callable[..., Work]) -> None:
    """The journal says how long it is."""
    there = work("a")
    collected(there)
    done(there)
    before = there.folder.round_file(1).read_bytes()
    assert before
    send_again(there.folder, there.source, there.log)
    assert there.folder.round_file(1).read_bytes() == before


def test_a_run_under_way_is_refused(work: Callable[..., Work]) -> None:
    """It has rounds of its own to go."""
    there = work("a")
    with pytest.raises(InputError, match="not at its end"):
        send_again(there.folder, there.source, there.log)


def test_renames_are_done_after_a_kill(work: Callable[..., Work]) -> None:
    """Between the journal and either of them."""
    there = work(*"ab", max_retries=0)
    collected(there, a={"type": "expired"}, b=error("invalid_request_error"))
    done(there)
    send_again(there.folder, there.source, there.log)
    folder = there.folder
    folder.failed.rename(folder.path / "failed.jsonl.part")
    folder.rename_failed()
    assert there.ids(folder.failed) == ["b"]
    folder.failed.rename(folder.path / "failed.jsonl.part")
    (folder.path / "failed-1.jsonl").rename(folder.failed)
    folder.rename_failed()
    assert there.ids(folder.failed) == ["b"]
    assert there.ids(folder.path / "failed-1.jsonl") == ["a", "b"]
