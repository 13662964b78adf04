"""Runs the two programs as their users do, and reads what they leave behind."""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from planner.plan import make_plan
from planner.programs import generate
from planner.scenario import Scenario
from tests.fake_api import FakeApi

ROOT = Path(__file__).resolve().parent.parent.parent
# Every case runs in each of these.
LANGUAGES = ("python", "javascript")


def written() -> dict[str, Path]:
    """The joined programs of the default plan, each in a file; a module of JavaScript finds its SDK beside it."""
    folder = Path(tempfile.mkdtemp(prefix="programs-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    (folder / "node_modules").symlink_to(ROOT / "node_modules")
    texts = {each.language: each for each in generate(make_plan(Scenario()))}
    for name in LANGUAGES:
        (folder / texts[name].name).write_bytes(texts[name].text.encode())
    return {name: folder / texts[name].name for name in LANGUAGES}


TEMPLATES = written()

# Waits of a test; a case may say otherwise, for the last flag counts.
QUICK = ["--poll-seconds", "0.02", "--base-delay-seconds", "0.02", "--adopt-grace-seconds", "0.3"]
# Stands in every prompt and in no log.
SECRET = "PROMPT-7d1f"
LIMIT_S = 60.0


def other(language: str) -> str:
    """The other language, or the same where there is one only."""
    return LANGUAGES[(LANGUAGES.index(language) + 1) % len(LANGUAGES)]


def place(text: str, language: str, folder: Path) -> Path:
    """A program file; a module of JavaScript finds its SDK from where it stands."""
    path = folder / TEMPLATES[language].name
    path.write_bytes(text.encode())
    if language == "javascript":
        (folder / "node_modules").symlink_to(ROOT / "node_modules")
    return path


class Zygote:
    """Starts Python programs; see zygote.py."""

    def __init__(self) -> None:
        command = [sys.executable, str(Path(__file__).with_name("zygote.py"))]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.codes: dict[int, int] = {}

    def start(self, job: dict[str, Any]) -> int:
        assert self.process.stdin
        self.process.stdin.write(json.dumps(job) + "\n")
        self.process.stdin.flush()
        while "code" in (message := self.read()):
            pass
        return int(message["pid"])

    def read(self) -> dict[str, Any]:
        assert self.process.stdout
        message: dict[str, Any] = json.loads(self.process.stdout.readline())
        if "code" in message:
            self.codes[message["pid"]] = message["code"]
        return message

    def wait(self, pid: int) -> int:
        while pid not in self.codes:
            self.read()
        return self.codes.pop(pid)

    def close(self) -> None:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.close()
        self.process.wait(10)
        self.process.stdout.close()


@dataclass
class Done:
    """How a program ended, and what it said. `code` is negative for a signal."""

    code: int
    stdout: str
    stderr: str

    @property
    def said(self) -> str:
        return self.stdout + self.stderr


@dataclass
class Running:
    """A program under way."""

    pid: int
    stdout: Path
    stderr: Path
    zygote: Zygote | None = None
    process: subprocess.Popen[bytes] | None = None

    def wait(self) -> Done:
        # A watchdog: nothing here may hang for ever.
        watchdog = subprocess.Popen(
            ["sh", "-c", f"sleep {LIMIT_S}; kill -9 {self.pid}"], start_new_session=True
        )
        try:
            if self.process:
                code = self.process.wait()
            else:
                assert self.zygote
                code = self.zygote.wait(self.pid)
        finally:
            os.killpg(watchdog.pid, signal.SIGKILL)
            watchdog.wait()
        return Done(
            code,
            self.stdout.read_text("utf-8", "replace"),
            self.stderr.read_text("utf-8", "replace"),
        )

    def kill(self, number: int = signal.SIGKILL) -> Done:
        with contextlib.suppress(ProcessLookupError):  # it may have come to its end
            os.kill(self.pid, number)
        return self.wait()


@dataclass
class Bench:
    """One folder, one API, and programs run against them."""

    folder: Path
    zygote: Zygote
    api: FakeApi
    starts: int = 0
    said: list[str] = field(default_factory=list)
    env: dict[str, str] = field(default_factory=dict)

    @property
    def input(self) -> Path:
        return self.folder / "requests.jsonl"

    @property
    def out(self) -> Path:
        return self.folder / "out"

    def environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "ANTHROPIC_BASE_URL": self.api.url,
            "ANTHROPIC_API_KEY": self.api.key,
            **self.env,
        }

    def start(
        self,
        language: str,
        *flags: str,
        kill: tuple[int, str] | None = None,
        program: Path | None = None,
    ) -> Running:
        """Start a program on the input and the folder of this bench."""
        self.starts += 1
        stdout, stderr = (
            self.folder / f"{self.starts}.stdout",
            self.folder / f"{self.starts}.stderr",
        )
        template = str(program or TEMPLATES[language])
        args = [str(self.input), "--out", str(self.out), *QUICK, *flags]
        if language == "python":
            job = {
                "program": template,
                "args": args,
                "env": self.environment(),
                "stdout": str(stdout),
                "stderr": str(stderr),
                "kill": kill,
            }
            stdout.touch()
            stderr.touch()
            return Running(self.zygote.start(job), stdout, stderr, zygote=self.zygote)
        preload = ["--import", Path(__file__).with_name("kill.mjs").as_uri()] if kill else []
        env = self.environment() | ({"KILL_AT": f"{kill[0]} {kill[1]}"} if kill else {})
        with stdout.open("wb") as one, stderr.open("wb") as two:
            process = subprocess.Popen(
                ["node", *preload, template, *args],
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=one,
                stderr=two,
            )
        return Running(process.pid, stdout, stderr, process=process)

    def run(
        self,
        language: str,
        *flags: str,
        kill: tuple[int, str] | None = None,
        program: Path | None = None,
    ) -> Done:
        done = self.start(language, *flags, kill=kill, program=program).wait()
        self.said.append(done.said)
        return done

    # What it left ------------------------------------------------------------------------------------------------

    def write(self, *ids: str) -> None:
        """INPUT of one row for each id."""
        rows = [json.dumps({"id": i, "prompt": f"{SECRET} for {i}\n\u2028é"}) for i in ids]
        self.input.write_bytes("".join(row + "\n" for row in rows).encode())

    def lines(self, name: str) -> list[dict[str, Any]]:
        """JSON Lines of a file of the run, split at `\\n` only."""
        path = self.out / name
        text = path.read_bytes().decode() if path.exists() else ""
        assert not text or text.endswith("\n"), f"{name} ends in a torn line"
        return [json.loads(line) for line in text.split("\n")[:-1]]

    def events(self, kind: str) -> list[dict[str, Any]]:
        return [event for event in self.lines("journal.jsonl") if event["event"] == kind]

    def summary(self) -> dict[str, Any]:
        summary: dict[str, Any] = json.loads((self.out / "summary.json").read_text("utf-8"))
        return summary

    def given_up(self) -> dict[str, str]:
        return {line["custom_id"]: line["reason"] for line in self.lines("failed.jsonl")}

    def pause(self, seconds: float) -> None:
        time.sleep(seconds)

    def wait_for(self, what: str, limit_s: float = 20.0) -> None:
        """Until the journal has a line with this event."""
        until = time.monotonic() + limit_s
        journal = self.out / "journal.jsonl"
        while f'"event":"{what}"' not in (journal.read_text("utf-8") if journal.exists() else ""):
            assert time.monotonic() < until, f"no {what} in the journal"
            time.sleep(0.005)

    def is_complete(self, ids: list[str]) -> None:
        """The laws of every complete run, whatever happened on the way."""
        succeeded, failed = self.lines("succeeded.jsonl"), self.lines("failed.jsonl")
        answered = Counter(line["custom_id"] for line in [*succeeded, *failed])
        assert answered == Counter(ids), "each id in exactly one file, once"
        assert self.api.paid_twice() == []
        assert self.api.needless == [], "nothing is accepted twice without need"
        assert self.api.most_creating <= 1, "creates are sent one at a time"
        billed = sum(1 for line in succeeded if line["result"]["type"] == "succeeded")
        gone = sum(1 for line in failed if line["reason"] == "results_archived")
        assert billed == len(succeeded) == sum(self.api.billed.values()) - gone
        sent = {line for batch in self.api.own() for line in self.api.result_lines(batch)}
        with (self.out / "succeeded.jsonl").open("rb") as file:
            assert all(line in sent for line in file), "the API's own lines, to the byte"
        summary = self.summary()
        assert (summary["requests"], summary["succeeded"], summary["given_up"]) == (
            len(ids),
            len(succeeded),
            len(failed),
        )
        assert summary["reasons"] == Counter(line["reason"] for line in failed)
        assert summary["usage"]["output_tokens"] == sum(
            line["result"]["message"]["usage"]["output_tokens"] for line in succeeded
        )
        self.is_quiet()

    def is_quiet(self) -> None:
        """No prompt, answer or key is logged or journalled."""
        journal = self.out / "journal.jsonl"
        texts = [*self.said, journal.read_text("utf-8") if journal.exists() else ""]
        for text in texts:
            assert SECRET not in text
            assert "Answer to" not in text
            assert self.api.key not in text
