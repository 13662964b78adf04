"""Make a plan: the one place where the steps meet, and the only one that sees a whole scenario."""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from operator import attrgetter

from planner import facts
from planner.model import answers, cost, realtime, retry, simulate, split, summary
from planner.model.account import Account, account_of
from planner.model.durations import DurationModel, model_of
from planner.model.expiry import NONE as NO_EXPIRY
from planner.model.expiry import Expiry, expiry_of
from planner.model.writing import Writing, tokens_per_s
from planner.scenario import Scenario

_HOUR_S = 3600.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Answers:
    """The limit on the answers: the scenario's or proposed, and the share of answers that it cuts
    off.
    """

    max_tokens: int
    proposed: bool
    share_cut: float
    remedy_tokens: int  # cuts off at most answers.ACCEPTED_CUT


@dataclass(frozen=True, kw_only=True, slots=True)
class Requests:
    """Whole requests, as expected. `attempts` counts every time that a request is sent; `expired`
    every time that a batch leaves one undone at its end, after which it is sent again or given up.
    """

    failed_first_round: int
    retried: int
    given_up: int
    answered: int
    attempts: int
    expired: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """Everything that follows from a scenario; caveats and alternatives are judgements on it
    (`advice`).
    """

    scenario: Scenario
    model: facts.Model
    account: Account
    request_bytes: int
    bytes_estimated: bool
    limits: split.BatchLimits
    batches: tuple[split.Batch, ...]
    rounds: tuple[retry.Round, ...]
    requests: Requests
    durations: DurationModel
    forecast: summary.Forecast
    answers: Answers
    caches: bool
    primes: bool
    cache_reads: int
    tariff: cost.Tariff
    cost: cost.Cost
    realtime: realtime.Realtime | None

    @property
    def start(self) -> datetime | None:
        """When the run starts, if the scenario says so."""
        at = self.scenario.goal.start_at
        return datetime.fromisoformat(at) if at else None

    @property
    def retry_batches(self) -> tuple[split.Batch, ...]:
        """The batches of the retry rounds as expected, numbered on. A plan that is only compared
        never makes them.
        """
        batches: list[split.Batch] = []
        for later in self.rounds[1:]:
            first = len(self.batches) + len(batches) + 1
            batches += split.split(
                later.sent, self.request_bytes, self.limits, round=later.number, first=first
            )
        return tuple(batches)

    @property
    def confident_s(self) -> float:
        """Seconds within which the run is done with the confidence that the scenario asks for."""
        return self.forecast.confident.makespan_s

    @property
    def largest_batch(self) -> split.Batch:
        """The first of its largest batches: a batch that primes the cache or is the rest is
        smaller.
        """
        return max(self.batches, key=attrgetter("requests"))


def make_plan(scenario: Scenario) -> Plan:
    """The plan of a scenario. Raises ScenarioError where there would be far too many batches."""
    model, work, account = (
        facts.model(scenario.workload.model),
        scenario.workload,
        account_of(scenario.limits),
    )
    request_bytes = work.bytes_per_request or split.request_bytes(work.input_tokens, model)
    limits = split.BatchLimits(
        requests_per_batch=scenario.batches.requests_per_batch,
        bytes_per_batch=facts.batch_byte_limit(),
        queue_requests=account.queue_requests,
    )
    rounds = retry.rounds(work.requests, scenario.retries)
    primes = _caches(scenario, model) and scenario.caching.prime and work.requests > 1
    batches = split.split(work.requests, request_bytes, limits, prime=primes)
    batch_requests, _ = split.largest(request_bytes, limits)
    durations = model_of(scenario.duration, model.family)
    forecast = _forecast(
        _stages(batches, primes),
        durations,
        _rules(scenario, account.queue_requests, batch_requests, _writing(scenario, model)),
        runs=simulate.replications(sum(-(-each.sent // batch_requests) for each in rounds)),
        seed=scenario.forecast.seed,
        confidence=scenario.goal.confidence,
        deadline_s=scenario.goal.deadline_h * _HOUR_S,
    )
    bill = _bill(scenario, model, rounds, expiry_of(work.requests, scenario.retries, forecast))
    return Plan(
        scenario=scenario,
        model=model,
        account=account,
        request_bytes=request_bytes,
        bytes_estimated=not work.bytes_per_request,
        limits=limits,
        batches=batches,
        rounds=rounds,
        requests=bill.requests,
        durations=durations,
        forecast=forecast,
        answers=_answers(scenario, model),
        caches=bill.caches,
        primes=primes,
        cache_reads=bill.cache_reads,
        tariff=bill.tariff,
        cost=bill.cost,
        realtime=_realtime(scenario, model, bill.cache_reads),
    )


def cost_of(scenario: Scenario) -> cost.Cost:
    """The cost of a scenario alone, without its forecast, as if no request expired: quick enough to
    look for the scenario that a sum buys.
    """
    return _bill(
        scenario,
        facts.model(scenario.workload.model),
        retry.rounds(scenario.workload.requests, scenario.retries),
        NO_EXPIRY,
    ).cost


@dataclass(frozen=True, kw_only=True, slots=True)
class _Bill:
    """What is paid, and for what."""

    requests: Requests
    caches: bool
    cache_reads: int
    tariff: cost.Tariff
    cost: cost.Cost


def _bill(
    scenario: Scenario, model: facts.Model, rounds: tuple[retry.Round, ...], expiry: Expiry
) -> _Bill:
    work, caches = scenario.workload, _caches(scenario, model)
    requests = _requests(work.requests, rounds, expiry)
    # what expired was never worked on: it is not billed even where failed attempts are
    worked_on = requests.attempts - requests.expired
    billed = worked_on if scenario.pricing.bill_failed else requests.answered
    cache_reads = _cache_reads(scenario, billed) if caches else 0
    request = cost.Request(
        input_tokens=work.input_tokens,
        output_tokens=work.output_tokens,
        prefix_tokens=work.shared_prefix_tokens,
    )
    tariff = cost.tariff(model, work.input_tokens, us_only=scenario.pricing.geo == "us")
    cache = scenario.caching.mode if caches else "none"
    return _Bill(
        requests=requests,
        caches=caches,
        cache_reads=cache_reads,
        tariff=tariff,
        cost=cost.price(request, billed, cache_reads, cache=cache, tariff=tariff),
    )


def _stages(batches: tuple[split.Batch, ...], primes: bool) -> tuple[tuple[int, ...], ...]:
    """The sizes of the batches, those that wait for the primer apart from it."""
    sizes = tuple(batch.requests for batch in batches)
    return (sizes[:1], sizes[1:]) if primes else (sizes,)


def _writing(scenario: Scenario, model: facts.Model) -> Writing:
    work = scenario.workload
    return Writing(
        lengths=answers.lengths(work.output_tokens, work.output_p95_tokens),
        max_tokens=_answers(scenario, model).max_tokens,
        tokens_per_s=tokens_per_s(model.id),
    )


def _rules(
    scenario: Scenario, queue_requests: int, batch_requests: int, writing: Writing
) -> simulate.Rules:
    return simulate.Rules(
        concurrent=scenario.batches.concurrent,
        queue_requests=queue_requests,
        poll_s=scenario.batches.poll_s,
        expiry_s=float(facts.limit("expiry_h").value) * _HOUR_S,
        shared_load=scenario.duration.shared_load,
        retry=scenario.retries,
        batch_requests=batch_requests,
        writing=writing,
    )


# The arguments are all that a forecast depends on: scenarios that differ in anything else, such as
# prices, share it.
@lru_cache(maxsize=12)  # of at most 8 MB each
def _forecast(
    stages: tuple[tuple[int, ...], ...],
    durations: DurationModel,
    rules: simulate.Rules,
    *,
    runs: int,
    seed: int,
    confidence: float,
    deadline_s: float,
) -> summary.Forecast:
    return summary.summarise(
        simulate.simulate(stages, durations, rules, runs=runs, seed=seed),
        confidence=confidence,
        deadline_s=deadline_s,
    )


def _requests(sent: int, rounds: tuple[retry.Round, ...], expiry: Expiry) -> Requests:
    first, last = rounds[0], rounds[-1]
    given_up = min(sent, first.failed_permanent + last.failed_transient + expiry.given_up)
    again = max(0, expiry.expired - expiry.given_up)  # what expired and was sent once more
    retried = sum(later.sent for later in rounds[1:]) + again
    return Requests(
        failed_first_round=first.failed_permanent + first.failed_transient,
        retried=retried,
        given_up=given_up,
        answered=sent - given_up,
        attempts=sent + retried,
        expired=expiry.expired,
    )


def _answers(scenario: Scenario, model: facts.Model) -> Answers:
    work = scenario.workload
    lengths = answers.lengths(work.output_tokens, work.output_p95_tokens)
    most = min(model.batch_max_output_tokens, model.context_tokens - work.input_tokens)
    proposal = lengths.max_tokens(answers.ACCEPTED_CUT, most)
    chosen = work.max_tokens or proposal
    return Answers(
        max_tokens=chosen,
        proposed=not work.max_tokens,
        share_cut=lengths.share_cut(chosen),
        remedy_tokens=proposal,
    )


def _caches(scenario: Scenario, model: facts.Model) -> bool:
    """Whether the prefix is really cached: one that is too short is silently not (fact
    `cache_min_tokens`).
    """
    wanted = scenario.caching.mode != "none"
    return wanted and cost.cacheable(scenario.workload.shared_prefix_tokens, model)


def _cache_reads(scenario: Scenario, billed: int) -> int:
    """The first request always writes; of the others the hit rate reads."""
    return int(max(0, billed - 1) * scenario.caching.hit_rate + 0.5)


def _realtime(scenario: Scenario, model: facts.Model, cache_reads: int) -> realtime.Realtime | None:
    rates = facts.realtime_rates(scenario.limits.tier, model.rate_limit_pool)
    if rates is None:
        return None
    work = scenario.workload
    return realtime.pace(
        work.requests,
        work.requests * work.input_tokens,
        work.requests * work.output_tokens,
        min(cache_reads, work.requests) * work.shared_prefix_tokens,
        rates,
    )
