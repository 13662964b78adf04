"""The law of remedies, for one plan: shared by the tests, with few plans, and the bench, with many."""

from collections.abc import Iterator

from planner import scenario
from planner.advice.caveat import SEVERITIES, Caveat
from planner.advice.caveats import caveats
from planner.plan import Plan, make_plan

QUESTION = ("workload.requests", "workload.input_tokens", "workload.shared_prefix_tokens", "goal.", "limits.",
            "retries.transient_rate", "retries.permanent_rate")  # fmt: skip
SAID = 1.05


def broken(plan: Plan) -> Iterator[str]:
    """Which remedies of a plan break the law, and how."""
    before = caveats(plan)
    for caveat in before:
        if caveat.fix:
            mended = make_plan(scenario.replace(plan.scenario, caveat.fix))
            for fault in _faults(plan, mended, caveat, before, caveats(mended)):
                yield f"{caveat.code}: {fault}"


def _faults(
    plan: Plan,
    mended: Plan,
    caveat: Caveat,
    before: tuple[Caveat, ...],
    after: tuple[Caveat, ...],
) -> Iterator[str]:
    codes = {each.code for each in before}
    grave = SEVERITIES[: SEVERITIES.index(caveat.severity) + 1]
    if any(name.startswith(QUESTION) for name in caveat.fix):
        yield f"changes the question: {caveat.fix}"
    for each in after:
        if each.code == caveat.code:
            yield "stays"
        elif each.code not in codes and each.severity in grave:
            yield f"raises {each.code}"
        if each.fix and scenario.replace(mended.scenario, each.fix) == plan.scenario:
            yield f"is undone by {each.code}"
    if mended.cost.batch_usd > plan.cost.batch_usd * 105 / 100 and "more" not in caveat.fix_label:
        yield "is dearer without a word"
    if mended.confident_s > plan.confident_s * SAID and "later" not in caveat.fix_label:
        yield "is slower without a word"
