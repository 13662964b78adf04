"""The hours of a run: one luck each, related within a day."""

from itertools import pairwise
from random import Random
from statistics import correlation as pearson

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.model.draws import lattice
from planner.model.pace import Load, Pace, correlation
from tests.durations import model

EVEN = model(lambda n: (0.0, 1.0), (0.0, 1.0))


def paces(shared: float, runs: int = 400) -> list[Pace]:
    """The hours of so many runs whose ratio is their luck."""
    rng = Random(3)
    return [Pace(EVEN, shared, luck, rng) for luck in lattice(runs, rng)]


def test_an_hour_has_one_pace() -> None:
    """From its first second to its last, and it says until when."""
    for pace in paces(0.5, 20):
        first = pace.at(0.0)
        assert pace.at(3599.9) == first
        assert first[2] == 3600.0
        assert pace.at(3600.0)[2] == 7200.0
        assert pace.at(3600.0)[0] != first[0]


def test_hours_that_pass_unused_take_no_luck() -> None:
    """Luck is drawn for the hours in which something is sent."""
    (one,), (other,) = paces(0.5, 1), paces(0.5, 1)
    one.at(0.0)
    assert one.at(5 * 3600.0)[0] == other.at(20 * 3600.0)[0]


@pytest.mark.parametrize("mean", [0.0, 0.2, 0.5, 0.7, 1.0])
def test_how_far_luck_is_shared_is_drawn_around_what_was_given(mean: float) -> None:
    """Evenly, never below 0 or above 1, and on average what was given; 0 and 1 are certain."""
    drawn = [correlation(mean, (place + 0.5) / 100) for place in range(100)]
    assert sum(drawn) / 100 == pytest.approx(mean)
    assert 0 <= min(drawn) <= max(drawn) <= 1
    assert max(drawn) - min(drawn) == pytest.approx(0.99 * 2 * min(mean, 1 - mean))


@pytest.mark.parametrize("shared", [0.0, 0.1, 0.3, 0.5, 0.7, 0.95])
def test_luck_is_even_and_related(shared: float) -> None:
    """Every hour's luck is uniform, and any two of a day have the correlation."""
    rng, days = Random(11), []
    for place in range(8000):
        load = Load(shared)
        first = (place + 0.5) / 8000
        load.learn(first)
        days.append((first, load.luck(rng.random()), load.luck(rng.random())))
    hours = list(zip(*days, strict=True))
    for values in hours:
        tenths = [sum(step <= 10 * value < step + 1 for value in values) for step in range(10)]
        assert [count / 8000 for count in tenths] == pytest.approx([0.1] * 10, abs=0.015)
    for one, other in pairwise(hours):
        assert pearson(one, other) == pytest.approx(shared, abs=0.04)


@given(st.floats(0, 1), st.floats(0, 1), st.lists(st.floats(0, 1), max_size=10))
def test_luck_is_a_chance(shared: float, first: float, points: list[float]) -> None:
    """Between 0 and 1, so that a curve has a place for it; with all shared it never changes."""
    load = Load(shared)
    load.learn(first)
    for point in points:
        luck = load.luck(point)
        assert -1e-9 <= luck <= 1 + 1e-9
        if shared == 1:
            assert luck == pytest.approx(first, abs=1e-9)
