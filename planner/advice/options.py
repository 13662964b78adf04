"""List what can be changed in how a workload is sent: the model, its cache, the cut.

An option is a change of the scenario; whether it helps is for `ways` to find out.
"""

from decimal import Decimal

from planner import facts, scenario
from planner.advice.caveat import Change
from planner.errors import ScenarioError
from planner.model.cost import cacheable
from planner.plan import cost_of
from planner.scenario import Scenario

FREE_CUT: Change = {"batches.requests_per_batch": 0, "batches.concurrent": 0}
# The best of those that cost about the same comes first: none needs nothing, 1 h lives long enough,
# and only a primed cache is sure to be read.
_CACHES: tuple[Change, ...] = (
    {"caching.mode": "none"},
    {"caching.mode": "1h", "caching.prime": True},
    {"caching.mode": "5m", "caching.prime": True},
    {"caching.mode": "1h", "caching.prime": False},
    {"caching.mode": "5m", "caching.prime": False},
)
_ABOUT = Decimal("1.02")  # costs that differ by less are alike


def models(asked: Scenario, *, older: bool = False) -> tuple[Scenario, ...]:
    """The scenario itself, then with each current model that is open to anybody and that the workload
    fits, the cheapest first; with `older` those of before too that can still be had.
    """
    offered = ("active", "legacy") if older else ("active",)
    own = asked.workload.model
    others = (
        _with_model(asked, model)
        for model in facts.models()
        if model.status in offered and not model.limited_access and model.id != own
    )
    fitting = (other for other in others if other)
    return (asked, *sorted(fitting, key=lambda other: cost_of(other).batch_usd))


def caches(asked: Scenario) -> tuple[Scenario, ...]:
    """The scenario with each cache that its prefix allows, the cheapest first; those that cost
    about the least in the order of _CACHES.
    """
    work = asked.workload
    if not cacheable(work.shared_prefix_tokens, facts.model(work.model)):
        return (asked,)
    every = [scenario.replace(asked, change) for change in _CACHES]
    costs = [cost_of(each).batch_usd for each in every]
    about_least = min(costs) * _ABOUT
    places = sorted(range(len(every)), key=lambda place: (max(costs[place], about_least), place))
    return tuple(every[place] for place in places)


def _with_model(asked: Scenario, model: facts.Model) -> Scenario | None:
    """The scenario with another model; None where the workload does not fit it."""
    try:
        return scenario.replace(asked, {"workload.model": model.id})
    except ScenarioError:  # such as a prompt too long for it
        return None


def change_between(before: Scenario, after: Scenario) -> Change:
    """What leads from one scenario to the other."""
    names = scenario.changed(before, after)
    return {name: scenario.field(name).dump(scenario.value_of(after, name)) for name in names}
