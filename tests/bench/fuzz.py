"""`python -m tests.bench.fuzz CORPUS -max_total_time=3600`: an hour of fuzzing of the readers.

Guided by coverage, with atheris, which is not among the packages of the tests: `pip install
atheris` beside them. What follows CORPUS, a folder that may be empty, are flags of libFuzzer. What
is asked is what tests/planner/measure/test_fuzz.py asks: nothing that a file may hold crashes or
hangs a reader, whatever the pieces in which it comes. Of each input the first byte says who reads
it and whether it is packed with gzip, the second how long the pieces are.
"""

import gzip
import sys
from collections.abc import Callable
from pathlib import Path

import atheris  # type: ignore[import-not-found]

with atheris.instrument_imports(include=["planner.measure", "planner.review", "planner.drop"]):
    import planner.drop  # noqa: F401 - instrumented here, used by what follows
from planner.measure import repeats
from planner.model import simulate
from tests.planner.measure.test_fuzz import CORPUS, ODD, drop_all, measure_all, review_all, seeds

WORDS = """
custom_id params model messages role content system tools cache_control ephemeral max_tokens
text type image source base64 data tool_result tool_use thinking stream speed temperature id prompt
event run at format input requests cut batch created created_at adopted ended ended_at counts stored
sorted usd again rest reasons halved into result succeeded errored error message usage output_tokens
has_more request_counts first_id last_id object batch list response reason attempts stop_reason""".split()  # noqa: SIM905 - a list is forty lines


def measure(data: bytes, piece: int) -> None:
    """As JSON Lines."""
    assert measure_all(data, "a.jsonl", piece) == measure_all(data, "a.jsonl", 10**9)


def measure_csv(data: bytes, piece: int) -> None:
    """As CSV."""
    assert measure_all(data, "a.csv", piece) == measure_all(data, "a.csv", 10**9)


def review(data: bytes, piece: int) -> None:
    """As a journal, a list, or results."""
    assert review_all(data, "a.jsonl", piece) == review_all(data, "a.jsonl", 10**9)


READERS: list[Callable[[bytes, int], None]] = [measure, measure_csv, review, drop_all]


def once(data: bytes) -> None:
    """One input, read by one of them."""
    if len(data) < 2:
        return
    packed, reader = divmod(data[0], len(READERS))
    body = gzip.compress(data[2:], 1, mtime=0) if packed % 8 == 7 else data[2:]
    READERS[reader](body, data[1] * 3 + 1)


def prepare(folder: Path) -> Path:
    """Good files and known bad ones to begin with, for each reader; returns the words' file."""
    folder.mkdir(parents=True, exist_ok=True)
    known = [*seeds(), *(path.read_bytes() for path in CORPUS)]
    for number, data in enumerate(known):
        for reader in range(len(READERS)):
            (folder / f"seed-{number}-{reader}").write_bytes(bytes((reader, 40)) + data[:4000])
    words = [word.encode() for word in WORDS] + [b'"' + w.encode() + b'":' for w in WORDS] + ODD
    escaped = ("".join(f"\\x{byte:02x}" for byte in word[:60]) for word in words if word)
    dictionary = folder.with_suffix(".dict")
    dictionary.write_text("".join(f'"{word}"\n' for word in escaped), "ascii")
    return dictionary


def main() -> None:
    """Fuzz until the time is up, or something is found."""
    # what takes time and is not asked: maps for millions of requests, and the plans beside
    repeats._BYTES, simulate.MAX_REPLICATIONS = 2**12, simulate.MIN_REPLICATIONS
    folder = Path(sys.argv[1])
    dictionary = prepare(folder)
    flags = [f"-dict={dictionary}", "-max_len=4096", "-timeout=20", "-rss_limit_mb=3000"]
    atheris.Setup([sys.argv[0], *sys.argv[1:], *flags], once)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
