"""The Pythons of this machine, for tests that hold in every version."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest


def interpreter(version: str) -> str:
    """A Python of that version, such as "3.12": from the path, or where pyenv keeps them. Skips the
    test without one.
    """
    kept = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    candidates = [
        shutil.which(f"python{version}"),
        *map(str, sorted(kept.glob(f"{version}.*/bin/python3"))),
    ]
    for python in filter(None, candidates):
        done = subprocess.run(
            [python, "-c", "import sys; print(sys.version)"],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.stdout.startswith(version + "."):
            return python
    pytest.skip(f"no Python {version} is installed")
