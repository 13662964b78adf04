"""Estimate the tokens of a prompt: low, likely, high.

The provider counts tokens for nothing, and that is better; a file of a million requests cannot wait
for it. What is known: characters of a token in English text by tokenizer, and a smaller figure in
an example; nothing on code or on other scripts. Every ratio is a fact with its source, or marked
there as this planner's choice. Images count by their size, pages of PDF by the published range.
"""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from planner import facts

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_HEAD_CHARS = 2**18  # of an image: its size stands in front, in a photograph after a preview
_PAGE = re.compile(rb"/Type\s*/Page(?![a-z])")
_JPEG_SIZES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}


@dataclass(slots=True)
class Text:
    """What a prompt is made of: characters in ASCII, other ones, and tokens of images and pages."""

    ascii: int = 0
    other: int = 0
    low: int = 0
    likely: int = 0
    high: int = 0

    def add_text(self, text: str) -> None:
        """Count the characters of one text."""
        if text.isascii():
            self.ascii += len(text)
        else:
            plain = len(text.encode("ascii", "ignore"))
            self.ascii += plain
            self.other += len(text) - plain

    def add(self, other: "Text", times: int = 1) -> None:
        """Count another one in."""
        self.ascii += other.ascii * times
        self.other += other.other * times
        self.low += other.low * times
        self.likely += other.likely * times
        self.high += other.high * times


def _number(key: str) -> float:
    return float(facts.limit(key).value)


@dataclass(frozen=True, slots=True)
class Range:
    """An estimate of tokens. `likely` is what a plan is made with."""

    low: float
    likely: float
    high: float


@dataclass(frozen=True, slots=True)
class Ratios:
    """How characters become tokens with one tokenizer."""

    chars: float
    most_chars: float
    above: float
    other_low: float
    other: float
    other_high: float

    @staticmethod
    def of(tokenizer: str) -> "Ratios":
        """The ratios of the tokenizer "new" or "old"."""
        return Ratios(
            chars=_number(f"chars_per_token_{tokenizer}"),
            most_chars=_number("chars_per_token_most"),
            above=1 + _number("token_estimate_above"),
            other_low=_number("other_char_tokens_low"),
            other=_number("other_char_tokens"),
            other_high=_number("other_char_tokens_high"),
        )

    def likely(self, text: Text) -> float:
        """The likely tokens of a prompt."""
        return text.ascii / self.chars + text.other * self.other + text.likely

    def range(self, text: Text) -> Range:
        """All three."""
        plain = text.ascii / self.chars
        return Range(
            text.ascii / self.most_chars + text.other * self.other_low + text.low,
            self.likely(text),
            plain * self.above + text.other * self.other_high + text.high,
        )


def assumption(tokenizer: str) -> str:
    """In one sentence, what the estimate rests on."""
    ratios = Ratios.of(tokenizer)
    return (
        f"Likely: {ratios.chars:g} characters of English a token, and {ratios.other:g} token for "
        f"a character of another script; low: {ratios.most_chars:g} characters a token; high: "
        f"{(ratios.above - 1) * 100:.0f} % more than likely. Counting tokens with the provider is "
        "free, and exact."
    )


# The parts of a prompt


def count_content(content: Any, text: Text, model: facts.Model | None) -> None:
    """Count what stands in `content` of a message or in `system`: a text, or blocks."""
    if isinstance(content, str):
        text.add_text(content)
    elif isinstance(content, list):
        for block in content:
            _count_block(block, text, model)


def count_tools(tools: Any, text: Text, model: facts.Model | None) -> None:
    """Count the tools, and what they add to the prompt."""
    if isinstance(tools, list) and tools:
        text.add_text(_encode(tools))
        if model is not None and model.tool_prompt_tokens:
            text.add(Text(0, 0, *[model.tool_prompt_tokens] * 3))


def _count_block(block: Any, text: Text, model: facts.Model | None) -> None:
    kind = block.get("type") if isinstance(block, Mapping) else None
    if kind == "text":
        inner = block.get("text")
        text.add_text(inner if isinstance(inner, str) else "")
    elif kind in ("image", "document"):
        text.add(_sized(kind, block.get("source"), model))
    elif kind == "tool_result":
        count_content(block.get("content"), text, model)
    elif isinstance(block, Mapping):
        text.add_text(_encode(block))


def _sized(kind: str, source: Any, model: facts.Model | None) -> Text:
    source = source if isinstance(source, Mapping) else {}
    data, form = source.get("data"), source.get("type")
    if form in ("text", "content"):
        text = Text()
        count_content(data if form == "text" else source.get("content"), text, model)
        return text
    packed = data if isinstance(data, str) else ""
    return _image(packed, model) if kind == "image" else _pages(packed, model)


def _most(model: facts.Model | None) -> int:
    tokenizer = model.tokenizer if model else "new"
    return int(facts.limit(f"image_max_tokens_{tokenizer}").value)


def _image(packed: str, model: facts.Model | None) -> Text:
    """⌈w/28⌉ × ⌈h/28⌉ tokens, at most the model's; all of these where the size is not known."""
    most, size = _most(model), image_size(_unpacked(packed[:_HEAD_CHARS]))
    if size is None:
        return Text(low=1, likely=most, high=most)
    patch = int(facts.limit("image_patch_px").value)
    width, height = size
    tokens = min(most, -(-width // patch) * -(-height // patch))
    return Text(low=tokens, likely=tokens, high=tokens)


def _pages(packed: str, model: facts.Model | None) -> Text:
    """Tokens of a PDF: text and picture of each page that can be counted, at least one."""
    pages = max(1, len(_PAGE.findall(_unpacked(packed))))
    low, high = (int(facts.limit(f"pdf_tokens_per_page_{end}").value) for end in ("low", "high"))
    most = _most(model)
    return Text(
        low=pages * low,
        likely=pages * ((low + high) // 2 + most // 2),
        high=pages * (high + most),
    )


def _unpacked(packed: str) -> bytes:
    try:
        return base64.b64decode(packed[: len(packed) // 4 * 4])
    except (binascii.Error, ValueError):
        return b""


def image_size(head: bytes) -> tuple[int, int] | None:
    """Width and height of a PNG, GIF, JPEG or WebP from its first bytes, or None."""
    if head.startswith(b"\x89PNG") and len(head) >= 24:
        return int.from_bytes(head[16:20], "big"), int.from_bytes(head[20:24], "big")
    if head.startswith(b"GIF8") and len(head) >= 10:
        return int.from_bytes(head[6:8], "little"), int.from_bytes(head[8:10], "little")
    if head.startswith(b"RIFF") and head[8:16] == b"WEBPVP8X" and len(head) >= 30:
        return (
            1 + int.from_bytes(head[24:27], "little"),
            1 + int.from_bytes(head[27:30], "little"),
        )
    return _jpeg_size(head) if head.startswith(b"\xff\xd8") else None


def _jpeg_size(head: bytes) -> tuple[int, int] | None:
    place = 2
    while place + 9 <= len(head) and head[place] == 0xFF:
        if head[place + 1] in _JPEG_SIZES:
            height, width = head[place + 5 : place + 7], head[place + 7 : place + 9]
            return int.from_bytes(width, "big"), int.from_bytes(height, "big")
        place += 2 + int.from_bytes(head[place + 2 : place + 4], "big")
    return None
