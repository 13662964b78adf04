"""The names of `airflow.sdk.exceptions`."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.triggers.base import BaseTrigger


class AirflowFailException(Exception):  # noqa: N818 - its name
    """The task fails, and is not tried again."""


class TaskDeferred(BaseException):
    """The task leaves its worker."""

    def __init__(
        self,
        *,
        trigger: BaseTrigger,
        method_name: str,
        kwargs: dict[str, Any] | None = None,
        timeout: timedelta | int | float | None = None,
    ) -> None:
        super().__init__()
        self.trigger, self.method_name, self.kwargs = trigger, method_name, kwargs
        self.timeout = timeout
