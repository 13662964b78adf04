"""How long a batch takes: the fit to known batches, the formula, the old table."""

from fractions import Fraction
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner import facts
from planner.model.draws import service
from planner.model.durations import (
    GRID,
    WAIT_ABOVE,
    DurationModel,
    Sample,
    fit,
    model_of,
    observed,
    public_bands,
)
from planner.scenario import Duration
from tests.oracles import kaplan_meier, on_straight_lines


def seconds_of(model: DurationModel, requests: int, u: float) -> float:
    """The u-quantile (0 to 1) of the service time of a batch of `requests`."""
    return service(model)(requests, u)


def samples(most: int = 40, censored: bool = True) -> st.SearchStrategy[list[Sample]]:
    """Known batches; some were still running when last seen."""
    lasting = st.booleans() if censored else st.just(False)
    row = st.builds(Sample, st.integers(1, 100_000), st.integers(1, 200_000).map(float), lasting)
    return st.lists(row, min_size=1, max_size=most)


# ---- the formula


def test_formula() -> None:
    """10,000 requests at 5 s, 50 at once, 120 s to start: 120 + 200 · 5 = 1,120 s, whatever the luck."""
    model = model_of(Duration(model="formula"))
    assert {seconds_of(model, 10_000, u) for u in (0.0, 0.5, 1.0)} == {1120.0}


@pytest.mark.parametrize(
    ("requests", "seconds"), [(1, 125.0), (50, 125.0), (51, 130.0), (100, 130.0), (101, 135.0)]
)
def test_formula_works_in_whole_turns(requests: int, seconds: float) -> None:
    """A turn that is not full takes as long as a full one."""
    assert seconds_of(model_of(Duration(model="formula")), requests, 0.5) == seconds


# ---- the old table


@pytest.mark.parametrize("row", facts.guide(), ids=lambda row: str(row.requests_up_to))
def test_guide_is_even_between_its_ends(row: facts.GuideRow) -> None:
    """The old planner gave a range by size; every time in it is as likely as another."""
    model = model_of(Duration(model="guide"))
    assert seconds_of(model, row.requests_up_to, 0.0) == row.low_s
    assert seconds_of(model, row.requests_up_to, 0.5) == (row.low_s + row.high_s) / 2
    assert seconds_of(model, row.requests_up_to, 1.0) == row.high_s


def test_guide_has_steps() -> None:
    """One request more falls into the next row."""
    first, second, *_ = facts.guide()
    model = model_of(Duration(model="guide"))
    assert seconds_of(model, first.requests_up_to + 1, 0.0) == second.low_s


# ---- fits


def test_one_sample_is_all_that_is_known() -> None:
    """A single batch predicts itself."""
    model = fit([Sample(8150, 1200.0)])
    assert {seconds_of(model, 8150, u) for u in (0.0, 0.3, 1.0)} == {1200.0}
    assert model.samples == 1


def test_larger_than_ever_seen_grows_in_proportion() -> None:
    """Beyond the largest batch twice the requests take twice the time."""
    model = fit([Sample(8000, 1200.0)])
    assert seconds_of(model, 16_000, 0.5) == 2400.0


def test_smaller_than_ever_seen_takes_no_less() -> None:
    """Without a smaller batch the smallest stands for those below it."""
    assert seconds_of(fit([Sample(8000, 1200.0)]), 1, 0.5) == 1200.0


def test_bands_are_joined_by_a_straight_line() -> None:
    """Between the medians of two bands of size the time grows evenly."""
    model = fit([Sample(100, 60.0), Sample(1000, 600.0)])
    assert seconds_of(model, 550, 0.5) == pytest.approx(330.0)


def test_a_batch_of_one_size_takes_the_times_that_were_seen() -> None:
    """Three batches of the same size: the shortest, the middle one and the longest are the ends and the middle."""
    model = fit([Sample(1000, 100.0), Sample(1000, 300.0), Sample(1000, 200.0)])
    assert (seconds_of(model, 1000, 0.0), seconds_of(model, 1000, 1.0)) == (100.0, 300.0)
    assert seconds_of(model, 1000, 2 / 3) == pytest.approx(200.0, abs=0.5)


def test_a_batch_that_still_runs_pushes_the_tail_out() -> None:
    """Of two batches that took 100 s and one that had not ended after 150 s, the long one is likelier than without it."""
    finished = [Sample(10, 100.0), Sample(10, 400.0)]
    without, with_it = fit(finished), fit([*finished, Sample(10, 150.0, censored=True)])
    assert with_it.table[GRID // 2] > without.table[GRID // 2]


def test_nothing_but_running_batches() -> None:
    """When none has ended, the longest is the best that is known."""
    model = fit([Sample(10, 100.0, censored=True), Sample(10, 300.0, censored=True)])
    assert seconds_of(model, 10, 0.1) == seconds_of(model, 10, 0.9) == pytest.approx(300.0)


@given(samples())
def test_the_table_is_that_of_kaplan_and_meier(rows: list[Sample]) -> None:
    """Weights handed on to those that lasted longer, in fractions, give the same quantiles."""
    model = fit(rows)
    ratios = [(row.seconds / model.scale(row.requests)[1], row.censored) for row in rows]
    steps = kaplan_meier(ratios)
    if not steps:
        assert set(model.table) == {max(ratio for ratio, _ in ratios)}
        return
    exact = [float(on_straight_lines(steps, Fraction(entry, GRID))) for entry in range(GRID + 1)]
    assert model.table == pytest.approx(exact, rel=1e-9)


@given(samples(censored=False))
def test_without_running_batches_the_table_is_that_of_the_sample(rows: list[Sample]) -> None:
    """At k of n the quantile is the k-th smallest ratio (definition 4 of Hyndman and Fan)."""
    model = fit(rows)
    ratios = sorted(row.seconds / model.scale(row.requests)[1] for row in rows)
    for place, ratio in enumerate(ratios, start=1):
        if place * GRID % len(ratios) == 0:  # where the table has an entry
            assert model.table[place * GRID // len(ratios)] == pytest.approx(ratio, rel=1e-9)


@given(samples(), st.integers(1, 200_000), st.integers(1, 200_000))
def test_a_larger_batch_never_takes_less(rows: list[Sample], one: int, other: int) -> None:
    """At equal luck time does not fall with size."""
    model = fit(rows)
    small, large = sorted((one, other))
    assert seconds_of(model, small, 0.5) <= seconds_of(model, large, 0.5) * (1 + 1e-12)


@given(samples(), st.integers(1, 200_000), st.floats(0, 1), st.floats(0, 1))
def test_worse_luck_never_takes_less(
    rows: list[Sample], requests: int, one: float, other: float
) -> None:
    """At equal size time does not fall with u, and is more than nothing."""
    model = fit(rows)
    low, high = sorted((one, other))
    assert 0 < seconds_of(model, requests, low) <= seconds_of(model, requests, high) * (1 + 1e-12)


@given(samples(), st.integers(2, 10))
def test_times_in_another_unit(rows: list[Sample], factor: int) -> None:
    """Batches that all took so many times as long are predicted to take so many times as long."""
    model, slower = (
        fit(rows),
        fit([Sample(row.requests, row.seconds * factor, row.censored) for row in rows]),
    )
    assert seconds_of(slower, 5000, 0.5) == pytest.approx(seconds_of(model, 5000, 0.5) * factor)


@given(samples(), st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(rows: list[Sample], rng: object) -> None:
    """A table of batches may be sorted in any way."""
    shuffled = rows[:]
    rng.shuffle(shuffled)  # type: ignore[attr-defined]
    assert fit(shuffled).table == pytest.approx(fit(rows).table)


# ---- one's own batches


def test_history_predicts_its_own_batch() -> None:
    """One batch of 8,150 requests in 1,200 s: the next one will be like it."""
    model = model_of(Duration(model="history", history=((8150, 1200.0),)))
    assert seconds_of(model, 8150, 0.5) == 1200.0
    assert model.samples == 1


def test_a_small_batch_is_not_as_slow_as_the_own_large_ones() -> None:
    """A retry round of one request does not take the hours of the ten thousand that are all one has seen."""
    model = model_of(Duration(model="history", history=((10_000, 7200.0),)))
    assert seconds_of(model, 1, 0.5) < 600
    assert seconds_of(model, 10_000, 0.5) == 7200.0


def test_the_largest_own_batch_does_not_make_the_others_quicker() -> None:
    """Five batches of 8,150 in 1,200 s and one of 20,000 in 1,300 s: none of 8,150 will take 530 s."""
    model = model_of(Duration(model="history", history=((8150, 1200.0),) * 5 + ((20_000, 1300.0),)))
    assert seconds_of(model, 8150, 0.0) == pytest.approx(1200.0)


def test_own_batches_of_two_sizes_keep_their_times() -> None:
    """Batches of 8,150 in 20 and 22 minutes and one of 20,000 in 68: size is not luck, each size has its own time."""
    model = model_of(
        Duration(model="history", history=((8150, 1200.0), (8150, 1345.5), (20_000, 4100.0)))
    )
    assert 1100 <= seconds_of(model, 8150, 0.0) <= seconds_of(model, 8150, 1.0) <= 1500
    assert 3600 <= seconds_of(model, 20_000, 0.0) <= seconds_of(model, 20_000, 1.0) <= 4600


@given(st.lists(st.tuples(st.integers(1, 199), st.just(600.0)), min_size=1, max_size=20).map(tuple))
def test_own_batches_that_all_took_the_same_predict_that(
    history: tuple[tuple[int, float], ...],
) -> None:
    """When every own batch took 600 s, a batch within their sizes takes 600 s."""
    model = model_of(Duration(model="history", history=history))
    middle = int(median(requests for requests, _ in history))
    assert seconds_of(model, middle, 0.05) == pytest.approx(600.0)
    assert seconds_of(model, middle, 0.95) == pytest.approx(600.0)


# ---- public observations


def test_observed_takes_the_rows_that_are_marked() -> None:
    """The model rests on the observations that the data file says are used, and on no other."""
    used = [row for row in facts.observations() if row.used and row.requests is not None]
    assert observed().samples == len(used) > 30


def test_observed_small_batches() -> None:
    """Half of small batches ended within half a minute to three minutes; the model says so."""
    assert 30 <= seconds_of(observed(), 3, 0.5) <= 180


def test_observed_is_wide() -> None:
    """The honest band is wide: the slowest hundredth takes more than ten times the median."""
    model = observed()
    assert seconds_of(model, 3, 0.995) > 10 * seconds_of(model, 3, 0.5)


@given(st.integers(1, 500_000), st.integers(0, 999))
def test_observed_rises_with_luck_and_size(requests: int, thousandth: int) -> None:
    """Neither worse luck nor a larger batch is ever quicker."""
    model, u = observed(), thousandth / 1000
    assert seconds_of(model, requests, u) <= seconds_of(model, requests, u + 0.001) * (1 + 1e-12)
    assert seconds_of(model, requests, u) <= seconds_of(model, requests + 1, u) * (1 + 1e-12)


@pytest.mark.parametrize("edge", [200, 5000, 50_000])
def test_observed_has_no_jump_where_bands_meet(edge: int) -> None:
    """Bands of size decide which batches are taken together, not where time jumps: one request adds less than 1 %."""
    model = observed()
    assert seconds_of(model, edge, 0.5) <= seconds_of(model, edge - 1, 0.5) * 1.01


def test_what_counts_as_a_wait() -> None:
    """Ratios of the public observations have a gap from 5.5 to 19 times the median; six is in it."""
    model, rows = observed(), [row for row in facts.observations() if row.used]
    ratios = [row.seconds_low / model.scale(row.requests or 0)[1] for row in rows]
    assert not any(5.5 < ratio < 19 for ratio in ratios) and max(ratios) > 19
    assert max(model.table) == WAIT_ABOVE == 6.0
    largest = max(rows, key=lambda row: row.seconds_low / model.scale(row.requests or 0)[1])
    longest = max(
        row.seconds_low - 6 * model.scale(row.requests or 0)[1] for row in rows if not row.censored
    )
    assert model.waits_s[-1] == longest
    assert seconds_of(model, largest.requests or 0, 1.0) >= largest.seconds_low


def test_the_median_of_three_is_the_middle_one() -> None:
    """Of an odd number the middle one, of an even number the mean of the two in the middle."""
    three = [Sample(100, 10.0), Sample(100, 20.0), Sample(100, 60.0)]
    assert fit(three).scale(100) == (0.0, 20.0)
    assert fit([*three, Sample(100, 30.0)]).scale(100) == (0.0, 25.0)


def test_own_batches_of_one_and_two_are_apart() -> None:
    """The bands of one's own batches double: 1, 2 and 3, 4 to 7, and so on."""
    own = ((1, 100.0), (2, 400.0), (3, 600.0), (4, 900.0), (65_535, 1000.0), (65_536, 3000.0))
    scale = model_of(Duration(model="history", history=own)).scale
    assert [scale(n)[1] for n in (1, 4, 65_535, 65_536)] == [100.0, 900.0, 1000.0, 3000.0]
    assert scale(2)[1] == scale(1)[1] + (scale(3)[1] - scale(1)[1]) / 2


def test_outside_ones_own_sizes_the_public_median_gives_the_shape() -> None:
    """Ten times as many requests take as many times as long as in public, from nothing on."""
    scale = model_of(Duration(model="history", history=((10_000, 7200.0),))).scale
    public = observed().scale
    for requests in (1, 100, 50_000, 100_000):
        expected = 7200.0 * public(requests)[1] / public(10_000)[1]
        assert scale(requests) == (0.0, pytest.approx(expected))


def test_only_public_batches_share_the_pace() -> None:
    """A formula, the old table and one's own batches are of each batch alone; the first two rest on no batch."""
    own = model_of(Duration(model="history", history=((8150, 1200.0),)))
    others = [model_of(Duration(model="formula")), model_of(Duration(model="guide"))]
    assert [model.shared for model in (observed(), own, *others)] == [True, False, False, False]
    assert [model.samples for model in (own, *others)] == [1, 0, 0]


# ---- the bands that are shown


def test_the_bands_are_those_of_the_model() -> None:
    """Every observation of the model is in one band, and bands meet where the model takes its medians."""
    bands = public_bands()
    used = [row for row in facts.observations() if row.used]
    assert [(band.low, band.high) for band in bands] == [
        (1, 199),
        (200, 4999),
        (5000, 49_999),
        (50_000, 100_000),
    ]
    for band in bands:
        rows = [row for row in used if band.low <= (row.requests or 0) <= band.high]
        times = [row.seconds_low for row in rows]
        assert (band.batches, band.shortest_s, band.longest_s) == (
            len(rows),
            min(times),
            max(times),
        )
        assert band.median_s == median(times)
        assert band.censored == any(
            row.seconds_low == band.longest_s and row.censored for row in rows
        )
    assert sum(band.batches for band in bands) == len(used) == observed().samples


def test_the_same_answers_are_the_same_model() -> None:
    """What is fitted once is not fitted again, and other answers are another model."""
    own = Duration(model="history", history=((8150, 1200.0),))
    same = Duration(model="history", history=((8150, 1200.0),))
    assert model_of(own) is model_of(same)
    assert model_of(Duration(model="history", history=((8150, 1201.0),))) is not model_of(own)
