"""Ask the API, and say what its answers mean.

Nothing that passes ends a run: calls other than a create are made again until there is an answer. A create is one POST,
never sent again here: its answer is a batch, a clear no (RefusedError), or no answer (NoAnswerError), which is a doubt.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

from planner.programs.python.answer import (
    ApiBatch,
    Waits,
    account_is_stopped,
    batch_in,
    is_final,
    nameless,
    refusal,
    remedy,
    retry_after,
)
from planner.programs.python.errors import LostBatchError, NoAnswerError, StoppedError
from planner.programs.python.folder import sync
from planner.programs.python.report import Log
from planner.programs.python.settings import Settings
from planner.programs.python.text import Event, clock, one_line

try:
    import anthropic
except ImportError:
    print("The package anthropic 2.x is missing: pip install anthropic", file=sys.stderr)
    sys.exit(2)

T = TypeVar("T")

# A 404 for a batch that this run made passes within this time, or the key belongs to another workspace.
LOST_BATCH_SECONDS = 600.0
# An answer to a create may take long, for its body is large; nothing else may.
CREATE_TIMEOUT_SECONDS = 600.0
TIMEOUT_SECONDS = 60.0


class Api:
    """The calls of a run."""

    def __init__(self, settings: Settings, log: Log) -> None:
        self.settings, self.log = settings, log
        self.client = anthropic.AsyncAnthropic(max_retries=0, timeout=TIMEOUT_SECONDS)
        for name in ("anthropic", "httpx2", "httpx", "httpcore"):
            logging.getLogger(name).setLevel(logging.WARNING)  # their debug lines hold prompts
        secrets = (self.client.api_key, self.client.auth_token)
        self.secrets = tuple(secret for secret in secrets if secret)
        self.refuse_unusable()

    def refuse_unusable(self) -> None:
        """A key or an address that no request can be made with looks like passing trouble."""
        if not (self.secrets or self.client.credentials):
            raise StoppedError("There is no API key: set ANTHROPIC_API_KEY.")
        if not all(re.fullmatch(r"[\x21-\x7e]+", secret) for secret in self.secrets):
            raise StoppedError(
                "The API key holds characters that no key has. Copy it to ANTHROPIC_API_KEY again."
            )
        if self.client.base_url.scheme not in ("http", "https") or not self.client.base_url.host:
            raise StoppedError("ANTHROPIC_BASE_URL is no address: correct it or unset it.")

    async def close(self) -> None:
        await self.client.close()

    async def create(self, body: bytes) -> ApiBatch:
        """One POST. Raises RefusedError or NoAnswerError."""
        betas = ",".join(self.settings.betas)
        try:
            created = await self.client.post(
                "/v1/messages/batches",
                content=body,
                cast_to=anthropic.types.messages.MessageBatch,
                options={
                    "headers": {"anthropic-beta": betas} if betas else {},
                    "timeout": CREATE_TIMEOUT_SECONDS,
                },
            )
            return batch_in(created)
        except anthropic.APIStatusError as error:
            why = self.reason_of(error)
            if error.status_code in (408, 409) or not 400 <= error.status_code < 500:
                raise NoAnswerError(why) from None
            raise refusal(error, why) from None
        except (anthropic.APIConnectionError, NoAnswerError, ValueError) as error:
            raise NoAnswerError(nameless(error)) from None

    async def newest(self) -> Event | None:
        """The newest batch of the workspace: what comes after is told by the API's clock."""
        page = await self.ask("list batches", partial(self.page, 1, None))
        return {"id": page[0].id, "created_at": page[0].created_at} if page else None

    async def made_since(self, since: Event | None) -> list[ApiBatch]:
        """Batches of the workspace that were made after the given one, oldest first."""
        batches: list[ApiBatch] = []
        after: str | None = None
        while True:
            page = await self.ask("list batches", partial(self.page, 100, after))
            for batch in page:
                if since and (batch.id == since["id"] or batch.created_at < since["created_at"]):
                    return batches[::-1]
                batches.append(batch)
            if len(page) < 100:
                return batches[::-1]
            after = page[-1].id

    async def page(self, limit: int, after: str | None) -> list[ApiBatch]:
        try:
            page = await self.client.messages.batches.list(
                limit=limit, after_id=after or anthropic.omit
            )
        except AttributeError:  # the SDK stumbles over a page of HTML with status 200
            raise NoAnswerError("the answer is no list of batches") from None
        if not isinstance(getattr(page, "data", None), list):
            raise NoAnswerError("the answer is no list of batches")
        return [batch_in(batch) for batch in page.data]

    async def retrieve(self, what: str, batch_id: str) -> ApiBatch:
        async def call() -> ApiBatch:
            return batch_in(await self.client.messages.batches.retrieve(batch_id))

        return await self.ask(what, call, batch_id)

    async def cancel(self, what: str, batch_id: str) -> None:
        async def call() -> None:
            try:
                await self.client.messages.batches.cancel(batch_id)
            except anthropic.APIStatusError as error:
                if error.status_code != 400:  # it has ended already
                    raise

        await self.ask(what, call, batch_id)

    async def download(self, what: str, batch_id: str, part: Path) -> None:
        """Write the results of a batch to a file, as the API sends them."""

        async def call() -> None:
            async with contextlib.AsyncExitStack() as stack:
                try:
                    results = self.client.messages.batches.with_streaming_response.results(batch_id)
                    response = await stack.enter_async_context(results)
                except AttributeError:  # the SDK asks for the batch first, and may be sent HTML
                    raise NoAnswerError("the answer is no batch") from None
                with part.open("wb") as file:
                    async for chunk in chunks_of(response.iter_bytes()):
                        file.write(chunk)
                    sync(file)

        await self.ask(what, call, batch_id)

    async def ask(self, what: str, call: Callable[[], Awaitable[T]], batch_id: str = "") -> T:
        """Call until there is an answer. What does not pass raises StoppedError."""
        waits = Waits(self.settings)
        unknown_since: float | None = None
        while True:
            told = None
            try:
                return await call()
            except anthropic.APIStatusError as error:
                why, told = self.reason_of(error), retry_after(error)
                if batch_id and error.status_code == 404:
                    unknown_since = unknown_since or time.monotonic()
                    if time.monotonic() - unknown_since >= LOST_BATCH_SECONDS:
                        raise LostBatchError(lost(batch_id)) from None
                elif account_is_stopped(error) or is_final(error):
                    raise StoppedError(f"{what}: {why}. {remedy(error)}") from None
            except (anthropic.AnthropicError, NoAnswerError, ValueError) as error:
                why = nameless(error)
            wait_s = waits.next() if told is None else told
            self.log.line(f"{what}: {why}; again in {clock(wait_s)}")
            await asyncio.sleep(wait_s)

    def reason_of(self, error: anthropic.APIStatusError) -> str:
        told = f", {error.type}: {error.api_message}" if error.type else ""
        return one_line(f"HTTP {error.status_code}{told}", self.secrets)


def lost(batch_id: str) -> str:
    return (
        f"The API has not known batch {batch_id} for {clock(LOST_BATCH_SECONDS)}. It may be paid "
        "for, so its requests are not sent again. Use a key of the workspace where the run began; "
        "if somebody deleted the batch, end the run with --cancel."
    )


async def chunks_of(stream: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The stream, its errors told apart from those of the disk."""
    try:
        async for chunk in stream:
            yield chunk
    except Exception as error:
        raise NoAnswerError(f"the download was cut ({type(error).__name__})") from None
