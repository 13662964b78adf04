"""The folder of a run: one writer, one input, and disks that fail."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.programs.harness import Bench
from tests.programs.written import other

IDS = ["a", "b", "c", "d"]
TWO = ["--requests-per-batch", "2"]


def test_a_second_program_refuses_to_start(language: str, bench: Callable[..., Bench]) -> None:
    """While one program has the folder, no other in either language gets it; afterwards it does."""
    there = bench({"polls": 10**6})
    there.write(*IDS)
    first = there.start(language, *TWO)
    there.wait_for("created")
    for second in (language, other(language)):
        done = there.run(second, *TWO)
        assert done.code == 2
        assert f"process {first.pid}" in done.stderr
    there.let_all_end()
    assert first.wait().code == 0
    assert there.run(other(language)).code == 0
    there.is_complete(IDS)
    assert there.api.calls["create"] == 2


def test_two_programs_started_at_once(language: str, bench: Callable[..., Bench]) -> None:
    """Of several started in the same moment at most one runs; the others say why they do not."""
    there = bench({"polls": 10**6})
    there.write(*IDS)
    running = [
        there.start(each, *TWO) for each in (language, other(language), language, other(language))
    ]
    there.until(lambda: sum(program.has_ended() for program in running) >= 3)
    there.let_all_end()
    codes = sorted(program.wait().code for program in running)
    assert codes in ([0, 2, 2, 2], [2, 2, 2, 2]), codes
    assert there.run(language, *TWO).code == 0
    there.is_complete(IDS)
    assert there.api.calls["create"] == 2


def test_a_dead_holder_is_recognised(language: str, bench: Callable[..., Bench]) -> None:
    """A process that is gone, or whose number another process has since, holds nothing."""
    there = bench()
    there.write(*IDS)
    there.out.mkdir()
    host = subprocess.run(
        [sys.executable, "-c", "import socket; print(socket.gethostname())"],
        capture_output=True,
        text=True,
    )
    gone = subprocess.Popen(["true"])
    gone.wait()
    holders = [(gone.pid, "x"), (os.getpid(), "another-boot 123")]
    lines = [
        json.dumps(
            {
                "taken": {
                    "host": host.stdout.strip(),
                    "pid": pid,
                    "started": started,
                    "token": str(pid),
                }
            }
        )
        for pid, started in holders
    ]
    (there.out / "lock").write_text("\n".join([*lines, '{"taken": {"ho']))
    assert there.run(language).code == 0
    there.is_complete(IDS)


@pytest.mark.parametrize("change", ["grown", "shrunk", "edited"])
def test_a_changed_input_is_refused(
    change: str, language: str, bench: Callable[..., Bench]
) -> None:
    """The message says what it was and what it is; with the old file the run goes on."""
    there = bench(
        {
            "faults": [
                {"on": "create", "nth": 2, "do": "error", "status": 402, "type": "billing_error"}
            ]
        }
    )
    there.write(*IDS)
    before = there.input.read_bytes()
    assert there.run(language, *TWO).code == 3
    changed = {
        "grown": before + before.replace(b'"a"', b'"e"'),
        "shrunk": before[:-10],
        "edited": before.replace(b'"d"', b'"x"'),
    }
    there.input.write_bytes(changed[change])
    calls = sum(there.api.calls.values())
    done = there.run(other(language), *TWO)
    assert done.code == 2
    assert (
        f"{len(before):,} bytes" in done.stderr
        and f"{len(changed[change]):,} bytes" in done.stderr
        and "SHA-256" in done.stderr
    )
    assert sum(there.api.calls.values()) == calls
    there.input.write_bytes(before)
    assert there.run(language, *TWO).code == 0
    there.is_complete(IDS)


def test_an_input_that_changes_during_the_run(language: str, bench: Callable[..., Bench]) -> None:
    """It is noticed before the next batch is made of it."""
    there = bench({"polls": 20})
    there.write(*IDS)
    before = there.input.read_bytes()
    running = there.start(language, *TWO)
    there.wait_for("created")
    there.input.write_bytes(before.replace(b"PROMPT", b"prompt"))
    done = running.wait()
    assert done.code == 3
    assert "was changed while the run went on" in done.stderr
    assert there.api.calls["create"] == 1
    there.input.write_bytes(before)
    assert there.run(language, *TWO).code == 0
    there.is_complete(IDS)


def test_other_settings_of_requests_are_refused(
    language: str, bench: Callable[..., Bench], tmp_path: Path
) -> None:
    """A program of another plan does not go on with rows in another form."""
    there = bench(
        {
            "faults": [
                {"on": "create", "nth": 2, "do": "error", "status": 402, "type": "billing_error"}
            ]
        }
    )
    there.write(*IDS)
    assert there.run(language, *TWO).code == 3
    from tests.programs.written import TEMPLATES

    template = TEMPLATES[language]
    # Beside the template, so that it finds the SDK from there as the template does.
    program = template.with_name(f"{tmp_path.name}-{template.name}")
    program.write_text(
        template.read_text("utf-8").replace("MAX_TOKENS = 2900", "MAX_TOKENS = 2901"), "utf-8"
    )
    try:
        done = there.run(language, *TWO, program=program)
    finally:
        program.unlink()
    assert done.code == 2
    assert "max_tokens" in done.stderr and "other settings" in done.stderr
    assert there.run(language, *TWO).code == 0
    there.is_complete(IDS)


@pytest.mark.parametrize(
    "name", ["results/msgbatch_000001.jsonl.part", "succeeded.jsonl", "failed.jsonl"]
)
def test_a_full_disk(name: str, language: str, bench: Callable[..., Bench]) -> None:
    """No room for one file: the run stops and says so; with room the same command goes on, and pays for nothing again."""
    there = bench({"outcomes": [{"id": "b", "type": "errored", "error": "invalid_request_error"}]})
    there.write(*IDS)
    held = there.start(language, *TWO, kill=(1, "after"))
    assert held.wait().code == -9
    full = there.out / name
    full.unlink(missing_ok=True)
    full.symlink_to("/dev/full")
    done = there.run(language, *TWO)
    assert done.code == 3, done.said
    assert "No space left on device" in done.stderr or "no space left on device" in done.stderr
    full.unlink()
    assert there.run(language, *TWO).code == 1
    there.is_complete(IDS)


def test_a_full_disk_for_temporary_files(language: str, bench: Callable[..., Bench]) -> None:
    """No room to compare the ids of INPUT: with a run in the folder that is no fault of INPUT."""
    there = bench()
    ids = [f"{number:064d}" for number in range(64)]
    there.write(*ids)
    assert there.run(other(language), kill=("created", "after")).code == -9
    done = there.shell('trap "" XFSZ; ulimit -f 2; "$@"', language)
    assert done.code == 3, done.said
    assert "Free space" in done.stderr
    assert there.run(language).code == 0
    there.is_complete(ids)


@pytest.mark.parametrize("out", ["/proc/no-such-folder", "FILE/out", "FILE"])
def test_a_folder_that_cannot_be_written(
    out: str, language: str, bench: Callable[..., Bench]
) -> None:
    """It is told before anything is submitted."""
    there = bench()
    there.write(*IDS)
    file = there.folder / "FILE"
    file.write_text("a file")
    done = there.run(language, "--out", out.replace("FILE", str(file)))
    assert done.code == 2, done.said
    assert "cannot be written" in done.stderr
    assert not there.api.calls


def test_a_folder_with_answers_and_no_journal(language: str, bench: Callable[..., Bench]) -> None:
    """Somebody's file is not written to."""
    there = bench()
    there.write(*IDS)
    there.out.mkdir()
    (there.out / "succeeded.jsonl").write_text("mine\n")
    done = there.run(language)
    assert done.code == 2
    assert "succeeded.jsonl" in done.stderr
    assert (there.out / "succeeded.jsonl").read_text() == "mine\n"
    assert not there.api.calls


def test_a_damaged_journal(language: str, bench: Callable[..., Bench]) -> None:
    """A line in the middle that cannot be read: what was sent is not known, so nothing is sent."""
    there = bench()
    there.write(*IDS)
    assert there.run(language, *TWO, kill=(8, "after")).code == -9
    journal = there.out / "journal.jsonl"
    lines = journal.read_bytes().split(b"\n")
    journal.write_bytes(b"\n".join([*lines[:3], b"garbage", *lines[4:]]))
    calls = sum(there.api.calls.values())
    done = there.run(language, *TWO)
    assert done.code == 2
    assert "line 4" in done.stderr
    assert sum(there.api.calls.values()) == calls


def test_a_journal_that_cannot_be_read(language: str, bench: Callable[..., Bench]) -> None:
    """There may be a run behind it, so another folder is never the remedy: all would be paid for again."""
    there = bench()
    there.write(*IDS)
    assert there.run(language, *TWO, kill=(8, "after")).code == -9
    journal, aside = there.out / "journal.jsonl", there.folder / "aside"
    journal.rename(aside)
    journal.mkdir()  # root may read every file, but no folder as one
    calls = sum(there.api.calls.values())
    done = there.run(language, *TWO)
    assert done.code == 3, done.said
    assert "journal.jsonl: cannot be read (" in done.stderr
    assert "another --out" not in done.stderr and "Traceback" not in done.stderr
    assert sum(there.api.calls.values()) == calls
    journal.rmdir()
    aside.rename(journal)
    assert there.run(language, *TWO).code == 0
    there.is_complete(IDS)


def test_answers_that_somebody_shortened(language: str, bench: Callable[..., Bench]) -> None:
    """succeeded.jsonl has less than the journal says: the run does not go on over a hole."""
    there = bench(
        {
            "faults": [
                {"on": "create", "nth": 2, "do": "error", "status": 402, "type": "billing_error"}
            ]
        }
    )
    there.write(*IDS)
    assert there.run(language, *TWO).code == 3
    answers = there.out / "succeeded.jsonl"
    saved = answers.read_bytes()
    answers.write_bytes(saved[:-1])
    done = there.run(language, *TWO)
    assert done.code == 2
    assert "something else changed it" in done.stderr
    answers.write_bytes(saved)
    assert there.run(language, *TWO).code == 0
    there.is_complete(IDS)


def test_the_folder_may_move(language: str, bench: Callable[..., Bench]) -> None:
    """No path is in the journal: input and folder may be moved between two starts."""
    there = bench(
        {
            "faults": [
                {"on": "create", "nth": 2, "do": "error", "status": 402, "type": "billing_error"}
            ]
        }
    )
    there.write(*IDS)
    assert there.run(language, *TWO).code == 3
    moved = there.folder / "moved"
    moved.mkdir()
    shutil.move(there.out, moved / "out")
    shutil.move(there.input, moved / "requests.jsonl")
    there.folder = moved
    assert there.run(other(language), *TWO).code == 0
    there.is_complete(IDS)
