"""Remember of millions of requests in which file and line each stands, in little memory."""

from array import array
from bisect import bisect_right

_LINE_BITS = 40  # of a place: the number of the file stands above


class Places:
    """Requests stand in lines that follow one another: only where they do not, a run is noted."""

    def __init__(self) -> None:
        self.count = 0
        self._file = self._next = -1 << _LINE_BITS
        self._starts, self._places = array("Q"), array("Q")

    def begin(self) -> None:
        """The next file begins."""
        self._file += 1 << _LINE_BITS

    def add(self, line: int, requests: int) -> None:
        """The next requests stand in such a line of the file, and in those that follow it."""
        place = self._file + line
        if place != self._next:
            self._starts.append(self.count)
            self._places.append(place)
        self._next = place + requests
        self.count += requests

    def of(self, request: int) -> tuple[int, int]:
        """The number of the file, from 0, and the line of a request."""
        run = bisect_right(self._starts, request) - 1
        place = self._places[run] + request - self._starts[run]
        return place >> _LINE_BITS, place & (1 << _LINE_BITS) - 1
