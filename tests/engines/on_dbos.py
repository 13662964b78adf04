"""The DBOS edition on DBOS itself: killed on SQLite, one of two executors on Postgres, and held
against the way that the documentation of DBOS shows. `make test-engines` runs it.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from planner.fake import FakeApi
from tests.engines.dbos_stage import Engine, answers, goes_on, program, same_answers
from tests.engines.kills import (
    OUTCOMES,
    SIZE,
    Pair,
    Tally,
    batches_needed,
    book,
    cues,
    run_killed,
    write_requests,
)
from tests.engines.postgres import postgres, programs

ROOT = Path(__file__).resolve().parents[2]
PYTHON = os.environ.get("DBOS_PYTHON") or str(ROOT / ".venv-dbos/bin/python")
ENGINE = Engine(PYTHON)

# So many kills of each kind, at the least; `make test-engines KILLS=50` says otherwise.
KILLS = int(os.environ.get("KILLS") or "14")
KILLS_A_RUN = 6
PATTERN = Path(__file__).with_name("dbos_pattern.py")


def test_killed_beside_the_documented_pattern(tmp_path: Path) -> None:
    """In the middle of creates, polls, downloads and lists, and asleep: ours pays once, the pattern does not."""
    mine, theirs, here = Tally(), Tally(), program(tmp_path)
    while mine.kills < KILLS:
        faults = cues(mine.runs, KILLS_A_RUN, ("create", "retrieve", "results", "list"))
        run_killed(
            tmp_path / f"ours-{mine.runs}",
            lambda requests, out: ENGINE.command(here, requests, out),
            answers,
            mine,
            faults,
            asleep=4.0 + mine.runs % 4,
        )
    while theirs.kills < mine.kills:
        faults = cues(theirs.runs, KILLS_A_RUN, ("create", "retrieve", "results"))
        run_killed(
            tmp_path / f"pattern-{theirs.runs}",
            lambda requests, out: [
                *[PYTHON, str(PATTERN), str(requests), "--out", str(out)],
                *["--size", str(SIZE), "--seconds", "0.2"],
            ],
            lambda out: list(out.glob("msgbatch_*.jsonl")),
            theirs,
            faults,
        )
    print(f"\n{mine.line('ours on SQLite')}\n{theirs.line('a create in a retried step')}")
    assert (mine.twice, mine.lost, mine.needless) == (0, 0, 0)
    assert mine.batches == mine.needed
    assert set(mine.codes) == {1}, "one request is given up in each run"
    assert theirs.twice > 0, "the test that finds nothing there would find nothing anywhere"


@pytest.mark.skipif(programs() is None, reason="needs postgresql")
def test_one_of_two_executors_is_killed(tmp_path: Path) -> None:
    """The one that works dies on cue; the one that stood by takes over; on Postgres."""
    tally, here = Tally(), program(tmp_path)
    with postgres() as url:
        while tally.kills < KILLS:
            folder = tmp_path / str(tally.runs)
            folder.mkdir()
            ids = write_requests(folder / "requests.jsonl")
            faults = cues(100 + tally.runs, KILLS_A_RUN, ("create", "retrieve", "results", "list"))
            with FakeApi({"faults": faults, "polls": 1, "outcomes": OUTCOMES}) as api:
                env = {"ANTHROPIC_BASE_URL": api.url, "ANTHROPIC_API_KEY": api.key}
                env["DBOS_SYSTEM_DATABASE_URL"] = url
                pair = Pair(
                    ENGINE.command(here, folder / "requests.jsonl", folder / "out"),
                    env,
                    folder / "out",
                )
                api.kill = pair.kill
                code = pair.run()
                tally.needed += batches_needed(api)
                book(api, tally, ids, answers(folder / "out"), pair.kills, code)
    print(f"\n{tally.line('ours, one of two executors on Postgres')}")
    assert (tally.twice, tally.lost, tally.needless) == (0, 0, 0)
    assert tally.batches == tally.needed
    assert set(tally.codes) == {1}


def test_the_same_answers_as_the_plain_program(tmp_path: Path) -> None:
    same_answers(ENGINE, tmp_path)


def test_a_run_of_the_plain_program_goes_on(tmp_path: Path) -> None:
    goes_on(ENGINE, tmp_path)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("postgresql://tests:hunter2@127.0.0.1:9/none", "(DBOS_SYSTEM_DATABASE_URL:"),
        ("sqlite:////proc/none.sqlite", "(sqlite:////proc/none.sqlite:"),
    ],
)
def test_a_database_that_cannot_be_used(url: str, words: str, tmp_path: Path) -> None:
    """Told at the start, with no password, and nothing was sent."""
    write_requests(tmp_path / "requests.jsonl")
    with FakeApi() as api:
        command = ENGINE.command(program(tmp_path), tmp_path / "requests.jsonl", tmp_path / "out")
        done = ENGINE.run(command, api, DBOS_SYSTEM_DATABASE_URL=url)
        assert not api.calls
    assert done.returncode == 2
    assert f"DBOS cannot use its database {words}" in done.stderr
    assert "hunter2" not in done.stderr


CANCEL = """
import sys
from dbos import DBOSClient

client = DBOSClient(system_database_url=sys.argv[1])
for each in client.list_workflows(status="PENDING"):
    client.cancel_workflow(each.workflow_id)
"""


def test_a_workflow_that_is_canceled_in_the_engine(tmp_path: Path) -> None:
    """The run stops with code 3, and the same command goes on with a workflow of its own."""
    write_requests(tmp_path / "requests.jsonl")
    out = tmp_path / "out"
    with FakeApi({"seconds": 1e6}) as api:
        command = ENGINE.command(program(tmp_path), tmp_path / "requests.jsonl", out)
        with subprocess.Popen(
            command, env=ENGINE.told(api), stderr=subprocess.PIPE, text=True
        ) as process:
            assert process.stderr
            while " is msgbatch_" not in process.stderr.readline():
                pass
            store = f"sqlite:///{out}/dbos.sqlite"
            subprocess.run([PYTHON, "-c", CANCEL, store], check=True)
            rest = process.stderr.read()
        assert process.returncode == 3
        assert "DBOS has given up the workflow" in rest
        api.set_scenario({})
        done = ENGINE.run(command, api)
        assert done.returncode == 0, done.stderr
        assert api.books.needless == []
