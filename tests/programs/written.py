"""The two programs as a person has them, joined and in files, and copies with other constants."""

from __future__ import annotations

import atexit
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from planner.plan import make_plan
from planner.programs import generate
from planner.scenario import Scenario

ROOT = Path(__file__).resolve().parent.parent.parent
# Every case runs in each of these.
LANGUAGES = ("python", "javascript")


# The runtimes and the SDK of the programs under test; matrix.py names others.
COMMANDS = {
    "python": [os.environ.get("PROGRAM_PYTHON", sys.executable)],
    "javascript": [os.environ.get("PROGRAM_NODE", "node")],
}
NODE_MODULES = Path(os.environ.get("PROGRAM_NODE_MODULES", ROOT / "node_modules"))


def node_modules(folder: Path) -> Path:
    """The SDK for JavaScript in one file, from which it loads in half the time; as it is where it is what is tested."""
    if "PROGRAM_NODE_MODULES" in os.environ or "pytest" not in sys.modules:
        return NODE_MODULES
    sdk = folder / "bundled" / "@anthropic-ai" / "sdk"
    sdk.mkdir(parents=True)
    bundle = Path(__file__).with_name("bundle.cjs")
    command = [*COMMANDS["javascript"], str(bundle), str(NODE_MODULES / "@anthropic-ai" / "sdk")]
    subprocess.run([*command, str(sdk)], check=True)
    return folder / "bundled"


def written() -> dict[str, Path]:
    """The joined programs of the default plan, each in a file; a module of JavaScript finds its SDK beside it."""
    folder = Path(tempfile.mkdtemp(prefix="programs-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    (folder / "node_modules").symlink_to(node_modules(folder))
    texts = {each.language: each for each in generate(make_plan(Scenario()))}
    for name in LANGUAGES:
        (folder / texts[name].name).write_bytes(texts[name].text.encode())
    return {name: folder / texts[name].name for name in LANGUAGES}


TEMPLATES = written()


def other(language: str) -> str:
    """The other language, or the same where there is one only."""
    return LANGUAGES[(LANGUAGES.index(language) + 1) % len(LANGUAGES)]


def place(text: str, language: str, folder: Path) -> Path:
    """A program file; a module of JavaScript finds its SDK from where it stands."""
    path = folder / TEMPLATES[language].name
    path.write_bytes(text.encode())
    if language == "javascript":
        (folder / "node_modules").symlink_to(TEMPLATES[language].with_name("node_modules"))
    return path


def altered(language: str, folder: Path, **constants: object) -> Path:
    """A copy of the program with other values of its constants, so that long times are short."""
    text = TEMPLATES[language].read_text("utf-8")
    for name, value in constants.items():
        new = json.dumps(value).replace("\\", r"\\")
        pattern = rf"(?<![A-Z_])({name}) = (?:[0-9_.]+|\"[^\"\n]*\")"
        text, times = re.subn(pattern, rf"\1 = {new}", text)
        assert times == 1, f"{name} stands {times} times in the program"
    return place(text, language, folder)
