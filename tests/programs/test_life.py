"""What a person sees and does: first use, progress, interrupting, canceling, checking, secrets."""

import fcntl
import json
import os
import pty
import re
import shlex
import signal
import struct
import subprocess
import termios
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.programs.harness import QUICK, SECRET, Bench
from tests.programs.written import COMMANDS, TEMPLATES, other

IDS = [f"r{number}" for number in range(8)]
TWO = ["--requests-per-batch", "2"]


def test_first_use(language: str, bench: Callable[..., Bench]) -> None:
    """With the SDK installed and a key in the environment, one command takes prompts to answers, plainly started."""
    there = bench()
    there.input.write_text('{"id": "greeting", "prompt": "Say hello."}\n')
    command = [
        *COMMANDS[language],
        str(TEMPLATES[language]),
        "requests.jsonl",
        "--out",
        "answers",
        "--poll-seconds",
        "0.02",
    ]
    done = subprocess.run(
        command,
        cwd=there.folder,
        env=there.environment(),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("1 of 1 requests succeeded")
    assert len((there.folder / "answers" / "succeeded.jsonl").read_bytes().split(b"\n")) == 2
    assert there.api.params["greeting"][0] == {
        "model": "claude-sonnet-5-5",
        "max_tokens": 2900,
        "messages": [{"role": "user", "content": "Say hello."}],
    }


def test_what_the_sdk_sends(language: str, bench: Callable[..., Bench]) -> None:
    """The key, the version and the type of the body are those of the SDK; the body is not compressed."""
    there = bench()
    there.write("a")
    assert there.run(language).code == 0
    headers = [
        each
        for each in there.api.headers
        if "content-length" in each and int(each["content-length"]) > 0
    ]
    assert len(headers) == 1
    assert headers[0]["anthropic-version"] == "2026-10-21"
    assert headers[0]["content-type"] == "application/json"
    assert there.api.key in (
        headers[0].get("x-api-key"),
        headers[0].get("authorization", "").removeprefix("Bearer "),
    )
    assert "content-encoding" not in headers[0]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_interrupted(
    number: signal.Signals, code: int, language: str, bench: Callable[..., Bench]
) -> None:
    """The state is kept, batches go on, and the message has the commands that resume and cancel."""
    there = bench({"polls": 10**6})
    there.write(*IDS)
    running = there.start(language, *TWO)
    there.wait_for("created")
    there.until(lambda: there.api.calls["retrieve"] >= 2)
    done = running.kill(number)
    assert done.code == code, done.said
    assert "Traceback" not in done.stderr and "never retrieved" not in done.stderr
    assert there.api.batches[0].ended is None and there.api.batches[0].cancel_initiated is None
    resume, cancel = re.findall(r"To (?:resume|cancel): (.*?)(?=  To |\n)", done.stderr)
    assert cancel == f"{resume} --cancel"
    assert shlex.split(resume)[-len(TWO) :] == TWO and str(there.input) in shlex.split(resume)
    there.let_all_end()
    assert there.run(other(language), *TWO).code == 0
    there.is_complete(IDS)


def test_interrupted_while_reading(language: str, bench: Callable[..., Bench]) -> None:
    """Before anything is submitted a signal ends the program at once."""
    there = bench()
    with there.input.open("wb") as file:
        for n in range(400_000):
            file.write(b'{"id": "r%d", "prompt": "%b"}\n' % (n, b"x" * 100))
    running = there.start(language)
    there.until(lambda: running.has_open(there.input))
    there.pause(0.1)
    done = running.kill(signal.SIGTERM)
    assert done.code == 143, done.said
    assert not there.api.calls


def test_cancel(language: str, bench: Callable[..., Bench]) -> None:
    """Open batches are canceled, what they finished is collected, and every other request is listed as given up."""
    kept = {"id": "r[04]", "type": "succeeded", "cancelable": False}
    again = {"id": "r1", "attempt": 1, "type": "errored", "error": "api_error"}
    there = bench({"polls": 10**6, "outcomes": [kept, again]})
    there.write(*IDS)
    running = there.start(language, *TWO)
    there.wait_for("created")
    there.api.batches[0].polls_left = 0
    there.wait_for("sorted")  # r0 has succeeded and r1 is to be tried again
    there.until(lambda: there.journal().count('"event":"created"') == 2)
    assert running.kill(signal.SIGINT).code == 130
    there.api.batches[1].polls_left = 1
    done = there.run(other(language), *TWO, "--cancel")
    assert done.code == 1, done.said
    there.is_complete(IDS)
    assert there.given_up() == {
        "r1": "api_error",
        "r2": "canceled",
        "r3": "canceled",
        **dict.fromkeys(("r5", "r6", "r7"), "not_sent"),
        "r4": "not_sent",
    }
    assert there.summary()["canceled"] is True
    calls = sum(there.api.calls.values())
    assert there.run(language, *TWO).code == 1
    assert sum(there.api.calls.values()) == calls


def test_cancel_when_all_is_done_at_the_provider(
    language: str, bench: Callable[..., Bench]
) -> None:
    """A batch that has ended cannot be canceled; its answers are collected all the same."""
    there = bench({"polls": 0})
    there.write("a", "b")
    assert there.run(language, kill=("created", "after")).code == -9
    there.api.end(there.api.batches[0])
    done = there.run(language, "--cancel")
    assert done.code == 0, done.said
    there.is_complete(["a", "b"])


def test_cancel_of_a_batch_in_doubt(language: str, bench: Callable[..., Bench]) -> None:
    """A batch that was made without our knowing is found and collected; none is made anew.

    It is not canceled: nothing proves that it is ours before it has ended.
    """
    there = bench({"polls": 10**6})
    there.write(*IDS)
    assert there.run(language, *TWO, kill=("created", "before")).code == -9
    there.api.set_scenario({"polls": 0})
    there.api.batches[0].polls_left = 0
    assert there.run(language, *TWO, "--cancel").code == 1
    there.is_complete(IDS)
    assert there.api.calls["create"] == 1
    assert there.api.calls["cancel"] == 0
    assert there.given_up() == dict.fromkeys(IDS[2:], "not_sent")


def test_cancel_leaves_the_batches_of_others_alone(
    language: str, bench: Callable[..., Bench]
) -> None:
    """A batch that only may be ours is not canceled."""
    there = bench({"faults": [{"on": "create", "do": "foreign"}], "polls": 3})
    there.write(*IDS)
    assert there.run(language, *TWO, kill=("candidates", "after")).code == -9
    assert [event["ids"] for event in there.events("candidates")] == [["msgbatch_000001"]]
    assert there.run(language, *TWO, "--cancel").code == 1
    assert there.api.calls["cancel"] == 0
    assert there.given_up() == dict.fromkeys(IDS, "not_sent")
    there.is_complete(IDS)


def test_an_interrupted_cancel_stays_a_cancel(language: str, bench: Callable[..., Bench]) -> None:
    """Killed while it cancels, the next start ends the run, with the flag or without it."""
    there = bench({"polls": 10**6})
    there.write(*IDS)
    assert there.run(language, *TWO, kill=("created", "after")).code == -9
    assert there.run(language, *TWO, "--cancel", kill=("cancel", "after")).code == -9
    for batch in there.api.batches:
        batch.polls_left = 0
    assert there.run(other(language), *TWO).code == 1
    there.is_complete(IDS)
    assert there.api.calls["create"] == 1


def test_cancel_of_nothing(language: str, bench: Callable[..., Bench]) -> None:
    """A folder without a run has nothing to cancel."""
    there = bench()
    there.write(*IDS)
    done = there.run(language, "--cancel")
    assert done.code == 2
    assert "no run to cancel" in done.stderr
    assert not there.out.exists()


def test_check(language: str, bench: Callable[..., Bench]) -> None:
    """It prints the split, the tokens and the cost, sends nothing, writes nothing, and needs no key."""
    there = bench()
    there.write(*IDS)
    there.env["ANTHROPIC_API_KEY"] = ""
    done = there.run(language, "--check", "--requests-per-batch", "3", "--canary", "1")
    assert done.code == 0, done.said
    assert "8 rows" in done.stdout and "4 batches" in done.stdout and "largest of 3" in done.stdout
    assert "the first 1 requests go alone" in done.stdout
    # 8 x 1,000 tokens of output at 5 dollars per million, and 2,900 at most, times 1.1, for the
    # workspace may send it to the US; the input adds a tenth of a cent.
    assert (
        "8,000 of output" in done.stdout
        and "$0.04;" in done.stdout
        and "at most $0.13" in done.stdout
    )
    assert "Nothing was submitted." in done.stdout
    assert not there.api.calls
    assert not there.out.exists()


def test_check_counts_as_a_run_splits(language: str, bench: Callable[..., Bench]) -> None:
    """The split that is announced is the split that is sent, by bytes and by count."""
    there = bench()
    ids = [f"r{n}" for n in range(40)]
    rows = [
        json.dumps({"id": i, "prompt": ("é\n" if n % 3 else "x") * (n * 7 % 60 + 1)})
        for n, i in enumerate(ids)
    ]
    there.input.write_text("".join(row + "\n" for row in rows), "utf-8")
    flags = ["--max-bytes-per-batch", "1500", "--requests-per-batch", "6", "--canary", "2"]
    announced = re.search(
        r"Split: (\d+) batches, the largest of (\d+)", there.run(language, "--check", *flags).stdout
    )
    assert announced
    assert there.run(language, *flags).code == 0
    sizes = [len(batch.entries) for batch in there.api.batches]
    assert (int(announced[1]), int(announced[2])) == (len(sizes), max(sizes))
    assert sizes[0] == 2 and there.api.largest["bytes"] <= 1500
    there.is_complete(ids)


def test_no_key(language: str, bench: Callable[..., Bench]) -> None:
    """Without a key the run stops before anything is sent, and names the variable; with it, it goes on."""
    there = bench()
    there.write(*IDS)
    there.env["ANTHROPIC_API_KEY"] = ""
    done = there.run(language)
    assert done.code == 3
    assert "ANTHROPIC_API_KEY" in done.stderr
    assert not there.api.calls
    there.env.clear()
    assert there.run(language).code == 0
    there.is_complete(IDS)


def test_quiet_even_when_the_sdk_is_told_to_debug(
    language: str, bench: Callable[..., Bench]
) -> None:
    """ANTHROPIC_LOG=debug makes the SDK log bodies; not in this program."""
    there = bench()
    there.write(*IDS)
    command = [
        *COMMANDS[language],
        str(TEMPLATES[language]),
        str(there.input),
        "--out",
        str(there.out),
        *QUICK,
    ]
    env = {**there.environment(), "ANTHROPIC_LOG": "debug"}
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0
    there.said.append(done.stdout + done.stderr)
    there.is_complete(IDS)


def test_an_error_that_repeats_the_key(language: str, bench: Callable[..., Bench]) -> None:
    """The key is taken out of the API's own words."""
    words = "invalid key sk-test-0123456789"
    there = bench(
        {
            "faults": [
                {
                    "on": "list",
                    "do": "error",
                    "status": 401,
                    "type": "authentication_error",
                    "message": words,
                }
            ]
        }
    )
    there.write(*IDS)
    assert there.run(language).code == 3
    there.is_quiet()


def test_progress_is_plain_lines_when_there_is_no_terminal(
    language: str, bench: Callable[..., Bench]
) -> None:
    """No carriage return, no escape; each line begins with the time."""
    there = bench()
    there.write(*IDS)
    done = there.run(language, *TWO)
    assert "\r" not in done.stderr and "\x1b" not in done.stderr
    assert all(
        re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d ", line)
        for line in done.stderr.splitlines()
    )


def test_progress_is_one_line_of_a_terminal(
    language: str, bench: Callable[..., Bench], tmp_path: Path
) -> None:
    """It is written over, never wider than the terminal, and has the elapsed time beside the forecast."""
    there = bench({"polls": 5})
    there.write(*IDS)
    main, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    command = [
        *COMMANDS[language],
        str(TEMPLATES[language]),
        str(there.input),
        "--out",
        str(there.out),
        *QUICK,
    ]
    process = subprocess.Popen(
        command, env=there.environment(), stdin=terminal, stdout=subprocess.DEVNULL, stderr=terminal
    )
    os.close(terminal)
    seen = b""
    while True:
        try:
            seen += (piece := os.read(main, 4096))
        except OSError:
            break
        if not piece:
            break
    os.close(main)
    assert process.wait(30) == 0
    text = seen.decode()
    progress = [
        piece for piece in text.split("\r\x1b[K") if "elapsed" in piece and "forecast" in piece
    ]
    assert progress
    assert all(len(piece) < 80 and "\n" not in piece for piece in progress), (
        "the terminal has 80 columns"
    )
    assert SECRET not in text
