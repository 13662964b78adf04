"""How long a batch takes: public observations, own batches, the formula, the old table."""

from collections import Counter
from statistics import median

import pytest

from planner import facts
from planner.model.durations import (
    ALIKE,
    LARGE_PACE,
    OLD_WEIGHT,
    DurationModel,
    model_of,
    observed,
    public,
    public_bands,
)
from planner.scenario import Duration
from tests.durations import quantile


def seconds_of(model: DurationModel, requests: int, place: float) -> float:
    """The time of a batch at that place of the first curve."""
    curve = model.curves[0]
    base_s, spread_s = curve.scale(requests)
    ratio, wait_s = curve.at(place)
    return base_s + spread_s * ratio + wait_s


def own(*rows: tuple[int, float] | tuple[int, float, str]) -> DurationModel:
    """The model of one's own batches."""
    return model_of(Duration(model="history", history=rows), "sonnet")


# ---- the formula


def test_formula() -> None:
    """10,000 requests at 5 s, 50 at once, 120 s to start: 120 + 200 · 5 = 1,120 s, whatever the
    luck.
    """
    model = model_of(Duration(model="formula"), "sonnet")
    assert {seconds_of(model, 10_000, u) for u in (0.0, 0.5, 1.0)} == {1120.0}


@pytest.mark.parametrize(
    ("requests", "seconds"), [(1, 125.0), (50, 125.0), (51, 130.0), (100, 130.0), (101, 135.0)]
)
def test_formula_works_in_whole_turns(requests: int, seconds: float) -> None:
    """A turn that is not full takes as long as a full one."""
    assert seconds_of(model_of(Duration(model="formula"), "sonnet"), requests, 0.5) == seconds


# ---- the old table


@pytest.mark.parametrize("row", facts.guide(), ids=lambda row: str(row.requests_up_to))
def test_guide_is_even_between_its_ends(row: facts.GuideRow) -> None:
    """The old planner gave a range by size; every time in it is as likely as another."""
    model = model_of(Duration(model="guide"), "sonnet")
    assert seconds_of(model, row.requests_up_to, 0.0) == row.low_s
    assert seconds_of(model, row.requests_up_to, 0.5) == (row.low_s + row.high_s) / 2
    assert seconds_of(model, row.requests_up_to, 1.0) == row.high_s


def test_guide_has_steps() -> None:
    """One request more falls into the next row."""
    first, second, *_ = facts.guide()
    model = model_of(Duration(model="guide"), "sonnet")
    assert seconds_of(model, first.requests_up_to + 1, 0.0) == second.low_s


# ---- one's own batches


def test_history_predicts_its_own_batch() -> None:
    """Of nine equal batches the next one is like them, with a tail for what nobody has seen yet."""
    model = own(*[(8150, 1200.0 + 10 * place) for place in range(9)])
    assert model.samples == model.evidence == 9
    assert quantile(model, 8150, 0.5) == pytest.approx(1240.0, rel=0.01)
    assert quantile(model, 8150, 0.9) == pytest.approx(1280.0, rel=0.02)
    assert quantile(model, 8150, 0.975) == pytest.approx(2 * 1280.0, rel=0.03)


def test_one_batch_is_not_enough_to_be_sure() -> None:
    """The next one is quicker or slower than the only one that is known, equally often."""
    model = own((8150, 1200.0))
    assert quantile(model, 8150, 0.5) == pytest.approx(1200.0, rel=0.01)
    assert quantile(model, 8150, 0.95) > 3000.0


def test_a_small_batch_may_be_quicker_than_the_own_large_ones() -> None:
    """Nothing is known of how time goes with size, so a batch of one may take all of it or a
    moment.
    """
    model = own((10_000, 7200.0))
    assert quantile(model, 1, 0.05) < 60 < 600 < quantile(model, 1, 0.95)
    assert quantile(model, 10_000, 0.5) == pytest.approx(7200.0, rel=0.01)


def test_size_is_not_luck() -> None:
    """Twenty batches whose time grows with their size, and little luck: each size has its own time."""
    rows = [(500 * place, 300.0 * place * (1 + place * 7 % 3 / 20)) for place in range(1, 21)]
    model = own(*rows)
    assert quantile(model, 500, 0.85) < 600
    assert quantile(model, 10_000, 0.15) > 4500


@pytest.mark.parametrize("rows", [1, 2, 5, 20, 199])
@pytest.mark.parametrize("times", [(600.0,), (300.0, 900.0)])
def test_something_always_varies(rows: int, times: tuple[float, ...]) -> None:
    """However alike the rows are, P95 is later than P50."""
    model = own(*[(1000, times[place % len(times)]) for place in range(rows)])
    assert quantile(model, 1000, 0.95) > 1.01 * quantile(model, 1000, 0.5)


def test_rows_that_do_not_count_leave_the_public_ones() -> None:
    """Where nothing but expired and cancelled rows is given, others' batches are all there is."""
    assert own((10, 100_000.0), (10, 1.0)) is observed()


# ---- public observations


def test_observed_takes_the_rows_that_are_marked() -> None:
    """The model rests on the observations that the data file says are used, and on no other."""
    used = [row for row in facts.observations() if row.used]
    assert observed().samples == len(public()) == len(used) > 90


def test_no_log_outweighs_another() -> None:
    """However many rows a log has, it weighs no more than 1/ALIKE; a row that stands alone weighs one,
    or half of it where it is old."""
    weights: Counter[str] = Counter()
    for row, sample in zip(
        [row for row in facts.observations() if row.used], public(), strict=True
    ):
        weights[row.log] += sample.weight  # type: ignore[assignment]
        assert sample.weight <= (1.0 if row.date >= "2026" else OLD_WEIGHT)
    assert 1.0 < max(weights.values()) < 1 / ALIKE
    assert min(weights.values()) == pytest.approx(OLD_WEIGHT)
    assert observed().evidence == pytest.approx(sum(weights.values()))


def test_large_models_are_slower() -> None:
    """Opus and Fable take as many times as long as the rows say, in every part of the curve."""
    for family in ("opus", "fable", "mythos"):
        slow = model_of(Duration(), family)
        for place in (0.1, 0.5, 0.9):
            assert seconds_of(slow, 100, place) == pytest.approx(
                LARGE_PACE * seconds_of(observed(), 100, place)
            )
    assert model_of(Duration(), "haiku") is model_of(Duration(), "sonnet") is observed()


def test_ones_own_batches_are_of_ones_own_model() -> None:
    """The model makes no difference to what was measured with it."""
    history = Duration(model="history", history=((8150, 1200.0),))
    assert quantile(model_of(history, "opus"), 8150, 0.5) == pytest.approx(1200.0, rel=0.01)


def test_observed_is_wide() -> None:
    """The honest band is wide: one in twenty takes more than ten times the median."""
    assert quantile(observed(), 3, 0.95) > 10 * quantile(observed(), 3, 0.5)


def test_what_was_observed_shares_the_pace() -> None:
    """The size is all that is open, in public rows and in one's own; a rule is of each batch alone."""
    rules = [model_of(Duration(model=name), "sonnet") for name in ("formula", "guide")]
    models = (observed(), own((8150, 1200.0)), *rules)
    assert [model.shared for model in models] == [True, True, False, False]
    assert [model.samples for model in models[1:]] == [1, 0, 0]


# ---- the bands that are shown


def test_the_bands_are_those_of_the_model() -> None:
    """Every observation of the model is in one band, and bands meet where the model takes its
    medians.
    """
    bands = public_bands()
    used = [row for row in facts.observations() if row.used]
    assert [(band.low, band.high) for band in bands] == [
        (1, 19),
        (20, 199),
        (200, 999),
        (1000, 9999),
        (10_000, 100_000),
    ]
    for band in bands:
        rows = [row for row in used if band.low <= (row.requests or 0) <= band.high]
        times = [(row.seconds_low + row.seconds_high) / 2 for row in rows]
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
    other = Duration(model="history", history=((8150, 1201.0),))
    assert model_of(own, "sonnet") is model_of(same, "sonnet")
    assert model_of(other, "sonnet") is not model_of(own, "sonnet")
