"""Promise 19: `--on-done COMMAND` runs a command at the end with the folder and the exit code."""

import re
import signal
from collections.abc import Callable
from typing import Any

import pytest

from tests.programs.cases import errored
from tests.programs.harness import Bench

IDS = [f"r{number}" for number in range(4)]
TELL = "printf '%s|' >> \"$HOME/told\""

ENDS: dict[str, tuple[dict[str, Any], list[str], int]] = {
    "every request succeeded": ({}, [], 0),
    "some were given up": ({"outcomes": [errored("r1", "invalid_request_error")]}, [], 1),
    "the budget stops it": ({}, ["--budget-usd", "0.01"], 3),
}


def told(there: Bench) -> str:
    path = there.folder / "told"
    return path.read_text("utf-8") if path.exists() else ""


@pytest.mark.parametrize(("scenario", "flags", "code"), ENDS.values(), ids=ENDS)
def test_on_done(
    scenario: dict[str, Any],
    flags: list[str],
    code: int,
    language: str,
    bench: Callable[..., Bench],
) -> None:
    """ "`--on-done COMMAND` runs a command at the end with the folder and the exit code." """
    there = bench(scenario)
    there.write(*IDS)
    done = there.run(language, *flags, "--on-done", TELL)
    assert done.code == code, done.said
    assert told(there) == f"{there.out}|{code}|"


@pytest.mark.parametrize("name", ["a b", "it's", "$(touch x)", "-n", "é\n"])
def test_on_done_with_a_hostile_folder(
    name: str, language: str, bench: Callable[..., Bench]
) -> None:
    """The folder arrives as it is, whatever its name: no shell reads it."""
    there = bench()
    there.folder /= name
    there.folder.mkdir()
    there.write(*IDS)
    assert there.run(language, "--on-done", TELL).code == 0
    assert told(there) == f"{there.out}|0|"


def test_on_done_that_fails(language: str, bench: Callable[..., Bench]) -> None:
    """Its own code changes nothing, and is logged."""
    there = bench()
    there.write(*IDS)
    done = there.run(language, "--on-done", "exit 7 #")
    assert done.code == 0, done.said
    assert "--on-done" in done.stderr and "7" in done.stderr.split("--on-done")[1]
    there.is_complete(IDS)


def test_told_to_end_while_it_runs(language: str, bench: Callable[..., Bench]) -> None:
    """The run is done; who is told to end says so, and does not wait for the command."""
    there = bench()
    there.write(*IDS)
    running = there.start(language, "--on-done", f"{TELL}; sleep 30; true")
    there.until(lambda: told(there) != "")
    done = running.kill(signal.SIGTERM)
    assert done.code == 143, done.said
    assert re.search(r"Interrupted\. No[a-z ]+ is open", done.stderr)
    there.is_complete(IDS)


def test_on_done_comes_last(language: str, bench: Callable[..., Bench]) -> None:
    """The command finds the summary, and a folder that it may take."""
    there = bench()
    there.write(*IDS)
    again = " ".join(f"'{word}'" for word in there.command(language))
    command = f'cp "{there.out}/summary.json" "$HOME/seen.json" && {again} #'
    done = there.run(language, "--on-done", command)
    assert done.code == 0, done.said
    assert (there.folder / "seen.json").exists()
    assert "has this folder" not in done.said


def test_no_on_done_for_bad_input(language: str, bench: Callable[..., Bench]) -> None:
    """What never began does not end."""
    there = bench()
    there.input.write_text("no JSON\n")
    assert there.run(language, "--on-done", TELL).code == 2
    assert told(there) == ""


def test_on_done_is_given_no_key_on_its_command_line(
    language: str, bench: Callable[..., Bench]
) -> None:
    """Two arguments: the folder and the code."""
    there = bench()
    there.write(*IDS)
    assert there.run(language, "--on-done", 'echo "$#" > "$HOME/told"; true').code == 0
    assert told(there) == "2\n"
