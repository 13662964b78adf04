"""Show a plan: every word, number and picture of the page, as plain JSON values.

`slots` are texts, `lists` are rows of texts, `charts` are SVG; their names are the `data-slot`,
`data-list` and `data-chart` of the HTML. Nothing is rounded before this floor and nothing is
computed after it.
"""

from collections.abc import Sequence
from typing import Any

from planner import facts
from planner.advice.caveats import blocking, caveats
from planner.advice.ways import ways
from planner.model.retry import backoff_s
from planner.model.summary import Forecast
from planner.plan import Plan
from planner.programs import generate
from planner.show import assumptions, charts, links, outcome, rows
from planner.show.moments import moments
from planner.show.reasons import evidence, reasons
from planner.show.rows import Cells, when
from planner.show.timeline import Timeline, timeline_of
from planner.words import (
    clock,
    count,
    counted,
    deadline,
    duration,
    money,
    percent,
    plain,
    share,
    share_below,
    share_of_runs,
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


def show(
    plan: Plan, *, percentile: str = "p85", unfold: tuple[int, int] | None = None
) -> dict[str, Any]:
    """The page of a plan: `{"slots": {name: text}, "lists": {name: [row]}, "charts": {name: svg}}`.

    `percentile`, p50, p85 or p95, chooses the typical run that the queue shows; `unfold` picks
    batches FIRST to LAST of it, to unfold them. Other plans come apart, see `show_ways`.
    """
    forecast = plan.forecast
    run = {"p50": forecast.p50, "p85": forecast.p85, "p95": forecast.p95}[percentile]
    timeline = timeline_of(plan, run, unfold)
    expiry_s = float(facts.limit("expiry_h").value) * 3600
    return {
        "slots": slots(plan, timeline, percentile),
        "lists": {
            "caveats": rows.caveats(plan.scenario, caveats(plan)),
            "batches": rows.batches(plan, timeline),
            "moments": moments(timeline),
            "chance": rows.chances(plan),
            "cost.lines": rows.cost_lines(plan),
            "results": rows.results(plan, run),
            "uncounted": list(rows.UNCOUNTED),
            "assumptions": assumptions.changed(plan.scenario),
        },
        "charts": {
            "queue": charts.queue(timeline, plan.start, expiry_s),
            "depth": charts.depth(timeline, plan.account.queue_requests),
            "chance": charts.chance(timeline, forecast),
        },
    }


def show_ways(plan: Plan) -> dict[str, Any]:
    """The list `ways` of the page, and the slot that says what is missing if none meets the goal.

    They take as long as several plans, so the page asks for them when it has shown the plan.
    """
    every = ways(plan)
    slot = {"ways.note": outcome.missing(plan, every)}
    return {"slots": slot, "lists": {"ways": rows.ways(plan, every)}, "charts": {}}


def show_programs(plan: Plan, editions: Sequence[str] = ()) -> list[Cells]:
    """The programs of the plan, as rows: those of some editions, or those that run by themselves."""
    return rows.programs(generate(plan, editions=editions) if editions else generate(plan))


def taken(plan: Plan) -> dict[str, str]:
    """What the plan takes for the fields that may be left empty, by name."""
    work, spend = plan.scenario.workload, plan.account.tier.monthly_spend_usd
    return {
        "workload.output_p95_tokens": count(work.output_p95_tokens or 2 * work.output_tokens),
        "workload.max_tokens": count(plan.answers.max_tokens),
        "workload.bytes_per_request": count(plan.request_bytes),
        "batches.requests_per_batch": count(plan.cut.requests_per_batch),
        "batches.concurrent": count(plan.cut.concurrent),
        "limits.queue_requests": count(plan.account.queue_requests),
        "limits.monthly_spend_usd": count(spend) if spend else "none",
        "goal.deadline_h": "none",
        "goal.budget_usd": "no limit",
    }


def sentence(plan: Plan) -> str:
    """The answer in one sentence."""
    requests, batches = plan.scenario.workload.requests, len(plan.batches)
    costs, are = ("costs", "is") if requests == 1 else ("cost", "are")
    ends = ""
    if blocking(plan):
        costs, are, ends = "would cost", "would be", "; but they cannot run like this"
    by = f"by {clock(plan.start, plan.confident_s)}, " if plan.start else ""
    return (
        f"{counted(requests, 'request')} to {plan.model.name} in "
        f"{counted(batches, 'batch', 'batches')} {costs} {money(plan.cost.batch_usd)}, "
        f"{_saving(plan)}, and {are} {percent(plan.scenario.goal.confidence)} likely to be done "
        f"{by}within {duration(plan.confident_s)}{ends}."
    )


def slots(plan: Plan, timeline: Timeline, percentile: str) -> dict[str, str]:
    """Every text of the page by the name of its place; the timeline is that of the percentile."""
    return {
        **_answer(plan),
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


# The answer


def _answer(plan: Plan) -> dict[str, str]:
    requests = counted(plan.scenario.workload.requests, "request")
    cost, time = money(plan.cost.batch_usd), duration(plan.confident_s)
    return {
        "page.title": f"{requests} to {plan.model.name}: {cost}, {time}",
        "answer.verdict": outcome.verdict_words(plan),
        "answer.sentence": sentence(plan),
        **_spread(plan.forecast),
        "answer.changed": "",  # only who knows the plan before can say it
    }


def _saving(plan: Plan) -> str:
    if plan.cost.realtime_usd == 2 * plan.cost.batch_usd:
        return "half of the real-time price"
    return f"{money(plan.cost.saved_usd)} less than in real time"


def _spread(forecast: Forecast) -> dict[str, str]:
    """What the sentence leaves out: how far the runs lie apart."""
    half, tail = duration(forecast.p50.makespan_s), duration(forecast.p95.makespan_s)
    below, above = "", "Nearly all simulated runs take about as long."
    if forecast.makespans_s[0] == forecast.makespans_s[-1]:
        above = "All simulated runs take the same time, because nothing in them varies."
    elif half != tail:
        below = f"Half of such runs take less than {half}."
        above = f"One in twenty takes more than {tail}."
    return {"answer.half": below, "answer.tail": above}


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
    forecast, chance = plan.forecast, plan.forecast.deadline_probability
    if chance is None:
        return "No deadline is set."
    # runs that are all alike were not drawn: their share is certain, not a sample
    alike = forecast.makespans_s[0] == forecast.makespans_s[-1]
    likely = share(chance) if alike else share_of_runs(chance, forecast.replications)
    goal = plan.scenario.goal
    if chance < goal.confidence and likely[0].isdigit():
        likely = share_below(chance, goal.confidence)
    when_due = deadline(goal.deadline_h, goal.deadline_at)
    return f"{likely[0].upper()}{likely[1:]} likely to be done {when_due}."


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
