"""Files that cannot be read are faults with their place."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from builder.faults import Fault, SiteError
from builder.sources import read_bytes, read_json, read_text


def fault_of(read: Callable[..., Any], file: Path, where: str = "") -> Fault:
    with pytest.raises(SiteError) as caught:
        read(file, where)
    (fault,) = caught.value.faults
    assert fault.remedy
    return fault


def test_file_that_is_not_there(tmp_path: Path) -> None:
    """By the name that its reader gives it, or by its own."""
    fault = fault_of(read_bytes, tmp_path / "gone", "content/gone.md")
    assert (fault.where, fault.what) == (
        "content/gone.md",
        "it cannot be read: No such file or directory",
    )
    assert fault_of(read_bytes, tmp_path / "gone").where == str(tmp_path / "gone")


def test_folder_in_place_of_a_file(tmp_path: Path) -> None:
    """A folder may be called a.md."""
    assert fault_of(read_text, tmp_path).what == "it cannot be read: Is a directory"


def test_text_of_another_coding(tmp_path: Path) -> None:
    """The byte and its line."""
    (tmp_path / "a").write_bytes("one\ntwo\ngrün".encode("latin-1"))
    fault = fault_of(read_text, tmp_path / "a", "a.md")
    assert (fault.where, fault.what) == ("a.md:3", "the byte 0xfc is no UTF-8")


def test_lines_of_another_system(tmp_path: Path) -> None:
    """A file from Windows reads the same."""
    (tmp_path / "a").write_bytes("é\r\nb\r\n".encode())
    assert read_text(tmp_path / "a") == "é\nb\n"


def test_broken_json(tmp_path: Path) -> None:
    """Line and column; whole JSON is read."""
    (tmp_path / "a").write_text('{"b": 1}')
    assert read_json(tmp_path / "a") == {"b": 1}
    (tmp_path / "a").write_text('{\n"b": }')
    fault = fault_of(read_json, tmp_path / "a", "a.json")
    assert (fault.where, fault.what) == ("a.json:2", "it is no JSON: Expecting value, column 6")
