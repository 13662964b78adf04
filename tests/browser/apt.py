"""Debian's packages, for machines on which the tests may install them."""

import os
import shutil
import subprocess


def may_install() -> bool:
    """Whether this is a Debian, and we are root."""
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def install(*packages: str) -> None:
    """Install them; whoever asks for them looks whether they are there."""
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    wait = ["-qq", "-o", "DPkg::Lock::Timeout=300"]  # another installation may be under way
    for command in (["update"], ["install", "--yes", "--no-install-recommends", *packages]):
        subprocess.run(
            ["apt-get", *wait, *command], env=quiet, stdin=subprocess.DEVNULL, check=False
        )
