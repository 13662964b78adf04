"""Find what the prompts of many requests begin with in common, to the byte.

A prompt is a row of blocks, in the order in which the cache reads it: tools, system, messages. A
tree holds the blocks that came more than once at their place, with how many requests passed. What
came once waits: the same block again makes a branch; one that begins or ends alike makes a
candidate, which shows where a prefix breaks.

Memory is bounded: so many branches, so many blocks that wait at a place. What is dropped for it was
seen least.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, NamedTuple

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_sorted = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode

ALIKE_CHARS = 64  # so much of the beginning, or of the end, makes two blocks worth comparing
_MOST_BRANCHES = 2_000
_MOST_WAITING = 128  # at one place
_MOST_CHARS = 4_000_000  # of those that wait at one place
_EARLY = 4  # branches of one place that are made for the first blocks at once
_DEEPEST = 64  # blocks of messages
_USER = "messages, user"


class Block(NamedTuple):
    """One block of a prompt, and the line it stands in.

    `place` is tools, system or messages with their role; `ttl` that of the cache's marker, "" of
    none; `shuffled` is the same for blocks that differ in the order of their keys alone.
    """

    place: str
    text: str
    line: int
    ttl: str = ""
    shuffled: str = ""


class Candidate:
    """Blocks at one place that begin, or end, alike. `block` is the newest, `other` one that differs.

    `lead` and `tail` are shared by all; `after` is what follows, as if they were one block.
    """

    __slots__ = ("after", "block", "lead", "other", "requests", "tail")

    def __init__(self, first: Block) -> None:
        self.block = self.other = first
        self.lead = self.tail = first.text
        self.requests = 1
        self.after = Node(family=self)

    @property
    def differs(self) -> bool:
        """Whether not all of them are the same."""
        return self.block.text != self.other.text

    def join(self, block: Block) -> None:
        """Take in another block."""
        text = block.text
        if not text.startswith(self.lead):
            self.lead = common_lead(self.lead, text)
        # what is of the lead is not of the tail too
        rest = text[len(self.lead) :]
        tail = self.tail[max(0, len(self.tail) - len(rest)) :]
        self.tail = tail if rest.endswith(tail) else common_tail(tail, rest)
        self.requests += 1
        if text != self.block.text:
            self.other = self.block
        self.block = block


class Node:
    """Requests that have the same blocks up to here; `block` is the last of them.

    `family` are the blocks that are like it; `heads` and `tails` find what waits by its beginning, by its end, or by its keys in order.
    """

    __slots__ = (
        *("block", "branches", "chars", "family", "heads", "marked", "requests", "tails", "ttl"),
    )

    def __init__(self, block: Block | None = None, family: Candidate | None = None) -> None:
        self.block, self.family = block, family
        self.requests = self.marked = self.chars = 0
        self.ttl = ""
        self.branches: dict[tuple[str, str], Node] = {}
        self.heads: dict[str, Block | Candidate] = {}
        self.tails: dict[str, Block | Candidate] = {}

    def candidates(self) -> list[Candidate]:
        """Those that are alike and yet differ."""
        waiting = [*self.heads.values(), *self.tails.values()]
        families = {id(each): each for each in waiting if isinstance(each, Candidate)}
        return [each for each in families.values() if each.differs]

    def wait(self, head: str, tail: str, block: Block, family: Candidate | None = None) -> None:
        """Keep a block, or the family that it begins, until its like comes by head or tail."""
        kept = family or block
        if len(self.heads) >= _MOST_WAITING or self.chars > _MOST_CHARS:
            self._make_room()
        self.chars += len(block.text)
        self.heads[head] = self.tails[tail] = kept
        if block.shuffled:
            self.heads[block.shuffled] = kept

    def family_of(self, like: Block | Candidate) -> Candidate:
        """The family of what waits: a block that waits begins one."""
        if isinstance(like, Candidate):
            return like
        family = Candidate(like)
        for ends in (self.heads, self.tails):
            for key in [key for key, each in ends.items() if each is like]:
                ends[key] = family
        return family

    def _make_room(self) -> None:
        """Drop what nothing was like; of the others keep the most frequent."""
        waiting = [*self.heads.values(), *self.tails.values()]
        families = {id(each): each for each in waiting if isinstance(each, Candidate)}
        ordered = sorted(families.values(), key=lambda each: -each.requests)[: _MOST_WAITING // 4]
        kept = {id(each) for each in ordered}
        self.heads = {key: each for key, each in self.heads.items() if id(each) in kept}
        self.tails = {key: each for key, each in self.tails.items() if id(each) in kept}
        self.chars = sum(len(each.block.text) for each in ordered)


class Prefixes:
    """The tree of one model's prompts."""

    def __init__(self) -> None:
        self.root = Node()
        self._branches = 0

    def enter(self, params: Mapping[str, Any], line: int) -> list[Node] | None:
        """Pass by tools and system. The nodes passed, or None where they are not known yet."""
        self.root.requests += 1
        path = [self.root]
        for block in head_blocks(params, line):
            branch = self._pass(path[-1], block)
            if branch is None:
                return None
            path.append(branch)
        return path

    def follow(self, node: Node, blocks: Iterable[Block]) -> None:
        """Go on from a node with the blocks of the messages."""
        every = [*islice(blocks, _DEEPEST)]
        for block in every:
            branch = self._pass(node, block, is_last=block is every[-1])
            if branch is None:
                return
            node = branch

    def end(self, node: Node, texts: Iterable[str], first_line: int) -> None:
        """The same for lines of which one text of the user is left: nearly always a new one."""
        branches = node.branches
        for line, text in enumerate(texts, first_line):
            head, tail = text[:ALIKE_CHARS], text[-ALIKE_CHARS:]
            if branches and (_USER, text) in branches:
                branches[_USER, text].requests += 1
            elif head in node.heads or tail in node.tails or len(branches) < _EARLY:
                self._pass(node, Block(_USER, text, line), is_last=True)
            elif len(head) == ALIKE_CHARS:
                node.wait(head, tail, _new(Block, (_USER, text, line, "", "")))

    def _pass(self, node: Node, block: Block, *, is_last: bool = False) -> Node | None:
        """The branch of a block, one request further; None where there is none."""
        branch = node.branches.get((block.place, block.text))
        if branch is None:
            return self._unknown(node, block, is_last)
        branch.requests += 1
        if branch.family:
            branch.family.requests += 1
        if block.ttl:
            branch.marked += 1
            branch.ttl = block.ttl
        return branch

    def _unknown(self, node: Node, block: Block, is_last: bool) -> Node | None:
        """A new branch, or what follows the blocks that are like this one; None where it waits:
        a last one that is too short to be worth comparing does not even that.
        """
        text = block.text
        head, tail = text[:ALIKE_CHARS], text[-ALIKE_CHARS:]
        like = node.heads.get(head) or node.tails.get(tail)
        if like is None and block.shuffled:
            like = node.heads.get(block.shuffled)
        newest = like.block if isinstance(like, Candidate) else like
        if like is None or newest is None or newest.place != block.place:
            if len(node.branches) >= _EARLY:
                if not is_last or len(text) >= ALIKE_CHARS:
                    node.wait(head, tail, block)
                return None
            family = Candidate(block)
            node.wait(head, tail, block, family)
            return self._grow(node, block, family, 1)
        family = node.family_of(like)
        family.join(block)
        if newest.text != text:
            return family.after
        return self._grow(node, block, family, 1 if newest is not like else 2)

    def _grow(self, node: Node, block: Block, family: Candidate, requests: int) -> Node | None:
        """Make a branch of a block that so many requests have had."""
        if self._branches >= _MOST_BRANCHES:
            return None
        self._branches += 1
        branch = node.branches[block.place, block.text] = Node(block, family)
        branch.requests, branch.ttl = requests, block.ttl
        branch.marked = requests if block.ttl else 0
        return branch


_new = tuple.__new__  # a named tuple takes three times as long to make itself


# The blocks of a request


def head_blocks(params: Mapping[str, Any], line: int) -> Iterator[Block]:
    """The blocks that stand before the messages, in the order of the cache."""
    tools = params.get("tools")
    if isinstance(tools, list) and tools:
        ttl = next((found for tool in tools if (found := _ttl(tool))), "")
        bare = [_unmarked(tool) for tool in tools]
        shuffled = "=" + "\n".join(sorted(map(_sorted, bare)))
        yield Block("tools", _encode(bare), line, ttl, shuffled)
    system = params.get("system")
    if system:
        yield from _blocks("system", system, line)


def message_blocks(messages: Any, line: int) -> Iterator[Block]:
    """The blocks of the messages."""
    for message in messages if isinstance(messages, list) else ():
        if isinstance(message, dict):
            place = f"messages, {message.get('role')}"
            yield from _blocks(place, message.get("content"), line)


def _blocks(place: str, content: Any, line: int) -> Iterator[Block]:
    if isinstance(content, str):
        yield Block(place, content, line)
    elif isinstance(content, list):
        for block in content:
            text = block.get("text") if isinstance(block, dict) else None
            if isinstance(text, str) and block.get("type") == "text":
                yield Block(place, text, line, _ttl(block))
            else:
                bare = _unmarked(block)
                yield Block(
                    f"{place}, block", _encode(bare), line, _ttl(block), "=" + _sorted(bare)
                )


def _ttl(block: Any) -> str:
    """How long the marker of a block keeps it: "5m", "1h", or "" without a marker."""
    marker = block.get("cache_control") if isinstance(block, dict) else None
    if not isinstance(marker, dict):
        return ""
    return "1h" if marker.get("ttl") == "1h" else "5m"


def _unmarked(block: Any) -> Any:
    if isinstance(block, dict) and "cache_control" in block:
        return {key: value for key, value in block.items() if key != "cache_control"}
    return block


# What two texts share


def common_lead(one: str, other: str) -> str:
    """What both texts begin with."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return one[:low]


def common_tail(one: str, other: str) -> str:
    """What both texts end with."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[len(one) - middle : len(one) - low] == other[len(other) - middle : len(other) - low]:
            low = middle
        else:
            high = middle - 1
    return one[len(one) - low :]
