"""The event loop, against a clock that is looked at every second, against lists, and against the
formulas of queueing.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from itertools import combinations, pairwise
from math import exp, fsum, log, sqrt
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.model import durations
from planner.model.durations import DurationModel
from planner.model.fit import Sample, fit
from planner.model.records import Record
from planner.model.retry import backoff_s
from planner.model.simulate import (
    BUDGET_BATCHES,
    MAX_REPLICATIONS,
    MOST_BATCHES,
    RUN_BATCHES,
    Rules,
    Run,
    replications,
    simulate,
)
from planner.scenario import Duration, Retries
from tests.durations import AT_ONCE, lasting, model
from tests.kept import kept
from tests.oracles import chance_of_waiting, mean_makespan, mean_wait, step_by_second
from tests.strategies import policies

DAY_S = 86_400.0


def no_retries(transient: float = 0.0, permanent: float = 0.0) -> Retries:
    """Every request is sent once."""
    return Retries(
        max=0,
        backoff="fixed",
        base_delay_s=0.0,
        transient_rate=transient,
        permanent_rate=permanent,
    )


def rules(
    concurrent: int = 1,
    queue: int = 10**9,
    poll_s: float = 60.0,
    expiry_s: float = DAY_S,
    shared_load: float = 0.0,
    retry: Retries | None = None,
    batch: int = 10_000,
) -> Rules:
    """One batch at a time without failures, changed in places."""
    return Rules(
        concurrent=concurrent,
        queue_requests=queue,
        poll_s=poll_s,
        expiry_s=expiry_s,
        shared_load=shared_load,
        retry=retry or no_retries(),
        batch_requests=batch,
        writing=AT_ONCE,
    )


def one_run(sizes: Sequence[int], model: DurationModel, some: Rules, seed: int = 1) -> Run:
    """A single replication of one stage."""
    (run,) = simulate([sizes], model, some, runs=1, seed=seed)
    return run


def by_round(records: Sequence[Record]) -> dict[int, list[Record]]:
    """The records of each round, in order."""
    rounds = defaultdict(list)
    for record in records:
        rounds[record.round].append(record)
    return rounds


# ---- examples


def test_one_batch() -> None:
    """Sent at once, ended after its time, noticed at the next poll."""
    run = one_run([100], lasting(70.0), rules())
    assert tuple(run.records) == (Record(0, 100, 0.0, 70.0, 120.0, 0),)
    assert (run.makespan_s, run.given_up, run.expired) == (70.0, 0, 0)


def test_a_run_knows_where_its_rounds_begin() -> None:
    """Of two stages and two rounds of retries: when the last batch of each, and each alone, ended."""
    half = Retries(max=2, backoff="fixed", base_delay_s=60.0, transient_rate=0.5)
    some = rules(concurrent=2, retry=half, batch=30)
    (run,) = simulate([[1], [100, 100]], lasting(float), some, runs=1, seed=1)
    rounds = by_round(run.records)
    assert len(rounds) == 3 and len(rounds[1]) > 2
    for number, batches in rounds.items():
        ends = [batch.ended_s for batch in batches]
        assert run.records.latest_s(number, range(len(ends) + 9)) == max(ends)
        assert [run.records.latest_s(number, range(at, at + 1)) for at in range(len(ends))] == ends
    assert run.records.latest_s(3, range(9)) == 0.0


@pytest.mark.parametrize(
    ("service_s", "noticed_s"),
    [(0.1, 60.0), (59.9, 60.0), (60.0, 60.0), (60.1, 120.0), (600.0, 600.0)],
)
def test_an_end_is_noticed_at_the_next_poll(service_s: float, noticed_s: float) -> None:
    """An end that falls on a poll is noticed then."""
    assert one_run([1], lasting(service_s), rules()).records[0].noticed_s == noticed_s


def test_the_next_batch_is_sent_when_one_was_noticed() -> None:
    """One at a time: each waits for the poll that notices the one before."""
    run = one_run([1, 1, 1], lasting(70.0), rules())
    assert [record.submitted_s for record in run.records] == [0.0, 120.0, 240.0]
    assert run.makespan_s == 310.0


def test_batches_do_not_go_in_waves() -> None:
    """Two at once, of 10 and 1,000 s: the third follows the short one and does not wait for the
    long one.
    """
    run = one_run([1, 2, 1, 1], lasting({1: 10.0, 2: 1000.0}.__getitem__), rules(concurrent=2))
    assert [record.submitted_s for record in run.records] == [0.0, 0.0, 60.0, 120.0]


def test_the_queue_holds_batches_back() -> None:
    """Five at once are allowed, but only two fit into the queue."""
    run = one_run([100] * 4, lasting(60.0), rules(concurrent=5, queue=250))
    assert [record.submitted_s for record in run.records] == [0.0, 0.0, 60.0, 60.0]


def test_a_large_batch_is_not_overtaken() -> None:
    """Order is kept: a small batch that would fit waits behind a large one that does not."""
    run = one_run([60, 60, 10], lasting(60.0), rules(concurrent=5, queue=100))
    assert [record.submitted_s for record in run.records] == [0.0, 60.0, 60.0]


def test_the_primer_goes_first() -> None:
    """The batches of the second stage wait until the end of the first was noticed."""
    (run,) = simulate([(1,), (5, 5)], lasting(70.0), rules(concurrent=9), runs=1, seed=1)
    assert [record.submitted_s for record in run.records] == [0.0, 120.0, 120.0]
    assert [record.round for record in run.records] == [0, 0, 0]


def test_a_batch_ends_at_its_expiry() -> None:
    """After 24 h a batch that needs 36 h has done two thirds; the rest is undone."""
    run = one_run([3000], lasting(1.5 * DAY_S), rules())
    assert tuple(run.records) == (Record(0, 3000, 0.0, DAY_S, DAY_S, 1000),)
    assert (run.expired, run.given_up) == (1000, 1000)


def test_what_expired_is_sent_again() -> None:
    """A retry round takes up what a batch left undone; the rest of a small remainder is soon done."""
    retry = Retries(
        max=1, backoff="fixed", base_delay_s=100.0, transient_rate=0.0, permanent_rate=0.0
    )
    run = one_run([3000], lasting({3000: 1.5 * DAY_S, 1000: 60.0}.__getitem__), rules(retry=retry))
    assert run.records[1] == Record(1, 1000, DAY_S + 100, DAY_S + 160, DAY_S + 160, 0)
    assert (run.expired, run.given_up) == (1000, 0)


def test_a_batch_that_ends_just_in_time() -> None:
    """Exactly 24 h is in time."""
    assert one_run([10], lasting(DAY_S), rules()).expired == 0


def test_a_retry_round_waits_for_the_backoff() -> None:
    """Every request fails in the first round: after its last end was noticed, and the wait, all are
    sent again.
    """
    retry = Retries(
        max=2,
        backoff="exponential",
        base_delay_s=100.0,
        transient_rate=1.0,
        permanent_rate=0.0,
    )
    run = one_run([10, 10], lasting(60.0), rules(retry=retry, batch=20))
    assert [(record.round, record.requests, record.submitted_s) for record in run.records] == [
        (0, 10, 0.0),
        (0, 10, 60.0),
        (1, 20, 220.0),
        (2, 20, 480.0),
    ]
    assert run.given_up == 20


def test_what_fails_for_good_is_not_sent_again() -> None:
    """A request that can never succeed is given up after the first round."""
    retry = Retries(
        max=9, backoff="fixed", base_delay_s=0.0, transient_rate=0.5, permanent_rate=1.0
    )
    run = one_run([10], lasting(60.0), rules(retry=retry))
    assert (len(run.records), run.given_up) == (1, 10)


def test_open_batches_share_the_pace_where_the_model_says_so() -> None:
    """In a shared model the time of a batch is that of all that is with the provider when it is
    sent.
    """
    shared = lasting(float, shared=True)
    run = one_run([100, 100, 100], shared, rules(concurrent=2, poll_s=1.0))
    # the second is sent beside the first; the third when the first has ended, beside the second
    assert [(record.submitted_s, record.ended_s) for record in run.records] == [
        (0.0, 100.0),
        (0.0, 200.0),
        (100.0, 300.0),
    ]


def test_all_that_was_noticed_has_left_the_queue() -> None:
    """Two batches noticed together: the next one shares the pace with none of them, though one made
    room enough.
    """
    sizes: list[int] = []

    def seconds(requests: int) -> float:
        sizes.append(requests)
        return 60.0

    one_run([10, 20, 30], lasting(seconds, shared=True), rules(concurrent=2))
    assert sizes == [10, 30, 30]


def test_what_expires_in_a_retry_round_comes_back_too() -> None:
    """Each round does half; what is left goes round until no retry is left."""
    retry = Retries(max=3, backoff="fixed", base_delay_s=0.0, transient_rate=0.0)
    run = one_run([1600], lasting(2 * DAY_S), rules(retry=retry))
    assert [record.requests for record in run.records] == [1600, 800, 400, 200]
    assert (run.given_up, run.expired) == (100, 800 + 400 + 200 + 100)
    assert run.makespan_s == 4 * DAY_S


def test_a_wait_is_added() -> None:
    """A wait for everybody is seconds on top, not a multiple of the size."""
    waiting = model(lambda n: (0.0, float(n)), (1.0, 1.0), (50.0, 50.0))
    assert one_run([100], waiting, rules()).records[0].ended_s == 150.0


def again(transient: float, permanent: float = 0.0, most: int = 1) -> Retries:
    """Retry rounds without a backoff."""
    return Retries(
        max=most,
        backoff="fixed",
        base_delay_s=0.0,
        transient_rate=transient,
        permanent_rate=permanent,
    )


def test_a_last_round_that_is_not_enough() -> None:
    """Half of each batch expires, in both rounds: the last of three retries is all that there is."""
    run = one_run([1600], lasting(2 * DAY_S), rules(retry=again(0.0), batch=300))
    assert [record.requests for record in run.records] == [1600, 300, 300, 200]
    assert run.makespan_s == 4 * DAY_S


@pytest.mark.parametrize(
    ("transient", "permanent", "sizes", "given_up"),
    [
        (0.0, 1.0, [3000, 1000], 2000),  # the 2,000 that were done can never succeed
        (0.9999, 0.0, [3000, 3000], 3000),  # they fail, and so do those of the retry
    ],
)
def test_what_expired_has_not_failed_yet(
    transient: float, permanent: float, sizes: list[int], given_up: int
) -> None:
    """Of 3,000 requests 1,000 expire; only the others can have failed."""
    slow = lasting({3000: 1.5 * DAY_S, 1000: 60.0}.get)  # type: ignore[arg-type]
    run = one_run([3000], slow, rules(retry=again(transient, permanent)))
    assert [record.requests for record in run.records] == sizes
    assert run.given_up == given_up


def test_a_request_is_given_up_once() -> None:
    """Half can never succeed, and the others never do."""
    assert one_run([2000], lasting(60.0), rules(retry=again(1.0, 0.5))).given_up == 2000


def test_each_hour_of_a_run_has_its_own_luck() -> None:
    """The numbers of the hours are not those that place the first one."""
    (run,) = simulate([[5] * 12], EVEN, rules(poll_s=3600.0), runs=1, seed=7)
    lucks = [record.ended_s - record.submitted_s for record in run.records]
    assert min(abs(one - other) for one, other in combinations(lucks, 2)) > 1e-6


def test_a_run_as_it_is_made() -> None:
    """Nothing was stopped, and nothing was there before."""
    assert not Run(kept(), 0, 0.0, 0).stopped


# ---- how many runs


@pytest.mark.parametrize(
    ("batches", "runs"),
    [
        (1, 2000),
        (25, 2000),
        (50, 1000),
        (100, 500),
        (1000, 50),
        (2300, 21),
        (2381, 20),
        (10_000, 20),
        (12_500, 20),
        (19_231, 12),
        (20_000, 12),
        (40_000, 6),
        (140_000, 6),
    ],
)
def test_replications(batches: int, runs: int) -> None:
    """A fixed budget of simulated batches; twenty runs beyond it, and fewer for the very largest
    plans.
    """
    assert MOST_BATCHES == 250_000
    assert replications(batches) == runs
    assert isinstance(replications(batches), int)


@given(st.integers(1, 200_000))
def test_replications_are_bounded(batches: int) -> None:
    """Never fewer than six, never more than needed, and never more work than the largest forecast
    may be.
    """
    assert 6 <= replications(batches) <= MAX_REPLICATIONS
    assert replications(batches) * min(batches, RUN_BATCHES) <= MOST_BATCHES


# ---- runs that would never end


def endless(retries: int) -> Rules:
    """A batch needs ten days, so nine tenths of it come back each round."""
    retry = Retries(max=retries, backoff="fixed", base_delay_s=0.0, transient_rate=0.0)
    return rules(concurrent=100, retry=retry, batch=10)


def test_a_run_stops_before_it_has_too_many_batches() -> None:
    """15,000 batches, 13,500 again, 12,150 more would be too many: the run ends there, with what is
    left given up.
    """
    (run,) = simulate([[10] * 15_000], lasting(10 * DAY_S), endless(10), runs=1, seed=1)
    assert [len(records) for records in by_round(run.records).values()] == [15_000, 13_500]
    assert run.stopped
    assert run.given_up == 121_500


def test_a_run_that_ends_by_itself_is_not_stopped() -> None:
    """The same with one retry: nothing was cut short."""
    (run,) = simulate([[10] * 15_000], lasting(10 * DAY_S), endless(1), runs=1, seed=1)
    assert (len(run.records), run.stopped, run.given_up) == (28_500, False, 121_500)


def test_a_run_may_be_as_large_as_the_limit() -> None:
    """RUN_BATCHES batches are a run; one more is not begun."""
    retry = Retries(max=1, backoff="fixed", base_delay_s=0.0, transient_rate=1.0)
    some = rules(concurrent=100, retry=retry, batch=1)
    (whole,) = simulate([[1] * (RUN_BATCHES // 2)], lasting(1.0), some, runs=1, seed=1)
    assert (len(whole.records), whole.stopped) == (RUN_BATCHES, False)
    (cut,) = simulate([[1] * (RUN_BATCHES // 2 + 1)], lasting(1.0), some, runs=1, seed=1)
    assert (len(cut.records), cut.stopped) == (RUN_BATCHES // 2 + 1, True)


def test_batches_that_come_back_leave_fewer_runs() -> None:
    """What comes back is part of the work, of which half more than the budget is paid for: with ten
    retries 1,000 batches become 6,866, and fifty runs become 10.
    """
    runs = simulate([[10] * 1000], lasting(10 * DAY_S), endless(10), runs=50, seed=1)
    assert {len(run.records) for run in runs} == {6866}
    assert len(runs) == BUDGET_BATCHES * 3 // 2 // 6866 == 10


def test_one_retry_can_be_too_much_already() -> None:
    """150 runs of 1,000 batches are above the budget, and may be 225,000 batches; 900 of each come
    back, so 118 runs are."""
    runs = simulate([[10] * 1000], lasting(10 * DAY_S), endless(1), runs=150, seed=1)
    assert len(runs) == 225_000 // 1900 == 118


def test_no_forecast_is_larger_than_the_largest() -> None:
    """250 runs of 1,000 batches are as many as ever are simulated, those that come back too."""
    runs = simulate([[10] * 1000], lasting(10 * DAY_S), endless(1), runs=250, seed=1)
    assert len(runs) == MOST_BATCHES // 1900 == 131


def test_two_runs_there_are_always() -> None:
    """One alone says nothing, however large it is."""
    runs = simulate([[10] * 20_000], lasting(10 * DAY_S), endless(1), runs=2, seed=1)
    assert [len(run.records) for run in runs] == [38_000] * 2


def test_a_plan_that_may_be_simulated_is_not_tried_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two batches in ten runs are twenty: as many as may be, and as many as there are."""
    monkeypatch.setattr("planner.model.simulate.MOST_BATCHES", 20)
    sizes: list[int] = []

    def seconds(requests: int) -> float:
        sizes.append(requests)
        return 60.0

    runs = simulate([[1, 2]], lasting(seconds), rules(), runs=10, seed=1)
    assert (len(runs), len(sizes)) == (10, 20)


def unlucky(ratio_s: float, *, chance: float = 1.0) -> DurationModel:
    """A median of so many seconds with a tail, of that chance; else a moment."""
    (slow,) = model(lambda n: (0.0, 1.0), (0.0, ratio_s)).curves
    slow = replace(slow, places=(0.25, 0.5), chance=chance)
    quick = replace(slow, ratios=(0.0, 1.0), chance=1 - chance)
    return DurationModel(curves=(slow, quick))


@pytest.mark.parametrize(
    ("durations_", "count"),
    [
        (unlucky(30_000.0), 50),  # the slowest of ten is the square root of 0.5 / 0.1: 67,082 s
        (unlucky(300_000.0), 28),  # 670,820 s: of ten requests one is done in a day
        (unlucky(300_000.0, chance=0.6), 28),  # the middle one of what is possible
        (unlucky(300_000.0, chance=0.4), 50),
        (unlucky(60_000.0), 39),  # 134,164 s: four are not, though all are of the middle one
    ],
)
@pytest.mark.parametrize("shared", [0.0, 0.5])
def test_runs_are_as_many_as_of_the_slowest_of_ten(
    durations_: DurationModel, count: int, shared: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twenty batches alone may be simulated fifty times, with 18 that come back 1100 / 38 times."""
    monkeypatch.setattr("planner.model.simulate.MOST_BATCHES", 1100)
    some = rules(concurrent=10, shared_load=shared, retry=again(0.0), batch=10)
    assert len(simulate([[10] * 20], durations_, some, runs=50, seed=1)) == count


def test_runs_are_as_many_as_failures_of_the_middle_leave(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thousand batches of ten, of which half fail and come back, make 1,500."""
    monkeypatch.setattr("planner.model.simulate.MOST_BATCHES", 3000)
    some = rules(concurrent=10, retry=again(0.5), batch=10)
    assert len(simulate([[10] * 1000], lasting(60.0), some, runs=9, seed=1)) == 2


def test_what_might_come_back_does_not() -> None:
    """Where nothing expires as many runs are simulated as there should be, and the same ones as
    ever.
    """
    quick = simulate([[10] * 1000], lasting(60.0), endless(10), runs=50, seed=1)
    assert len(quick) == 50
    assert quick == simulate([[10] * 1000], lasting(60.0), endless(0), runs=50, seed=1)


# ---- a clock that is looked at every second


@st.composite
def stages(draw: st.DrawFn) -> tuple[list[int], dict[int, int], int, int, int]:
    """Sizes, whole seconds by size, and the limits: at once, in the queue, poll."""
    service = draw(st.dictionaries(st.integers(1, 30), st.integers(1, 90), min_size=1, max_size=4))
    sizes = draw(st.lists(st.sampled_from(sorted(service)), min_size=1, max_size=12))
    return (
        sizes,
        service,
        draw(st.integers(1, 6)),
        draw(st.integers(max(sizes), max(sizes) + 60)),
        draw(st.integers(1, 40)),
    )


@given(stages())
@settings(max_examples=200)
def test_every_second(stage: tuple[list[int], dict[int, int], int, int, int]) -> None:
    """Looking at the clock once a second gives the same times of sending, end and notice, batch by
    batch.
    """
    sizes, service, concurrent, queue, poll_s = stage
    run = one_run(
        sizes,
        lasting({size: float(seconds) for size, seconds in service.items()}.__getitem__),
        rules(concurrent, queue, float(poll_s)),
    )
    expected = step_by_second(
        sizes, service.__getitem__, concurrent=concurrent, queue_requests=queue, poll_s=poll_s
    )
    assert [(r.submitted_s, r.ended_s, r.noticed_s) for r in run.records] == expected
    assert run.makespan_s == max(ended for _, ended, _ in expected)


@given(
    stages(),
    st.floats(0, 0.9),
    st.integers(0, 4),
    st.sampled_from(["fixed", "linear", "exponential"]),
    st.integers(0, 50),
    st.integers(20, 60),
)
@settings(max_examples=150)
def test_every_second_of_every_round(
    stage: tuple[list[int], dict[int, int], int, int, int],
    transient: float,
    retries: int,
    backoff: str,
    base_s: int,
    expiry_s: int,
) -> None:
    """So does each retry round, from the last notice and the backoff on, with batches that expire
    on the way.
    """
    sizes, service, concurrent, queue, poll_s = stage
    largest = max(sizes)

    def seconds(size: int) -> int:
        return service.get(size, 7 + size)

    retry = Retries(
        max=retries,
        backoff=backoff,
        base_delay_s=float(base_s),
        transient_rate=transient,
        permanent_rate=0.0,
    )
    some = rules(concurrent, queue, float(poll_s), float(expiry_s), retry=retry, batch=largest)
    run = one_run(sizes, lasting(seconds), some, seed=retries)
    begin = 0
    for number, records in sorted(by_round(run.records).items()):
        begin += int(backoff_s(retry, number)) if number else 0
        expected = step_by_second(
            [record.requests for record in records],
            lambda size: min(seconds(size), expiry_s),
            concurrent=concurrent,
            queue_requests=queue,
            poll_s=poll_s,
            begin_s=begin,
        )
        assert [(r.submitted_s, r.ended_s, r.noticed_s) for r in records] == expected
        begin = max(noticed for _, _, noticed in expected)


# ---- laws of every run


def models() -> st.SearchStrategy[DurationModel]:
    """All kinds of duration models; some batches take longer than a day."""
    rows = st.lists(
        st.tuples(st.integers(1, 100_000), st.floats(1, 300_000), st.booleans()).map(
            lambda row: Sample(*row)
        ),
        min_size=1,
        max_size=8,
    )
    return st.one_of(
        rows.map(lambda some: DurationModel(curves=fit(some), evidence=len(some), shared=True)),
        st.just(durations.observed()),
        st.just(durations.model_of(Duration(model="guide"), "sonnet")),
        st.just(durations.model_of(Duration(model="formula"), "sonnet")),
    )


@st.composite
def cases(draw: st.DrawFn) -> tuple[list[list[int]], DurationModel, Rules, int]:
    """Stages, model, rules and seed, as a plan would pass them."""
    batch = draw(st.integers(1, 20_000))
    sizes = [batch] * draw(st.integers(0, 8)) + [draw(st.integers(1, batch))]
    prime = draw(st.booleans())
    some = rules(
        concurrent=draw(st.integers(1, 12)),
        queue=draw(st.integers(batch, 5 * batch)),
        poll_s=draw(st.floats(1, 3600)),
        shared_load=draw(st.floats(0, 1)),
        retry=draw(policies()),
        batch=batch,
    )
    return (
        ([[1], sizes] if prime else [sizes]),
        draw(models()),
        some,
        draw(st.integers(0, 2**32 - 1)),
    )


@given(cases())
def test_times_are_in_order(case: tuple[list[list[int]], DurationModel, Rules, int]) -> None:
    """Sent, ended, noticed; at most 24 h long; noticed within a poll; sent in the order of the
    queue.
    """
    stages_, model, some, seed = case
    for run in simulate(stages_, model, some, runs=3, seed=seed):
        for record in run.records:
            assert 0 <= record.submitted_s <= record.ended_s <= record.noticed_s
            assert record.ended_s - record.submitted_s <= some.expiry_s * (1 + 1e-12)
            assert record.noticed_s - record.ended_s <= some.poll_s * (1 + 1e-9)
            polls = (record.noticed_s - record.submitted_s) / some.poll_s
            assert abs(polls - round(polls)) < 1e-6
        assert all(one.submitted_s <= other.submitted_s for one, other in pairwise(run.records))
        assert run.makespan_s == max(record.ended_s for record in run.records)


@given(cases())
def test_no_limit_is_exceeded_at_any_moment(
    case: tuple[list[list[int]], DurationModel, Rules, int],
) -> None:
    """Whenever a batch is sent, batches and requests that are open, it included, keep to both
    limits.
    """
    stages_, model, some, seed = case
    for run in simulate(stages_, model, some, runs=3, seed=seed):
        for sent in run.records:
            at = sent.submitted_s
            beside = [r for r in run.records if r.submitted_s <= at < r.noticed_s]
            assert len(beside) <= some.concurrent
            assert sum(record.requests for record in beside) <= some.queue_requests


@given(cases())
def test_no_batch_waits_without_cause(
    case: tuple[list[list[int]], DurationModel, Rules, int],
) -> None:
    """A batch is sent when its stage begins, or at the very moment at which another was noticed."""
    stages_, model, some, seed = case
    for run in simulate(stages_, model, some, runs=2, seed=seed):
        noticed = {record.noticed_s for record in run.records}
        begins = {
            0.0,
            *(min(r.submitted_s for r in records) for records in by_round(run.records).values()),
        }
        assert all(record.submitted_s in noticed | begins for record in run.records)


@given(cases())
def test_requests_are_neither_lost_nor_made(
    case: tuple[list[list[int]], DurationModel, Rules, int],
) -> None:
    """The first round sends the workload; no later one sends more than the one before; batches keep
    to their size.
    """
    stages_, model, some, seed = case
    workload = sum(map(sum, stages_))
    for run in simulate(stages_, model, some, runs=3, seed=seed):
        rounds = by_round(run.records)
        sent = [sum(record.requests for record in rounds[number]) for number in sorted(rounds)]
        assert sent[0] == workload
        assert sent == sorted(sent, reverse=True)
        assert list(rounds) == list(range(len(rounds)))
        assert len(rounds) <= some.retry.max + 1
        assert 0 <= run.given_up <= workload
        assert all(0 < record.requests <= some.batch_requests for record in run.records)
        assert all(0 <= record.expired <= record.requests for record in run.records)
        assert run.expired == sum(record.expired for record in run.records)


@given(cases())
def test_a_retry_round_begins_after_notice_and_backoff(
    case: tuple[list[list[int]], DurationModel, Rules, int],
) -> None:
    """Not before every batch of the round before was noticed, and no later than the backoff after
    that.
    """
    stages_, model, some, seed = case
    for run in simulate(stages_, model, some, runs=2, seed=seed):
        rounds = by_round(run.records)
        for number in sorted(rounds)[1:]:
            last_notice = max(record.noticed_s for record in rounds[number - 1])
            assert rounds[number][0].submitted_s == last_notice + backoff_s(some.retry, number)


@given(cases())
def test_the_same_seed_gives_the_same_runs(
    case: tuple[list[list[int]], DurationModel, Rules, int],
) -> None:
    """Deterministic to the last bit."""
    stages_, model, some, seed = case
    again = partial(simulate, stages_, model, some, runs=3)
    assert again(seed=seed) == again(seed=seed)


def test_another_seed_gives_other_runs() -> None:
    """The seed matters."""
    again = partial(simulate, [[100, 100]], durations.observed(), rules(), runs=5)
    assert again(seed=1) != again(seed=2)


# ---- more room never makes it later


def own_pace() -> st.SearchStrategy[DurationModel]:
    """Models in which the time of a batch is that of its size, whenever and beside what it is sent."""
    return st.tuples(st.integers(0, 100_000), st.floats(0, 10)).map(
        lambda line: lasting(lambda requests: 1 + line[0] + line[1] * requests)
    )


@given(cases(), own_pace(), st.integers(1, 20))
def test_more_at_once_is_never_later(
    case: tuple[list[list[int]], DurationModel, Rules, int], model: DurationModel, more: int
) -> None:
    """The same batches with the same luck, some more open at once: none is sent later, none is noticed later.

    Each service time is the same, because luck is drawn batch by batch in order; so at any moment at which a batch
    was sent before, no more others are open than were.
    """
    stages_, _, some, seed = case
    wider = rules(
        some.concurrent + more,
        some.queue_requests,
        some.poll_s,
        some.expiry_s,
        some.shared_load,
        some.retry,
        some.batch_requests,
    )
    narrow_runs = simulate(stages_, model, some, runs=3, seed=seed)
    for narrow, wide in zip(
        narrow_runs, simulate(stages_, model, wider, runs=3, seed=seed), strict=True
    ):
        assert [record.requests for record in narrow.records] == [
            record.requests for record in wide.records
        ]
        for before, after in zip(narrow.records, wide.records, strict=True):
            assert after.submitted_s <= before.submitted_s * (1 + 1e-12)
        assert wide.makespan_s <= narrow.makespan_s * (1 + 1e-12)


@given(cases(), own_pace(), st.integers(1, 100_000))
def test_a_longer_queue_is_never_later(
    case: tuple[list[list[int]], DurationModel, Rules, int], model: DurationModel, more: int
) -> None:
    """The same batches with the same luck and more room in the queue: no run ends later.

    This holds as long as the queue limit does not make the batches themselves: where it does, another limit
    makes other batches, and two of 150 requests can take longer than three of 100.
    """
    stages_, _, some, seed = case
    longer = rules(
        some.concurrent,
        some.queue_requests + more,
        some.poll_s,
        some.expiry_s,
        some.shared_load,
        some.retry,
        some.batch_requests,
    )
    short_runs = simulate(stages_, model, some, runs=3, seed=seed)
    for short, long in zip(
        short_runs, simulate(stages_, model, longer, runs=3, seed=seed), strict=True
    ):
        assert long.makespan_s <= short.makespan_s * (1 + 1e-12)


@given(cases(), own_pace())
def test_polling_twice_as_often_is_never_later(
    case: tuple[list[list[int]], DurationModel, Rules, int], model: DurationModel
) -> None:
    """Every poll of before is still one, so nothing is noticed later."""
    stages_, _, some, seed = case
    poll_s = float(round(some.poll_s)) or 1.0  # halves of whole seconds are exact
    slow, quick = (
        rules(
            some.concurrent,
            some.queue_requests,
            every,
            some.expiry_s,
            some.shared_load,
            some.retry,
            some.batch_requests,
        )
        for every in (poll_s, poll_s / 2)
    )
    for late, early in zip(
        simulate(stages_, model, slow, runs=3, seed=seed),
        simulate(stages_, model, quick, runs=3, seed=seed),
        strict=True,
    ):
        assert early.makespan_s <= late.makespan_s * (1 + 1e-12)


# ---- luck, shared and own


def correlation(pairs: Sequence[tuple[float, float]]) -> float:
    """Pearson's."""
    n = len(pairs)
    mean_x, mean_y = fsum(x for x, _ in pairs) / n, fsum(y for _, y in pairs) / n
    both = fsum((x - mean_x) * (y - mean_y) for x, y in pairs)
    return both / sqrt(
        fsum((x - mean_x) ** 2 for x, _ in pairs) * fsum((y - mean_y) ** 2 for _, y in pairs)
    )


EVEN = model(lambda n: (0.0, 1000.0), (0.0, 1.0))  # the service time is the luck itself, in ms


def services(
    shared: float,
    stages_: Sequence[Sequence[int]],
    retry: Retries | None = None,
    poll_s: float = 3600.0,
    some: DurationModel = EVEN,
) -> list[tuple[float, ...]]:
    """The service times of the batches of 1,000 runs, each sent in an hour of its own."""
    runs = simulate(
        stages_, some, rules(shared_load=shared, retry=retry, poll_s=poll_s), runs=1000, seed=7
    )
    return [tuple(record.ended_s - record.submitted_s for record in run.records) for run in runs]


def test_the_first_hour_of_a_run_is_in_its_place_of_the_lattice() -> None:
    """The first batch of the first of 1,000 runs is among the quickest thousandth, and so on."""
    for shared in (0.0, 1.0):
        for place, (seconds,) in enumerate(services(shared, [[5]])):
            assert place <= seconds <= place + 1


def test_batches_of_one_hour_have_one_luck() -> None:
    """What is sent in the same hour takes the same, whatever is shared with other hours."""
    for times in services(0.0, [[5, 5, 5]], poll_s=1000.0):
        assert times[1:] == pytest.approx([times[0]] * 2)


def test_days_are_not_alike() -> None:
    """The load is the day's: a batch of the next day has nothing of it, though all is shared."""
    retry = Retries(
        max=1, backoff="fixed", base_delay_s=86_400.0, transient_rate=1.0, permanent_rate=0.0
    )
    pairs = [(times[0], times[1]) for times in services(1.0, [[5]], retry)]
    assert abs(correlation(pairs)) < 0.1


def test_few_batches_say_that_hours_are_more_alike() -> None:
    """What n rows leave open of the chances is the same in all hours: without any shared load the
    lucks of two hours have the correlation 1 / (n + 2), that of n drawn chances."""
    some = DurationModel(curves=EVEN.curves, evidence=2)
    pairs = [(times[0], times[1]) for times in services(0.0, [[5, 5]], some=some)]
    assert correlation(pairs) == pytest.approx(0.25, abs=0.08)


ALWAYS_AGAIN = Retries(
    max=1, backoff="fixed", base_delay_s=0.0, transient_rate=1.0, permanent_rate=0.0
)

TWO_BATCHES = pytest.mark.parametrize(
    ("stages_", "retry"),
    [([[5, 5]], None), ([[1], [5]], None), ([[5]], ALWAYS_AGAIN)],
    ids=["of one round", "primer and batch", "batch and its retry"],
)


@TWO_BATCHES
def test_shared_load_0_gives_each_batch_its_own_luck(
    stages_: list[list[int]], retry: Retries | None
) -> None:
    """How slow one batch is says nothing about the next, in the same round or another."""
    pairs = [(times[0], times[1]) for times in services(0.0, stages_, retry)]
    assert abs(correlation(pairs)) < 0.1


@TWO_BATCHES
def test_shared_load_1_makes_all_batches_of_a_run_equally_slow(
    stages_: list[list[int]], retry: Retries | None
) -> None:
    """Every batch of a run has the same luck, retry rounds included."""
    assert all(times[0] == pytest.approx(times[1]) for times in services(1.0, stages_, retry))


@TWO_BATCHES
@pytest.mark.parametrize("shared", [0.2, 0.5, 0.7, 0.9])
def test_shared_load_is_a_correlation(
    stages_: list[list[int]], retry: Retries | None, shared: float
) -> None:
    """0.7 means that the lucks of two hours of a day have the correlation 0.7."""
    pairs = [(times[0], times[1]) for times in services(shared, stages_, retry)]
    assert correlation(pairs) == pytest.approx(shared, abs=0.05)


@pytest.mark.parametrize("shared", [0.0, 0.7, 1.0])
@pytest.mark.parametrize("place", [0, 1])
def test_every_batch_is_as_slow_as_observed(shared: float, place: int) -> None:
    """However much is shared, each tenth of the quantile table is drawn a tenth of the time, for
    every batch.
    """
    tenths = [0] * 10
    for times in services(shared, [[5, 5]]):
        tenths[min(9, int(times[place] / 100))] += 1
    assert [count / 1000 for count in tenths] == pytest.approx([0.1] * 10, abs=0.035)


# ---- formulas of queueing
#
# All jobs are there when a run begins, so there are no arrivals as in M/M/c. Two things can still
# be compared
# exactly, because an exponential service has no memory. While all servers are busy one job ends
# every 1/(c mu) on
# average, so the mean start of every job and the mean makespan are known (list of jobs, closed
# form). And an arrival
# that finds c + j jobs in an M/M/c queue waits as long as job number c + j + 1 waits here; weighted
# with the chances
# of finding so many, which are Erlang's, the starts of one saturated run give the mean wait and its
# distribution.

STEPS = 4000
EXPONENTIAL = [-log(1 - number / STEPS) for number in range(STEPS)] + [log(STEPS) + 1]
# the mean of straight lines between the entries, so that the mean service below is exactly what it
# says
TABLE_MEAN = fsum((a + b) / 2 for a, b in pairwise(EXPONENTIAL)) / STEPS
MEAN_S = 1000.0
JOBS = 70


def starts(servers: int, runs: int = 2000) -> tuple[list[list[float]], list[float]]:
    """Starts of each job, and makespans, of saturated runs with exponential service; the end is
    noticed at once.
    """
    rng = Random(servers)

    def drawn(_: int) -> float:
        place = rng.random() * STEPS
        below = int(place)
        inside = place - below
        seconds = EXPONENTIAL[below] + inside * (EXPONENTIAL[below + 1] - EXPONENTIAL[below])
        return seconds * MEAN_S / TABLE_MEAN

    # each batch its own draw, whatever the hour: a batch is looked up if it is not as the one before
    exponential, sizes = lasting(drawn), [1, 2] * (JOBS // 2)
    some = rules(concurrent=servers, poll_s=2.0**-20)
    runs_ = simulate([sizes], exponential, some, runs=runs, seed=11)
    return [[record.submitted_s for record in run.records] for run in runs_], [
        run.makespan_s for run in runs_
    ]


@pytest.mark.parametrize("servers", [1, 3, 10])
def test_exponential_jobs_that_are_all_there(servers: int) -> None:
    """Job number c + j starts after j ends of c busy servers; the last one ends as the closed form
    says.
    """
    submitted, makespans = starts(servers)
    for job in (servers, (servers + JOBS) // 2, JOBS - 1):
        expected = MEAN_S * (job - servers + 1) / servers
        assert fsum(times[job] for times in submitted) / len(submitted) == pytest.approx(
            expected, rel=0.06
        )
    assert fsum(makespans) / len(makespans) == pytest.approx(
        mean_makespan(JOBS, servers, MEAN_S), rel=0.02
    )


@pytest.mark.parametrize(("servers", "load"), [(1, 0.6), (2, 1.4), (5, 4.0), (10, 8.0)])
def test_waits_of_erlang_c(servers: int, load: float) -> None:
    """The saturated run, weighted with the chances of finding all busy and j in line, has the mean
    wait of M/M/c.
    """
    submitted, _ = starts(servers)
    busy, ratio = chance_of_waiting(servers, load), load / servers
    waits = [
        fsum(times[servers + line] for times in submitted) / len(submitted)
        for line in range(JOBS - servers)
    ]
    mean = busy * fsum((1 - ratio) * ratio**line * wait for line, wait in enumerate(waits))
    assert mean == pytest.approx(mean_wait(servers, load, MEAN_S), rel=0.04)


def test_the_distribution_of_waits_of_erlang_c() -> None:
    """Not only the mean: the chance of waiting longer than t falls exponentially, from Erlang's C."""
    servers, load = 5, 4.0
    submitted, _ = starts(servers)
    busy, ratio = chance_of_waiting(servers, load), load / servers
    for t in (200.0, 1000.0, 3000.0):
        longer = busy * fsum(
            (1 - ratio)
            * ratio**line
            * (sum(times[servers + line] > t for times in submitted) / len(submitted))
            for line in range(JOBS - servers)
        )
        assert longer == pytest.approx(busy * exp(-(servers - load) * t / MEAN_S), rel=0.06)


def test_deterministic_jobs() -> None:
    """n equal jobs on c servers take ⌈n/c⌉ turns: the closed form of the formula's own model."""
    for servers in (1, 3, 7):
        run = one_run([1] * 20, lasting(120.0), rules(concurrent=servers))
        assert run.makespan_s == -(-20 // servers) * 120.0


# ---- what is given up


@pytest.mark.parametrize(
    ("transient", "permanent", "retries"),
    [(0.3, 0.0, 2), (0.3, 0.1, 2), (0.05, 0.2, 1), (0.9, 0.0, 5)],
)
def test_as_many_are_given_up_as_chances_say(
    transient: float, permanent: float, retries: int
) -> None:
    """Over many runs the mean is that of geometric attempts, within four standard errors."""
    retry = Retries(
        max=retries,
        backoff="fixed",
        base_delay_s=0.0,
        transient_rate=transient,
        permanent_rate=permanent,
    )
    runs = simulate([[500] * 4], lasting(60.0), rules(retry=retry), runs=1000, seed=3)
    chance = permanent + (1 - permanent) * transient ** (retries + 1)
    mean = fsum(run.given_up for run in runs) / len(runs)
    error = sqrt(2000 * chance * (1 - chance) / len(runs))
    assert mean == pytest.approx(2000 * chance, abs=4 * error)
