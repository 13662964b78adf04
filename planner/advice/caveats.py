"""Judge a plan: what stands in its way, and what would help.

A rule looks at the finished plan and yields a caveat or nothing. The rules of one topic are a
module; here they come together.
"""

from planner.advice import account, answers, cache, evidence, failures, model, money, time
from planner.advice.caveat import SEVERITIES, Caveat
from planner.plan import Plan

_RULES = (
    *model.RULES,
    *money.RULES,
    *time.RULES,
    *answers.RULES,
    *cache.RULES,
    *failures.RULES,
    *account.RULES,
    *evidence.RULES,
)


def caveats(plan: Plan) -> tuple[Caveat, ...]:
    """All caveats of the plan, the gravest first; among equals in the order of the topics."""
    every = (caveat for rule in _RULES for caveat in rule(plan))
    return tuple(sorted(every, key=lambda caveat: SEVERITIES.index(caveat.severity)))
