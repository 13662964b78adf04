"""How many requests expire, as expected, by hand."""

from dataclasses import replace

import pytest

from planner.model.expiry import NONE, Expiry, expiry_of
from planner.model.simulate import Run
from planner.model.summary import Forecast, summarise
from planner.scenario import Retries
from tests.kept import kept

# of 1,000 requests 100 fail for good; of 900 a tenth, twice: 9 are given up anyway
SOME = Retries(max=1, transient_rate=0.1, permanent_rate=0.1)
ANYWAY = 109


def forecast(*runs: tuple[int, int]) -> Forecast:
    """Of runs of which so many requests (expired, were given up)."""
    return summarise(
        [Run(kept(), given_up, 1.0, expired) for expired, given_up in runs],
        confidence=0.85,
        deadline_s=0.0,
    )


def test_none_expire() -> None:
    """Runs in which nothing expires say nothing, however many requests their luck lost."""
    assert expiry_of(1000, SOME, forecast((0, 300), (0, 0))) == NONE == Expiry(0, 0, 0)


def test_without_retries_what_expires_is_given_up() -> None:
    """Of it a tenth would have failed for good, and a tenth of the rest for now: those are given up
    anyway. Nothing is sent again."""
    never = replace(SOME, max=0)
    runs = forecast((100, 900), (300, 900), (0, 900))
    assert expiry_of(1000, never, runs) == Expiry(133, 108, 0)
    sure = replace(never, transient_rate=0.0, permanent_rate=0.0)
    assert expiry_of(1000, sure, runs) == Expiry(133, 133, 0)
    assert expiry_of(1000, replace(SOME, max=1), forecast((10, ANYWAY))) == Expiry(10, 0, 10)


def test_more_are_given_up() -> None:
    """Two of four runs lose 40 and 0 more than the 109 that are lost anyway: ten on average."""
    runs = forecast((100, ANYWAY + 40), (60, ANYWAY), (0, ANYWAY + 500), (0, 0))
    assert expiry_of(1000, SOME, runs) == Expiry(40, 10, 30)


def test_a_lucky_run_makes_nothing_good() -> None:
    """One that loses fewer than expected does not count against another."""
    assert expiry_of(1000, SOME, forecast((10, ANYWAY + 40), (10, 0))) == Expiry(10, 20, 0)


@pytest.mark.parametrize(
    ("expired", "more", "expected"),
    [((1, 0, 0), 0, 0), ((1, 0), 1, 1), ((1, 1, 0), 0, 1), ((3, 0), 1, 2)],
)
def test_means_are_rounded_half_up(expired: tuple[int, ...], more: int, expected: int) -> None:
    """A third of a request is none, a half is one, two thirds are one, one and a half are two."""
    runs = forecast(*((each, ANYWAY + more) for each in expired))
    assert expiry_of(1000, SOME, runs) == Expiry(expected, more, max(0, expected - more))
