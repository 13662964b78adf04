"""Say what the prompts share, where that breaks, and what mending it would save."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from planner import facts
from planner.measure.prefixes import ALIKE_CHARS, Block, Candidate, Node, Prefixes
from planner.measure.tokens import Ratios, Text, count_content, count_tools
from planner.model import cost
from planner.scenario import field

_SHOWN_CHARS = 40
_MOST = 100  # prefixes, and breaks, that are told
_DATE = re.compile(
    r"\d{4}[-/.]\d\d?[-/.]\d\d?.*|\d\d?[-/.]\d\d?[-/.]\d{2,4}|\d\d?:\d\d(:\d\d)?.*"
    r"|(Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*|(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*"
)
_ID = re.compile(r"(?=.*\d)[\w-]*[A-Za-z_-][\w-]*|[0-9a-fA-F-]{8,}")
_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)*")
_WORD = re.compile(r"[\w:.+/-]")


@dataclass(frozen=True, kw_only=True, slots=True)
class Prefix:
    """What so many requests begin with. `usd`: what the cache would save on it."""

    requests: int
    tokens: int
    model: str
    cacheable: bool
    marked: bool
    ttl: str
    usd: Decimal


@dataclass(frozen=True, kw_only=True, slots=True)
class Break:
    """Where prompts that are otherwise alike begin to differ.

    byte: the first differing byte of the block, from 0; what: "date", "id", "number", "keys" (the
    same ones in another order) or "text"; one, other: what stands there in two of the requests.
    usd: what the cache would save if what differs stood behind what is shared, `tokens`.
    """

    requests: int
    model: str
    place: str
    byte: int
    what: str
    one: str
    other: str
    lines: tuple[int, int]
    tokens: int
    usd: Decimal


class Sharing:
    """What one model's tree of prompts tells; `hit_rate` is the share that reads a warm cache."""

    def __init__(self, tree: Prefixes, model: facts.Model, hit_rate: float | None = None) -> None:
        default = field("caching.hit_rate").default
        self.tree, self.model = tree, model
        self.hit_rate = default if hit_rate is None else hit_rate
        self.ratios = Ratios.of(model.tokenizer)

    def prefixes(self) -> list[Prefix]:
        """What is shared, the most tokens first."""
        found = sorted(self._prefixes(self.tree.root, Text()), key=_weight)
        return found[:_MOST]

    def breaks(self) -> list[Break]:
        """Where a prefix that could be cached breaks, the dearest first."""
        found = sorted(self._breaks(self.tree.root, Text()), key=lambda each: -each.usd)
        return found[:_MOST]

    def saving(self, requests: int, tokens: int) -> Decimal:
        """US dollars that a cache of one hour saves on a prefix of so many requests."""
        if not cost.cacheable(tokens, self.model):
            return Decimal(0)
        reads = int((requests - 1) * self.hit_rate + 0.5)
        request = cost.Request(input_tokens=tokens, output_tokens=0, prefix_tokens=tokens)
        tariff = cost.tariff(self.model, tokens, us_only=False)
        plain, cached = (
            cost.price(request, requests, reads * (mode != "none"), cache=mode, tariff=tariff)
            for mode in ("none", "1h")
        )
        return max(Decimal(0), plain.batch_usd - cached.batch_usd)

    def _prefixes(self, node: Node, before: Text) -> Iterator[Prefix]:
        for branch in node.branches.values():
            upto = self._with(before, branch.block)
            ahead = max((each.requests for each in branch.branches.values()), default=0)
            # what all of them share is told once, at its end, unless the marker stands here
            if branch.requests > max(1, ahead) or 1 < branch.requests <= 2 * branch.marked:
                yield self._prefix(branch.requests, upto, branch.marked, branch.ttl)
            yield from self._prefixes(branch, upto)
        for candidate in node.candidates():
            # a text that begins alike is a prefix too, though the cache takes whole blocks only
            if len(candidate.lead) >= ALIKE_CHARS:
                upto = self._with(before, candidate.block._replace(text=candidate.lead))
                yield self._prefix(candidate.requests, upto, 0, "")

    def _prefix(self, requests: int, text: Text, marked: int, ttl: str) -> Prefix:
        tokens = int(self.ratios.likely(text) + 0.5)
        return Prefix(
            requests=requests,
            tokens=tokens,
            model=self.model.id,
            cacheable=cost.cacheable(tokens, self.model),
            marked=2 * marked >= requests,
            ttl=ttl,
            usd=self.saving(requests, tokens),
        )

    def _breaks(self, node: Node, before: Text) -> Iterator[Break]:
        for branch in node.branches.values():
            yield from self._breaks(branch, self._with(before, branch.block))
        for candidate in node.candidates():
            shared = candidate.lead + candidate.tail
            alike = self._with(before, candidate.block._replace(text=shared))
            if candidate.block.shuffled and _is_shuffled(candidate):
                alike = self._with(before, candidate.block)
            text = _behind(self, candidate.after, candidate.requests, alike)
            tokens = int(self.ratios.likely(text) + 0.5)
            usd = self.saving(candidate.requests, tokens)
            if usd and len(shared) >= ALIKE_CHARS:
                yield self._break(candidate, tokens, usd)

    def _break(self, candidate: Candidate, tokens: int, usd: Decimal) -> Break:
        block, other, place = (
            candidate.block,
            candidate.other or candidate.block,
            len(candidate.lead),
        )
        what = "keys" if _is_shuffled(candidate) else kind_of(block.text, other.text, place)
        return Break(
            requests=candidate.requests,
            model=self.model.id,
            place=block.place,
            byte=len(candidate.lead.encode("utf-8", "surrogatepass")),
            what=what,
            one=_around(other.text, place),
            other=_around(block.text, place),
            lines=(other.line, block.line),
            tokens=tokens,
            usd=usd,
        )

    def _with(self, before: Text, block: Block | None) -> Text:
        text = Text()
        text.add(before)
        if block is None:
            return text
        if block.place == "tools":
            count_tools([block.text], text, self.model)
        elif block.place.endswith(", block"):
            count_content(_blocks_in(block.text), text, self.model)
        else:
            text.add_text(block.text)
        return text


def _weight(prefix: Prefix) -> tuple[int, int]:
    return -prefix.requests * prefix.tokens, -prefix.requests


def _blocks_in(text: str) -> object:
    try:
        return [json.loads(text)]
    except ValueError:  # a part of a block
        return text


def _is_shuffled(candidate: Candidate) -> bool:
    return bool(candidate.block.shuffled) and candidate.block.shuffled == candidate.other.shuffled


def _behind(sharing: Sharing, node: Node | None, requests: int, text: Text) -> Text:
    """With the blocks behind that nearly all of them share too."""
    while node is not None:
        most = max(node.branches.values(), key=lambda each: each.requests, default=None)
        if most is None or 2 * most.requests < requests:
            break
        text, node = sharing._with(text, most.block), most
    return text


def kind_of(one: str, other: str, place: int) -> str:
    """What differs at a place of two texts: "date", "id", "number" or "text"."""
    words = [_word(text, place) for text in (one, other)]
    for kind, form in (("date", _DATE), ("number", _NUMBER), ("id", _ID)):
        if all(form.fullmatch(word) for word in words):
            return kind
    return "text"


def _word(text: str, place: int) -> str:
    """The word in which a place lies."""
    start = end = place
    while start and place - start < 100 and _WORD.match(text[start - 1]):
        start -= 1
    while end < len(text) and end - place < 100 and _WORD.match(text[end]):
        end += 1
    return text[start:end].strip(".:/")


def _around(text: str, place: int) -> str:
    """A little of the text around a place, on one line."""
    start = max(0, place - _SHOWN_CHARS // 2)
    return " ".join(text[start : place + _SHOWN_CHARS // 2].split())
