"""A Postgres of our own on a free port, gone with the test."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def programs() -> Path | None:
    """The folder of initdb and postgres: on the path, or where Debian puts them; None without."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    return next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)), None)


@contextmanager
def postgres() -> Iterator[str]:
    """Its address, for a user who needs no password. It refuses root, so root starts it as nobody."""
    folder, there = tempfile.mkdtemp(prefix="postgres-"), programs()
    assert there
    user = (
        ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if os.geteuid() == 0 else []
    )
    if user:
        os.chown(folder, 65534, 65534)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    data = f"{folder}/data"
    quiet = {"check": True, "stdout": subprocess.DEVNULL}
    try:
        new = [there / "initdb", "-D", data, "-U", "tests", "-A", "trust", "--no-sync"]
        subprocess.run([*user, *new], **quiet, cwd=folder)  # type: ignore[call-overload]
        flags = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder}"
        control = [*user, str(there / "pg_ctl"), "-D", data, "-w"]
        subprocess.run([*control, "-l", f"{folder}/log", "-o", flags, "start"], **quiet, cwd=folder)  # type: ignore[call-overload]
        yield f"postgresql://tests@127.0.0.1:{port}/postgres"
        subprocess.run([*control, "-m", "immediate", "stop"], **quiet, cwd=folder)  # type: ignore[call-overload]
    finally:
        shutil.rmtree(folder, ignore_errors=True)
