"""Runs Python programs one process each, without paying for `import anthropic` each time.

The import takes a second and a kill sweep starts a program a hundred times. This process imports once and forks for
each job, so that a program runs as it would from the shell: its own process, `__main__`, arguments, environment.

One JSON object a line. In: {"program", "args", "env", "stdout", "stderr", "kill"}. Out: {"pid"} when a program has
started, {"pid", "code"} when it has ended, negative for a signal.

`kill` is [n, when]: the program is killed at the n-th line that it writes to its journal, "before" it, with half of it
written ("torn"), or "after" it, before anything else is done.
"""

import gc
import importlib
import json
import os
import runpy
import select
import signal
import sys
from typing import Any

# All that a run loads, so that the children find it in memory.
for name in (
    "anthropic.resources.messages.batches",
    "anthropic.types.messages",
    "asyncio",
    "httpx2",
    "anyio._backends._asyncio",
):
    importlib.import_module(name)


def kill_at(count: int, when: str) -> None:
    """Patch `os.write`, with which the program writes journal lines and nothing else."""
    write, seen = os.write, 0

    def patched(file: int, data: bytes) -> int:
        nonlocal seen
        if not bytes(data).startswith(b'{"event"'):
            return write(file, data)
        seen += 1
        if seen == count:
            if when == "torn":
                write(file, data[: len(data) // 2])
            if when == "after":
                write(file, data)
            os.kill(os.getpid(), signal.SIGKILL)
        return write(file, data)

    os.write = patched


def run(job: dict[str, Any]) -> None:
    """The child: become the program."""
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for file, path in ((1, job["stdout"]), (2, job["stderr"])):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), file)
    os.environ.clear()
    os.environ.update(job["env"])
    sys.argv = [job["program"], *job["args"]]
    if job["kill"]:
        kill_at(*job["kill"])
    code: Any = 0
    try:
        runpy.run_path(job["program"], run_name="__main__")
    except SystemExit as stop:
        code = stop.code
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else 0 if code is None else 1)


def main() -> None:
    gc.freeze()
    running: set[int] = set()
    while True:
        ready, _, _ = select.select([0], [], [], 0.005 if running else None)
        if ready:
            line = sys.stdin.readline()
            if not line:
                break
            job = json.loads(line)
            pid = os.fork()
            if pid == 0:
                run(job)
            running.add(pid)
            print(json.dumps({"pid": pid}), flush=True)
        for pid in list(running):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                running.discard(pid)
                print(
                    json.dumps({"pid": pid, "code": os.waitstatus_to_exitcode(status)}), flush=True
                )
    for pid in running:
        os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    main()
