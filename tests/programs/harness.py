"""Runs the two programs as their users do, and reads what they leave behind."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from planner.fake import FakeApi
from tests.programs.processes import Cue, Done, Running, Zygote
from tests.programs.written import COMMANDS, TEMPLATES, altered

# Waits of a test; a case may say otherwise, for the last flag counts.
QUICK = ["--poll-seconds", "0.02", "--base-delay-seconds", "0.02", "--adopt-grace-seconds", "0.3"]
# Stands in every prompt and in no log.
SECRET = "PROMPT-7d1f"
# Reasons of requests that were paid for, and whose answers the API no longer gives.
NOT_AT_THE_API = {"results_archived", "batch_not_found", "missing"}


@dataclass(frozen=True)
class Past:
    """What has happened on a bench: its folder, and the memory of its API."""

    folder: Path
    memory: dict[str, Any]


@dataclass
class Bench:
    """One folder, one API, and programs run against them."""

    folder: Path
    zygote: Zygote
    api: FakeApi
    starts: int = 0
    said: list[str] = field(default_factory=list)
    running: list[Running] = field(default_factory=list)
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

    def outputs(self) -> tuple[Path, Path]:
        """Files for what the next program says."""
        self.starts += 1
        paths = (self.folder / f"{self.starts}.stdout", self.folder / f"{self.starts}.stderr")
        for path in paths:
            path.touch()
        return paths

    def altered(self, language: str, **constants: object) -> Path:
        """A copy of the program, in a folder of its own, with other values of its constants."""
        return altered(language, Path(tempfile.mkdtemp(dir=self.folder)), **constants)

    def arguments(self, *flags: str) -> list[str]:
        return [str(self.input), "--out", str(self.out), *QUICK, *flags]

    def command(self, language: str, *flags: str, program: Path | None = None) -> list[str]:
        """What a person would type."""
        path = str(program or TEMPLATES[language])
        return [*COMMANDS[language], path, *self.arguments(*flags)]

    def start(
        self,
        language: str,
        *flags: str,
        kill: tuple[int | str, str] | None = None,
        cue: Cue | None = None,
        program: Path | None = None,
    ) -> Running:
        """Start a program on the input and the folder of this bench."""
        cue = Cue(*kill) if kill else cue
        if language == "javascript":
            env = {"CUE": " ".join(map(str, cue))} if cue else {}
            preload = ["--import", Path(__file__).with_name("cue.mjs").as_uri()] if cue else []
            node, *rest = self.command(language, *flags, program=program)
            return self.spawn([node, *preload, *rest], **env)
        stdout, stderr = self.outputs()
        job = {
            "program": str(program or TEMPLATES[language]),
            "args": self.arguments(*flags),
            "env": self.environment(),
            "stdout": str(stdout),
            "stderr": str(stderr),
            "cue": cue,
        }
        return self.follow(Running(self.zygote.start(job), stdout, stderr, zygote=self.zygote))

    def follow(self, running: Running) -> Running:
        """Have a program ended with the test that started it."""
        self.running.append(running)
        return running

    def close(self) -> None:
        """End what a test that failed has left behind."""
        for running in self.running:
            if not running.ended:
                running.kill()

    def spawn(self, command: list[str], **env: str) -> Running:
        """Start a command as a process of its own."""
        stdout, stderr = self.outputs()
        with stdout.open("wb") as one, stderr.open("wb") as two:
            process = subprocess.Popen(
                command,
                env={**self.environment(), **env},
                stdin=subprocess.DEVNULL,
                stdout=one,
                stderr=two,
                cwd=self.folder,
            )
        return self.follow(Running(process.pid, stdout, stderr, process=process))

    def run(
        self,
        language: str,
        *flags: str,
        kill: tuple[int | str, str] | None = None,
        cue: Cue | None = None,
        program: Path | None = None,
    ) -> Done:
        """Start a program and wait for its end."""
        done = self.start(language, *flags, kill=kill, cue=cue, program=program).wait()
        self.said.append(done.said)
        return done

    def shell(self, script: str, language: str, *flags: str, program: Path | None = None) -> Done:
        """Run a script of the shell in which "$@" is the program with its arguments."""
        command = self.command(language, *flags, program=program)
        done = self.spawn(["bash", "-c", script, "bash", *command]).wait()
        self.said.append(done.said)
        return done

    def pasts(self, folder: Path, when: str, language: str, *flags: str) -> Iterator[Past]:
        """What a kill at each line of the journal would leave: there the program is stopped, and goes on.

        Other benches may go on from it when the program has ended, whose lock they find.
        """
        running = self.start(language, *flags, cue=Cue("each", when, "SIGSTOP"))
        length = -1
        while True:
            self.until(lambda: running.is_stopped() or running.has_ended())
            if running.has_ended():
                break
            if len(self.journal()) > length:  # what is stopped still was told to go on before
                length = len(self.journal())
                yield self.past(folder / str(length))
                running.send(signal.SIGCONT)
        self.said.append(running.wait().said)

    def past(self, folder: Path) -> Past:
        """Keep what has happened, for other benches to go on from; nothing may be running."""
        self.is_quiet()
        said = shutil.ignore_patterns("*.stdout", "*.stderr")
        shutil.copytree(self.folder, folder, symlinks=True, ignore=said)
        return Past(folder, self.api.memory())

    def go_on_from(self, past: Past) -> None:
        shutil.copytree(past.folder, self.folder, symlinks=True, dirs_exist_ok=True)
        self.api.remember(past.memory)

    # What it left ------------------------------------------------------------------------------------------------

    def write(self, *ids: str) -> None:
        """INPUT of one row for each id."""
        rows = [json.dumps({"id": i, "prompt": f"{SECRET} for {i}\n\u2028é"}) for i in ids]
        self.input.write_bytes("".join(row + "\n" for row in rows).encode())

    def lines(self, name: str) -> list[dict[str, Any]]:
        """JSON Lines of a file of the run, split at `\\n` only."""
        text = self.text(name)
        assert not text or text.endswith("\n"), f"{name} ends in a torn line"
        return [json.loads(line) for line in text.split("\n")[:-1]]

    def text(self, name: str) -> str:
        """A file of the run; empty before there is one."""
        path = self.out / name
        return path.read_bytes().decode() if path.exists() else ""

    def journal(self) -> str:
        return self.text("journal.jsonl")

    def events(self, kind: str) -> list[dict[str, Any]]:
        return [event for event in self.lines("journal.jsonl") if event["event"] == kind]

    def whole_events(self) -> list[dict[str, Any]]:
        """The events of a journal whose last line may be torn."""
        whole = self.journal().rpartition("\n")[0]
        return [json.loads(line) for line in whole.split("\n") if line]

    def summary(self) -> dict[str, Any]:
        summary: dict[str, Any] = json.loads((self.out / "summary.json").read_text("utf-8"))
        return summary

    def given_up(self) -> dict[str, str]:
        return {line["custom_id"]: line["reason"] for line in self.lines("failed.jsonl")}

    def pause(self, seconds: float) -> None:
        time.sleep(seconds)

    def let_all_end(self) -> None:
        """The batches that there are, and those to come, end at the next poll."""
        self.api.set_scenario({})
        for batch in self.api.batches:
            batch.polls_left = 0

    def until(self, holds: Callable[[], bool], limit_s: float = 120.0) -> None:
        """Until something holds."""
        end = time.monotonic() + limit_s
        while not holds():
            assert time.monotonic() < end, "it never came to pass"
            time.sleep(0.005)

    def wait_for(self, what: str, limit_s: float = 120.0) -> None:
        """Until the journal has a line with this event."""
        self.until(lambda: f'"event":"{what}"' in self.journal(), limit_s)

    def pays_once(self) -> None:
        """The laws of every run, also of one that stopped: by the books of the API."""
        assert self.api.books.paid_twice() == []
        assert self.api.books.needless == [], "nothing is accepted twice without need"
        assert self.api.most_creating <= 1, "creates are sent one at a time"
        self.is_quiet()

    def is_complete(self, ids: list[str]) -> None:
        """The laws of every complete run, whatever happened on the way."""
        self.pays_once()
        succeeded, failed = self.lines("succeeded.jsonl"), self.lines("failed.jsonl")
        answered = Counter(line["custom_id"] for line in [*succeeded, *failed])
        assert answered == Counter(ids), "each id in exactly one file, once"
        assert all(line["result"]["type"] == "succeeded" for line in succeeded)
        lost = self.api.books.lost({line["custom_id"] for line in succeeded})
        gone = {line["custom_id"] for line in failed if line["reason"] in NOT_AT_THE_API}
        assert set(lost) <= gone, "each answer that was paid for is there"
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

    def is_quiet(self) -> None:
        """No prompt, answer or key is logged or journalled."""
        for text in [*self.said, self.journal()]:
            assert SECRET not in text
            assert "Answer to" not in text
            assert self.api.key not in text
