"""The settings block of a program."""

from dataclasses import FrozenInstanceError, fields

import pytest

from planner.programs.python import settings as part
from planner.programs.python.settings import Settings


def test_settings_are_the_plans_unless_said_otherwise() -> None:
    """Each has the name of its constant, and its value."""
    for field in fields(Settings):
        assert getattr(Settings(), field.name) == getattr(part, field.name.upper())
    assert Settings(canary=3).canary == 3


def test_settings_do_not_change() -> None:
    """A run keeps them from its first line on."""
    with pytest.raises(FrozenInstanceError):
        Settings().canary = 4  # type: ignore[misc]


def test_prices_are_whole() -> None:
    """Each model has five prices, the factor for "us" and its largest max_tokens; the plan's model is one of them."""
    assert part.MODEL in part.PRICES
    assert all(len(prices) == 7 for prices in part.PRICES.values())
    assert all(len(prices) == 6 for prices in part.LONG_PROMPTS.values())
