"""Say why: formula, inputs and source of each number that the page shows."""

from collections.abc import Sequence

from planner import facts
from planner.model.cost import Line
from planner.model.history import left_out
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
        "why.saved": _why_saved(plan),
        "why.failed": _why_failed(plan),
        "why.given_up": _why_given_up(plan),
    }


def evidence(plan: Plan) -> str:
    """What the times are judged by, in one sentence."""
    samples = counted(plan.durations.samples, "batch", "batches")
    rows = plan.scenario.duration.history
    judged = plan.scenario.duration.model
    if judged == "history" and len(left_out(rows)) == len(rows):
        judged = "observed"  # no row can be used
    return {
        "observed": (
            f"Judged by {samples} that people have published, most of them tiny; "
            "a wide band is the honest one."
        ),
        "history": f"Judged by {samples} of your own.",
        "formula": "Judged by a formula, which knows no bad days.",
        "guide": "Judged by an old rule of thumb that no measurement supports.",
    }[judged]


def _cited(*keys: str) -> str:
    """The sources of facts, each once; of a fact with several the first."""
    sources = dict.fromkeys(facts.limit(key).source.split("; ")[0] for key in keys)
    return f"Source: {'; '.join(sources)}."


def _why_batches(plan: Plan) -> str:
    estimated = "estimated " if plan.bytes_estimated else ""
    asked = plan.scenario.batches.requests_per_batch
    wanted = f"{count(plan.limits.requests_per_batch)} {'asked for' if asked else 'chosen'}"
    return (
        f"{counted(plan.rounds[0].sent, 'request')} ÷ "
        f"{count(plan.largest_batch.requests)}. The largest batch is the smallest of {wanted}, "
        f"{size(facts.batch_byte_limit())} ÷ {estimated}{count(plan.request_bytes)} bytes, "
        f"and the queue limit of {count(plan.account.queue_requests)}. "
        f"{_cited('batch_max_requests', 'batch_max_bytes')}"
    )


def _why_time(plan: Plan) -> str:
    return (
        f"{counted(plan.forecast.replications, 'simulated run')} of these batches, "
        f"{count(plan.cut.concurrent)} at once, polled every "
        f"{plain(plan.scenario.batches.poll_s)} s, with their "
        "retry rounds; P85 is the time within which 85 % of the runs had their last result. "
        f"{evidence(plan)}"
    )


def _why_cost(plan: Plan) -> str:
    sources = f"Prices: {plan.model.sources[0]}; checked {plan.model.checked_on}."
    terms = _sum(plan.cost.lines, named=True)
    return f"{terms} = {money(plan.cost.batch_usd)}. {sources}"


def _why_realtime(plan: Plan) -> str:
    terms = _sum(plan.cost.realtime_lines)
    limit = ""
    if plan.realtime:
        limit = (
            f" At best it takes {duration(plan.realtime.seconds)}: "
            f"the limit on {_RATE_LIMIT[plan.realtime.binding]} per minute binds."
        )
    return (
        f"The same tokens at the price of the Messages API: {terms} = "
        f"{money(plan.cost.realtime_usd)}.{limit}"
    )


def _sum(cost_lines: Sequence[Line], *, named: bool = False) -> str:
    """The lines of a cost as a sum that comes out: '5,000,000 × $1.00/M (input) + …'."""
    return " + ".join(
        f"{count(cost_line.tokens)} × {price(cost_line.usd_per_mtok)}/M"
        + (f" ({KINDS[cost_line.kind].lower()})" if named else "")
        for cost_line in cost_lines
        if cost_line.tokens
    )


def _why_saved(plan: Plan) -> str:
    return (
        f"Real time {money(plan.cost.realtime_usd)} less batch {money(plan.cost.batch_usd)}. "
        f"{_cited('batch_multiplier')}"
    )


def _why_failed(plan: Plan) -> str:
    retries = plan.scenario.retries
    lasting = (
        f"{percent(retries.permanent_rate)} that can never succeed, and of the others "
        if retries.permanent_rate
        else ""
    )
    return (
        f"Of {count(plan.scenario.workload.requests)}: {lasting}"
        f"{percent(retries.transient_rate)} that fail for now. They are not billed. "
        f"{_cited('failures_unbilled')}"
    )


def _why_given_up(plan: Plan) -> str:
    retries = plan.scenario.retries
    attempts = retries.max + 1
    return (
        f"Those that can never succeed, and those that fail {counted(attempts, 'time')} in a row: "
        f"{plain(retries.transient_rate)} to the power of {attempts}. The wait before a retry "
        f"round never exceeds {duration(MAX_BACKOFF_S)}."
    )
