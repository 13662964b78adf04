"""Kill runners with SIGKILL on cue, start them again, and read the books.

Each run has its own API, folder and cues. A cue is a call of the API: the runner dies in the middle
of it, before anything was done or after it was done and before the answer. `asleep` kills by the
clock, while the runner waits for a poll.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from planner.fake import FakeApi
from planner.fake.command import verdict
from planner.fake.runner import Runner

REQUESTS = 40
SIZE = 8
# What a runner does in a run of this size, and how often it does it at least.
CALLS = {"create": 5, "retrieve": 8, "results": 4, "list": 4}
# One request succeeds the second time, and one never does.
OUTCOMES = [
    {"id": "row-3", "attempt": 1, "type": "errored", "error": "api_error"},
    {"id": "row-17", "type": "errored", "error": "invalid_request_error"},
]
AGAIN = ("row-3", 2)


@dataclass
class Tally:
    """What the books say over several runs."""

    runs: int = 0
    kills: int = 0
    batches: int = 0
    needed: int = 0
    twice: int = 0
    lost: int = 0
    needless: int = 0
    codes: list[int] = field(default_factory=list)

    def line(self, name: str) -> str:
        return (
            f"{name}: {self.runs} runs, {self.kills} kills, {self.batches} batches for "
            f"{self.needed}; requests paid twice {self.twice}, lost {self.lost}, "
            f"sent without need {self.needless}"
        )


def write_requests(path: Path) -> set[str]:
    """Requests of a run; their ids."""
    ids = [f"row-{number}" for number in range(REQUESTS)]
    messages = [{"role": "user", "content": "Name a town."}]
    params = {"model": "claude-sonnet-5-5", "max_tokens": 100, "messages": messages}
    path.write_text("".join(json.dumps({"custom_id": i, "params": params}) + "\n" for i in ids))
    return set(ids)


def cues(seed: int, kills: int, operations: tuple[str, ...]) -> list[dict[str, Any]]:
    """So many kills at calls drawn at random; half of those of a create come after it was done."""
    draw = random.Random(seed)
    places = [(on, nth) for on in operations for nth in range(1, CALLS[on] + 1)]
    chosen = [("create", draw.randint(1, CALLS["create"]))]
    others = [place for place in places if place != chosen[0]]
    chosen += draw.sample(others, kills - 1)
    return [
        {
            "on": on,
            "nth": nth,
            "do": "kill-after" if on == "create" and draw.random() < 0.7 else "kill",
        }
        for on, nth in chosen
    ]


def book(
    api: FakeApi, tally: Tally, ids: set[str], answers: list[Path], kills: int, code: int
) -> None:
    """Add a run that has ended."""
    files = [path for path in answers if path.exists()]
    rows = [json.loads(row) for path in files for row in path.read_text().split("\n") if row]
    answered = {row["custom_id"] for row in rows}
    verdict(api, ids, answered)  # ends what is open
    tally.runs += 1
    tally.kills += kills
    tally.batches += len(api.own())
    tally.twice += len(api.books.paid_twice())
    tally.lost += len(ids - answered)
    tally.needless += len(api.books.needless)
    tally.codes.append(code)


Command = Callable[[Path, Path], list[str]]


def run_killed(
    folder: Path,
    command: Command,
    answers: Callable[[Path], list[Path]],
    tally: Tally,
    faults: list[dict[str, Any]],
    asleep: float = 0.0,
) -> None:
    """One run of a command that is started again after each kill."""
    out = folder / "out"
    out.mkdir(parents=True)
    requests = folder / "requests.jsonl"
    ids = write_requests(requests)
    scenario = {"faults": faults, "polls": 1, "outcomes": OUTCOMES}
    with FakeApi(scenario) as api:
        env = {"ANTHROPIC_BASE_URL": api.url, "ANTHROPIC_API_KEY": api.key}
        runner = Runner(command(requests, out), env)
        api.kill = runner.kill
        timer = threading.Timer(asleep, runner.kill) if asleep else None
        if timer:
            timer.start()
        code = runner.run()
        if timer:
            timer.cancel()
        tally.needed += batches_needed(api)
        book(api, tally, ids, answers(out), runner.kills, code)


def batches_needed(api: FakeApi) -> int:
    """The batches that hold a request for the first time, or one that is to be sent again."""
    return sum(
        any(
            entry.attempt == 1 or (entry.custom_id, entry.attempt) == AGAIN
            for entry in batch.entries
        )
        for batch in api.own()
    )


@dataclass
class Pair:
    """Two executors of one run: one works, one stands by; the one that works is killed on cue."""

    command: list[str]
    environment: dict[str, str]
    out: Path
    kills: int = 0
    runners: list[Runner] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)
    codes: list[int] = field(default_factory=list)

    def holder(self) -> int:
        """The process that has the folder: it is the one that calls."""
        pid = 0
        for line in (self.out / "lock").read_text().split("\n"):
            if '"taken"' in line:
                pid = json.loads(line)["taken"]["pid"]
        return pid

    def kill(self) -> None:
        os.kill(self.holder(), signal.SIGKILL)
        self.kills += 1

    def keep(self, name: str) -> None:
        """Start an executor, again after each kill, until the run is at its end."""
        env = {**os.environ, **self.environment, "DBOS__VMID": name}
        while not self.ended.is_set():
            code = subprocess.run(self.command, env=env, check=False).returncode
            if code != -signal.SIGKILL:
                self.codes.append(code)
                self.ended.set()

    def run(self) -> int:
        threads = [threading.Thread(target=self.keep, args=(name,)) for name in ("one", "two")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return max(self.codes)
