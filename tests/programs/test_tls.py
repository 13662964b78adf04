"""The real API is reached over TLS: what is sent and heard there is the same."""

import json
import shutil
import ssl
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.programs.cases import on
from tests.programs.harness import Bench

IDS = [f"r{number}" for number in range(4)]
FOUR = ["--requests-per-batch", "4"]
LARGE = 400_000


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one for 127.0.0.1, for which nobody vouches, and its key."""
    if not shutil.which("openssl"):
        pytest.skip("openssl is not there to make a certificate")
    folder = tmp_path_factory.mktemp("tls")
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -keyout key -out certificate"
    names = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run([*command.split(), *names], capture_output=True, check=True, cwd=folder)
    return folder


def behind_tls(there: Bench, certificate: Path) -> Bench:
    """The API of a bench, from now on over TLS; the program trusts it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "certificate", certificate / "key")
    server = there.api.server
    # A handshake in the thread of its connection: the one that accepts must not wait.
    server.socket = context.wrap_socket(
        server.socket, server_side=True, do_handshake_on_connect=False
    )
    address = there.api.url.replace("http:", "https:")
    trusted = dict.fromkeys(
        ("SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS"), str(certificate / "certificate")
    )
    there.env = {"ANTHROPIC_BASE_URL": address, **trusted}
    return there


@pytest.mark.parametrize("early", [False, True], ids=["taken", "413 before it has come"])
def test_a_large_body_over_tls(
    early: bool, certificate: Path, language: str, bench: Callable[..., Bench]
) -> None:
    """What a server says of its own accord at the beginning of TLS is no answer; a 413 before the end of a body is one."""
    fault = on("create", "early", bytes=2 * LARGE + 10_000, seconds=20.0, times=-1)
    scenario = {"faults": [fault], "receive_buffer": 8192} if early else {}
    there = behind_tls(bench(scenario), certificate)
    rows = [{"id": name, "prompt": "x" * LARGE} for name in IDS]
    there.input.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    done = there.spawn(there.command(language, *FOUR)).wait()
    assert done.code == 0, done.said
    there.is_complete(IDS)
    assert not there.events("doubt")
    assert there.api.calls["create"] == (3 if early else 1)
