"""The workflow of a run on DBOS, in this process: what the engine is told, and how a run ends.

The engine is the stub of test_dbos.py.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from planner.programs.python.errors import InputError, StoppedError
from tests.engines.conftest import Clock

BEGAN = {"event": "began", "run": "one"}
LONG_S = 3600.0


class Words:
    """A log that remembers."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def line(self, text: str) -> None:
        self.lines.append(text)


def carry(pace: Any, work: Callable[[], Awaitable[None]], folder: Path, **more: Any) -> Words:
    """A run to its end; what was said."""
    pace.RESTS.__init__()  # as in a process of its own
    log = Words()
    given = {"began": BEGAN, "now": False, **more}

    async def run() -> None:
        await asyncio.wait_for(pace.carry(work, folder, given["began"], given["now"], log), 20)

    asyncio.run(run())
    return log


def rows(folder: Path) -> dict[str, Any]:
    """The workflows in the stub's database."""
    found: dict[str, Any] = json.loads((folder / "dbos.sqlite").read_text())
    return found


def leave(folder: Path, **of_a_row: Any) -> None:
    """A database as somebody left it, with one workflow."""
    (name,) = rows(folder)
    row = {**rows(folder)[name], "status": "PENDING", "operations": [], **of_a_row}
    (folder / "dbos.sqlite").write_text(json.dumps({name: row}))


async def nothing() -> None:
    """Work that takes a moment."""
    await asyncio.sleep(0.05)


def test_what_the_engine_is_told(pace: Any, tmp_path: Path) -> None:
    """The run by name, as executor and as workflow; the folder for who looks; and its end is written."""
    ended: list[bool] = []
    pace.DBOS.destroy = classmethod(lambda cls: ended.append(True))
    carry(pace, nothing, tmp_path)
    assert pace.DBOS.config == {
        "name": "run-batches",
        "system_database_url": f"sqlite:///{tmp_path.resolve()}/dbos.sqlite",
        "application_version": "run_batches-2",
        "executor_id": "batches-1439da33e2af1d9e",
        "log_level": "CRITICAL",
    }
    ((name, row),) = rows(tmp_path).items()
    assert name == f"{pace.DBOS.config['executor_id']}-1"
    assert (row["args"], row["status"]) == ([str(tmp_path)], "SUCCESS")
    assert ended == [True]


def test_a_workflow_that_was_left_is_taken_up(pace: Any, tmp_path: Path) -> None:
    """It goes on where it was, no other is begun, and it is said when."""
    carry(pace, nothing, tmp_path)
    leave(tmp_path)
    assert carry(pace, nothing, tmp_path).lines == [
        "DBOS goes on with the workflow batches-1439da33e2af1d9e-1 when its wait is over"
    ]
    assert [(name[-2:], row["status"]) for name, row in rows(tmp_path).items()] == [
        ("-1", "SUCCESS")
    ]


@pytest.mark.parametrize(
    "left", [{"status": "CANCELLED"}, {"status": "SUCCESS"}, {"version": "run_batches-1"}]
)
def test_a_workflow_that_is_over_or_of_another_version_is_left(
    left: dict[str, str], pace: Any, tmp_path: Path
) -> None:
    """The run has another, with the next number."""
    carry(pace, nothing, tmp_path)
    leave(tmp_path, **left)
    assert carry(pace, nothing, tmp_path).lines == []
    assert [name[-2:] for name in rows(tmp_path)] == ["-1", "-2"]


def test_another_run_on_the_same_database_has_a_workflow_of_its_own(
    pace: Any, tmp_path: Path
) -> None:
    """And does not touch what the first has left."""
    carry(pace, nothing, tmp_path)
    leave(tmp_path)
    carry(pace, nothing, tmp_path, began={**BEGAN, "run": "two"})
    first, second = rows(tmp_path).items()
    assert (first[1]["status"], second[1]["status"]) == ("PENDING", "SUCCESS")
    assert second[0][-2:] == "-1"
    assert second[0][:-2] != first[0][:-2]


@pytest.mark.parametrize("now", [True, False])
def test_who_asks_for_something_ends_the_sleep(now: bool, pace: Any, tmp_path: Path) -> None:
    """The workflow that sleeps is told to go on; nobody else wakes it."""
    told: list[str] = []

    async def send(cls: Any, workflow: str, message: str, topic: str) -> None:
        told.append(workflow[-2:])
        assert message == topic == "go on"

    carry(pace, nothing, tmp_path)
    leave(tmp_path)
    pace.DBOS.send_async = classmethod(send)
    carry(pace, nothing, tmp_path, now=now)
    assert told == (["-1"] if now else [])


def test_the_sleep_is_the_engines(pace: Any, rest: Any, clock: Clock, tmp_path: Path) -> None:
    """It is as long as the first wait, and what it is ended with is sent to it."""
    slept: list[tuple[str, float]] = []

    async def sleep(cls: Any, topic: str, timeout_seconds: float) -> None:
        slept.append((topic, timeout_seconds))
        clock.now += timeout_seconds

    async def work() -> None:
        await rest.rest(60.0)

    pace.DBOS.recv_async = classmethod(sleep)
    carry(pace, work, tmp_path)
    assert slept == [("go on", 60.0)]


def test_what_the_work_raises_is_raised(pace: Any, tmp_path: Path) -> None:
    """The workflow is at its end all the same: there is nothing in it to be done again."""

    async def stop() -> None:
        raise StoppedError("Add credit.")

    with pytest.raises(StoppedError, match=r"^Add credit\.$"):
        carry(pace, stop, tmp_path)
    assert [row["status"] for row in rows(tmp_path).values()] == ["SUCCESS"]


def test_a_workflow_that_the_engine_gives_up_stops_the_run(
    pace: Any, rest: Any, clock: Clock, tmp_path: Path
) -> None:
    """Nothing of it goes on, and it is said what happened."""
    done: list[str] = []

    async def work() -> None:
        try:
            await rest.rest(LONG_S)
            done.append("went on")
        finally:
            await asyncio.sleep(0)
            done.append("was left")

    async def cancel(cls: Any, topic: str, timeout_seconds: float) -> None:
        (row,) = cls.rows.values()
        row["status"] = "CANCELLED"
        await asyncio.sleep(LONG_S)

    pace.DBOS.recv_async = classmethod(cancel)
    told = r"^DBOS has given up the workflow \(DBOSException\)\. Batches that are open go on\.$"
    with pytest.raises(StoppedError, match=told):
        carry(pace, work, tmp_path)
    assert done == ["was left"]


def test_a_run_that_is_at_its_end_is_so_whatever_the_engine_says(
    pace: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The journal has it: that the engine failed afterwards changes nothing."""

    async def fail(*_: object) -> None:
        await pace.RESTS.turn()
        raise OSError

    monkeypatch.setattr(pace, "follow", fail)
    carry(pace, nothing, tmp_path)


def test_a_run_that_is_interrupted_leaves_nothing_under_way(
    pace: Any, rest: Any, clock: Clock, tmp_path: Path
) -> None:
    """The work is told, and ends, before the program does."""
    done: list[str] = []

    async def work() -> None:
        try:
            await rest.rest(LONG_S)
        finally:
            await asyncio.sleep(0)
            done.append("was left")

    async def run() -> None:
        program = asyncio.ensure_future(pace.carry(work, tmp_path, BEGAN, False, Words()))
        while not pace.RESTS.waiting:
            await asyncio.sleep(0.01)
        program.cancel()
        with pytest.raises(asyncio.CancelledError):
            await program
        assert done == ["was left"]

    asyncio.run(run())


# ---- told at start


@pytest.mark.parametrize(
    ("version", "works"),
    [
        *[(version, False) for version in ("2.26.0", "3.3.9", "4", "4.0.0", "33.4.0")],
        *[(version, True) for version in ("3.4.0", "3.4.0rc1", "3.10.2")],
    ],
)
def test_versions_of_the_engine(
    version: str, works: bool, pace: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Before the engine is started on its database."""
    monkeypatch.setattr(pace.metadata, "version", lambda name: {"dbos": version}[name])
    if works:
        carry(pace, nothing, tmp_path)
    else:
        with pytest.raises(InputError, match=f"^dbos {version} does not work here; 3.4 or"):
            carry(pace, nothing, tmp_path)
        assert not (tmp_path / "dbos.sqlite").exists()


@pytest.mark.parametrize(
    ("url", "where"),
    [
        ("postgresql://tests:hunter2@db/none", "DBOS_SYSTEM_DATABASE_URL"),
        ("mysql://db/none", "mysql://db/none"),
    ],
)
def test_a_database_of_its_own_is_used_or_named(
    url: str, where: str, pace: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """An address that may hold a password is called by its name; what was begun of the engine ends."""
    ended: list[bool] = []

    def destroy(cls: Any) -> None:
        ended.append(True)
        raise OSError

    pace.DBOS.destroy = classmethod(destroy)
    monkeypatch.setenv("DBOS_SYSTEM_DATABASE_URL", url)
    with pytest.raises(InputError) as told:
        carry(pace, nothing, tmp_path)
    assert str(told.value).startswith(f"DBOS cannot use its database ({where}: DBOSException).")
    assert "Nothing was sent" in str(told.value)
    assert ended == [True]
