"""The command `fake-api`: a Message Batches API for any runner, and what its books say at the end."""

from __future__ import annotations

import gzip
import json
import re
import signal
import sys
import zlib
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from planner.errors import Problem, ScenarioError
from planner.fake import scenario as scenarios
from planner.fake.runner import Runner
from planner.fake.server import FakeApi
from planner.streams import reason

_SHORT = re.compile(r"([a-z-]+):([a-z-]+)(?::([0-9]+))?(?::(-1|[0-9]+))?")
_EPILOG = """\
Any runner that reads ANTHROPIC_BASE_URL can be pointed at it. At the end, which is that of COMMAND
or Ctrl-C, its books are one line, and the exit code is theirs: 0 when nothing was lost, paid twice
or sent without need, 1 otherwise.

  batch-planner fake-api --fault create:lose-answer:2 --input requests.jsonl
  batch-planner fake-api --fault create:kill-after -- python runner.py requests.jsonl
"""


def add_fake_api(commands: Any) -> ArgumentParser:
    """The parser of `fake-api`."""
    parser: ArgumentParser = commands.add_parser(
        "fake-api",
        help="a Message Batches API on this machine that fails on cue and keeps the books",
        formatter_class=RawDescriptionHelpFormatter,
        description="A Message Batches API on 127.0.0.1 that fails on cue and keeps the books.",
        epilog=_EPILOG,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("--port", type=int, default=0, metavar="N", help="its port; any free one by default")
    add("--scenario", metavar="FILE", help="a JSON file: settings, faults and outcomes")
    add(
        "--fault",
        action="append",
        default=[],
        metavar="FAULT",
        help="OPERATION:WHAT[:NTH[:TIMES]], such as create:lose-answer:2, or a JSON object; "
        "may be repeated",
    )
    add("--describe", action="store_true", help="say what a scenario and a fault may be, and end")
    add("--input", metavar="FILE", help="the runner's requests: each of them is to have an answer")
    add(
        "--answers",
        action="append",
        default=[],
        metavar="FILE",
        help="JSON Lines with a custom_id each that the runner leaves behind; what is not there "
        "at the end is lost; without it, what was never fetched; may be repeated",
    )
    add(
        "command",
        nargs="*",
        metavar="COMMAND",
        help="after --: run it with the address and the key in its environment, and end with it",
    )
    return parser


def fake_api(options: Namespace) -> tuple[list[str], int, list[str]]:
    """Run `fake-api` to its end: the verdict, the exit code, complaints. Raises ScenarioError."""
    if options.describe:
        return (scenarios.__doc__ or "").splitlines(), 0, []
    scenario = _scenario(options)
    expected = _ids(options.input) if options.input else set()
    if not options.command and any("kill" in fault["do"] for fault in scenario.get("faults", [])):
        raise _error("A fault that kills needs the command to kill: -- COMMAND")
    try:
        api = FakeApi(scenario, port=options.port)
    except (OSError, OverflowError) as why:
        raise _error(f"Port {options.port} cannot be had: {reason(why)}.") from None
    with api:
        complaints = _run(api, options.command) if options.command else _serve(api)
        # a runner that failed may have left none
        answers = [path for path in options.answers if Path(path).exists()]
        answered = {name for path in answers for name in _ids(path)}
        lines, code = verdict(api, expected, answered if options.answers else None)
    return lines, code, complaints


def verdict(api: FakeApi, expected: set[str], answered: set[str] | None) -> tuple[list[str], int]:
    """One line, a few ids for each count that is not 0, and the exit code.

    `expected` are ids that are to have an answer; `answered` those that have one in the runner's
    files, None for those whose results were fetched.
    """
    with api.lock:
        api.end_all()
        books = api.books
        there = books.handed_over if answered is None else answered
        found = {
            "lost": sorted((expected | set(books.billed)) - there),
            "paid twice": books.paid_twice(),
            "sent without need": sorted(set(books.needless)),
        }
        counts = ", ".join(f"{what} {len(ids):,}" for what, ids in found.items())
        line = (
            f"{counts} (batches {len(api.own()):,}, requests accepted {books.accepted.total():,}, "
            f"answers paid for {books.billed.total():,})"
        )
    lines = [line]
    for what, ids in found.items():
        if ids:
            more = f" and {len(ids) - 5:,} more" if len(ids) > 5 else ""
            lines.append(f"    {what}: {', '.join(ids[:5])}{more}")
    return lines, 1 if any(found.values()) else 0


def _serve(api: FakeApi) -> list[str]:
    """Answer until Ctrl-C or SIGTERM."""
    ended = SimpleQueue[int]()  # no Event: a handler that runs inside of its `wait` waits for ever
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _: ended.put(number))
    sys.stdout.write(f"{api.url}\n")
    sys.stdout.flush()
    sys.stderr.write(f"The key is {api.key}. Ctrl-C ends it and gives the verdict.\n")
    ended.get()
    return []


def _run(api: FakeApi, command: list[str]) -> list[str]:
    """Run the command to its end. Complaints about it. Raises ScenarioError."""
    runner = Runner(command, {"ANTHROPIC_BASE_URL": api.url, "ANTHROPIC_API_KEY": api.key})
    api.kill = runner.kill
    try:
        code = runner.run()
    except OSError as why:
        raise _error(f"{command[0]} cannot be started: {reason(why)}.") from None
    except KeyboardInterrupt:
        return ["The command was interrupted."]
    times = "once" if runner.starts == 1 else f"{runner.starts} times"
    return [f"The command was started {times}, and ended with code {code}."]


def _scenario(options: Namespace) -> dict[str, Any]:
    """The scenario of the file, with the faults of the command line. Raises ScenarioError."""
    values: Any = {}
    if options.scenario:
        try:
            values = json.loads(Path(options.scenario).read_text("utf-8-sig"))
        except OSError as why:
            raise _error(f"{options.scenario} cannot be read: {reason(why)}.") from None
        except ValueError as why:
            raise _error(f"{options.scenario} is no JSON: {why}.") from None
    try:
        if not isinstance(values, dict):
            raise ValueError("it is a JSON object")
        faults = [*values.get("faults", []), *map(_fault, options.fault)]
        scenario: dict[str, Any] = {**values, "faults": faults}
        scenarios.Scenario.of(scenario)
    except (ValueError, TypeError, AttributeError, re.error) as why:
        raise _error(f"This is no scenario: {why}. --describe says what is.") from None
    return scenario


def _fault(text: str) -> dict[str, Any]:
    """A fault as the command line names it. Raises ValueError."""
    if text.startswith("{"):
        fault: dict[str, Any] = json.loads(text)
        return fault
    match = _SHORT.fullmatch(text)
    if not match:
        raise ValueError(f"a fault is OPERATION:WHAT[:NTH[:TIMES]] or JSON, not {text[:60]}")
    nth, times = int(match[3] or 1), int(match[4] or 1)
    return {"on": match[1], "do": match[2], "nth": nth, "times": times}


def _ids(path: str) -> set[str]:
    """The ids in a file of requests, rows or answers, plain or gzip. Raises ScenarioError."""
    try:
        content = Path(path).read_bytes()
        content = gzip.decompress(content) if content.startswith(b"\x1f\x8b") else content
        rows = [
            json.loads(line) for line in content.decode("utf-8-sig").split("\n") if line.strip()
        ]
        return {row["custom_id"] if "custom_id" in row else row["id"] for row in rows}
    except OSError as why:
        raise _error(f"{path} cannot be read: {reason(why)}.") from None
    except (ValueError, KeyError, TypeError, EOFError, zlib.error):
        raise _error(f"{path} is no JSON Lines with a custom_id or id in each line.") from None


def _error(message: str) -> ScenarioError:
    return ScenarioError(Problem("", message))
