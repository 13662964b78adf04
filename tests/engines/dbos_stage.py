"""Runs the DBOS edition as its users do: on the engine, or on the stub of it."""

from __future__ import annotations

import os
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from planner.fake import FakeApi
from planner.plan import make_plan
from planner.programs import generate
from planner.scenario import Scenario
from tests.engines.kills import OUTCOMES, SIZE, Tally, book, write_requests
from tests.programs.processes import Running, Zygote

STUBS = Path(__file__).with_name("stubs")
FLAGS = ["--requests-per-batch", str(SIZE), "--concurrent-batches", "2", "--poll-seconds", "0.2"]
FLAGS += ["--base-delay-seconds", "0.2", "--adopt-grace-seconds", "0.5"]


def program(folder: Path, edition: str = "dbos") -> Path:
    """The joined file of the default plan, in a folder."""
    (written, _) = generate(make_plan(Scenario()), editions=[edition])
    path = folder / written.name
    path.write_bytes(written.text.encode())
    return path


def answers(out: Path) -> list[Path]:
    return [out / "succeeded.jsonl", out / "failed.jsonl"]


@dataclass(frozen=True)
class Engine:
    """A Python that has DBOS."""

    python: str

    def command(self, program: Path, requests: Path, out: Path, *flags: str) -> list[str]:
        return [self.python, str(program), str(requests), "--out", str(out), *FLAGS, *flags]

    def told(self, api: FakeApi) -> dict[str, str]:
        """The environment of a program."""
        known = {"ANTHROPIC_BASE_URL": api.url, "ANTHROPIC_API_KEY": api.key}
        return {**os.environ, **known}

    def run(self, command: list[str], api: FakeApi, **env: str) -> subprocess.CompletedProcess[str]:
        """A program's exit code and words."""
        environment = {**self.told(api), **env}
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@dataclass(frozen=True)
class Stub(Engine):
    """This Python, with the stub; a program begins where all that it loads is loaded."""

    zygote: Zygote

    def told(self, api: FakeApi) -> dict[str, str]:
        return {**super().told(api), "PYTHONPATH": str(STUBS)}

    def run(self, command: list[str], api: FakeApi, **env: str) -> subprocess.CompletedProcess[str]:
        done = self.start(command, api, **env).wait()
        return subprocess.CompletedProcess(command, done.code, done.stdout, done.stderr)

    def start(self, command: list[str], api: FakeApi, **env: str) -> Running:
        """A program under way."""
        _, program, *args = command
        folder = Path(tempfile.mkdtemp(dir=Path(program).parent))
        stdout, stderr = folder / "stdout", folder / "stderr"
        stderr.touch()  # it may be read before the program has begun
        job = {
            "program": program,
            "args": args,
            "env": {**self.told(api), **env},
            "stdout": str(stdout),
            "stderr": str(stderr),
            "cue": None,
        }
        return Running(self.zygote.start(job), stdout, stderr, zygote=self.zygote)


def same_answers(engine: Engine, folder: Path) -> None:
    """Succeeded and failed files equal the plain program's, for the same input and faults.

    And each reads that a run of the other is at its end.
    """
    requests = folder / "requests.jsonl"
    write_requests(requests)
    faults = [
        {"on": "create", "do": "lose-answer", "nth": 2},
        {"on": "create", "do": "error", "status": 529, "type": "overloaded_error", "nth": 4},
        {"on": "results", "do": "cut", "nth": 2},
        {"on": "retrieve", "do": "drop", "nth": 3},
    ]
    programs = [program(folder, edition) for edition in ("python", "dbos")]
    files: list[list[set[str]]] = []
    for each, other in (programs, programs[::-1]):
        out = folder / each.stem
        with FakeApi({"faults": faults, "outcomes": OUTCOMES}) as api:
            done = engine.run(engine.command(each, requests, out), api)
            assert done.returncode == 1, done.stderr
            assert api.books.needless == []
            files.append([set(path.read_text().splitlines()) for path in answers(out)])
            calls = sum(api.calls.values())
            again = engine.run(engine.command(other, requests, out), api)
            assert (again.returncode, again.stdout) == (1, done.stdout)
            assert sum(api.calls.values()) == calls
    assert files[0] == files[1]


def goes_on(engine: Engine, folder: Path) -> None:
    """The plain program was killed in the middle of a create; this edition finds what was made."""
    requests, out, tally = folder / "requests.jsonl", folder / "out", Tally()
    ids = write_requests(requests)
    plain, here = program(folder, "python"), program(folder)
    with FakeApi({"faults": [{"on": "create", "do": "kill-after", "nth": 2}]}) as api:
        with subprocess.Popen(
            engine.command(plain, requests, out), env=engine.told(api), stderr=subprocess.DEVNULL
        ) as process:
            api.kill = process.kill
        assert process.returncode < 0
        done = engine.run(engine.command(here, requests, out), api)
        assert done.returncode == 0, done.stderr
        book(api, tally, ids, answers(out), 1, done.returncode)
    assert (tally.twice, tally.lost, tally.needless) == (0, 0, 0)
