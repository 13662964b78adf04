"""Ask the API.

Nothing that passes ends a run: calls other than a create are made again until there is an answer.
A create is one POST, never sent again here: its answer is a batch, a clear no (RefusedError), or
no answer (NoAnswerError), which is a doubt. Everything is asked of the one address that was
configured.
"""

from __future__ import annotations

import contextlib
import logging
import re
import sys
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

from planner.programs.python.answer import (
    ApiBatch,
    Waits,
    account_is_stopped,
    batch_in,
    batches_in,
    is_final,
    json_in,
    nameless,
    no_answer,
    proves_nothing,
    reason_of,
    refusal,
    remedy,
    retry_after,
)
from planner.programs.python.errors import (
    InputError,
    LostBatchError,
    NoAnswerError,
    NotFoundError,
    StoppedError,
)
from planner.programs.python.folder import sync
from planner.programs.python.report import Log
from planner.programs.python.rest import rest
from planner.programs.python.settings import Settings
from planner.programs.python.text import Event, clock
from planner.programs.python.upload import watch_connection

try:
    import anthropic
except ImportError:
    print("The package anthropic 2.x is missing: pip install anthropic", file=sys.stderr)
    sys.exit(2)

T = TypeVar("T")

BATCHES = "/v1/messages/batches"
PAGE = 100
# A 404 for a batch of this run passes within this time, or the key is of another workspace.
LOST_BATCH_SECONDS = 600.0
# A 404 for a batch that may be ours means that it is gone when it comes so often.
FOUND_NO_MORE = 3
# An upload or a download without a byte for so long is given up.
SILENCE_SECONDS = 60.0
# A connection is made within this time.
TIMEOUT_SECONDS = 60.0
# The answer to a create may take long after the last byte was sent; nothing else may.
ANSWER_SECONDS = 600.0


class Api:
    """The calls of a run. `account` is what the last answer said whose key it is."""

    def __init__(self, settings: Settings, log: Log) -> None:
        self.settings, self.log = settings, log
        try:
            self.client = anthropic.AsyncAnthropic(
                max_retries=0,
                http_client=anthropic.DefaultAsyncHttpxClient(
                    timeout=anthropic.Timeout(SILENCE_SECONDS, connect=TIMEOUT_SECONDS),
                    event_hooks={"request": [watch_connection]},
                ),
            )
        except (ImportError, ValueError) as error:  # a proxy that needs another package, or is none
            words = " ".join(str(error).split())[:200]
            raise StoppedError(
                f"The connection cannot be set up: {words}. Check HTTPS_PROXY."
            ) from None
        for name in ("anthropic", "httpx2", "httpx", "httpcore"):
            logging.getLogger(name).setLevel(logging.WARNING)  # their debug lines hold prompts
        self.account: Event = {"organization": None, "workspace": None}
        refuse_unusable(self.client)

    async def close(self) -> None:
        await self.client.close()

    async def create(self, body: AsyncIterator[bytes], length: int) -> ApiBatch:
        """One POST of so many bytes. Raises RefusedError or NoAnswerError."""
        # Over a connection of its own, which may be left with half a body.
        headers = {"content-length": str(length), "connection": "close"}
        if self.settings.betas:
            headers["anthropic-beta"] = ",".join(self.settings.betas)
        try:
            answer = await self.client.post(
                BATCHES,
                content=body,
                cast_to=object,
                options={
                    "headers": headers,
                    "timeout": anthropic.Timeout(SILENCE_SECONDS, read=ANSWER_SECONDS),
                    "follow_redirects": False,
                },
            )
            return batch_in(answer)
        except anthropic.APIStatusError as error:
            if proves_nothing(error):
                raise no_answer(error) from None
            raise refusal(error) from None
        except (anthropic.APIConnectionError, NoAnswerError, ValueError) as error:
            raise NoAnswerError(nameless(error)) from None

    async def page(self, after: str = "") -> list[ApiBatch]:
        """A page of the workspace's batches, newest first; the page after a batch.

        Raises NotFoundError when it cannot be had, as when the batch before it was deleted.
        """
        query = {"limit": PAGE, **({"after_id": after} if after else {})}

        async def call() -> list[ApiBatch]:
            try:
                return await self.get(batches_in, "", query)
            except anthropic.BadRequestError as error:
                if account_is_stopped(error):
                    raise
                raise NotFoundError(reason_of(error)) from None

        return await self.ask("list batches", call)

    async def retrieve(self, what: str, batch_id: str) -> ApiBatch:
        """One of our own batches. Raises LostBatchError."""
        return await self.own(what, batch_id, lambda: self.get(batch_in, f"/{batch_id}"))

    async def look_for(self, what: str, batch_id: str) -> ApiBatch | None:
        """A batch that may be ours, or None where there is no such batch (any more)."""
        return await self.other(what, lambda: self.get(batch_in, f"/{batch_id}"))

    async def cancel(self, what: str, batch_id: str) -> None:
        async def call() -> None:
            try:
                options: Any = {"follow_redirects": False}
                await self.client.post(
                    f"{BATCHES}/{batch_id}/cancel", cast_to=object, options=options
                )
            except anthropic.APIStatusError as error:
                if error.status_code != 400:  # it has ended already
                    raise

        await self.own(what, batch_id, call)

    async def download(self, what: str, batch_id: str, part: Path) -> None:
        """Write the results of one of our batches to a file, as the API sends them."""
        await self.own(what, batch_id, lambda: self.save(batch_id, part))

    async def download_other(self, what: str, batch_id: str, part: Path) -> bool:
        """The same for a batch that may be ours; whether there are any."""

        async def call() -> bool:
            await self.save(batch_id, part)
            return True

        return bool(await self.other(what, call))

    async def save(self, batch_id: str, part: Path) -> None:
        with part.open("wb") as file:
            async with contextlib.aclosing(self.stream(f"/{batch_id}/results")) as chunks:
                async for chunk in chunks:
                    file.write(chunk)
            sync(file)

    async def get(
        self, read: Callable[[object], T], path: str, query: dict[str, object] | None = None
    ) -> T:
        content = b"".join([chunk async for chunk in self.stream(path, query)])
        return read(json_in(content))

    async def stream(
        self, path: str, query: dict[str, object] | None = None
    ) -> AsyncGenerator[bytes, None]:
        """The bytes of an answer as they come. Its headers tell the account."""
        answer = await self.client.get(
            BATCHES + path,
            cast_to=object,
            options={"params": query or {}, "follow_redirects": False},
            stream=True,
            stream_cls=anthropic.AsyncStream[object],
        )
        try:
            headers = answer.response.headers
            if "text/html" in headers.get("content-type", ""):
                raise NoAnswerError("the answer is a page of some proxy")
            for name in self.account:
                self.account[name] = headers.get(f"anthropic-{name}-id") or self.account[name]
            async for chunk in answer.response.aiter_bytes():
                yield chunk
        except NoAnswerError:
            raise
        except Exception as error:  # the classes of the library below differ between SDKs
            raise NoAnswerError(f"the answer was cut ({type(error).__name__})") from None
        finally:
            await answer.close()

    async def own(self, what: str, batch_id: str, call: Callable[[], Awaitable[T]]) -> T:
        """A call on one of our batches: that it is not known passes, or it is lost."""
        unknown_since: float | None = None
        waits = Waits(self.settings)
        while True:
            try:
                return await self.ask(what, call)
            except NotFoundError as error:
                unknown_since = unknown_since or time.monotonic()
                if time.monotonic() - unknown_since >= LOST_BATCH_SECONDS:
                    raise LostBatchError(lost(batch_id)) from None
                await pause(self.log, what, str(error), waits.next())

    async def other(self, what: str, call: Callable[[], Awaitable[T]]) -> T | None:
        """A call on a batch that may be ours; None when it is found no more."""
        waits = Waits(self.settings)
        for times in range(1, FOUND_NO_MORE + 1):
            try:
                return await self.ask(what, call)
            except NotFoundError as error:
                if times < FOUND_NO_MORE:
                    await pause(self.log, what, str(error), waits.next())
        return None

    async def ask(self, what: str, call: Callable[[], Awaitable[T]]) -> T:
        """Call until there is an answer. Raises NotFoundError, or StoppedError for what stays."""
        waits = Waits(self.settings)
        while True:
            told_s = None
            try:
                return await call()
            except anthropic.NotFoundError as error:
                raise NotFoundError(reason_of(error)) from None
            except anthropic.APIStatusError as error:
                why, told_s = reason_of(error), retry_after(error)
                if account_is_stopped(error) or is_final(error):
                    raise StoppedError(f"{what}: {why}. {remedy(error)}") from None
            except (anthropic.AnthropicError, NoAnswerError, ValueError) as error:
                why = nameless(error)
            await pause(self.log, what, why, waits.next(told_s))


async def pause(log: Log, what: str, why: str, wait_s: float) -> None:
    log.line(f"{what}: {why}; again in {clock(wait_s)}")
    await rest(wait_s)


def refuse_unusable(client: anthropic.AsyncAnthropic) -> None:
    """A key or an address that no request can be made with looks like passing trouble."""
    keys = [key for key in (client.api_key, client.auth_token) if key]
    if not (keys or getattr(client, "credentials", None)):
        raise StoppedError("There is no API key: set ANTHROPIC_API_KEY.")
    if not all(re.fullmatch(r"[\x21-\x7e]+", key) for key in keys):
        raise StoppedError(
            "The API key holds characters that no key has. Copy it to ANTHROPIC_API_KEY again."
        )
    if client.base_url.scheme not in ("http", "https") or not client.base_url.host:
        raise StoppedError("ANTHROPIC_BASE_URL is no address: correct it or unset it.")


def lost(batch_id: str) -> str:
    return (
        f"The API has not known batch {batch_id} for {clock(LOST_BATCH_SECONDS)}. It may be paid "
        "for, so its requests are not sent again. Use a key of the workspace where the run began; "
        "if somebody deleted the batch, end the run with --cancel."
    )


def refuse_other_sdk() -> None:
    """Raises InputError, with the command that helps, for an SDK that is not known here."""
    version = anthropic.__version__
    numbers = tuple(int(number) for number in re.findall(r"[0-9]+", version)[:2])
    if not (2, 5) <= numbers < (3,):
        raise InputError(
            f"anthropic {version} does not work here; 2.5 or a newer 2.x does: "
            "pip install --upgrade 'anthropic>=2.5,<3'"
        )
