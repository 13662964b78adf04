"""The command line among other tools: pipes, full disks, signals, odd names, terminals."""

import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import planner.__main__ as command_line
from planner.__main__ import main

ROOT = Path(__file__).resolve().parents[2]
BLOCKED = ("plan", "--set", "workload.model=claude-sonnet-4-0")
Capture = pytest.CaptureFixture[str]
full_disk = pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has /dev/full")


def shell(script: str, *words: str, text: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """A line of shell in which `$@` is the command line with some words."""
    return subprocess.run(
        ["bash", "-c", script, "bash", sys.executable, "-m", "planner", *words],
        cwd=ROOT,
        input=text,
        capture_output=True,
        check=False,
    )


def code_and_errors(capsys: Capture, *words: str) -> tuple[int, str]:
    """The exit code of a command, and what it says on standard error; it says nothing else."""
    code = main(words)
    captured = capsys.readouterr()
    assert captured.out == ""
    return code, captured.err


# ---- standard output


@pytest.mark.parametrize(("words", "code"), [(("plan",), 0), (BLOCKED, 1), (("facts",), 0)])
def test_a_reader_that_is_gone(words: tuple[str, ...], code: int) -> None:
    """Whoever has closed the pipe has seen enough; the code is still that of the plan."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "planner", *words],
            cwd=ROOT,
            stdout=writing,
            stderr=subprocess.PIPE,
            check=False,
        )
    finally:
        os.close(writing)
    assert (done.returncode, done.stderr) == (code, b"")


@full_disk
@pytest.mark.parametrize(
    "words",
    [("plan",), ("plan", "--json"), BLOCKED, ("facts",), ("schema",), ("--help",), ("--version",)],
)
def test_a_full_disk(words: tuple[str, ...]) -> None:
    """An answer that cannot be written is one line on standard error and code 2."""
    done = shell('"$@" > /dev/full', *words)
    assert done.returncode == 2
    assert done.stderr == (b"error: Standard output cannot be written: No space left on device.\n")


@full_disk
def test_a_full_disk_for_problems() -> None:
    """Where not even problems can be written the code says that there are some."""
    done = shell('"$@" 2> /dev/full', "plan", "--set", "retries.max=x")
    assert (done.returncode, done.stdout, done.stderr) == (2, b"", b"")


@pytest.mark.parametrize(("words", "code"), [(("plan",), 0), (BLOCKED, 1)])
def test_output_that_is_closed(words: tuple[str, ...], code: int) -> None:
    """With `>&-` nobody wants to read: the code is what counts."""
    done = shell('"$@" >&-', *words)
    assert (done.returncode, done.stderr) == (code, b"")


def test_errors_that_are_closed() -> None:
    """With `2>&-` problems do not turn up on standard output instead."""
    done = shell('"$@" 2>&-', "plan", "--set", "retries.max=x")
    assert (done.returncode, done.stdout) == (2, b"")


# ---- signals


def test_an_interrupt(tmp_path: Path) -> None:
    """Ctrl-C while a scenario is read ends with code 130 and without a trace."""
    pipe = tmp_path / "scenario.json"
    os.mkfifo(pipe)
    process = subprocess.Popen(
        [sys.executable, "-m", "planner", "plan", str(pipe)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # a shell has its jobs in the background ignore it, and theirs too
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    with pipe.open("wb"):  # opens when the other side does: then it waits for what is written
        process.send_signal(signal.SIGINT)
        out, errors = process.communicate(timeout=60)
    assert (process.returncode, out, errors) == (130, b"", b"")


def test_an_interrupt_while_planning(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    """It may come at any time."""

    def interrupted(scenario: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(command_line, "make_plan", interrupted)
    assert code_and_errors(capsys, "plan") == (130, "")


# ---- standard input


def test_a_scenario_from_standard_input() -> None:
    """`-` is standard input, with a byte order mark too, and --set lies upon it."""
    text = '{"workload": {"requests": 7, "input_tokens": 9}}'.encode("utf-8-sig")
    done = shell('"$@"', "plan", "-", "--json", "--set", "workload.requests=8", text=text)
    assert (done.returncode, done.stderr) == (0, b"")
    work = json.loads(done.stdout)["scenario"]["workload"]
    assert (work["requests"], work["input_tokens"]) == (8, 9)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (b"", b"error: The file is not JSON: line 1, column 1: Expecting value.\n"),
        (b"\xff", b"error: Standard input is not UTF-8 text.\n"),
    ],
)
def test_standard_input_that_is_no_scenario(text: bytes, problem: bytes) -> None:
    """Empty, or no text at all: one problem."""
    done = shell('"$@"', "plan", "-", text=text)
    assert (done.returncode, done.stdout, done.stderr) == (2, b"", problem)


def test_standard_input_that_is_closed() -> None:
    """With `<&-` there is nothing to read."""
    done = shell('"$@" <&-', "plan", "-")
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr == b"error: Standard input cannot be read: it is closed.\n"


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="needs a file without end")
def test_a_file_without_end(capsys: Capture) -> None:
    """Only so much is read."""
    code, errors = code_and_errors(capsys, "plan", "/dev/zero")
    assert code == 2
    assert errors == "error: /dev/zero has more than 16,000,000 bytes: it is no scenario.\n"


# ---- links


@pytest.mark.parametrize(
    "link",
    [
        "https://example.org/planner/#workload.requests=25000&retries.max=1",
        "https://example.org/planner/?workload.requests=25000&retries.max=1",
        "https://example.org/?workload.requests=25000&retries.max=1#costs",
        "https://example.org/?retries.max=9#workload.requests=25000&retries.max=1",
        "HTTP://127.0.0.1:8000#workload.requests=25000&retries.max=1",
        "file:///home/me/planner.html#workload.requests=25000&retries.max=1",
        "#workload.requests=25%2C000&retries.max=1",
        "?workload.requests=25k&retries.max=1",
    ],
)
def test_a_link_is_a_scenario(link: str, capsys: Capture) -> None:
    """The fragment of a link, or its query string, is the scenario, and --set lies upon it."""
    assert main(["plan", link, "--json", "--set", "retries.max=2"]) == 0
    scenario = json.loads(capsys.readouterr().out)["scenario"]
    assert (scenario["workload"]["requests"], scenario["retries"]["max"]) == (25_000, 2)


@pytest.mark.parametrize(
    "link", ["https://example.org/planner/", "https://example.org/index.html", "#", "#costs"]
)
def test_a_link_without_scenario(link: str, capsys: Capture) -> None:
    """The page's plain address is the plan of the defaults."""
    assert main(["plan", link]) == 0
    assert capsys.readouterr().out.startswith("10,000 requests to ")


@pytest.mark.parametrize(
    ("link", "words"),
    [
        ("https://example.org/scenario.json", "The link carries no scenario."),
        ("https://example.org/#workload.requests=0", "workload.requests: "),
        ("https://example.org/#colour=red", "colour: There is no such field."),
        ("https://example.org/#retries.max=1&retries.max=2", "retries.max: "),
        ("#workload.requests=%ff", "The link cannot be read"),
    ],
)
def test_a_link_with_problems(link: str, words: str, capsys: Capture) -> None:
    """What is no link of the page, or holds what cannot be planned, is not answered otherwise."""
    code, errors = code_and_errors(capsys, "plan", link)
    assert code == 2
    assert errors.startswith(f"error: {words}")
    assert errors.count("\n") == 1


def test_problems_of_a_link_and_of_settings_come_together(capsys: Capture) -> None:
    """In the order of the form."""
    link = "#retries.max=x&workload.requests=0"
    code, errors = code_and_errors(capsys, "plan", link, "--set", "batches.poll_s=0")
    assert code == 2
    assert [line.split(":")[1].strip() for line in errors.splitlines()] == [
        "workload.requests",
        "batches.poll_s",
        "retries.max",
    ]


def test_a_setting_mends_a_link(capsys: Capture) -> None:
    """What is set takes the place of what the link says, good or bad."""
    assert main(["plan", "#workload.requests=x", "--set", "workload.requests=7"]) == 0
    assert capsys.readouterr().out.startswith("7 requests to ")


def test_a_file_that_is_named_like_a_link(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    """A file `#1` is `./#1`."""
    monkeypatch.chdir(tmp_path)
    Path("#1").write_text('{"workload": {"requests": 7}}', "utf-8")
    assert main(["plan", "./#1"]) == 0
    assert capsys.readouterr().out.startswith("7 requests to ")


# ---- names and terminals


def test_names_that_are_no_text(tmp_path: Path) -> None:
    """A file name may be any bytes: it is read and written, and shown without breaking."""
    for name in (b"\xff.json", b"caf\xe9.json"):
        path = tmp_path / os.fsdecode(name)
        path.write_text('{"workload": {"requests": 7}}', "utf-8")
        done = shell('"$@"', "plan", str(path))
        assert (done.returncode, done.stderr) == (0, b"")
    missing = shell('"$@"', "plan", str(tmp_path / os.fsdecode(b"no\xff\n.json")))
    assert missing.returncode == 2
    assert b"no\\udcff\\n.json cannot be read: No such file" in missing.stderr
    folder = tmp_path / os.fsdecode(b"out\xff")
    written = shell('"$@"', "programs", "--out", str(folder))
    assert (written.returncode, written.stderr) == (0, b"")
    assert b"out\\udcff/run_batches.py\n" in written.stdout
    assert (folder / "run_batches.py").exists()


CONTROLS = "\x1b[31m\x07\x9b\u202ered\r"


def test_a_file_does_not_reach_the_terminal(tmp_path: Path, capsys: Capture) -> None:
    """What a terminal would obey is written out, whatever a file holds."""
    path = tmp_path / "scenario.json"
    for group in ({CONTROLS: {}}, {"workload": {CONTROLS: 1}}, {"workload": {"model": CONTROLS}}):
        path.write_text(json.dumps(group), "utf-8")
        code, errors = code_and_errors(capsys, "plan", str(path))
        assert code == 2
        assert "\\x1b[31m\\x07\\x9b\\u202ered" in errors
        assert errors.replace("\n", "").isprintable()


@pytest.mark.parametrize(
    "words",
    [
        ("plan", CONTROLS),
        ("plan", "--set", CONTROLS),
        ("plan", "--set", f"{CONTROLS}=1"),
        ("plan", "--set", f"workload.requests={CONTROLS}"),
        ("plan", "a", CONTROLS),
        ("plan", f"--{CONTROLS}"),
        (CONTROLS,),
        ("plan", f"#{CONTROLS}=1"),
    ],
)
def test_words_do_not_reach_the_terminal(words: tuple[str, ...], capsys: Capture) -> None:
    """Nor does what a shell puts into the command, such as the name of a file."""
    code, errors = code_and_errors(capsys, *words)
    assert code == 2
    assert errors.replace("\n", "").isprintable()


def test_a_folder_that_cannot_be_named(capsys: Capture) -> None:
    """A NUL is in no name."""
    code, errors = code_and_errors(capsys, "programs", "--out", "a\x00b")
    assert code == 2
    assert errors.startswith("error: a\\x00b cannot be written: ")


def test_a_folder_without_a_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    """As an unset variable leaves it: nothing is written where one happens to be."""
    monkeypatch.chdir(tmp_path)
    code, errors = code_and_errors(capsys, "programs", "--out", "")
    assert (code, errors) == (2, "error: --out takes the name of a folder.\n")
    assert list(tmp_path.iterdir()) == []


def test_the_encoding_of_a_terminal_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal without ÷ and → is written to in UTF-8."""
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, "ascii"))
    assert main(["plan", "--set", "duration.model=guide"]) == 0
    sys.stdout.flush()
    assert "·" in raw.getvalue().decode()


# ---- options


@pytest.mark.parametrize(
    "words",
    [
        ("plan", "--js"),
        ("plan", "--fail-over-b"),
        ("plan", "--se", "retries.max=1"),
        ("programs", "--ou", "x"),
        ("facts", "--j"),
        ("--vers",),
        ("pla",),
    ],
)
def test_no_abbreviations(words: tuple[str, ...], capsys: Capture) -> None:
    """A longer option that comes one day must not change what a script says today."""
    code, errors = code_and_errors(capsys, *words)
    assert code == 2
    assert errors.startswith("usage: batch-planner")


def test_help(capsys: Capture) -> None:
    """It goes to standard output and names the commands."""
    assert main(["--help"]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    for name in ("plan", "programs", "facts", "schema"):
        assert f"\n    {name} " in captured.out
