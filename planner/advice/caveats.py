"""Judge a plan: what stands in its way, and what would help.

A rule looks at the finished plan and yields a caveat or nothing. The rules of one topic are a
module; here they come together, and every remedy is tested.
"""

from dataclasses import replace

from planner.advice import account, answers, cache, evidence, failures, model, money, time
from planner.advice.caveat import SEVERITIES, Caveat
from planner.advice.remedies import with_remedies
from planner.plan import Plan

_BLOCKING = (*model.RULES, *money.RULES)
_RULES = (
    *_BLOCKING,
    *time.RULES,
    *answers.RULES,
    *cache.RULES,
    *failures.RULES,
    *account.RULES,
    *evidence.RULES,
)


def caveats(plan: Plan) -> tuple[Caveat, ...]:
    """All caveats of the plan, the gravest first; among equals in the order of the topics."""
    return with_remedies(plan, _judge(plan), _judge)


def blocking(plan: Plan) -> tuple[Caveat, ...]:
    """The caveats because of which the run would fail or stop, without their remedies."""
    every = (caveat for rule in _BLOCKING for caveat in rule(plan))
    return tuple(
        replace(caveat, fix={}, fix_label="") for caveat in every if caveat.severity == "blocks"
    )


def _judge(plan: Plan) -> tuple[Caveat, ...]:
    """The caveats with remedies that are not tested yet."""
    every = (caveat for rule in _RULES for caveat in rule(plan))
    return tuple(sorted(every, key=lambda caveat: SEVERITIES.index(caveat.severity)))
