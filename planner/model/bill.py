"""What a workload's requests come to: how many are answered, how many read the cache, what is paid."""

from dataclasses import dataclass

from planner import facts
from planner.model import cost
from planner.model.expiry import NONE, Expiry
from planner.model.retry import Round
from planner.scenario import Caching, Pricing, Workload


@dataclass(frozen=True, kw_only=True, slots=True)
class Requests:
    """Whole requests, as expected. `attempts` counts every time that a request is sent, `realtime`
    those that are sent in real time instead of in batches, `expired` every time that a batch leaves
    one undone at its end, after which it is sent again or given up.
    """

    failed_first_round: int
    retried: int
    given_up: int
    answered: int
    attempts: int
    realtime: int
    expired: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Bill:
    """What is paid, and for what."""

    requests: Requests
    caches: bool
    cache_reads: int
    tariff: cost.Tariff
    cost: cost.Cost


def bill(
    work: Workload,
    caching: Caching,
    pricing: Pricing,
    model: facts.Model,
    rounds: tuple[Round, ...],
    *,
    expiry: Expiry = NONE,
) -> Bill:
    """The bill of the workload, whose batches are sent in these rounds; the rest in real time.

    `expiry`: so many more are sent again or given up than the rates say.
    """
    # one that is too short is silently not cached (fact `cache_min_tokens`)
    caches = caching.mode != "none" and cost.cacheable(work.shared_prefix_tokens, model)
    requests = _requests(work.requests, rounds, expiry)
    # what expired was never worked on: it is not billed even where failed attempts are
    worked_on = requests.attempts - requests.expired
    billed = worked_on if pricing.bill_failed else requests.answered
    # the first request always writes; of the others the hit rate reads
    reads = int(max(0, billed - 1) * caching.hit_rate + 0.5) if caches else 0
    tariff = cost.tariff(model, work.input_tokens, us_only=pricing.geo == "us")
    return Bill(
        requests=requests,
        caches=caches,
        cache_reads=reads,
        tariff=tariff,
        cost=cost.price(
            cost.Request(
                input_tokens=work.input_tokens,
                output_tokens=work.output_tokens,
                prefix_tokens=work.shared_prefix_tokens,
            ),
            billed,
            reads,
            realtime=min(billed, requests.realtime),
            cache=caching.mode if caches else "none",
            tariff=tariff,
        ),
    )


def _requests(requests: int, rounds: tuple[Round, ...], expiry: Expiry) -> Requests:
    first, last = rounds[0], rounds[-1]
    # in real time what fails for now is tried again at once, and only what cannot succeed is lost
    realtime = requests - first.sent
    hopeless = int(realtime * first.failed_permanent / first.sent + 0.5)
    by_rates = first.failed_permanent + last.failed_transient
    given_up = min(first.sent, by_rates + expiry.given_up) + hopeless
    retried = sum(later.sent for later in rounds[1:]) + expiry.again
    return Requests(
        failed_first_round=first.failed_permanent + first.failed_transient,
        retried=retried,
        given_up=given_up,
        answered=requests - given_up,
        attempts=requests + retried,
        realtime=realtime - hopeless,
        expired=expiry.expired,
    )
