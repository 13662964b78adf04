"""The parts of the JavaScript program, each by itself, with Node's own test runner."""

import subprocess
from pathlib import Path

import pytest

from planner.programs.join import PARTS

FOLDER = Path(__file__).with_name("javascript")
FILES = sorted(FOLDER.glob("*.test.mjs"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_part(file: Path) -> None:
    """What the tests of one part say."""
    done = subprocess.run(
        ["node", "--test", str(file)], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_part_has_tests() -> None:
    """All but the head, which is a comment."""
    assert {file.name.removesuffix(".test.mjs") for file in FILES} == {*PARTS} - {"head"}
