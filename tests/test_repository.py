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


WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
EACH_WORKFLOW = pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)


@EACH_WORKFLOW
def test_actions_are_pinned_by_commit(path: Path) -> None:
    """A tag can be moved, a commit cannot; the comment tells people and Dependabot which version it is."""
    uses = re.findall(r"uses: *(.+)", path.read_text("utf-8"))
    others = [action for action in uses if not action.startswith("./")]
    pinned = re.compile(r"[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")
    assert uses and [action for action in others if not pinned.fullmatch(action)] == []


def test_one_version_of_an_action() -> None:
    """All workflows run an action at the same commit."""
    commits: dict[str, set[str]] = {}
    for path in WORKFLOWS:
        for name, pin in re.findall(r"uses: *([\w./-]+)@(.+)", path.read_text("utf-8")):
            commits.setdefault(name, set()).add(pin)
    assert {name: pins for name, pins in commits.items() if len(pins) > 1} == {}


def test_release_publishes_without_code_of_ours() -> None:
    """The job that may publish gets the built package and runs nothing else; the one that builds may do nothing."""
    release = (ROOT / ".github" / "workflows" / "release.yml").read_text("utf-8")
    build, publish = release.split("\n  build:\n")[1].split("\n  publish:\n")
    assert "id-token: write" in publish and "needs: build" in publish
    assert "run:" not in publish and "checkout" not in publish and "secrets." not in release
    assert "persist-credentials: false" in build and "permissions:" not in build
    assert re.search(r"^permissions:\n  contents: read\n", release, re.MULTILINE)
