"""The folder of a run: what is on disk when a call returns, and what torn steps leave behind."""

import asyncio
import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from planner.programs.python.errors import InputError, StoppedError
from planner.programs.python.folder import Folder, Journal, trim, write_whole
from planner.programs.python.state import State
from tests.programs.parts.python.conftest import Work

RUN = json.dumps(
    {
        "event": "run",
        "format": 2,
        "input": {"bytes": 1, "sha256": "0"},
        "request_settings": {"model": "m"},
    }
)


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
    first = b'{"event":"run","format":2}\n'
    path.write_bytes(first + b'{"event":"cu')
    journal = Journal(path)
    assert [number for number, _ in journal.read()] == [1]
    journal.open()
    journal.close()
    assert path.read_bytes() == first


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("nonsense", "line 2 is no JSON"),
        ("[]", "line 2 is no line of a journal"),
        ('{"event": "news"}', 'line 2 \\("news"\\) makes no sense'),
        ('{"event": "cut", "batch": 1}', 'line 2 \\("cut"\\) makes no sense'),
        ('{"event": "stored", "batch": 9}', 'line 2 \\("stored"\\) makes no sense'),
    ],
)
def test_a_damaged_journal_is_refused(line: str, words: str, tmp_path: Path) -> None:
    """With the number of the line, and what to do."""
    path = tmp_path / "journal.jsonl"
    path.write_text(RUN + "\n" + line + '\n{"event":"cancel"}\n')
    with pytest.raises(InputError, match=words + ".*Restore the file from a copy"):
        Journal(path).sum_up()


@pytest.mark.parametrize("format_", [1, 3, "2", None])
def test_a_journal_of_another_format_is_refused(format_: object, tmp_path: Path) -> None:
    """Its lines may mean something else."""
    path = tmp_path / "journal.jsonl"
    path.write_text(json.dumps({"event": "run", "format": format_}) + "\n")
    with pytest.raises(InputError, match="line 1 has format"):
        Journal(path).sum_up()


def test_a_first_line_without_its_fields_is_damage(tmp_path: Path) -> None:
    """What the run began with would not be known."""
    path = tmp_path / "journal.jsonl"
    path.write_text('{"event":"run","format":2}\n')
    with pytest.raises(InputError, match="line 1"):
        Journal(path).sum_up()


def test_a_line_that_was_written_twice_counts_once(tmp_path: Path) -> None:
    """A copy of a folder, or a disk, may have done it."""
    path = tmp_path / "journal.jsonl"
    line = b'{"event":"cancel"}\n'
    path.write_bytes(b'{"event":"run","format":2}\n' + 2 * line)
    assert [event["event"] for _, event in Journal(path).read()] == ["run", "cancel"]


def test_a_short_write_is_rolled_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a line in the middle would be damage."""
    journal = Journal(tmp_path / "journal.jsonl")
    journal.open()
    journal.write({"event": "run"})
    whole, write = journal.path.read_bytes(), os.write
    monkeypatch.setattr(os, "write", lambda file, data: write(file, data[:5]))
    with pytest.raises(OSError, match="half a line"):
        journal.write({"event": "cancel"})
    monkeypatch.undo()
    journal.close()
    assert journal.path.read_bytes() == whole


def test_a_full_disk_never_sends_to_another_folder(work: Callable[..., Work]) -> None:
    """With a run in it, all that is open would be paid for again."""
    folder = work("a").folder
    error = folder.cannot_be_written(OSError(28, "No space left on device"))
    assert isinstance(error, StoppedError)
    assert "Free space" in str(error) and "another --out" not in str(error)
    folder.state = State()
    assert isinstance(folder.cannot_be_written(OSError(28, "No space left")), InputError)


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


def test_small_files_are_whole_or_not_there(tmp_path: Path) -> None:
    """A summary replaces the one before."""
    path = tmp_path / "summary.json"
    for number in (1, 2):
        write_whole(path, json.dumps(number).encode())
    assert path.read_text() == "2"
    assert not list(tmp_path.glob("*.part"))


def test_settings_of_tests_are_settings(work: Callable[..., Work]) -> None:
    """The journal says with which settings a run began."""
    there = work("a", canary=3)
    assert there.events("run")[0]["settings"]["canary"] == 3
    assert replace(there.settings, canary=0).canary == 0
