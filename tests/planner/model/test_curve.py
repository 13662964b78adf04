"""Reading a curve: straight lines, the tail beyond what was seen, the blur."""

from dataclasses import replace
from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.model.curve import Curve


def curve(blur: float = 0.0) -> Curve:
    """Ratios 2 and 4 at a quarter and a half; a wait of 10 s at the second."""
    return Curve(
        scale=lambda n: (0.0, float(n)),
        places=(0.25, 0.5),
        ratios=(2.0, 4.0),
        waits_s=(0.0, 10.0),
        blur=blur,
    )


@pytest.mark.parametrize(
    ("place", "ratio", "wait_s"),
    [(0.0, 1.0, 0.0), (0.125, 1.5, 0.0), (0.25, 2.0, 0.0), (0.375, 3.0, 5.0), (0.5, 4.0, 10.0)],
)
def test_straight_lines(place: float, ratio: float, wait_s: float) -> None:
    """Between the places that are known, and down to half of the first."""
    assert curve().at(place) == pytest.approx((ratio, wait_s))


@pytest.mark.parametrize("place", [0.6, 0.75, 0.9, 0.99])
def test_the_tail_is_that_of_pareto(place: float) -> None:
    """Beyond the last place the chance to be longer falls with the square of the time."""
    ratio, wait_s = curve().at(place)
    assert (4.0 / ratio) ** 2 == pytest.approx((1 - place) / 0.5)
    assert wait_s == pytest.approx(10 * sqrt(0.5 / (1 - place)))


def test_the_very_end_is_finite() -> None:
    """A place a hair above 1, which rounding can make, has a time too, and a long one."""
    assert 1e4 < curve().at(1 + 1e-12)[0] < 1e6


def test_the_tail_begins_at_the_last_place() -> None:
    """Of three: a quarter of what is left beyond it takes twice as long."""
    three = replace(
        curve(), places=(0.25, 0.5, 0.6), ratios=(2.0, 4.0, 5.0), waits_s=(4.0, 10.0, 30.0)
    )
    assert three.at(0.6) == pytest.approx((5.0, 30.0))
    assert three.at(0.9) == pytest.approx((10.0, 60.0))
    assert three.at(0.375) == pytest.approx((3.0, 7.0))
    assert three.at(0.125) == pytest.approx((1.5, 4.0))


def test_a_batch_takes_base_spread_and_wait() -> None:
    """30 s, and 100 requests at three times 1 s, and the wait of 5 s."""
    some = replace(curve(), scale=lambda n: (30.0, float(n)))
    assert some.seconds(100, 0.375) == 335.0


def test_a_curve_alone_is_the_only_one_and_not_certain() -> None:
    """Its chance is one, and luck has a part in it."""
    assert (curve().chance, curve().certain) == (1.0, False)


def test_slower() -> None:
    """All that was fitted takes twice as long, the wait included."""
    assert curve().slower(2.0).at(0.375) == pytest.approx((6.0, 10.0))


def test_equal_rows_do_not_claim_that_nothing_varies() -> None:
    """Times are known to two per cent: the same ratio at two places differs by as much."""
    same = Curve(
        scale=lambda n: (0.0, 1.0), places=(0.2, 0.8), ratios=(100.0, 100.0), waits_s=(0.0, 0.0)
    )
    assert same.at(0.5)[0] == pytest.approx(100.0)
    assert same.at(0.75)[0] == pytest.approx(101.0)


@given(st.floats(0, 1), st.floats(0, 1))
def test_a_later_place_is_never_quicker(one: float, other: float) -> None:
    """Ratio and wait rise from 0 to 1."""
    low, high = sorted((one, other))
    for some in (curve(), curve(blur=0.02)):
        assert some.at(low)[0] <= some.at(high)[0] * (1 + 1e-12)
        assert some.at(low)[1] <= some.at(high)[1] * (1 + 1e-12)
