"""`python -m tests.bench.fuzz CORPUS -max_total_time=3600`: an hour of fuzzing of the readers.

Guided by coverage, with atheris, which is not among the packages of the tests: `pip install
atheris` beside them. What follows CORPUS, a folder that may be empty, are flags of libFuzzer. What
is asked is what tests/planner/measure/test_fuzz.py asks: nothing that a file may hold crashes or
hangs a reader, whatever the pieces in which it comes. Of each input the first byte says who reads
it and whether it is packed with gzip, the second how long the pieces are. Half of the changes are
libFuzzer's, of bytes; half are of values in a line of JSON, which bytes alone rarely leave whole.
"""

import gc
import gzip
import json
import random
import sys
from collections.abc import Callable
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import atheris  # type: ignore[import-not-found]

with atheris.instrument_imports(include=["planner.measure", "planner.review", "planner.drop"]):
    import planner.drop  # noqa: F401 - instrumented here, used by what follows
from planner.measure import repeats
from planner.model import simulate
from planner.scenario import texts
from tests.planner.measure.test_fuzz import CORPUS, ODD, drop_all, measure_all, review_all, seeds

WORDS = """
custom_id params model messages role content system tools cache_control ephemeral max_tokens
text type image source base64 data tool_result tool_use thinking stream speed temperature id prompt
event run at format input requests cut batch created created_at adopted ended ended_at counts stored
sorted usd again rest reasons halved into result succeeded errored error message usage output_tokens
has_more request_counts first_id last_id object batch list response reason attempts stop_reason""".split()  # noqa: SIM905 - a list is forty lines

# What may stand where another value belongs.
VALUES: list[Any] = [None, True, 0, -1, 0.5, 10**20, 2**70, "", " ", "a", "é“\0", "\ud800", [], {}, [[]], [None],
                     {"a": 1}, "2026-11-28T22:00:00Z", "9" * 30, *WORDS]  # fmt: skip
LONGEST = 1600  # bytes: short inputs are quick, and hold a whole list or request


def alike(read: Callable[[bytes, str, int], str], data: bytes, name: str, piece: int) -> None:
    """Read a file in pieces, and as a whole where that is not the same."""
    told = read(data, name, piece)
    assert piece >= len(data) or told == read(data, name, len(data))


def measure(data: bytes, piece: int) -> None:
    """As JSON Lines."""
    alike(measure_all, data, "a.jsonl", piece)


def measure_csv(data: bytes, piece: int) -> None:
    """As CSV."""
    alike(measure_all, data, "a.csv", piece)


def review(data: bytes, piece: int) -> None:
    """As a journal, a list, or results."""
    alike(review_all, data, "a.jsonl", piece)


READERS: list[Callable[[bytes, int], None]] = [measure, measure_csv, review, drop_all]


def once(data: bytes) -> None:
    """One input, read by one of them."""
    if len(data) < 2:
        return
    packed, reader = divmod(data[0], len(READERS))
    body = gzip.compress(data[2:], 1, mtime=0) if packed % 8 == 7 else data[2:]
    READERS[reader](body, data[1] * 3 + 1)


def mutate(data: bytes, longest: int, seed: int) -> bytes:
    """Another input: its bytes changed, or a value in one of its lines."""
    rng = random.Random(seed)
    lines = data[2:].split(b"\n")
    place = rng.randrange(len(lines))
    try:
        value = json.loads(lines[place])
        if rng.random() < 0.5 or not isinstance(value, dict):
            raise ValueError
    except (ValueError, RecursionError):
        return bytes(atheris.Mutate(data, longest))
    for _ in range(rng.choice((1, 1, 2))):
        spoil(value, rng)
    separators = rng.choice(((",", ":"), (", ", ": ")))
    text = json.dumps(value, ensure_ascii=rng.random() < 0.5, separators=separators)
    line = text.encode("utf-8", "surrogatepass")
    lines[place : place + 1] = rng.choice(([line], [lines[place], line]))
    return (data[:2] + b"\n".join(lines))[:longest]


def spoil(holder: Any, rng: random.Random) -> None:
    """Replace, delete or add something somewhere in a dict or list."""
    keys = [*holder] if isinstance(holder, dict) else [*range(len(holder))]
    if not keys:
        return
    key = rng.choice(keys)
    if holder[key] and isinstance(holder[key], dict | list) and rng.random() < 0.8:
        spoil(holder[key], rng)
    elif rng.random() < 0.2:
        del holder[key]
    elif isinstance(holder, dict) and rng.random() < 0.3:
        holder[rng.choice(WORDS)] = deepcopy(rng.choice([holder[key], *VALUES]))
    else:
        holder[key] = deepcopy(rng.choice(VALUES))


def prepare(folder: Path) -> Path:
    """Good files and known bad ones to begin with, for each reader; returns the words' file."""
    folder.mkdir(parents=True, exist_ok=True)
    known = [*seeds(), *(path.read_bytes() for path in CORPUS)]
    for number, data in enumerate(known):
        for reader in range(len(READERS)):
            (folder / f"seed-{number}-{reader}").write_bytes(
                bytes((reader, (40, 255)[number % 2])) + data[:LONGEST]
            )
    words = [word.encode() for word in WORDS] + [b'"' + w.encode() + b'":' for w in WORDS] + ODD
    escaped = ("".join(f"\\x{byte:02x}" for byte in word[:60]) for word in words if word)
    dictionary = folder.with_suffix(".dict")
    dictionary.write_text("".join(f'"{word}"\n' for word in escaped), "ascii")
    return dictionary


def main() -> None:
    """Fuzz until the time is up, or something is found."""
    # what takes time and is not asked: maps for millions of requests, and many runs of a plan
    repeats._BYTES, simulate.MAX_REPLICATIONS = 2**12, simulate.MIN_REPLICATIONS
    texts.read_query = cache(texts.read_query)
    gc.freeze()
    folder = Path(sys.argv[1])
    dictionary = prepare(folder)
    flags = [f"-dict={dictionary}", f"-max_len={LONGEST}", "-timeout=10", "-rss_limit_mb=3000"]
    atheris.Setup([sys.argv[0], *sys.argv[1:], *flags], once, custom_mutator=mutate)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
