"""The parts of the JavaScript program, each by itself, with Node's own test runner."""

import subprocess
from pathlib import Path

import pytest

from planner.programs.editions import PARTS
from planner.programs.join import part

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


@pytest.mark.parametrize("name", PARTS)
def test_a_part_is_small(name: str) -> None:
    """At most 300 lines of at most 100 columns, and its head says which rule it holds."""
    lines = part("javascript", name).split("\n")
    assert lines[0].startswith(("// ", "/**"))
    assert len(lines) <= 301
    assert not [line for line in lines if len(line) > 100]
