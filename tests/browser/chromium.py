"""The Chromium that the tests drive. Run as a program it installs one where there is none.

In this order: the one that CHROMIUM names, one on the PATH, one that Playwright keeps, Debian's package
(as root), Playwright's own download (anybody). Debian has the same browser without its window too, the shell.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser import apt

NAMES = ("chromium", "chromium-browser", "google-chrome")
SHELLS = ("chromium-headless-shell", "chrome-headless-shell")

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


def find_shell() -> str | None:
    """The path of the shell, of the whole browser where there is none.

    It has the engine and nothing around it, and takes a fifth less of the processor for each page.
    """
    shells = () if os.environ.get("CHROMIUM") else map(shutil.which, SHELLS)
    return next(filter(None, shells), None) or find()


def install() -> None:
    """Debian's packages where we may install them, the whole browser of Playwright where not."""
    if apt.may_install():
        apt.install("chromium", "chromium-headless-shell")  # at once: they must be of one version
        if find() is None:  # not every Debian has the shell, and all can be tested without it
            apt.install("chromium")
    elif find() is None:
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=True)


if __name__ == "__main__":
    if find() is None or (find_shell() == find() and not os.environ.get("CHROMIUM")):
        install()
    if find() is None:
        sys.exit(
            "No Chromium could be installed. Install one, or name yours: CHROMIUM=/path/to/chromium make test"
        )
