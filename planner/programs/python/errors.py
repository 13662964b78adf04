"""Name what ends a run, or a step of it."""

from __future__ import annotations

import re

# The account's trouble, not the request's, told by the API's words where there is nothing better.
ACCOUNT_WORDS = re.compile(
    r"credit balance|(?:lacks?|insufficient|out of|not enough) .{0,20}credit"
    r"|spend(?:ing)? limit|usage limits",
    re.IGNORECASE,
)


class InputError(Exception):
    """Nothing was submitted, and nothing will be before this is put right. Exit code 2."""


class StoppedError(Exception):
    """Something outside stops the run; the state is kept. Exit code 3."""


class TroubleError(StoppedError):
    """Trouble with one batch: the others are collected, then it stops the run."""


class LostBatchError(TroubleError):
    """The API does not know a batch of this run."""


class RefusedError(Exception):
    """The API answered a create with a clear no: no batch was made.

    `wait_s` is how long it asks to wait, None if it does not say; `for_good`: it will say no again
    until somebody has seen to it.
    """

    def __init__(
        self,
        why: str,
        *,
        status: int,
        remedy: str,
        wait_s: float | None,
        for_good: bool,
        queue_is_full: bool,
    ) -> None:
        super().__init__(why)
        self.status = status
        self.remedy = remedy
        self.wait_s = wait_s
        self.for_good = for_good
        self.queue_is_full = queue_is_full


class NoAnswerError(Exception):
    """The API gave no usable answer, or none at all; `remedy`, where asking again mends nothing."""

    def __init__(self, why: str, remedy: str = "") -> None:
        super().__init__(why)
        self.remedy = remedy


class NotFoundError(Exception):
    """The API says that there is no such batch."""


class Interrupted(KeyboardInterrupt):
    """A signal ends the program; the state is kept. Exit code 128 and the number of the signal."""
