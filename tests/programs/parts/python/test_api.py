"""The calls, against the fake API in this process."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import anthropic
import pytest

from planner.fake import FakeApi
from planner.programs.python import api as part
from planner.programs.python.api import Api, refuse_other_sdk
from planner.programs.python.errors import (
    InputError,
    LostBatchError,
    NoAnswerError,
    RefusedError,
    StoppedError,
)
from tests.programs.parts.python.conftest import SETTINGS, Quiet

BODY = json.dumps(
    {
        "requests": [
            {
                "custom_id": "a",
                "params": {
                    "model": "claude-sonnet-5-5",
                    "max_tokens": 9,
                    "messages": [{"role": "user", "content": "?"}],
                },
            }
        ]
    }
).encode()


async def body() -> AsyncIterator[bytes]:
    yield BODY[:9]
    yield BODY[9:]


def test_a_batch_from_create_to_results(fake_api: Callable[..., FakeApi], tmp_path: Path) -> None:
    """Made once, listed, polled, fetched; the answers tell whose key it is."""
    fake = fake_api(polls=0, results_at="http://127.0.0.1:9")

    async def calls() -> None:
        api = Api(SETTINGS, Quiet())
        assert await api.page() == []
        made = await api.create(body(), len(BODY))
        assert [batch.id for batch in await api.page()] == [made.id]
        assert await api.page(made.id) == []
        ended = await api.retrieve("poll", made.id)
        assert (ended.status, ended.requests(), ended.has_results) == ("ended", 1, True)
        await api.download("fetch", made.id, tmp_path / "part")
        assert api.account == {"organization": "org-ours", "workspace": "wrkspc_ours"}
        await api.close()

    asyncio.run(calls())
    assert json.loads((tmp_path / "part").read_bytes())["custom_id"] == "a"
    assert len(fake.own()) == 1


def test_a_batch_that_may_be_ours_is_not_waited_for(
    fake_api: Callable[..., FakeApi], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three times not found, and it is gone; one of our own is lost only after a while."""
    fake = fake_api()
    monkeypatch.setattr(part, "LOST_BATCH_SECONDS", 0.05)

    async def calls() -> None:
        api = Api(SETTINGS, Quiet())
        assert await api.look_for("look", "msgbatch_9") is None
        assert sum("msgbatch_9" in line for line in fake.log) == 3
        assert not await api.download_other("fetch", "msgbatch_9", tmp_path / "part")
        with pytest.raises(LostBatchError, match="end the run with --cancel"):
            await api.retrieve("poll", "msgbatch_9")
        await api.close()

    asyncio.run(calls())


def test_a_redirect_is_not_followed(fake_api: Callable[..., FakeApi]) -> None:
    """It would carry the key to another address."""
    redirect = {"do": "redirect", "status": 307, "url": "http://127.0.0.1:9/"}
    fake_api(faults=[{"on": "list", **redirect}, {"on": "create", **redirect}])

    async def calls() -> None:
        api = Api(SETTINGS, Quiet())
        with pytest.raises(StoppedError, match="ANTHROPIC_BASE_URL"):
            await api.page()
        with pytest.raises(NoAnswerError):
            await api.create(body(), len(BODY))
        await api.close()

    asyncio.run(calls())


def test_another_sdk_is_refused_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the command that upgrades."""
    for version, works in (("2.4.9", False), ("2.5.0", True), ("2.99.0", True), ("3.0.0b1", False)):
        monkeypatch.setattr(anthropic, "__version__", version)
        if works:
            refuse_other_sdk()
        else:
            with pytest.raises(InputError, match="pip install --upgrade") as refused:
                refuse_other_sdk()
            assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"do": "lose-answer"}, NoAnswerError),
        ({"do": "html-after"}, NoAnswerError),
        ({"do": "error", "status": 500, "type": "api_error"}, NoAnswerError),
        ({"do": "error", "status": 413, "type": "request_too_large"}, RefusedError),
        ({"do": "error", "status": 400, "type": "invalid_request_error"}, RefusedError),
    ],
)
def test_a_create_is_sent_once(
    fault: dict[str, object], error: type[Exception], fake_api: Callable[..., FakeApi]
) -> None:
    """What is no answer is a doubt, and what is a no is a no; nothing is sent again here."""
    fake = fake_api(faults=[{"on": "create", **fault}])

    async def calls() -> None:
        api = Api(SETTINGS, Quiet())
        with pytest.raises(error):
            await api.create(body(), len(BODY))
        await api.close()

    asyncio.run(calls())
    assert fake.calls["create"] == 1


def test_what_passes_is_asked_again(fake_api: Callable[..., FakeApi]) -> None:
    """Errors of the server, pages of a proxy, dropped connections; each is logged."""
    fake_api(
        faults=[
            {"on": "list", "nth": 1, "do": "error", "status": 529, "type": "overloaded_error"},
            {"on": "list", "nth": 2, "do": "html"},
            {"on": "list", "nth": 3, "do": "drop"},
            {"on": "list", "nth": 4, "do": "garbage"},
        ]
    )
    log = Quiet()

    async def calls() -> None:
        api = Api(SETTINGS, log)
        assert await api.page() == []
        await api.close()

    asyncio.run(calls())
    assert len(log.lines) == 4


def test_what_does_not_pass_stops(fake_api: Callable[..., FakeApi]) -> None:
    """With what to do."""
    fault = {"on": "list", "do": "error", "status": 401, "type": "authentication_error"}
    fake_api(faults=[fault])

    async def calls() -> None:
        api = Api(SETTINGS, Quiet())
        with pytest.raises(StoppedError, match="Check ANTHROPIC_API_KEY"):
            await api.page()
        await api.close()

    asyncio.run(calls())


@pytest.mark.parametrize(("key", "words"), [("", "no API key"), ("sk-é", "no key has")])
def test_a_key_that_cannot_be_one(
    key: str, words: str, fake_api: Callable[..., FakeApi], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would look like passing trouble for ever."""
    fake_api()
    monkeypatch.setenv("ANTHROPIC_API_KEY", key)
    with pytest.raises(StoppedError, match=words):
        Api(SETTINGS, Quiet())
