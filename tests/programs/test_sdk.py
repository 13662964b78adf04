"""The SDKs: an older or newer one than the program knows is told in one line, with the command that upgrades."""

import ast
import importlib.util
import os
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.programs.harness import Bench
from tests.programs.written import ROOT, TEMPLATES

IDS = ["a", "b"]
VERSIONS = {
    "python": [
        ("2.4.9", 2),
        ("1.99.0", 2),
        ("0.40.0", 2),
        ("3.0.0", 2),
        ("2.5.0", 0),
        ("2.99.1", 0),
    ],
    "javascript": [("1.4.9", 2), ("0.60.0", 2), ("2.0.0", 2), ("1.5.0", 0), ("1.99.1", 0)],
}
UPGRADE = {"python": "pip install", "javascript": "npm install"}


def python_sdk(version: str, folder: Path) -> dict[str, str]:
    """The SDK that is installed, under another number: what a program reads, not what it does."""
    spec = importlib.util.find_spec("anthropic")
    assert spec and spec.submodule_search_locations
    source = Path(next(iter(spec.submodule_search_locations)))
    package = folder / "anthropic"
    package.mkdir()
    for entry in source.iterdir():
        if entry.is_dir() and entry.name != "__pycache__":  # compiled already
            (package / entry.name).symlink_to(entry)
        elif entry.is_file():
            shutil.copyfile(entry, package / entry.name)
    number = package / "_version.py"
    number.write_text(re.sub(r'"\d[^"]*"', f'"{version}"', number.read_text("utf-8")), "utf-8")
    [info] = source.parent.glob("anthropic-*.dist-info")
    copy = folder / f"anthropic-{version}.dist-info"
    shutil.copytree(info, copy)
    metadata = copy / "METADATA"
    text = re.sub(r"(?m)^Version: .*$", f"Version: {version}", metadata.read_text("utf-8"), count=1)
    metadata.write_text(text, "utf-8")
    return {"PYTHONPATH": str(folder)}


def javascript_sdk(version: str, folder: Path) -> None:
    """The same for JavaScript, in the folder where the program finds it."""
    installed = ROOT / "node_modules"
    modules = folder / "node_modules"
    modules.mkdir()
    for entry in installed.iterdir():
        if entry.name != "@anthropic-ai":
            (modules / entry.name).symlink_to(entry)
    sdk = modules / "@anthropic-ai" / "sdk"
    shutil.copytree(installed / "@anthropic-ai" / "sdk", sdk, ignore=shutil.ignore_patterns("src"))
    for name in ("package.json", "version.mjs", "version.js"):
        text = (sdk / name).read_text("utf-8")
        old = re.search(r"""(?:VERSION = |"version": )['"](\d[^'"]*)""", text)
        assert old, name
        (sdk / name).write_text(text.replace(old[1], version, 1), "utf-8")


@pytest.mark.drawn(6)
@pytest.mark.parametrize(
    ("language", "version", "code"),
    [(language, *each) for language, all_of_it in VERSIONS.items() for each in all_of_it],
)
def test_a_version_of_the_sdk(
    language: str, version: str, code: int, bench: Callable[..., Bench]
) -> None:
    """ "Needs `anthropic` 2.5 or newer of 2.x; an older one is told, with the command that upgrades it"; JavaScript likewise."""
    there = bench()
    there.write(*IDS)
    folder = there.folder / "program"
    folder.mkdir()
    program = folder / TEMPLATES[language].name
    shutil.copyfile(TEMPLATES[language], program)
    env = python_sdk(version, folder) if language == "python" else javascript_sdk(version, folder)
    done = there.spawn(there.command(language, program=program), **(env or {})).wait()
    assert done.code == code, done.said
    if code == 0:
        there.is_complete(IDS)
        return
    assert len(done.stderr.strip().split("\n")) == 1
    assert version in done.stderr and UPGRADE[language] in done.stderr
    assert not there.api.calls and not there.out.exists()


@pytest.mark.skipif("PROGRAM_SDK" not in os.environ, reason="matrix.py installs other SDKs")
def test_a_foreign_sdk(language: str, bench: Callable[..., Bench]) -> None:
    """The same, of an SDK as it was published."""
    there = bench()
    there.write(*IDS)
    done = there.spawn(there.command(language)).wait()
    assert done.code == 2, done.said
    assert len(done.stderr.strip().split("\n")) == 1
    assert os.environ["PROGRAM_SDK"] in done.stderr and UPGRADE[language] in done.stderr


def test_no_sdk_at_all(language: str, bench: Callable[..., Bench]) -> None:
    """One line, with the command that installs it."""
    there = bench()
    there.write(*IDS)
    program = there.folder / TEMPLATES[language].name
    shutil.copyfile(TEMPLATES[language], program)
    isolated = ["-I", "-S"] if language == "python" else []
    first, *rest = there.command(language, program=program)
    done = there.spawn([first, *isolated, *rest]).wait()
    assert done.code == 2, done.said
    assert len(done.stderr.strip().split("\n")) == 1
    assert UPGRADE[language] in done.stderr


def test_nothing_but_the_sdk(language: str) -> None:
    """A program needs its language and the SDK, nothing else."""
    text = TEMPLATES[language].read_text("utf-8")
    if language == "javascript":
        names = set(re.findall(r"""from ["']([^"'.][^"']*)["']""", text))
        assert all(name.startswith(("node:", "@anthropic-ai/sdk")) for name in names)
        return
    imports = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Import)]
    froms = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ImportFrom)]
    names = {alias.name.partition(".")[0] for node in imports for alias in node.names}
    names |= {str(node.module).partition(".")[0] for node in froms}
    assert names <= {*sys.stdlib_module_names, "anthropic"}
