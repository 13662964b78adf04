"""What is installed and what runs for us: exact versions, checksums, no hosts."""

import json
import re
import tomllib
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
