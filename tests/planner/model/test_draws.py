"""What chance decides: tables, luck, failures, each against an exact sum."""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from math import fsum, sqrt
from random import Random
from statistics import NormalDist

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.model.draws import blend, failures, lattice, service
from planner.model.durations import DurationModel
from tests.oracles import binomial_steps


class Points:
    """In place of a random generator: its next number is the one listed, and it counts how often it was called."""

    def __init__(self, *points: float) -> None:
        self.points: Iterator[float] = iter(points)
        self.calls = 0

    def random(self) -> float:
        self.calls += 1
        return next(self.points)


def failures_at(requests: int, rate: float, point: float) -> int:
    """The failures that are drawn when the generator says `point`."""
    return failures(requests, rate, Points(point))  # type: ignore[arg-type]


# ---- tables


def drawn(table: Sequence[float], u: float, waits_s: Sequence[float] = ()) -> float:
    """The service of a batch with base 0 and spread 1: the table itself, and the wait."""
    waits = tuple(waits_s) or (0.0,) * len(table)
    model = DurationModel(scale=lambda n: (0.0, 1.0), table=tuple(table), waits_s=waits)
    return service(model)(1, u)


@pytest.mark.parametrize(
    ("u", "value"), [(0.0, 1.0), (0.25, 1.5), (0.5, 2.0), (0.75, 4.0), (0.999999, 6.0), (1.0, 6.0)]
)
def test_a_table_is_read_on_straight_lines(u: float, value: float) -> None:
    """Straight lines between the entries, the last entry at the end."""
    assert drawn((1.0, 2.0, 6.0), u) == pytest.approx(value, abs=1e-4)


def test_a_hair_above_one_is_the_end() -> None:
    """Rounding may make a draw a little larger than 1; the table ends there all the same."""
    assert drawn((1.0, 2.0, 6.0), 1 + 1e-12, (0.0, 0.0, 9.0)) == 15.0


def test_a_service_is_base_and_spread_and_wait() -> None:
    """base(n) + spread(n) · q(u) + wait(u), both tables at the same place."""
    model = DurationModel(scale=lambda n: (100.0, float(n)), table=(1.0, 3.0), waits_s=(10.0, 30.0))
    assert [service(model)(5, u) for u in (0.0, 0.5, 1.0)] == [115.0, 130.0, 145.0]


@given(
    st.lists(st.floats(0, 1e6), min_size=2, max_size=50).map(sorted),
    st.floats(0, 1),
    st.floats(0, 1),
)
def test_a_draw_rises_with_the_table(table: list[float], one: float, other: float) -> None:
    """A rising table gives rising values within its ends."""
    low, high = sorted((one, other))
    at_low, at_high = drawn(table, low), drawn(table, high)
    assert table[0] <= at_low <= at_high * (1 + 1e-12) + 1e-9
    assert at_high <= table[-1] * (1 + 1e-12)


# ---- the lattice


def test_the_load_goes_up_in_even_steps() -> None:
    """Each run has a step of its own, and its place inside the step is drawn."""
    pairs = list(lattice(4, Points(0.9, 0.5, 0.0, 0.25, 0.75)))  # type: ignore[arg-type]
    assert [luck.load for luck in pairs] == [0.125, 0.25, 0.5625, 0.9375]


def test_the_first_luck_goes_round_by_the_golden_ratio() -> None:
    """From a place that is drawn, each run adds 0.618 and leaves out the whole."""
    pairs = list(lattice(3, Points(0.9, 0.0, 0.0, 0.0)))  # type: ignore[arg-type]
    golden = (sqrt(5) - 1) / 2
    assert [luck.first for luck in pairs] == pytest.approx(
        [0.9, (0.9 + golden) % 1, (0.9 + 2 * golden) % 1]
    )


def test_runs_draw_between_two_of_the_lattice() -> None:
    """The pairs come one by one, for a run draws its other numbers from the same generator."""
    points = Points(0.1, 0.2, 0.3)
    pairs = lattice(9, points)  # type: ignore[arg-type]
    assert points.calls == 0
    next(pairs)
    assert points.calls == 2
    next(pairs)
    assert points.calls == 3


@pytest.mark.parametrize("runs", [20, 50, 1000])
def test_the_lattice_covers_the_square(runs: int) -> None:
    """Every tenth of the loads, every tenth of the first lucks, and every quarter of the square has its share."""
    pairs = list(lattice(runs, Random(7)))
    for values in ([luck.load for luck in pairs], [luck.first for luck in pairs]):
        tenths = [sum(step <= 10 * value < step + 1 for value in values) for step in range(10)]
        assert max(abs(count - runs / 10) for count in tenths) <= 1.5
    quarter = sum(luck.load < 0.5 and luck.first < 0.5 for luck in pairs)
    assert abs(quarter - runs / 4) <= 2


# ---- luck, shared and own


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_a_blend_is_a_chance(load: float, own: float, shared: float) -> None:
    """Between 0 and 1, so that a quantile table has an entry for it."""
    assert -1e-12 <= blend(load, shared)(own) <= 1 + 1e-12


@given(st.floats(0, 1, exclude_max=True), st.floats(0, 1, exclude_max=True))
def test_the_ends_of_sharing(load: float, own: float) -> None:
    """Weight 0 is the batch's own luck, weight 1 the run's."""
    assert blend(load, 0.0)(own) == own
    assert blend(load, 1.0)(own) == load


@pytest.mark.parametrize("shared", [0.0, 0.1, 0.3, 0.5, 0.7, 0.95, 1.0])
def test_a_blend_is_uniform(shared: float) -> None:
    """Over all pairs each tenth of the blends holds a tenth of them: single batches are as slow as observed."""
    steps = [(number + 0.5) / 200 for number in range(200)]
    tenths = [0] * 10
    for load in steps:
        for own in steps:
            tenths[min(9, int(blend(load, shared)(own) * 10))] += 1
    assert [count / 40_000 for count in tenths] == pytest.approx([0.1] * 10, abs=0.005)


# ---- draws


@pytest.mark.parametrize(("requests", "rate", "failed"), [(0, 0.5, 0), (10, 0.0, 0), (10, 1.0, 10)])
def test_no_draw_is_needed(requests: int, rate: float, failed: int) -> None:
    """What is certain is not drawn, and the generator is left alone."""
    points = Points()
    assert failures(requests, rate, points) == failed  # type: ignore[arg-type]
    assert points.calls == 0


@given(
    st.integers(1, 10_000_000),
    st.floats(0, 1, exclude_min=True, exclude_max=True),
    st.floats(0, 1, exclude_max=True),
)
def test_one_draw_takes_one_number(requests: int, rate: float, point: float) -> None:
    """However many requests, one number is drawn, and no more fail than there are."""
    points = Points(point)
    assert 0 <= failures(requests, rate, points) <= requests  # type: ignore[arg-type]
    assert points.calls == 1


# (requests, rate): few expected, many expected, few successes, a coin, one request, on both sides of the change of method
BINOMIALS = [
    (1, 0.5),
    (1, 0.9),
    (10, 0.3),
    (40, 0.5),
    (60, 0.5),
    (7, 0.99),
    (300, 0.1),
    (580, 0.95),
    (2000, 0.015),
    (5000, 0.0001),
]


@pytest.mark.parametrize(("requests", "rate"), BINOMIALS)
def test_few_failures_are_drawn_exactly(requests: int, rate: float) -> None:
    """At a thousand points the draw is the inverse of the binomial distribution, computed in fractions."""
    mirrored = rate > 0.5
    exact = Fraction(str(rate))
    steps = binomial_steps(requests, 1 - exact if mirrored else exact)
    below, chance, place = 0.0, next(steps), 0
    for number in range(1000):
        point = (number + 0.5) / 1000
        while chance <= point:
            below, chance, place = chance, next(steps), place + 1
        if (
            min(chance - point, point - below) > 1e-9
        ):  # a float cannot tell on which side of a step it is
            assert failures_at(requests, rate, point) == (requests - place if mirrored else place)


@pytest.mark.parametrize(
    ("requests", "rate"), [(10, 0.3), (60, 0.5), (5000, 0.0001), (10**7, 3e-6)]
)
@pytest.mark.parametrize("point", [0.0, 1 - 2**-53, 5e-324, 1e-17])
def test_the_ends_of_the_distribution(requests: int, rate: float, point: float) -> None:
    """The smallest and the largest number of a generator end the search where hardly a chance is left."""
    failed = failures_at(requests, rate, point)
    assert 0 <= failed <= min(requests, requests * rate + 80)


@pytest.mark.parametrize(
    ("requests", "rate"),
    [(1000, 0.05), (10_000, 0.01), (500, 0.5), (10_000_000, 0.9), (100_000, 0.3)],
)
def test_many_failures_have_the_mean_and_the_spread_of_the_binomial(
    requests: int, rate: float
) -> None:
    """Over the whole generator the mean is n p to a thousandth, the variance n p (1 - p) to 3 %."""
    drawn = [failures_at(requests, rate, (number + 0.5) / 20_000) for number in range(20_000)]
    mean = fsum(drawn) / len(drawn)
    variance = fsum((failed - mean) ** 2 for failed in drawn) / len(drawn)
    assert mean == pytest.approx(requests * rate, rel=1e-3)
    # drawn numbers are whole: rounding adds a twelfth
    assert variance == pytest.approx(requests * rate * (1 - rate) + 1 / 12, rel=0.03)


@pytest.mark.parametrize("point", [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.4, 0.5, 0.7, 0.9, 0.95, 0.975, 0.99, 0.995, 0.999])  # fmt: skip
def test_many_failures_at_the_entries_of_the_table(point: float) -> None:
    """There the draw is that of the normal distribution, to four digits; a variance of a million shows them."""
    normal = 1000 * round(NormalDist().inv_cdf(point), 4)
    assert failures_at(4_000_000, 0.5, point) == int(2_000_000 + normal + 0.5)


def test_the_normal_ends_at_three_and_a_half() -> None:
    """Beyond one in a thousand it runs to 3.5 times the spread, on both sides."""
    assert failures_at(4_000_000, 0.5, 0.0) == 2_000_000 - 3500
    assert failures_at(4_000_000, 0.5, 1 - 1e-12) == 2_000_000 + 3500
    assert failures_at(4_000_000, 0.5, 0.9995) == int(2_000_000 + (3090.2 + 3500) / 2 + 0.5)


def test_many_begin_above_thirty() -> None:
    """Thirty expected failures are drawn exactly, down to none; of thirty-one none fewer than the normal's end."""
    assert failures_at(3000, 0.01, 0.0) == 0
    assert failures_at(3100, 0.01, 0.0) == int(31 - 3.5 * sqrt(31 * 0.99) + 0.5)


def test_a_draw_on_a_step_is_above_it() -> None:
    """The chance of no failure is a half: every number below it draws none, and a half draws one."""
    assert [failures_at(1, 0.5, point) for point in (0.0, 0.4999999, 0.5, 0.9)] == [0, 0, 1, 1]


@pytest.mark.parametrize("expected", [1, 5, 9])
def test_what_a_float_cannot_tell_apart_ends_the_search(expected: int) -> None:
    """The chances that are left add nothing to the sum any more: the last draw is rare, but not all of them."""
    assert 15 < failures_at(60, expected / 60, 1 - 2**-53) < 45


def test_many_failures_follow_the_binomial() -> None:
    """150 requests at a third: from one in a hundred to ninety-nine in a hundred the draw is within 2 of the exact quantile."""
    steps = list(binomial_steps(150, Fraction(1, 3)))
    for number in range(1, 100):
        point = number / 100
        exact = next(count for count, below in enumerate(steps) if point < below)
        assert abs(failures_at(150, 1 / 3, point) - exact) <= 2


@given(
    st.integers(1, 100_000),
    st.floats(0, 1),
    st.floats(0, 1, exclude_max=True),
    st.floats(0, 1, exclude_max=True),
)
@settings(max_examples=200)
def test_a_higher_number_draws_more_failures(
    requests: int, rate: float, one: float, other: float
) -> None:
    """Up to a half the draw rises with the number; above it, where successes are drawn, it falls."""
    low, high = sorted((one, other))
    at_low, at_high = failures_at(requests, rate, low), failures_at(requests, rate, high)
    assert at_low <= at_high if rate <= 0.5 else at_low >= at_high
