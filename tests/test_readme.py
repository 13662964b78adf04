"""What the README promises works as it stands there."""

import doctest
import re
import shlex
from pathlib import Path

import pytest

import planner
from planner.__main__ import main
from tests.planner.measure.examples import lines_of, request
from tests.planner.review.account import account

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text("utf-8")
COMMANDS = re.findall(r"^    \$ python -m planner (.+)$", README, re.MULTILINE)


def test_python_in_it() -> None:
    """The lines after >>> give what stands below them."""
    failed, tried = doctest.testfile(str(ROOT / "README.md"), module_relative=False)
    assert (failed, tried > 0) == (0, True)


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_in_it(
    command: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Each command line runs, and prints something."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "scenario.json").write_text("{}")
    (tmp_path / "requests.jsonl").write_bytes(lines_of([request()]))
    (tmp_path / "run.sh").write_text(":")
    made = account(1)
    (tmp_path / "journal.jsonl").write_bytes(made.journal_bytes())
    (tmp_path / "batches.json").write_bytes(made.list_bytes())
    assert main(shlex.split(command)) in (0, 1)
    assert capsys.readouterr().out


def test_every_command_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    """A reader of the README knows every command."""
    assert main(["--help"]) == 0
    commands = re.findall(r"^    ([\w-]+) ", capsys.readouterr().out, re.MULTILINE)
    assert set(commands) == {command.split()[0] for command in COMMANDS}


def test_wheels_in_it() -> None:
    """The file names are those of the wheel that `make wheel` packs today."""
    wheels = re.findall(r"wheel/\S+\.whl", README)
    assert set(wheels) == {f"wheel/batch_planner-{planner.__version__}-py3-none-any.whl"}
