"""The Firefox that the tests drive, over WebDriver BiDi. Run as a program it installs one where there is none.

Playwright drives a Firefox of its own only; BiDi is what every Firefox speaks. It is JSON over one WebSocket, of
which the tests need so little that it stands here.
"""

import base64
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.browser import apt

NAMES = ("firefox-esr", "firefox")
WAIT_S = 90  # only a failure takes so long
# Without the optimising compiler, whose work for minutes to come costs more than a test takes, and without the pages
# and lists that it has ready for a person.
PREFERENCES = """
user_pref("app.update.enabled", false);
user_pref("browser.aboutwelcome.enabled", false);
user_pref("browser.newtabpage.enabled", false);
user_pref("browser.newtab.preload", false);
user_pref("browser.safebrowsing.malware.enabled", false);
user_pref("browser.safebrowsing.phishing.enabled", false);
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("browser.startup.page", 0);
user_pref("javascript.options.wasm_optimizingjit", false);
user_pref("dom.ipc.processPrelaunch.enabled", false);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("network.captive-portal-service.enabled", false);
user_pref("network.connectivity-service.enabled", false);
user_pref("toolkit.telemetry.enabled", false);
"""


def find() -> str | None:
    """The path of a Firefox, None if there is none; SystemExit if FIREFOX names something else."""
    if named := os.environ.get("FIREFOX"):
        if found := shutil.which(named):
            return found
        sys.exit(f"FIREFOX names {named}, which is not a program.")
    return next(filter(None, map(shutil.which, NAMES)), None)


class WebSocket:
    """A connection that carries texts."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.socket = socket.create_connection((parts.hostname, parts.port), timeout=WAIT_S)
        key = base64.b64encode(os.urandom(16)).decode()
        lines = [
            f"GET {parts.path} HTTP/1.1",
            f"Host: {parts.netloc}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            f"Sec-WebSocket-Key: {key}",
            "Sec-WebSocket-Version: 13",
        ]
        self.socket.sendall("\r\n".join([*lines, "", ""]).encode())
        self.file = self.socket.makefile("rb")
        assert b" 101 " in self.file.readline()
        while self.file.readline().strip():
            pass

    def send(self, text: str) -> None:
        data, mask = text.encode(), os.urandom(4)
        size = len(data)
        if size < 126:  # a longer form than is needed is refused
            length = bytes([128 | size])
        elif size < 65536:
            length = bytes([128 | 126]) + size.to_bytes(2, "big")
        else:
            length = bytes([128 | 127]) + size.to_bytes(8, "big")
        masked = bytes(byte ^ mask[place % 4] for place, byte in enumerate(data))
        self.socket.sendall(b"\x81" + length + mask + masked)

    def receive(self) -> str:
        """The next text."""
        text = b""
        while True:
            first, second = self.file.read(2)
            length = second & 127
            if length >= 126:
                length = int.from_bytes(self.file.read(2 if length == 126 else 8), "big")
            text += self.file.read(length)
            if first & 128:
                return text.decode()

    def close(self) -> None:
        self.file.close()
        self.socket.close()


class Firefox:
    """A headless Firefox with one page, as a context manager; what it kept is in the folder `profile`."""

    def __init__(self, profile: Path) -> None:
        self.profile = profile
        self.count = 0

    def __enter__(self) -> "Firefox":
        self.profile.mkdir(exist_ok=True)
        (self.profile / "user.js").write_text(PREFERENCES)
        program = find()
        assert program, "make setup-test installs a Firefox"
        command = [program, "--headless", "--remote-debugging-port=0", "--profile", self.profile]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        assert self.process.stderr
        said = ""
        for said in self.process.stderr:
            if found := re.search(r"WebDriver BiDi listening on (ws://\S+)", said):
                break
        else:
            raise AssertionError(said)
        self.connection = WebSocket(f"{found[1]}/session")
        self.call("session.new", capabilities={})
        (top,) = self.call("browsingContext.getTree")["contexts"]
        self.page = top["context"]
        return self

    def __exit__(self, *error: object) -> None:
        try:
            self.call("browser.close")
            self.connection.close()
        finally:
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
            assert self.process.stderr
            self.process.stderr.close()

    def call(self, method: str, **parameters: Any) -> Any:
        """The result of a command. Raises AssertionError with the browser's own words."""
        self.count += 1
        self.connection.send(json.dumps({"id": self.count, "method": method, "params": parameters}))
        while True:
            message = json.loads(self.connection.receive())
            if message.get("id") == self.count:
                assert message["type"] == "success", message
                return message["result"]

    def go(self, url: str) -> None:
        """Open an address, and wait until it is loaded."""
        self.call("browsingContext.navigate", context=self.page, url=url, wait="complete")

    def evaluate(self, script: str) -> Any:
        """The value of an expression in the page: a text, number or boolean."""
        done = self.call(
            "script.evaluate",
            expression=script,
            target={"context": self.page},
            awaitPromise=True,
        )
        assert done["type"] == "success", done["exceptionDetails"]["text"]
        return done["result"].get("value")

    def wait(self, script: str, value: Any = True) -> None:
        """Until the expression has the value."""
        end = time.monotonic() + WAIT_S
        while (now := self.evaluate(script)) != value:
            assert time.monotonic() < end, f"{script} is {now!r}"
            time.sleep(0.2)


if __name__ == "__main__":
    if find() is None and apt.may_install():
        apt.install("firefox-esr")
    if find() is None:
        sys.exit("No Firefox could be installed. Name yours: FIREFOX=/path/to/firefox make test")
