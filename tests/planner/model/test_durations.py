"""How long a batch takes: public observations, own batches, the formula, the old table."""

from collections import Counter
from dataclasses import replace
from math import sqrt
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
    samples_of_logs,
)
from planner.model.fit import Sample
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


def test_guide_goes_on_beyond_its_last_row() -> None:
    """What is larger than the table takes what its last row says, at three quarters of its range."""
    last = facts.guide()[-1]
    model = model_of(Duration(model="guide"), "sonnet")
    assert seconds_of(model, 10 * last.requests_up_to, 0.75) == (
        last.low_s + 0.75 * (last.high_s - last.low_s)
    )


def test_only_the_formula_is_certain() -> None:
    """It knows no luck; the guide has a range, and neither leaves open what the chances are."""
    rules = [model_of(Duration(model=name), "sonnet") for name in ("formula", "guide")]
    assert [[curve.certain for curve in model.curves] for model in rules] == [[True], [False]]
    assert [(model.evidence, model.alike) for model in rules] == [(0.0, 0.0)] * 2
    assert [curve.waits_s for model in rules for curve in model.curves] == [(0.0, 0.0)] * 2


# ---- what is possible


def test_what_few_rows_leave_open() -> None:
    """Of two unrelated batches a quarter of the luck is shared, of 98 a hundredth."""
    curves = own((8150, 1200.0)).curves
    assert DurationModel(curves=curves, evidence=2.0).alike == 0.25
    assert DurationModel(curves=curves, evidence=98.0).alike == 0.01


@pytest.mark.parametrize(
    ("point", "place"),
    [(0.0, 0), (0.24, 0), (0.25, 1), (0.5, 1), (0.74, 1), (0.75, 2), (0.99, 2), (1.0, 2)],
)
def test_a_curve_is_met_with_its_chance(point: float, place: int) -> None:
    """Of three curves the first holds for a quarter of the points, the next for half of them."""
    curve = own((8150, 1200.0)).curves[0]
    curves = tuple(replace(curve, chance=chance) for chance in (0.25, 0.5, 0.25))
    assert DurationModel(curves=curves).curve_at(point) is curves[place]


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


def test_families_of_one_pace_have_one_model() -> None:
    """The same object, so that their runs are simulated once."""
    assert observed("opus") is observed("fable")
    assert observed("haiku") is observed("sonnet")
    assert observed("opus") is not observed("sonnet")


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


def observation(log: str, date: str, model: str | None, **values: object) -> facts.Observation:
    """An observation of ten requests that took 100 s, changed in places."""
    some = {"requests": 10, "seconds_low": 100.0, "seconds_high": 100.0, "censored": False}
    rest = {"kind": "exact", "source": "", "note": "", "used": True, "why_unused": ""}
    return facts.Observation(**some | rest | values, log=log, date=date, model=model)  # type: ignore[arg-type]


def test_observations_as_samples() -> None:
    """The middle of what is known, as if of a small model: an Opus batch in half the time, one of an
    unknown model by the root of two. Two rows of a log that are alike by a quarter weigh 1/1.25 each,
    and half as much before 2026."""
    rows = [
        observation("a", "2025-12", "claude-opus-4-8", seconds_high=300.0, requests=None),
        observation("a", "2026", None),
        observation("b", "2026-01-01", "claude-sonnet-5", censored=True),
    ]
    assert samples_of_logs(rows, 0.5, 2.0, 0.25) == (
        Sample(1, 100.0, False, 0.4),
        Sample(10, 100.0 / sqrt(2), False, 0.8),
        Sample(10, 100.0, True, 1.0),
    )


def test_a_log_of_ten_rows() -> None:
    """They weigh ten times 1 / (1 + 9 · 0.3), where nothing else is said."""
    rows = [observation("a", "2026", None)] * 10
    weights = [each.weight for each in samples_of_logs(rows, 0.5, 2.0)]
    assert weights == pytest.approx([1 / 3.7] * 10)


def test_what_was_chosen_for_the_public_rows() -> None:
    """Rows from before 2026 count half and large models take twice as long; what goes beyond twice
    the median of a curve is a wait."""
    used = [row for row in facts.observations() if row.used]
    rows_of = Counter(row.log for row in used)
    pairs = list(zip(used, public(), strict=True))
    alone = [each.weight for row, each in pairs if rows_of[row.log] == 1 and row.date < "2026"]
    large = [
        each.seconds * 4 / (row.seconds_low + row.seconds_high)
        for row, each in pairs
        if row.model and facts.model(row.model).family == "opus"
    ]
    assert alone and set(alone) == {0.5}
    assert large and large == pytest.approx([1.0] * len(large))
    for curve in observed().curves:
        places = zip(curve.places, curve.ratios, strict=True)
        middle = next(ratio for at, ratio in places if at >= 0.5)
        assert max(curve.ratios) == pytest.approx(2 * middle)


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
