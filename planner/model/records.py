"""Keep what happened in a run: a record for each batch."""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple


class Record(NamedTuple):
    """One batch of one run. Times in seconds since the first submission; `expired` counts its
    undone requests.
    """

    round: int
    requests: int
    submitted_s: float
    ended_s: float
    noticed_s: float
    expired: int


class Records:
    """The batches of one run in the order of submission, to be read like a tuple of `Record`.

    Bare numbers, not objects: a large forecast has 250,000 records, which take a fifth of the
    memory so, and Python's garbage collector, which took a third of the time of a forecast, has
    nothing to look through.
    """

    __slots__ = ("_numbers", "_starts")

    def __init__(self, numbers: Iterable[float], starts: Sequence[int]) -> None:
        """From the six numbers of each record, one after the other; `starts`: the place of the first
        batch of each round, and the place after the last batch."""
        self._numbers = array("d", numbers)
        self._starts = starts

    def __len__(self) -> int:
        return len(self._numbers) // 6

    def __getitem__(self, place: int) -> Record:
        first = range(0, len(self._numbers), 6)[place]  # IndexError where there is none
        return _record(*self._numbers[first : first + 6])

    def __iter__(self) -> Iterator[Record]:
        numbers = iter(self._numbers)
        # six times the same iterator: zip takes the six numbers of a record from it
        for six in zip(*[numbers] * 6, strict=True):
            yield _record(*six)

    def times_s(self) -> Iterator[tuple[float, float]]:
        """The requests of each batch, and the seconds from its submission to its end."""
        numbers = self._numbers
        for requests, start, end in zip(numbers[1::6], numbers[2::6], numbers[3::6], strict=True):
            yield requests, end - start

    def latest_s(self, number: int, places: range) -> float:
        """When the last of the batches at these places of a round ended; 0 if it has none of them."""
        starts = self._starts
        if number + 1 >= len(starts):
            return 0.0
        first, past = starts[number] + places.start, starts[number + 1]
        if first >= past:
            return 0.0
        if len(places) == 1:
            return self._numbers[6 * first + 3]
        past = min(first + len(places), past)
        return max(self._numbers[6 * first + 3 : 6 * past : 6])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Records) and self._numbers == other._numbers

    def __hash__(self) -> int:
        return hash(self._numbers.tobytes())


def _record(
    number: float, requests: float, submitted: float, ended: float, noticed: float, expired: float
) -> Record:
    return Record(int(number), int(requests), submitted, ended, noticed, int(expired))
