"""What guide and README say of a plain loop and of ours against faults is what happens."""

import json
import re
import sys
from pathlib import Path

import pytest

from planner.__main__ import main
from planner.plan import make_plan
from planner.programs import generate
from planner.scenario import Scenario
from tests.planner.measure.examples import request

ROOT = Path(__file__).resolve().parents[3]
GUIDE = (ROOT / "content" / "guides" / "past-one-machine.md").read_text("utf-8")
SECTION = GUIDE.partition("{: #gauntlet }")[2].partition("\n## ")[0]
ROW = re.compile(
    r"^\| `([a-z:0-9-]+)`.*? \| `(\d+)`, `(\d+)` requests \| `(\d+)`, none \|$", re.MULTILINE
)
ROWS = ROW.findall(SECTION)
QUICK = ["--poll-seconds", "0.05", "--base-delay-seconds", "0.05", "--adopt-grace-seconds", "0.3"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The loop of the guide, the plain program, and 40 requests."""
    monkeypatch.chdir(tmp_path)
    requests = [{**request(), "custom_id": f"r{number}"} for number in range(40)]
    (tmp_path / "requests.jsonl").write_text("".join(json.dumps(r) + "\n" for r in requests))
    (loop,) = re.findall(r"```python\n(.*?)```", SECTION, re.DOTALL)
    (tmp_path / "loop.py").write_text(loop)
    (written, *_) = generate(make_plan(Scenario()))
    (tmp_path / written.name).write_text(written.text)
    return tmp_path


def test_both_say_the_same() -> None:
    """Three rows, and the commands that they come from."""
    assert len(ROWS) == 3
    readme = (ROOT / "README.md").read_text("utf-8")
    assert ROW.findall(readme) == ROWS
    (commands,) = re.findall(r"```sh\n(.*?)```", SECTION, re.DOTALL)
    assert " ".join(commands.split()) in " ".join(readme.split())


@pytest.mark.drawn(1)
@pytest.mark.parametrize(("fault", "batches", "twice", "ours"), ROWS)
def test_figures(
    fault: str,
    batches: str,
    twice: str,
    ours: str,
    folder: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Both against the fault of a row."""
    told = ["fake-api", "--fault", fault, "--input", "requests.jsonl"]
    run = [sys.executable, "loop.py", "requests.jsonl"]
    assert main([*told, "--answers", "answers.jsonl", "--", *run]) == 1
    said = capsys.readouterr().out
    assert said.startswith(
        f"lost 0, paid twice {twice}, sent without need {twice} (batches {batches},"
    )
    answers = ["--answers", "out/succeeded.jsonl", "--answers", "out/failed.jsonl"]
    run = [sys.executable, "run_batches.py", "requests.jsonl", "--out", "out"]
    size = ["--requests-per-batch", "10"]
    assert main([*told, *answers, "--", *run, *size, *QUICK]) == 0
    assert f" (batches {ours}," in capsys.readouterr().out
