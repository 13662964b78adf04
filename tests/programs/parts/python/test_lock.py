"""One program at a time writes to a folder; one that is gone does not keep it."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from planner.programs.python import lock as part
from planner.programs.python.errors import InputError, StoppedError
from planner.programs.python.lock import Lock, process_start
from tests.programs.parts.python.conftest import Quiet

ELSEWHERE = {"boot": "another boot", "pidns": "pid:[7]", "pid": 1, "token": "other"}


@pytest.fixture
def lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lock]:
    """The lock of a folder, with a short watch."""
    monkeypatch.setattr(part, "LOCK_WATCH_SECONDS", 1.0)
    monkeypatch.setattr(part, "HEARTBEAT_SECONDS", 0.02)
    lock = Lock(tmp_path / "lock", Quiet())
    yield lock
    lock.left.set()


def other(lock: Lock, **holder: Any) -> None:
    """Another program takes the folder."""
    lock.append({"taken": {**lock.me, "token": "other", **holder}})


def test_a_second_program_is_refused(lock: Lock) -> None:
    """Until the first leaves."""
    lock.take()
    second = Lock(lock.path, Quiet())
    with pytest.raises(InputError, match="one program at a time"):
        second.take()
    lock.leave()
    second.take()
    second.leave()


@pytest.mark.parametrize("gone", [{"pid": 2**22 + 1}, {"started": "another time"}])
def test_a_holder_of_our_process_table_that_is_gone(lock: Lock, gone: dict[str, Any]) -> None:
    """Its process id is free, or another's since then; also under another host name."""
    other(lock, **gone, host="elsewhere")
    lock.path.write_bytes(lock.path.read_bytes() + b'{"taken": {"host"')  # torn
    lock.take()
    assert [holder["token"] for holder in lock.holders()] == [lock.me["token"]]


def test_a_holder_elsewhere_without_a_heartbeat_is_gone(lock: Lock) -> None:
    """It is watched for a while, under our host name too, and then taken over."""
    other(lock, **ELSEWHERE)
    lock.take()
    assert [holder["token"] for holder in lock.holders()] == [lock.me["token"]]


def test_a_holder_elsewhere_with_a_heartbeat_lives(lock: Lock) -> None:
    """It touches the file."""
    other(lock, **ELSEWHERE)
    there = Lock(lock.path, Quiet())
    thread = threading.Thread(target=there.beat)
    thread.start()
    try:
        with pytest.raises(InputError, match="one program at a time"):
            lock.take()
    finally:
        there.left.set()
        thread.join()


def test_a_line_without_a_process_table_counts_by_its_host(lock: Lock) -> None:
    """As older programs wrote it."""
    other(lock, boot="", pidns="")
    with pytest.raises(InputError):
        lock.take()


def test_who_slept_and_lost_the_folder_stops(lock: Lock) -> None:
    """Another wrote that it has left; until then, lines of those refused do no harm."""
    lock.take()
    lock.refuse_if_lost()
    other(lock)
    lock.refuse_if_lost()
    lock.append({"left": lock.me["token"]})
    with pytest.raises(StoppedError, match="took this folder"):
        lock.refuse_if_lost()


def test_a_process_is_known_by_its_start() -> None:
    """The same text for the same process, none for one that is not there."""
    assert process_start(os.getpid()) == process_start(os.getpid()) != ""
    assert process_start(2**22 + 1) is None
