"""Make requests of the lines of INPUT.

A whole request is sent byte for byte as it stands. A row becomes a request with the settings, and
with nothing else.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, NamedTuple

from planner.programs.python.money import Price, price_list, price_of
from planner.programs.python.settings import RETIRES, TOOL_PROMPT_TOKENS, Settings
from planner.programs.python.text import BLANK, Event, decode_json, json_bytes, shown

BYTE_ORDER_MARK = b"\xef\xbb\xbf"  # before the first line of files of some editors
END = 2**63  # of a round's file, where its length is not known yet
CUSTOM_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")
ENVELOPE = (b'{"requests":[', b"]}")
ENVELOPE_BYTES = sum(map(len, ENVELOPE))
# What brings in a text or files while it is answered.
OUTSIDE = re.compile(
    "container_upload|(?:web_search|web_fetch|code_execution|advisor)_[0-9]+|mcp_toolset"
)
# These shape a row into a request: a run keeps them. The others may differ at each start.
OF_REQUESTS = ("model", "max_tokens", "system_prompt", "cache_ttl", "inference_geo", "betas")


def request_settings(settings: Settings) -> Event:
    """What shapes a row into a request, fit for the journal: no prompt in it."""
    return {
        "model": settings.model,
        "max_tokens": settings.max_tokens,
        "system_prompt_sha256": hashlib.sha256(json_bytes(settings.system_prompt)).hexdigest(),
        "cache_ttl": settings.cache_ttl,
        "inference_geo": settings.inference_geo,
        "betas": list(settings.betas),
    }


def run_settings(settings: Settings) -> Event:
    """What may differ from one start to the next."""
    return {name: value for name, value in asdict(settings).items() if name not in OF_REQUESTS}


@dataclass(frozen=True)
class Wire:
    """One request as it is sent."""

    custom_id: str
    body: bytes
    max_tokens: int
    price: Price | None
    cached: bool  # it may write to the cache
    us: bool  # it may be done in the US, by its own word or by the workspace's
    retired: str  # that its model is gone

    def worst(self) -> int:
        """The most that it may cost, 0 where no price is known."""
        if self.price is None:
            return 0
        prompt = len(self.body) + (TOOL_PROMPT_TOKENS if b'"tools"' in self.body else 0)
        return self.price.worst(prompt, self.max_tokens, self.cached, self.us)


@dataclass(frozen=True)
class Place:
    """Where one request stands in INPUT, in bytes, and what became of it so far."""

    custom_id: str
    offset: int
    length: int
    attempts: int = 0
    reason: str = "not_sent"
    result: object = None
    before: int = 0  # attempts before a person asked to send it again


class Range(NamedTuple):
    """Bytes `start` to `end` of a round's file."""

    start: int
    end: int


def without(ranges: list[Range], cut: Range) -> list[Range]:
    """What is left of the ranges."""
    left = []
    for each in ranges:
        left += [
            Range(each.start, min(each.end, cut.start)),
            Range(max(each.start, cut.end), each.end),
        ]
    return sorted({each for each in left if each.start < each.end})


def joined(ranges: list[Range]) -> list[Range]:
    """The same ranges in order, neighbours as one."""
    whole: list[Range] = []
    for each in sorted(ranges):
        if whole and each.start <= whole[-1].end:
            before = whole.pop()
            each = Range(before.start, max(before.end, each.end))
        whole.append(each)
    return whole


class Requests:
    """What is sent for a line, and what is wrong with it."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.prices = price_list()
        self.retired = retired_models()
        system: dict[str, object] = {"type": "text", "text": settings.system_prompt}
        if settings.cache_ttl:
            system["cache_control"] = {"type": "ephemeral", "ttl": settings.cache_ttl}
        params: dict[str, object] = {"model": settings.model, "max_tokens": settings.max_tokens}
        if settings.system_prompt:
            params["system"] = [system]
        if settings.inference_geo:
            params["inference_geo"] = settings.inference_geo
        # What stands between the id and the prompt of a row.
        self.middle = (
            b',"params":' + json_bytes(params)[:-1] + b',"messages":[{"role":"user","content":'
        )

    def price_of(self, model: str) -> Price | None:
        return price_of(None, model, self.prices)

    def id_of(self, line: bytes) -> str:
        """The id of a line that has been checked."""
        value = value_in(line)
        custom_id: str = value["custom_id"] if "params" in value else value["id"]
        return custom_id

    def model_of(self, line: bytes) -> str:
        """The model that a line asks for, dated or not."""
        value = value_in(line)
        return str(value["params"]["model"]) if "params" in value else self.settings.model

    def wire(self, line: bytes, value: Event | None = None) -> Wire:
        """The request of a line that has been checked; `value` is what it says, if known."""
        value = value_in(line) if value is None else value
        return self.whole(value, line) if "params" in value else self.of_row(value)

    def whole(self, value: Event, line: bytes) -> Wire:
        params, body = value["params"], line.removeprefix(BYTE_ORDER_MARK).strip()
        return Wire(
            custom_id=value["custom_id"],
            body=body,
            max_tokens=int(params["max_tokens"]),
            price=self.price_of(params["model"]),
            cached=b'"cache_control"' in body,
            us=params.get("inference_geo") != "global",
            retired=self.retired.get(params["model"], ""),
        )

    def of_row(self, row: Event) -> Wire:
        body = b"".join(
            (
                b'{"custom_id":',
                json_bytes(row["id"]),
                self.middle,
                json_bytes(row["prompt"]),
                b"}]}}",
            )
        )
        settings = self.settings
        return Wire(
            custom_id=row["id"],
            body=body,
            max_tokens=settings.max_tokens,
            price=self.price_of(settings.model),
            cached=bool(settings.cache_ttl),
            us=settings.inference_geo != "global",
            retired=self.retired.get(settings.model, ""),
        )

    # What is wrong with a line, and what to do about it.

    def wrong_with_settings(self) -> Iterator[str]:
        yield from self.wrong_with_model(self.settings.model, self.settings.max_tokens)
        if self.settings.cache_ttl and not self.settings.system_prompt:
            yield (
                "the plan caches a system prompt, and SYSTEM_PROMPT is empty: "
                'fill it in at the top of this program, or set CACHE_TTL to ""'
            )

    def wrong_with_request(self, request: Event) -> Iterator[str]:
        yield from wrong_with_id(request, "custom_id")
        for name in request:
            if name not in ("custom_id", "params"):
                yield (
                    'a request has "custom_id" and "params" only: '
                    f'delete {shown(name)} or move it into "params"'
                )
        params = request.get("params")
        if not isinstance(params, dict):
            yield '"params" is no object: write {"model": …, "max_tokens": …, "messages": […]}'
            return
        model, messages = params.get("model"), params.get("messages")
        if not isinstance(model, str) or not model:
            yield '"model" is missing: name one'
        else:
            yield from self.wrong_with_model(model, params.get("max_tokens"))
        if not isinstance(messages, list) or not messages:
            yield '"messages" is missing or empty: write at least one message'
        yield from impossible_in(params)
        if self.settings.budget_usd and any(holds_address(each) for each in params.values()):
            yield (
                "the size of a document by address or id, or of what a server tool brings in, is not "
                "known, so no budget can be kept: leave out --budget-usd, the tool or the address"
            )

    def wrong_with_model(self, model: str, max_tokens: object) -> Iterator[str]:
        price = self.price_of(model)
        if isinstance(max_tokens, float) and max_tokens.is_integer():  # 4096.0, as some write it
            max_tokens = int(max_tokens)
        if max_tokens is None:
            yield '"max_tokens" is missing: add it'
        elif type(max_tokens) is not int:  # not isinstance: True is an int
            yield '"max_tokens" is no whole number: write one of at least 1'
        elif max_tokens < 1:
            yield f'"max_tokens" is {max_tokens}, and a batch needs at least 1: raise it'
        elif price and max_tokens > price.max_tokens:
            yield f'"max_tokens" is {max_tokens}, and {model} allows {price.max_tokens}: lower it'
        if self.settings.budget_usd and price is None:
            yield (
                f"no price is known for model {shown(model)}, so no budget can be kept: "
                "leave out --budget-usd, or use another model"
            )


def value_in(line: bytes) -> Event:
    """What a line that has been checked says."""
    value: Event = decode_json(line.removeprefix(BYTE_ORDER_MARK).decode())
    return value


def retired_models() -> dict[str, str]:
    """What is wrong with the models that are gone today."""
    today = date.today().isoformat()
    return {
        model: f"model {shown(model)} is retired since {since}: use {successor}"
        for model, (since, successor) in RETIRES.items()
        if since <= today
    }


def holds_address(value: object) -> bool:
    """Whether documents, images or files stand in it by address or id, or tools bring some in."""
    if not isinstance(value, dict):
        return isinstance(value, list) and any(map(holds_address, value))
    source = value.get("source")
    by_address = isinstance(source, dict) and source.get("type") in ("url", "file")
    if by_address or OUTSIDE.fullmatch(str(value.get("type"))):
        return True
    return any(map(holds_address, value.values()))


def wrong_with_row(row: Event) -> Iterator[str]:
    yield from wrong_with_id(row, "id")
    prompt = row.get("prompt")
    if "prompt" not in row:
        yield '"prompt" is missing: add it'
    elif not isinstance(prompt, str):
        yield '"prompt" is no text: put it in quotes, or write a whole request with "params"'
    elif BLANK.fullmatch(prompt):
        yield '"prompt" is empty: the API refuses an empty message; fill it or delete the line'
    for name in row:
        if name not in ("id", "prompt"):
            yield (
                f'a row has "id" and "prompt" only: delete {shown(name)}, or write a whole request'
            )


def wrong_with_id(holder: Event, name: str) -> Iterator[str]:
    custom_id = holder.get(name)
    if name not in holder:
        yield f'"{name}" is missing: give each line one of its own'
    elif not isinstance(custom_id, str):
        yield f'"{name}" is no text: put it in quotes'
    elif not CUSTOM_ID.fullmatch(custom_id):
        yield f'"{name}" may have 1 to 64 letters (a-z, A-Z), digits, "_" and "-" only: rename it'


def impossible_in(params: dict[str, Any]) -> Iterator[str]:
    """What a request may not say in a batch, or not any more."""
    if params.get("stream"):
        yield '"stream" is not possible in a batch: delete it'
    if "speed" in params:
        yield '"speed" is not possible in a batch: delete it'
    for name in ("temperature", "top_p", "top_k"):
        if name in params:
            yield f'"{name}" no longer exists in this version of the API: delete it'
