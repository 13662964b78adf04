"""Cut bytes that are pushed in into lines.

A browser hands over pieces of a file, and so does the command line: nobody here opens anything.
Plain or gzip, told by the first bytes; lines end at `\\n` only, as in JSON Lines; a byte order mark
is no part of the first one. However long the file, at most one line and one piece are held.
"""

import zlib
from collections.abc import Iterator

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_GZIP = b"\x1f\x8b"
_UNPACKED_BYTES = 2**20  # at once, so that a small file that unpacks to a huge one does no harm
_HEAD_BYTES = 512
# How the first bytes of what is no text begin, and what to do about it.
_OTHERS = (
    (b"PK\x03\x04", "it is a zip archive or a spreadsheet: unpack it, or export it as CSV"),
    (b"\x28\xb5\x2f\xfd", "it is packed with zstd: unpack it, or pack it with gzip"),
    (b"BZh", "it is packed with bzip2: unpack it, or pack it with gzip"),
    (b"\xfd7zXZ", "it is packed with xz: unpack it, or pack it with gzip"),
    (b"PAR1", "it is a Parquet file: export it as JSON Lines or CSV"),
    (b"%PDF", "it is a PDF: export its text as JSON Lines or CSV"),
    (b"\xff\xfe", "it is UTF-16: save it as UTF-8"),
    (b"\xfe\xff", "it is UTF-16: save it as UTF-8"),
)


class ReadError(ValueError):
    """A file cannot be read any further; the text says why and what to do."""


class Lines:
    """The lines of one file, as its bytes come in: `feed` them in pieces of any length, then `end`.

    A line of more than `longest` bytes is not held; None comes in its place. Raises ReadError.
    Who can take many lines at once asks for `blocks` and `last_blocks` instead.
    """

    def __init__(self, longest: int) -> None:
        self.longest = longest
        self.number = 0  # of lines that were given one by one
        self.mark = b""  # the byte order mark, if there was one
        self.torn = False  # the line that was given last has no line feed
        self._head: bytes | None = b""  # until it is known what the file is
        self._unpack: zlib._Decompress | None = None
        self._is_begun = False  # something was unpacked
        self._parts: list[bytes] = []
        self._held = 0
        self._too_long = False

    def feed(self, piece: bytes) -> Iterator[bytes | None]:
        """The lines that end in this piece, without their `\\n`."""
        return self._each(self.blocks(piece))

    def end(self) -> Iterator[bytes | None]:
        """The last line, where it has no `\\n`, and those before it that are still held."""
        return self._each(self.last_blocks())

    def blocks(self, piece: bytes) -> Iterator[bytes | None]:
        """As `feed`, but lines that follow one another come as one, each with its `\\n`."""
        if self._head is None:
            yield from self._plain(piece)
            return
        self._head += piece
        if len(self._head) >= _HEAD_BYTES:
            yield from self._begin()

    def last_blocks(self) -> Iterator[bytes | None]:
        """As `end`, in blocks."""
        if self._head is not None:
            yield from self._begin()
        if self._unpack is not None and not self._unpack.eof:
            raise ReadError("the gzip file ends in the middle: it was cut. Copy it again")
        if self._parts or self._too_long:
            self.torn = True
            yield self._line()

    def _each(self, blocks: Iterator[bytes | None]) -> Iterator[bytes | None]:
        for block in blocks:
            for line in (None,) if block is None else block.removesuffix(b"\n").split(b"\n"):
                self.number += 1
                yield line

    def _begin(self) -> Iterator[bytes | None]:
        head, self._head = self._head or b"", None
        if head.startswith(_GZIP):
            self._unpack = zlib.decompressobj(31)
        else:
            head = self._text(head)
        yield from self._plain(head)

    def _plain(self, piece: bytes) -> Iterator[bytes | None]:
        if self._unpack is None:
            yield from self._cut(piece)
            return
        for part in self._unpacked(piece):
            if not self._is_begun:
                part, self._is_begun = self._text(part), True
            yield from self._cut(part)

    def _text(self, head: bytes) -> bytes:
        """The beginning of a text without its byte order mark. Raises ReadError if it is none."""
        for beginning, what in _OTHERS:
            if head.startswith(beginning):
                raise ReadError(what)
        if b"\0" in head[:_HEAD_BYTES]:
            raise ReadError("it is no text: it holds bytes of zero. Save it as UTF-8 text")
        self.mark = BYTE_ORDER_MARK if head.startswith(BYTE_ORDER_MARK) else b""
        return head.removeprefix(BYTE_ORDER_MARK)

    def _unpacked(self, piece: bytes) -> Iterator[bytes]:
        while piece and self._unpack is not None:
            if self._unpack.eof:  # a file may be several that were put together
                if not piece.startswith(_GZIP):
                    return  # padding
                self._unpack = zlib.decompressobj(31)
            before = self._unpack.copy()
            try:
                part = self._unpack.decompress(piece, _UNPACKED_BYTES)
            except zlib.error:
                yield from _until_damage(before, piece)
                raise ReadError("it is no whole gzip file: it is damaged. Pack it again") from None
            piece = self._unpack.unconsumed_tail or self._unpack.unused_data
            if part:
                yield part

    def _cut(self, piece: bytes) -> Iterator[bytes | None]:
        first, end = piece.find(b"\n"), piece.rfind(b"\n")
        if end < 0:
            self._hold(piece)
            return
        self._hold(piece[:first])
        yield self._line(b"\n")
        if first < end:
            block = piece[first + 1 : end + 1]
            if len(block) <= self.longest:
                yield block
            else:
                for line in block.removesuffix(b"\n").split(b"\n"):
                    yield line + b"\n" if len(line) <= self.longest else None
        self._hold(piece[end + 1 :])

    def _hold(self, part: bytes) -> None:
        if not part or self._too_long:
            return
        self._parts.append(part)
        self._held += len(part)
        if self._held > self.longest:
            self._too_long = True
            self._parts.clear()

    def _line(self, end: bytes = b"") -> bytes | None:
        """The line that was held, with its end."""
        line = None if self._too_long else b"".join([*self._parts, end])
        self._parts.clear()
        self._held, self._too_long = 0, False
        return line


def _until_damage(unpack: "zlib._Decompress", piece: bytes) -> Iterator[bytes]:
    """What can be unpacked of a piece that is damaged somewhere."""
    found = bytearray()
    for byte in piece:
        try:
            found += unpack.decompress(bytes((byte,)))
        except zlib.error:
            break
        if len(found) >= _UNPACKED_BYTES:
            yield bytes(found)
            found.clear()
    if found:
        yield bytes(found)
