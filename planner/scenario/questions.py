"""What a question of the planner is: its words, its bounds, and its kind, which knows how to take
an answer.

An answer is a JSON value in a file, a text in a link, a form or a command line, and words for
people; the value of a scenario is in the middle. A `Kind` is the one place that says how each
becomes the other.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from planner.words import counted

Choices = tuple[tuple[str, str], ...]

MAX_TEXT_CHARS = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class Kind:
    """What all questions of a kind have in common: how `Field` does what it says.

    control: the form's "text", "select", "checkbox" or "textarea"; inputmode: the keyboard that a
    telephone shows for it, "" for letters. max_chars: a longer text is not read. read_by_clock: `read`
    of a kind whose texts may be seen from the moment at which they are written.
    """

    name: str
    check: Callable[["Field", Any], Any]
    read: Callable[["Field", str], Any]
    dump: Callable[[Any], Any]
    write: Callable[[Any], str]
    fill: Callable[[Any], str]
    say: Callable[["Field", Any], str]
    phrase: Callable[["Field", Any], str]
    read_by_clock: Callable[["Field", str, datetime | None], Any] | None = None
    control: str = "text"
    inputmode: str = ""
    max_chars: int = MAX_TEXT_CHARS


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """What a person is asked: its words and what is allowed.

    `zero`: what 0 means where it is no amount, such as "chosen"; a form leaves the field empty then.
    """

    kind: Kind
    label: str
    help: str = ""
    low: Decimal = Decimal(0)
    high: Decimal = Decimal(0)
    choices: Choices = ()
    unit: str = ""
    slider: tuple[int, ...] = ()
    zero: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Field(Question):
    """A question with its place in the scenario: `name` is dotted, `default` as `parse` would
    return it.
    """

    name: str
    group: str
    default: Any

    @property
    def key(self) -> str:
        """The name inside the group: "requests" of workload.requests."""
        return self.name.partition(".")[2]

    def check(self, answer: Any) -> Any:
        """The value as the scenario keeps it, from a JSON value, a Decimal or such a value itself.

        Raises ValueError with the sentence that a person reads: what is allowed.
        """
        return self.kind.check(self, answer)

    def read(self, text: str, clock: datetime | None = None) -> Any:
        """What `check` takes, from a text that somebody typed, at `clock` if that is known.

        Raises ValueError where it cannot be read.
        """
        text = text.strip()
        if len(text) > self.kind.max_chars:
            raise ValueError(
                f"{self.label} has {counted(len(text), 'character')}; "
                f"at most {self.kind.max_chars:,} can be read."
            )
        if self.kind.read_by_clock:
            return self.kind.read_by_clock(self, text, clock)
        return self.kind.read(self, text)

    def dump(self, value: Any) -> Any:
        """The JSON value that `check` takes back to the same value."""
        return self.kind.dump(value)

    def write(self, value: Any) -> str:
        """The text that `read` and `check` take back to the same value, to the digit."""
        return self.kind.write(value)

    def fill(self, value: Any) -> str:
        """That text as a form holds it: large numbers with commas, one row of history a line, and
        nothing for a 0 that is no amount.
        """
        return "" if self.zero and not value else self.kind.fill(value)

    def say(self, value: Any) -> str:
        """The value in words: "20,000", "yes", the label of a choice, "none" for nothing."""
        if self.zero and not value:
            return self.zero
        return self.kind.say(self, value) or "none"

    def phrase(self, value: Any) -> str:
        """Field and value in words: "Requests 20,000"; a model says enough alone."""
        return self.kind.phrase(self, value)
