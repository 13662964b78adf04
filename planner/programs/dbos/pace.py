"""Let a run go on in the turns of a DBOS workflow.

A turn is a step: it lets the run go on until all of it waits. The workflow then sleeps, durably. Of
a run there is one workflow at a time. Whoever has the folder carries it on: every program that
takes up a run has the same executor id, which is the run's, so that the engine hands it what the
last one left, and nothing of another run. Without the folder nobody starts the engine, so work that
is alive is not done twice. What was done stands in the journal: the engine keeps when it goes on.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import os
import re
import sys
from collections.abc import Callable, Coroutine
from importlib import metadata
from pathlib import Path
from typing import Any

from planner.programs.dbos.rest import RESTS
from planner.programs.python.errors import InputError, StoppedError
from planner.programs.python.report import Log
from planner.programs.python.text import Event

try:
    from dbos import DBOS, DBOSConfig, SetWorkflowID
except ImportError:
    print("The package dbos 3.x is missing: pip install 'dbos>=3.4,<4'", file=sys.stderr)
    sys.exit(2)

# Whether a program that finds the folder held waits until it is free.
STANDS_BY = True
# Pinned, so that a run goes on with a newer file; another number leaves runs to the older one.
APPLICATION_VERSION = "run_batches-2"
GO_ON = "go on"  # what a workflow that sleeps is sent, to end its sleep
OPEN = ["PENDING", "ENQUEUED", "DELAYED"]


@DBOS.step(name="turn")
async def take_turn() -> float | None:
    """What is due now, until all of the run waits: for how many seconds, None at its end."""
    return await RESTS.turn()


@DBOS.workflow(name="run_batches", max_recovery_attempts=None)
async def run_in_turns(folder: str) -> str:
    """One run, until it ends or stops. `folder` is for those who look at the list."""
    while (seconds := await take_turn()) is not None:
        await DBOS.recv_async(GO_ON, timeout_seconds=seconds)
    return folder


async def carry(
    work: Callable[[], Coroutine[Any, Any, None]], folder: Path, began: Event, now: bool, log: Log
) -> None:
    """Do the work of a run in the turns of its workflow.

    `began` is the first line of the journal, by which the run is known wherever its folder is
    mounted; `now`: a person asks for something, and the workflow does not sleep on. Raises what the
    work raises, InputError where the engine cannot be used.
    """
    run = "batches-" + hashlib.sha256(json.dumps(began).encode()).hexdigest()[:16]
    RESTS.begin = work
    await launch(folder, run)
    try:
        await follow(str(folder), run, now, log)
    except (StoppedError, asyncio.CancelledError):
        raise
    except Exception as error:
        if not (RESTS.work and RESTS.work.done()):
            kind = type(error).__name__
            raise StoppedError(
                f"DBOS has given up the workflow ({kind}). Batches that are open go on."
            ) from None
    finally:
        if RESTS.work:
            RESTS.work.cancel()
            await asyncio.gather(RESTS.work, return_exceptions=True)
    await asyncio.to_thread(DBOS.destroy)
    if RESTS.work:
        RESTS.work.result()


async def follow(folder: str, run: str, now: bool, log: Log) -> None:
    """Take up the workflow of a run that is open, or start one, and wait for its end."""
    there = await DBOS.list_workflows_async(workflow_id_prefix=f"{run}-")
    still = [
        each.workflow_id
        for each in there
        if each.status in OPEN and each.app_version == APPLICATION_VERSION
    ]
    if still:
        log.line(f"DBOS goes on with the workflow {still[0]} when its wait is over")
        if now:
            await DBOS.send_async(still[0], GO_ON, topic=GO_ON)
        handle = await DBOS.retrieve_workflow_async(still[0])
    else:
        with SetWorkflowID(f"{run}-{len(there) + 1}"):
            handle = await DBOS.start_workflow_async(run_in_turns, folder)
    await handle.get_result()


async def launch(folder: Path, run: str) -> None:
    """Start the engine on its database. Raises InputError, and nothing was sent."""
    refuse_other_dbos()
    url = os.environ.get("DBOS_SYSTEM_DATABASE_URL") or f"sqlite:///{folder.resolve()}/dbos.sqlite"
    config: DBOSConfig = {
        "name": "run-batches",
        "system_database_url": url,
        "application_version": APPLICATION_VERSION,
        "executor_id": run,
        "log_level": "CRITICAL",
    }
    try:
        DBOS(config=config)
        DBOS.launch()
    except Exception as error:  # its words may hold the password of the address
        with contextlib.suppress(Exception):
            DBOS.destroy()
        where = "DBOS_SYSTEM_DATABASE_URL" if url.startswith("postgres") else url
        raise InputError(
            f"DBOS cannot use its database ({where}: {type(error).__name__}). Nothing was sent. "
            "See that it is there, can be written, and is for dbos 3.x."
        ) from None


def refuse_other_dbos() -> None:
    """Raises InputError, with the command that helps, for a version that is not known here."""
    version = metadata.version("dbos")
    numbers = tuple(int(number) for number in re.findall(r"[0-9]+", version)[:2])
    if not (3, 4) <= numbers < (4,):
        raise InputError(
            f"dbos {version} does not work here; 3.4 or a newer 3.x does: "
            "pip install --upgrade 'dbos>=3.4,<4'"
        )
