"""Write the hashes of every package that pyproject.toml names: build.txt and test.txt.

`make lock` runs it where pip-tools is installed. A hash is there for each file of a version, for
every system and Python; no registry is named, for the hash says enough.
"""

import subprocess
import sys
import tomllib
from pathlib import Path

HERE = Path(__file__).resolve().parent
# what the tests run in holds what the build needs
GROUPS = {"build.txt": ("build",), "test.txt": ("build", "test")}
OPTIONS = (
    "--generate-hashes",
    "--allow-unsafe",  # pip and setuptools too
    "--strip-extras",
    "--no-header",
    "--no-annotate",
    "--no-emit-options",
    "--no-emit-index-url",
    "--no-emit-find-links",
    "--no-emit-trusted-host",
    "--quiet",
)


def main() -> None:
    """Compile each file from its groups; a package that no group names stops it."""
    groups = tomllib.loads((HERE.parent / "pyproject.toml").read_text("utf-8"))["dependency-groups"]
    for name, parts in GROUPS.items():
        wanted = "\n".join(line for part in parts for line in groups[part])
        # -P: from here, the package `build` of pip-tools would be our build.py
        compiler = (sys.executable, "-P", "-m", "piptools", "compile")
        command = (*compiler, *OPTIONS, "--output-file", HERE / name, "-")
        subprocess.run(command, input=wanted, text=True, check=True)


if __name__ == "__main__":
    main()
