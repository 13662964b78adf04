"""Read the command line."""

from __future__ import annotations

import argparse
import math
import re
from collections.abc import Callable
from dataclasses import fields, replace
from decimal import Decimal

from planner.programs.python.settings import PROGRAM, Settings


def whole(low: int, high: int) -> Callable[[str], int]:
    def convert(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,12}", text) or not low <= int(text) <= high:
            raise argparse.ArgumentTypeError(f"must be a whole number from {low:,} to {high:,}")
        return int(text)

    return convert


def seconds(low: float) -> Callable[[str], float]:
    def convert(text: str) -> float:
        is_number = re.fullmatch(r"[0-9]*\.?[0-9]+(e-?[0-9]+)?", text, re.IGNORECASE)
        value = float(text) if is_number else math.nan
        if not low <= value <= 86_400:
            raise argparse.ArgumentTypeError(f"must be a number of seconds from {low} to 86,400")
        return value

    return convert


def dollars(text: str) -> str:
    if re.fullmatch(r"[0-9]{1,9}(\.[0-9]+)?", text) and Decimal(text) <= 10**8:
        return text
    raise argparse.ArgumentTypeError("must be US dollars from 0 to 100,000,000")


def growth(text: str) -> str:
    if text in ("exponential", "linear", "fixed"):
        return text
    raise argparse.ArgumentTypeError("must be exponential, linear or fixed")


def batch_or_none(text: str) -> str:
    if re.fullmatch(r"[a-zA-Z0-9_-]{1,200}", text):
        return text
    raise argparse.ArgumentTypeError("must be the id of a batch, or none")


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=PROGRAM,
        description="Take a file of requests to a file of answers through the Message Batches API.",
        epilog="The key comes from ANTHROPIC_API_KEY. "
        "Start the same command again to go on after any stop.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "input", metavar="INPUT", help="JSON Lines, plain or gzip: whole requests, or id and prompt"
    )
    parser.add_argument(
        "--out", metavar="DIR", help="the folder of this run; made if it is not there"
    )
    add_ways(parser)
    add_settings(parser)
    return parser


def add_ways(parser: argparse.ArgumentParser) -> None:
    """What is done; without these, the run is taken to its end."""
    add = parser.add_argument
    add("--check", action="store_true", help="read and count, submit nothing; needs no --out")
    add(
        "--cancel",
        action="store_true",
        help="cancel the open batches, collect what they finished, end the run",
    )
    add(
        "--retry-failed",
        action="store_true",
        help="send what failed.jsonl holds again, in a run that is at its end; not by default",
    )
    add(
        "--adopt",
        metavar="ID|none",
        action="append",
        default=[],
        type=batch_or_none,
        help="settle a batch in question: it is the one with this id, or none of those named; "
        "may be repeated; by default nothing is taken that is not proved",
    )
    add(
        "--on-done",
        metavar="COMMAND",
        help="run by the shell at the end with the folder and the exit code; none by default",
    )


def add_settings(parser: argparse.ArgumentParser) -> None:
    """The settings of the plan that may differ for a run."""
    default = Settings()

    def add(name: str, metavar: str, convert: Callable[[str], object], text: str) -> None:
        value = getattr(default, name[2:].replace("-", "_"))
        text = f"{text} (default: {'none' if value == '' else value})"
        parser.add_argument(name, metavar=metavar, type=convert, help=text)

    add("--requests-per-batch", "N", whole(1, 100_000), "requests in the largest batch")
    add("--max-bytes-per-batch", "N", whole(1, 256_000_000), "bytes of the largest batch as sent")
    add("--concurrent-batches", "N", whole(1, 100), "batches open at once")
    add("--max-queued-requests", "N", whole(1, 100_000_000), "requests in open batches at once")
    add("--poll-seconds", "S", seconds(0.01), "seconds between two looks at an open batch")
    add("--max-retries", "N", whole(0, 10), "how often a failed request is tried again")
    add(
        "--backoff",
        "HOW",
        growth,
        "exponential, linear or fixed: how the wait between rounds grows",
    )
    add("--base-delay-seconds", "S", seconds(0), "the wait before the first retry round")
    add("--budget-usd", "D", dollars, "US dollars that are never passed, whatever the answers")
    add(
        "--canary",
        "N",
        whole(0, 100_000),
        "the first N requests go alone; the rest follows by itself when most of them succeed",
    )
    add(
        "--adopt-grace-seconds", "S", seconds(0), "the least wait before a lost batch is looked for"
    )


def parse(arguments: list[str]) -> tuple[argparse.Namespace, Settings]:
    """What the command line asks for, and the settings with its flags. Exits with 2 itself."""
    reader = parser()
    options = reader.parse_args(arguments)
    if not options.out and not options.check:
        reader.error("the following arguments are required: --out")
    if options.cancel and options.retry_failed:
        reader.error("--cancel and --retry-failed: one ends the run, the other goes on")
    names = {field.name for field in fields(Settings)}
    flags = {name: value for name, value in vars(options).items() if name in names}
    return options, replace(
        Settings(), **{name: value for name, value in flags.items() if value is not None}
    )
