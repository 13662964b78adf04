"""Test remedies: a remedy is one only if it removes its caveat, raises none that is as grave, and
leads to no plan that would send it back.

The remedy that stands the test says its price: what it costs more, and how much later the run is
done.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from decimal import Decimal

from planner import scenario
from planner.advice.caveat import SEVERITIES, Caveat
from planner.errors import ScenarioError
from planner.model import simulate
from planner.plan import Plan, make_plan
from planner.words import duration, money

Judge = Callable[[Plan], Sequence[Caveat]]

_WORTH_SAYING = 1.05  # a price or a time that grows by more is said
# a plan of more batches is large: to see what a remedy brings, fewer are simulated than for the plan
# itself; else as many, because other runs have other luck
_LARGE, _OF_LARGE_PLANS = 500, 20_000


def with_remedies(plan: Plan, caveats: Iterable[Caveat], judge: Judge) -> tuple[Caveat, ...]:
    """The caveats, each with its remedy if that is one; `judge` gives those of another plan."""
    before = tuple(caveats)
    return tuple(_tested(plan, caveat, before, judge) for caveat in before)


def _tested(plan: Plan, caveat: Caveat, before: Sequence[Caveat], judge: Judge) -> Caveat:
    if not caveat.fix:
        return caveat
    most = _OF_LARGE_PLANS if len(plan.batches) > _LARGE else simulate.MOST_BATCHES
    try:
        mended = make_plan(scenario.replace(plan.scenario, caveat.fix), most_batches=most)
    except ScenarioError:
        return replace(caveat, fix={}, fix_label="")
    if not _helps(caveat, before, judge(mended), plan, mended):
        return replace(caveat, fix={}, fix_label="")
    return replace(caveat, fix_label=caveat.fix_label + _price(plan, mended))


def _helps(
    caveat: Caveat, before: Sequence[Caveat], after: Sequence[Caveat], plan: Plan, mended: Plan
) -> bool:
    known = {each.code: SEVERITIES.index(each.severity) for each in before}
    rank = known[caveat.code]
    for each in after:
        grave = SEVERITIES.index(each.severity)
        new = grave < known.get(each.code, len(SEVERITIES))
        if each.code == caveat.code or (new and grave <= rank):
            return False
        if each.fix and _replaced(mended, each) == plan.scenario:
            return False
    return True


def _replaced(plan: Plan, caveat: Caveat) -> scenario.Scenario | None:
    try:
        return scenario.replace(plan.scenario, caveat.fix)
    except ScenarioError:
        return None


def _price(plan: Plan, mended: Plan) -> str:
    """What the remedy costs: ': $30 more, 2 h later'; nothing where neither grows much."""
    growth = []
    before, after = plan.cost.batch_usd, mended.cost.batch_usd
    if after > before * Decimal(str(_WORTH_SAYING)):
        growth.append(f"{money(after - before)} more")
    later_s = mended.confident_s - plan.confident_s
    if mended.confident_s > plan.confident_s * _WORTH_SAYING:
        growth.append(f"{duration(later_s)} later")
    return f" ({', '.join(growth)})" if growth else ""
