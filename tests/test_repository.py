"""What is installed and what is handed out: exact versions, no hosts, and a package that works elsewhere."""

import json
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
PACKAGE = json.loads((ROOT / "package.json").read_text("utf-8"))
LOCK = json.loads((ROOT / "package-lock.json").read_text("utf-8"))


def test_the_planner_needs_nothing() -> None:
    """The package runs in a browser, so it has no dependencies."""
    assert PROJECT["project"]["dependencies"] == []


@pytest.mark.parametrize("group", PROJECT["dependency-groups"])
def test_python_versions_are_exact_and_installed(group: str) -> None:
    """What the tests run with is what pyproject.toml names, to the version."""
    for line in PROJECT["dependency-groups"][group]:
        name, _, version = line.partition("==")
        assert metadata.version(name) == version


def test_npm_versions_are_exact() -> None:
    """No range: the same versions today and in a year."""
    versions = [*PACKAGE["dependencies"].values(), *PACKAGE["devDependencies"].values()]
    assert [version for version in versions if not re.fullmatch(r"\d+\.\d+\.\d+", version)] == []


def test_lock_holds_checksums_and_no_host() -> None:
    """Whatever registry serves the packages, they must be the same bytes."""
    packages = {path: entry for path, entry in LOCK["packages"].items() if path}
    assert all("integrity" in entry and "resolved" not in entry for entry in packages.values())


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, packed from a copy so that nothing is left in the project."""
    copy, out = tmp_path_factory.mktemp("copy"), tmp_path_factory.mktemp("wheel")
    shutil.copytree(
        ROOT / "planner", copy / "planner", ignore=shutil.ignore_patterns("__pycache__")
    )
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy)
    pip = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "--wheel-dir",
        str(out),
        ".",
    ]
    subprocess.run(pip, cwd=copy, check=True)
    return next(out.glob("*.whl"))


def test_wheel_holds_every_file_of_the_planner(wheel: Path) -> None:
    """Facts and templates go with the code."""
    ours = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "planner").rglob("*")
        if path.is_file()
    }
    packed = {name for name in zipfile.ZipFile(wheel).namelist() if name.startswith("planner/")}
    assert packed == {name for name in ours if "__pycache__" not in name}


def test_installed_command_gives_the_same_plan(wheel: Path, tmp_path: Path) -> None:
    """`batch-planner` answers away from the checkout as `python -m planner` does in it."""
    pip = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-index",
        "--target",
        str(tmp_path),
        str(wheel),
    ]
    subprocess.run(pip, check=True)
    question = ["plan", "--set", "workload.requests=12345", "--json"]
    here = subprocess.run(
        [sys.executable, "-m", "planner", *question], cwd=ROOT, capture_output=True, check=True
    )
    command = [str(tmp_path / "bin" / "batch-planner"), *question]
    away = subprocess.run(
        command, cwd=tmp_path, env={"PYTHONPATH": str(tmp_path)}, capture_output=True, check=True
    )
    assert json.loads(away.stdout)["scenario"]["workload"]["requests"] == 12345
    assert away.stdout == here.stdout
