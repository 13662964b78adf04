"""Simulate runs: when each batch is sent, ends and is noticed, round after round.

A run is a queue with a limited number of servers (batches open at once) and a limited sum of work
in the system (the queue limit): the next batch, in order, is sent as soon as one that ended has
made room. It meets the pace of the hour in which it is sent, and does not end before its longest
answer is written. The end of a batch is noticed at the next poll. A retry round starts when all
batches of the round before have been noticed and the backoff is over. A batch that is not done
after the expiry ends there, with what it has.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from heapq import heappop, heappush
from itertools import chain
from random import Random
from typing import NamedTuple

from planner.model.draws import Luck, failures, lattice
from planner.model.durations import DurationModel
from planner.model.pace import Pace
from planner.model.records import Records
from planner.model.retry import backoff_s
from planner.model.split import sizes as split_sizes
from planner.model.writing import Writing
from planner.scenario import Retries

BUDGET_BATCHES = 50_000  # simulated for a forecast; what follows is the number of replications
MOST_BATCHES = 250_000  # simulated for a forecast, however large its plan
RUN_BATCHES = (
    40_000  # a run stops before the round in which it would have more: no person reads them
)
MAX_REPLICATIONS = 2000
MIN_REPLICATIONS = 20
LEAST_RUNS = 2  # one alone says nothing
_SIZES = 4096  # batch sizes of which a forecast keeps how long their longest answer takes
_APART = 1 << 32  # above every seed
_SLOW = Luck(0.9, 0.5, 1.0, (0.5,) * 3, (0.9,) * 3)


class Run(NamedTuple):
    """One replication: its batches in the order of submission, and its requests that were given up.

    `makespan_s` is the time from the first submission to the last result; `expired` counts requests
    that a batch left undone at its 24 h end, whatever became of them later. A run that was `stopped`
    at RUN_BATCHES would have gone on: it would take longer, and might give up fewer.
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
    writing: Writing


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
    world = _world(durations, rules)
    count = _affordable(stages, world, runs)
    # apart, so that the same requests fail however many hours a run takes
    failing, hours = Random(seed), Random(seed + _APART)
    return tuple(_run(stages, world, luck, failing, hours) for luck in lattice(count, failing))


class _World(NamedTuple):
    """What is the same in all runs."""

    durations: DurationModel
    rules: Rules
    stage: "_Stage"
    waits_s: tuple[float, ...]  # before each retry round


class _Stage(NamedTuple):
    """What is the same in all rounds of all runs."""

    concurrent: int
    queue_requests: int
    poll_s: float
    expiry_s: float
    shared: bool
    longest_s: Callable[[int], float]  # of the answers of a batch of so many requests


def _world(durations: DurationModel, rules: Rules) -> _World:
    policy = rules.retry
    longest_s = lru_cache(maxsize=_SIZES)(rules.writing.longest_s)
    return _World(
        durations,
        rules,
        _Stage(
            rules.concurrent,
            rules.queue_requests,
            rules.poll_s,
            rules.expiry_s,
            durations.shared,
            longest_s,
        ),
        tuple(backoff_s(policy, retry) for retry in range(1, policy.max + 1)),
    )


def _affordable(stages: Sequence[Sequence[int]], world: _World, runs: int) -> int:
    """`runs`, or fewer where batches expire and come back: all together are then at most half more
    batches than the budget or the first attempts, and MOST_BATCHES.

    How many come back is only known when a run is simulated: of ten the slowest stands for all.
    """
    batches = sum(map(len, stages))
    most = min(MOST_BATCHES, 3 * max(BUDGET_BATCHES, runs * batches) // 2)
    largest = min(RUN_BATCHES, batches * (world.rules.retry.max + 1))
    if runs <= LEAST_RUNS or runs * largest <= most:
        return runs
    rng = Random(0)
    slow = _run(stages, world, _SLOW, rng, rng)
    return min(runs, max(LEAST_RUNS, most // len(slow.records)))


def _run(
    stages: Sequence[Sequence[int]], world: _World, luck: Luck, failing: Random, hours: Random
) -> Run:
    rules, stage = world.rules, world.stage
    transient, largest = rules.retry.transient_rate, rules.batch_requests
    pace = Pace(world.durations, rules.shared_load, luck, hours)
    hopeless, points = failing.random(), chain(luck.failed, iter(failing.random, None))
    rows: list[float] = []
    starts = [0]  # the place of the first batch of each round
    clock = makespan = 0.0
    sent = expired = 0
    stopped = False
    for sizes in stages:
        clock, makespan, undone = _stage(sizes, clock, 0, rows, stage, pace)
        expired += undone
        sent += sum(sizes)
    # requests that can never succeed fail once and for all; of the others some fail in every round
    given_up = failures(sent - expired, rules.retry.permanent_rate, hopeless)
    failed = failures(sent - expired - given_up, transient, next(points)) + expired
    for retry, wait_s in enumerate(world.waits_s, start=1):
        sizes = split_sizes(failed, largest)
        start = len(rows) // 6
        stopped = start + len(sizes) > RUN_BATCHES
        if stopped or not failed:
            break
        starts.append(start)
        clock, makespan, undone = _stage(sizes, clock + wait_s, retry, rows, stage, pace)
        expired += undone
        failed = failures(failed - undone, transient, next(points)) + undone
    starts.append(len(rows) // 6)
    return Run(Records(rows, starts), given_up + failed, makespan, expired, stopped)


def _stage(
    sizes: Sequence[int], clock: float, number: int, rows: list[float], stage: _Stage, pace: Pace
) -> tuple[float, float, int]:
    """Append the batches of one round that begins at `clock`, each at the pace of its hour; give
    when its last end was noticed, when its last batch ended, and how many requests expired."""
    # this loop is nearly all the work of a plan, and local names are the fastest that Python has
    concurrent, limit, poll_s, expiry_s, shared, longest_s = stage
    scale, (ratio, wait_s, until) = pace.curve.scale, pace.current
    # (noticed, ticket, requests): tickets order those that are noticed together
    open_batches: list[tuple[float, int, int]] = []
    queued = expired_in_all = 0
    last_ended = last_noticed = clock
    same_size = same_load = 0  # most batches of a round are alike: what they take is known
    for ticket, size in enumerate(sizes):
        if open_batches:
            # wait for room: order is kept, a batch that would fit is not sent before one that does not
            while open_batches and (len(open_batches) >= concurrent or queued + size > limit):
                noticed, _, done = heappop(open_batches)
                queued -= done
                if noticed > clock:
                    clock = noticed
            # what else was noticed by now is out of the queue too, for batches may share the pace
            while open_batches and open_batches[0][0] <= clock:
                queued -= heappop(open_batches)[2]
        queued += size
        load = queued if shared else size
        if clock >= until:
            ratio, wait_s, until = pace.at(clock)
            same_size = 0
        if size != same_size or load != same_load:
            same_size, same_load = size, load
            base_s, spread_s = scale(load)
            in_work_s = max(base_s + spread_s * ratio + wait_s, longest_s(size))
            expired = 0
            if in_work_s > expiry_s:
                # what it would have done by then is done: its requests end evenly over its time
                expired = size - int(size * (expiry_s / in_work_s))
                in_work_s = expiry_s
            noticed_s = -(-in_work_s // poll_s) * poll_s  # rounded up to a whole number of polls
        expired_in_all += expired
        ended = clock + in_work_s
        noticed = clock + noticed_s
        rows.extend((number, size, clock, ended, noticed, expired))
        heappush(open_batches, (noticed, ticket, size))
        # not max(): a call costs more than the comparison
        if noticed > last_noticed:
            last_noticed = noticed
        if ended > last_ended:
            last_ended = ended
    return last_noticed, last_ended, expired_in_all
