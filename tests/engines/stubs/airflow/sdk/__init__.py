"""The names of `airflow.sdk`, as release 3.3.2 has them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, NoReturn

from airflow.sdk.exceptions import TaskDeferred
from airflow.triggers.base import BaseTrigger

__version__ = "1.3.2"


class NEVER_EXPIRE:  # noqa: N801
    """What a value of the state store is kept for."""


class Conf:
    """The configuration."""

    def getint(self, section: str, key: str) -> int:
        return {("core", "max_map_length"): 1024}[section, key]


conf = Conf()


class FileSystem:
    """That of a path: here, the one of this machine."""

    def mv(self, path: str, target: str) -> None:
        os.replace(path, target)  # noqa: PTH105

    def invalidate_cache(self, path: str | None = None) -> None:
        """It keeps no listings."""


class ObjectStoragePath:
    """A path of this machine, with the methods of one in an object store."""

    def __init__(self, path: str | Path) -> None:
        self.local = Path(str(path).removeprefix("file://"))
        self.path, self.name, self.fs = str(self.local), self.local.name, FileSystem()
        self.protocol = "file"

    def __truediv__(self, name: str) -> ObjectStoragePath:
        return ObjectStoragePath(self.local / name)

    def __str__(self) -> str:
        return self.path

    @property
    def parent(self) -> ObjectStoragePath:
        return ObjectStoragePath(self.local.parent)

    def exists(self) -> bool:
        return self.local.exists()

    def mkdir(self, parents: bool = False, exist_ok: bool = False) -> None:
        self.local.mkdir(parents=parents, exist_ok=exist_ok)

    def iterdir(self) -> Iterator[ObjectStoragePath]:
        return (ObjectStoragePath(each) for each in self.local.iterdir())

    def open(self, mode: str = "r") -> Any:
        return self.local.open(mode)


class XComArg:
    """What another task gives."""


class BaseOperator:
    """One task."""

    template_fields: tuple[str, ...] = ()

    def __init__(self, *, task_id: str = "", **kwargs: Any) -> None:
        self.task_id, self.kwargs = task_id, kwargs
        self.output = XComArg()
        self.upstream: list[object] = []
        DAG.note(self)

    def __rshift__(self, other: BaseOperator) -> BaseOperator:
        other.upstream.append(self)
        return other

    @classmethod
    def partial(cls, **kwargs: Any) -> Mapped:
        return Mapped(cls, kwargs)

    def defer(
        self,
        *,
        trigger: BaseTrigger,
        method_name: str,
        kwargs: dict[str, Any] | None = None,
        timeout: timedelta | int | float | None = None,
    ) -> NoReturn:
        raise TaskDeferred(trigger=trigger, method_name=method_name, kwargs=kwargs, timeout=timeout)


class Mapped(BaseOperator):
    """As many tasks as another says."""

    def __init__(self, operator: type[BaseOperator], kwargs: dict[str, Any]) -> None:
        super().__init__(task_id=kwargs["task_id"])
        self.operator, self.partly = operator, kwargs
        self.over: dict[str, object] = {}

    def expand(self, **kwargs: object) -> Mapped:
        self.over = kwargs
        return self


class Param:
    """A value that a run may choose."""

    def __init__(self, default: object, **schema: object) -> None:
        self.default, self.schema = default, schema


class DAG:
    """Tasks that belong together."""

    current: DAG | None = None

    def __init__(self, dag_id: str, **kwargs: Any) -> None:
        self.dag_id, self.kwargs = dag_id, kwargs
        self.tasks: list[BaseOperator] = []

    def __enter__(self) -> DAG:
        DAG.current = self
        return self

    def __exit__(self, *failure: object) -> None:
        DAG.current = None

    @staticmethod
    def note(task: BaseOperator) -> None:
        if DAG.current:
            DAG.current.tasks.append(task)
