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


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=PROGRAM,
        description="Take a file of requests to a file of answers through the Message Batches API.",
        epilog="The key comes from ANTHROPIC_API_KEY. "
        "Start the same command again to go on after any stop.",
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("input", metavar="INPUT", help="JSON Lines: whole requests, or rows of id and prompt")
    add(
        "--out",
        metavar="DIR",
        required=True,
        help="the folder of this run; made if it is not there",
    )
    add("--check", action="store_true", help="read and count, submit nothing")
    add(
        "--cancel",
        action="store_true",
        help="cancel the open batches, collect what they finished, end the run",
    )
    add("--requests-per-batch", metavar="N", type=whole(1, 100_000))
    add("--max-bytes-per-batch", metavar="N", type=whole(1, 256_000_000))
    add("--concurrent-batches", metavar="N", type=whole(1, 100))
    add("--max-queued-requests", metavar="N", type=whole(1, 100_000_000))
    add("--poll-seconds", metavar="S", type=seconds(0.01))
    add("--max-retries", metavar="N", type=whole(0, 10))
    add("--backoff", choices=("exponential", "linear", "fixed"))
    add("--base-delay-seconds", metavar="S", type=seconds(0))
    add("--budget-usd", metavar="D", type=dollars)
    add("--canary", metavar="N", type=whole(0, 100_000))
    add("--adopt-grace-seconds", metavar="S", type=seconds(0))
    return parser


def parse(arguments: list[str]) -> tuple[argparse.Namespace, Settings]:
    """What the command line asks for, and the settings with its flags put in. Exits with 2 itself."""
    options = parser().parse_args(arguments)
    names = {field.name for field in fields(Settings)}
    flags = {name: value for name, value in vars(options).items() if name in names}
    return options, replace(
        Settings(), **{name: value for name, value in flags.items() if value is not None}
    )
