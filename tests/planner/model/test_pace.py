"""The hours of a run: one luck each, related within a day."""

from dataclasses import replace
from itertools import pairwise
from math import inf
from random import Random
from statistics import correlation as pearson

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.model.draws import lattice
from planner.model.durations import DurationModel
from planner.model.pace import Load, Pace, chance_of, correlation, sum_at
from tests.durations import model

EVEN = model(lambda n: (0.0, 1.0), (0.0, 1.0))


HALF_KNOWN = replace(EVEN, evidence=1e-9)  # of whose chances so little is known: alike is a half


def paces(shared: float, runs: int = 400, durations: DurationModel = EVEN) -> list[Pace]:
    """The hours of so many runs whose ratio is their luck."""
    rng = Random(3)
    return [Pace(durations, shared, luck, rng) for luck in lattice(runs, rng)]


def lucks(pace: Pace, *hours: int) -> list[float]:
    """The luck of these hours, in order."""
    return [pace.at(3600.0 * hour)[0] for hour in hours]


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


def test_what_is_certain_holds_for_ever() -> None:
    """Where luck has no part in it there is one pace, and no hour ends it."""
    curve = replace(EVEN.curves[0], certain=True, ratios=(3.0, 3.0))
    (pace,) = paces(0.5, 1, replace(EVEN, curves=(curve,)))
    assert pace.at(0.0) == pace.at(1e7) == (3.0, 0.0, inf)


def test_a_day_is_alike() -> None:
    """With all luck shared every hour of a day has the same, and each day its own."""
    for pace in paces(1.0, 20):
        first, *hours = lucks(pace, 0, 1, 5, 23, 24, 30, 47, 48, 71)
        assert hours[:3] == pytest.approx([first] * 3)
        assert hours[4:6] == pytest.approx([hours[3]] * 2)
        assert hours[7] == pytest.approx(hours[6])
        assert len({round(each, 9) for each in (first, hours[3], hours[6])}) == 3


def test_a_day_begins_with_its_first_batch() -> None:
    """Also where nothing is sent at midnight: the hours after it are of the same day."""
    for pace in paces(1.0, 20):
        first, second, third, fourth = lucks(pace, 0, 25, 26, 47)
        assert [third, fourth] == pytest.approx([second] * 2)
        assert second != pytest.approx(first)


def test_where_all_is_known_no_day_goes_on() -> None:
    """Even at the least point that may be drawn a new day has a luck of its own."""
    (luck,) = lattice(1, Random(3))
    pace = Pace(EVEN, 1.0, luck._replace(first=0.3, hours=(0.0, 0.8, 0.5)), Random(3))
    assert lucks(pace, 0, 24) == pytest.approx([0.3, 0.8])


def test_what_is_not_known_of_the_chances_outlives_the_day() -> None:
    """Half of it is the run's: so many days go on as the one before, and so far are hours alike."""
    runs = paces(1.0, 400, HALF_KNOWN)
    went_on = [
        one == pytest.approx(next_day) for one, next_day in (lucks(run, 0, 24) for run in runs)
    ]
    assert sum(went_on) == pytest.approx(200, abs=20)
    hours = [lucks(run, 0, 1, 2) for run in paces(0.0, 2000, HALF_KNOWN)]
    for one, other in pairwise(zip(*hours, strict=True)):
        assert pearson(one, other) == pytest.approx(0.5, abs=0.04)
    mixed = [lucks(run, 0, 1) for run in paces(0.5, 2000, HALF_KNOWN)]
    assert pearson(*zip(*mixed, strict=True)) == pytest.approx(0.75, abs=0.04)


def test_the_next_hours_lie_on_the_lattice() -> None:
    """Of 100 runs one each has the luck of the second hour in each hundredth, or nearly so."""
    seconds = sorted(luck for _, luck in (lucks(run, 0, 1) for run in paces(0.0, 100)))
    assert seconds == pytest.approx([(place + 0.5) / 100 for place in range(100)], abs=0.02)


@pytest.mark.parametrize(
    ("point", "one", "other", "total"),
    [
        (0.125, 1.0, 1.0, 0.5), (0.5, 1.0, 1.0, 1.0), (0.875, 1.0, 1.0, 1.5), (1.0, 1.0, 1.0, 2.0),
        (0.0625, 2.0, 1.0, 0.5), (0.25, 1.0, 2.0, 1.0), (0.5, 2.0, 1.0, 1.5), (0.75, 2.0, 1.0, 2.0),
        (0.9375, 1.0, 2.0, 2.5), (0.3, 0.0, 2.0, 0.6), (0.3, 0.0, 0.0, 0.0), (0.0, 1.0, 2.0, 0.0),
    ],
)  # fmt: skip
def test_sums_of_two_even_numbers(point: float, one: float, other: float, total: float) -> None:
    """The areas of a trapezoid, by hand."""
    assert sum_at(point, one, other) == pytest.approx(total)


@given(st.floats(0, 1), st.floats(0, 1))
def test_the_chance_of_a_sum_is_the_other_way_round(point: float, weight: float) -> None:
    """Of load and own luck, weighted so that they come to one."""
    assert chance_of(sum_at(point, weight, 1 - weight), weight) == pytest.approx(point, abs=1e-6)
    assert chance_of(1.0, weight) == 1.0 == chance_of(1.5, weight)
    assert chance_of(0.0, weight) == 0.0


@pytest.mark.parametrize("mean", [0.0, 0.2, 0.5, 0.7, 1.0])
def test_how_far_luck_is_shared_is_drawn_around_what_was_given(mean: float) -> None:
    """Evenly, never below 0 or above 1, and on average what was given; 0 and 1 are certain."""
    drawn = [correlation(mean, (place + 0.5) / 100) for place in range(100)]
    assert sum(drawn) / 100 == pytest.approx(mean)
    assert 0 <= min(drawn) <= max(drawn) <= 1
    assert drawn[-1] - drawn[0] == pytest.approx(0.99 * 2 * min(mean, 1 - mean))


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
