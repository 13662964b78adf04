"""Work in steps: whoever waits for it can do something else between two of them, or leave it."""

from collections.abc import Generator
from typing import TypeVar

_Result = TypeVar("_Result")
# Yields after each step, and returns the result.
Steps = Generator[None, None, _Result]


def finish(steps: Steps[_Result]) -> _Result:
    """The result of all steps, taken one after another."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            result: _Result = end.value
            return result
