"""The command `fake-api`: any runner against it, faults on cue, a verdict in one line."""

import gzip
import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from planner.__main__ import main
from planner.fake import FakeApi
from planner.fake.command import verdict
from tests.planner.measure.examples import lines_of, request

ROOT = Path(__file__).resolve().parents[3]
# A runner without any care: it creates, polls and fetches, and the SDK sends again what has no
# answer.
LOOP = """
import json, sys
import anthropic

rows = [json.loads(line) for line in open("requests.jsonl")]
client = anthropic.Anthropic()
with open("answers.jsonl", "w") as answers:
    for start in range(0, len(rows), 2):
        batch = client.messages.batches.create(requests=rows[start : start + 2])
        while batch.processing_status != "ended":
            batch = client.messages.batches.retrieve(batch.id)
        for result in client.messages.batches.results(batch.id):
            answers.write(json.dumps({"custom_id": result.custom_id}) + "\\n")
"""
IDS = ["a", "b", "c", "d"]
Capture = pytest.CaptureFixture[str]


def asked(custom_id: str) -> dict[str, object]:
    """A whole request."""
    return {**request(), "custom_id": custom_id}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Four requests, and a plain loop that sends them in two batches."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "requests.jsonl").write_bytes(lines_of(map(asked, IDS)))
    (tmp_path / "loop.py").write_text(LOOP)
    return tmp_path


def judged(*words: str) -> int:
    """The exit code of `fake-api` with the plain loop."""
    return main(["fake-api", *words, "--", sys.executable, "loop.py"])


def test_without_faults_a_plain_loop_is_good(folder: Path, capsys: Capture) -> None:
    """One line, all zero; what was found of the command is on standard error."""
    assert judged("--input", "requests.jsonl", "--answers", "answers.jsonl") == 0
    said = capsys.readouterr()
    assert said.out == (
        "lost 0, paid twice 0, sent without need 0 "
        "(batches 2, requests accepted 4, answers paid for 4)\n"
    )
    assert said.err == "The command was started once, and ended with code 0.\n"


@pytest.mark.drawn(2)
@pytest.mark.parametrize(
    ("fault", "twice", "starts"),
    [
        ("create:lose-answer:2", ["c", "d"], "once"),
        ("create:error-after", ["a", "b"], "once"),
        ("create:kill-after", ["a", "b"], "2 times"),
        ('{"on": "retrieve", "do": "kill", "nth": 1}', ["a", "b"], "2 times"),
    ],
)
def test_a_plain_loop_pays_twice(
    fault: str, twice: list[str], starts: str, folder: Path, capsys: Capture
) -> None:
    """Which ones, and the exit code says it too."""
    assert judged("--fault", fault) == 1
    said = capsys.readouterr()
    assert said.out.startswith("lost 0, paid twice 2, sent without need 2 (batches 3,")
    assert f"    paid twice: {', '.join(twice)}\n" in said.out
    assert f"started {starts}," in said.err


def test_what_has_no_answer_is_lost(folder: Path, capsys: Capture) -> None:
    """A request that was never sent, and one that is paid for and not in the runner's files."""
    (folder / "more.jsonl").write_text('{"id": "never"}\n')
    (folder / "mine.jsonl").write_text("".join(f'{{"custom_id": "{i}"}}\n' for i in IDS[:3]))
    assert judged("--input", "more.jsonl", "--answers", "mine.jsonl") == 1
    assert "    lost: d, never\n" in capsys.readouterr().out


def test_what_was_not_fetched_to_its_end_is_lost(folder: Path, capsys: Capture) -> None:
    """Without files of answers, what was fetched counts, and a batch that nobody asks for ends too."""
    assert judged("--fault", "results:cut:1:-1") == 1
    assert capsys.readouterr().out.startswith("lost 2, paid twice 0, sent without need 0")
    (folder / "loop.py").write_text(LOOP.split("        while")[0] + "        sys.exit(3)\n")
    assert judged() == 1
    said = capsys.readouterr()
    assert said.out.startswith("lost 2,") and "ended with code 3" in said.err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--fault", "create"], "a fault is OPERATION:WHAT[:NTH[:TIMES]] or JSON, not create"),
        (["--fault", "create:fail"], "no such fault of create: fail; drop,"),
        (["--fault", "create:drop:0", "--", "true"], "`nth` counts from 1, not 0"),
        (
            ["--fault", '{"on": "create", "do": "drop", "nth": "2"}', "--", "true"],
            "`nth` counts from 1, not 2",
        ),
        (
            ["--fault", "create:drop:1:0", "--", "true"],
            "`times` is 1 or more, or -1 for ever, not 0",
        ),
        (["--fault", "make:drop"], "a fault is `on` one of create, list,"),
        (["--fault", "create:kill"], "A fault that kills needs the command to kill: -- COMMAND"),
        (["--scenario", "none.json"], "none.json cannot be read: No such file or directory."),
        (["--scenario", "requests.jsonl"], "requests.jsonl is no JSON: Extra data"),
        (["--scenario", "list.json"], "it is a JSON object"),
        (["--scenario", "odd.json"], "unknown scenario keys: pols"),
        (["--port", "99999"], "Port 99999 cannot be had: bind(): port must be 0-65535."),
        (["--input", "list.json"], "list.json is no JSON Lines with a custom_id or id"),
        (["--input", "torn.gz", "--", "true"], "torn.gz is no JSON Lines with a custom_id or id"),
        (["--", "./none"], "./none cannot be started: No such file or directory."),
    ],
)
def test_bad_usage(words: list[str], message: str, folder: Path, capsys: Capture) -> None:
    """Code 2, and what is wrong in a sentence."""
    (folder / "list.json").write_text("[]\n")
    (folder / "odd.json").write_text('{"pols": 1}')
    (folder / "torn.gz").write_bytes(gzip.compress(b"[]\n")[:10] + b"\xff" * 10)
    assert main(["fake-api", *words]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("error: ") and message in said.err


def test_it_says_what_may_be_asked_of_it(capsys: Capture) -> None:
    """Each fault of each operation is described."""
    from planner.fake.scenario import FAULTS

    assert main(["fake-api", "--describe"]) == 0
    described = capsys.readouterr().out
    words = {word for faults in FAULTS.values() for word in faults}
    assert [word for word in words if f"    {word} " not in described] == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_served_until_a_signal(number: int, folder: Path) -> None:
    """The address first, on a free port; the verdict at the end."""
    command = [
        sys.executable,
        "-m",
        "planner",
        "fake-api",
        "--input",
        str(folder / "requests.jsonl"),
    ]
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout
    assert process.stdout.readline().startswith("http://127.0.0.1:")
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.5)
    process.send_signal(number)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 1
    assert out.splitlines()[0].startswith("lost 4, paid twice 0, sent without need 0 (batches 0,")
    assert out.splitlines()[1:] == ["    lost: a, b, c, d"]
    assert err.startswith("The key is sk-test-")


# Tells it to end at each line, of its own and of the library's, from the moment in which it listens.
TOLD_AT_EACH_LINE = """
import os, signal, sys
from planner.fake import FakeApi, command

told = set()

def trace(frame, event, argument):
    line = frame.f_code.co_filename, frame.f_lineno
    if line not in told and signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        told.add(line)
        os.kill(os.getpid(), signal.SIGTERM)
    return trace

with FakeApi() as api:
    sys.settrace(trace)
    command._serve(api)
    sys.settrace(None)
assert len(told) > 3
"""


def test_told_to_end_at_any_moment() -> None:
    """A signal is never lost, and nothing waits for itself."""
    command = [sys.executable, "-c", TOLD_AT_EACH_LINE]
    subprocess.run(command, cwd=ROOT, check=True, timeout=60, capture_output=True)


def test_the_verdict_counts_what_would_still_end() -> None:
    """A batch that no runner polls is paid for all the same."""
    api = FakeApi()
    try:
        requests = [json.loads(line) for line in lines_of([asked("a")]).splitlines()]
        for _ in range(2):
            api.make(requests, 1, "2023-06-01", "wrkspc_ours", {})
        lines, code = verdict(api, set(), {"a"})
    finally:
        api.server.server_close()
    assert (lines[0].partition(" (")[0], code) == ("lost 0, paid twice 1, sent without need 1", 1)
