"""What the DBOS edition uses of DBOS 3.4, in one process, with a JSON file for a database.

It keeps what the engine promises: a step that has ended is not done again, a wait ends when it
would have, and a workflow that was left is taken up by the next executor of its name and version.
"""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, ClassVar, Generic, ParamSpec, TypedDict, TypeVar

P = ParamSpec("P")
R = TypeVar("R")
Function = Callable[P, Coroutine[Any, Any, R]]


class DBOSConfig(TypedDict, total=False):
    name: str
    system_database_url: str | None
    application_version: str | None
    executor_id: str | None
    log_level: str | None


class DBOSException(Exception):  # noqa: N818 - the engine's name
    pass


class WorkflowStatus:
    def __init__(self, workflow_id: str, row: dict[str, Any]) -> None:
        self.workflow_id = workflow_id
        self.status: str = row["status"]
        self.app_version: str | None = row["version"]


class WorkflowHandleAsync(Generic[R]):
    def __init__(self, workflow_id: str) -> None:
        self.workflow_id = workflow_id

    async def get_result(self) -> R:
        while (row := DBOS.rows[self.workflow_id])["status"] == "PENDING":
            await asyncio.sleep(0.01)
        if row["status"] != "SUCCESS":
            raise DBOSException(row["status"])
        result: R = row["result"]
        return result


class SetWorkflowID:
    def __init__(self, wfid: str) -> None:
        self.wfid = wfid

    def __enter__(self) -> SetWorkflowID:
        DBOS.next_id = self.wfid
        return self

    def __exit__(self, *_: object) -> None:
        DBOS.next_id = ""


class DBOS:
    config: DBOSConfig
    path: Path
    rows: dict[str, dict[str, Any]]
    next_id = ""
    functions: ClassVar[dict[str, Callable[..., Coroutine[Any, Any, Any]]]] = {}
    current = ""
    done = 0  # operations of the workflow that runs which were found or done
    tasks: ClassVar[set[asyncio.Task[None]]] = set()

    def __init__(self, *, config: DBOSConfig) -> None:
        DBOS.config = config

    @classmethod
    def launch(cls) -> None:
        url = cls.config["system_database_url"] or ""
        if not url.startswith("sqlite:///"):
            raise DBOSException(f"no such database: {url}")
        cls.path = Path(url.removeprefix("sqlite:///"))
        cls.rows = json.loads(cls.path.read_text()) if cls.path.exists() else {}
        cls.write()
        me = (cls.config["application_version"], cls.config["executor_id"])
        for workflow_id, row in cls.rows.items():
            if row["status"] == "PENDING" and (row["version"], row["executor"]) == me:
                cls.go(workflow_id)

    @classmethod
    def destroy(cls) -> None:
        pass

    @classmethod
    def write(cls) -> None:
        part = cls.path.with_suffix(".part")
        part.write_text(json.dumps(cls.rows))
        os.replace(part, cls.path)  # noqa: PTH105 - Path.replace is what tests kill at

    @classmethod
    def go(cls, workflow_id: str) -> None:
        async def run() -> None:
            row = cls.rows[workflow_id]
            cls.current, cls.done = workflow_id, 0
            row["result"] = await cls.functions[row["name"]](*row["args"])
            row["status"] = "SUCCESS"
            cls.write()

        cls.tasks.add(asyncio.get_running_loop().create_task(run()))

    @classmethod
    def workflow(
        cls, *, name: str, max_recovery_attempts: int | None
    ) -> Callable[[Function[P, R]], Function[P, R]]:
        def decorate(function: Function[P, R]) -> Function[P, R]:
            cls.functions[name] = function
            function.__qualname__ = name
            return function

        return decorate

    @classmethod
    def step(cls, *, name: str) -> Callable[[Function[P, R]], Function[P, R]]:
        def decorate(function: Function[P, R]) -> Function[P, R]:
            async def once(*args: P.args, **more: P.kwargs) -> R:
                found, result = cls.found()
                if not found:
                    result = await function(*args, **more)
                    cls.keep(result)
                value: R = result
                return value

            return once

        return decorate

    @classmethod
    def found(cls) -> tuple[bool, Any]:
        """The result of the next operation, if it is known."""
        operations = cls.rows[cls.current]["operations"]
        if cls.done < len(operations):
            cls.done += 1
            return True, operations[cls.done - 1]
        return False, None

    @classmethod
    def keep(cls, result: Any) -> None:
        cls.rows[cls.current]["operations"].append(result)
        cls.done += 1
        cls.write()

    @classmethod
    async def recv_async(cls, topic: str | None = None, timeout_seconds: float = 60) -> Any:
        found, until = cls.found()
        if not found:
            until = time.time() + timeout_seconds
            cls.keep(until)
        messages = cls.rows[cls.current]["messages"]
        while time.time() < until and topic not in messages:
            await asyncio.sleep(0.005)
        if topic in messages:
            messages.remove(topic)
            cls.rows[cls.current]["operations"][-1] = 0.0
            cls.write()

    @classmethod
    async def send_async(cls, destination_id: str, message: Any, topic: str | None = None) -> None:
        cls.rows[destination_id]["messages"].append(topic)
        cls.write()

    @classmethod
    async def list_workflows_async(cls, *, workflow_id_prefix: str) -> list[WorkflowStatus]:
        rows = cls.rows.items()
        return [
            WorkflowStatus(each, row) for each, row in rows if each.startswith(workflow_id_prefix)
        ]

    @classmethod
    async def retrieve_workflow_async(cls, workflow_id: str) -> WorkflowHandleAsync[Any]:
        return WorkflowHandleAsync(workflow_id)

    @classmethod
    async def start_workflow_async(
        cls, func: Function[P, R], *args: P.args, **_more: P.kwargs
    ) -> WorkflowHandleAsync[R]:
        cls.rows[cls.next_id] = {
            "name": func.__qualname__,
            "args": args,
            "status": "PENDING",
            "version": cls.config["application_version"],
            "executor": cls.config["executor_id"],
            "operations": [],
            "messages": [],
            "result": None,
        }
        cls.write()
        cls.go(cls.next_id)
        return WorkflowHandleAsync(cls.next_id)
