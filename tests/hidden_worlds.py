"""Worlds whose law of batch durations is hidden from the planner: it sees some batches of them, and
its forecast is judged by runs of the truth.

The truth has its own queue, luck and laws, written here anew; nothing of the planner's model is used.
A world is related: batches that are sent near each other share a part of their luck.
"""

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from math import log
from random import Random
from statistics import NormalDist
from typing import NamedTuple

from planner.model.answers import lengths
from planner.model.durations import model_of
from planner.model.simulate import Rules, replications, simulate
from planner.model.writing import Writing
from planner.scenario import Duration, History, Retries

Law = Callable[[float], float]  # luck from 0 to 1 -> seconds of a batch of 10,000
NORMAL = NormalDist()
CLASSES = ("lognormal", "weibull", "gamma", "bimodal")
ROWS = (5, 10, 20, 50, 200)


def lognormal(sigma: float, u: float) -> float:
    """Median 1."""
    return 2.718281828459045 ** (sigma * NORMAL.inv_cdf(u))


def weibull(shape: float, u: float) -> float:
    """Scale 1."""
    return (-log(1 - u)) ** (1 / shape)


def gamma(shape: int, u: float) -> float:
    """Mean 1; the quantile by halving of the Erlang distribution."""

    def below(x: float) -> float:
        term, total = 1.0, 1.0
        for number in range(1, shape):
            term *= shape * x / number
            total += term
        return 1 - total * 2.718281828459045 ** (-shape * x)

    low, high = 0.0, 40.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if below(middle) < u else (low, middle)
    return high


def bimodal(slow: float, times: float, u: float) -> float:
    """Mostly around 1; the share `slow` so many times as long."""
    if u < 1 - slow:
        return lognormal(0.2, u / (1 - slow))
    return times * lognormal(0.3, (u - 1 + slow) / slow)


@dataclass(frozen=True)
class World:
    """A law, how time goes with size, and how far batches are related."""

    name: str
    law: Law
    exponent: float
    related: float

    def seconds(self, requests: int, z: float) -> float:
        """Of a batch of so many requests whose luck is the normal number z."""
        u = min(max(NORMAL.cdf(z), 1e-6), 1 - 1e-6)
        return 1800 * (requests / 10_000) ** self.exponent * self.law(u)


def worlds(count: int, seed: int) -> list[World]:
    """So many worlds, the four classes by turns."""
    rng, made = Random(seed), []
    for place in range(count):
        name = CLASSES[place % 4]
        law = {
            "lognormal": partial(lognormal, rng.uniform(0.3, 1.2)),
            "weibull": partial(weibull, rng.uniform(0.7, 2.5)),
            "gamma": partial(gamma, rng.randint(1, 6)),
            "bimodal": partial(bimodal, rng.uniform(0.1, 0.3), rng.uniform(3, 8)),
        }[name]
        made.append(World(name, law, rng.uniform(0, 1), rng.uniform(0, 0.9)))
    return made


def luck(world: World, count: int, rng: Random) -> list[float]:
    """Normal numbers of batches of one run: equally related to each other."""
    shared = rng.gauss(0, 1)
    own, common = (1 - world.related) ** 0.5, world.related**0.5
    return [common * shared + own * rng.gauss(0, 1) for _ in range(count)]


def history(world: World, rows: int, rng: Random) -> tuple[tuple[int, float], ...]:
    """Rows of a person's own batches, each of a day of its own; sizes between 2,000 and 30,000."""
    sizes = [int(2000 * 15 ** rng.random()) for _ in range(rows)]
    return tuple(
        (size, min(86_000.0, max(6.0, round(world.seconds(size, rng.gauss(0, 1)), 1))))
        for size in sizes
    )


class Lane(NamedTuple):
    """A batch of a run of the truth: its requests, and when it is sent and ended, in seconds."""

    requests: int
    sent_s: float
    ended_s: float


def true_batches(world: World, sizes: list[int], at_once: int, rng: Random) -> list[Lane]:
    """A run: batches one after the other in so many lanes, sharing the pace."""
    lanes, lucks = [0.0] * at_once, luck(world, len(sizes), rng)
    together, batches = min(at_once, len(sizes)), []
    for size, z in zip(sizes, lucks, strict=True):
        lane = lanes.index(min(lanes))
        sent_s = lanes[lane]
        lanes[lane] += min(86_400.0, world.seconds(size * together, z))
        batches.append(Lane(size, sent_s, lanes[lane]))
    return batches


def true_run(world: World, sizes: list[int], at_once: int, rng: Random) -> float:
    """The makespan of such a run."""
    return max(batch.ended_s for batch in true_batches(world, sizes, at_once, rng))


def rules(at_once: int, batch: int, shared_load: float = 0.7) -> Rules:
    """No failures, no polls to speak of."""
    policy = Retries(
        max=0, backoff="fixed", base_delay_s=0.0, transient_rate=0.0, permanent_rate=0.0
    )
    return Rules(
        concurrent=at_once,
        queue_requests=10**9,
        poll_s=1.0,
        expiry_s=86_400.0,
        shared_load=shared_load,
        retry=policy,
        batch_requests=batch,
        writing=Writing(lengths=lengths(1, 0), max_tokens=1, tokens_per_s=1e9),
    )


def forecast(rows: History, sizes: list[int], at_once: int, runs: int = 0) -> list[float]:
    """Sorted makespans of the planner's runs from that history."""
    model = model_of(Duration(model="history", history=rows), "sonnet")
    count = runs or replications(len(sizes))
    simulated = simulate([sizes], model, rules(at_once, max(sizes)), runs=count, seed=1)
    return sorted(run.makespan_s for run in simulated)


def quantile(ordered: list[float], chance: float) -> float:
    """Nearest rank."""
    return ordered[min(len(ordered) - 1, max(0, int(chance * len(ordered) + 0.9999) - 1))]


@dataclass(frozen=True)
class Kept:
    """How often the times of a forecast were met in truth, and how wide its band is against the
    truth's: P95 over P50."""

    name: str
    rows: int
    p50: float
    p85: float
    p95: float
    width: float


def judge(world: World, rows: int, runs: int, seed: int) -> Kept:
    """One history, one plan, so many true runs."""
    rng = Random(seed)
    own = history(world, rows, rng)
    batches, at_once = rng.choice([(1, 1), (1, 1), (4, 1), (4, 4), (10, 2)])
    sizes = [rng.choice([5000, 10_000, 20_000])] * batches
    ordered = forecast(own, sizes, at_once)
    truth = sorted(true_run(world, sizes, at_once, rng) for _ in range(runs))

    def met(chance: float) -> float:
        return bisect_right(truth, quantile(ordered, chance)) / runs

    width = (quantile(ordered, 0.95) - quantile(ordered, 0.5)) / max(
        1.0, quantile(truth, 0.95) - quantile(truth, 0.5)
    )
    return Kept(world.name, rows, met(0.5), met(0.85), met(0.95), width)


def exact(law: Law, rows: int, histories: int, seed: int) -> tuple[float, float, float]:
    """Mean true chance at P50, P85 and P95: one size, one batch, so many histories."""
    rng, chances = Random(seed), [0.0, 0.0, 0.0]
    world = World("", law, 0.5, 0.0)
    grid = sorted(world.seconds(10_000, NORMAL.inv_cdf((k + 0.5) / 4000)) for k in range(4000))
    for _ in range(histories):
        own = tuple(
            (10_000, min(86_000.0, max(6.0, world.seconds(10_000, rng.gauss(0, 1)))))
            for _ in range(rows)
        )
        ordered = forecast(own, [10_000], 1, runs=400)
        for place, chance in enumerate((0.5, 0.85, 0.95)):
            chances[place] += bisect_right(grid, quantile(ordered, chance)) / len(grid)
    return tuple(each / histories for each in chances)  # type: ignore[return-value]
