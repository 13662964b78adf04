"""The same sums done by somebody else: formulas of textbooks, slow and plain algorithms, another price table.

Nothing here imports what it judges. Fractions are exact; where a float stands, its error is far below the tolerance
of the test that uses it.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from math import comb, exp, log, sqrt
from statistics import NormalDist

from genai_prices import Usage, calc_price
from genai_prices.types import PriceContext

# ---- queues


def chance_of_waiting(servers: int, load: float) -> float:
    """Erlang's C formula: the chance that an arrival finds all servers of an M/M/c queue busy.

    `load` is arrival rate times mean service, below `servers`. Source: any text on queueing, such as Kleinrock 1975.
    """
    term, below = 1.0, 0.0
    for busy in range(servers):
        below += term
        term *= load / (busy + 1)
    all_busy = term / (1 - load / servers)
    return all_busy / (below + all_busy)


def mean_wait(servers: int, load: float, mean_service: float) -> float:
    """The mean wait of an M/M/c queue, for all arrivals, those that do not wait included."""
    return chance_of_waiting(servers, load) * mean_service / (servers - load)


def mean_makespan(jobs: int, servers: int, mean_service: float) -> float:
    """When the last of `jobs` exponential jobs ends that are all there at time 0, at least as many as servers.

    While all servers work, one job ends every mean_service / servers; then those at work run dry one by one.
    """
    return mean_service * (
        (jobs - servers) / servers + sum(1 / left for left in range(1, servers + 1))
    )


def step_by_second(
    sizes: Sequence[int],
    service_s: Callable[[int], int],
    *,
    concurrent: int,
    queue_requests: int,
    poll_s: int,
    begin_s: int = 0,
) -> list[tuple[int, int, int]]:
    """(submitted, ended, noticed) of each batch, by looking at the clock once a second.

    Each second first the polls that are due notice ended batches, then as many batches are sent, in order, as the
    two limits allow. All times are whole seconds and every service is at least one.
    """
    sent: list[list[int]] = []
    open_batches: list[int] = []
    clock = begin_s
    while len(sent) < len(sizes) or open_batches:
        for place in list(open_batches):
            submitted, ended, _ = sent[place]
            if clock > submitted and (clock - submitted) % poll_s == 0 and ended <= clock:
                sent[place][2] = clock
                open_batches.remove(place)
        while len(sent) < len(sizes):
            queued = sum(sizes[place] for place in open_batches)
            if len(open_batches) >= concurrent or queued + sizes[len(sent)] > queue_requests:
                break
            open_batches.append(len(sent))
            sent.append([clock, clock + service_s(sizes[len(sent)]), -1])
        clock += 1
    return [(submitted, ended, noticed) for submitted, ended, noticed in sent]


def depth_at(batches: Sequence[tuple[float, float, int]], at_s: float) -> int:
    """Requests in the queue at one moment: of (sent, noticed, requests), those sent by then and not
    yet noticed.
    """
    return sum(requests for sent, noticed, requests in batches if sent <= at_s < noticed)


# ---- attempts


def attempts(
    permanent: Fraction, transient: Fraction, retries: int
) -> list[tuple[int, bool, Fraction]]:
    """Every fate of one request, (attempts, answered, chance), by walking the tree of outcomes."""
    fates = [(1, False, permanent)]
    alive = 1 - permanent
    for attempt in range(1, retries + 2):
        fates.append((attempt, True, alive * (1 - transient)))
        alive *= transient
    return [*fates, (retries + 1, False, alive)]


def binomial_steps(draws: int, rate: Fraction) -> Iterator[float]:
    """The chances of at most 0, 1, 2 … successes: sums of exact integers, each divided once."""
    yes, no = rate.numerator, rate.denominator - rate.numerator
    every, below = rate.denominator**draws, 0
    for successes in range(draws + 1):
        below += comb(draws, successes) * yes**successes * no ** (draws - successes)
        yield below / every


# ---- durations


def kaplan_meier(rows: Sequence[tuple[float, bool]]) -> list[tuple[Fraction, float]]:
    """(chance of at most this value, value) at each value that was seen to end, rows being (value, censored).

    Efron's way: every row begins with the same weight, and a censored one hands its weight on, in equal parts, to the
    rows that lasted longer. Of equal values those that ended stand first.
    """
    ordered = sorted(rows)
    weights = [Fraction(1, len(ordered))] * len(ordered)
    for place, (_, censored) in enumerate(ordered):
        later = len(ordered) - place - 1
        if censored:
            for heir in range(place + 1, len(ordered)):
                weights[heir] += weights[place] / later
            weights[place] = Fraction(0)
    steps, below = [], Fraction(0)
    for weight, (value, censored) in zip(weights, ordered, strict=True):
        below += weight
        if not censored:
            steps.append((below, value))
    return steps


def kendall(rows: Sequence[tuple[int, Fraction, bool]]) -> tuple[int, float]:
    """Kendall's S of size and value, rows being (size, value, censored), and its variance without any
    relation, rows of one size tied.

    A pair of which it is not certain which value is larger counts nothing.
    """

    def sign(one: tuple[int, Fraction, bool], other: tuple[int, Fraction, bool]) -> int:
        (size, value, censored), (other_size, other_value, other_censored) = one, other
        if size == other_size or value == other_value:
            return 0
        smaller_censored = other_censored if value > other_value else censored
        # a censored value is only known to be at least that: as the smaller one it says nothing
        return (
            0 if smaller_censored else (1 if (size > other_size) == (value > other_value) else -1)
        )

    s = sum(sign(one, other) for place, one in enumerate(rows) for other in rows[:place])
    sizes = [size for size, _, _ in rows]
    groups = [sizes.count(size) for size in set(sizes)]
    n = len(rows)
    ties = sum(t * (t - 1) * (2 * t + 5) for t in groups)
    return s, (n * (n - 1) * (2 * n + 5) - ties) / 18


def on_straight_lines(steps: Sequence[tuple[Fraction, float]], u: Fraction) -> Fraction:
    """The value at u on straight lines between the steps; below the first and above the last it
    stays.
    """
    if u <= steps[0][0]:
        return Fraction(steps[0][1])
    for (low, low_value), (high, high_value) in zip(steps, steps[1:], strict=False):
        if low < u <= high:
            return Fraction(low_value) + (u - low) / (high - low) * (
                Fraction(high_value) - Fraction(low_value)
            )
    return Fraction(steps[-1][1])


def lognormal_quantile(p95_to_mean: float, chance: float) -> float:
    """The quantile, as a multiple of the mean, of the lognormal distribution with that 95 % quantile.

    exp(z95·s - s²/2) = ratio has two solutions for s; the smaller is the one that narrows to a point at ratio 1.
    """
    normal = NormalDist()
    z95 = normal.inv_cdf(0.95)
    sigma = z95 - sqrt(max(0.0, z95 * z95 - 2 * log(p95_to_mean)))
    return exp(sigma * normal.inv_cdf(chance) - sigma * sigma / 2)


# ---- prices


def usd_by_genai_prices(
    model: str,
    *,
    fresh: int,
    output: int,
    written_5m: int = 0,
    written_1h: int = 0,
    read: int = 0,
    batch: bool,
) -> Decimal:
    """What one request costs by the table of genai-prices; `fresh` input tokens are neither written
    nor read.
    """
    usage = Usage(
        input_tokens=fresh + written_5m + written_1h + read,
        cache_write_tokens=written_5m + written_1h,
        cache_write_1h_tokens=written_1h,
        cache_read_tokens=read,
        output_tokens=output,
    )
    context: PriceContext = {"processing": "batch"} if batch else {}
    moment = datetime(2026, 11, 22, 12, tzinfo=UTC)
    return calc_price(
        usage, model, provider_id="anthropic", genai_request_timestamp=moment, price_context=context
    ).total_price
