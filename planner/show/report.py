"""Report a plan on a terminal: the sentence first, then caveats, ways, numbers, costs, queue."""

from collections.abc import Iterator, Sequence

from planner.advice.caveat import Caveat
from planner.advice.ways import Way
from planner.plan import Plan
from planner.show import outcome, rows
from planner.show import ways as ways_table
from planner.show.slots import slots as slots_of
from planner.show.table import table
from planner.show.timeline import timeline_of
from planner.words import percent

_COST = {"kind": "Cost", "tokens": "Tokens", "price": "per million", "amount": "Amount"}
_WAYS = {"label": "Ways to do it", "time": "", "cost": "Cost", "difference": "Beside this plan"}
_QUEUE = {
    "requests": "Requests",
    "bytes": "Bytes",
    "start": "Sent",
    "end": "Done",
    "latest": "At P95",
}


def report(plan: Plan, caveats: Sequence[Caveat], ways: Sequence[Way]) -> str:
    """The report of a plan, its caveats and its ways, without a line's end after the last line."""
    timeline = timeline_of(plan, plan.forecast.p85)
    slots = slots_of(plan, timeline, "p85")
    queue = {"name": f"Queue at P85: {slots['queue.range']}", **_QUEUE}
    lines = (
        slots["answer.sentence"],
        *filter(None, (slots["answer.verdict"],)),
        " ".join(filter(None, (slots["answer.half"], slots["answer.tail"]))),
        "",
        *_caveats(plan, caveats),
        "",
        *_ways(plan, ways),
        "",
        *(f"{name:<17}{text}" for name, text in _numbers(plan, slots)),
        "",
        *table(_COST, rows.cost_lines(plan)),
        "",
        *table(queue, rows.batches(plan, timeline)),
    )
    return "\n".join(lines)


def _caveats(plan: Plan, caveats: Sequence[Caveat]) -> Iterator[str]:
    for caveat, row in zip(caveats, rows.caveats(plan.scenario, caveats), strict=True):
        yield f"{row['label']}: {caveat.message}"
        if caveat.fix:
            settings = " ".join(f"--set {name}={value}" for name, value in caveat.fix.items())
            yield f"    {caveat.fix_label}: {settings}"


def _ways(plan: Plan, ways: Sequence[Way]) -> Iterator[str]:
    heads = dict(_WAYS, time=f"{percent(plan.scenario.goal.confidence)} sure within")
    if plan.scenario.goal.deadline_s:
        heads = {"label": heads.pop("label"), "chance": "In time", **heads}
    shown = [
        cells
        | {
            "label": f"{cells['mark']} {cells['label']}",
            "difference": "; ".join(filter(None, (cells["difference"], cells["note"]))),
        }
        for cells in ways_table.ways(plan, ways)
    ]
    yield from table(heads, shown)
    yield from filter(None, (outcome.missing(plan, ways),))


def _numbers(plan: Plan, slots: dict[str, str]) -> Iterator[tuple[str, str]]:
    at_best = f", at best in {slots['realtime.time']}" if plan.realtime else ""
    yield "Batches", f"{slots['batches.count']} ({slots['batches.size']})"
    yield "P50 / P85 / P95", f"{slots['time.p50']} / {slots['time.p85']} / {slots['time.p95']}"
    yield "Batch cost", slots["cost.batch"]
    yield "Real-time cost", slots["cost.realtime"] + at_best
    yield "Saved", slots["cost.saved"]
    yield "Failed at first", slots["requests.failed"]
    yield "Given up", slots["requests.given_up"]
    yield "max_tokens", f"{slots['answers.max_tokens']} (cuts off {slots['answers.cut']})"
