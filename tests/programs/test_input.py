"""What INPUT may be: plain or gzip, with or without a byte order mark; and what it may not."""

import gzip
import json
import os
from collections.abc import Callable

import pytest

from tests.programs.harness import Bench
from tests.programs.written import other

IDS = [f"r{number}" for number in range(6)]
TWO = ["--requests-per-batch", "2"]
BOM = b"\xef\xbb\xbf"


def packed(there: Bench, ids: list[str]) -> bytes:
    there.write(*ids)
    return gzip.compress(there.input.read_bytes())


def test_gzip(language: str, bench: Callable[..., Bench]) -> None:
    """ "INPUT is JSON Lines, plain or gzip": known by its first bytes, not by its name."""
    there = bench()
    there.input.write_bytes(packed(there, IDS))
    done = there.run(language, *TWO)
    assert done.code == 0, done.said
    there.is_complete(IDS)


def test_gzip_of_several_members(language: str, bench: Callable[..., Bench]) -> None:
    """Files that were packed apart and joined are one file."""
    there = bench()
    there.input.write_bytes(packed(there, IDS[:3]) + packed(there, IDS[3:]))
    done = there.run(language, *TWO)
    assert done.code == 0, done.said
    there.is_complete(IDS)


@pytest.mark.parametrize("line", [3, 5, 8, 11])
def test_gzip_and_a_kill(line: int, language: str, bench: Callable[..., Bench]) -> None:
    """A packed file is resumed like a plain one, by the other program too."""
    there = bench()
    there.input.write_bytes(packed(there, IDS))
    there.run(language, *TWO, kill=(line, "after"))
    assert there.run(other(language), *TWO).code == 0
    there.is_complete(IDS)
    assert there.api.calls["create"] <= 4


def test_gzip_that_is_not_the_same(language: str, bench: Callable[..., Bench]) -> None:
    """Promise 4 holds for the file as it is: packed again it is another."""
    there = bench()
    there.input.write_bytes(packed(there, IDS))
    assert there.run(language, *TWO, kill=(8, "after")).code == -9
    there.input.write_bytes(gzip.compress(gzip.decompress(there.input.read_bytes()), 1, mtime=1))
    done = there.run(other(language), *TWO)
    assert done.code == 2 and "SHA-256" in done.stderr


@pytest.mark.parametrize("kept", [5, -9, -20])
def test_gzip_that_is_cut(kept: int, language: str, bench: Callable[..., Bench]) -> None:
    """Half a download is not half the requests."""
    there = bench()
    there.input.write_bytes(packed(there, [f"r{n}" for n in range(200)])[:kept])
    done = there.run(language, *TWO)
    assert done.code == 2, done.said
    assert "gzip" in done.stderr.lower() and "Traceback" not in done.said
    assert not there.api.calls


@pytest.mark.parametrize("zipped", [False, True], ids=["plain", "gzip"])
def test_a_byte_order_mark(zipped: bool, language: str, bench: Callable[..., Bench]) -> None:
    """ "A byte order mark, CRLF and a missing last newline do no harm." """
    there = bench()
    there.write(*IDS)
    text = BOM + there.input.read_bytes().replace(b"\n", b"\r\n")[:-2]
    there.input.write_bytes(gzip.compress(text) if zipped else text)
    done = there.run(language, *TWO)
    assert done.code == 0, done.said
    there.is_complete(IDS)


def test_a_byte_order_mark_and_whole_requests(language: str, bench: Callable[..., Bench]) -> None:
    """It is not sent: the first request starts behind it."""
    there = bench()
    params = {
        "model": "claude-sonnet-5-5",
        "max_tokens": 10,
        "messages": [{"role": "user", "content": "x"}],
    }
    line = json.dumps({"custom_id": "a", "params": params}).encode()
    there.input.write_bytes(BOM + line)
    assert there.run(language).code == 0
    assert there.api.bodies == [b'{"requests":[' + line + b"]}"]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_utf_16(encoding: str, language: str, bench: Callable[..., Bench]) -> None:
    """It is said once, not 50 times."""
    there = bench()
    there.write(*[f"r{n}" for n in range(60)])
    there.input.write_bytes(there.input.read_bytes().decode().encode(encoding))
    done = there.run(language)
    assert done.code == 2, done.said
    problems = [line for line in done.stderr.split("\n") if "requests.jsonl" in line]
    assert len(problems) == 1 and "UTF-8" in problems[0]
    assert not there.api.calls and not there.out.exists()


@pytest.mark.parametrize("flags", [[], ["--check"]], ids=["run", "check"])
def test_a_pipe_without_a_writer(
    flags: list[str], language: str, bench: Callable[..., Bench]
) -> None:
    """INPUT must be a regular file: a pipe is told, not waited for."""
    there = bench()
    os.mkfifo(there.input)
    done = there.start(language, *flags).wait(30.0)
    assert done.code == 2, done.said
    assert "file" in done.stderr
    assert not there.api.calls


def test_a_device(language: str, bench: Callable[..., Bench]) -> None:
    """Nor is a device a file."""
    there = bench()
    there.input.symlink_to("/dev/zero")
    done = there.start(language).wait(30.0)
    assert done.code == 2, done.said
