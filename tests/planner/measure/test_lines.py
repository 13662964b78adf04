"""Bytes in pieces become the lines that were written, plain or gzip."""

import gzip
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.measure.lines import Lines, ReadError


def cut(data: bytes, piece: int = 7, longest: int = 1000) -> list[bytes | None]:
    """All lines of a file that comes in pieces."""
    lines = Lines(longest)
    found = [
        line
        for start in range(0, len(data), piece)
        for line in lines.feed(data[start : start + piece])
    ]
    return [*found, *lines.end()]


@given(
    st.lists(st.binary(max_size=40).filter(lambda line: b"\n" not in line and b"\0" not in line)),
    st.integers(1, 600),
    st.booleans(),
)
def test_lines_are_those_that_were_written(written: list[bytes], piece: int, packed: bool) -> None:
    """Whatever the pieces, packed or not, the lines are the ones between the line feeds."""
    data = b"x" + b"\n".join(written)
    wanted: list[bytes | None] = [*data.split(b"\n")]
    if not wanted[-1]:
        wanted.pop()  # what ends with a line feed has no further line
    assert cut(gzip.compress(data) if packed else data, piece) == wanted


def test_gzip_of_several_parts_with_padding() -> None:
    """Files that were packed by themselves and put together are one file; zeros behind are none."""
    data = gzip.compress(b"one\ntw") + gzip.compress(b"o\nthree") + b"\0" * 9
    assert cut(data) == [b"one", b"two", b"three"]


@pytest.mark.parametrize("piece", [600, 10**6])
def test_damaged_gzip_is_read_up_to_the_damage(piece: int) -> None:
    """As many lines, whatever the pieces."""
    written = random.Random(1).randbytes(9000).hex("\n", 30).encode()
    data = bytearray(gzip.compress(written))
    data[4000] ^= 255
    lines, found = Lines(1000), list[bytes | None]()
    with pytest.raises(ReadError, match="damaged"):
        for start in range(0, len(data), piece):
            found.extend(lines.feed(data[start : start + piece]))
    assert len(found) == 111 and found[:100] == written.split(b"\n")[:100]


def test_byte_order_mark_is_no_part_of_a_line() -> None:
    """It is dropped, plain and packed."""
    data = b"\xef\xbb\xbf{}\r\n{}"
    assert cut(data) == cut(gzip.compress(data)) == [b"{}\r", b"{}"]


def test_long_line_is_not_held() -> None:
    """None stands in its place, and what follows is whole."""
    assert cut(b"a" * 1001 + b"\nnext\n" + b"b" * 1000 + b"\n" + b"c" * 5000) == [
        None,
        b"next",
        b"b" * 1000,
        None,
    ]


def test_long_line_takes_no_memory() -> None:
    """Of a line of 30 MB no more is kept than is allowed."""
    lines = Lines(1000)
    for _ in range(30_000):
        assert not [*lines.feed(b"x" * 1000)]
    assert sum(map(len, lines._parts)) <= 1000
    assert [*lines.end()] == [None]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"PK\x03\x04" + b"x" * 600, "zip archive"),
        (b"\xff\xfe{\0}\0", "UTF-16"),
        (b"{}\n\0\0\0", "no text"),
        (gzip.compress(b"\0\1\2", mtime=0), "no text"),
        (gzip.compress(b"{}\n" * 1000, mtime=0)[:-9], "cut"),
        (b"\x1f\x8bno gzip at all, but for the two bytes" * 20, "no whole gzip"),
        (b"\x28\xb5\x2f\xfd" + b"x" * 600, "zstd"),
    ],
)
def test_what_is_no_text_is_told(data: bytes, words: str) -> None:
    """A file of another kind raises an error that says what it is and what to do."""
    with pytest.raises(ReadError, match=words):
        cut(data, 100)


def test_lines_before_a_cut_gzip_are_given() -> None:
    """What could be read comes before the error."""
    data, lines = gzip.compress(b"first\nsecond\n" + b"x" * 99)[:-5], Lines(1000)
    found: list[bytes | None] = []
    with pytest.raises(ReadError):
        for line in (*lines.feed(data), *lines.end()):
            found.append(line)  # noqa: PERF402 - what came before the error counts
    assert not found
    lines = Lines(1000)
    data = gzip.compress(b"first\nsecond\n" + bytes(range(32, 127)) * 99)[:-5] + b""
    found.extend(lines.feed(data))
    assert found[:2] == [b"first", b"second"] or found == []
