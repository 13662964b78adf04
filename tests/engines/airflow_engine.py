"""Airflow as its users have it, on this machine: SQLite, the local executor, each part a process of its own."""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.engines.stage import MODULE, texts

PARTS = ("api-server", "scheduler", "triggerer", "dag-processor")
# Short waits, for a machine that kills what it runs.
CONSTANTS = {
    "POLL_SECONDS": "1.0",
    "BASE_DELAY_SECONDS": "1.0",
    "ADOPT_GRACE_SECONDS": "3.0",
    "REQUESTS_PER_BATCH": "12",
    "CONCURRENT_BATCHES": "4",
    "MAX_RETRIES": "1",
}
# The engine's own ways, for comparison: operators that send a batch in each of their tries.
BASELINE = """
from datetime import timedelta
from airflow.providers.anthropic.operators.batch import AnthropicBatchOperator
from airflow.providers.common.ai.operators.llm_batch import LLMBatchOperator
from airflow.sdk import DAG, Param, task

params = {"input": Param("", type="string"), "out": Param("", type="string")}
again = {"retries": 9, "retry_delay": timedelta(seconds=1)}

def rows_of(params):
    import json
    rows = [json.loads(line) for line in open(params["input"])]
    return [rows[start : start + 15] for start in range(0, len(rows), 15)]

def request(row):
    messages = [{"role": "user", "content": row["prompt"]}]
    sent = {"model": "claude-sonnet-5-5", "max_tokens": 100, "messages": messages}
    return {"custom_id": row["id"], "params": sent}

with DAG(dag_id="AnthropicBatchOperator", schedule=None, params=params, default_args=again):

    @task
    def cut(params=None):
        return [[request(row) for row in rows] for rows in rows_of(params)]

    AnthropicBatchOperator.partial(task_id="batch", deferrable=True, poll_interval=1).expand(
        requests=cut()
    )

with DAG(dag_id="LLMBatchOperator", schedule=None, params=params, default_args=again):

    @task
    def cut(params=None):
        return [[{"prompt": row["prompt"]} for row in rows] for rows in rows_of(params)]

    LLMBatchOperator.partial(
        task_id="batch",
        deferrable=True,
        poll_interval=30,
        result_path="{{ params.out }}/{{ run_id }}/{{ ti.map_index }}",
        llm_conn_id="pydanticai_default",
        model_id="anthropic:claude-sonnet-5-5",
        max_tokens=100,
    ).expand(requests=cut())
"""
OPERATORS = ("AnthropicBatchOperator", "LLMBatchOperator")
DAGS = ("run_batches", *OPERATORS)
IN_DAG = {"RETRY_DELAY": "timedelta(seconds=1)", "RETRIES": "99"}


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def altered(text: str, values: dict[str, str]) -> str:
    for name, value in values.items():
        text, times = re.subn(rf"(?m)^({name}) = .*", rf"\1 = {value}", text)
        assert times == 1, f"{name} stands {times} times in the file"
    return text


class Airflow:
    """One installation below `home`, with the programs of `python`'s environment, for the API at an address."""

    def __init__(self, home: Path, environment: Path, api_url: str, key: str) -> None:
        self.home, self.environment, self.port = home, environment, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.token = ""
        self.parts: dict[str, subprocess.Popen[bytes]] = {}
        self.groups: list[int] = []  # of all that was ever started: workers outlive their scheduler
        heartbeat = "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT"
        self.env = {
            "PATH": f"{environment}/bin:{os.environ['PATH']}",
            "HOME": str(home),
            "AIRFLOW_HOME": str(home),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
            "AIRFLOW__CORE__PARALLELISM": "4",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{self.url}/execution/",
            "AIRFLOW__API__PORT": str(self.port),
            "AIRFLOW__API__HOST": "127.0.0.1",
            "AIRFLOW__API__WORKERS": "1",
            "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_hex(64),
            f"{heartbeat}_TIMEOUT": "15",
            f"{heartbeat}_TIMEOUT_DETECTION_INTERVAL": "3",
            f"{heartbeat}_SEC": "3",
            "AIRFLOW__TRIGGERER__JOB_HEARTBEAT_SEC": "1",
            "AIRFLOW__TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": "6",
            "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "5",
            "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": "8",
            "AIRFLOW__SCHEDULER__SCHEDULER_HEARTBEAT_SEC": "1",
            "ANTHROPIC_BASE_URL": api_url,
            "ANTHROPIC_API_KEY": key,
            **{
                f"AIRFLOW_CONN_{kind.upper()}_DEFAULT": json.dumps(
                    {"conn_type": kind, "password": key, "host": api_url}
                )
                for kind in ("anthropic", "pydanticai")
            },
            "NO_PROXY": "127.0.0.1",
            # asks Google what kind of bucket it is, by a way that no emulator has
            "GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT": "false",
        }

    def place(self, **constants: str) -> None:
        """Put the two files where they belong."""
        for folder in ("dags", "plugins"):
            (self.home / folder).mkdir(parents=True, exist_ok=True)
        files = texts()
        module = altered(files[f"{MODULE}.py"], {**CONSTANTS, **constants})
        (self.home / "plugins" / f"{MODULE}.py").write_text(module, "utf-8")
        dag = altered(files["run_batches_dag.py"], IN_DAG)
        (self.home / "dags" / "run_batches_dag.py").write_text(dag, "utf-8")
        (self.home / "dags" / "baseline_dag.py").write_text(BASELINE, "utf-8")

    def command(self, *arguments: str) -> str:
        done = subprocess.run(
            ["airflow", *arguments], env=self.env, cwd=self.home, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def start(self, part: str) -> None:
        with (self.home / f"{part}.log").open("ab") as log:
            self.parts[part] = subprocess.Popen(
                ["airflow", part],
                env=self.env,
                cwd=self.home,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.groups.append(self.parts[part].pid)

    def kill(self, part: str) -> None:
        """As a machine that goes down: the part and all that it started, at once."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.parts[part].pid, signal.SIGKILL)
        self.parts[part].wait()

    @contextlib.contextmanager
    def running(self) -> Iterator[Airflow]:
        """All of it, from an empty database until the end."""
        self.command("db", "migrate")
        try:
            for part in PARTS:
                self.start(part)
            self.until(self.is_there, 300)
            for dag in DAGS:
                self.ask("PATCH", f"/dags/{dag}", {"is_paused": False})
            yield self
        finally:
            for part in self.parts:
                self.kill(part)
            for group in self.groups:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(group, signal.SIGKILL)

    def is_there(self) -> bool:
        with contextlib.suppress(OSError, KeyError):
            with urllib.request.urlopen(f"{self.url}/auth/token", timeout=30) as answer:
                self.token = json.load(answer)["access_token"]
            dags = self.ask("GET", "/dags")["dags"]
            return {dag["dag_id"] for dag in dags} == {*DAGS}
        return False

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """A call of Airflow's own API."""
        request = urllib.request.Request(
            f"{self.url}/api/v2{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"authorization": f"Bearer {self.token}", "content-type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def trigger(
        self, run_id: str, source: Path | str, out: Path | str, dag: str = "run_batches"
    ) -> None:
        conf = {"input": str(source), "out": str(out)}
        body = {"dag_run_id": run_id, "logical_date": None, "conf": conf}
        self.ask("POST", f"/dags/{dag}/dagRuns", body)

    def state(self, run_id: str, dag: str = "run_batches") -> str:
        with contextlib.suppress(OSError):
            state: str = self.ask("GET", f"/dags/{dag}/dagRuns/{run_id}")["state"]
            return state
        return "not known"

    def tasks(self, run_id: str, dag: str = "run_batches") -> list[dict[str, Any]]:
        path = f"/dags/{dag}/dagRuns/{run_id}/taskInstances?limit=500"
        tasks: list[dict[str, Any]] = self.ask("GET", path)["task_instances"]
        return tasks

    def states(self, run_id: str) -> list[str]:
        """Of its tasks; none while the server does not answer."""
        with contextlib.suppress(OSError):
            return [task["state"] for task in self.tasks(run_id)]
        return []

    def task_processes(self) -> list[int]:
        """The processes in which tasks run: each a child of a worker of the scheduler."""
        workers = children(self.parts["scheduler"].pid)
        return [task for one in workers if "LocalExecutor" in title(one) for task in children(one)]

    def until(self, holds: Callable[[], bool], limit_s: float) -> None:
        end = time.monotonic() + limit_s
        while not holds():
            assert time.monotonic() < end, f"not within {limit_s} s"
            time.sleep(0.5)


def children(pid: int) -> list[int]:
    with contextlib.suppress(OSError):
        words = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()
        return [int(word) for word in words]
    return []


def title(pid: int) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    return ""
