"""Simulate runs: when each batch is sent, ends and is noticed, round after round.

A run is a queue with a limited number of servers (batches open at once) and a limited sum of work in the
system (the queue limit): the next batch, in order, is sent as soon as one that ended has made room. The end
of a batch is noticed at the next poll. A retry round starts when all batches of the round before have been
noticed and the backoff is over. A batch that is not done after the expiry ends there, with what it has.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from random import Random
from typing import NamedTuple

from planner.model.draws import Luck, blend, failures, lattice, look_up
from planner.model.durations import DurationModel
from planner.model.retry import backoff_s
from planner.model.split import sizes as split_sizes
from planner.scenario import Retries

# simulated batches for a forecast; what follows is the number of replications
BUDGET_BATCHES = 50_000
MOST_BATCHES = 400_000  # never more than that
MAX_REPLICATIONS = 1000
MIN_REPLICATIONS = 20


class Record(NamedTuple):
    """One batch of one run. Times in seconds since the first submission; `expired` counts its undone requests."""

    round: int
    requests: int
    submitted_s: float
    ended_s: float
    noticed_s: float
    expired: int


class Run(NamedTuple):
    """One replication: its batches in the order of submission, and its requests that were given up.

    `makespan_s` is the time from the first submission to the last result; `expired` counts requests that a
    batch left undone at its 24 h end, whatever became of them later.
    """

    records: tuple[Record, ...]
    given_up: int
    makespan_s: float
    expired: int


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
    """How many runs a forecast of so many batches gets: a fixed budget of simulated batches.

    Very large plans get MIN_REPLICATIONS beyond that budget, and the very largest fewer again.
    """
    few = max(3, min(MIN_REPLICATIONS, MOST_BATCHES // batches))
    return max(few, min(MAX_REPLICATIONS, BUDGET_BATCHES // batches))


def simulate(
    stages: Sequence[Sequence[int]], durations: DurationModel, rules: Rules, *, runs: int, seed: int
) -> tuple[Run, ...]:
    """`runs` replications of the stages, in the order in which they were drawn.

    `stages` are the batch sizes of the first attempt: one sequence, or two where a batch that primes the cache
    goes first. What decides most, the run's load and the luck of its first batch, is not left to chance but lies
    on a lattice, so that few runs meet good and bad days in their true shares, and another seed changes little.
    """
    rng = Random(seed)
    return tuple(_run(stages, durations, rules, luck, rng) for luck in lattice(runs, rng))


def _run(
    stages: Sequence[Sequence[int]],
    durations: DurationModel,
    rules: Rules,
    luck: Luck,
    rng: Random,
) -> Run:
    records: list[Record] = []
    clock, makespan, sent, expired = 0.0, 0.0, 0, 0
    for sizes in stages:
        clock, makespan, undone = _stage(sizes, clock, 0, records, durations, rules, luck, rng)
        expired += undone
        sent += sum(sizes)
    # requests that can never succeed fail once and for all; of the others some fail in every round
    given_up = failures(sent - expired, rules.retry.permanent_rate, rng)
    failed = failures(sent - expired - given_up, rules.retry.transient_rate, rng) + expired
    for retry in range(1, rules.retry.max + 1):
        if not failed:
            break
        sizes = split_sizes(failed, rules.batch_requests)
        begins = clock + backoff_s(rules.retry, retry)
        clock, makespan, undone = _stage(sizes, begins, retry, records, durations, rules, luck, rng)
        expired += undone
        failed = failures(failed - undone, rules.retry.transient_rate, rng) + undone
    return Run(tuple(records), given_up + failed, makespan, expired)


def _stage(
    sizes: Sequence[int],
    clock: float,
    number: int,
    records: list[Record],
    durations: DurationModel,
    rules: Rules,
    luck: Luck,
    rng: Random,
) -> tuple[float, float, int]:
    """Append the records of one round that begins at `clock`.

    Returns when its last end was noticed, when its last batch ended, and how many requests expired.
    """
    # this loop is nearly all the work of a plan, and local names are the fastest that Python has
    scale, shared, uniform = durations.scale, durations.shared, rng.random
    table, waits_s = durations.table, durations.waits_s
    concurrent, limit = rules.concurrent, rules.queue_requests
    poll_s, expiry_s = rules.poll_s, rules.expiry_s
    # (noticed, ticket, requests): of two that are noticed together the ticket says which was sent first
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
        # what else was noticed by now is out of the queue too, which matters where batches share the pace
        while open_batches and open_batches[0][0] <= clock:
            queued -= heappop(open_batches)[2]
        queued += size
        base, spread = scale(queued if shared else size)
        # the first batch of a run has the luck of the lattice
        u = blend(luck.load, uniform() if records else luck.first, rules.shared_load)
        service = base + spread * look_up(table, u) + look_up(waits_s, u)
        expired = 0
        if service > expiry_s:
            # what it would have done by then is done: its requests end evenly over its time
            expired = size - int(size * (expiry_s / service))
            service = expiry_s
        ended = clock + service
        noticed = clock + -(-service // poll_s) * poll_s  # rounded up to a whole number of polls
        records.append(Record(number, size, clock, ended, noticed, expired))
        heappush(open_batches, (noticed, ticket, size))
        expired_in_all += expired
        # not max(): a call costs more than the comparison
        if noticed > last_noticed:
            last_noticed = noticed
        if ended > last_ended:
            last_ended = ended
    return last_noticed, last_ended, expired_in_all
