"""Simulate runs: when each batch is sent, ends and is noticed, round after round.

A run is a queue with a limited number of servers (batches open at once) and a limited sum of work
in the system (the queue limit): the next batch, in order, is sent as soon as one that ended has
made room. The end of a batch is noticed at the next poll. A retry round starts when all batches of
the round before have been noticed and the backoff is over. A batch that is not done after the
expiry ends there, with what it has.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import chain
from random import Random
from typing import NamedTuple

from planner.model.draws import Luck, blend, failures, lattice, service
from planner.model.durations import DurationModel
from planner.model.records import Records
from planner.model.retry import backoff_s
from planner.model.split import sizes as split_sizes
from planner.scenario import Retries

BUDGET_BATCHES = 50_000  # simulated for a forecast; what follows is the number of replications
MOST_BATCHES = 250_000  # simulated for a forecast, however large its plan
RUN_BATCHES = (
    40_000  # a run stops before the round in which it would have more: no person reads them
)
MAX_REPLICATIONS = 1000
MIN_REPLICATIONS = 20


class Run(NamedTuple):
    """One replication: its batches in the order of submission, and its requests that were given up.

    `makespan_s` is the time from the first submission to the last result; `expired` counts requests
    that a batch left undone at its 24 h end, whatever became of them later. A run that was
    `stopped` at RUN_BATCHES would have gone on: it would take longer, and might give up fewer.
    """

    records: Records
    given_up: int
    makespan_s: float
    expired: int
    stopped: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Rules:
    """What the simulation must know besides the batches. Times in seconds."""

    concurrent: int
    queue_requests: int
    poll_s: float
    expiry_s: float
    shared_load: float
    retry: Retries
    batch_requests: int  # the largest batch of a retry round


def replications(batches: int) -> int:
    """How many runs a forecast gets when a run is expected to have so many batches: a budget of
    simulated batches.

    Large plans get MIN_REPLICATIONS beyond that budget, and the very largest fewer again.
    """
    expected = min(batches, RUN_BATCHES)
    few = min(MIN_REPLICATIONS, MOST_BATCHES // expected)
    return max(few, min(MAX_REPLICATIONS, BUDGET_BATCHES // expected))


def simulate(
    stages: Sequence[Sequence[int]], durations: DurationModel, rules: Rules, *, runs: int, seed: int
) -> tuple[Run, ...]:
    """`runs` replications of the stages, in the order in which they were drawn; fewer if they are
    too much work.

    `stages` are the batch sizes of the first attempt: one sequence, or two where a batch that
    primes the cache goes first. What decides most, the run's load and the luck of its first batch,
    is not left to chance but lies on a lattice, so that few runs meet good and bad days in their
    true shares, and another seed changes little.
    """
    pace = _Pace(service(durations), durations.shared)
    rng = Random(seed)
    count = _affordable(stages, rules, pace, runs)
    return tuple(_run(stages, rules, pace, luck, rng) for luck in lattice(count, rng))


class _Pace(NamedTuple):
    """Seconds in work of a batch of so many requests with a draw from 0 to 1; `shared`: of all that
    are open then.
    """

    service_s: Callable[[int, float], float]
    shared: bool


def _affordable(stages: Sequence[Sequence[int]], rules: Rules, pace: _Pace, runs: int) -> int:
    """`runs`, or as many as stay below MOST_BATCHES when each is as large as a run without any
    luck.

    Batches that expire come back in every round, and how many do is only known when a run is
    simulated.
    """
    if runs * sum(map(len, stages)) * (rules.retry.max + 1) <= MOST_BATCHES:
        return runs
    unlucky = _run(stages, rules, pace, Luck(1.0, 1.0), Random(0))
    return min(runs, MOST_BATCHES // len(unlucky.records))


def _run(
    stages: Sequence[Sequence[int]], rules: Rules, pace: _Pace, luck: Luck, rng: Random
) -> Run:
    own_luck = chain((luck.first,), iter(rng.random, None))
    draws = map(blend(luck.load, rules.shared_load), own_luck)
    rows: list[float] = []
    clock, makespan, sent, expired, stopped = 0.0, 0.0, 0, 0, False
    for sizes in stages:
        clock, makespan, undone = _stage(sizes, clock, 0, rows, rules, pace, draws)
        expired += undone
        sent += sum(sizes)
    # requests that can never succeed fail once and for all; of the others some fail in every round
    given_up = failures(sent - expired, rules.retry.permanent_rate, rng)
    failed = failures(sent - expired - given_up, rules.retry.transient_rate, rng) + expired
    for retry in range(1, rules.retry.max + 1):
        sizes = split_sizes(failed, rules.batch_requests)
        stopped = len(rows) // 6 + len(sizes) > RUN_BATCHES
        if stopped or not sizes:
            break
        begins = clock + backoff_s(rules.retry, retry)
        clock, makespan, undone = _stage(sizes, begins, retry, rows, rules, pace, draws)
        expired += undone
        failed = failures(failed - undone, rules.retry.transient_rate, rng) + undone
    return Run(Records(rows), given_up + failed, makespan, expired, stopped)


def _stage(
    sizes: Sequence[int],
    clock: float,
    number: int,
    rows: list[float],
    rules: Rules,
    pace: _Pace,
    draws: Iterator[float],
) -> tuple[float, float, int]:
    """Append the batches of one round that begins at `clock`, each with the next draw.

    Returns when its last end was noticed, when its last batch ended, and how many requests expired.
    """
    # this loop is nearly all the work of a plan, and local names are the fastest that Python has
    service_s, shared = pace
    concurrent, limit = rules.concurrent, rules.queue_requests
    poll_s, expiry_s = rules.poll_s, rules.expiry_s
    # (noticed, ticket, requests): of two that are noticed together the ticket says which was sent
    # first
    open_batches: list[tuple[float, int, int]] = []
    queued = expired_in_all = 0
    last_ended = last_noticed = clock
    for ticket, size in enumerate(sizes):
        # wait for room: order is kept, a batch that would fit is not sent before one that does not
        while open_batches and (len(open_batches) >= concurrent or queued + size > limit):
            noticed, _, done = heappop(open_batches)
            queued -= done
            if noticed > clock:
                clock = noticed
        # what else was noticed by now is out of the queue too, which matters where batches share
        # the pace
        while open_batches and open_batches[0][0] <= clock:
            queued -= heappop(open_batches)[2]
        queued += size
        in_work_s = service_s(queued if shared else size, next(draws))
        expired = 0
        if in_work_s > expiry_s:
            # what it would have done by then is done: its requests end evenly over its time
            expired = size - int(size * (expiry_s / in_work_s))
            in_work_s = expiry_s
        ended = clock + in_work_s
        noticed = clock + -(-in_work_s // poll_s) * poll_s  # rounded up to a whole number of polls
        rows.extend((number, size, clock, ended, noticed, expired))
        heappush(open_batches, (noticed, ticket, size))
        expired_in_all += expired
        # not max(): a call costs more than the comparison
        if noticed > last_noticed:
            last_noticed = noticed
        if ended > last_ended:
            last_ended = ended
    return last_noticed, last_ended, expired_in_all
