"""The cut is chosen: soonest, few batches, no 24 h end."""

from collections.abc import Callable

import pytest

from planner.model.cut import Bounds, Choice, Cut, Outlook, choose, cuts
from planner.plan import make_plan
from planner.scenario import parse

OPEN = Cut(0, 0)
WIDE = Bounds(largest=100_000, queue_requests=500_000, most_open=100)
HUGE = Bounds(largest=500_000, queue_requests=500_000, most_open=100)


def chosen(
    seconds: Callable[[Cut], float], expiry: Callable[[Cut], float] = lambda _: 0.0
) -> Choice:
    """The choice for 200,000 requests in a world in which a cut takes so long."""

    def outlook(cut: Cut) -> Outlook:
        return Outlook(expiry(cut), seconds(cut))

    def compare(one: Cut, other: Cut) -> tuple[Outlook, Outlook]:
        return outlook(one), outlook(other)

    return choose(cuts(200_000, OPEN, WIDE), compare, compare)


def test_the_fewest_where_nothing_is_gained() -> None:
    """Cuts that take the same time, but for noise, are alike."""
    assert chosen(lambda cut: 1000 - cut.concurrent / 20) == Choice(
        cut=Cut(100_000, 2), reason="largest"
    )


def test_smaller_where_that_is_sooner() -> None:
    """It says how much sooner."""
    choice = chosen(lambda cut: cut.requests_per_batch / 100)
    assert choice == Choice(cut=Cut(200, 100), reason="sooner", gain_s=998)


def test_enough_is_enough() -> None:
    """Of cuts that are about as soon the one of the fewest batches."""
    assert chosen(lambda cut: max(cut.requests_per_batch, 20_000)).cut == Cut(20_000, 10)


def test_a_gain_that_only_small_batches_bring_is_found() -> None:
    """The guide's durations fall at 1,000 requests: cuts between gain nothing."""
    choice = make_plan(
        parse({"workload": {"requests": 10_000}, "duration": {"model": "guide"}})
    ).choice
    assert (choice.cut, choice.reason) == (Cut(1000, 10), "sooner")


def test_a_24_hour_end_is_avoided() -> None:
    """A cut of which a batch may expire in one run of twenty is taken only where all may, even if it
    is sooner."""

    def of_large_ones(chance: float) -> Choice:
        return chosen(
            lambda cut: 5e9 / cut.requests_per_batch,
            lambda cut: chance if cut.requests_per_batch > 50_000 else 0.0,
        )

    choice = of_large_ones(0.05)
    assert (choice.cut.requests_per_batch, choice.reason) == (50_000, "expiry")
    assert of_large_ones(0.049).reason == "largest"
    assert chosen(lambda _: 9e4, lambda _: 1.0).reason == "largest"


def test_steps_up_to_a_thousand_times_the_fewest() -> None:
    """500,000 requests that fit into one batch: each number of batches that is tried."""
    assert [-(-500_000 // cut.requests_per_batch) for cut in cuts(500_000, OPEN, HUGE)] == [
        1, 2, 3, 5, 10, 20, 50, 100, 200, 500, 1000
    ]  # fmt: skip


def test_what_a_glance_promised_must_stand_a_comparison() -> None:
    """Few runs may err in favour of a cut; many decide."""
    choice = choose(
        cuts(200_000, OPEN, WIDE),
        lambda *both: tuple(Outlook(0.0, float(cut.requests_per_batch)) for cut in both),
        lambda *_: (Outlook(0.0, 1.0), Outlook(0.0, 1.0)),
    )
    assert choice.reason == "largest"


@pytest.mark.parametrize("seed", range(1, 5))
def test_cuts_are_compared_with_equal_luck(seed: int) -> None:
    """Batches that are open together share one pace: no luck makes a cut of more of them sooner."""
    primed = {
        "workload": {"requests": 1000, "input_tokens": 6000, "shared_prefix_tokens": 5000},
        "caching": {"mode": "1h"},
        "retries": {"transient_rate": 0},
        "forecast": {"seed": seed},
    }
    assert make_plan(parse(primed)).choice == Choice(cut=Cut(999, 1), reason="largest")


def by_list(*seconds: float) -> tuple[Choice, int]:
    """The choice among cuts of 1, 2 … batches that take so long, and how many were looked at."""
    cuts_left = iter([Cut(1000 - place, 1) for place in range(len(seconds))])

    def compare(one: Cut, other: Cut) -> tuple[Outlook, Outlook]:
        first, second = (
            Outlook(0.0, seconds[1000 - cut.requests_per_batch]) for cut in (one, other)
        )
        return first, second

    choice = choose(cuts_left, compare, compare)
    return choice, len(seconds) - len(list(cuts_left))


def test_a_search_gives_way() -> None:
    """After four steps that brought nothing; each that brings something begins anew."""
    choice, seen = by_list(100, 100, 100, 100, 100, 1)
    assert (choice.cut.requests_per_batch, choice.gain_s, seen) == (1000, 0, 5)
    choice, seen = by_list(100, 100, 100, 100, 50, 50, 50, 50, 20, 20, 20, 20, 20, 1)
    assert (choice.cut.requests_per_batch, choice.gain_s, seen) == (992, 80, 13)


def test_of_cuts_that_are_alike_the_fewest_batches() -> None:
    """The fourth alone is better than the second by more than one in a hundred; the third is not worse
    than it by as much, and has fewer batches."""
    choice, _ = by_list(100, 98.5, 97.9, 97.2)
    assert (choice.cut.requests_per_batch, choice.reason) == (998, "sooner")
    assert choice.gain_s == pytest.approx(2.1)


def test_one_in_a_hundred_is_alike() -> None:
    """What saves no more is no gain."""
    assert by_list(101, 100)[0].reason == "largest"
    assert by_list(101, 99.9)[0].reason == "sooner"


def test_the_cuts_that_are_tried() -> None:
    """From the fewest batches to a thousand times as many."""
    sizes = [100_000, 50_000, 33_334, 20_000, 10_000, 5000, 2000, 1000, 500, 200, 100]
    open_at_once = [1, 2, 3, 5, 10, 20, 50, 100, 100, 100, 100]
    assert list(cuts(100_000, OPEN, WIDE)) == list(map(Cut, sizes, open_at_once))


def test_no_more_than_a_thousand_batches_are_tried() -> None:
    """Unless the limits force them: 100,100 requests make a thousand batches of 101 or fewer."""
    *_, last = cuts(100_100, OPEN, Bounds(largest=50_050, queue_requests=500_000, most_open=100))
    assert last == Cut(101, 100)
    forced = Bounds(largest=50, queue_requests=500_000, most_open=100)
    assert list(cuts(100_100, OPEN, forced)) == [Cut(50, 100)]


def test_the_queue_holds_whole_batches() -> None:
    """Of 33,334 requests two, if it holds 99,999; one always."""
    narrow = Bounds(largest=100_000, queue_requests=99_999, most_open=100)
    assert list(cuts(100_000, Cut(33_334, 0), narrow)) == [Cut(33_334, 2)]
    assert list(cuts(100_000, Cut(100_000, 0), narrow)) == [Cut(100_000, 1)]


@pytest.mark.parametrize("requests", [1, 2, 99, 100_001, 1_234_567])
@pytest.mark.parametrize("asked", [OPEN, Cut(700, 0), Cut(0, 3)])
@pytest.mark.parametrize("bounds", [WIDE, Bounds(largest=40, queue_requests=90, most_open=5)])
def test_cuts_keep_to_the_bounds(requests: int, asked: Cut, bounds: Bounds) -> None:
    """No batch is too large, the queue holds those at once, and what was asked for stays."""
    seen = list(cuts(requests, asked, bounds))
    assert seen and len(seen) == len(set(seen))
    for cut in seen:
        assert 1 <= cut.requests_per_batch <= bounds.largest
        assert cut.concurrent == asked.concurrent or (
            not asked.concurrent
            and 1 <= cut.concurrent <= bounds.most_open
            and cut.concurrent * cut.requests_per_batch <= bounds.queue_requests
        )
        if asked.requests_per_batch:
            assert cut.requests_per_batch == min(asked.requests_per_batch, bounds.largest)
    sizes = [cut.requests_per_batch for cut in seen]
    assert sizes == sorted(sizes, reverse=True)


def test_a_plan_has_the_chosen_cut() -> None:
    """0 leaves it open; the formula without parallel work makes many batches sooner."""
    formula = {"model": "formula", "parallel_requests": 1}
    plan = make_plan(parse({"workload": {"requests": 3000}, "duration": formula}))
    assert plan.cut == Cut(30, 100)
    assert len(plan.batches) == 100
    asked = make_plan(
        parse(
            {
                "workload": {"requests": 3000},
                "batches": {"requests_per_batch": 30, "concurrent": 100},
                "duration": formula,
            }
        )
    )
    assert (asked.batches, asked.forecast) == (plan.batches, plan.forecast)


def test_a_limit_that_is_kept_is_named() -> None:
    """The largest batches that the bytes allow are bound by the bytes, though they are even."""
    plan = make_plan(
        parse({"workload": {"requests": 300, "bytes_per_request": 2_000_000}, "duration": {"model": "formula", "seconds_per_request": 0.1, "parallel_requests": 100_000}})
    )  # fmt: skip
    assert {batch.binding for batch in plan.batches} == {"bytes"}
    assert [batch.requests for batch in plan.batches] == [100, 100, 100]


def test_what_goes_in_real_time_is_in_no_batch() -> None:
    """A share in real time is paid in full, and the run is not done before it."""
    scenario = {"workload": {"requests": 1000}, "batches": {"realtime_share": 0.25}}
    plan, whole = make_plan(parse(scenario)), make_plan(parse({"workload": {"requests": 1000}}))
    assert sum(batch.requests for batch in plan.batches) == 750
    assert plan.cost.batch_usd == (whole.cost.batch_usd * 3 + whole.cost.realtime_usd) / 4
    assert plan.cost.realtime_usd == whole.cost.realtime_usd
    slow = make_plan(parse({"workload": {"requests": 10_000, "output_tokens": 60_000}, "duration": {"model": "formula", "parallel_requests": 100_000}, "goal": {"deadline_h": 1}} | {"batches": {"realtime_share": 0.9}}))  # fmt: skip
    assert slow.realtime and slow.confident_s == pytest.approx(0.9 * slow.realtime.seconds)
    assert slow.forecast.deadline_probability == 0
