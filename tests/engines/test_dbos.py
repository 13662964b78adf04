"""The DBOS edition without DBOS: joined, and run on a stub of the engine's decorators.

tests/engines/on_dbos.py runs it on the engine itself: `make test-engines`.
"""

from __future__ import annotations

import ast
import json
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from planner.fake import FakeApi
from planner.programs import editions
from tests.engines.dbos_stage import STUBS, Stub, answers, goes_on, program, same_answers
from tests.engines.kills import Tally, cues, run_killed, write_requests
from tests.programs.processes import Running, Zygote
from tests.programs.written import ROOT


@pytest.fixture
def engine(zygote: Zygote) -> Stub:
    """The stub of the engine, and what runs programs on it."""
    return Stub(sys.executable, zygote)


# ---- texts


def test_it_has_the_parts_of_the_plain_program() -> None:
    """All but those that wait, and the one that counts; a rule has one home."""
    own = {path.stem for path in (ROOT / "planner/programs/dbos").glob("[!_]*.py")}
    assert own == {"head", "rest", "pace", "count"}
    assert set(editions.EDITIONS["dbos"].parts) == set(editions.EDITIONS["python"].parts)


def test_nothing_else_is_needed(tmp_path: Path) -> None:
    """The engine and the SDK."""
    tree = ast.parse(program(tmp_path).read_text("utf-8"), feature_version=(3, 10))
    names = {
        name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names
    }
    names |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    packages = {name.partition(".")[0] for name in names}
    assert packages - set(sys.stdlib_module_names) == {"anthropic", "dbos"}


def test_names_are_unique_over_the_parts(tmp_path: Path) -> None:
    """Two parts with one name would be one thing in the joined file."""
    body = ast.parse(program(tmp_path).read_text("utf-8")).body
    kinds = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    names = [node.name for node in body if isinstance(node, kinds)]
    assert len(names) == len(set(names))


# ---- the flow


def test_the_same_answers_as_the_plain_program(engine: Stub, tmp_path: Path) -> None:
    same_answers(engine, tmp_path)


def test_a_run_of_the_plain_program_goes_on(engine: Stub, tmp_path: Path) -> None:
    goes_on(engine, tmp_path)


def test_killed_in_the_middle_of_calls(engine: Stub, tmp_path: Path) -> None:
    """Each start takes up the one workflow of the run; nothing is paid twice, nothing lost."""
    tally, here = Tally(), program(tmp_path)
    faults = cues(7, 4, ("create", "retrieve", "results", "list"))
    os.environ["PYTHONPATH"] = str(STUBS)
    try:
        run_killed(
            tmp_path / "run",
            lambda requests, out: engine.command(here, requests, out),
            answers,
            tally,
            faults,
        )
    finally:
        del os.environ["PYTHONPATH"]
    assert (tally.twice, tally.lost, tally.needless, tally.codes) == (0, 0, 0, [1])
    assert tally.kills >= 3
    rows = store(tmp_path / "run" / "out")
    assert [row["status"] for row in rows.values()] == ["SUCCESS"]


def store(out: Path) -> dict[str, Any]:
    """The workflows in the stub's database."""
    rows: dict[str, Any] = json.loads((out / "dbos.sqlite").read_text())
    return rows


def test_counts_differ_by_one(engine: Stub, tmp_path: Path) -> None:
    """Of batches that are open together: n, n - 1, n - 2."""
    write_requests(tmp_path / "requests.jsonl")
    here, out = program(tmp_path), tmp_path / "out"
    with FakeApi({"polls": 8}) as api:
        command = engine.command(
            here, tmp_path / "requests.jsonl", out, "--concurrent-batches", "4"
        )
        done = engine.run(command, api)
        assert done.returncode == 0, done.stderr
        sizes = [len(batch.entries) for batch in api.own()]
    assert sizes[:4] == [8, 7, 6, 5]


def test_between_two_turns_nothing_is_asked(engine: Stub, tmp_path: Path) -> None:
    """A run that waits for a poll waits in the engine: it is killed there, and the wait is kept."""
    write_requests(tmp_path / "requests.jsonl")
    here, out = program(tmp_path), tmp_path / "out"
    command = engine.command(
        here, tmp_path / "requests.jsonl", out, "--poll-seconds", "4", "--requests-per-batch", "40"
    )
    with FakeApi({"polls": 1}) as api:
        running = engine.start(command, api)
        wait(running, lambda: api.calls["retrieve"] > 0 and len(operations(out)) > 1)
        until = operations(out)[-1]
        running.kill()
        done = engine.run(command, api)
        assert done.returncode == 0, done.stderr
        assert operations(out)[1] == until, "the wait that was begun is the one that ended"
        assert api.calls["create"] == 1


def wait(running: Running, holds: Callable[[], bool]) -> None:
    """Until it holds, while the program runs."""
    while not holds():
        assert not running.has_ended()
        time.sleep(0.005)


def operations(out: Path) -> list[Any]:
    """What the one workflow has done so far, in the stub's database."""
    try:
        (row,) = store(out).values()
    except (OSError, ValueError):
        return []
    found: list[Any] = row["operations"]
    return found


def test_what_a_person_asks_for_does_not_wait(engine: Stub, tmp_path: Path) -> None:
    """A run that waits for an hour is canceled at once."""
    write_requests(tmp_path / "requests.jsonl")
    here, out = program(tmp_path), tmp_path / "out"
    slow = engine.command(here, tmp_path / "requests.jsonl", out, "--poll-seconds", "3600")
    with FakeApi({"polls": 1}) as api:
        running = engine.start(slow, api)
        wait(running, lambda: len(operations(out)) > 1)
        running.kill()
        command = engine.command(here, tmp_path / "requests.jsonl", out, "--cancel")
        done = engine.run(command, api)
        assert done.returncode == 1, done.stderr
        assert api.calls["cancel"] == 2


def test_the_second_program_stands_by(engine: Stub, tmp_path: Path) -> None:
    """Work that is alive is not done twice: it waits for the folder, and goes on when the first is gone."""
    write_requests(tmp_path / "requests.jsonl")
    here, out = program(tmp_path), tmp_path / "out"
    command = engine.command(here, tmp_path / "requests.jsonl", out)
    with FakeApi({"seconds": 1e6}) as api:
        first = engine.start(command, api)
        wait(first, lambda: api.calls["create"] > 1)
        second = engine.start(command, api)
        wait(second, lambda: "Standing by" in second.stderr.read_text("utf-8"))
        first.kill()
        api.set_scenario({})
        done = second.wait()
        assert "is gone; it is taken over" in done.stderr
        assert done.code == 0
        assert api.books.needless == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_when_told(engine: Stub, number: int, tmp_path: Path) -> None:
    """With the code of the signal, the folder free, and the same command goes on."""
    write_requests(tmp_path / "requests.jsonl")
    here, out = program(tmp_path), tmp_path / "out"
    command = engine.command(here, tmp_path / "requests.jsonl", out)
    with FakeApi({"seconds": 1e6}) as api:
        running = engine.start(command, api)
        wait(running, lambda: api.calls["retrieve"] > 0)
        done = running.kill(number)
        assert done.code == 128 + number, done.said
        assert "To resume:" in done.stderr
        api.set_scenario({})
        again = engine.run(command, api)
        assert again.returncode == 0, again.stderr
        # Where Python swallows what a handler raises, the program ends without leaving, as if killed.
        swallowed = "Exception ignored" in done.stderr
        assert swallowed or "is gone" not in again.stderr, "the folder was left"
        assert api.books.needless == []


# ---- what is told at the start


def test_bad_input_is_told_before_the_engine_starts(engine: Stub, tmp_path: Path) -> None:
    (tmp_path / "requests.jsonl").write_text('{"custom_id": "a b", "params": {}}\n')
    with FakeApi() as api:
        command = engine.command(program(tmp_path), tmp_path / "requests.jsonl", tmp_path / "out")
        done = engine.run(command, api)
        assert not api.calls
    assert done.returncode == 2
    assert not (tmp_path / "out" / "dbos.sqlite").exists()


def test_an_engine_that_is_too_old_or_not_there(engine: Stub, tmp_path: Path) -> None:
    """Told with the command that helps, and nothing was sent."""
    write_requests(tmp_path / "requests.jsonl")
    here, old = program(tmp_path), tmp_path / "old"
    (old / "dbos-2.9.1.dist-info").mkdir(parents=True)
    (old / "dbos-2.9.1.dist-info" / "METADATA").write_text("Name: dbos\nVersion: 2.9.1\n")
    with FakeApi() as api:
        command = engine.command(here, tmp_path / "requests.jsonl", tmp_path / "out")
        done = engine.run(command, api, PYTHONPATH=f"{old}:{STUBS}")
        assert (done.returncode, "dbos 2.9.1 does not work here" in done.stderr) == (2, True)
        assert "pip install --upgrade 'dbos>=3.4,<4'" in done.stderr
        done = engine.run(command, api, PYTHONPATH="")
        assert (done.returncode, "pip install 'dbos" in done.stderr) == (2, True)
        assert not api.calls


def test_a_database_that_cannot_be_used(engine: Stub, tmp_path: Path) -> None:
    """Told without the password in its address, and nothing was sent."""
    write_requests(tmp_path / "requests.jsonl")
    with FakeApi() as api:
        command = engine.command(program(tmp_path), tmp_path / "requests.jsonl", tmp_path / "out")
        url = "postgresql://tests:hunter2@127.0.0.1:9/none"
        done = engine.run(command, api, DBOS_SYSTEM_DATABASE_URL=url)
        assert not api.calls
    assert done.returncode == 2
    assert "DBOS cannot use its database (DBOS_SYSTEM_DATABASE_URL:" in done.stderr
    assert "hunter2" not in done.stderr
