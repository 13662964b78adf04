"""Compare a plan with its neighbours: plans of the same scenario changed in one place."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from planner import facts, scenario
from planner.errors import ScenarioError
from planner.model.cost import cacheable
from planner.plan import Plan, make_plan
from planner.words import count

Change = dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Alternative:
    """The plan of a neighbouring scenario."""

    label: str
    change: Change
    plan: Plan


def alternatives(plan: Plan) -> tuple[Alternative, ...]:
    """Plans of neighbours: other batch sizes, more batches at once, other models, caching.

    Only those that can be planned and that differ in batches, time or cost.
    """
    found = []
    for label, change in _neighbours(plan):
        try:
            neighbour = make_plan(scenario.replace(plan.scenario, change))
        except ScenarioError:
            continue  # such as a prompt too long for the model
        if (neighbour.batches, neighbour.forecast, neighbour.cost) != (
            plan.batches,
            plan.forecast,
            plan.cost,
        ):
            found.append(Alternative(label=label, change=change, plan=neighbour))
    return tuple(found)


def _neighbours(plan: Plan) -> Iterator[tuple[str, Change]]:
    batch = max(batch.requests for batch in plan.batches)
    steps = scenario.field("batches.requests_per_batch").slider
    largest = int(facts.limit("batch_max_requests").value)
    smaller = max(
        (step for step in steps if step < batch and plan.scenario.workload.requests <= 1000 * step),
        default=0,
    )
    larger = min((step for step in steps if step > batch), default=0)
    if smaller:
        yield f"Batches of {count(smaller)}", {"batches.requests_per_batch": smaller}
    if larger and len(plan.batches) > 1 and plan.batches[-1].binding == "count":
        yield f"Batches of {count(larger)}", {"batches.requests_per_batch": larger}
        if larger != largest:
            yield f"Batches of {count(largest)}", {"batches.requests_per_batch": largest}
    at_once = plan.scenario.batches.concurrent
    if len(plan.batches) > at_once:
        more = min(100, len(plan.batches), 2 * at_once)
        yield f"{count(more)} batches at once", {"batches.concurrent": more}
    if at_once > 1 and len(plan.batches) > 1:
        yield "One batch at a time", {"batches.concurrent": 1}
    prefix = plan.scenario.workload.shared_prefix_tokens
    if cacheable(prefix, plan.model) and plan.scenario.caching.mode == "none":
        yield "Cache the shared prefix for 1 hour", {"caching.mode": "1h"}
    for model in _newest_of_each_family():
        if model.id != plan.model.id:
            yield model.name, {"workload.model": model.id}


def _newest_of_each_family() -> tuple[facts.Model, ...]:
    newest: dict[str, facts.Model] = {}
    for model in facts.models():
        if model.status == "active" and not model.limited_access:
            newest.setdefault(model.family, model)
    return tuple(sorted(newest.values(), key=lambda model: model.batch.output, reverse=True))
