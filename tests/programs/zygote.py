"""Runs Python programs one process each, without paying for `import anthropic` each time.

The import takes a second and a kill sweep starts a program a hundred times. This process imports once and forks for
each job, so that a program runs as it would from the shell: its own process, `__main__`, arguments, environment.

One JSON object a line. In: {"program", "args", "env", "stdout", "stderr", "cue"}, or {"kill", "signal"} for a program
that may have ended: only this process knows that its number is not another's by now. Out: {"pid"} when a program has
started, {"pid", "code"} when it has ended, negative for a signal.

`cue` is [n, when, do, what]: at the n-th line that the program writes to its journal, at "each", or at the first of the event
that `n` names (or at the n-th file that it renames, if `what` is "rename"), "before" it, with half of it written ("torn"), or "after" it, before anything else is
done, `do` happens: a signal by its name, or "ENOSPC", after which the journal's disk stays full.
"""

import contextlib
import errno
import gc
import importlib
import json
import os
import select
import signal
import ssl
import sys
import types
from functools import lru_cache
from pathlib import Path
from typing import Any

# All that a run loads, so that the children find it in memory.
for name in (
    "anthropic.resources.messages.batches",
    "anthropic.types.messages",
    "asyncio",
    "httpx2",
    "httpcore2",
    "anyio._backends._asyncio",
):
    with contextlib.suppress(ImportError):  # another version of the SDK is made of other modules
        importlib.import_module(name)
# Every program would read all certificates of the system, a fifth of its time, and talks to 127.0.0.1 in the clear.
ssl.SSLContext.load_verify_locations = lambda *_, **__: None  # type: ignore[method-assign]


def happen(do: str) -> None:
    """What the cue is for."""
    if do == "ENOSPC":
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    os.kill(os.getpid(), getattr(signal, do))


def cue_journal(count: int | str, when: str, do: str) -> None:
    """Patch `os.write`, with which the program writes journal lines and nothing else."""
    write, seen, full = os.write, 0, -1

    def patched(file: int, data: bytes) -> int:
        nonlocal seen, full
        if file == full:
            happen(do)
        if not bytes(data).startswith(b'{"event"'):
            return write(file, data)
        seen += 1
        if count not in ("each", seen, json.loads(data)["event"]):
            return write(file, data)
        full = file if do == "ENOSPC" else -1
        if when == "before":
            happen(do)
        half = len(data) // 2 if when == "torn" else len(data)
        written = write(file, data[:half])
        if when != "before" and full < 0:
            happen(do)
        return written + write(file, data[half:]) if do == "SIGSTOP" else written

    os.write = patched  # type: ignore[assignment]  # it takes any buffer


def cue_rename(count: int, when: str, do: str) -> None:
    """Patch `os.replace`, with which `Path.replace` renames, and `os.rename`."""
    seen = 0

    def patch(name: str) -> None:
        rename = getattr(os, name)

        def patched(*args: Any, **more: Any) -> None:
            nonlocal seen
            seen += 1
            if seen == count and when == "before":
                happen(do)
            rename(*args, **more)
            if seen == count and when == "after":
                happen(do)

        setattr(os, name, patched)

    patch("replace")
    patch("rename")


@lru_cache(maxsize=50)
def compiled(path: str, _changed: int) -> types.CodeType:
    """A program; the same file is compiled once, before the fork."""
    return compile(Path(path).read_bytes(), path, "exec")


def run(job: dict[str, Any], code_of_program: types.CodeType) -> None:
    """The child: become the program."""
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for file, path in ((1, job["stdout"]), (2, job["stderr"])):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), file)
    os.environ.clear()
    os.environ.update(job["env"])
    sys.argv = [job["program"], *job["args"]]
    sys.path[:0] = filter(None, job["env"].get("PYTHONPATH", "").split(os.pathsep))
    if job["cue"]:
        *at, what = job["cue"]
        {"journal": cue_journal, "rename": cue_rename}[what](*at)
    code: Any = 0
    module = sys.modules["__main__"] = types.ModuleType("__main__")
    module.__file__ = job["program"]
    try:
        exec(code_of_program, module.__dict__)
    except SystemExit as stop:
        code = stop.code
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else 0 if code is None else 1)


def obey(job: dict[str, Any], running: set[int]) -> None:
    """Start a program, or signal one that still runs."""
    if "kill" in job:
        if job["kill"] in running:
            os.kill(job["kill"], job["signal"])
        return
    code = compiled(job["program"], Path(job["program"]).stat().st_mtime_ns)
    pid = os.fork()
    if pid == 0:
        run(job, code)
    running.add(pid)
    print(json.dumps({"pid": pid}), flush=True)


def main() -> None:
    gc.freeze()
    running: set[int] = set()
    unread = b""
    while True:
        ready, _, _ = select.select([0], [], [], 0.005 if running else None)
        if ready:
            # not sys.stdin: lines that wait in its buffer are none that `select` sees
            piece = os.read(0, 65536)
            if not piece:
                break
            *lines, unread = (unread + piece).split(b"\n")
            for line in lines:
                obey(json.loads(line), running)
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
