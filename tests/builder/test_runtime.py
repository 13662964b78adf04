"""Python and the planner are packed as byte code, the same every time."""

import gzip
import hashlib
import io
import re
import shutil
import zipfile
from pathlib import Path

import pytest

import build
from builder.faults import SiteError
from builder.runtime import SOURCES, pack_runtime, packed, zipped


def test_a_missing_runtime_is_a_fault(tmp_path: Path) -> None:
    """Each file that is not there is named."""
    with pytest.raises(SiteError) as caught:
        pack_runtime(tmp_path, build.ROOT / "planner")
    assert len(caught.value.faults) == len(SOURCES)


def test_names_are_hashes(site: Path) -> None:
    """Each file below runtime/ is named by its content, and the worker names the four others as
    they are called.
    """
    files = list((site / "runtime").iterdir())
    for file in files:
        assert hashlib.sha256(file.read_bytes()).hexdigest().startswith(file.stem.split("-")[-1])
    (worker,) = (file for file in files if file.name.startswith("worker-"))
    text = worker.read_text("utf-8")
    assert len(files) == 5
    assert [file.name for file in files if file != worker and f'"{file.name}"' not in text] == []
    assert f'href="runtime/{worker.name}"' in (site / "index.html").read_text("utf-8")


def test_the_library_is_byte_code_of_what_is_needed(site: Path) -> None:
    """Library and planner are compiled, programs that we hand out are not; what the browser never
    loads is not there.
    """
    (library,) = (site / "runtime").glob("library-*.bin")
    unpacked = io.BytesIO(gzip.decompress(library.read_bytes()))
    names = set(zipfile.ZipFile(unpacked).namelist())
    assert {
        "planner/bridge.pyc",
        "planner/facts/models.json",
        "planner/programs/python/main.py",
        "json/__init__.pyc",
        "difflib.pyc",
        "encodings/utf_8.pyc",
    } <= names
    assert not names & {
        "planner/__main__.pyc",
        "planner/fake/server.pyc",
        "argparse.pyc",
        "http/server.pyc",
        "zipimport.py",
    }
    sources = [
        name
        for name in names
        if name.endswith(".py") and not re.match(r"planner/programs/\w+/", name)
    ]
    assert sources == []


def test_library_is_the_same_when_it_is_made_anew(site: Path, tmp_path: Path) -> None:
    """The cache saves time and changes nothing: without it the library is packed to the same bytes."""
    (tmp_path / "pyodide").symlink_to(build.PYODIDE_DIR.resolve())
    anew = packed(tmp_path / "pyodide", zipped(build.ROOT / "planner"))
    (library,) = (site / "runtime").glob("library-*.bin")
    assert tmp_path in anew.parents
    assert anew.read_bytes() == library.read_bytes()


def planner_with(folder: Path, source: str) -> bytes:
    """The zip of the planner with one more line in its bridge."""
    shutil.copytree(build.ROOT / "planner", folder / "planner")
    with (folder / "planner" / "bridge.py").open("a") as bridge:
        bridge.write(source)
    return zipped(folder / "planner")


@pytest.mark.drawn(1)  # each packs the whole library
@pytest.mark.parametrize(
    ("source", "what"),
    [
        ("def (", "SyntaxError"),
        ("def late():\n    import sqlite3\n", "bridge.py imports {'sqlite3'}"),
    ],
)
def test_planner_that_cannot_be_packed_is_a_fault(tmp_path: Path, source: str, what: str) -> None:
    """What Python says of it reaches the reader; so does an import that no question of the packer
    has come to.
    """
    with pytest.raises(SiteError, match=rf"site/runtime/library\.mjs: .*{what}"):
        packed(build.PYODIDE_DIR, planner_with(tmp_path, source))


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
        packed(pyodide, b"")
    (fault,) = caught.value.faults
    assert fault.where == "site/runtime/library.mjs"
    assert fault.what.startswith(what)
    assert "Node 20" in fault.remedy


def test_cache_that_cannot_be_written_is_a_fault(pyodide: Path) -> None:
    """Such as on a full disk."""
    (pyodide.parent / ".cache").write_text("no folder")
    with pytest.raises(SiteError, match="byte code cannot be kept: "):
        packed(pyodide, b"")
