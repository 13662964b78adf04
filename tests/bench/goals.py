"""`python -m tests.bench.goals`: ten workloads with a deadline and a budget, by brute force.

Goes through the whole grid of models, caches, batch sizes, batches at once and shares in real time,
the cheapest first, and compares the first that meets the goal with the first way of the search. Exit code 1
where the search finds none though there is one, or one that costs more than 2 % above the best, or
where the first way does not hold when it is planned by itself.
"""

import argparse
import sys
from decimal import Decimal
from itertools import product
from typing import Any

from planner import facts, scenario
from planner.advice.ways import ways
from planner.errors import ScenarioError
from planner.model.account import account_of
from planner.plan import cost_of, make_plan
from planner.scenario import Scenario, parse

SLACK = Decimal("1.02")
SHARES = (0.0, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)
SIZES = (0, 500, 5000, 20_000, 100_000)
AT_ONCE = (0, 1, 4, 20)
CACHES = ({"caching.mode": "none"}, *({"caching.mode": mode, "caching.prime": prime} for mode in ("5m", "1h") for prime in (True, False)))  # fmt: skip
PREFIX = {"input_tokens": 9000, "output_tokens": 350, "shared_prefix_tokens": 8200}
OWN = {"model": "history", "history": [[1000, 600], [8150, 1200], [8150, 1345], [500, 412], [20_000, 4100], [3000, 900]]}  # fmt: skip

WORKLOADS: tuple[dict[str, dict[str, Any]], ...] = (
    {"workload": {"requests": 50_000}, "goal": {"deadline_h": 6, "budget_usd": 400}},
    {"workload": {"requests": 2_000_000, "input_tokens": 800, "output_tokens": 150}, "limits": {"tier": "build"}, "goal": {"deadline_h": 86, "budget_usd": 500}},
    {"workload": {"requests": 20_000, **PREFIX}, "goal": {"deadline_h": 3, "budget_usd": 300}},
    {"workload": {"requests": 200_000}, "goal": {"deadline_h": 1, "budget_usd": 30}},
    {"workload": {"requests": 10_000}, "goal": {"deadline_h": 0.75, "budget_usd": 60, "confidence": 0.95}},
    {"workload": {"requests": 60_000}, "duration": OWN, "goal": {"deadline_h": 2, "budget_usd": 500}},
    {"workload": {"requests": 30_000}, "batches": {"requests_per_batch": 30_000, "concurrent": 1}, "duration": {"model": "formula", "parallel_requests": 5}, "goal": {"deadline_h": 1, "budget_usd": 200}},
    {"workload": {"requests": 5000, "model": "claude-opus-5-5", **PREFIX}, "goal": {"deadline_h": 12, "budget_usd": 40}},
    {"workload": {"requests": 400_000, "input_tokens": 300, "output_tokens": 60}, "limits": {"queue_requests": 35_000}, "goal": {"deadline_h": 20, "budget_usd": 100}},
    {"workload": {"requests": 3000, "output_tokens": 12_000}, "limits": {"monthly_spend_usd": 150}, "goal": {"deadline_h": 2, "confidence": 0.9}},
)  # fmt: skip


def grid(asked: Scenario) -> list[tuple[Decimal, Scenario]]:
    """Every scenario of the grid that can be planned, with its price, the cheapest first."""
    models = [
        model.id
        for model in facts.models()
        if model.status == "active" and not model.limited_access
    ]
    caches = CACHES if asked.workload.shared_prefix_tokens else CACHES[:1]
    priced = []
    for model, cache, size, at_once, share in product(models, caches, SIZES, AT_ONCE, SHARES):
        cut = {
            "batches.requests_per_batch": size,
            "batches.concurrent": at_once,
            "batches.realtime_share": share,
        }
        try:
            some = scenario.replace(asked, {"workload.model": model, **cache, **cut})
        except ScenarioError:
            continue
        priced.append((cost_of(some).batch_usd, some))
    return sorted(priced, key=lambda pair: pair[0])


def meets(some: Scenario) -> bool:
    """Whether the plan of a scenario is in time; far misses are seen by few runs."""
    try:
        glance = make_plan(some, most_batches=1000).forecast.deadline_probability or 0
        if glance < some.goal.confidence - 0.15:
            return False
        return (make_plan(some).forecast.deadline_probability or 0) >= some.goal.confidence
    except ScenarioError:
        return False


def cheapest(asked: Scenario, below: Decimal | None) -> Decimal | None:
    """The price of the cheapest plan of the grid that meets the goal, if it is below a price."""
    goal, left = asked.goal, account_of(asked.limits).spend_left_usd
    limits = [usd for usd in (below, goal.budget_usd or None, left) if usd is not None]
    for usd, some in grid(asked):
        if limits and usd > min(limits):
            return None
        if meets(some):
            return usd
    return None


def judge(raw: dict[str, dict[str, Any]]) -> tuple[bool, str]:
    """Whether the search does as well as the grid, and both in words."""
    asked = parse(raw)
    first = ways(make_plan(asked))[0]
    if not first.meets:
        best = cheapest(asked, None)
        return best is None, f"search none, grid {best}"
    holds = first.realtime_share == 1 or meets(scenario.replace(asked, first.change))
    best = cheapest(asked, first.usd / SLACK)
    words = f"search {first.usd:.2f}, {first.label}; grid {'no' if best is None else f'{best:.2f}'} better"
    return holds and best is None, words if holds else f"{words}; it does not hold"


def main() -> int:
    """Judge them all, print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", type=int, help="the number of one workload, from 1")
    arguments = parser.parse_args()
    good = True
    for number, raw in enumerate(WORKLOADS, start=1):
        if arguments.only in (None, number):
            well, words = judge(raw)
            good &= well
            print(f"{number:3} {'good' if well else 'WORSE'} {words}", flush=True)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
