"""Make a plan: the one place where the steps meet, and the only one that sees a whole scenario."""

from dataclasses import dataclass, replace
from datetime import datetime
from operator import attrgetter

from planner import facts
from planner.model import answers, cost, cut, realtime, retry, simulate, split, summary
from planner.model.account import Account, account_of
from planner.model.bill import Bill, Requests, bill
from planner.model.durations import DurationModel, model_of
from planner.model.expiry import NONE as NO_EXPIRY
from planner.model.expiry import Expiry, expiry_of
from planner.model.forecast import Work, chosen, forecast_of, not_before
from planner.model.writing import Writing, tokens_per_s
from planner.scenario import Scenario, field

_HOUR_S = 3600.0
_MOST_REQUESTS = int(field("batches.requests_per_batch").high)
_MOST_AT_ONCE = int(field("batches.concurrent").high)


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
class Plan:
    """Everything that follows from a scenario; caveats and ways are judgements on it (`advice`)."""

    scenario: Scenario
    model: facts.Model
    account: Account
    request_bytes: int
    bytes_estimated: bool
    limits: split.BatchLimits
    choice: cut.Choice
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
    def cut(self) -> cut.Cut:
        """How the workload is cut and sent: as the scenario says, or as chosen."""
        return self.choice.cut

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


def make_plan(scenario: Scenario, *, most_batches: int = simulate.MOST_BATCHES) -> Plan:
    """The plan of a scenario. Raises ScenarioError where there would be far too many batches.

    `most_batches`, simulated in all runs together, makes the forecast of a plan cheaper that is only
    compared with others.
    """
    terms = _terms(scenario)
    choice = _choice(scenario, terms)
    limits = _limits(scenario, terms, choice)
    batches = split.split(terms.work.sent[0], terms.request_bytes, limits, prime=terms.work.primes)
    largest, _ = split.largest(terms.request_bytes, limits)
    outlook = forecast_of(
        terms.work, cut.Cut(largest, choice.cut.concurrent), most_batches=most_batches
    )
    expiry = expiry_of(terms.rounds[0].sent, scenario.retries, outlook)
    bill = _bill(scenario, terms.model, terms.rounds, expiry)
    fast = _realtime(scenario, terms)
    in_real_time_s = fast.seconds * scenario.batches.realtime_share if fast else 0.0
    return Plan(
        scenario=scenario,
        model=terms.model,
        account=terms.account,
        request_bytes=terms.request_bytes,
        bytes_estimated=not scenario.workload.bytes_per_request,
        limits=limits,
        choice=choice,
        batches=batches,
        rounds=terms.rounds,
        requests=bill.requests,
        durations=terms.work.durations,
        forecast=not_before(in_real_time_s, outlook, scenario.goal),
        answers=_answers(scenario, terms.model),
        caches=bill.caches,
        primes=terms.work.primes,
        cache_reads=bill.cache_reads,
        tariff=bill.tariff,
        cost=bill.cost,
        realtime=fast,
    )


def cost_of(scenario: Scenario) -> cost.Cost:
    """The cost of a scenario alone, without its forecast, as if no request expired: quick enough to
    look for the scenario that a sum buys.
    """
    model = facts.model(scenario.workload.model)
    return _bill(scenario, model, retry.rounds(_in_batches(scenario), scenario.retries)).cost


def _in_batches(scenario: Scenario) -> int:
    """The requests that are not sent in real time: one at least."""
    requests = scenario.workload.requests
    return requests - min(requests - 1, int(requests * scenario.batches.realtime_share + 0.5))


def _bill(
    scenario: Scenario,
    model: facts.Model,
    rounds: tuple[retry.Round, ...],
    expiry: Expiry = NO_EXPIRY,
) -> Bill:
    return bill(scenario.workload, scenario.caching, scenario.pricing, model, rounds, expiry=expiry)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Terms:
    """What is known of a plan before its cut is chosen; `most` limits the largest batch."""

    model: facts.Model
    account: Account
    request_bytes: int
    rounds: tuple[retry.Round, ...]
    bill: Bill
    work: Work
    most: split.BatchLimits


def _terms(scenario: Scenario) -> _Terms:
    model, work = facts.model(scenario.workload.model), scenario.workload
    account, in_batches = account_of(scenario.limits), _in_batches(scenario)
    rounds = retry.rounds(in_batches, scenario.retries)
    bill = _bill(scenario, model, rounds)
    return _Terms(
        model=model,
        account=account,
        request_bytes=work.bytes_per_request or split.request_bytes(work.input_tokens, model),
        rounds=rounds,
        bill=bill,
        work=_work(scenario, model, account, rounds, caches=bill.caches),
        most=split.BatchLimits(
            requests_per_batch=scenario.batches.requests_per_batch or _MOST_REQUESTS,
            bytes_per_batch=facts.batch_byte_limit(),
            queue_requests=account.queue_requests,
        ),
    )


# The cut


def _choice(scenario: Scenario, terms: _Terms) -> cut.Choice:
    """The cut that the scenario asks for, or for what it leaves open the best."""
    asked = cut.Cut(scenario.batches.requests_per_batch, scenario.batches.concurrent)
    if asked.requests_per_batch and asked.concurrent:
        return cut.Choice(cut=asked, reason="asked")
    bounds = cut.Bounds(
        largest=split.largest(terms.request_bytes, terms.most)[0],
        queue_requests=terms.account.queue_requests,
        most_open=_most_open(scenario, terms.account),
    )
    return chosen(terms.work, asked, bounds)


def _most_open(scenario: Scenario, account: Account) -> int:
    """The batches that can be polled within the calls that the tier allows."""
    calls_per_min = account.tier.batch_rpm
    if not calls_per_min:
        return _MOST_AT_ONCE
    return max(1, min(_MOST_AT_ONCE, int(calls_per_min * scenario.batches.poll_s / 60)))


def _limits(scenario: Scenario, terms: _Terms, choice: cut.Choice) -> split.BatchLimits:
    """The limits of the plan's batches. A chosen size that a limit sets has the name of it."""
    if scenario.batches.requests_per_batch:
        return terms.most
    most, binding = split.largest(terms.request_bytes, terms.most)
    limited = choice.reason == "largest" and terms.work.sent[0] - terms.work.primes >= most
    return replace(
        terms.most,
        requests_per_batch=choice.cut.requests_per_batch,
        named=binding if limited else "count",
    )


# The forecast


def _writing(scenario: Scenario, model: facts.Model) -> Writing:
    work = scenario.workload
    return Writing(
        lengths=answers.lengths(work.output_tokens, work.output_p95_tokens),
        max_tokens=_answers(scenario, model).max_tokens,
        tokens_per_s=tokens_per_s(model.id),
    )


def _work(
    scenario: Scenario,
    model: facts.Model,
    account: Account,
    rounds: tuple[retry.Round, ...],
    *,
    caches: bool,
) -> Work:
    return Work(
        sent=tuple(each.sent for each in rounds),
        primes=caches and scenario.caching.prime and rounds[0].sent > 1,
        durations=model_of(scenario.duration, model.family),
        rules=simulate.Rules(
            concurrent=1,  # this, and the batch below, are the cut's
            queue_requests=account.queue_requests,
            poll_s=scenario.batches.poll_s,
            expiry_s=float(facts.limit("expiry_h").value) * _HOUR_S,
            shared_load=scenario.duration.shared_load,
            retry=scenario.retries,
            batch_requests=1,
            writing=_writing(scenario, model),
        ),
        seed=scenario.forecast.seed,
        confidence=scenario.goal.confidence,
        deadline_s=scenario.goal.deadline_s,
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


def _realtime(scenario: Scenario, terms: _Terms) -> realtime.Realtime | None:
    """The whole workload in real time."""
    rates = facts.realtime_rates(scenario.limits.tier, terms.model.rate_limit_pool)
    if rates is None:
        return None
    work = scenario.workload
    return realtime.pace(
        work.requests,
        work.requests * work.input_tokens,
        work.requests * work.output_tokens,
        min(terms.bill.cache_reads, work.requests) * work.shared_prefix_tokens,
        rates,
    )
