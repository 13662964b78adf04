"""Plans that were read once and found right: did they change by accident?

Each scenario of tests/scenarios has two golden files: the plan as JSON and the report of the command line. When a
change is meant, `python -m pytest tests/test_golden.py --update-golden` writes them anew; read the difference
before you commit it, and say in the commit why it is right.
"""

from pathlib import Path

import pytest

from planner.__main__ import main

TESTS = Path(__file__).resolve().parent
STEMS = sorted(path.stem for path in (TESTS / "scenarios").glob("*.json"))
FORMS = {"json": ["--json"], "txt": []}


@pytest.mark.parametrize("suffix", FORMS)
@pytest.mark.parametrize("stem", STEMS)
def test_plan_is_the_golden_one(
    stem: str, suffix: str, update_golden: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command line prints the file, to the letter."""
    code = main(["plan", str(TESTS / "scenarios" / f"{stem}.json"), *FORMS[suffix]])
    printed = capsys.readouterr().out
    golden = TESTS / "golden" / f"{stem}.{suffix}"
    if update_golden:
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(printed, "utf-8")
    assert golden.read_text("utf-8") == printed
    assert code in (0, 1)


def test_no_golden_file_is_left_over() -> None:
    """A golden file whose scenario is gone goes too."""
    expected = {f"{stem}.{suffix}" for stem in STEMS for suffix in FORMS}
    assert {
        path.name for path in (TESTS / "golden").iterdir() if not path.name.startswith(".")
    } == expected
