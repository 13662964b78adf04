"""Do what the command line asks for, and say the exit code."""

from __future__ import annotations

import asyncio
import shlex
import signal
import sys
import traceback
from io import TextIOWrapper
from pathlib import Path

from planner.programs.python.errors import InputError, Interrupted, StoppedError
from planner.programs.python.options import parse
from planner.programs.python.run import BatchRunner

try:
    import anthropic
except ImportError:
    print("The package anthropic 2.x is missing: pip install anthropic", file=sys.stderr)
    sys.exit(2)


def interrupt(number: int, _frame: object) -> None:
    signal.signal(number, signal.SIG_DFL)  # a second one ends the program at once
    raise Interrupted(number)


def main() -> int:
    options, settings = parse(sys.argv[1:])
    if int(anthropic.__version__.partition(".")[0]) < 2:
        too_old = f"anthropic {anthropic.__version__} is too old: pip install --upgrade anthropic"
        print(too_old, file=sys.stderr)
        return 2
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            # a path may hold what the terminal cannot show
            stream.reconfigure(errors="backslashreplace")
    signal.signal(signal.SIGINT, interrupt)
    signal.signal(signal.SIGTERM, interrupt)
    runner = BatchRunner(options.input, options.out, settings)
    words = [text for text in sys.argv if text != "--cancel"]
    command = shlex.join([Path(sys.executable).name or "python", *words])
    try:
        if options.check:
            print(runner.check())
            return 0
        code = asyncio.run(runner.run(cancel=options.cancel))
    except InputError as problem:
        runner.log.line(str(problem))
        return 2
    except StoppedError as stopped:
        runner.log.line(f"Stopped: {stopped} The state is kept; to go on: {command}")
        return 3
    except Exception as error:
        # The words of an unforeseen error may hold a prompt; where it happened does not.
        traceback.print_tb(error.__traceback__)
        runner.log.line(
            f"Stopped by an unforeseen {type(error).__name__}. "
            f"The state is kept; to go on: {command}"
        )
        return 3
    except Interrupted as interrupted:
        runner.log.line(
            f"Interrupted. {len(runner.state.in_flight())} batches go on at the provider. "
            f"To resume: {command}  To cancel: {command} --cancel"
        )
        return interrupted.code
    print(runner.last_line())
    return code


if __name__ == "__main__":
    sys.exit(main())
