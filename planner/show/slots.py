"""Say a plan in texts: every slot of the page by the name of its place."""

from planner import facts
from planner.advice.time import likely
from planner.model.retry import backoff_s
from planner.plan import Plan
from planner.show import assumptions, links
from planner.show.answer import answer
from planner.show.reasons import evidence, reasons
from planner.show.rows import when
from planner.show.timeline import Timeline
from planner.words import (
    count,
    counted,
    deadline,
    duration,
    money,
    percent,
    plain,
    share,
)

_BINDING = {
    "count": "the requests per batch that you asked for",
    "bytes": "the bytes that a batch may have",
    "queue": "the queue limit",
}
_LIMIT = {
    "count": "the provider's limit on the requests of a batch",
    "bytes": "the provider's limit on the bytes of a batch",
    "queue": "the queue limit",
}
_PERCENTILE = {
    "p50": "P50: half of the runs are faster",
    "p85": "P85: 85 % of the runs are as fast",
    "p95": "P95: 95 % of the runs are as fast",
}


def slots(plan: Plan, timeline: Timeline, percentile: str) -> dict[str, str]:
    """Every text of the page by the name of its place; the timeline is that of the percentile."""
    return {
        **answer(plan),
        **_batches(plan),
        **_times(plan),
        **_costs(plan),
        **_requests(plan),
        **_captions(plan, timeline, percentile),
        "program.settings": _settings(plan),
        "assumptions.count": assumptions.counts(plan.scenario),
        "command": links.command(plan.scenario),
        "facts.checked": facts.checked_on(),
        **reasons(plan),
    }


def _settings(plan: Plan) -> str:
    """What the program is set to, in one line."""
    scenario, largest = plan.scenario, max(batch.requests for batch in plan.batches)
    budget = scenario.goal.budget_usd
    return " · ".join(
        (
            f"{count(scenario.workload.requests)} to {plan.model.id}",
            f"{count(largest)} a batch, {count(plan.cut.concurrent)} at once",
            f"max_tokens {count(plan.answers.max_tokens)}",
            f"stops at {money(budget)}" if budget else "no budget",
        )
    )


# Batches


def _batches(plan: Plan) -> dict[str, str]:
    return {
        "batches.count": count(len(plan.batches)),
        "batches.size": _batch_sizes(plan),
        "batches.binding": _binding(plan),
    }


def _batch_sizes(plan: Plan) -> str:
    sizes = [batch.requests for batch in plan.batches]
    primer = "1 to prime the cache, then " if plan.primes else ""
    rest = sizes[1:] if plan.primes else sizes
    if len(rest) == 1:
        return f"{primer}{counted(rest[0], 'request')}"
    if rest[0] == rest[-1]:
        return f"{primer}{counted(rest[0], 'request')} each"
    return f"{primer}{counted(rest[0], 'request')} each, the last {count(rest[-1])}"


def _binding(plan: Plan) -> str:
    """Why the batches are cut so, in one sentence."""
    one, choice = len(plan.batches) == 1 + plan.primes, plan.choice
    if plan.scenario.batches.requests_per_batch:
        if one and plan.batches[-1].binding == "count":
            return "All fit into one batch."
        return f"Their size is set by {_BINDING[plan.batches[-1].binding]}."
    if choice.reason == "sooner":
        return f"Chosen: larger batches would end {duration(choice.gain_s)} later{_at_once(plan)}."
    if choice.reason == "expiry":
        hours = plain(float(facts.limit("expiry_h").value))
        return f"Chosen: larger batches may reach their {hours} h end{_at_once(plan)}."
    if one:
        return "Chosen: one batch holds all, and to cut it up would end no sooner."
    limit = _LIMIT[plan.batches[-1].binding]
    return f"Chosen: as few batches as {limit} allows{_at_once(plan)}; more would end no sooner."


def _at_once(plan: Plan) -> str:
    return f", {count(plan.cut.concurrent)} at once" if len(plan.batches) > 1 else ""


# Time


def _times(plan: Plan) -> dict[str, str]:
    forecast, seed = plan.forecast, plan.scenario.forecast.seed
    return {
        "time.p50": when(plan, forecast.p50.makespan_s),
        "time.p85": when(plan, forecast.p85.makespan_s),
        "time.p95": when(plan, forecast.p95.makespan_s),
        "time.confident": when(plan, plan.confident_s),
        "time.confidence": f"{percent(plan.scenario.goal.confidence)} likely",
        "time.deadline": _deadline(plan),
        "time.expiry": _expiry(forecast.expiry_probability),
        "time.evidence": evidence(plan),
        "time.replications": (f"{counted(forecast.replications, 'simulated run')}, seed {seed}."),
    }


def _deadline(plan: Plan) -> str:
    goal, chance = plan.scenario.goal, plan.forecast.deadline_probability
    if chance is None:
        return "No deadline is set."
    words = likely(plan, chance)
    when_due = deadline(goal.deadline_h, goal.deadline_at)
    return f"{words[0].upper()}{words[1:]} likely to be done {when_due}."


def _expiry(chance: float) -> str:
    hours = plain(float(facts.limit("expiry_h").value))
    if not chance:
        return f"In no simulated run does a batch reach its {hours} h end."
    return f"In {share(chance)} of the runs a batch reaches its {hours} h end."


# Cost


def _costs(plan: Plan) -> dict[str, str]:
    return {
        "cost.batch": money(plan.cost.batch_usd),
        "cost.realtime": money(plan.cost.realtime_usd),
        "cost.saved": money(plan.cost.saved_usd),
        "cost.note": _cost_note(plan),
    }


def _cost_note(plan: Plan) -> str:
    notes = [_billed(plan)]
    if plan.tariff.long_prompt:
        tokens = count(plan.model.long_prompt_tokens or 0)
        notes.append(f"Long-prompt price: above {tokens} tokens the whole request is dearer.")
    if plan.tariff.factor != 1:
        factor = plain(plan.tariff.factor)
        notes.append(f"{factor} times the price for processing in the United States.")
    if plan.caches:
        notes.append(f"{counted(plan.cache_reads, 'request')} read the cached prefix.")
    return " ".join(notes)


def _billed(plan: Plan) -> str:
    if plan.scenario.pricing.bill_failed:
        attempts = counted(plan.requests.attempts - plan.requests.expired, "attempt")
        return f"Counts all {attempts} as billed, though failed ones are not."
    if plan.requests.given_up:
        return f"Only the {counted(plan.requests.answered, 'answered request')} are billed."
    return "Failed attempts are not billed."


# Requests


def _requests(plan: Plan) -> dict[str, str]:
    return {
        "requests.failed": count(plan.requests.failed_first_round),
        "requests.retried": count(plan.requests.retried),
        "requests.given_up": count(plan.requests.given_up),
        "requests.answered": count(plan.requests.answered),
        "requests.expired": share(plan.forecast.expiry_probability),
        "answers.max_tokens": count(plan.answers.max_tokens),
        "answers.cut": share(plan.answers.share_cut),
        "retries.note": _retries(plan),
        "realtime.time": duration(plan.realtime.seconds) if plan.realtime else "not known",
    }


def _retries(plan: Plan) -> str:
    if not plan.requests.failed_first_round:
        return "No request is expected to fail."
    rounds = [
        f"{count(each.sent)} after {duration(backoff_s(plan.scenario.retries, each.number))}"
        for each in plan.rounds[1:]
    ]
    return f"Tried again: {', '.join(rounds)}." if rounds else "Nothing is tried again."


# Pictures


def _captions(plan: Plan, timeline: Timeline, percentile: str) -> dict[str, str]:
    runs = counted(plan.forecast.replications, "simulated run")
    return {
        "queue.caption": (
            f"{_PERCENTILE[percentile]}, done after {duration(timeline.makespan_s)}. One "
            "simulated run; its bars fade out to when they have ended in 95 % of the runs."
        ),
        "queue.range": _range(timeline),
        "depth.caption": (f"Requests in the queue; limit {count(plan.account.queue_requests)}."),
        "chance.caption": f"Above: the share of {runs} that are done by then.",
    }


def _range(timeline: Timeline) -> str:
    first, last, batches = timeline.rows[0].first, timeline.rows[-1].last, timeline.batches
    if batches == 1:
        return "The only batch"
    if last - first + 1 == batches:
        return f"All {counted(batches, 'batch', 'batches')}"
    return f"Batches {count(first)} to {count(last)} of {count(batches)}"
