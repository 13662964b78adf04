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


@pytest.mark.parametrize(("name", "groups"), [("build", ["build"]), ("test", ["build", "test"])])
def test_python_packages_are_locked_by_hash(name: str, groups: list[str]) -> None:
    """The very versions that pyproject.toml names, each with hashes, and no registry; else: `make
    lock`.
    """
    lock = (ROOT / f"requirements-{name}.txt").read_text("utf-8")
    packages = re.findall(
        r"^([\w.-]+==[^\s;]+) \\\n((?:    --hash=sha256:[0-9a-f]{64}.*\n)+)", lock, re.MULTILINE
    )
    named = {
        line.replace("_", "-") for group in groups for line in PROJECT["dependency-groups"][group]
    }
    assert {version for version, _ in packages} == named
    lines = [line for line in lock.splitlines() if line and not line.startswith("#")]
    assert len(lines) == sum(1 + hashes.count("\n") for _, hashes in packages)


def test_nothing_is_installed_without_its_hash() -> None:
    """pip takes what the locks hold, npm what its lock holds; `make lock` alone asks for newer
    ones.
    """
    makefile = (ROOT / "Makefile").read_text("utf-8")
    rest = makefile.replace(makefile.partition("\nlock:")[2].partition("\n\n")[0], "")
    assert re.findall(r"pip install.*", rest) == [
        "pip install --quiet --disable-pip-version-check --only-binary :all: --no-deps --require-hashes"
    ]
    assert re.findall(r"\$\(pip\) .*", rest) == [
        f"$(pip) -r requirements-{name}.txt" for name in ("build", "test")
    ]
    assert "npm install" not in rest


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
    """A tag can be moved, a commit cannot; the comment tells people and Dependabot which version it
    is.
    """
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
    """The job that may publish gets the built package and runs nothing else; the one that builds
    may do nothing.
    """
    release = (ROOT / ".github" / "workflows" / "release.yml").read_text("utf-8")
    build, publish = release.split("\n  build:\n")[1].split("\n  publish:\n")
    assert "id-token: write" in publish and "needs: build" in publish
    assert "run:" not in publish and "checkout" not in publish and "secrets." not in release
    assert "persist-credentials: false" in build and "permissions:" not in build
    assert re.search(r"^permissions:\n  contents: read\n", release, re.MULTILINE)


def test_site_is_built_without_the_right_to_publish_it() -> None:
    """The jobs that run code of ours may read the repository alone; the one that publishes runs
    none.
    """
    pages = (ROOT / ".github" / "workflows" / "pages.yml").read_text("utf-8")
    jobs = dict(
        re.findall(r"^  (\w+):\n((?:    .*\n|\n)+)", pages.partition("\njobs:\n")[2], re.MULTILINE)
    )
    assert set(jobs) == {"test", "address", "build", "deploy"}
    assert re.search(r"^permissions:\n  contents: read\n\n", pages, re.MULTILINE)
    writes = {name for name, job in jobs.items() if re.search(r": write\b", job)}
    assert writes == {"deploy"}
    assert {name for name, job in jobs.items() if "run:" in job} == {"build"}
    assert "permissions:" not in jobs["build"] and "permissions:" not in jobs["test"]
    assert "persist-credentials: false" in jobs["build"]
    assert "needs: build" in jobs["deploy"] and "checkout" not in jobs["deploy"]
