"""The command line: exit codes, both outputs, and no traceback whatever is typed."""

import json
import os
import shlex
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import planner
from planner.__main__ import main
from planner.advice.caveats import caveats
from planner.advice.ways import ways
from planner.plan import make_plan
from planner.scenario import FIELDS, parse
from planner.scenario.schema import schema
from planner.show.export import export_text
from tests.strategies import typed

ROOT = Path(__file__).resolve().parents[2]
Capture = pytest.CaptureFixture[str]


def shell(*words: str, text: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    """`python -m planner` in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "planner", *words],
        cwd=ROOT,
        env={**os.environ, **environment},
        input=text,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


def code_of(*words: str) -> int:
    """The exit code, whether it is returned or raised by argparse."""
    try:
        return main(words)
    except SystemExit as end:
        return int(str(end.code))


# ---- plan


def test_the_sentence_comes_first(capsys: Capture) -> None:
    """The first line is the answer."""
    assert main(["plan"]) == 0
    assert capsys.readouterr().out.startswith(
        "10,000 requests to Claude Sonnet 5.5 in 1 batch cost $55.00, half of"
    )


def test_the_report_has_the_numbers(capsys: Capture) -> None:
    """Batches, times, both costs, failures and the queue follow."""
    main(["plan", "--set", "workload.requests=25k", "--set", "batches.requests_per_batch=10k"])
    out = capsys.readouterr().out
    for words in (
        "Ways to do it",
        "10,000 requests each, the last 5,000",
        "P50 / P85 / P95",
        "$137.50",
        "$275.00",
        "Failed at first",
        "Queue at P85",
    ):
        assert words in out


def test_real_time_that_is_not_known(capsys: Capture) -> None:
    """Where no rates are published the report has the price of real time and no time."""
    main(["plan", "--set", "limits.tier=custom"])
    (line,) = [
        line for line in capsys.readouterr().out.splitlines() if line.startswith("Real-time cost")
    ]
    assert "$110.00" in line and "at best" not in line


def test_no_line_ends_in_spaces(capsys: Capture) -> None:
    """Tables are as wide as they need to be."""
    main(["plan", "--set", "workload.requests=25k"])
    assert [line for line in capsys.readouterr().out.splitlines() if line != line.rstrip()] == []


def test_json(capsys: Capture) -> None:
    """--json prints the whole plan, to the letter what the bridge gives."""
    assert main(["plan", "--json", "--set", "workload.requests=25k"]) == 0
    plan = make_plan(parse({"workload": {"requests": 25_000}}))
    assert capsys.readouterr().out == export_text(plan, caveats(plan), ways(plan)) + "\n"


def test_a_scenario_file(capsys: Capture, tmp_path: Path) -> None:
    """A file is read, with a byte order mark too, and --set lies upon it."""
    path = tmp_path / "scenario.json"
    path.write_text('{"workload": {"requests": 7, "input_tokens": 9}}', "utf-8-sig")
    assert main(["plan", str(path), "--json", "--set", "workload.requests=8"]) == 0
    work = json.loads(capsys.readouterr().out)["scenario"]["workload"]
    assert (work["requests"], work["input_tokens"]) == (8, 9)


def test_the_last_setting_counts(capsys: Capture) -> None:
    """A field that is set twice has its last value, as is usual on command lines."""
    main(["plan", "--json", "--set", "retries.max=1", "--set", "retries.max=2"])
    assert json.loads(capsys.readouterr().out)["scenario"]["retries"]["max"] == 2


def test_a_value_may_hold_an_equals_sign(capsys: Capture) -> None:
    """Only the first one parts field and value."""
    assert code_of("plan", "--set", "goal.start_at=a=b") == 2
    assert "goal.start_at" in capsys.readouterr().err


@pytest.mark.parametrize(("day", "offset"), [("1 Jul 2031", "+02:00"), ("1 Jan 2032", "+01:00")])
def test_a_time_has_the_offset_of_its_own_day(day: str, offset: str) -> None:
    """Whatever it is on the day on which it is typed."""
    out = shell("plan", "--json", "--set", f"goal.start_at={day} 8:00", TZ="Europe/Berlin").stdout
    assert json.loads(out)["scenario"]["goal"]["start_at"].endswith(f"T08:00{offset}")


# ---- exit codes


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ([], 0),
        (["--set", "workload.model=claude-sonnet-4-0"], 1),
        (["--set", "workload.requests=100000"], 1),
        (["--set", "goal.deadline_h=0.1"], 0),
        (["--set", "goal.deadline_h=0.1", "--fail-over-deadline"], 1),
        (["--set", "goal.deadline_h=720", "--fail-over-deadline"], 0),
        (["--fail-over-deadline", "--fail-over-budget"], 0),
        (["--set", "goal.budget_usd=54"], 0),
        (["--set", "goal.budget_usd=54", "--fail-over-budget"], 1),
        (["--set", "goal.budget_usd=55", "--fail-over-budget"], 0),
        (["--set", "workload.requests=0"], 2),
        (["--json", "--set", "workload.requests=100000"], 1),
    ],
)
def test_exit_code(words: list[str], code: int) -> None:
    """0 when all is well, 1 when something blocks or what was asked about is missed, 2 for bad
    input.
    """
    assert code_of("plan", *words) == code


@pytest.mark.parametrize(
    "words",
    [[], ["plant"], ["plan", "--sett", "a=b"], ["plan", "a", "b"], ["plan", "--set"], ["--json"]],
)
def test_usage(words: list[str], capsys: Capture) -> None:
    """Words that are no command are answered with the usage."""
    assert code_of(*words) == 2
    assert "usage: " in capsys.readouterr().err


# ---- bad input


def test_every_problem_is_printed(capsys: Capture) -> None:
    """One line for each, in the order of the form, and nothing on standard output."""
    assert (
        code_of(
            "plan",
            "--set",
            "goal.confidence=2",
            "--set",
            "workload.requests=none",
            "--set",
            "a.b=1",
        )
        == 2
    )
    captured = capsys.readouterr()
    lines = captured.err.splitlines()
    assert [line.split(":")[1].strip() for line in lines] == [
        "workload.requests",
        "goal.confidence",
        "a.b",
    ]
    assert captured.out == ""


@pytest.mark.parametrize(
    "setting",
    ["", "workload.requests", "=5", "==", "work load=5", "workload.=1", "." * 10_000 + "=1"],
)
def test_a_setting_that_is_none(setting: str, capsys: Capture) -> None:
    """Without FIELD=VALUE, or with a field that does not exist: one short problem."""
    assert code_of("plan", "--set", setting) == 2
    assert len(capsys.readouterr().err) < 400


def test_a_missing_file(tmp_path: Path, capsys: Capture) -> None:
    """The path is named."""
    assert code_of("plan", str(tmp_path / "none.json")) == 2
    assert "none.json cannot be read" in capsys.readouterr().err


def test_a_directory(tmp_path: Path, capsys: Capture) -> None:
    """A directory is no file."""
    assert code_of("plan", str(tmp_path)) == 2
    assert "cannot be read" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["", "a\x00b", "x" * 5000])
def test_a_name_that_no_file_has(name: str, capsys: Capture) -> None:
    """An empty name, as an unset variable leaves it, a NUL, an endless one: a problem, not a plan."""
    assert code_of("plan", name) == 2
    assert "cannot be read" in capsys.readouterr().err


@pytest.mark.parametrize(
    "content",
    [
        b"", b"\xff\xfe{\x00}\x00", b"\x80", b"{", b"[]", b"null", b'"x"', b"1", b"[" * 100_000, b'{"a":' * 3000 + b"1" + b"}" * 3000,
        b'{"workload": []}', b'{"workload": {"requests": 1, "requests": 2}}', b'{"workload": {"requests": NaN}}',
        b'{"workload": {"requests": 1e999}}', b'{"workload": {"requests": ' + b"9" * 400 + b"}}",
        b'{"workload": {"requests": ' + b"9" * 5000 + b"}}", b'{"workload": {"requests": true}}', b'{"workload": {"requests": "1"}}',
        b'{"workload": {"colour": 1}}', b"\x00" * 100, b"PK\x03\x04", b"\xef\xbb\xbf", b"workload.requests=5",
    ],
    ids=lambda content: repr(content)[2:22],
)  # fmt: skip
def test_a_malformed_file(content: bytes, tmp_path: Path, capsys: Capture) -> None:
    """Empty, other encodings, cut, nested, doubled, no number: exit code 2 with a short problem,
    and nothing printed.
    """
    path = tmp_path / "scenario.json"
    path.write_bytes(content)
    assert code_of("plan", str(path)) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("error: ")
    assert len(captured.err) < 600


@given(name=st.sampled_from([field.name for field in FIELDS]), text=typed())
@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_setting_ends_well(name: str, text: str, capsys: Capture) -> None:
    """Whatever is set, the command ends with 0, 1 or 2, and explains itself."""
    code = code_of("plan", "--set", f"{name}={text}")
    captured = capsys.readouterr()
    assert code in (0, 1, 2)
    assert (captured.err != "") == (code == 2)
    assert (captured.out != "") == (code != 2)


# ---- remedies


@pytest.mark.parametrize(
    "setting",
    [
        "goal.deadline_h=0.1",
        "retries.max=0",
        "batches.poll_s=3600",
        "limits.tier=custom",
        "retries.permanent_rate=0.1",
        "duration.model=guide",
    ],
)
def test_a_remedy_can_be_typed(setting: str, capsys: Capture) -> None:
    """What the report offers after a caveat can be appended to the command: the caveat is gone, no
    problem comes.
    """
    main(["plan", "--set", setting])
    lines = capsys.readouterr().out.splitlines()
    offers = {
        before: after.split(": ", 1)[1]
        for before, after in pairwise(lines)
        if after.startswith("    ")
    }
    assert offers
    for caveat, words in offers.items():
        assert code_of("plan", "--set", setting, *shlex.split(words)) in (0, 1)
        assert caveat not in capsys.readouterr().out.splitlines()


# ---- programs


def test_programs_are_written(tmp_path: Path, capsys: Capture) -> None:
    """Two programs and a sample, in a folder that is made; what was written is said."""
    out = tmp_path / "new" / "folder"
    assert main(["programs", "--out", str(out), "--set", "workload.requests=123"]) == 0
    assert {path.name for path in out.iterdir()} == {
        "run_batches.py",
        "run_batches.mjs",
        "requests.jsonl",
    }
    assert str(out / "run_batches.py") in capsys.readouterr().out


def test_programs_of_one_edition(tmp_path: Path) -> None:
    """Those that are asked for, and no other; an edition that is not known is told."""
    assert main(["programs", "--for", "javascript", "--out", str(tmp_path)]) == 0
    assert {path.name for path in tmp_path.iterdir()} == {"run_batches.mjs", "requests.jsonl"}
    assert code_of("programs", "--for", "cobol", "--out", str(tmp_path)) == 2


def test_requests_are_not_overwritten(tmp_path: Path) -> None:
    """A file of requests may be one's own work by now: it is kept, the programs are written anew."""
    (tmp_path / "requests.jsonl").write_text("mine\n", "utf-8")
    (tmp_path / "run_batches.py").write_text("old\n", "utf-8")
    main(["programs", "--out", str(tmp_path)])
    assert (tmp_path / "requests.jsonl").read_text("utf-8") == "mine\n"
    assert (tmp_path / "run_batches.py").read_text("utf-8") != "old\n"


def test_a_folder_that_is_a_file(tmp_path: Path, capsys: Capture) -> None:
    """Where nothing can be written, that is the problem."""
    (tmp_path / "file").write_text("", "utf-8")
    assert code_of("programs", "--out", str(tmp_path / "file")) == 2
    assert "cannot be written" in capsys.readouterr().err


def test_no_programs_for_a_bad_scenario(tmp_path: Path) -> None:
    """A scenario with problems writes nothing."""
    assert code_of("programs", "--out", str(tmp_path / "out"), "--set", "workload.requests=0") == 2
    assert not (tmp_path / "out").exists()


def test_programs_of_a_plan_that_is_blocked(tmp_path: Path, capsys: Capture) -> None:
    """They are written, and the exit code and a sentence say that the plan cannot run."""
    model = "workload.model=claude-sonnet-4-0"
    assert main(["programs", "--out", str(tmp_path), "--set", model]) == 1
    assert (tmp_path / "run_batches.py").exists()
    told = capsys.readouterr().err
    assert told.startswith("Blocks the run: Claude Sonnet 4 was retired on 2026-06-15")
    assert told.count("\n") == 1


# ---- facts


def test_facts(capsys: Capture) -> None:
    """Models with prices, tiers with limits, and every fact with its source."""
    assert main(["facts"]) == 0
    out = capsys.readouterr().out
    assert "claude-sonnet-5-5" in out and "not published" in out and "batch_max_requests" in out


def test_facts_as_json(capsys: Capture) -> None:
    """All of them, with exact decimals as texts."""
    assert main(["facts", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert len(document["models"]) == 29
    assert document["models"][0]["batch"]["input"] == "4"


# ---- schema and version


def test_schema(capsys: Capture) -> None:
    """The JSON Schema of a scenario file, for editors and other programs."""
    assert main(["schema"]) == 0
    assert json.loads(capsys.readouterr().out) == schema()


def test_version(capsys: Capture) -> None:
    """The version of the package, under the name of the command."""
    assert code_of("--version") == 0
    assert capsys.readouterr().out == f"batch-planner {planner.__version__}\n"


# ---- as a process


def test_python_m_planner() -> None:
    """The package runs as a module, prints UTF-8, and its exit code reaches the shell."""
    done = shell("plan", "--set", "workload.model=claude-sonnet-4-0")
    assert done.returncode == 1
    assert done.stdout.startswith("10,000 requests to Claude Sonnet 4 ")
    assert done.stderr == ""


def test_a_terminal_that_knows_only_ascii() -> None:
    """Where the terminal's own encoding lacks ÷ and →, the plan is printed all the same."""
    for encoding in ("ascii", "cp1252"):
        done = shell("plan", "--json", PYTHONIOENCODING=encoding)
        assert (done.returncode, done.stderr) == (0, "")
        assert json.loads(done.stdout)["cost"]["batch_usd"] == "55.00"


@pytest.mark.parametrize("encoding", ["ascii", "utf-8"])
def test_problems_that_no_terminal_can_show(encoding: str, tmp_path: Path) -> None:
    """A problem that repeats what was given is printed even where its letters do not exist, or are
    no letters at all.
    """
    path = tmp_path / "scenario.json"
    path.write_text('{"\\ud800": {}}', "utf-8")
    done = shell(
        "plan",
        str(path),
        "--set",
        "w\u00f6rkload.\u2603=1",
        "--set",
        "\udc80=1",
        PYTHONIOENCODING=encoding,
    )
    assert done.returncode == 2
    assert done.stderr.count("error: ") == 3
    assert "Traceback" not in done.stderr


def test_a_reader_that_has_seen_enough() -> None:
    """`| head` closes the pipe early; that is no error."""
    command = f"'{sys.executable}' -m planner facts --json | head -c 10"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout) == 10
