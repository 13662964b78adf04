"""The way to batches that the documentation of DBOS shows: each call of an API in a retried step.

    python dbos_pattern.py REQUESTS.jsonl --out DIR --size N --seconds S

It is what ours is held against, and nobody's program.
"""

import argparse
import json
import os
from pathlib import Path
from typing import Any

import anthropic
from dbos import DBOS, SetWorkflowID

parser = argparse.ArgumentParser()
parser.add_argument("requests", type=Path)
parser.add_argument("--out", type=Path, required=True)
parser.add_argument("--size", type=int, required=True)
parser.add_argument("--seconds", type=float, required=True)
OPTIONS = parser.parse_args()
CLIENT = anthropic.Anthropic()
STORE = os.environ.get("DBOS_SYSTEM_DATABASE_URL") or f"sqlite:///{OPTIONS.out}/dbos.sqlite"

DBOS(
    config={
        "name": "pattern",
        "system_database_url": STORE,
        "application_version": "1",
        "log_level": "ERROR",
    }
)


@DBOS.step(retries_allowed=True, max_attempts=10)
def create(requests: list[Any]) -> str:
    """Make a batch."""
    return CLIENT.messages.batches.create(requests=requests).id


@DBOS.step(retries_allowed=True, max_attempts=10)
def has_ended(batch_id: str) -> bool:
    """Look at a batch."""
    return CLIENT.messages.batches.retrieve(batch_id).processing_status == "ended"


@DBOS.step(retries_allowed=True, max_attempts=10)
def collect(batch_id: str) -> None:
    """Bring the results of a batch into a file."""
    with (OPTIONS.out / f"{batch_id}.jsonl").open("w") as file:
        for result in CLIENT.messages.batches.results(batch_id):
            file.write(json.dumps({"custom_id": result.custom_id}) + "\n")


@DBOS.workflow()
def run(lines: list[str]) -> None:
    """All batches, one after the other."""
    requests = [json.loads(line) for line in lines]
    for start in range(0, len(requests), OPTIONS.size):
        batch_id = create(requests[start : start + OPTIONS.size])
        while not has_ended(batch_id):
            DBOS.sleep(OPTIONS.seconds)
        collect(batch_id)


DBOS.launch()
with SetWorkflowID("run"):
    DBOS.start_workflow(run, OPTIONS.requests.read_text().splitlines()).get_result()
DBOS.destroy()
