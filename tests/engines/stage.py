"""Plays the DAG without the engine: tasks, triggers and state stores in this process, on stubs of the engine's classes."""

from __future__ import annotations

import asyncio
import importlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from planner.fake import FakeApi
from planner.plan import make_plan
from planner.programs import generate
from planner.scenario import Scenario

STUBS = Path(__file__).with_name("stubs")
MODULE = "run_batches_airflow"
# Waits of a test. A worker that sleeps for nothing parks at every wait.
QUICK = {
    "POLL_SECONDS": 0.02,
    "BASE_DELAY_SECONDS": 0.02,
    "ADOPT_GRACE_SECONDS": 0.2,
    "REQUESTS_PER_BATCH": 4,
    "CONCURRENT_BATCHES": 2,
    "WORKER_SECONDS": 0.0,
}
TEN = [f"r-{number}" for number in range(10)]


class KilledError(BaseException):
    """The process of a task is gone."""


def texts() -> dict[str, str]:
    """The files of the edition by name."""
    programs = generate(make_plan(Scenario()), editions=["airflow"])
    return {program.name: program.text for program in programs}


def on_create(do: str, **more: Any) -> dict[str, Any]:
    """A scenario of the API: what goes wrong at a create."""
    return {"faults": [{"on": "create", "do": do, **more}]}


def write(folder: Path, **constants: object) -> None:
    """The two files in a folder, with other values of the module's constants."""
    for name, text in texts().items():
        if name == f"{MODULE}.py":
            for constant, value in {**QUICK, **constants}.items():
                pattern = rf"(?m)^({constant}) = (?:[0-9_.]+|\"[^\"\n]*\")"
                text, times = re.subn(pattern, rf"\1 = {json.dumps(value)}", text)
                assert times == 1, f"{constant} stands {times} times in the module"
        (folder / name).write_text(text, "utf-8")


@dataclass
class Kept:
    """The state store of one task: it lasts from try to try. `kill` is asked before and after each write."""

    values: dict[str, str] = field(default_factory=dict)
    kill: Callable[[str, Any], None] = lambda when, value: None

    def get(self, key: str, default: Any = None) -> Any:
        return json.loads(self.values[key]) if key in self.values else default

    def set(self, key: str, value: Any, *, retention: Any) -> None:
        assert retention.__name__ == "NEVER_EXPIRE"
        self.kill("before", value)
        self.values[key] = json.dumps(value)
        self.kill("after", value)


@dataclass
class Stage:
    """One run of the DAG, against one API."""

    folder: Path
    api: FakeApi
    module: ModuleType
    source: Path
    run_id: str = "manual__2026-11-28T00:00:00+00:00"
    kept: dict[str, Kept] = field(default_factory=dict)
    deferrals: list[str] = field(default_factory=list)

    @property
    def out(self) -> Path:
        return self.folder / "out" / re.sub(r"[^a-zA-Z0-9_.-]", "-", self.run_id)

    def write(self, *ids: str) -> None:
        lines = [json.dumps({"id": each, "prompt": f"Prompt of {each}"}) + "\n" for each in ids]
        self.source.write_text("".join(lines), "utf-8")

    def store_of(self, task: str) -> Kept:
        return self.kept.setdefault(task, Kept())

    def context(self, task: str) -> dict[str, Any]:
        return {"run_id": self.run_id, "task_state_store": self.store_of(task)}

    def operator(self, task: str) -> Any:
        """The task anew, as each of its processes makes it."""
        kind, _, rest = task.partition("_")
        out = {"task_id": task, "out": str(self.folder / "out")}
        if kind == "finish":
            return self.module.FinishOperator(**out)
        number, _, batch = rest.partition("_")
        round_number = int(number) - 1
        if kind == "cut":
            return self.module.CutOperator(
                **out, round_number=round_number, source=str(self.source)
            )
        return self.module.BatchOperator(**out, round_number=round_number, number=int(batch))

    def begin(self, task: str) -> Any:
        """One process of a task: what it gives, or the wait for which it leaves its worker."""
        return self.go_on(lambda: self.operator(task).execute(self.context(task)))

    def go_on(self, step: Callable[[], Any]) -> Any:
        from airflow.sdk.exceptions import TaskDeferred  # the stub

        try:
            return step()
        except TaskDeferred as deferred:
            return deferred

    def wake(self, task: str, deferred: Any) -> Any:
        """The trigger, made anew from what it serializes to, and then the task in another process."""
        path, kwargs = deferred.trigger.serialize()
        trigger = getattr(
            importlib.import_module(path.rpartition(".")[0]), path.rpartition(".")[2]
        )(**json.loads(json.dumps(kwargs)))
        self.deferrals.append(f"{task} {type(trigger).__name__}")
        assert len(self.deferrals) < 200, "a task leaves its worker again and again"

        async def first() -> Any:
            async for event in trigger.run():
                return event.payload
            raise AssertionError("a trigger that fires nothing")

        event = asyncio.run(asyncio.wait_for(first(), 60))
        method = getattr(self.operator(task), deferred.method_name)
        kwargs = deferred.kwargs or {}
        return self.go_on(lambda: method(self.context(task), event=event, **kwargs))

    def run(self, task: str) -> Any:
        """A task to its end."""
        given = self.begin(task)
        while hasattr(given, "trigger"):
            given = self.wake(task, given)
        return given

    def run_round(self, number: int) -> list[str]:
        """A round as the engine would: all of its tasks begin, then each that waits is woken in turn."""
        tasks = [f"batch_{number}_{batch}" for batch in self.run(f"cut_{number}")]
        for task in tasks:
            self.run(task)
        return tasks

    def run_all(self, rounds: int = 4) -> str:
        for number in range(1, rounds + 1):
            self.run_round(number)
        text: str = self.run("finish")
        return text

    def lines(self, name: str) -> list[dict[str, Any]]:
        path = self.out / name
        return [json.loads(line) for line in path.read_bytes().split(b"\n") if line]

    def is_complete(self, *ids: str) -> None:
        """The laws of every complete run."""
        books = self.api.books
        assert books.paid_twice() == []
        assert books.needless == []
        succeeded = [line["custom_id"] for line in self.lines("succeeded.jsonl")]
        failed = [line["custom_id"] for line in self.lines("failed.jsonl")]
        assert sorted([*succeeded, *failed]) == sorted(ids)
        assert books.lost(set(succeeded)) == []


def sizes(stage: Stage) -> list[int]:
    """The counts of the batches that were made, the largest first."""
    return sorted((len(batch.entries) for batch in stage.api.own()), reverse=True)
