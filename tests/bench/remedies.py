"""`python -m tests.bench.remedies`: the law of remedies over 2,000 random scenarios.

Exit code 1 if one breaks it. What is counted: remedies that are offered, by caveat, and those that
stay, raise another caveat as grave, lead back, or are dearer or slower without a word.
"""

import argparse
import sys
from collections import Counter

from hypothesis import HealthCheck, Phase, given, seed, settings

from planner.advice.caveats import caveats
from planner.plan import make_plan
from planner.scenario import Scenario, texts
from tests.laws import broken
from tests.strategies import scenarios


def main() -> int:
    """Ask them all, print the counts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenarios", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    offered: Counter[str] = Counter()
    faults: Counter[str] = Counter()

    @seed(arguments.seed)
    @settings(
        max_examples=arguments.scenarios, deadline=None, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(scenarios(most_batches=6))
    def ask(some: Scenario) -> None:
        plan = make_plan(some)
        offered.update(caveat.code for caveat in caveats(plan) if caveat.fix)
        for fault in broken(plan):
            faults[fault] += 1
            print(f"{fault}  #{texts.write_query(some)}", flush=True)

    ask()
    for code, number in offered.most_common():
        print(f"{number:6} {code}")
    print(
        f"{offered.total():6} remedies of {arguments.scenarios} scenarios, {faults.total()} break the law"
    )
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
