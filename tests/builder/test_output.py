"""A site takes the place of the one before it, whole, and of nothing else."""

from pathlib import Path

import pytest

from builder.faults import SiteError
from builder.output import write


def test_writing_replaces_the_whole_site(tmp_path: Path) -> None:
    """A file of an earlier build does not stay behind."""
    out = tmp_path / "dist"
    write({"old.html": b"1", "runtime/planner.zip": b""}, out)
    write({"a/new.html": b"2", "runtime/planner.zip": b""}, out)
    assert sorted(
        file.relative_to(out).as_posix() for file in out.rglob("*") if file.is_file()
    ) == [
        "a/new.html",
        "runtime/planner.zip",
    ]


def test_a_folder_that_is_no_site_is_not_replaced(tmp_path: Path) -> None:
    """`--out` with the wrong folder must not delete somebody's files."""
    (tmp_path / "thesis.txt").write_text("ten years of work")
    with pytest.raises(SiteError, match="is not a site"):
        write({"index.html": b""}, tmp_path)
    assert (tmp_path / "thesis.txt").exists()
