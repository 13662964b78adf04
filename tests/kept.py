"""Records as a run keeps them."""

from itertools import chain, groupby
from operator import attrgetter

from planner.model.records import Record, Records


def kept(*records: Record) -> Records:
    """The records, in the order of their rounds, as numbers, with the places where rounds begin."""
    starts = [0]
    for _, of_round in groupby(records, attrgetter("round")):
        starts.append(starts[-1] + len(list(of_round)))
    return Records(chain(*records), starts)
