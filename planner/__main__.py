"""The command line: `batch-planner plan`, `programs`, `measure`, `review`, `facts` and so on.

Exit code 0; 1 when a caveat blocks the run, or when a deadline or a budget is missed that was asked
about; 2 for bad input, with every problem on standard error, and where an answer cannot be written;
130 after Ctrl-C. A reader that closes the pipe early, as `head` does, changes nothing: the code is
still the plan's.
"""

import argparse
import io
import json
import sys
from collections.abc import Iterable, Sequence
from contextlib import redirect_stderr, redirect_stdout
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, NamedTuple

from planner import __version__, files
from planner.advice.caveat import Caveat
from planner.advice.caveats import caveats
from planner.advice.ways import ways
from planner.errors import Problem, ScenarioError
from planner.fake import command
from planner.plan import make_plan
from planner.programs import EDITIONS, generate
from planner.scenario import Scenario, links, texts
from planner.scenario.schema import schema
from planner.scenario.zones import Zone
from planner.show import catalogue
from planner.show.export import export_text
from planner.show.report import report
from planner.show.rows import programs
from planner.streams import reason, shown, write

_STEPS = ("install", "place", "run")  # what is told of a program that was written
_MAX_FILE_BYTES = 16_000_000  # ten thousand rows of history take one million


class _Answer(NamedTuple):
    """What a command says on standard output and on standard error, and the exit code."""

    lines: Iterable[str]
    code: int = 0
    complaints: Sequence[str] = ()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    try:
        answer = _answer(arguments)
        if isinstance(sys.stdout, io.TextIOWrapper):
            # not every terminal's own encoding has → and ÷
            sys.stdout.reconfigure(encoding="utf-8")
        why = write(sys.stdout, answer.lines)
        lost = [f"error: Standard output cannot be written: {why}."] if why else []
        write(sys.stderr, map(shown, (*answer.complaints, *lost)))
    except KeyboardInterrupt:
        return 130
    return 2 if lost else answer.code


def _answer(arguments: Sequence[str] | None) -> _Answer:
    # argparse prints the help, the version and mistakes itself: a full disk would go unnoticed, and
    # a file name that it repeats would reach the terminal as it is
    out, complaints = io.StringIO(), io.StringIO()
    try:
        with redirect_stdout(out), redirect_stderr(complaints):
            options = _parser().parse_args(arguments)
        answer: _Answer = options.run(options)
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 2
        return _Answer(out.getvalue().splitlines(), code, complaints.getvalue().splitlines())
    except ScenarioError as error:
        return _Answer((), 2, [f"error: {problem}" for problem in error.problems])
    return answer


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="batch-planner",
        description="Plan a workload for the Message Batches API.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    plan = commands.add_parser(
        "plan", help="batches, cost and time of a scenario", allow_abbrev=False
    )
    _add_scenario(plan)
    plan.add_argument("--json", action="store_true", help="print the whole plan as JSON")
    plan.add_argument(
        "--fail-over-deadline",
        action="store_true",
        help="exit 1 when the deadline is less likely than asked for",
    )
    plan.add_argument(
        "--fail-over-budget", action="store_true", help="exit 1 when the cost is over the budget"
    )
    plan.set_defaults(run=_plan)

    programs = commands.add_parser(
        "programs",
        help="the programs that run the plan, and a sample of their input",
        allow_abbrev=False,
    )
    _add_scenario(programs)
    programs.add_argument(
        "--out", required=True, metavar="DIR", help="the folder to write them into"
    )
    programs.add_argument(
        "--for",
        dest="editions",
        action="append",
        choices=list(EDITIONS),
        default=[],
        help="which of them, may be repeated; Python's and JavaScript's without it",
    )
    programs.set_defaults(run=_programs)

    files.add_measure(commands, _add_plan).set_defaults(run=_measure)
    files.add_review(commands, _add_plan).set_defaults(run=_review)

    command.add_fake_api(commands).set_defaults(run=lambda it: _Answer(*command.fake_api(it)))

    words = "models, prices and limits, with sources"
    facts = commands.add_parser("facts", help=words, allow_abbrev=False)
    facts.add_argument("--json", action="store_true", help="print them as JSON")
    facts.set_defaults(run=_facts)

    words = "the JSON Schema of a scenario file"
    form = commands.add_parser("schema", help=words, allow_abbrev=False)
    form.set_defaults(run=_schema)
    return parser


def _add_plan(parser: argparse.ArgumentParser, help: str) -> None:
    parser.add_argument(
        "--plan", dest="scenario", metavar="SCENARIO", help=f"a JSON file or a link: {help}"
    )
    _add_set(parser)


def _add_scenario(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "scenario",
        nargs="?",
        metavar="SCENARIO",
        help="a JSON file, - for standard input, or a link of the page; the defaults without one",
    )
    _add_set(parser)


def _add_set(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="FIELD=VALUE",
        help="set a field, such as workload.requests=10k or goal.deadline_h='2 days'",
    )


# The commands


def _plan(options: argparse.Namespace) -> _Answer:
    plan = make_plan(_scenario(options))
    judged = caveats(plan)
    text = (export_text if options.json else report)(plan, judged, ways(plan))
    stopping = {"deadline-unlikely"} if options.fail_over_deadline else set()
    stopping |= {"budget-exceeded"} if options.fail_over_budget else set()
    return _Answer([text], _code(judged, stopping))


def _programs(options: argparse.Namespace) -> _Answer:
    plan = make_plan(_scenario(options))
    if not options.out:  # as an unset variable leaves it: not the current folder
        raise ScenarioError(Problem("", "--out takes the name of a folder."))
    folder, lines = Path(options.out), []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for program in programs(generate(plan, editions=options.editions)):
            file = folder / program["name"]
            if program["key"] == "jsonl" and file.exists():
                lines.append(f"{shown(str(file))} is there already: kept")
                continue
            file.write_bytes(program["text"].encode())  # bytes: a line ends with \n on every system
            lines.append(shown(str(file)))
            lines.extend(f"    {program[key]}" for key in _STEPS if program[key])
    except (OSError, ValueError) as why:
        raise ScenarioError(
            Problem("", f"{options.out} cannot be written: {reason(why)}.")
        ) from None
    judged = caveats(plan)
    stops = [f"Blocks the run: {each.message}" for each in judged if each.severity == "blocks"]
    return _Answer(lines, _code(judged), stops)


def _measure(options: argparse.Namespace) -> _Answer:
    return _Answer(*files.measure(options, _scenario(options)))


def _review(options: argparse.Namespace) -> _Answer:
    options.moment = options.moment or datetime.now().astimezone().isoformat()
    return _Answer(*files.review(options, _scenario(options)))


def _facts(options: argparse.Namespace) -> _Answer:
    return _Answer([catalogue.catalogue_json() if options.json else catalogue.catalogue()])


def _schema(_: argparse.Namespace) -> _Answer:
    return _Answer([json.dumps(schema(), ensure_ascii=False, indent=1)])


def _code(judged: Sequence[Caveat], stopping: Iterable[str] = ()) -> int:
    """1 when a caveat blocks the run or is one of those that were asked about."""
    stops = any(caveat.severity == "blocks" or caveat.code in stopping for caveat in judged)
    return 1 if stops else 0


# The scenario


def _scenario(options: argparse.Namespace) -> Scenario:
    settings, source = dict(map(_setting, options.set)), options.scenario
    clock = datetime.now().replace(tzinfo=Zone(lambda wall: wall.astimezone().utcoffset()))
    if source is None:
        return texts.read_texts(settings, clock=clock)
    if links.is_link(source):
        # what a link says and what is set are texts alike: all their problems come together
        return texts.read_texts(
            {**texts.query_texts(links.query_of(source)), **settings}, clock=clock
        )
    return texts.read_texts(settings, texts.read_json(_read(source)), clock=clock)


def _setting(setting: str) -> tuple[str, str]:
    name, equals, text = setting.partition("=")
    if not equals:
        raise ScenarioError(Problem("", f"--set takes FIELD=VALUE, not “{setting[:60]}”."))
    return name, text


def _read(source: str) -> str:
    """The text of a file, or of standard input for `-`. Raises ScenarioError."""
    name = "Standard input" if source == "-" else source
    try:
        with _opened(source) as file:
            content = file.read(_MAX_FILE_BYTES + 1)
    except (OSError, ValueError) as why:  # ValueError: a name that no file can have
        raise ScenarioError(Problem("", f"{name} cannot be read: {reason(why)}.")) from None
    if len(content) > _MAX_FILE_BYTES:
        raise ScenarioError(
            Problem("", f"{name} has more than {_MAX_FILE_BYTES:,} bytes: it is no scenario.")
        )
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ScenarioError(Problem("", f"{name} is not UTF-8 text.")) from None


def _opened(source: str) -> BinaryIO:
    if source != "-":
        return Path(source).open("rb")
    if sys.stdin is None:  # closed by the shell, as with `<&-`
        raise ValueError("it is closed")
    return sys.stdin.buffer


if __name__ == "__main__":
    sys.exit(main())
