"""Promise 16: a program that is told to end ends, within ten seconds, with the right code and true words."""

import contextlib
import fcntl
import gzip
import json
import os
import re
import signal
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

from tests.programs.cases import ALWAYS, error, on
from tests.programs.harness import Bench
from tests.programs.processes import Cue, Running
from tests.programs.written import other

IDS = [f"r{number}" for number in range(8)]
FOUR = ["--requests-per-batch", "4"]
# Each signal and both numbers of times; the rest of the table would say nothing new.
WAYS = pytest.mark.parametrize(
    ("number", "code", "times"),
    [(signal.SIGINT, 130, 1), (signal.SIGTERM, 143, 2)],
    ids=["INT once", "TERM twice"],
)

HELD: dict[str, tuple[dict[str, Any], str, list[str]]] = {
    # what holds the program, the operation in which it is then, more flags
    "a create": (on("create", "hang", seconds=15.0), "create", []),
    "the second create": (on("create", "hang", seconds=15.0, nth=2), "create", []),
    "a download": (on("results", "stall", seconds=15.0), "results", []),
    "a poll": (on("retrieve", "hang", seconds=15.0), "retrieve", []),
    "a list": (on("list", "hang", seconds=15.0), "list", []),
    "a grace": (on("create", "drop"), "create", ["--adopt-grace-seconds", "900"]),
    "a long wait": (error("create", 429, "rate_limit_error", retry_after=900), "create", []),
    "a wait between polls": (
        on("retrieve", "status", value="in_progress"),
        "retrieve",
        ["--poll-seconds", "900"],
    ),
}


@WAYS
@pytest.mark.parametrize("step", HELD)
def test_told_to_end(
    step: str,
    times: int,
    number: signal.Signals,
    code: int,
    language: str,
    bench: Callable[..., Bench],
) -> None:
    """ "SIGINT and SIGTERM, once or twice, during a create, a download … end the program within ten seconds with the
    right code … Nothing is sent twice at the next start." """
    fault, operation, flags = HELD[step]
    there = bench({"faults": [fault]})
    there.write(*IDS)
    running = there.start(language, *FOUR, *flags)
    there.until(lambda: there.api.calls[operation] >= fault.get("nth", 1))
    there.pause(0.1)
    done = running.kill(number, times)
    there.said.append(done.said)
    assert done.code == code, done.said
    assert "Traceback" not in done.said and "never retrieved" not in done.said
    there.let_all_end()
    done = there.run(other(language), *FOUR)
    assert done.code == 0, done.said
    there.is_complete(IDS)


@WAYS
def test_told_to_end_between_rounds(
    times: int, number: signal.Signals, code: int, language: str, bench: Callable[..., Bench]
) -> None:
    """The same in the wait before a retry round."""
    there = bench({"outcomes": [{"id": "r1", "attempt": 1, "type": "expired"}]})
    there.write(*IDS)
    running = there.start(language, *FOUR, "--base-delay-seconds", "900")
    there.wait_for("round")
    there.pause(0.1)
    assert running.kill(number, times).code == code


@WAYS
@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
def test_told_to_end_in_the_first_reading(
    packed: bool,
    times: int,
    number: signal.Signals,
    code: int,
    language: str,
    bench: Callable[..., Bench],
) -> None:
    """ "… or the first reading"."""
    there = bench()
    rows = b"".join(b'{"id": "r%d", "prompt": "%b"}\n' % (n, b"x" * 100) for n in range(400_000))
    there.input.write_bytes(gzip.compress(rows, 1) if packed else rows)
    running = there.start(language)
    there.until(lambda: running.has_open(there.input))
    there.pause(0.1)
    done = running.kill(number, times)
    assert done.code == code, done.said
    assert not there.api.calls


@pytest.mark.parametrize(("name", "when"), [("SIGINT", "before"), ("SIGTERM", "after")])
@pytest.mark.parametrize("nth", [1, 2, 3])
def test_told_to_end_at_a_rename(
    nth: int, name: str, when: str, language: str, bench: Callable[..., Bench]
) -> None:
    """ "… a rename"."""
    there = bench()
    there.write(*IDS)
    done = there.run(language, *FOUR, cue=Cue(nth, when, name, "rename"))
    told = done.code == 128 + signal.Signals[name]
    assert told or (done.code == 0 and nth == 3), "only the last rename may come too late"
    assert there.run(other(language), *FOUR).code == 0
    there.is_complete(IDS)
    assert there.api.calls["create"] == 2


@pytest.mark.parametrize("line", [1, 3, 4, 5, 6, 8, 10])
def test_told_to_end_at_a_line(line: int, language: str, bench: Callable[..., Bench]) -> None:
    """At each kind of line of the journal, whatever it announces."""
    there = bench({"polls": 2})
    there.write(*IDS)
    number = signal.SIGTERM if line % 2 else signal.SIGINT
    done = there.run(language, *FOUR, cue=Cue(line, "before", number.name))
    assert done.code == 128 + number, done.said
    assert there.run(other(language), *FOUR).code == 0
    there.is_complete(IDS)
    assert there.api.calls["create"] <= 3


def test_what_it_says_of_a_batch_that_may_have_been_made(
    language: str, bench: Callable[..., Bench]
) -> None:
    """ "What it says of open batches is true": one is at the provider, though its name has not come."""
    there = bench({"faults": [on("create", "hang", seconds=15.0)]})
    there.write(*IDS)
    running = there.start(language, *FOUR)
    there.until(lambda: len(there.api.batches) == 1)
    done = running.kill(signal.SIGINT)
    assert done.code == 130
    assert "may have been made" in done.stderr
    assert not re.search(r"\b0 batch", done.stderr)


def test_what_it_says_of_open_batches(language: str, bench: Callable[..., Bench]) -> None:
    """The number of those that go on at the provider."""
    there = bench({"polls": 10**6})
    there.write(*IDS)
    running = there.start(language, *FOUR, "--concurrent-batches", "2")
    there.until(lambda: len(there.events("created")) == 2)
    done = running.kill(signal.SIGTERM)
    assert done.code == 143
    assert "2 batches" in done.stderr


def test_what_it_says_when_there_are_none(language: str, bench: Callable[..., Bench]) -> None:
    """Before the first create nothing is open, and nothing is claimed."""
    there = bench({"faults": [on("list", "hang", seconds=15.0, **ALWAYS)]})
    there.write(*IDS)
    running = there.start(language, *FOUR)
    there.until(lambda: there.api.calls["list"] == 1)
    done = running.kill(signal.SIGINT)
    assert done.code == 130
    assert "may have been made" not in done.stderr
    assert not re.search(r"\b[1-9][0-9]* batch", done.stderr)


def test_told_to_end_while_canceling(language: str, bench: Callable[..., Bench]) -> None:
    """The cancel was asked for; the next start ends it."""
    there = bench({"polls": 10**6})
    there.write(*IDS)
    running = there.start(language, *FOUR)
    there.wait_for("created")
    running.kill()
    running = there.start(language, *FOUR, "--cancel")
    there.until(lambda: there.api.calls["cancel"] == 1)
    there.pause(0.1)
    assert running.kill(signal.SIGINT, 2).code == 130
    there.let_all_end()
    assert there.run(other(language), *FOUR, "--cancel").code == 1
    there.is_complete(IDS)


def test_told_to_end_with_large_bodies(language: str, bench: Callable[..., Bench]) -> None:
    """In the middle of an upload that the API reads slowly."""
    there = bench(
        {"faults": [on("create", "ok", bytes_per_second=100_000)], "receive_buffer": 8192}
    )
    rows = [{"id": name, "prompt": "x" * 500_000} for name in IDS[:4]]
    there.input.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    running = there.start(language, *FOUR)
    there.until(lambda: there.api.calls["create"] == 1)
    there.pause(0.2)
    assert running.kill(signal.SIGINT).code == 130
    assert there.run(other(language), *FOUR).code == 0
    there.is_complete(IDS[:4])


@WAYS
def test_told_to_end_with_nobody_reading_what_it_says(
    number: signal.Signals, code: int, times: int, language: str, bench: Callable[..., Bench]
) -> None:
    """Standard error is a pipe that is full, and whoever should read it has stopped."""
    there = bench({"polls": 10**6})
    there.write(*IDS)
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETFL, os.O_NONBLOCK)
    with contextlib.suppress(BlockingIOError):
        while os.write(writer, b"x" * 4096):
            pass
    fcntl.fcntl(writer, fcntl.F_SETFL, 0)
    process = subprocess.Popen(
        there.command(language, *FOUR), env=there.environment(), stderr=writer, stdout=writer
    )
    running = there.follow(Running(process.pid, *there.outputs(), process=process))
    there.until(lambda: len(there.api.batches) == 1)
    there.pause(0.3)
    assert running.kill(number, times).code == code
    os.close(reader)
    os.close(writer)
