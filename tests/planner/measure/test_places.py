"""Where each request stands, whatever lines of whatever files hold one."""

import random
from itertools import pairwise

import pytest

from planner.measure.places import Places


@pytest.mark.parametrize("seed", range(20))
def test_every_request_is_found(seed: int) -> None:
    """By its number, in the order in which they came; an even row of lines is one run."""
    rng, places, wanted = random.Random(seed), Places(), list[tuple[int, int]]()
    for file in range(rng.randrange(1, 5)):
        places.begin()
        for line in range(1, rng.randrange(1, 200)):
            if rng.random() < 0.8:
                places.add(line)
                wanted.append((file, line))
    assert places.count == len(wanted)
    assert [places.of(request) for request in range(len(wanted))] == wanted
    gaps = sum(after != (file, line + 1) for (file, line), after in pairwise(wanted))
    assert len(places._starts) == gaps + bool(wanted)
