"""Python and the planner are packed as byte code, the same every time."""

import io
import json
import zipfile
from pathlib import Path

import pytest

import build
from builder.faults import SiteError
from builder.runtime import FILES, compiled, pack_runtime, zipped


def test_a_missing_runtime_is_a_fault(tmp_path: Path) -> None:
    """Each file that is not there is named."""
    with pytest.raises(SiteError) as caught:
        pack_runtime(tmp_path, build.ROOT / "planner")
    assert len(caught.value.faults) == len(FILES) + 1  # and package.json


def test_the_runtime_is_byte_code_without_packages(site: Path) -> None:
    """The library and the planner are compiled, programs that we hand out are not, and the lock file names no package."""
    packed = {
        name: zipfile.ZipFile(
            io.BytesIO((site / "runtime" / f"{name}.zip").read_bytes())
        ).namelist()
        for name in ("planner", "python_stdlib")
    }
    assert {
        "planner/bridge.pyc",
        "planner/facts/models.json",
        "planner/programs/python/main.py",
    } <= set(packed["planner"])
    assert {"json/__init__.pyc", "random.pyc", "encodings/utf_8.pyc"} <= set(
        packed["python_stdlib"]
    )
    sources = [
        name
        for names in packed.values()
        for name in names
        if name.endswith(".py") and not name.startswith("planner/programs/python/")
    ]
    assert sources == []
    assert json.loads((site / "runtime" / "pyodide-lock.json").read_bytes())["packages"] == {}


def test_byte_code_is_the_same_when_it_is_made_anew(site: Path, tmp_path: Path) -> None:
    """The cache saves time and changes nothing: without it the planner is compiled to the same bytes."""
    (tmp_path / "pyodide").symlink_to(build.PYODIDE_DIR.resolve())
    library = tmp_path / "library.zip"
    library.write_bytes((site / "runtime" / "python_stdlib.zip").read_bytes())
    made = compiled(tmp_path / "pyodide", library, zipped(build.ROOT / "planner"))
    assert tmp_path in made.parents
    assert made.read_bytes() == (site / "runtime" / "planner.zip").read_bytes()


def test_sources_that_cannot_be_compiled_are_a_fault(tmp_path: Path) -> None:
    """What Python says of it reaches the reader."""
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "module.py").write_text("def (")
    library = build.PYODIDE_DIR / "python_stdlib.zip"
    with pytest.raises(SiteError, match=r"site/runtime/compile\.mjs: .*SyntaxError"):
        compiled(build.PYODIDE_DIR, library, zipped(tmp_path / "broken"))


@pytest.fixture
def pyodide(tmp_path: Path) -> Path:
    """The npm package, with an empty cache of its own."""
    (tmp_path / "modules").mkdir()
    (tmp_path / "modules" / "pyodide").symlink_to(build.PYODIDE_DIR.resolve())
    return tmp_path / "modules" / "pyodide"


@pytest.mark.parametrize(
    ("node", "what"),
    [
        (None, "node cannot be run: No such file or directory"),
        ("exit 3", "it ended with code 3"),
        ("echo 'SyntaxError: top-level await' >&2; echo 'Node.js v12' >&2; exit 1", "SyntaxError"),
    ],
)
def test_node_that_does_not_do_it_is_a_fault(
    pyodide: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, node: str | None, what: str
) -> None:
    """There is none, or it is too old: the reader is told which one is needed."""
    (tmp_path / "bin").mkdir()
    if node:
        (tmp_path / "bin" / "node").write_text(f"#!/bin/sh\n{node}\n")
        (tmp_path / "bin" / "node").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    with pytest.raises(SiteError) as caught:
        compiled(pyodide, pyodide / "python_stdlib.zip", b"")
    (fault,) = caught.value.faults
    assert fault.where == "site/runtime/compile.mjs"
    assert fault.what.startswith(what)
    assert "Node 20" in fault.remedy


def test_cache_that_cannot_be_written_is_a_fault(pyodide: Path) -> None:
    """Such as on a full disk."""
    (pyodide.parent / ".cache").write_text("no folder")
    with pytest.raises(SiteError, match="byte code cannot be kept: "):
        compiled(pyodide, pyodide / "python_stdlib.zip", b"")
