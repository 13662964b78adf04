"""What is sent, when, and what a refusal means."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from planner.programs.python.answer import ApiBatch
from planner.programs.python.doubt import Doubts
from planner.programs.python.errors import (
    NoAnswerError,
    RefusedError,
    StoppedError,
    TroubleError,
)
from planner.programs.python.submit import Submitter, refuse_other_account
from tests.programs.parts.python.conftest import SETTINGS, Work

MADE = "2026-11-24T09:00:00.000000+00:00"


def refusal(status: int, **more: Any) -> RefusedError:
    fields: dict[str, Any] = {"remedy": "Do.", "wait_s": 0.0, "for_good": False}
    return RefusedError("no", status=status, **{**fields, "queue_is_full": False, **more})


class Account:
    """An API that answers creates with what it is told, then with a batch; its list is empty."""

    settings = SETTINGS

    def __init__(self, log: Any, *answers: Exception, takes: int | None = None) -> None:
        self.log, self.answers, self.takes = log, [*answers], takes
        self.account: dict[str, Any] = {"organization": "o", "workspace": "w"}
        self.sent: list[list[str]] = []
        self.there: set[str] = set()

    async def page(self, _after: str = "") -> list[ApiBatch]:
        return []

    async def look_for(self, _what: str, batch_id: str) -> object:
        return batch_id if batch_id in self.there else None

    async def create(self, body: AsyncIterator[bytes], length: int) -> ApiBatch:
        pieces = [piece async for piece in body][: self.takes]
        if self.answers:
            self.sent.append([])
            raise self.answers.pop(0)
        whole = b"".join(pieces)
        assert len(whole) == length
        ids = [request["custom_id"] for request in json.loads(whole)["requests"]]
        self.sent.append(ids)
        return ApiBatch("-".join(ids), "in_progress", MADE, "", {}, False, False)


def submitter(there: Work, api: Account) -> Submitter:
    doubts = Doubts(there.settings, there.folder, api, there.log)  # type: ignore[arg-type]  # a stand-in
    return Submitter(there.settings, there.folder, there.source, api, there.log, doubts)  # type: ignore[arg-type]


def submitted(there: Work, api: Account) -> None:
    """Submit the round, for as long as there is room."""

    async def run() -> None:
        each = submitter(there, api)
        task = asyncio.ensure_future(each.submit_round())
        while not task.done() and not each.waits_for_room():
            await asyncio.sleep(0.001)
        if task.done():
            task.result()
        task.cancel()

    asyncio.run(run())


def names(there: Work) -> list[str]:
    return [event["event"] for event in there.events()][1:]


def test_the_intention_is_on_disk_before_the_post(work: Callable[..., Work]) -> None:
    """With whose key it is, and nothing in between."""
    there = work(*"ab")
    api = Account(there.log)
    before: list[str] = []
    create = api.create

    async def watched(body: AsyncIterator[bytes], length: int) -> ApiBatch:
        before.extend(names(there))
        return await create(body, length)

    api.create = watched  # type: ignore[method-assign]
    submitted(there, api)
    assert before == ["cut", "account", "submit"]
    assert names(there) == ["cut", "account", "submit", "created"]


def test_one_batch_at_a_time(work: Callable[..., Work]) -> None:
    """The next is cut, and waits for room."""
    there = work(*"abcd")
    api = Account(there.log)
    submitted(there, api)
    assert api.sent == [["a", "b"]]
    assert [batch.status for batch in there.folder.state.batches.values()] == ["open", "unsent"]


def test_too_large_for_the_api(work: Callable[..., Work]) -> None:
    """A 413: two halves, each sent by itself."""
    there = work(*"ab", concurrent_batches=3)
    api = Account(there.log, refusal(413))
    submitted(there, api)
    assert api.sent == [[], ["a"], ["b"]]
    assert "halved" in names(there)


def test_a_single_request_that_is_too_large(work: Callable[..., Work]) -> None:
    """It is given up, and the next one goes out."""
    there = work(*"ab", requests_per_batch=1)
    api = Account(there.log, refusal(413))
    submitted(there, api)
    assert api.sent == [[], ["b"]]
    assert there.folder.state.totals.reasons == {"request_too_large": 1}


def test_uploads_that_break_off_again_and_again(work: Callable[..., Work]) -> None:
    """A server may tell by closing the connection that a body is too large: after two it goes in halves."""
    there = work(*"ab", concurrent_batches=3)
    source = there.source

    async def in_pieces(batch: Any) -> AsyncIterator[bytes]:
        async for whole in type(source).body_of(source, batch):
            for start in range(0, len(whole), 10):
                yield whole[start : start + 10]

    source.body_of = in_pieces  # type: ignore[method-assign]
    api = Account(there.log)
    create = api.create

    async def broken_off(body: AsyncIterator[bytes], length: int) -> ApiBatch:
        if len(api.sent) >= 2:
            return await create(body, length)
        api.sent.append([])
        await anext(body)
        await anext(body)  # one was taken
        raise NoAnswerError("no answer")

    api.create = broken_off  # type: ignore[method-assign]
    submitted(there, api)
    assert api.sent == [[], [], ["a"], ["b"]]


def test_a_refusal_for_good(work: Callable[..., Work]) -> None:
    """It is told with its remedy, and the batch is certain not to have been made."""
    there = work(*"ab")
    with pytest.raises(TroubleError, match=r"refused batch 1: no\. Do\."):
        submitted(there, Account(there.log, refusal(402, for_good=True)))
    assert names(there)[-1] == "refused"
    assert not there.folder.state.in_flight()


def test_a_refusal_that_passes(work: Callable[..., Work]) -> None:
    """A 429: the same batch again, after the wait."""
    there = work(*"ab")
    api = Account(there.log, refusal(429), refusal(429))
    submitted(there, api)
    assert api.sent == [[], [], ["a", "b"]]
    assert names(there).count("cut") == 1


def test_no_answer_is_a_doubt_before_anything_else_is_sent(work: Callable[..., Work]) -> None:
    """It is settled by the list; where nothing is there the requests are cut anew."""
    there = work(*"abcd")
    api = Account(there.log, NoAnswerError("no answer"))
    submitted(there, api)
    order = [name for name in names(there) if name in ("submit", "doubt", "not_made", "created")]
    assert order == ["submit", "doubt", "not_made", "submit", "created"]


def test_a_proxy_that_says_no_leaves_a_doubt(work: Callable[..., Work]) -> None:
    """Asking again mends nothing: the run stops, and the doubt stays."""
    there = work(*"ab")
    with pytest.raises(TroubleError, match=r"in doubt: HTTP 403\. Check it"):
        submitted(there, Account(there.log, NoAnswerError("HTTP 403", "Check it")))
    assert [batch.status for batch in there.folder.state.in_flight()] == ["doubt"]


def test_nothing_is_sent_when_the_run_is_to_stop(work: Callable[..., Work]) -> None:
    """Trouble with another batch: what is unsent stays so."""
    there = work(*"ab")
    api = Account(there.log)
    each = submitter(there, api)
    each.halt()
    assert not each.is_needed()
    asyncio.run(each.submit_round())
    assert api.sent == []


@pytest.mark.parametrize("adopt", [(), ("none",)])
def test_another_account_while_a_doubt_is_open(
    adopt: tuple[str, ...], work: Callable[..., Work]
) -> None:
    """A key of another workspace sends nothing, unless a person has said that there is no such batch."""
    there = work(*"ab")
    with pytest.raises(TroubleError):
        submitted(there, Account(there.log, NoAnswerError("HTTP 403", "Check it")))
    api = Account(there.log)
    api.account["workspace"] = "another"
    if adopt:
        asyncio.run(refuse_other_account(there.folder, api, adopt))  # type: ignore[arg-type]
        return
    with pytest.raises(StoppedError, match=r"another workspace \(another\).*--adopt none"):
        asyncio.run(refuse_other_account(there.folder, api, adopt))  # type: ignore[arg-type]


def test_another_account_when_nothing_is_in_doubt(work: Callable[..., Work]) -> None:
    """Any key may send."""
    there = work(*"ab")
    api = Account(there.log)
    asyncio.run(refuse_other_account(there.folder, api, ()))  # type: ignore[arg-type]
