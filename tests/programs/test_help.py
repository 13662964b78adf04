"""Promise 21: help that helps."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
from collections.abc import Callable
from decimal import Decimal
from functools import cache

import pytest

from planner import make_plan, parse, programs
from tests.programs.harness import Bench
from tests.programs.written import COMMANDS, TEMPLATES

IDS = [f"r{number}" for number in range(8)]
# Each flag of the contract, with the setting that is its default; those without one are off.
FLAGS = {
    "--out": None,
    "--check": None,
    "--cancel": None,
    "--adopt": None,
    "--on-done": None,
    "--retry-failed": None,
    "--budget-usd": None,
    "--requests-per-batch": "REQUESTS_PER_BATCH",
    "--max-bytes-per-batch": "MAX_BYTES_PER_BATCH",
    "--concurrent-batches": "CONCURRENT_BATCHES",
    "--max-queued-requests": "MAX_QUEUED_REQUESTS",
    "--poll-seconds": "POLL_SECONDS",
    "--max-retries": "MAX_RETRIES",
    "--backoff": "BACKOFF",
    "--base-delay-seconds": "BASE_DELAY_SECONDS",
    "--canary": "CANARY",
    "--adopt-grace-seconds": "ADOPT_GRACE_SECONDS",
}


@cache
def help_of(language: str) -> str:
    command = [*COMMANDS[language], str(TEMPLATES[language]), "--help"]
    env = {"PATH": os.environ["PATH"], "COLUMNS": "100"}
    done = subprocess.run(
        command, env=env, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def entries(text: str) -> dict[str, str]:
    """What stands behind each flag in the list of options, on one line."""
    parts = re.split(r"\n {1,4}(?=-)", text)[1:]
    return {
        flag: " ".join(part.split())
        for part in parts
        for flag in re.findall(r"--[a-z-]+", part.split("\n")[0].split("  ")[0])
    }


@pytest.mark.parametrize("flag", FLAGS)
def test_each_flag(flag: str, language: str) -> None:
    """ "Every flag has its meaning and default in `--help`." """
    entry = entries(help_of(language))[flag]
    meaning = re.sub(r"--[a-z-]+|\b[A-Z]+\b|\{.*?\}", "", entry)
    assert len(meaning.split()) >= 3, entry
    setting = FLAGS[flag]
    if setting is None:
        return
    default = programs.settings_of(make_plan(parse({})))[setting]
    if isinstance(default, str):
        assert default in meaning
        return
    numbers = [Decimal(n.replace(",", "")) for n in re.findall(r"\d[\d,]*(?:\.\d+)?", meaning)]
    assert Decimal(str(default)) in numbers, entry


def test_both_languages_help_alike() -> None:
    """The same flags in both."""
    python, javascript = (set(entries(help_of(name))) for name in TEMPLATES)
    assert python - {"--help"} == javascript - {"--help"}


def test_check_needs_no_out(language: str, bench: Callable[..., Bench]) -> None:
    """ "`--check` needs no `--out`." """
    there = bench()
    there.write(*IDS)
    command = [*COMMANDS[language], str(TEMPLATES[language]), str(there.input), "--check"]
    before = sorted(path.name for path in there.folder.iterdir())
    done = subprocess.run(
        command,
        env=there.environment(),
        cwd=there.folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "8 rows" in done.stdout and "Nothing was submitted." in done.stdout
    assert sorted(path.name for path in there.folder.iterdir()) == before
    assert not there.api.calls


def test_a_run_needs_out(language: str, bench: Callable[..., Bench]) -> None:
    """Without it there is no folder for the answers."""
    there = bench()
    there.write(*IDS)
    command = [*COMMANDS[language], str(TEMPLATES[language]), str(there.input)]
    done = subprocess.run(
        command, env=there.environment(), capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 2
    assert "--out" in done.stderr
    assert not there.api.calls


@pytest.mark.parametrize("columns", [80, 240])
def test_the_progress_line_fits_80_columns(
    columns: int, language: str, bench: Callable[..., Bench]
) -> None:
    """ "The progress line fits 80 columns": all of it, and not because the end is cut off."""
    there = bench({"polls": 4})
    ids = [f"r{number}" for number in range(12_000)]
    there.write(*ids)
    main, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    flags = ["--requests-per-batch", "1200", "--concurrent-batches", "10"]
    process = subprocess.Popen(
        there.command(language, *flags),
        env=there.environment(),
        stdin=terminal,
        stdout=subprocess.DEVNULL,
        stderr=terminal,
    )
    os.close(terminal)
    seen = b""
    while piece := read(main):
        seen += piece
    os.close(main)
    assert process.wait(30) == 0
    progress = [text for text in seen.decode().split("\r\x1b[K") if "12,000" in text]
    progress = [text for text in progress if "\n" not in text]
    assert progress
    assert max(map(len, progress)) < 80
    assert all("elapsed" in text and "forecast" in text for text in progress)


def read(terminal: int) -> bytes:
    """What comes from a terminal; nothing when its other side has closed."""
    try:
        return os.read(terminal, 65_536)
    except OSError:
        return b""


def test_the_canary_says_that_the_rest_follows(language: str, bench: Callable[..., Bench]) -> None:
    """ "`--canary N` says that the rest follows", in the help and in the log."""
    there = bench()
    there.write(*IDS)
    assert "rest" in entries(help_of(language))["--canary"]
    done = there.run(language, "--canary", "3")
    assert done.code == 0, done.said
    assert "canary" in done.stderr.lower() and "rest" in done.stderr
    there.is_complete(IDS)
