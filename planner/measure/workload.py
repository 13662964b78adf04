"""Add up the requests of one model: bytes, characters, tokens, limits, prefixes."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from planner import facts
from planner.measure.prefixes import Node, Prefixes, message_blocks
from planner.measure.sample import Sample
from planner.measure.template import Run
from planner.measure.tokens import Range, Ratios, Text, count_content, count_tools


class Head:
    """Tools and system of a request: what they come to, kept for the requests that have the same.

    `path` are the nodes of the tree that they pass, None while the tree does not know them.
    """

    __slots__ = ("likely", "path", "system", "text", "tools", "tools_line")

    def __init__(self, system: Any, tools: Any, tools_line: str) -> None:
        self.system, self.tools, self.tools_line = system, tools, tools_line
        self.text, self.likely = Text(), 0.0
        self.path: list[Node] | None = None

    def is_of(self, params: Mapping[str, Any], line: str) -> bool:
        """Whether a request has the same, to the byte."""
        if params.get("system") != self.system:
            return False
        tools = params.get("tools")
        # equal objects may have their keys in another order, which the cache would notice
        return tools is None if self.tools is None else (
            tools == self.tools and bool(self.tools_line) and self.tools_line in line
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Like:
    """What requests have in common that differ in their id and their only text alone."""

    head: Head
    params: dict[str, Any]
    limit: int
    us: bool


class Workload:
    """What the requests of one model come to. `model` is None for one that is not known."""

    def __init__(self, name: str, model: facts.Model | None) -> None:
        self.name, self.model = name, model
        self.requests = self.bytes = self.largest = self.us = 0  # bytes without envelope and commas
        self.text = Text()
        self.tokens = Sample()  # likely ones
        self.limits: Counter[int] = Counter()  # max_tokens
        self.prefixes = Prefixes()
        self._ratios = Ratios.of(model.tokenizer if model else "new")
        self._head = Head(None, None, "")

    def add(self, params: dict[str, Any], size: int, line: str, number: int) -> int:
        """Take one request of so many bytes; returns the likely tokens of its prompt."""
        head, text = self.head_of(params, line), Text()
        path = self._path(head, params, number)
        if path is not None:
            self.prefixes.follow(path[-1], message_blocks(params.get("messages"), number))
        self._count_messages(params, text)
        limit = params.get("max_tokens")
        if type(limit) is int and (limit in self.limits or len(self.limits) < 1000):
            self.limits[limit] += 1
        self.us += params.get("inference_geo") == "us"
        self.text.add(text)
        (likely,) = self._sum_up(head, [size], [self._ratios.likely(text)])
        return likely

    def add_run(self, like: Like, run: Run, number: int) -> list[int]:
        """Take requests of lines that follow one another, which are known but for their only
        message, a text of the user; returns the likely tokens of their prompts.
        """
        prompts = run.prompts
        for at in range(len(prompts)):
            path = self._path(like.head, like.params, number + at, len(prompts) - at)
            if path is not None:
                self.prefixes.end(path[-1], prompts[at:], number + at)
                break
        chars, other = self._ratios.chars, self._ratios.other
        tokens, letters, foreign = [], 0, 0
        for prompt in prompts:
            others = 0 if prompt.isascii() else len(prompt) - len(prompt.encode("ascii", "ignore"))
            letters += len(prompt)
            foreign += others
            tokens.append((len(prompt) - others) / chars + others * other)
        self.text.ascii += letters - foreign
        self.text.other += foreign
        self.limits[like.limit] += len(prompts)
        self.us += like.us * len(prompts)
        return self._sum_up(like.head, run.sizes, tokens)

    def head_of(self, params: dict[str, Any], line: str) -> Head:
        """Tools and system of a request."""
        if not self._head.is_of(params, line):
            self._head = self._new_head(params, line)
        return self._head

    def _path(
        self, head: Head, params: dict[str, Any], number: int, requests: int = 1
    ) -> list[Node] | None:
        """The nodes of the tree that so many requests pass with their head, all of them counted; None
        where the tree does not know it yet, which has counted the first.
        """
        if head.path is None:
            head.path = self.prefixes.enter(params, number)
            requests -= 1
        for node in head.path or () if requests else ():
            node.requests += requests
            node.marked += requests if node.ttl else 0
            if node.family:
                node.family.requests += requests
        return head.path

    def _sum_up(self, head: Head, sizes: list[int], tokens: list[float]) -> list[int]:
        """Count requests of one head; returns their likely tokens."""
        ahead = head.likely
        likely = [int(ahead + each + 0.5) for each in tokens]
        self.requests += len(sizes)
        self.bytes += sum(sizes)
        self.largest = max(self.largest, *sizes)
        self.text.add(head.text, len(sizes))
        self.tokens.add(likely)
        return likely

    @property
    def mean_tokens(self) -> Range:
        """The mean tokens of a prompt: low, likely, high."""
        every = self._ratios.range(self.text)
        return Range(*(each / self.requests for each in (every.low, every.likely, every.high)))

    def low_tokens(self, likely: int, prompt: Any) -> int:
        """The fewest tokens that a prompt may have of which the likely ones are known."""
        text = Text()
        if isinstance(prompt, str):
            text.add_text(prompt)
        else:
            count_content(prompt.get("system"), text, self.model)
            count_tools(prompt.get("tools"), text, self.model)
            self._count_messages(prompt, text)
        every = self._ratios.range(text)
        return int(likely - every.likely + every.low)

    def _new_head(self, params: dict[str, Any], line: str) -> Head:
        system, tools = params.get("system"), params.get("tools")
        head = Head(system, tools, _as_in(line, tools) if tools else "")
        count_content(system, head.text, self.model)
        count_tools(tools, head.text, self.model)
        head.likely = self._ratios.likely(head.text)
        return head

    def _count_messages(self, params: dict[str, Any], text: Text) -> None:
        messages = params.get("messages")
        for message in messages if type(messages) is list else ():
            if type(message) is dict:
                count_content(message.get("content"), text, self.model)


def _as_in(line: str, value: Any) -> str:
    """The very text of a value in a line, as the usual writers of JSON write it; "" if not so."""
    for escaped in (True, False):
        for separators in ((", ", ": "), (",", ":")):
            text = json.dumps(value, ensure_ascii=escaped, separators=separators)
            if text in line:
                return text
    return ""
