"""Show a plan: every word, number and picture of the page, as plain JSON values.

`slots` are texts, `lists` are rows of texts, `charts` are SVG; their names are the `data-slot`, `data-list` and
`data-chart` of the HTML. Nothing is rounded before this module and nothing is computed after it.
"""

from collections.abc import Iterator
from typing import Any

from planner import advice, facts, programs, scenario
from planner.advice import neighbours
from planner.model.retry import backoff_s
from planner.model.simulate import Run
from planner.model.summary import Forecast
from planner.plan import Plan
from planner.scenario import Scenario, texts
from planner.show import charts, reasons, timeline
from planner.words import (
    KINDS,
    clock,
    count,
    counted,
    duration,
    money,
    percent,
    plain,
    price,
    share,
    share_of_runs,
    size,
)

Row = dict[str, str]

PERCENTILES = ("p50", "p85", "p95")
_BINDING = {
    "count": "the requests per batch that you asked for",
    "bytes": "the bytes that a batch may have",
    "queue": "the queue limit",
}
_SEVERITY = {"blocks": "Blocks the run", "warns": "Warning", "notes": "Note"}
_INSTALL = {
    "python": 'pip install "anthropic>=2,<3"',
    "javascript": "npm install @anthropic-ai/sdk@1",
}
_RUN = {
    "python": "python run_batches.py requests.jsonl --out run",
    "javascript": "node run_batches.mjs requests.jsonl --out run",
}
_UNCOUNTED = (
    "Server tools: web search is charged for each search, without the batch discount; code execution by the hour.",
    "The time to upload batches and to download results.",
    "Input tokens that tool definitions add to each request, unless you count them in.",
    "Taxes, and discounts of a contract.",
)


def show(
    plan: Plan, *, percentile: str = "p85", rows: tuple[int, int] | None = None
) -> dict[str, Any]:
    """The page of a plan: `{"slots": {name: text}, "lists": {name: [row]}, "charts": {name: svg}}`.

    `percentile` chooses the typical run that the queue shows; `rows` picks batches FIRST to LAST, to unfold them.
    The list `alternatives` is not among them: it takes other plans, see `show_alternatives`.
    """
    run = {"p50": plan.forecast.p50, "p85": plan.forecast.p85, "p95": plan.forecast.p95}[percentile]
    line = timeline.timeline(
        run, plan.forecast, plan.batches + plan.retry_batches, plan.request_bytes, rows
    )
    deadline_s = plan.scenario.goal.deadline_h * 3600
    return {
        "slots": _slots(plan, line, percentile),
        "lists": {
            "caveats": [_caveat(plan.scenario, caveat) for caveat in advice.caveats(plan)],
            "batches": [_batch(row, plan) for row in line.rows],
            "moments": list(_moments(line)),
            "chance": list(_chances(plan)),
            "cost.lines": list(_cost_lines(plan)),
            "results": list(_results(plan, run)),
            "uncounted": [{"text": text} for text in _UNCOUNTED],
        },
        "charts": {
            "queue": charts.queue(line, plan.start, float(facts.limit("expiry_h").value) * 3600),
            "depth": charts.depth(line, plan.account.queue_requests),
            "chance": charts.chance(plan.forecast, plan.start, deadline_s),
        },
    }


def show_alternatives(plan: Plan) -> list[Row]:
    """The rows of `alternatives`: plans of neighbouring scenarios, and the same workload in real time."""
    found = [_alternative(plan, alternative) for alternative in neighbours.alternatives(plan)]
    if plan.realtime:
        found.append(
            {
                "change": "Real time instead",
                "p85": f"{duration(plan.realtime.seconds)} at best",
                "batch": money(plan.cost.realtime_usd),
                "difference": f"{_signed_money(plan.cost.saved_usd)}",
                "href": "",
            }
        )
    return found


def show_programs(plan: Plan) -> list[Row]:
    """The generated texts: language (python, javascript, jsonl), name, text, and the commands that install and run it."""
    return [
        {
            "language": program.language,
            "name": program.name,
            "text": program.text,
            "install": _INSTALL.get(program.language, ""),
            "run": _RUN.get(program.language, ""),
        }
        for program in programs.generate(plan)
    ]


def command(asked: Scenario) -> str:
    """The command line that prints the same plan."""
    words = [f"--set {name}={_quoted(text)}" for name, text in texts.differing(asked)]
    return " ".join(["python -m planner plan", *words])


def sentence(plan: Plan) -> str:
    """The answer in one sentence."""
    work, goal = plan.scenario.workload, plan.scenario.goal
    costs, are = ("costs", "is") if work.requests == 1 else ("cost", "are")
    half = plan.cost.realtime_usd == 2 * plan.cost.batch_usd
    saving = (
        "half of the real-time price"
        if half
        else f"{money(plan.cost.saved_usd)} less than in real time"
    )
    return (
        f"{counted(work.requests, 'request')} to {plan.model.name} in {counted(len(plan.batches), 'batch', 'batches')} "
        f"{costs} {money(plan.cost.batch_usd)}, {saving}, and {are} {percent(goal.confidence)} likely to be done "
        f"{_within(plan, plan.confident_s)}."
    )


def _slots(plan: Plan, line: timeline.Timeline, percentile: str) -> dict[str, str]:
    forecast, asked = plan.forecast, plan.scenario
    shown = {
        "p50": "P50: half of the runs are faster",
        "p85": "P85: 85 % of the runs are as fast",
        "p95": "P95: 95 % of the runs are as fast",
    }
    return {
        "page.title": f"{counted(asked.workload.requests, 'request')} to {plan.model.name}: {money(plan.cost.batch_usd)}, {duration(plan.confident_s)}",
        "answer.sentence": sentence(plan),
        **_spread(forecast),
        "answer.changed": "",
        "batches.count": count(len(plan.batches)),
        "batches.size": _batch_sizes(plan),
        "batches.binding": _binding(plan),
        "time.p50": _time(plan, forecast.p50),
        "time.p85": _time(plan, forecast.p85),
        "time.p95": _time(plan, forecast.p95),
        "time.deadline": _deadline(plan),
        "time.expiry": _expiry(forecast.expiry_probability),
        "time.evidence": reasons.evidence(plan),
        "time.replications": f"{counted(forecast.replications, 'simulated run')}, seed {asked.forecast.seed}.",
        "cost.batch": money(plan.cost.batch_usd),
        "cost.realtime": money(plan.cost.realtime_usd),
        "cost.saved": money(plan.cost.saved_usd),
        "cost.note": _cost_note(plan),
        "requests.failed": count(plan.requests.failed_first_round),
        "requests.retried": count(plan.requests.retried),
        "requests.given_up": count(plan.requests.given_up),
        "requests.answered": count(plan.requests.answered),
        "requests.expired": share(forecast.expiry_probability),
        "answers.max_tokens": count(plan.answers.max_tokens),
        "answers.cut": share(plan.answers.share_cut),
        "retries.note": _retries(plan),
        "realtime.time": duration(plan.realtime.seconds) if plan.realtime else "not known",
        "queue.caption": f"{shown[percentile]}, done after {duration(line.makespan_s)}. It fades out to the end at P95, {duration(line.latest_s)}.",
        "queue.range": _range(line),
        "depth.caption": f"Requests in the queue; limit {count(plan.account.queue_requests)}.",
        "chance.caption": f"Shares of {counted(forecast.replications, 'simulated run')}; the time axis is a square-root scale.",
        "command": command(asked),
        "facts.checked": facts.checked_on(),
        **reasons.reasons(plan),
    }


def changes(asked: Scenario, changed: list[tuple[str, Any]]) -> str:
    """What was changed, in words: `changed` holds dotted names with their values before."""
    said = []
    for name, before in changed:
        entry, after = scenario.field(name), scenario.value_of(asked, name)
        said.append(f"{entry.label}: {entry.say(before)} → {entry.say(after)}")
    return f"Changed {'; '.join(said)}." if said else ""


# Answers


def _spread(forecast: Forecast) -> dict[str, str]:
    """What the sentence leaves out: how far the runs lie apart."""
    half, tail = duration(forecast.p50.makespan_s), duration(forecast.p95.makespan_s)
    if forecast.makespans_s[0] == forecast.makespans_s[-1]:
        return {
            "answer.half": "",
            "answer.tail": "All simulated runs take the same time, because nothing in them varies.",
        }
    if half == tail:
        return {"answer.half": "", "answer.tail": "Nearly all simulated runs take about as long."}
    return {
        "answer.half": f"Half of such runs take less than {half}.",
        "answer.tail": f"One in twenty takes more than {tail}.",
    }


def _within(plan: Plan, seconds: float) -> str:
    if plan.start:
        return f"by {clock(plan.start, seconds)}, within {duration(seconds)}"
    return f"within {duration(seconds)}"


def _time(plan: Plan, run: Run) -> str:
    at = clock(plan.start, run.makespan_s)
    return f"{duration(run.makespan_s)} ({at})" if at else duration(run.makespan_s)


def _batch_sizes(plan: Plan) -> str:
    sizes = [batch.requests for batch in plan.batches]
    first = "1 to prime the cache, then " if plan.primes else ""
    rest = sizes[1:] if plan.primes else sizes
    if len(rest) == 1:
        return f"{first}{counted(rest[0], 'request')}"
    if rest[0] == rest[-1]:
        return f"{first}{counted(rest[0], 'request')} each"
    return f"{first}{counted(rest[0], 'request')} each, the last {count(rest[-1])}"


def _binding(plan: Plan) -> str:
    if len(plan.batches) == 1 + plan.primes and plan.batches[-1].binding == "count":
        return "All fit into one batch."
    return f"Their size is set by {_BINDING[plan.batches[-1].binding]}."


def _expiry(chance: float) -> str:
    if not chance:
        return "In no simulated run does a batch reach its 24 h end."
    return f"In {share(chance)} of the runs a batch reaches its 24 h end."


def _deadline(plan: Plan) -> str:
    chance = plan.forecast.deadline_probability
    if chance is None:
        return "No deadline is set."
    makespans, runs = plan.forecast.makespans_s, plan.forecast.replications
    said = share(chance) if makespans[0] == makespans[-1] else share_of_runs(chance, runs)
    return f"{said[0].upper()}{said[1:]} likely to be done within {plain(plan.scenario.goal.deadline_h)} h."


def _cost_note(plan: Plan) -> str:
    notes = []
    if plan.scenario.pricing.bill_failed:
        notes.append(
            f"Counts all {counted(plan.requests.attempts, 'attempt')} as billed, though failed ones are not."
        )
    elif plan.requests.given_up:
        notes.append(f"Only the {counted(plan.requests.answered, 'answered request')} are billed.")
    else:
        notes.append("Failed attempts are not billed.")
    if plan.tariff.long_prompt:
        notes.append(
            f"Long-prompt price: above {plan.model.long_prompt_tokens:,} tokens the whole request is dearer."
        )
    if plan.tariff.factor != 1:
        notes.append(
            f"{plain(plan.tariff.factor)} times the price for processing in the United States."
        )
    if plan.caches:
        notes.append(f"{counted(plan.cache_reads, 'request')} read the cached prefix.")
    return " ".join(notes)


def _retries(plan: Plan) -> str:
    later = plan.rounds[1:]
    if not plan.requests.failed_first_round:
        return "No request is expected to fail."
    if not later:
        return "Nothing is tried again."
    waits = [duration(backoff_s(plan.scenario.retries, each.number)) for each in later]
    rounds = ", ".join(
        f"{count(each.sent)} after {wait}" for each, wait in zip(later, waits, strict=True)
    )
    return f"Tried again: {rounds}."


def _range(line: timeline.Timeline) -> str:
    first, last = line.rows[0].first, line.rows[-1].last
    if line.batches == 1:
        return "The only batch"
    if last - first + 1 == line.batches:
        return f"All {counted(line.batches, 'batch', 'batches')}"
    return f"Batches {count(first)} to {count(last)} of {count(line.batches)}"


# Rows


def _caveat(asked: Scenario, caveat: advice.Caveat) -> Row:
    return {
        "code": caveat.code,
        "severity": caveat.severity,
        "label": _SEVERITY[caveat.severity],
        "message": caveat.message,
        "fix_label": caveat.fix_label,
        "fix_href": _link(asked, caveat.fix) if caveat.fix else "",
    }


def _batch(row: timeline.Row, plan: Plan) -> Row:
    def at(seconds: float) -> str:
        moment = clock(plan.start, seconds)
        return f"{duration(seconds)} ({moment})" if moment else duration(seconds)

    return {
        "name": row.name,
        "round": f"retry {row.round}" if row.round else "first",
        "requests": count(row.requests),
        "bytes": size(row.bytes),
        "limit": row.binding,
        "start": at(row.submitted_s),
        "wait": duration(row.submitted_s - row.ready_s),
        "service": duration(row.ended_s - row.submitted_s),
        "end": at(row.ended_s),
        "latest": at(row.latest_s),
        "open": f"{row.first}-{row.last}" if row.folded else "",
    }


def _moments(line: timeline.Timeline) -> Iterator[Row]:
    starts = sorted(record.submitted_s for record in line.records)
    ends = sorted(record.ended_s for record in line.records)
    started = ended = 0
    for step in range(timeline.MOMENTS + 1):
        at_s = line.moment_s(step)
        while started < len(starts) and starts[started] <= at_s:
            started += 1
        while ended < len(ends) and ends[ended] <= at_s:
            ended += 1
        yield {
            "label": duration(at_s),
            "completed": count(ended),
            "processing": count(started - ended),
            "queued": count(len(starts) - started),
            "at": f"{at_s:.1f}",
        }


def _chances(plan: Plan) -> Iterator[Row]:
    for chance in (0.1, 0.25, 0.5, 0.75, 0.85, 0.9, 0.95, 0.99):
        seconds = plan.forecast.done_by(chance)
        yield {
            "chance": share(chance),
            "by": duration(seconds),
            "clock": clock(plan.start, seconds),
        }


def _cost_lines(plan: Plan) -> Iterator[Row]:
    for line in plan.cost.lines:
        yield {
            "kind": KINDS[line.kind],
            "tokens": count(line.tokens),
            "price": price(line.usd_per_mtok),
            "amount": money(line.usd),
        }
    yield {"kind": "Total", "tokens": "", "price": "", "amount": money(plan.cost.batch_usd)}


def _results(plan: Plan, run: Run) -> Iterator[Row]:
    """All result kinds that the provider has, after the first round and at the end of the shown run."""
    first, requests = plan.rounds[0], plan.requests
    expired = sum(record.expired for record in run.records if record.round == 0)
    lost = sum(
        record.expired for record in run.records if record.round == plan.scenario.retries.max
    )
    failed = first.failed_transient + first.failed_permanent
    yield {
        "kind": "Succeeded",
        "first": count(first.sent - failed),
        "final": count(requests.answered),
        "note": "billed",
    }
    yield {
        "kind": "Errored",
        "first": count(failed),
        "final": count(requests.given_up),
        "note": "not billed; transient ones are sent again",
    }
    yield {
        "kind": "Expired",
        "first": count(expired),
        "final": count(lost),
        "note": "in the run shown; not billed"
        + ("; sent again" if plan.scenario.retries.max else ""),
    }
    yield {"kind": "Canceled", "first": "0", "final": "0", "note": "only if you cancel; not billed"}


def _alternative(plan: Plan, alternative: neighbours.Alternative) -> Row:
    other = alternative.plan
    return {
        "change": alternative.label,
        "p85": duration(other.forecast.p85.makespan_s),
        "batch": money(other.cost.batch_usd),
        "difference": f"{_signed_time(other.forecast.p85.makespan_s - plan.forecast.p85.makespan_s)}, "
        f"{_signed_money(other.cost.batch_usd - plan.cost.batch_usd)}",
        "href": _link(plan.scenario, alternative.change),
    }


def _signed_time(seconds: float) -> str:
    if abs(seconds) < 30:
        return "same time"
    return f"{duration(abs(seconds))} {'later' if seconds > 0 else 'sooner'}"


def _signed_money(usd: Any) -> str:
    if usd == 0:
        return "same cost"
    return f"{money(abs(usd))} {'more' if usd > 0 else 'less'}"


# Links and commands


def _link(asked: Scenario, change: dict[str, Any]) -> str:
    return "#" + texts.write_query(scenario.replace(asked, change))


def _quoted(text: str) -> str:
    return f"'{text}'" if " " in text or ":" in text else text
