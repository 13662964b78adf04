"""Promise 17: a program reads its own past, whatever became of it, and tells what it cannot read."""

import re
import shutil
from collections.abc import Callable

import pytest

from tests.programs.cases import errored
from tests.programs.harness import Bench
from tests.programs.processes import Cue
from tests.programs.written import other

IDS = [f"r{number}" for number in range(8)]
FLAGS = ["--requests-per-batch", "4", "--adopt-grace-seconds", "0.05"]
OUTCOMES = [errored("r2", "api_error", attempt=1), errored("r5", "invalid_request_error")]


def begun(since: Callable[..., Bench], language: str, line: int) -> Bench:
    """A run that was killed after a line of its journal."""

    def begin(there: Bench) -> None:
        there.write(*IDS)
        assert there.run(language, *FLAGS, kill=(line, "after")).code == -9

    return since(("journal", language, line), {"outcomes": OUTCOMES}, begin)


def ends_well(there: Bench, language: str) -> None:
    done = there.run(language, *FLAGS)
    assert done.code == 1, done.said
    there.is_complete(IDS)
    assert there.given_up() == {"r5": "invalid_request_error"}


def test_a_newer_format(language: str, since: Callable[..., Bench]) -> None:
    """ "A journal of a newer format … told with line and remedy": code 2, and never the advice to pay again elsewhere."""
    there = begun(since, language, 8)
    journal = there.out / "journal.jsonl"
    journal.write_text(re.sub(r'"format":\d+', '"format":99', there.journal(), count=1), "utf-8")
    calls = sum(there.api.calls.values())
    done = there.run(other(language), *FLAGS)
    assert done.code == 2, done.said
    assert "line 1" in done.stderr and "99" in done.stderr and "journal.jsonl" in done.stderr
    assert "another --out" not in done.stderr
    assert sum(there.api.calls.values()) == calls


@pytest.mark.parametrize(
    "line",
    ['{"event":"run","at":"x","format":2}', '{"event":"run","at":"x","format":2,"input":7}', "{}"],
)
def test_a_damaged_first_line(line: str, language: str, since: Callable[..., Bench]) -> None:
    """The first line is read before all others, and as carefully."""
    there = begun(since, language, 8)
    journal = there.out / "journal.jsonl"
    rest = there.journal().partition("\n")[2]
    journal.write_text(f"{line}\n{rest}", "utf-8")
    calls = sum(there.api.calls.values())
    done = there.run(other(language), *FLAGS)
    assert done.code == 2, done.said
    assert "journal.jsonl" in done.stderr and "Traceback" not in done.said
    assert sum(there.api.calls.values()) == calls


DAMAGE = {
    "no JSON": b"garbage",
    "half a line": b'{"event":"cut","at":"2026-1',
    "NUL bytes": b"\x00" * 80,
    "a list": b"[]",
    "a number": b"17",
    "a text": b'"event"',
    "null": b"null",
    "an empty object": b"{}",
    "an unknown event": b'{"event":"teleported","at":"2026-11-24T00:00:00.000+00:00"}',
    "missing fields": b'{"event":"sorted","at":"2026-11-24T00:00:00.000+00:00"}',
    "a field of another kind": b'{"event":"created","at":"x","batch":"one","id":7,"created_at":[]}',
    "no UTF-8": b'{"event":"\xff\xfe"}',
    "an empty line": b"",
}


@pytest.mark.parametrize("text", DAMAGE.values(), ids=DAMAGE)
@pytest.mark.parametrize("where", ["middle", "last"])
def test_a_damaged_line(
    where: str, text: bytes, language: str, since: Callable[..., Bench]
) -> None:
    """ "… one damaged in the middle, one whose last line is … no object: told with line and remedy, code 2 or carried on,
    never a traceback." """
    there = begun(since, language, 8)
    journal = there.out / "journal.jsonl"
    whole = journal.read_bytes()
    lines = whole.split(b"\n")[:-1]
    damaged = [*lines[:3], text, *lines[4:]] if where == "middle" else [*lines, text]
    journal.write_bytes(b"\n".join(damaged) + b"\n")
    created = there.api.calls["create"]
    done = there.run(other(language), *FLAGS)
    assert "Traceback" not in done.said and "unforeseen" not in done.said
    if where == "middle" and text:
        assert done.code == 2, done.said
    if done.code == 2:
        assert "journal.jsonl" in done.stderr and "another --out" not in done.stderr
        assert f"line {4 if where == 'middle' else 9}" in done.stderr
        assert there.api.calls["create"] == created
        journal.write_bytes(whole)
        ends_well(there, other(language))
    else:
        assert done.code == 1, done.said
        there.is_complete(IDS)


@pytest.mark.parametrize("line", [2, 3, 4, 5, 6, 7, 10, 14])
def test_the_last_line_twice(line: int, language: str, since: Callable[..., Bench]) -> None:
    """ "… one whose last line is … doubled": nothing is counted twice."""
    there = begun(since, language, line)
    journal = there.out / "journal.jsonl"
    last = journal.read_bytes().split(b"\n")[-2] + b"\n"
    with journal.open("ab") as file:
        file.write(last)
    ends_well(there, other(language))


@pytest.mark.parametrize("tail", [b"\x00" * 500, b'{"event":"cr', b'{"event":"\xe2\x82', b" "])
def test_a_torn_last_line(tail: bytes, language: str, since: Callable[..., Bench]) -> None:
    """ "… one whose last line is torn": by a power cut, with whatever bytes."""
    there = begun(since, language, 6)
    with (there.out / "journal.jsonl").open("ab") as file:
        file.write(tail)
    ends_well(there, other(language))


@pytest.mark.parametrize("line", [2, 3, 4, 5, 7, 9])
@pytest.mark.parametrize("when", ["before", "torn"])
def test_a_full_disk(line: int, when: str, language: str, bench: Callable[..., Bench]) -> None:
    """ "A full disk ends with code 3, and while batches are open the advice is to free space, never to choose another
    folder." A line that was half written is rolled back."""
    there = bench({"outcomes": OUTCOMES, "polls": 2})
    there.write(*IDS)
    done = there.run(language, *FLAGS, cue=Cue(line, when, "ENOSPC"))
    assert done.code == 3, done.said
    assert "free" in done.stderr.lower() and "another --out" not in done.stderr
    assert there.journal().endswith("\n"), "what was half written is rolled back"
    ends_well(there, other(language))


def test_a_full_disk_counts_what_is_open(language: str, bench: Callable[..., Bench]) -> None:
    """Whoever reads that the disk is full reads too how much is paid for at the provider."""
    there = bench({"polls": 10**6})
    there.write(*IDS)
    cue = Cue(7, "before", "ENOSPC")
    done = there.run(language, *FLAGS, "--concurrent-batches", "2", cue=cue)
    assert done.code == 3, done.said
    assert re.search(r"\b[12] batch", done.stderr)
    assert "another --out" not in done.stderr
    there.let_all_end()
    assert there.run(other(language), *FLAGS).code == 0
    there.is_complete(IDS)


def test_a_full_disk_at_the_next_start(language: str, since: Callable[..., Bench]) -> None:
    """A start that cannot write its first line: the same words, and nothing is sent."""
    there = begun(since, language, 6)
    created = there.api.calls["create"]
    done = there.run(other(language), *FLAGS, cue=Cue(1, "before", "ENOSPC"))
    assert done.code == 3, done.said
    assert "another --out" not in done.stderr and "free" in done.stderr.lower()
    assert there.api.calls["create"] == created
    ends_well(there, language)


@pytest.mark.parametrize("name", ["succeeded.jsonl", "failed.jsonl", "summary.json.part"])
def test_a_full_disk_for_the_answers(name: str, language: str, since: Callable[..., Bench]) -> None:
    """The advice is the same for each file of the folder."""
    there = begun(since, language, 1)
    full = there.out / name
    full.unlink(missing_ok=True)
    full.symlink_to("/dev/full")
    done = there.run(language, *FLAGS)
    assert done.code == 3, done.said
    assert "free" in done.stderr.lower() and "another --out" not in done.stderr
    full.unlink()
    ends_well(there, other(language))


@pytest.mark.skipif(not shutil.which("strace"), reason="strace is not there to watch fsync")
def test_the_folders_parent_is_synced(
    language: str, bench: Callable[..., Bench], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A folder that was made survives a power cut: its name is on disk before anything is sent."""
    trace = tmp_path_factory.mktemp("trace") / "trace"
    there = bench()
    there.write(*IDS)
    script = f'strace -f -qq -y -e trace=fsync,fdatasync -o {trace} "$@"'
    done = there.shell(script, language, *FLAGS)
    assert done.code == 0, done.said
    synced = re.findall(r"sync\(\d+<([^>]*)>", trace.read_text("utf-8"))
    assert str(there.out.parent) in synced
    assert synced.index(str(there.out.parent)) < len(synced) - 3
