"""The Airflow edition on Airflow itself: `python -m tests.engines.airflow_live ENVIRONMENT [--kills N]`.

ENVIRONMENT is a folder with the engine (`make test-engines` makes it). Prints what was seen, a line each; exit code 1
when something was paid twice, lost or sent without need, when an answer differs from the plain program's, or when a
waiting batch holds a worker.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from planner.fake import FakeApi
from tests.engines.airflow_engine import OPERATORS, Airflow, free_port
from tests.engines.objects import KINDS, Objects, objects
from tests.engines.rows import lines, lines_of, write
from tests.engines.stage import MODULE
from tests.programs.harness import QUICK
from tests.programs.written import TEMPLATES

# What becomes of requests, so that each way of sorting and a second round is gone.
OUTCOMES = [
    {"id": "same-3", "attempt": 1, "type": "errored", "error": "overloaded_error"},
    {"id": "same-5", "type": "errored", "error": "invalid_request_error"},
    {"id": "same-7", "type": "errored", "error": "api_error"},
    {"id": "same-8", "attempt": 1, "type": "expired"},
]
LONGEST_RUN_S = 600
LONGEST_KILL_S = 120
# Long enough to kill what sends in the middle of it.
HANG = {"on": "create", "do": "hang", "seconds": 2.0, "times": -1}
# And open for so long that a task leaves its worker, on a busy machine too.
KILLED_IN_CREATES = {"seconds": 15, "faults": [HANG]}


class Live:
    """One Airflow, one API, and what was seen."""

    def __init__(self, airflow: Airflow, api: FakeApi, folder: Path) -> None:
        self.airflow, self.api, self.folder = airflow, api, folder
        self.out = folder / "out"
        self.faults: list[str] = []

    def say(self, text: str) -> None:
        print(f"{time.strftime('%H:%M:%S')} {text}", flush=True)

    def check(self, what: str, holds: bool) -> None:
        self.say(f"{'yes' if holds else 'NO '}  {what}")
        if not holds:
            self.faults.append(what)

    def run(self, name: str, count: int, dag: str = "run_batches") -> list[str]:
        source = self.folder / f"{name}.jsonl"
        ids = write(source, name, count)
        self.airflow.trigger(name, source, self.out, dag)
        return ids

    def wait(self, name: str) -> None:
        ends = ("success", "failed")
        self.airflow.until(lambda: self.airflow.state(name) in ends, LONGEST_RUN_S)

    def judge(self, name: str, ids: list[str], read: Callable[[str], bytes] | None = None) -> None:
        """The books against the files of a run."""
        read = read or (lambda file: (self.out / name / file).read_bytes())
        rows = []
        for file in ("succeeded.jsonl", "failed.jsonl"):
            with contextlib.suppress(OSError):  # there is none: all of it is lost
                rows.append([json.loads(line)["custom_id"] for line in lines_of(read(file))])
        self.end_all()
        succeeded, failed = rows if len(rows) == 2 else ([], [])
        books = self.api.books
        mine = [each for each in books.paid_twice() if each in ids]
        needless = [each for each in books.needless if each in ids]
        lost = [each for each in books.lost({*succeeded}) if each in ids]
        whole = sorted([*succeeded, *failed]) == sorted(ids)
        text = f"{name}: paid twice {len(mine)}, lost {len(lost)}, needless {len(needless)}"
        self.check(text, not mine and not lost and not needless and whole)

    # ---- what is looked at

    def same_answers(self) -> None:
        """Files of the edition and of the plain program for the same requests and outcomes."""
        self.api.set_scenario({"outcomes": OUTCOMES, "polls": 1})
        ids = self.run("same", 40)
        plain = self.folder / "plain"
        with FakeApi({"outcomes": OUTCOMES, "polls": 1}) as other:
            command = [sys.executable, str(TEMPLATES["python"]), str(self.folder / "same.jsonl")]
            flags = ["--out", str(plain), *QUICK]
            flags += ["--requests-per-batch", "12", "--max-retries", "1"]
            env = {**os.environ, "ANTHROPIC_BASE_URL": other.url, "ANTHROPIC_API_KEY": other.key}
            subprocess.run([*command, *flags], env=env, capture_output=True, check=False)
        self.wait("same")
        self.judge("same", ids)
        for name in ("succeeded.jsonl", "failed.jsonl"):
            equal = lines(self.out / "same" / name) == lines(plain / name)
            self.check(f"{name} is the plain program's", equal)
        sizes = [len(batch.entries) for batch in self.api.own()][:4]
        self.check(f"batches at once differ in their counts: {sizes}", len({*sizes}) == len(sizes))

    def stores(self, stores: list[Objects]) -> None:
        """An object store does for the answers what a folder does."""
        script, scratch = Path(__file__).with_name("airflow_stores.py"), self.folder / "stores"
        scratch.mkdir()
        plugins = self.airflow.home / "plugins"
        command = ["python", str(script), str(plugins), str(scratch)]
        command += [word for store in stores for word in (store.home, store.url)]
        done = subprocess.run(command, env=self.airflow.env, capture_output=True, text=True)
        self.check(f"any store holds the answers {done.stderr[-300:]}", done.returncode == 0)

    def on_objects(self, store: Objects) -> None:
        """A run whose requests and answers are in an object store, killed as the others are."""
        self.api.set_scenario(KILLED_IN_CREATES)
        name = store.kind.scheme
        source = self.folder / f"{name}.jsonl"
        ids = write(source, name, 60)
        store.put("requests.jsonl", source.read_bytes())
        self.airflow.trigger(name, f"{store.home}/requests.jsonl", f"{store.home}/answers")
        counts, before = Counter[str](), len(self.api.own())
        self.kill_until_it_ends(name, counts, 1)
        self.say(f"     on {store.home}, {dict(counts)} kills")
        self.check_made(before)
        self.judge(name, ids, lambda file: store.get(f"answers/{name}/{file}"))

    def waiting(self) -> None:
        """Batches that are open for long hold no worker."""
        self.api.set_scenario({"seconds": 25})
        ids = self.run("waiting", 40)

        def all_wait() -> bool:
            tasks = [it for it in self.airflow.tasks("waiting") if it["task_id"] == "batch_1"]
            return bool(tasks) and all(it["state"] == "deferred" for it in tasks)

        # A process takes a moment to end after its task was deferred.
        self.airflow.until(lambda: all_wait() and not self.airflow.task_processes(), 120)
        pool: dict[str, Any] = self.airflow.ask("GET", "/pools/default_pool")
        slots = {name: pool[f"{name}_slots"] for name in ("running", "queued", "deferred")}
        processes = len(self.airflow.task_processes())
        self.check(f"{slots} and {processes} task processes", not slots["running"] + processes)
        self.wait("waiting")
        self.judge("waiting", ids)

    def cleared(self) -> None:
        """Tasks of a run that is at its end, cleared, send and fetch nothing."""
        self.api.set_scenario({})
        calls = self.api.calls.total()
        body = {
            "dry_run": False,
            "dag_run_id": "same",
            "only_failed": False,
            "reset_dag_runs": True,
        }
        self.airflow.ask("POST", "/dags/run_batches/clearTaskInstances", body)
        self.airflow.until(lambda: self.airflow.state("same") in ("queued", "running"), 60)
        self.wait("same")
        self.check("a cleared run asks the API for nothing", self.api.calls.total() == calls)

    def baseline(self, operator: str) -> None:
        """An operator of the engine's, its four tasks killed when all are in the middle of a create."""
        self.api.set_scenario({"seconds": 2, "faults": [{**HANG, "seconds": 10.0}]})
        books, before = self.api.books, len(self.api.own())
        twice, creates, kills = len(books.paid_twice()), self.api.calls["create"], 0
        self.run(operator, 60, operator)
        end = time.monotonic() + LONGEST_RUN_S
        while self.airflow.state(operator, operator) not in ("success", "failed"):
            assert time.monotonic() < end, f"{operator} has no end"
            if self.api.calls["create"] - creates >= 4 and not kills:
                kills = self.kill_tasks()
            time.sleep(0.3)
        self.end_all()
        made, twice = len(self.api.own()) - before, len(books.paid_twice()) - twice
        told = f"{made} batches made of 4, {twice} requests paid twice"
        self.say(f"     {operator}, {kills} kills: {told}")

    def end_all(self) -> None:
        """What was left with the provider is paid for too."""
        with self.api.lock:
            self.api.end_all()

    def kill_tasks(self) -> int:
        """Kill what runs tasks now; how many."""
        kills = 0
        for pid in self.airflow.task_processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
                kills += 1
        return kills

    def kills(self, each: int) -> None:
        """Kill tasks in the middle of a create, the triggerer while batches wait, and the scheduler."""
        self.api.set_scenario(KILLED_IN_CREATES)
        counts, until = Counter[str](), time.monotonic() + each * LONGEST_KILL_S
        number, before = 0, len(self.api.own())
        kinds = ("task", "triggerer", "scheduler")
        while any(counts[kind] < each for kind in kinds) and time.monotonic() < until:
            number += 1
            name = f"kills-{number}"
            ids = self.run(name, 60)
            self.kill_until_it_ends(name, counts, each)
            self.judge(name, ids)
            self.say(f"     {number} runs, kills so far: {dict(counts)}")
        self.check(f"at least {each} of each kind", all(counts[kind] >= each for kind in kinds))
        self.check_made(before)

    def check_made(self, before: int) -> None:
        """Each batch since then holds a request that was not sent before."""
        made = self.api.own()[before:]
        needed = [batch for batch in made if any(it.attempt == 1 for it in batch.entries)]
        self.check(f"{len(made)} batches made of {len(needed)}", len(made) == len(needed))

    def kill_until_it_ends(self, name: str, counts: Counter[str], each: int) -> None:
        creates = self.api.calls["create"]
        # How far the run was when a part was killed last: it is killed again when it went on since.
        seen = dict.fromkeys(("triggerer", "scheduler"), self.progress())
        end = time.monotonic() + LONGEST_RUN_S
        while (state := self.airflow.state(name)) not in ("success", "failed"):
            assert time.monotonic() < end, f"{name} is {state}"
            if self.api.calls["create"] > creates and counts["task"] < each:
                creates = self.api.calls["create"]
                counts["task"] += self.kill_tasks()
            for part, before in seen.items():
                due = counts[part] < each and self.progress() != before
                if due and self.kill_part(part, name, counts):
                    seen[part] = self.progress()
            time.sleep(0.3)
        if state != "success":
            self.check(f"{name} succeeded", False)

    def progress(self) -> tuple[int, int]:
        """How many batches were sent, and fetched."""
        return self.api.calls["create"], self.api.calls["results"]

    def kill_part(self, part: str, name: str, counts: Counter[str]) -> bool:
        """Kill the triggerer while something waits in it, the scheduler twice while a task runs and
        twice while all wait; whether it was the moment for it.
        """
        states = self.airflow.states(name)
        waiting = "deferred" in states and "running" not in states
        if part == "triggerer" and "deferred" not in states:
            return False
        if part == "scheduler" and not (waiting if counts[part] % 4 > 1 else "running" in states):
            return False
        # the scheduler alone at every second time: what it started lives on without it
        if part == "scheduler" and counts[part] % 2:
            os.kill(self.airflow.parts[part].pid, signal.SIGKILL)
            self.airflow.parts[part].wait()
        else:
            self.airflow.kill(part)
        self.airflow.start(part)
        counts[part] += 1
        counts[f"{part}, no task running"] += waiting
        return True


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("environment", type=lambda text: Path(text).absolute())
    parser.add_argument("--kills", type=int, default=5, help="of each kind")
    parser.add_argument("--keep", type=Path, help="a folder for all of it, which stays")
    options = parser.parse_args()
    folder = options.keep or Path(tempfile.mkdtemp(prefix="airflow-"))
    folder.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        api = stack.enter_context(FakeApi({}))
        stores = [
            stack.enter_context(objects(kind, options.environment, free_port(), folder))
            for kind in KINDS
        ]
        airflow = Airflow(folder / "home", options.environment, api.url, api.key)
        for store in stores:
            airflow.env |= store.environment
        airflow.place()
        stack.enter_context(airflow.running())
        live = Live(airflow, api, folder)
        live.say(f"Airflow is up, with {MODULE} in its plugins")
        live.stores(stores)
        live.same_answers()
        live.waiting()
        live.cleared()
        for store in stores:
            live.on_objects(store)
        live.kills(options.kills)
        for operator in OPERATORS:
            live.baseline(operator)
    print("FAILED: " + "; ".join(live.faults) if live.faults else "all of it holds")
    return 1 if live.faults else 0


if __name__ == "__main__":
    sys.exit(main())
