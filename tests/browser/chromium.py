"""The Chromium that the tests drive. Run as a program it installs one where there is none.

In this order: the one that CHROMIUM names, one on the PATH, one that Playwright keeps, Debian's package
(as root), Playwright's own download (anybody).
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")

# Playwright's own Node needs libatomic, which a fresh Debian lacks; ours is there anyhow.
os.environ.setdefault("PLAYWRIGHT_NODEJS_PATH", shutil.which("node") or "")


def find() -> str | None:
    """The path of a Chromium, None if there is none; SystemExit if CHROMIUM names something else."""
    if named := os.environ.get("CHROMIUM"):
        if found := shutil.which(named):
            return found
        sys.exit(f"CHROMIUM names {named}, which is not a program.")
    for name in NAMES:
        if found := shutil.which(name):
            return found
    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
    return own if Path(own).exists() else None


def install() -> None:
    """Debian's package where we may install it, Playwright's own build where not."""
    if os.geteuid() == 0 and shutil.which("apt-get"):
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        wait = ["-qq", "-o", "DPkg::Lock::Timeout=300"]  # another installation may be under way
        for command in (["update"], ["install", "--yes", "--no-install-recommends", "chromium"]):
            subprocess.run(
                ["apt-get", *wait, *command], env=quiet, stdin=subprocess.DEVNULL, check=True
            )
    else:
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=True)


if __name__ == "__main__":
    if find() is None:
        install()
    if find() is None:
        sys.exit(
            "No Chromium could be installed. Install one, or name yours: CHROMIUM=/path/to/chromium make test"
        )
