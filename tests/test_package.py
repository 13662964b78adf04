"""The package as it is released: packed without a warning, whole, and the same plan wherever it is
installed.
"""

import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from email.parser import Parser
from pathlib import Path
from typing import NamedTuple

import pytest

import planner
from tests.pythons import interpreter

ROOT = Path(__file__).resolve().parent.parent
SCENARIO = ROOT / "tests" / "scenarios" / "us-cache-5m-unprimed.json"
PACKED = ("planner", "pyproject.toml", "MANIFEST.in", "README.md", "LICENSE", "tests/conftest.py")
COMMANDS = (
    ("--version",),
    ("plan", str(SCENARIO)),
    ("plan", str(SCENARIO), "--json"),
    ("plan", "--set", "workload.requests=12345", "--json"),
    ("facts", "--json"),
    ("schema",),
)


class Release(NamedTuple):
    """What `build` made, and what it printed."""

    wheel: Path
    source: Path
    printed: str


def environment() -> dict[str, str]:
    """The environment without what makes Python look elsewhere, or keeps it from writing byte code."""
    return {name: text for name, text in os.environ.items() if not name.startswith("PYTHON")}


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Release:
    """Wheel and source, packed from a copy so that nothing is left in the project."""
    copy, out = tmp_path_factory.mktemp("copy"), tmp_path_factory.mktemp("out")
    for name in PACKED:
        (copy / name).parent.mkdir(exist_ok=True)
        if (ROOT / name).is_dir():
            unpacked = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / name, copy / name, ignore=unpacked)
        else:
            shutil.copy(ROOT / name, copy / name)
    (copy / "tests" / "test_something.py").write_text("")  # setuptools would take it along
    build = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out)]
    done = subprocess.run(
        build, cwd=copy, env=environment(), capture_output=True, text=True, check=True
    )
    return Release(next(out.glob("*.whl")), next(out.glob("*.tar.gz")), done.stdout + done.stderr)


def files(archive: Path) -> set[str]:
    """The files in a wheel or a source archive, below its first folder where it has one."""
    if archive.suffix == ".whl":
        return set(zipfile.ZipFile(archive).namelist())
    listed = subprocess.run(["tar", "tzf", archive], capture_output=True, text=True, check=True)
    return {line.partition("/")[2] for line in listed.stdout.splitlines()}


def test_it_is_packed_without_a_warning(release: Release) -> None:
    """A warning of today is a wheel that lacks a folder tomorrow."""
    assert "Successfully built" in release.printed
    assert [line for line in release.printed.splitlines() if "warn" in line.lower()] == []


def test_wheel_holds_every_file_of_the_planner(release: Release) -> None:
    """Facts and programs go with the code, and nothing else does."""
    ours = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "planner").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    packed = {name for name in files(release.wheel) if ".dist-info/" not in name}
    assert packed == ours
    assert "planner/py.typed" in ours


def test_source_holds_what_the_wheel_is_made_from(release: Release) -> None:
    """Code, data and licence, and no test: tests need the whole checkout."""
    packed = files(release.source)
    assert {"LICENSE", "README.md", "pyproject.toml", "planner/facts/models.json"} <= packed
    assert not [name for name in packed if name.startswith("tests")]


def test_version_has_one_source(release: Release) -> None:
    """What `planner.__version__` says is in the wheel's name, and stands nowhere else."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert release.wheel.name == f"batch_planner-{planner.__version__}-py3-none-any.whl"
    assert "version" not in project


def test_wheel_says_what_it_is(release: Release) -> None:
    """Name, licence, addresses, keywords and classifiers; one command, of the package's own name."""
    info = f"batch_planner-{planner.__version__}.dist-info"
    with zipfile.ZipFile(release.wheel) as wheel:
        meta = Parser().parsestr(wheel.read(f"{info}/METADATA").decode())
        commands = wheel.read(f"{info}/entry_points.txt").decode()
    assert (meta["Name"], meta["License-Expression"]) == ("batch-planner", "MIT")
    assert meta["Requires-Python"] == ">=3.11"
    needs = meta.get_all("Requires-Dist", [])
    assert [name for name in needs if 'extra == "fake"' not in name] == []
    assert meta.get_all("Provides-Extra") == ["fake"]
    labels = {line.partition(",")[0] for line in meta.get_all("Project-URL", [])}
    assert labels == {"Homepage", "Source", "Issues", "Changelog"}
    assert "Typing :: Typed" in meta.get_all("Classifier", []) and meta["Keywords"]
    assert re.findall(r"^(\S+) = (\S+)$", commands, re.MULTILINE) == [
        ("batch-planner", "planner.__main__:main")
    ]


def printed(command: list[str], folder: Path) -> dict[str, bytes]:
    """What a command answers to each of `COMMANDS` from that folder, and the files that it writes
    there.
    """
    answers = {}
    for words in (*COMMANDS, ("programs", "--out", "run")):
        done = subprocess.run(
            [*command, *words], cwd=folder, env=environment(), capture_output=True, check=True
        )
        answers[" ".join(words)] = done.stdout
    written = {path.name: path.read_bytes() for path in (folder / "run").iterdir()}
    return answers | written


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The answers of the checkout."""
    folder = tmp_path_factory.mktemp("checkout")
    (folder / "planner").symlink_to(ROOT / "planner")
    return printed([sys.executable, "-m", "planner"], folder)


@pytest.mark.drawn(1)  # that every Python answers alike is held elsewhere
@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13"])
def test_installed_command_answers_as_the_checkout(
    version: str, release: Release, checkout: dict[str, bytes], tmp_path: Path
) -> None:
    """In a new environment, from another folder and in any Python, `batch-planner` gives the same
    bytes.
    """
    home, away = tmp_path / "env", tmp_path / "away"
    subprocess.run([interpreter(version), "-m", "venv", "--without-pip", home], check=True)
    pip = [sys.executable, "-m", "pip", "--python", str(home / "bin" / "python"), "install"]
    install = [*pip, "--quiet", "--no-deps", "--no-index", str(release.wheel)]
    subprocess.run(install, check=True)
    away.mkdir()
    assert printed([str(home / "bin" / "batch-planner")], away) == checkout
    assert all(checkout.values())
