"""An open batch, from its polls to its last result."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from planner.programs.python import collect as part
from planner.programs.python.answer import ApiBatch
from planner.programs.python.collect import Collector, fits_by_tokens, read_results
from planner.programs.python.cut import next_cut
from planner.programs.python.errors import LostBatchError, TroubleError
from tests.programs.parts.python.conftest import Work

MADE = "2026-11-24T09:00:00.000000+00:00"
ENDED = ApiBatch("b1", "ended", MADE, MADE, {"succeeded": 2}, True, False)
GONE = "results_archived"


def line(name: str) -> str:
    message = {"model": "claude-sonnet-5-5", "usage": {"input_tokens": 3, "output_tokens": 2}}
    return (
        json.dumps({"custom_id": name, "result": {"type": "succeeded", "message": message}}) + "\n"
    )


WHOLE = line("a") + line("b")


class Shown:
    """An API that shows one batch as it is told, the last for ever, and gives its results in the same way."""

    def __init__(self, *seen: ApiBatch, results: tuple[str, ...] = (WHOLE,)) -> None:
        self.seen, self.results = [*seen], [*results]
        self.fetched = self.canceled = 0

    async def retrieve(self, _what: str, _batch_id: str) -> ApiBatch:
        return self.seen.pop(0) if len(self.seen) > 1 else self.seen[0]

    async def download(self, _what: str, _batch_id: str, file: Path) -> None:
        self.fetched += 1
        text = self.results.pop(0) if len(self.results) > 1 else self.results[0]
        file.write_text(text, "utf-8")

    async def cancel(self, _what: str, _batch_id: str) -> None:
        self.canceled += 1


def followed(there: Work, api: Any, *events: str) -> None:
    """Collect a batch of two that was made; before it, the journal gets these events."""
    cut = next_cut(there.source, there.folder.state)
    assert cut
    there.folder.note("cut", **cut)
    there.folder.note("submit", batch=1, since=None)
    there.folder.note("created", batch=1, id="b1", created_at=MADE)
    for event in events:
        there.folder.note(event)
    collector = Collector(there.settings, there.folder, there.source, api, there.log)
    asyncio.run(collector.follow(there.folder.state.batches[1]))


def names(there: Work) -> list[str]:
    return [event["event"] for event in there.events()]


def test_polled_until_it_has_ended_stored_and_sorted(work: Callable[..., Work]) -> None:
    """An unknown status is told once; an end without results is none yet."""
    there = work(*"ab")
    odd, early = replace(ENDED, status="reticulating"), replace(ENDED, has_results=False)
    running = replace(ENDED, status="in_progress")
    followed(there, Shown(running, odd, odd, early, ENDED))
    assert names(there)[-3:] == ["ended", "stored", "sorted"]
    assert there.ids(there.folder.succeeded) == ["a", "b"]
    assert sum("reticulating" in each for each in there.log.lines) == 1


def test_short_results_are_fetched_until_they_are_whole(work: Callable[..., Work]) -> None:
    """And noted once; nothing is missing."""
    there = work(*"ab")
    api = Shown(ENDED, results=("", line("a"), line("a")[:-20], WHOLE))
    followed(there, api)
    assert api.fetched == 4
    assert names(there).count("short") == 1
    assert there.folder.state.totals.succeeded == 2


def test_results_that_stay_short_are_trouble(
    work: Callable[..., Work], monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the day that they are given: what was paid for is not sent again."""
    monkeypatch.setattr(part, "SHORT_RESULTS_SECONDS", 0.1)
    there = work(*"ab")
    with pytest.raises(TroubleError, match=r"1 of 2 lines.*not sent again"):
        followed(there, Shown(ENDED, results=(line("a"),)))
    assert there.folder.state.again == 0


def test_a_line_that_cannot_be_read(work: Callable[..., Work]) -> None:
    """It is fetched a few times more; then it holds nothing back, and its number is told."""
    there = work(*"ab")
    api = Shown(ENDED, results=(line("a") + "<html>\n",))
    followed(there, api)
    assert api.fetched == 1 + part.FETCHES_AGAIN
    assert there.folder.state.totals.succeeded == 1
    assert there.folder.state.totals.reasons == {"missing": 1}
    assert any("cannot be read: 2" in each for each in there.log.lines)


def test_a_line_of_a_stranger(work: Callable[..., Work]) -> None:
    """It is told, and stays in the file."""
    there = work(*"ab")
    followed(there, Shown(ENDED, results=(WHOLE + line("x"),)))
    assert there.folder.state.totals.succeeded == 2
    assert any("ids that were not sent" in each for each in there.log.lines)


def test_results_that_are_gone_were_paid_for(work: Callable[..., Work]) -> None:
    """They are given up, not sent again."""
    there = work(*"ab")
    followed(there, Shown(replace(ENDED, archived=True, has_results=False)))
    assert there.folder.state.totals.reasons == {GONE: 2}


def test_trouble_with_the_account(work: Callable[..., Work]) -> None:
    """It stops the run, and costs no attempt."""
    there = work(*"ab")
    error = {"type": "error", "error": {"type": "billing_error", "message": "Please pay."}}
    broke = json.dumps({"custom_id": "b", "result": {"type": "errored", "error": error}}) + "\n"
    with pytest.raises(TroubleError, match="Add credit"):
        followed(there, Shown(ENDED, results=(line("a") + broke,)))
    [place] = [json.loads(each) for each in there.folder.round_file(1).read_text().splitlines()]
    assert (place["custom_id"], place["attempts"]) == ("b", 0)


def test_a_batch_that_is_lost(work: Callable[..., Work]) -> None:
    """It is trouble of its own; when the run is being canceled its requests are listed as such."""
    api = Shown(ENDED)

    async def lose(_what: str, _batch_id: str) -> ApiBatch:
        raise LostBatchError("lost")

    api.retrieve = lose  # type: ignore[method-assign]
    there = work(*"ab")
    with pytest.raises(LostBatchError):
        followed(there, api)


def test_a_batch_that_is_lost_to_a_cancel(work: Callable[..., Work]) -> None:
    """Ours is canceled first; what then is not to be had is listed."""
    api = Shown(ENDED)

    async def lose(_what: str, _batch_id: str) -> ApiBatch:
        raise LostBatchError("lost")

    api.retrieve = lose  # type: ignore[method-assign]
    there = work(*"ab")
    followed(there, api, "cancel")
    assert api.canceled == 1
    assert there.folder.state.totals.reasons == {"batch_not_found": 2}


def test_results_are_counted_by_whose_they_are(tmp_path: Path) -> None:
    """Empty lines are none, nor is one that stands twice; one that is no JSON has a number."""
    file = tmp_path / "part"
    file.write_text(line("a") + "\n \n" + line("x") + "{\n" + line("a"), "utf-8")
    results = read_results(file, {"a", "b"})
    assert (results.lines, results.own, results.strange) == (3, {"a"}, 1)
    assert results.unreadable == [5]


@pytest.mark.parametrize(
    ("pairs", "fits"),
    [
        ([], True),
        ([(400, 100)], True),
        ([(400, 900)], False),  # more tokens than bytes can be
        ([(40_000, 100)], False),  # and far fewer
        ([(100 * n, 25 * n) for n in range(1, 9)], True),
        ([(100 * n, 25 * (9 - n)) for n in range(1, 9)], False),  # the long prompts have few tokens
        ([(100 * n, 50) for n in range(1, 9)], True),  # all alike say nothing
    ],
)
def test_answers_that_fit_our_prompts(pairs: list[tuple[int, int]], fits: bool) -> None:
    """By the bytes of a request and the tokens of its prompt."""
    assert fits_by_tokens(pairs) is fits
