"""Where each request stands, whatever lines of whatever files hold one."""

import random
from itertools import pairwise

import pytest

from planner.measure.places import Places


@pytest.mark.parametrize("seed", range(20))
def test_every_request_is_found(seed: int) -> None:
    """By its number, in the order in which they came; even rows that follow one another are one."""
    rng, places, wanted = random.Random(seed), Places(), list[tuple[int, int]]()
    for file in range(rng.randrange(1, 5)):
        places.begin()
        line = 1
        while line < 200 and rng.random() < 0.95:
            lines = [*range(line, line + rng.randrange(1, 9))]
            places.add(line, len(lines))
            wanted += [(file, each) for each in lines]
            line += len(lines) + rng.choice((0, 0, 0, 1))
    assert places.count == len(wanted)
    assert [places.of(request) for request in range(len(wanted))] == wanted
    gaps = sum(after != (file, line + 1) for (file, line), after in pairwise(wanted))
    assert len(places._starts) == gaps + bool(wanted)
