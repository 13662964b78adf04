"""The command line: `python -m planner plan`, `programs`, `facts`, `schema`.

Exit code 0; 1 when a caveat blocks the run, or a deadline or budget that was asked about is missed; 2 for bad
input, with every problem on standard error.
"""

import argparse
import dataclasses
import io
import json
import os
import sys
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from planner import __version__, advice, facts
from planner.errors import Problem, ScenarioError
from planner.plan import Plan, make_plan
from planner.scenario import Scenario, texts
from planner.scenario.schema import schema
from planner.show import view
from planner.show.export import export_text
from planner.words import count, price


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    asked = _parser().parse_args(arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")  # not every terminal's own encoding has → and ÷
    try:
        return int(asked.run(asked))
    except ScenarioError as error:
        for problem in error.problems:
            print(f"error: {problem}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="batch-planner", description="Plan a workload for the Message Batches API."
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    plan = commands.add_parser("plan", help="batches, cost and time of a scenario")
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
    programs_of = commands.add_parser(
        "programs", help="the two programs that run the plan, and a sample of their input"
    )
    _add_scenario(programs_of)
    programs_of.add_argument(
        "--out", required=True, metavar="DIR", help="the folder to write them into"
    )
    programs_of.set_defaults(run=_programs)
    data = commands.add_parser("facts", help="models, prices and limits, with sources")
    data.add_argument("--json", action="store_true", help="print them as JSON")
    data.set_defaults(run=_facts)
    form = commands.add_parser("schema", help="the JSON Schema of a scenario file")
    form.set_defaults(run=_schema)
    return parser


def _add_scenario(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "scenario",
        nargs="?",
        metavar="SCENARIO.json",
        help="a scenario file; the defaults without one",
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="FIELD=VALUE",
        help="set a field, such as workload.requests=10k",
    )


def _scenario(asked: argparse.Namespace) -> Scenario:
    given = {}
    for setting in asked.set:
        name, equals, text = setting.partition("=")
        if not equals:
            raise ScenarioError(Problem("", f"--set takes FIELD=VALUE, not “{setting[:60]}”."))
        given[name] = text
    return texts.read_texts(given, {} if asked.scenario is None else _read(asked.scenario))


def _read(path: str) -> Any:
    try:
        document = Path(path).read_text("utf-8-sig")
    except OSError as why:
        raise ScenarioError(Problem("", f"{path} cannot be read: {why.strerror}.")) from None
    except UnicodeDecodeError:
        raise ScenarioError(Problem("", f"{path} is not UTF-8 text.")) from None
    except ValueError:  # a path that no file can have
        raise ScenarioError(Problem("", f"{path!r} cannot be read.")) from None
    return texts.read_json(document)


def _plan(asked: argparse.Namespace) -> int:
    plan = make_plan(_scenario(asked))
    caveats = advice.caveats(plan)
    print(export_text(plan) if asked.json else _report(plan, caveats))
    stopping = {caveat.code for caveat in caveats if caveat.severity == "blocks"}
    if asked.fail_over_deadline:
        stopping |= {caveat.code for caveat in caveats if caveat.code == "deadline-unlikely"}
    if asked.fail_over_budget:
        stopping |= {caveat.code for caveat in caveats if caveat.code == "budget-exceeded"}
    return 1 if stopping else 0


def _programs(asked: argparse.Namespace) -> int:
    plan = make_plan(_scenario(asked))
    folder = Path(asked.out)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for program in view.show_programs(plan):
            file = folder / program["name"]
            if program["language"] == "jsonl" and file.exists():
                print(f"{file} is there already: kept")
                continue
            file.write_bytes(program["text"].encode())  # bytes: a line ends with \n on every system
            print(file)
            for command in filter(None, (program["install"], program["run"])):
                print(f"    {command}")
    except OSError as why:
        raise ScenarioError(
            Problem("", f"{asked.out} cannot be written: {why.strerror}.")
        ) from None
    return 1 if any(caveat.severity == "blocks" for caveat in advice.caveats(plan)) else 0


def _report(plan: Plan, caveats: Sequence[advice.Caveat]) -> str:
    shown = view.show(plan)
    slots, lists = shown["slots"], shown["lists"]
    lines = [
        slots["answer.sentence"],
        " ".join(filter(None, (slots["answer.half"], slots["answer.tail"]))),
        "",
    ]
    for caveat, row in zip(caveats, lists["caveats"], strict=True):
        lines.append(f"{row['label']}: {caveat.message}")
        if caveat.fix:
            lines.append(
                f"    {row['fix_label']}: {' '.join(f'--set {name}={value}' for name, value in caveat.fix.items())}"
            )
    facts_of_plan = [
        ("Batches", f"{slots['batches.count']} ({slots['batches.size']})"),
        ("P50 / P85 / P95", f"{slots['time.p50']} / {slots['time.p85']} / {slots['time.p95']}"),
        ("Batch cost", slots["cost.batch"]),
        (
            "Real-time cost",
            slots["cost.realtime"]
            + (f", at best in {slots['realtime.time']}" if plan.realtime else ""),
        ),
        ("Saved", slots["cost.saved"]),
        ("Failed at first", slots["requests.failed"]),
        ("Given up", slots["requests.given_up"]),
        ("max_tokens", f"{slots['answers.max_tokens']} (cuts off {slots['answers.cut']})"),
    ]
    lines.append("")
    lines.extend(f"{name:<17}{text}" for name, text in facts_of_plan)
    lines.append("")
    lines.extend(
        _table(
            ("Cost", "Tokens", "per million", "Amount"),
            ("kind", "tokens", "price", "amount"),
            lists["cost.lines"],
        )
    )
    lines.append("")
    lines.extend(
        _table(
            (
                f"Queue at P85: {slots['queue.range']}",
                "Requests",
                "Bytes",
                "Sent",
                "Done",
                "At P95",
            ),
            ("name", "requests", "bytes", "start", "end", "latest"),
            lists["batches"],
        )
    )
    return "\n".join(lines)


def _table(heads: Sequence[str], keys: Sequence[str], rows: Sequence[dict[str, str]]) -> list[str]:
    """Lines of a table: the first column to the left, the others to the right."""
    cells = [list(heads), *([row[key] for key in keys] for row in rows)]
    widths = [max(len(row[place]) for row in cells) for place in range(len(keys))]
    return [
        "  ".join(
            text.ljust(width) if place == 0 else text.rjust(width)
            for place, (text, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in cells
    ]


def _facts(asked: argparse.Namespace) -> int:
    if asked.json:
        everything = {
            "checked_on": facts.checked_on(),
            "models": [dataclasses.asdict(model) for model in facts.models()],
            "limits": [dataclasses.asdict(fact) for fact in facts.limits()],
            "tiers": [dataclasses.asdict(tier) for tier in facts.tiers()],
            "durations": [dataclasses.asdict(row) for row in facts.observations()],
        }
        print(json.dumps(everything, ensure_ascii=False, indent=1, default=_decimal))
        return 0
    print(f"Checked on {facts.checked_on()}. Prices in US$ for a million tokens in a batch.\n")
    rows = [
        {
            "name": model.name,
            "id": model.id,
            "status": model.status,
            "in": price(model.batch.input),
            "out": price(model.batch.output),
        }
        for model in facts.models()
    ]
    print(
        "\n".join(
            _table(
                ("Model", "Id", "Status", "Input", "Output"),
                ("name", "id", "status", "in", "out"),
                rows,
            )
        )
    )
    print()
    tiers = [
        {
            "name": tier.name,
            "queue": _known(tier.queue_requests),
            "rpm": _known(tier.batch_rpm),
            "cap": _known(tier.monthly_spend_usd, "$"),
        }
        for tier in facts.tiers()
    ]
    print(
        "\n".join(
            _table(
                ("Tier", "Queue limit", "Calls a minute", "Monthly spend"),
                ("name", "queue", "rpm", "cap"),
                tiers,
            )
        )
    )
    print()
    for fact in facts.limits():
        print(f"{fact.key}: {fact.statement} [{fact.source}, {fact.date}]")
    return 0


def _schema(_asked: argparse.Namespace) -> int:
    print(json.dumps(schema(), ensure_ascii=False, indent=1))
    return 0


def _known(number: int | None, unit: str = "") -> str:
    return "not published" if number is None else f"{unit}{count(number)}"


def _decimal(value: Any) -> str:
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


if __name__ == "__main__":
    sys.exit(main())
