"""Find what comes more than once among millions, in little memory.

Eight bytes are kept of each key: a number that two different keys share by chance once in some
millions of files. A map of bits tells at once, and nearly always rightly, that a key is new; only
what may have been there is kept with a word about it, and judged at the end.
"""

import sys
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any
from zlib import crc32

_BYTES = 2**23  # of the map: among a million keys one in 130 is kept for a second look
_BITS = (1, 2, 4, 8, 16, 32, 64, 128)
_PIECE = 2**16
_MASK = (1 << sys.hash_info.width) - 1
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
        self._seen, self._last = bytearray(_BYTES), _BYTES - 1
        # in pieces: an array that grows is copied, and leaves holes in a browser's memory
        self._whole: list[array[int]] = []
        self._numbers = array("Q")
        self._count = 0
        self._suspects: list[tuple[int, int, Any]] = []
        self.left_out = 0  # suspects beyond those that are kept

    def skip(self) -> None:
        """This request has no key."""
        self._keep([0])

    def add(self, keys: Sequence[str], salt: int, whats: Sequence[Any]) -> None:
        """Take the keys of the next requests, and what is to be told of each that is a repeat.

        The same text with another salt is another key.
        """
        numbers = [(hash(key) ^ salt) & _MASK for key in keys]
        if _NARROW:
            for place, key in enumerate(keys):
                numbers[place] |= crc32(key.encode("utf-8", "surrogatepass"), salt & 0xFFFF) << 32
        seen, last, bits = self._seen, self._last, _BITS
        for place, number in enumerate(numbers):
            byte, bit = number & last, bits[number >> 61]
            if seen[byte] & bit:
                self._suspect(number, self._count + place, whats[place])
            else:
                seen[byte] |= bit
        self._keep(numbers)

    def found(self) -> Iterator[Repeat]:
        """Every key that was there before, in the order of the requests."""
        suspected = {number for number, _, _ in self._suspects}
        first: dict[int, int] = {}
        every = chain(*self._whole, self._numbers) if suspected else ()
        for place, number in enumerate(every):
            if number in suspected:
                first.setdefault(number, place)
        for number, place, what in self._suspects:
            if first[number] != place:
                yield Repeat(place, first[number], what)

    def _suspect(self, number: int, place: int, what: Any) -> None:
        if len(self._suspects) < _FEW:
            self._suspects.append((number, place, what))
        else:
            self.left_out += 1

    def _keep(self, numbers: list[int]) -> None:
        self._count += len(numbers)
        self._numbers.extend(numbers)
        if len(self._numbers) >= _PIECE:
            self._whole.append(self._numbers)
            self._numbers = array("Q")
