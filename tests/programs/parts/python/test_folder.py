"""The folder of a run: what is on disk when a call returns, and what torn steps leave behind."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from planner.programs.python.errors import InputError
from planner.programs.python.folder import Folder, Journal, trim
from planner.programs.python.lock import Lock
from tests.programs.parts.python.conftest import Work


def test_a_note_is_on_disk_and_in_the_state(work: Callable[..., Work]) -> None:
    """In one step, before anything else is done."""
    there = work("a")
    there.folder.note("cancel")
    assert there.events()[-1]["event"] == "cancel"
    assert there.folder.state.canceling


def test_the_journal_takes_a_run_up(work: Callable[..., Work]) -> None:
    """The same state again, and a line that says so."""
    there = work("a")
    there.folder.note("round", round=1, requests=0, bytes=0, not_before=0.0)
    there.folder.close()
    again = work()
    assert again.folder.state.round == 1
    assert [event["event"] for event in again.events()] == ["run", "round", "resume"]


def test_a_torn_last_line_is_cut_off(tmp_path: Path) -> None:
    """It announced a step that was not taken."""
    path = tmp_path / "journal.jsonl"
    path.write_bytes(b'{"event":"run"}\n{"event":"cu')
    assert [*Journal(path).read()] == [{"event": "run"}]
    assert path.read_bytes() == b'{"event":"run"}\n'


def test_a_damaged_journal_is_refused(tmp_path: Path) -> None:
    """With the number of the line."""
    path = tmp_path / "journal.jsonl"
    path.write_bytes(b'{"event":"run"}\nnonsense\n{"event":"cancel"}\n')
    with pytest.raises(InputError, match="line 2 is no JSON"):
        list(Journal(path).read())


def test_another_input_is_refused(work: Callable[..., Work], tmp_path: Path) -> None:
    """Also one of the same length."""
    work("a").folder.close()
    path = tmp_path / "in.jsonl"
    path.write_text(path.read_text().replace("?", "!"))
    with pytest.raises(InputError, match="belongs to a run on another input"):
        work()


def test_other_request_settings_are_refused(work: Callable[..., Work]) -> None:
    """A run keeps what shapes its requests; the others may change."""
    work("a").folder.close()
    work(poll_seconds=0.02).folder.close()
    with pytest.raises(InputError, match="max_tokens differ"):
        work(max_tokens=101)


def test_answers_without_a_journal_are_left_alone(
    work: Callable[..., Work], tmp_path: Path
) -> None:
    """They are of something else."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "succeeded.jsonl").write_text("")
    with pytest.raises(InputError, match="no journal"):
        work("a")


def test_what_is_longer_than_the_journal_says_is_cut(tmp_path: Path) -> None:
    """And what is shorter was changed by somebody."""
    path = tmp_path / "succeeded.jsonl"
    path.write_bytes(b"0123456789")
    trim(path, 4)
    assert path.read_bytes() == b"0123"
    with pytest.raises(InputError, match="Restore it"):
        trim(path, 5)
    trim(tmp_path / "none", 0)


async def waked(folder: Folder) -> bool:
    waiting = asyncio.ensure_future(folder.change(5.0))
    await asyncio.sleep(0)
    folder.note("cancel")
    done, _ = await asyncio.wait({waiting}, timeout=1.0)
    return bool(done)


def test_a_note_wakes_who_waits(work: Callable[..., Work]) -> None:
    """Every wait of a run is for the next line of the journal."""
    assert asyncio.run(waked(work("a").folder))


def test_one_program_has_the_folder(work: Callable[..., Work]) -> None:
    """Another is refused until it leaves; so is this one."""
    there = work("a")
    other = Lock(there.folder.path / "lock")
    with pytest.raises(InputError, match="one program at a time"):
        other.take()
    there.folder.close()
    other.take()
    other.leave()


def test_a_holder_that_is_gone_is_passed_over(tmp_path: Path) -> None:
    """It left no line; its process id is free, or another's since then."""
    lock = Lock(tmp_path / "lock")
    for gone in ({"pid": 2**22 + 1}, {"started": "another time"}):
        lock.append({"taken": {**lock.me, "token": "other", **gone}})
    lock.path.write_bytes(lock.path.read_bytes() + b'{"taken": {"host"')  # torn
    lock.take()
    assert [holder["token"] for holder in lock.holders()][-1] == lock.me["token"]


def test_small_files_are_whole_or_not_there(work: Callable[..., Work]) -> None:
    """A summary replaces the one before."""
    folder = work("a").folder
    for number in (1, 2):
        folder.replace("summary.json", json.dumps(number).encode())
    assert (folder.path / "summary.json").read_text() == "2"
    assert not list(folder.path.glob("*.part"))


def test_settings_of_tests_are_settings(work: Callable[..., Work]) -> None:
    """The journal says with which settings a run began."""
    there = work("a", canary=3)
    assert there.events("run")[0]["settings"]["canary"] == 3
    assert replace(there.settings, canary=0).canary == 0
