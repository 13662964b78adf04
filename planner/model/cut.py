"""Choose how a workload is cut: the requests in a batch, and the batches that are open at once.

Of the cuts that are tried the one that is soonest wins, but one of which a batch may reach its 24 h
end only where all may; of those that are about as soon, the one of the fewest batches.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

MOST_BATCHES = 1000  # a cut of more is not looked at, unless the limits force it
_STEPS = (1, 2, 3, 5, 10, 20, 50, 100, 200, 500, 1000)  # times the fewest batches
_PATIENCE = 4  # so many steps may bring nothing before no more is tried
RISKY_EXPIRY = 0.05  # share of the runs in which a batch reaches its 24 h end
ALIKE = 1.01  # times that differ by less than the simulation can tell are alike


class Cut(NamedTuple):
    """How a workload is cut and sent: the largest batch, and how many batches at once."""

    requests_per_batch: int
    concurrent: int


class Outlook(NamedTuple):
    """What a forecast of a cut says: the chance that a batch reaches the 24 h end, and its time."""

    expiry: float
    seconds: float

    @property
    def risky(self) -> bool:
        """Whether a batch may reach the 24 h end."""
        return self.expiry >= RISKY_EXPIRY


Compare = Callable[[Cut, Cut], tuple[Outlook, Outlook]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """A cut, and why: "asked", the "largest" that the limits allow, or smaller ones that are
    "sooner", by `gain_s`, or avoid the "expiry".

    """

    cut: Cut
    reason: str
    gain_s: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Bounds:
    """What a cut must keep to: requests in a batch, in the queue, and batches open at once."""

    largest: int
    queue_requests: int
    most_open: int


def cuts(requests: int, asked: Cut, bounds: Bounds) -> Iterator[Cut]:
    """The cuts worth a look, the one of the fewest batches first; a 0 of what was `asked` is open."""
    for size in _sizes(requests, asked.requests_per_batch, bounds.largest):
        # what a wish, the queue and the number of calls allow; more than there are helps nobody
        at_once = min(bounds.most_open, bounds.queue_requests // size, -(-requests // size))
        yield Cut(size, asked.concurrent or max(1, at_once))


def _sizes(requests: int, asked: int, largest: int) -> Iterator[int]:
    if asked:
        yield min(asked, largest)
        return
    fewest = -(-requests // largest)
    most = min(requests, max(fewest, MOST_BATCHES))
    # as even as whole requests allow: the last batch is not a small rest
    yield from dict.fromkeys(-(-requests // min(fewest * step, most)) for step in _STEPS)


def choose(candidates: Iterator[Cut], glance: Compare, compare: Compare) -> Choice:
    """The best of the candidates, of which the first has the fewest batches.

    Both ways to compare forecast two cuts that meet the same luck: `glance` a few runs of each; what
    it prefers to the first must stand a thorough `compare`.
    """
    first = best = next(candidates)
    seen, waited = [first], 0
    for cut in candidates:
        seen.append(cut)
        if _better(*glance(cut, best)):
            best, waited = cut, 0
        elif (waited := waited + 1) == _PATIENCE:
            break
    # of those that are as good the one of the fewest batches
    chosen = next(cut for cut in seen if cut == best or not _better(*glance(best, cut)))
    if chosen == first:
        return Choice(cut=first, reason="largest")
    of_first, of_chosen = compare(first, chosen)
    if not _better(of_chosen, of_first):
        return Choice(cut=first, reason="largest")
    reason = "expiry" if of_first.risky and not of_chosen.risky else "sooner"
    return Choice(cut=chosen, reason=reason, gain_s=of_first.seconds - of_chosen.seconds)


def _better(one: Outlook, other: Outlook) -> bool:
    """Whether one is really better, not alike."""
    if one.risky != other.risky:
        return other.risky
    return one.seconds * ALIKE < other.seconds
