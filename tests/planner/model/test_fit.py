"""The fit to known batches: chances of exponents, places of ratios, batches that had not ended."""

from collections.abc import Sequence
from fractions import Fraction
from math import exp, fsum, inf

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from planner.model.durations import DurationModel
from planner.model.fit import STEPS, Sample, exponent_chances, fit, power
from tests.durations import quantile
from tests.oracles import kaplan_meier, kendall


def samples(most: int = 30) -> st.SearchStrategy[list[Sample]]:
    """Known batches; some were still running when last seen."""
    row = st.tuples(st.integers(1, 100_000), st.integers(1, 86_400).map(float), st.booleans())
    return st.lists(row.map(lambda each: Sample(*each)), min_size=1, max_size=most)


def model(rows: Sequence[Sample]) -> DurationModel:
    """The fitted curves."""
    return DurationModel(curves=fit(rows), evidence=len(rows))


# ---- powers and exponents


@pytest.mark.parametrize("step", range(STEPS + 1))
@pytest.mark.parametrize("requests", [1, 2, 8150, 100_000, 10_000_000])
def test_powers(requests: int, step: int) -> None:
    """Square roots of square roots are the powers of sixteenths."""
    assert power(requests, step) == pytest.approx(requests ** (step / 16), rel=1e-12)


@given(samples(12))
def test_exponents_are_judged_by_kendall(rows: list[Sample]) -> None:
    """The chance of an exponent is that of a normal deviate as large as Kendall's S of what it leaves,
    counted pair by pair; ratios are compared by their 16th powers, which are fractions."""
    chances = exponent_chances(rows)
    weights = []
    for step in range(STEPS + 1):
        ratios = [Fraction(int(row.seconds) ** 16, row.requests**step) for row in rows]
        assume(
            len(set(zip(ratios, rows, strict=True))) == len(set(ratios))
        )  # floats miss most ties
        s, variance = kendall(
            [(row.requests, ratio, row.censored) for row, ratio in zip(rows, ratios, strict=True)]
        )
        weights.append(bell(s * s / variance if variance else 0.0))
    assert chances == pytest.approx([each / fsum(weights) for each in weights], rel=1e-9)


def bell(square: float) -> float:
    """exp(-square / 2) as the limit that defines it, broken off at 64 factors."""
    return float((1 + square / 128) ** -64)


def test_two_rows_leave_the_exponent_that_makes_them_equal() -> None:
    """16 times the requests took 4 times as long: at 8/16 S is 0, at all others 1 or -1, and its
    variance is 2 · 1 · 9 / 18 = 1; a standard deviation off is exp(-1/2) times as likely."""
    chances = exponent_chances([Sample(1, 100.0), Sample(16, 400.0)])
    off = exp(-0.5)
    assert chances == pytest.approx(
        [(1.0 if step == 8 else off) / (1 + 16 * off) for step in range(17)], rel=0.003
    )


def test_a_row_counts_by_its_weight() -> None:
    """A pair counts the product of its weights, and n rows in the variance are the sum of theirs:
    2.5 · 1.5 · 10 less 2 · 1 · 9 of the two of one size, over 18; half a row has no pair with itself.
    """
    chances = exponent_chances(
        [Sample(1, 100.0, weight=0.5), Sample(16, 400.0), Sample(16, 1600.0)]
    )
    sums = [1.0] * 8 + [0.5] + [0.0] * 7 + [-0.5]
    weights = [bell(s * s * 18 / (37.5 - 18)) for s in sums]
    assert chances == pytest.approx([each / fsum(weights) for each in weights])


@pytest.mark.parametrize(("rows", "every"), [(200, 1), (201, 2), (400, 2), (401, 3)])
def test_of_many_rows_some_are_compared(rows: int, every: int) -> None:
    """At most two hundred, evenly from the smallest to the largest, from the middle of a step on."""
    many = [Sample(place + 1, 100.0 + place * 7 % 13) for place in range(rows)]
    assert exponent_chances(many[::-1]) == exponent_chances(many[every // 2 :: every])


def test_exponents_of_hardly_a_chance_are_left_out() -> None:
    """Below one in five hundred; what is left is certain again, in proportion."""
    rows = [Sample(100 * place, 10.0 * place * (1 + place % 3)) for place in range(1, 16)]
    chances = exponent_chances(rows)
    kept = [chance for chance in chances if chance > 0.002]
    assert 0.0 < min(chances) < 0.002 < min(kept) < 0.01 < max(chances)
    assert [curve.chance for curve in fit(rows)] == pytest.approx(
        [chance / fsum(kept) for chance in kept]
    )


def test_rows_of_one_size_leave_every_exponent() -> None:
    """Nothing is known of size, so every exponent is as likely."""
    chances = exponent_chances([Sample(1000, seconds) for seconds in (100.0, 300.0, 200.0)])
    assert chances == pytest.approx([1 / 17] * 17)


@pytest.mark.parametrize("step", [0, 8, 16])
def test_many_rows_find_the_exponent(step: int) -> None:
    """Forty sizes, with luck that has nothing to do with them: the exponent is found to a
    sixteenth.
    """
    luck = [1.0 + (place * 0.618) % 1 for place in range(40)]
    rows = [
        Sample(size, 10 * power(size, step) * luck[place])
        for place, size in enumerate(range(100, 40_100, 1000))
    ]
    chances = exponent_chances(rows)
    assert abs(max(range(17), key=chances.__getitem__) - step) <= 1
    assert chances[16 - step] < 0.01 or step == 8


def test_one_odd_row_does_not_rule() -> None:
    """Nineteen batches about alike, and one that took fifty times as long: the half of all runs moves
    by less than 30 %, wherever the odd one is."""
    rows = [Sample(5000 + 500 * place, 1000.0 + 37 * (place * 7 % 19)) for place in range(19)]
    for size in (500, 10_000, 60_000):
        for seconds in (20.0, 50_000.0):
            without, with_it = model(rows), model([*rows, Sample(size, seconds)])
            for requests in (5000, 10_000):
                assert quantile(with_it, requests, 0.5) == pytest.approx(
                    quantile(without, requests, 0.5), rel=0.3
                )


# ---- places


@given(st.lists(st.integers(1, 10_000), min_size=1, max_size=40, unique=True))
def test_the_next_batch_is_below_the_kth_row_with_chance_k_of_n_plus_1(times: list[int]) -> None:
    """With one size, that is what it is for any law of the times."""
    for curve in fit([Sample(500, float(seconds)) for seconds in times]):
        assert curve.places == pytest.approx(
            [(place + 1) / (len(times) + 1) for place in range(len(times))]
        )
        assert list(curve.ratios) == sorted(curve.ratios)


@given(samples())
def test_the_places_are_those_of_kaplan_and_meier(rows: list[Sample]) -> None:
    """Weights handed on to those that lasted longer, in fractions, give the same places."""
    for curve in fit(rows):
        step = next(step for step in range(STEPS + 1) if power(2, step) == curve.scale(2)[1])
        *steps, (last, _) = kaplan_meier(
            [
                *((row.seconds / power(row.requests, step), row.censored) for row in rows),
                (inf, False),  # the next batch
            ]
        )
        assert last == 1
        if steps:
            assert curve.places == pytest.approx([float(at) for at, _ in steps])
            assert curve.ratios == pytest.approx([value for _, value in steps])


def test_a_batch_that_still_runs_pushes_the_tail_out() -> None:
    """Of two batches that took 100 and 400 s and one that had not ended after 150 s: four in ten
    of the next ones take longer than without it."""
    finished = [Sample(10, 100.0), Sample(10, 400.0)]
    still = [*finished, Sample(10, 150.0, censored=True)]
    assert quantile(model(still), 10, 0.6) > 1.1 * quantile(model(finished), 10, 0.6)


def test_nothing_but_running_batches() -> None:
    """When none has ended, the longest is the best that is known."""
    still = [Sample(10, 100.0, censored=True), Sample(10, 300.0, censored=True)]
    assert quantile(model(still), 10, 0.5) == pytest.approx(300.0, rel=0.02)


def test_rows_of_little_weight_say_little() -> None:
    """Ten rows of a tenth each are worth one: beyond the slowest the tail begins at a half."""
    rows = [Sample(10, 100.0 + place, weight=0.1) for place in range(10)]
    assert fit(rows)[0].places[-1] == pytest.approx(0.5)


def test_a_wait_is_what_goes_beyond_so_many_times_the_median() -> None:
    """With four times the median as the limit, 1,000 s at a median of 100 are 400 and a wait of
    600.
    """
    rows = [Sample(10, seconds) for seconds in (90.0, 100.0, 1000.0)]
    for curve in fit(rows, wait_above=4.0):
        ratio, wait_s = curve.at(0.75)
        assert ratio * curve.scale(10)[1] == pytest.approx(400.0, rel=0.02)
        assert wait_s == pytest.approx(600.0)
        assert curve.waits_s == pytest.approx((0.0, 0.0, 600.0))


def test_a_wait_never_falls() -> None:
    """With times in proportion to size and a median of 10 s a request, a batch of ten that took 360 s
    waited 160 s beyond the double; so does, at a later place, one of one that took 50 s, not 30."""
    ten = [Sample(10, seconds) for seconds in (80.0, 90.0, 100.0, 360.0)]
    curve = fit([*ten, Sample(1, 50.0)], wait_above=2.0)[-1]
    assert curve.scale(10) == (0.0, 10.0)
    assert curve.ratios == (8.0, 9.0, 10.0, 20.0, 20.0)
    assert curve.waits_s == (0.0, 0.0, 0.0, 160.0, 160.0)


def test_the_median_of_rows_of_little_weight() -> None:
    """Where fewer than half of all batches are known, the slowest stands for the median."""
    rows = [Sample(10, seconds, weight=0.1) for seconds in (100.0, 200.0, 600.0)]
    for curve in fit(rows, wait_above=2.0):
        assert curve.places == pytest.approx((1 / 13, 2 / 13, 3 / 13))
        assert curve.waits_s == (0.0, 0.0, 0.0)


# ---- laws


@given(samples(), st.integers(1, 200_000), st.integers(1, 200_000))
def test_a_larger_batch_never_takes_less(rows: list[Sample], one: int, other: int) -> None:
    """At the same place of the same curve time does not fall with size."""
    small, large = sorted((one, other))
    assert all(curve.scale(small)[1] <= curve.scale(large)[1] for curve in fit(rows))


@given(samples(), st.integers(2, 10))
def test_times_in_another_unit(rows: list[Sample], factor: int) -> None:
    """Batches that all took so many times as long are predicted to take so many times as long."""
    slower = [row._replace(seconds=row.seconds * factor) for row in rows]
    for curve, slow in zip(fit(rows), fit(slower), strict=True):
        assert (slow.chance, slow.places) == (curve.chance, curve.places)
        assert slow.ratios == pytest.approx([factor * ratio for ratio in curve.ratios])


@given(samples(), st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(rows: list[Sample], rng: object) -> None:
    """A table of batches may be sorted in any way."""
    shuffled = rows[:]
    rng.shuffle(shuffled)  # type: ignore[attr-defined]
    for curve, other in zip(fit(rows), fit(shuffled), strict=True):
        assert curve.chance == pytest.approx(other.chance)
        assert curve.places == pytest.approx(other.places)
