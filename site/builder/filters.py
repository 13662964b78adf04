"""How templates write a value: filters of Jinja, and nothing else."""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from markupsafe import Markup

from planner import words

_WEB_ADDRESS = re.compile(
    r"((?:https?://|(?:platform\.claude|github)\.com/)[^\s<>\"')\]]+[^\s<>\"')\].,;:])"
)
_CODE_NAME = re.compile(
    r"((?:(?:GET|POST) )?/v1/[\w/?=]+|[\w.]*[a-z]_[a-z][\w.]*\w|[a-z]+(?:\.[a-z]+){2,})"
)


def plain(value: object) -> str:
    """A fact's value as people write it: 100,000 and 0.5."""
    if isinstance(value, Decimal):
        return words.plain(value)
    return words.count(value) if isinstance(value, int) else str(value)


def coded(text: str) -> Markup:
    """The text with names such as custom_id and paths such as /v1/messages as code."""
    return _every_second(_CODE_NAME.split(text), Markup("<code>{}</code>").format)


def links(text: str) -> Markup:
    """The text with every web address in it as a link."""

    def link(address: str) -> Markup:
        bare = re.sub("^https?://", "", address)
        return Markup('<a href="https://{0}">{1}</a>').format(bare, address)

    return _every_second(_WEB_ADDRESS.split(text), link)


def _every_second(parts: list[str], mark: Callable[[str], Markup]) -> Markup:
    """The parts of a split joined again, with the separators, every second of them, marked up."""
    return Markup("").join(mark(part) if place % 2 else part for place, part in enumerate(parts))


def maybe(number: int | None) -> str:
    """A limit that the provider may keep to itself."""
    return "not published" if number is None else words.count(number)


def nearest(steps: tuple[int, ...], number: int) -> int:
    """The place of the largest step that is not above the number."""
    return max(place for place, step in enumerate(steps) if step <= number or place == 0)


FILTERS: dict[str, Callable[..., Any]] = {
    "coded": coded,
    "count": words.count,
    "duration": words.duration,
    "share": words.share,
    "links": links,
    "maybe": maybe,
    "nearest": nearest,
    "plain": plain,
    "price": words.price,
}
