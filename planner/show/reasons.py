"""Say why: formula, inputs and source of each number that the page shows."""

from planner import facts
from planner.model.retry import MAX_BACKOFF_S
from planner.plan import Plan
from planner.words import KINDS, count, counted, duration, money, percent, plain, price, size

_RATE_LIMIT = {"rpm": "requests", "itpm": "input tokens", "otpm": "output tokens"}


def reasons(plan: Plan) -> dict[str, str]:
    """The slots `why.…`: one to three sentences for each number."""
    return {
        "why.batches": _why_batches(plan),
        "why.time": _why_time(plan),
        "why.cost": _why_cost(plan),
        "why.realtime": _why_realtime(plan),
        "why.saved": f"Real time {money(plan.cost.realtime_usd)} less batch {money(plan.cost.batch_usd)}. {_cited('batch_multiplier')}",
        "why.failed": _why_failed(plan),
        "why.given_up": _why_given_up(plan),
    }


def evidence(plan: Plan) -> str:
    """What the times are judged by, in one sentence."""
    samples = counted(plan.durations.samples, "batch", "batches")
    return {
        "observed": f"Judged by {samples} that people have published, most of them tiny; a wide band is the honest one.",
        "history": f"Judged by {samples} of your own.",
        "formula": "Judged by a formula, which knows no bad days.",
        "guide": "Judged by an old rule of thumb that no measurement supports.",
    }[plan.scenario.duration.model]


def _cited(*keys: str) -> str:
    named = [facts.limit(key) for key in keys]
    sources = dict.fromkeys(fact.source.split("; ")[0] for fact in named)
    return f"Source: {'; '.join(sources)}."


def _why_batches(plan: Plan) -> str:
    batch = max(batch.requests for batch in plan.batches)
    estimated = "estimated " if plan.bytes_estimated else ""
    return (
        f"{counted(plan.scenario.workload.requests, 'request')} ÷ {count(batch)}. The largest batch is the smallest of "
        f"{count(plan.scenario.batches.requests_per_batch)} asked for, {size(facts.batch_byte_limit())} ÷ "
        f"{estimated}{count(plan.request_bytes)} bytes, and the queue limit of {count(plan.account.queue_requests)}. "
        + _cited("batch_max_requests", "batch_max_bytes")
    )


def _why_time(plan: Plan) -> str:
    return (
        f"{counted(plan.forecast.replications, 'simulated run')} of these batches, {count(plan.scenario.batches.concurrent)} at once, "
        f"polled every {plain(plan.scenario.batches.poll_s)} s, with their retry rounds; P85 is the time within which 85 % of the runs "
        f"had their last result. {evidence(plan)}"
    )


def _why_cost(plan: Plan) -> str:
    terms = " + ".join(
        f"{count(line.tokens)} × {price(line.usd_per_mtok)}/M ({KINDS[line.kind].lower()})"
        for line in plan.cost.lines
        if line.tokens
    )
    return f"{terms} = {money(plan.cost.batch_usd)}. Prices: {plan.model.sources[0]}; checked {plan.model.checked_on}."


def _why_realtime(plan: Plan) -> str:
    terms = " + ".join(
        f"{count(line.tokens)} × {price(line.usd_per_mtok)}/M"
        for line in plan.cost.realtime_lines
        if line.tokens
    )
    limits = ""
    if plan.realtime:
        limits = f" At best it takes {duration(plan.realtime.seconds)}: the limit on {_RATE_LIMIT[plan.realtime.binding]} per minute binds."
    return f"The same tokens at the price of the Messages API: {terms} = {money(plan.cost.realtime_usd)}.{limits}"


def _why_failed(plan: Plan) -> str:
    asked, requests = plan.scenario.retries, count(plan.scenario.workload.requests)
    lasting = (
        f"{percent(asked.permanent_rate)} that can never succeed, and of the others "
        if asked.permanent_rate
        else ""
    )
    return f"Of {requests}: {lasting}{percent(asked.transient_rate)} that fail for now. They are not billed. {_cited('failures_unbilled')}"


def _why_given_up(plan: Plan) -> str:
    asked = plan.scenario.retries
    return (
        f"Those that can never succeed, and those that fail {counted(asked.max + 1, 'time')} in a row: "
        f"{plain(asked.transient_rate)} to the power of {asked.max + 1}. The wait before a retry round never exceeds {duration(MAX_BACKOFF_S)}."
    )
