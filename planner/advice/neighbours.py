"""Compare a plan with its neighbours: plans of the same scenario changed in one place."""

from collections.abc import Iterator
from dataclasses import dataclass

from planner import facts, scenario
from planner.advice.caveat import Change
from planner.errors import ScenarioError
from planner.model.cost import cacheable
from planner.plan import Plan, make_plan
from planner.words import count

_MANY_BATCHES = 1000  # a neighbour of more is not worth the seconds that its forecast takes


@dataclass(frozen=True, kw_only=True, slots=True)
class Alternative:
    """The plan of a neighbouring scenario: `change` leads to it, `label` says it."""

    label: str
    change: Change
    plan: Plan


def alternatives(plan: Plan) -> tuple[Alternative, ...]:
    """Plans of neighbours: other batch sizes, more batches at once, caching, other models.

    Only those that can be planned and that differ in batches, time or cost.
    """
    return tuple(
        alternative
        for label, change in _neighbours(plan)
        if (alternative := _planned(plan, label, change)) and _differs(alternative.plan, plan)
    )


def _planned(plan: Plan, label: str, change: Change) -> Alternative | None:
    try:
        neighbour = make_plan(scenario.replace(plan.scenario, change))
    except ScenarioError:
        return None  # such as a prompt too long for the model
    return Alternative(label=label, change=change, plan=neighbour)


def _differs(neighbour: Plan, plan: Plan) -> bool:
    return (neighbour.batches, neighbour.forecast, neighbour.cost) != (
        plan.batches,
        plan.forecast,
        plan.cost,
    )


def _neighbours(plan: Plan) -> Iterator[tuple[str, Change]]:
    yield from _other_sizes(plan)
    yield from _other_numbers_at_once(plan)
    if _could_cache(plan):
        yield "Cache the shared prefix for 1 hour", {"caching.mode": "1h"}
    for model in _newest_of_each_family():
        if model.id != plan.model.id:
            yield model.name, {"workload.model": model.id}


def _other_sizes(plan: Plan) -> Iterator[tuple[str, Change]]:
    size, requests = plan.largest_batch.requests, plan.scenario.workload.requests
    sizes = scenario.field("batches.requests_per_batch").slider
    worth = [each for each in sizes if requests <= _MANY_BATCHES * each or each == sizes[-1]]
    smaller, larger = (
        [each for each in worth if each < size],
        [each for each in worth if each > size],
    )
    if smaller:
        yield _batches_of(smaller[-1])
    # where bytes or the queue bind, a wish for larger batches changes nothing
    if larger and len(plan.batches) > 1 and plan.batches[-1].binding == "count":
        yield from (_batches_of(each) for each in dict.fromkeys((larger[0], larger[-1])))


def _batches_of(requests: int) -> tuple[str, Change]:
    return f"Batches of {count(requests)}", {"batches.requests_per_batch": requests}


def _other_numbers_at_once(plan: Plan) -> Iterator[tuple[str, Change]]:
    batches, at_once = len(plan.batches), plan.scenario.batches.concurrent
    if batches > at_once:
        most = int(scenario.field("batches.concurrent").high)
        more = min(most, batches, 2 * at_once)
        yield f"{count(more)} batches at once", {"batches.concurrent": more}
    if at_once > 1 and batches > 1:
        yield "One batch at a time", {"batches.concurrent": 1}


def _could_cache(plan: Plan) -> bool:
    prefix = plan.scenario.workload.shared_prefix_tokens
    return plan.scenario.caching.mode == "none" and cacheable(prefix, plan.model)


def _newest_of_each_family() -> tuple[facts.Model, ...]:
    """The newest model that anybody may use of each family, the dearest first."""
    newest: dict[str, facts.Model] = {}
    for model in facts.models():  # newest first
        if model.status == "active" and not model.limited_access:
            newest.setdefault(model.family, model)
    return tuple(sorted(newest.values(), key=lambda model: model.batch.output, reverse=True))
