"""Promise 3: one writer, also from another container or host; the lock of one that is gone is taken over.

Containers are made with `unshare` (util-linux). Where a process may not make them the tests that need them are skipped.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.programs.cases import on
from tests.programs.harness import Bench
from tests.programs.processes import Running
from tests.programs.written import other

IDS = ["a", "b", "c", "d"]
TWO = ["--requests-per-batch", "2"]
CONTAINER = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"]
TIMES = {"HEARTBEAT_SECONDS": 0.1, "LOCK_WATCH_SECONDS": 0.8}


def can_make_containers() -> bool:
    if not shutil.which("unshare"):
        return False
    return subprocess.run([*CONTAINER, "true"], capture_output=True, check=False).returncode == 0


in_containers = pytest.mark.skipif(
    not can_make_containers(), reason="no process namespaces can be made here"
)


def contained(there: Bench, language: str, *flags: str, program: Path, host: str = "") -> Running:
    """A program started in a container of its own, with our host name unless said."""
    command = there.command(language, *flags, program=program)
    if host:
        script = 'hostname "$0"; exec "$@"'
        return there.spawn([*CONTAINER, "--uts", "sh", "-c", script, host, *command])
    return there.spawn([*CONTAINER, *command])


def boot_id() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()


def held_by(there: Bench, **holder: object) -> None:
    """A lock that a program took."""
    there.out.mkdir()
    taken = {"host": socket.gethostname(), "pid": 1, "started": "", "boot": "", "pidns": ""}
    line = json.dumps({"taken": {**taken, "token": "t", **holder}})
    (there.out / "lock").write_text(line + "\n", "utf-8")


@contextmanager
def beating(path: Path) -> Iterator[None]:
    """Touch a lock as a living holder does."""
    over = threading.Event()

    def beat() -> None:
        while not over.wait(0.1):
            os.utime(path)

    thread = threading.Thread(target=beat)
    thread.start()
    yield
    over.set()
    thread.join()


@in_containers
@pytest.mark.parametrize("host", ["", "another-host"])
def test_a_second_program_in_another_container(
    host: str, language: str, bench: Callable[..., Bench]
) -> None:
    """ "A second program on the same DIR refuses to start, also from another container or host that shares the folder." """
    there = bench({"polls": 10**6})
    there.write(*IDS)
    last = other(language)
    first = contained(there, language, *TWO, program=there.altered(language, **TIMES), host=host)
    there.wait_for("created")
    done = there.run(last, *TWO, program=there.altered(last, **TIMES))
    assert done.code == 2, done.said
    second = contained(there, last, *TWO, program=there.altered(last, **TIMES)).wait()
    assert second.code == 2, second.said
    there.let_all_end()
    assert first.wait().code == 0
    there.is_complete(IDS)
    assert there.api.calls["create"] == 2


@in_containers
@pytest.mark.parametrize("host", ["", "another-host"])
def test_a_container_that_was_killed(host: str, language: str, bench: Callable[..., Bench]) -> None:
    """ "The lock of one that is certainly gone is taken over, also under another host name." """
    there = bench({"polls": 60})
    there.write(*IDS)
    first = contained(there, language, *TWO, program=there.altered(language, **TIMES), host=host)
    there.wait_for("created")
    first.kill()
    there.let_all_end()
    last = other(language)
    done = there.run(last, *TWO, program=there.altered(last, **TIMES))
    assert done.code == 0, done.said
    there.is_complete(IDS)
    assert there.api.calls["create"] == 2


def test_gone_under_another_host_name(language: str, bench: Callable[..., Bench]) -> None:
    """On this machine and in this container the process table decides at once, whatever the host was called."""
    there = bench()
    there.write(*IDS)
    pidns = str(Path("/proc/self/ns/pid").readlink())
    gone = subprocess.Popen(["true"])
    gone.wait()
    held_by(there, host="its-old-name", pid=gone.pid, started="x", boot=boot_id(), pidns=pidns)
    program = there.altered(language, LOCK_WATCH_SECONDS=3600)
    done = there.run(language, *TWO, program=program)
    assert done.code == 0, done.said
    there.is_complete(IDS)


def test_gone_with_its_host(language: str, bench: Callable[..., Bench]) -> None:
    """A pod that restarts under another host name needs no person: a lock that nobody touches is taken over."""
    there = bench()
    there.write(*IDS)
    held_by(there, host="elsewhere.example", boot="another boot", pidns="pid:[1]")
    done = there.run(language, *TWO, program=there.altered(language, **TIMES))
    assert done.code == 0, done.said
    there.is_complete(IDS)


def test_alive_on_another_host(language: str, bench: Callable[..., Bench]) -> None:
    """A lock that is touched is held, and the message says where."""
    there = bench()
    there.write(*IDS)
    held_by(there, host="elsewhere.example", boot="another boot", pidns="pid:[1]")
    with beating(there.out / "lock"):
        done = there.run(language, *TWO, program=there.altered(language, **TIMES))
    assert done.code == 2, done.said
    assert "elsewhere.example" in done.stderr
    assert not there.api.calls


def test_a_clock_of_the_folder_that_is_off(language: str, bench: Callable[..., Bench]) -> None:
    """A file server has a clock of its own: only whether the lock is touched counts, not when it says."""
    there = bench()
    there.write(*IDS)
    held_by(there, host="elsewhere.example", boot="another boot", pidns="pid:[1]")
    lock = there.out / "lock"
    hour_ahead = lock.stat().st_mtime + 3600
    os.utime(lock, (hour_ahead, hour_ahead))
    done = there.run(language, *TWO, program=there.altered(language, **TIMES))
    assert done.code == 0, done.said
    there.is_complete(IDS)


@in_containers
def test_a_program_that_slept_and_lost_the_folder(
    language: str, bench: Callable[..., Bench]
) -> None:
    """It notices before it sends or writes: code 3, and what the other did stands."""
    there = bench({"polls": 10**6})
    there.write(*IDS)
    last = other(language)
    sleeper = there.start(language, *TWO, program=there.altered(language, **TIMES))
    there.wait_for("created")
    os.kill(sleeper.pid, signal.SIGSTOP)
    there.let_all_end()
    second = contained(there, last, *TWO, program=there.altered(last, **TIMES)).wait()
    assert second.code == 0, second.said
    journal = there.journal()
    os.kill(sleeper.pid, signal.SIGCONT)
    done = sleeper.wait()
    assert done.code == 3, done.said
    assert there.journal() == journal
    there.is_complete(IDS)
    assert there.api.calls["create"] == 2


def test_a_folder_that_is_lost_while_a_body_goes_out(
    language: str, bench: Callable[..., Bench]
) -> None:
    """Whoever took it looks for the batch and sends it: the rest of the body stays here."""
    slow = on("create", "ok", bytes_per_second=5_000_000)
    there = bench({"faults": [slow], "receive_buffer": 8192})
    rows = [{"id": name, "prompt": name + "x" * 4_000_000} for name in IDS]
    there.input.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    running = there.start(language)
    there.wait_for("submit")
    holder = next(line for line in there.text("lock").split("\n") if "taken" in line)
    left = json.dumps({"left": json.loads(holder)["taken"]["token"]})
    with (there.out / "lock").open("a", encoding="utf-8") as file:
        file.write(f"\n{left}\n")
    done = running.wait()
    assert done.code == 3, done.said
    there.until(lambda: there.api.creating == 0)
    assert not there.api.batches


def test_the_holder_is_named(language: str, bench: Callable[..., Bench]) -> None:
    """The line in the lock tells machine and container, so that others know whether they can judge."""
    there = bench()
    there.write(*IDS)
    assert there.run(language, *TWO).code == 0
    lines = [json.loads(line) for line in there.text("lock").split("\n") if line]
    [holder] = [line["taken"] for line in lines if "taken" in line]
    assert holder["boot"] == boot_id()
    assert holder["pidns"] == str(Path("/proc/self/ns/pid").readlink())
