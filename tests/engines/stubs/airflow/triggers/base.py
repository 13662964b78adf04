"""The names of `airflow.triggers.base`."""

from __future__ import annotations

import abc
from collections.abc import AsyncIterator
from typing import Any


class TriggerEvent:
    """What a trigger fires."""

    def __init__(self, payload: Any) -> None:
        self.payload = payload


class BaseTrigger(abc.ABC):
    """Waits in the triggerer, made anew there from what it serializes to."""

    def __init__(self) -> None:
        super().__init__()

    @abc.abstractmethod
    def serialize(self) -> tuple[str, dict[str, Any]]: ...

    @abc.abstractmethod
    def run(self) -> AsyncIterator[TriggerEvent]: ...
