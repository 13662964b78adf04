"""Find what comes more than once among millions, in little memory.

Eight bytes are kept of each key: a number that two different keys share by chance once in some
millions of files. A map of bits tells at once, and nearly always rightly, that a key is new; only
what may have been there is kept with a word about it, and judged at the end.
"""

import sys
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from zlib import crc32

_BYTES = 2**23  # of the map: among a million keys one in 130 is kept for a second look
_64_BITS = 2**64 - 1
_NARROW = sys.hash_info.width < 64  # in a browser hash() has 32 bits; a checksum adds others
_FEW = 100_000  # suspects that are kept


@dataclass(frozen=True, slots=True)
class Repeat:
    """The key of the request `place` was that of the request `first` already; places from 0."""

    place: int
    first: int
    what: Any


class Repeats:
    """Takes the key of one request after the other; tells afterwards which came before."""

    def __init__(self) -> None:
        self._seen = bytearray(_BYTES)
        self._numbers = array("Q")
        self._suspects: list[tuple[int, int, Any]] = []
        self.left_out = 0  # suspects beyond those that are kept

    def skip(self) -> None:
        """This request has no key."""
        self._numbers.append(0)

    def add(self, key: str, salt: int, what: Any) -> None:
        """Take the key of the next request, and what is to be told of it if it is a repeat.

        The same text with another salt is another key.
        """
        number = (hash(key) ^ salt) & _64_BITS
        if _NARROW:
            number &= 0xFFFF_FFFF
            number |= (crc32(key.encode("utf-8", "surrogatepass"), salt & 0xFFFF)) << 32
        byte, bit = number & _BYTES - 1, 1 << (number >> 61)
        if not self._seen[byte] & bit:
            self._seen[byte] |= bit
        elif len(self._suspects) < _FEW:
            self._suspects.append((number, len(self._numbers), what))
        else:
            self.left_out += 1
        self._numbers.append(number)

    def found(self) -> Iterator[Repeat]:
        """Every key that was there before, in the order of the requests."""
        suspected = {number for number, _, _ in self._suspects}
        first: dict[int, int] = {}
        for place, number in enumerate(self._numbers if suspected else ()):
            if number in suspected:
                first.setdefault(number, place)
        for number, place, what in self._suspects:
            if first[number] != place:
                yield Repeat(place, first[number], what)
