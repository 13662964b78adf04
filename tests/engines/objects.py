"""An object store on this machine, as S3 is reached: moto's server, with one bucket."""

from __future__ import annotations

import contextlib
import json
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

BUCKET = "bucket"
# Without the first a body is taken for a form; without the second nobody may read. moto proves no signature.
HEADERS = {
    "content-type": "application/octet-stream",
    "authorization": "AWS4-HMAC-SHA256 Credential=tests/20260101/us-east-1/s3/aws4_request",
}


@dataclass(frozen=True)
class Objects:
    """Where it listens on 127.0.0.1."""

    url: str

    @property
    def connection(self) -> str:
        """What Airflow is told of it: `s3://objects@bucket/…` then names what is in it."""
        extra = {"endpoint_url": self.url, "region_name": "us-east-1"}
        parts = {"conn_type": "aws", "login": "tests", "password": "tests", "extra": extra}
        return json.dumps(parts)

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
def objects(environment: Path, port: int, folder: Path) -> Iterator[Objects]:
    """The store, empty, until the end. `environment` has moto."""
    command = [environment / "bin" / "moto_server", "-H", "127.0.0.1", "-p", str(port)]
    store = Objects(f"http://127.0.0.1:{port}")
    with (folder / "objects.log").open("ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        end = time.monotonic() + 120
        while True:
            try:
                store.put("")
                break
            except OSError:
                assert process.poll() is None, "moto has ended"
                assert time.monotonic() < end, "moto does not answer"
                time.sleep(0.5)
        yield store
    finally:
        process.kill()
        process.wait()
