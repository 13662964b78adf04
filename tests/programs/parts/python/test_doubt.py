"""Whether a batch was made: candidates, their results, and what only a person can tell."""

import asyncio
import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from planner.programs.python import doubt as part
from planner.programs.python.answer import ApiBatch
from planner.programs.python.collect import fits_by_tokens
from planner.programs.python.cut import next_cut
from planner.programs.python.doubt import Doubts, Questions, batches_since
from planner.programs.python.errors import NotFoundError, StoppedError
from planner.programs.python.state import Batch
from tests.programs.parts.python.conftest import SETTINGS, Work

OLD, NEW = "2026-11-24T08:00:00.000000+00:00", "2026-11-24T09:00:00.000000+00:00"


def listed(name: str, requests: int = 2, created_at: str = NEW, **more: Any) -> ApiBatch:
    fields: dict[str, Any] = {"status": "ended", "ended_at": NEW, "has_results": True}
    fields |= {"archived": False, "counts": {"succeeded": requests}, **more}
    return ApiBatch(id=name, created_at=created_at, **fields)


class Workspace:
    """An API that is a list of batches with the ids in their results."""

    settings = SETTINGS

    def __init__(self, log: Any, *batches: ApiBatch, page: int = 2, **ids: str) -> None:
        self.log, self.batches, self.length, self.ids = log, [*batches], page, ids
        self.pages = 0

    async def page(self, after: str = "") -> list[ApiBatch]:
        self.pages += 1
        names = [batch.id for batch in self.batches]
        start = names.index(after) + 1 if after else 0
        return self.batches[start : start + self.length]

    async def look_for(self, _what: str, batch_id: str) -> ApiBatch | None:
        return next((batch for batch in self.batches if batch.id == batch_id), None)

    async def download_other(self, _what: str, batch_id: str, file: Path) -> bool:
        message = {"usage": {"input_tokens": 30}}
        result = {"type": "succeeded", "message": message}
        lines = [{"custom_id": name, "result": result} for name in self.ids[batch_id]]
        file.write_text("".join(json.dumps(line) + "\n" for line in lines))
        return True


def in_doubt(there: Work, since: dict[str, Any] | None = None) -> Batch:
    """The next batch, its create without an answer."""
    cut = next_cut(there.source, there.folder.state)
    assert cut
    there.folder.note("cut", **cut)
    batch = there.folder.state.batches[cut["batch"]]
    there.folder.note("submit", batch=batch.number, since=since)
    there.folder.note("doubt", batch=batch.number, why="no answer", took_s=0.0)
    return batch


def settled(there: Work, api: Workspace) -> None:
    doubts = Doubts(there.settings, there.folder, api, there.log)  # type: ignore[arg-type]  # a stand-in
    asyncio.run(doubts.settle())


def judged(there: Work, api: Workspace, *adopt: str) -> Questions:
    questions = Questions(there.settings, there.folder, there.source, api, there.log, adopt)  # type: ignore[arg-type]
    asyncio.run(questions.judge())
    return questions


def test_a_batch_of_nobody_was_not_made(work: Callable[..., Work]) -> None:
    """Its requests are cut anew."""
    there = work(*"ab")
    in_doubt(there)
    settled(there, Workspace(there.log))
    assert there.events("not_made") and not there.folder.state.batches


def test_candidates_are_new_and_of_its_size(work: Callable[..., Work]) -> None:
    """What was there before, what is older by more than the margin, and what has another count is none."""
    there = work(*"ab")
    since = {"id": "newest", "created_at": NEW, "seen": ["seen"]}
    in_doubt(there, since)
    batches = [listed("x"), listed("other", 3), listed("newest"), listed("seen")]
    settled(there, Workspace(there.log, *batches, listed("old", created_at=OLD)))
    assert [event["ids"] for event in there.events("candidates")] == [["x"]]


def test_the_one_with_our_ids_is_ours(work: Callable[..., Work]) -> None:
    """A stranger's is let go, and stays a candidate of the others."""
    there = work(*"abcd")
    first, second = in_doubt(there), in_doubt(there)
    api = Workspace(there.log, listed("x"), listed("y"), x="cd", y="zy")
    settled(there, api)
    judged(there, api)
    assert [(event["batch"], event["id"]) for event in there.events("adopted")] == [
        (second.number, "x")
    ]
    assert [event["batch"] for event in there.events("not_made")] == [first.number]


@pytest.mark.parametrize(
    ("ids", "counted", "event"),
    [
        ("a", 1, "adopted"),  # an id is missing, and nothing counts it
        ("az", 2, "not_made"),  # a stranger's id in its place
        ("zy", 2, "not_made"),
        ("abz", 2, "adopted"),  # a stray line beside ours
        ("az", 1, "adopted"),  # an id is missing, nothing counts it, and the other line is stray
        ("azy", 2, "not_made"),  # a stray line, and a stranger's id in place of ours
    ],
)
def test_what_ids_prove(ids: str, counted: int, event: str, work: Callable[..., Work]) -> None:
    """An id that is missing makes it nobody else's; a strange one in its place does."""
    there = work(*"ab")
    in_doubt(there)
    api = Workspace(there.log, listed("x"), x=ids)
    settled(there, api)
    api.batches = [listed("x", counted)]
    judged(there, api)
    assert [line["event"] for line in there.events("adopted", "not_made")] == [event]


def test_results_that_stay_short_are_a_choice(
    work: Callable[..., Work], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was never seen whole proves nothing."""
    there = work(*"ab")
    in_doubt(there)
    monkeypatch.setattr(part, "SHORT_RESULTS_SECONDS", 0.0)
    api = Workspace(there.log, listed("x"), x="a")
    settled(there, api)
    assert "--adopt" in judged(there, api).choices[1]


@pytest.mark.parametrize(
    ("words", "event"), [((), ""), (("x",), "adopted"), (("none",), "not_made"), (("z",), "")]
)
def test_two_that_fit_are_a_choice(
    words: tuple[str, ...], event: str, work: Callable[..., Work]
) -> None:
    """Nothing is taken for ours without a word."""
    there = work(*"ab")
    in_doubt(there)
    api = Workspace(there.log, listed("x"), listed("y"), x="ab", y="ba")
    settled(there, api)
    questions = judged(there, api, *words)
    assert bool(questions.choices) is not bool(event)
    assert {line["event"] for line in there.events("adopted", "not_made")} == {event} - {""}


def test_a_candidate_that_nothing_shows_for_a_while(work: Callable[..., Work]) -> None:
    """Neither list nor 404 proves so soon that it has gone, whatever the grace of a doubt is."""
    there = work(*"ab")
    in_doubt(there)
    api = Workspace(there.log, listed("x"), x="ab")
    settled(there, api)
    shown, answers = api.batches, [[], [], []]

    async def look_for(_what: str, _batch_id: str) -> ApiBatch | None:
        api.batches = answers.pop() if answers else shown
        return api.batches[0] if api.batches else None

    api.look_for = look_for  # type: ignore[method-assign]
    there.settings = dataclasses.replace(there.settings, adopt_grace_seconds=0.0)
    judged(there, api)
    assert [line["id"] for line in there.events("adopted", "let_go")] == ["x"]
    assert there.events("adopted")


def test_an_archived_candidate_is_a_choice(work: Callable[..., Work]) -> None:
    """It may be ours, and paid for."""
    there = work(*"ab")
    in_doubt(there)
    api = Workspace(there.log, listed("x", archived=True))
    settled(there, api)
    assert judged(there, api).choices


def test_the_word_none_is_about_what_stood_open(work: Callable[..., Work]) -> None:
    """A later doubt is another question."""
    there = work(*"ab")
    api = Workspace(there.log, listed("x"), listed("y"), x="ab", y="ba")
    questions = Questions(there.settings, there.folder, there.source, api, there.log, ("none",))  # type: ignore[arg-type]
    in_doubt(there)
    settled(there, api)
    asyncio.run(questions.judge())
    assert questions.choices and not there.events("not_made")


def test_the_list_is_read_to_before_the_margin(work: Callable[..., Work]) -> None:
    """And to its end where nothing was there before."""
    there = work("a")
    api = Workspace(there.log, listed("x"), listed("y"), listed("o", created_at=OLD), page=1)
    assert len(asyncio.run(batches_since(api, NEW))) == 3  # type: ignore[arg-type]
    assert api.pages == 3
    asyncio.run(batches_since(api, ""))  # type: ignore[arg-type]
    assert api.pages == 3 + 4


def test_a_list_in_a_circle_stops(
    work: Callable[..., Work], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its end proves nothing; so does one whose pages vanish again and again."""
    there = work("a")
    api = Workspace(there.log, listed("x"))

    async def same(_after: str = "") -> list[ApiBatch]:
        return [listed("x")]

    async def gone(_after: str = "") -> list[ApiBatch]:
        raise NotFoundError("HTTP 404")

    monkeypatch.setattr(part, "LISTINGS", 2)
    for page in (same, gone):
        monkeypatch.setattr(api, "page", page)
        with pytest.raises(StoppedError, match="ANTHROPIC_BASE_URL"):
            asyncio.run(batches_since(api, ""))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("pairs", "fits"),
    [
        ([], True),
        ([(100, 30)], True),
        ([(100, 201)], False),
        ([(1000, 49)], False),
        ([(100 * n, 30 * n) for n in range(1, 9)], True),
        ([(100 * n, 30 * (9 - n)) for n in range(1, 9)], False),
        ([(100 * n, 30 * (8 - n)) for n in range(1, 8)], True),  # too few to tell
        ([(100 + n, 50 - n) for n in range(8)], True),  # all of a length
    ],
)
def test_fits_by_tokens(pairs: list[tuple[int, int]], fits: bool) -> None:
    """Longer prompts have more tokens, and a token is neither half a byte nor twenty."""
    assert fits_by_tokens(pairs) is fits
