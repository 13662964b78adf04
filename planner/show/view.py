"""Show a plan: every word, number and picture of the page, as plain JSON values.

`slots` are texts, `lists` are rows of texts, `charts` are SVG; their names are the `data-slot`,
`data-list` and `data-chart` of the HTML. Nothing is rounded before this floor and nothing is
computed after it.
"""

from collections.abc import Sequence
from typing import Any

from planner import facts
from planner.advice.caveats import caveats
from planner.advice.ways import Way
from planner.model.simulate import Run
from planner.plan import Plan
from planner.programs import EDITIONS, generate
from planner.show import assumptions, charts, outcome, rows
from planner.show import ways as table
from planner.show.chance import chance
from planner.show.comparison import choices
from planner.show.moments import MOMENTS, moments
from planner.show.names import named_after
from planner.show.picture import picture
from planner.show.rows import Cells
from planner.show.slots import slots
from planner.show.timeline import timeline_of
from planner.words import count


def show(
    plan: Plan, *, percentile: str = "p85", unfold: tuple[int, int] | None = None
) -> dict[str, Any]:
    """The page of a plan: `{"slots": {name: text}, "lists": {name: [row]}, "charts": {name: svg}}`.

    `percentile`, p50, p85 or p95, chooses the typical run that the queue shows; `unfold` picks
    batches FIRST to LAST of it, to unfold them. Other plans come apart, see `show_ways`.
    """
    forecast = plan.forecast
    run = _run(plan, percentile)
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
            "chance": chance(timeline, forecast),
        },
    }


def _run(plan: Plan, percentile: str) -> Run:
    forecast = plan.forecast
    return {"p50": forecast.p50, "p85": forecast.p85, "p95": forecast.p95}[percentile]


def show_picture(
    plan: Plan, *, percentile: str, unfold: tuple[int, int] | None, step: int, link: str
) -> dict[str, str]:
    """The run as a picture to be kept, and the name of its file: {"name", "svg"}.

    Seen as `show` has it, at a step of the slider, 0 to 100; `link` is the address that it names.
    """
    timeline = timeline_of(plan, _run(plan, percentile), unfold)
    step = min(max(step, 0), MOMENTS)
    drawn = picture(plan, timeline, percentile, step=step, link=link)
    return {"name": f"run-{named_after(plan)}", "svg": drawn}


def show_ways(
    plan: Plan, every: Sequence[Way], more: Sequence[Way] = (), *, others: Sequence[str] = ()
) -> dict[str, Any]:
    """The list `ways` of the page, its text to be copied, and the slot that says what is missing if
    none meets the goal; and the list `compare.ways`, which of them can be put beside the plan and
    `others`, the queries of those that stand there. `more` ways follow, one of each model that is not among them.

    They take as long as several plans, so the page asks for them when it has shown the plan.
    """
    missing = outcome.missing(plan, every)
    every = (*every, *more)
    slots = {"ways.note": missing, **table.texts(plan, every)}
    lists = {"ways": table.ways(plan, every), "compare.ways": choices(plan, every, others)}
    return {"slots": slots, "lists": lists, "charts": {}}


def show_programs(plan: Plan) -> list[Cells]:
    """The programs of the plan in all editions, as rows; their files are named after it."""
    return rows.programs(generate(plan, editions=[*EDITIONS]), named_after(plan))


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
