"""The command line, its exit codes, and what is printed."""

import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from planner.fake import FakeApi
from planner.programs.python import main as part
from planner.programs.python.errors import InputError, Interrupted, StoppedError
from planner.programs.python.main import Program, silence_what_is_full

ROOT = Path(__file__).resolve().parents[4]
QUICK = ["--poll-seconds", "0.01", "--adopt-grace-seconds", "0.05"]


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Program]:
    """A call of the program on a file of two rows."""

    def called(*words: str) -> Program:
        file = tmp_path / "in.jsonl"
        file.write_text("".join(json.dumps({"id": n, "prompt": "?"}) + "\n" for n in "ab"))
        out = [] if "--check" in words else ["--out", str(tmp_path / "out")]
        monkeypatch.setattr(sys, "argv", ["run_batches.py", str(file), *out, *QUICK, *words])
        return Program()

    return called


def raising(error: BaseException) -> Callable[..., Any]:
    async def run(**_how: object) -> int:
        raise error

    return run


def test_a_run(
    program: Callable[..., Program],
    fake_api: Callable[..., FakeApi],
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Its code is the run's, and its last line is on standard output."""
    fake_api()
    assert program().code() == 0
    assert capsys.readouterr().out.startswith("2 of 2 requests succeeded")


def test_check(program: Callable[..., Program], capsys: pytest.CaptureFixture[str]) -> None:
    """It prints what a run would do, without a key."""
    assert program("--check").code() == 0
    assert "2 rows" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (InputError("line 3 is wrong"), 2, "line 3 is wrong"),
        (
            StoppedError("The budget is spent."),
            3,
            "Stopped: The budget is spent. The state is kept",
        ),
        (ValueError("a prompt"), 3, "Stopped by an unforeseen ValueError"),
    ],
)
def test_what_ends_a_run(
    error: Exception,
    code: int,
    words: str,
    program: Callable[..., Program],
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Each has its code and its words; those of an unforeseen error may hold a prompt, and are not shown."""
    each = program()
    each.runner.run = raising(error)  # type: ignore[method-assign]
    assert each.code() == code
    said = capsys.readouterr()
    assert words in said.err and "a prompt" not in said.err
    assert said.out == ""
    assert ("to go on: " in said.err) == (code == 3)


def test_an_error_that_a_signal_made_is_none(program: Callable[..., Program]) -> None:
    """A library that is interrupted may say so in its own way: it goes up too."""
    each = program()
    each.ended_by = signal.SIGTERM
    each.runner.run = raising(RuntimeError("release unlocked lock"))  # type: ignore[method-assign]
    with pytest.raises(RuntimeError):
        each.code()


def test_who_is_told_to_end_tells_nobody_else(
    program: Callable[..., Program], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the code was by then: no command of --on-done, and the signal's own exit."""
    program("--on-done", "true")
    left: list[int] = []

    def code(each: Program) -> int:
        each.ended_by = signal.SIGTERM
        return 3

    monkeypatch.setattr(part.signal, "signal", lambda *_: None)
    monkeypatch.setattr(Program, "code", code)
    monkeypatch.setattr(Program, "on_done", lambda *_: left.append(0))
    monkeypatch.setattr(Program, "leave", lambda _, number, __: left.append(number))
    part.main()
    assert left == [signal.SIGTERM]


def test_a_signal_is_not_taken_for_an_error(program: Callable[..., Program]) -> None:
    """It goes up to where the program ends."""
    each = program()
    each.runner.run = raising(Interrupted())  # type: ignore[method-assign]
    with pytest.raises(Interrupted):
        each.code()


# Forks a program for every third of its lines, and of those in which the library starts a thread,
# and tells it to end there. The last ends by itself.
TOLD_AT_EACH_LINE = """
import asyncio, os, signal, sys, threading, time, weakref
from itertools import count
from planner.programs.python import main as part

FILES = (part.__file__, threading.__file__, weakref.__file__)
part.Program.code = lambda self: asyncio.run(asyncio.to_thread(int))

def program(nth):
    lines = set()

    def trace(frame, event, argument):
        if frame.f_code.co_filename not in FILES:
            return None
        line = frame.f_code.co_filename, frame.f_lineno
        if line not in lines and signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
            lines.add(line)
            if len(lines) == nth:
                os.kill(os.getpid(), signal.SIGTERM)
        return trace

    sys.settrace(trace)
    code = part.main()
    sys.settrace(None)
    os._exit(code)

def code_of(pid):
    for _ in range(2000):
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.005)
    os.kill(pid, signal.SIGKILL)

codes = []
for nth in count(int(os.environ["FIRST"]), 3):
    pid = os.fork()
    if not pid:
        try:
            program(nth)
        finally:
            os._exit(99)
    codes.append(code_of(pid))
    if codes[-1] == 0:
        break
print(codes)
"""


@pytest.mark.drawn(1)
@pytest.mark.parametrize("first", [1, 2, 3])
def test_told_to_end_at_any_moment(first: int, tmp_path: Path) -> None:
    """A signal is never lost nor taken for another end, and nothing waits for what it interrupted."""
    command = [sys.executable, "-c", TOLD_AT_EACH_LINE, "in.jsonl", "--out", str(tmp_path / "out")]
    told = {**os.environ, "FIRST": str(first)}
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True, env=told)
    codes = json.loads(done.stdout)
    assert len(codes) > 50 and set(codes[:-1]) == {128 + signal.SIGTERM}


def test_the_command_that_resumes(program: Callable[..., Program]) -> None:
    """As it was typed, for a shell, without --cancel."""
    command = program("--cancel", "--budget-usd", "5").command
    assert "--cancel" not in command and command.endswith("--budget-usd 5")


def test_what_is_said_of_an_interruption(
    program: Callable[..., Program], capsys: pytest.CaptureFixture[str]
) -> None:
    """What is open, and both ways to go on."""
    program().say_interrupted()
    said = capsys.readouterr().err
    assert "Interrupted. Nothing is open at the provider" in said
    assert "To resume: " in said and said.strip().endswith("--cancel")


class Full(io.StringIO):
    """A standard output without room."""

    def write(self, _text: str) -> int:
        raise OSError(28, "No space left on device")


@pytest.mark.parametrize("stream", [Full(), None], ids=["full", "closed"])
def test_standard_output_that_takes_nothing(
    stream: io.StringIO | None,
    program: Callable[..., Program],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Code 3; what was to be printed stands in the log."""
    each = program()
    monkeypatch.setattr(sys, "stdout", stream)
    assert each.say("2 of 2", 0) == 3
    assert "Standard output cannot be written. 2 of 2" in capsys.readouterr().err
    monkeypatch.setattr(sys, "stdout", None)
    silence_what_is_full()


@pytest.mark.parametrize("code", [0, 1, 3])
def test_on_done(code: int, program: Callable[..., Program], tmp_path: Path) -> None:
    """The command gets the folder and the code."""
    program("--on-done", f"printf '%s %s' > {tmp_path}/told").on_done(code)
    assert (tmp_path / "told").read_text() == f"{tmp_path}/out {code}"


def test_on_done_of_bad_usage(program: Callable[..., Program], tmp_path: Path) -> None:
    """Nothing was begun, and nothing is told."""
    program("--on-done", f"touch {tmp_path}/told").on_done(2)
    assert not (tmp_path / "told").exists()


def test_a_command_of_on_done_that_fails(
    program: Callable[..., Program], capsys: pytest.CaptureFixture[str]
) -> None:
    """It is told, and changes nothing."""
    program("--on-done", "sh -c 'exit 7'").on_done(0)
    assert "failed: exit code 7" in capsys.readouterr().err


def test_bad_usage(program: Callable[..., Program], capsys: pytest.CaptureFixture[str]) -> None:
    """Code 2, in one line below the usage."""
    with pytest.raises(SystemExit) as stop:
        program("--canary", "many")
    assert stop.value.code == 2
    assert "--canary: must be a whole number" in capsys.readouterr().err


def test_an_old_sdk(
    program: Callable[..., Program],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """It is bad usage, with the command that helps; nothing is begun."""

    def refuse() -> None:
        raise InputError("anthropic 2.4 does not work here")

    monkeypatch.setattr(part, "refuse_other_sdk", refuse)
    each = program()
    assert each.code() == 2
    assert "2.4" in capsys.readouterr().err
    assert not each.runner.folder.path.exists()
