"""Object stores on this machine, as S3 and Google's are reached: an emulator each, with one bucket."""

from __future__ import annotations

import contextlib
import json
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

BUCKET = "bucket"
# Without the first a body is taken for a form; without the second moto lets nobody read. No signature is proved.
HEADERS = {
    "content-type": "application/octet-stream",
    "authorization": "AWS4-HMAC-SHA256 Credential=tests/20260101/us-east-1/s3/aws4_request",
}


@dataclass(frozen=True, kw_only=True)
class Kind:
    """How a store is started, and what Airflow is told of it."""

    scheme: str  # of its addresses, and the name of its connection
    command: tuple[str, ...]  # below the engine's environment; the port follows
    connection: dict[str, Any]
    extra: dict[str, Any]
    endpoint: str  # the extra that is its address
    first: str  # what is put there first, its name in it: S3 makes the bucket by none


KINDS = (
    Kind(
        scheme="s3",
        command=("moto_server", "-H", "127.0.0.1", "-p"),
        connection={"conn_type": "aws", "login": "tests", "password": "tests"},
        extra={"region_name": "us-east-1"},
        endpoint="endpoint_url",
        first="",
    ),
    Kind(
        scheme="gs",
        command=("python", str(Path(__file__).with_name("google_store.py")), BUCKET),
        connection={"conn_type": "google_cloud_platform"},
        extra={"is_anonymous": True, "project": "tests"},
        endpoint="gcs.endpoint",
        first="first",
    ),
)


@dataclass(frozen=True)
class Objects:
    """A store, and where it listens on 127.0.0.1."""

    kind: Kind
    url: str

    @property
    def home(self) -> str:
        """As Airflow's paths begin: what is in the bucket follows."""
        return f"{self.kind.scheme}://{self.kind.scheme}@{BUCKET}"

    @property
    def environment(self) -> dict[str, str]:
        """What tells Airflow of it."""
        extra = {**self.kind.extra, self.kind.endpoint: self.url}
        connection = json.dumps({**self.kind.connection, "extra": extra})
        return {f"AIRFLOW_CONN_{self.kind.scheme.upper()}": connection}

    def put(self, name: str, content: bytes = b"") -> None:
        self.call("PUT", name, content)

    def get(self, name: str) -> bytes:
        return self.call("GET", name)

    def call(self, method: str, name: str, content: bytes | None = None) -> bytes:
        address = f"{self.url}/{BUCKET}/{name}".rstrip("/")
        request = urllib.request.Request(address, method=method, data=content, headers=HEADERS)
        with urllib.request.urlopen(request, timeout=30) as answer:
            body: bytes = answer.read()
            return body


@contextlib.contextmanager
def objects(kind: Kind, environment: Path, port: int, folder: Path) -> Iterator[Objects]:
    """The store, empty, until the end. `environment` has its emulator."""
    program, *arguments = kind.command
    command = [environment / "bin" / program, *arguments, str(port)]
    store = Objects(kind, f"http://127.0.0.1:{port}")
    with (folder / f"{kind.scheme}.log").open("ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        end = time.monotonic() + 120
        while True:
            try:
                store.put(kind.first, kind.first.encode())
                break
            except OSError:
                assert process.poll() is None, f"{program} has ended"
                assert time.monotonic() < end, f"{program} does not answer"
                time.sleep(0.5)
        yield store
    finally:
        process.kill()
        process.wait()
