"""Do what the command line asks for, and say the exit code."""

from __future__ import annotations

import _thread
import asyncio
import contextlib
import os
import shlex
import signal
import subprocess
import sys
import time
import traceback
from io import TextIOWrapper
from pathlib import Path

from planner.programs.python.api import refuse_other_sdk
from planner.programs.python.errors import InputError, Interrupted, StoppedError
from planner.programs.python.options import parse
from planner.programs.python.report import at_provider
from planner.programs.python.run import BatchRunner

# What is under way when a signal comes may take so long to end; then the program ends without it.
LEAVE_SECONDS = 5.0
LAST_WORDS_SECONDS = 2.0


class Program:
    """One call of the program."""

    def __init__(self) -> None:
        self.options, settings = parse(sys.argv[1:])
        self.runner = BatchRunner(self.options.input, self.options.out or None, settings)
        words = [text for text in sys.argv if text != "--cancel"]
        self.command = shlex.join([Path(sys.executable).name or "python", *words])
        self.ended_by = 0  # the number of a signal

    def code(self) -> int:
        """Do it. The exit code, but for signals."""
        runner, log = self.runner, self.runner.log
        try:
            if self.options.check:
                return self.say(runner.check(), 0)
            refuse_other_sdk()
            code = asyncio.run(
                runner.run(
                    cancel=self.options.cancel,
                    retry_failed=self.options.retry_failed,
                    adopt=tuple(self.options.adopt),
                )
            )
            return self.say(runner.last_line(), code)
        except InputError as problem:
            log.line(str(problem))
            return 2
        except StoppedError as stopped:
            log.line(f"Stopped: {stopped} The state is kept; to go on: {self.command}")
            return 3
        except Exception as error:
            if self.ended_by:  # it interrupted a library, which says so in its own way
                raise
            # The words of an unforeseen error may hold a prompt; where it happened does not.
            traceback.print_tb(error.__traceback__)
            log.line(
                f"Stopped by an unforeseen {type(error).__name__}. "
                f"The state is kept; to go on: {self.command}"
            )
            return 3

    def say(self, text: str, code: int) -> int:
        """Print what the program is asked for; 3 where it cannot be printed."""
        try:
            if sys.stdout is None:  # it is closed
                raise OSError
            print(text, flush=True)
        except OSError:
            self.runner.log.line(f"Standard output cannot be written. {text}")
            return 3
        return code

    def on_done(self, code: int) -> None:
        """Run the command of --on-done. Its own exit code changes nothing."""
        if not self.options.on_done or self.options.check or code not in (0, 1, 3):
            return
        folder = str(self.options.out)
        shell = ["sh", "-c", f'{self.options.on_done} "$@"', "sh", folder, str(code)]
        if sys.platform == "win32":
            shell = [
                "cmd",
                "/c",
                f"{self.options.on_done} {subprocess.list2cmdline([folder])} {code}",
            ]
        failure = ""
        try:
            ended = subprocess.run(shell, check=False).returncode
            failure = f"exit code {ended}" if ended else ""
        except OSError as error:
            failure = str(error.strerror)
        if failure:
            self.runner.log.line(f"The command of --on-done failed: {failure}")

    def say_interrupted(self) -> None:
        """Say what is open, by the journal: what was written when the signal came counts."""
        with contextlib.suppress(InputError, OSError):
            self.runner.folder.look()
        state = self.runner.state
        self.runner.log.line(
            f"Interrupted. {at_provider(state)} "
            f"To resume: {self.command}  To cancel: {self.command} --cancel"
        )

    def interrupt(self, number: int, _frame: object) -> None:
        """The first signal lets what is under way end, for a while; the second does not."""
        self.ended_by = number
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, self.leave)
        _thread.start_new_thread(self.leave_late, (number,))
        raise Interrupted

    def leave_late(self, number: int) -> None:
        time.sleep(LEAVE_SECONDS)
        self.leave(number, None)

    def leave(self, number: int, _frame: object) -> None:
        # Aside: standard error may be a pipe that nobody reads, or be in use just now. And not by
        # `threading`, which takes locks to start a thread: the signal may have come while the
        # program held them.
        said = _thread.allocate_lock()
        said.acquire()
        _thread.start_new_thread(self.say_last_words, (said,))
        said.acquire(timeout=LAST_WORDS_SECONDS)
        os._exit(128 + number)

    def say_last_words(self, said: _thread.LockType) -> None:
        try:
            self.say_interrupted()
        finally:
            said.release()


def main() -> int:
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            # a path may hold what the terminal cannot show
            stream.reconfigure(errors="backslashreplace")
    program = Program()
    try:
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, program.interrupt)
        code = program.code()
        if not program.ended_by:
            program.on_done(code)
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, signal.SIG_DFL)
    except BaseException:
        if not program.ended_by:
            raise
    if program.ended_by:
        program.leave(program.ended_by, None)
    silence_what_is_full()
    return code


def silence_what_is_full() -> None:
    """What could not be written is not tried again at the end: that would change the exit code."""
    for number, stream in ((1, sys.stdout), (2, sys.stderr)):
        try:
            if stream is not None:
                stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), number)


if __name__ == "__main__":
    sys.exit(main())
