"""What all tests share: the built site, a server for it, and the switch for golden files."""

import fcntl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.static_server import StaticServer

ROOT = Path(__file__).resolve().parent.parent


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="write golden files anew instead of comparing them",
    )


@pytest.fixture
def update_golden(request: pytest.FixtureRequest) -> bool:
    """True when golden files are to be written anew."""
    return bool(request.config.getoption("--update-golden"))


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """The site, built by build.py once for the whole run."""
    base = tmp_path_factory.getbasetemp()
    shared = (
        base if worker_id == "master" else base.parent
    )  # workers share the folder above their own
    out = shared / "site"
    with (shared / "site.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not out.exists():
            command = [sys.executable, "build.py", "--out", str(out)]
            done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stdout + done.stderr
    return out


def files_of(folder: Path) -> dict[str, bytes]:
    """The files below a folder by path, as `build.build()` gives those of a site."""
    files = (file for file in folder.rglob("*") if file.is_file())
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in files}


@pytest.fixture
def server(site: Path, request: pytest.FixtureRequest) -> Iterator[StaticServer]:
    """The site at an origin of its own, so that no test sees what another stored; a parameter is
    the path below it.
    """
    with StaticServer(site, getattr(request, "param", "/")) as server:
        yield server
