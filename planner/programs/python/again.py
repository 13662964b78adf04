"""Send again what was given up, when a person asks for it.

What would fail alike, and what was paid for or may have been, stays in failed.jsonl. The others
are a new round of the same run, with as many retries as the settings say.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from itertools import islice
from typing import BinaryIO

from planner.programs.python.cut import Source
from planner.programs.python.errors import InputError
from planner.programs.python.folder import Folder, sync, sync_folder
from planner.programs.python.report import Log
from planner.programs.python.request import END, Place
from planner.programs.python.text import Event, decode_answer, json_bytes

FAILS_ALIKE = {"invalid_request_error", "request_too_large"}
MAYBE_PAID = {"missing", "results_archived", "batch_not_found"}
AT_ONCE = 100_000  # requests whose places are looked for in one reading of INPUT


def stays(line: Event) -> bool:
    """Whether a request that was given up is not to be sent again."""
    reason, result = line["reason"], line["result"]
    kind = result.get("type") if isinstance(result, dict) else "missing"
    known = kind in ("errored", "expired", "canceled", "missing")
    return reason in FAILS_ALIKE | MAYBE_PAID or not known


def send_again(folder: Folder, source: Source, log: Log) -> None:
    """Begin a round with what was given up. Raises InputError for a run that is not at its end."""
    state = folder.state
    if state.done is None:
        if state.failed_before:
            return  # it is under way
        raise InputError(
            f"{folder.path}: the run is not at its end. Finish it without --retry-failed first."
        )
    kept: Counter[str] = Counter()
    part = folder.path / "failed.jsonl.part"
    # What --cancel left on the next round's list stays there: its length is in the journal.
    number = state.round + (2 if state.lengths[2] else 1)
    with part.open("wb") as stay, folder.round_file(number).open("wb") as again:
        requests = copy_lines(folder, source, stay, again, kept)
        sync(stay)
        sync(again)
        lengths = [state.lengths[0], stay.tell(), 0]
        round_bytes = again.tell()
    for reason, count in sorted(kept.items()):
        log.line(f"{count:,} requests stay in failed.jsonl: {reason}")
    if not requests:
        log.line("Nothing is to be sent again")
        return
    sync_folder(folder.path)
    sync_folder(folder.path / "rounds")
    folder.note(
        "again",
        round=number,
        requests=requests,
        bytes=round_bytes,
        not_before=round(time.time(), 3),
        kept=sum(kept.values()),
        failed=name_for_failed(folder),
        lengths=lengths,
        given_up=sum(kept.values()),
        reasons=dict(kept),
    )
    folder.rename_failed()
    log.line(f"Round {state.round + 1}: {requests:,} requests that were given up are sent again")


def copy_lines(
    folder: Folder, source: Source, stay: BinaryIO, again: BinaryIO, kept: Counter[str]
) -> int:
    """Part the list of those given up; how many are to be sent again."""
    requests = 0
    with folder.failed.open("rb") as file:
        while lines := [*islice(file, AT_ONCE)]:
            wanted: dict[str, Event] = {}
            for text in lines:
                line = decode_answer(text.decode())
                if stays(line):
                    kept[line["reason"]] += 1
                    stay.write(text)
                else:
                    wanted[line["custom_id"]] = line
            places = places_again(source, wanted)
            again.writelines(json_bytes(asdict(place)) + b"\n" for place in places)
            requests += len(wanted)
    return requests


def places_again(source: Source, wanted: dict[str, Event]) -> Iterator[Place]:
    """Where in INPUT the wanted requests are, in its order."""
    for place, _ in source.places(0, 0, END) if wanted else ():
        if line := wanted.get(place.custom_id):
            yield Place(
                custom_id=place.custom_id,
                offset=place.offset,
                length=place.length,
                attempts=line["attempts"],
                reason=line["reason"],
                result=line["result"],
                before=line["attempts"],
            )


def name_for_failed(folder: Folder) -> str:
    """A name that no file has yet: failed-1.jsonl, failed-2.jsonl …"""
    number = 1
    while (folder.path / f"failed-{number}.jsonl").exists():
        number += 1
    return f"failed-{number}.jsonl"
