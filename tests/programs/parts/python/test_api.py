"""The calls, against the fake API in this process."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from planner.programs.python.api import Api
from planner.programs.python.errors import NoAnswerError, RefusedError, StoppedError
from tests.fake_api import FakeApi
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


def test_a_batch_from_create_to_results(fake_api: Callable[..., FakeApi], tmp_path: Path) -> None:
    """Made once, listed, polled, fetched."""
    fake = fake_api(polls=0)

    async def calls() -> None:
        api = Api(SETTINGS, Quiet())
        assert await api.newest() is None
        made = await api.create(BODY)
        assert (await api.newest() or {})["id"] == made.id
        assert [batch.id for batch in await api.made_since(None)] == [made.id]
        ended = await api.retrieve("poll", made.id)
        assert (ended.status, ended.requests(), ended.has_results) == ("ended", 1, True)
        await api.download("fetch", made.id, tmp_path / "part")
        await api.close()

    asyncio.run(calls())
    assert json.loads((tmp_path / "part").read_bytes())["custom_id"] == "a"
    assert len(fake.own()) == 1


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
            await api.create(BODY)
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
        assert await api.newest() is None
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
            await api.newest()
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
