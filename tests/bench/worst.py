"""`python -m tests.bench.worst`: the scenario that is most work for the planner, within the bounds
of its fields.

Starts from scenarios that were slow once and from random ones, keeps the slowest, changes a field
or two, and again. The slowest few are then measured in processes of their own. Exit code 1 if one
takes longer than MOST_S for a plan, its view and its ways, or needs more than MOST_MB with
its JSON.
"""

import argparse
import json
import random
import resource
import subprocess
import sys
import time
from dataclasses import dataclass
from itertools import count
from typing import Any

from planner import bridge
from planner.errors import ScenarioError
from planner.scenario import FIELDS, Field, Scenario, texts
from planner.scenario.kinds import HISTORY, INTEGER, MONEY, SHARE, SPAN

MOST_S = 2.0
MOST_MB = 300

TINY = {"workload.input_tokens": "10", "workload.output_tokens": "10"}
ENDLESS = {
    "duration.model": "formula",
    "duration.seconds_per_request": "600",
    "duration.parallel_requests": "1",
}
TWENTY_THOUSAND = {"workload.requests": "10M", "batches.requests_per_batch": "500", **TINY}
LONG_HISTORY = ";".join(
    f"{1 + row * 7919 % 100_000}:{1 + row * 104_729 % 90_000}.25" for row in range(10_000)
)
KNOWN = (
    {**TWENTY_THOUSAND, **ENDLESS, "retries.max": "10"},
    {**TWENTY_THOUSAND, "retries.max": "10", "retries.transient_rate": "0.9", "batches.concurrent": "50"},
    {**TWENTY_THOUSAND, "batches.concurrent": "50", "limits.tier": "scale"},
    {**TINY, **ENDLESS, "workload.requests": "999k", "batches.requests_per_batch": "1000", "retries.max": "10"},
    {**TWENTY_THOUSAND, "retries.transient_rate": "0.9", "batches.concurrent": "50", "duration.history": LONG_HISTORY, "workload.input_tokens": "500", "workload.model": "claude-opus-4-7"},
    {"duration.model": "history", "duration.history": LONG_HISTORY, "goal.budget_usd": "1", "workload.requests": "10M", **TINY},
)  # fmt: skip
_SEEDS = count(2)

Texts = dict[str, str]


@dataclass(frozen=True, order=True)
class Case:
    """Seconds of work for a scenario, given by the texts of its fields."""

    seconds: float
    place: int
    fields: tuple[tuple[str, str], ...]


def some_text(field: Field, rng: random.Random) -> str:
    """A value within the bounds, the bounds themselves often, and small and large ones alike."""
    if field.kind in (INTEGER, SHARE, SPAN, MONEY):
        low, high = float(field.low), float(field.high)
        number = rng.choice(
            [
                low,
                high,
                low + (high - low) * rng.random(),
                low + (high - low + 1) ** rng.random() - 1,
            ]
        )
        return str(int(number)) if field.kind is INTEGER else f"{number:.4f}"
    if field.kind is HISTORY:
        return rng.choice(["", "8150:1200", LONG_HISTORY])
    if field.choices:
        return rng.choice(field.choices)[0]
    return rng.choice(["true", "false"]) if field.kind.control == "checkbox" else ""


def seconds(fields: Texts) -> float:
    """CPU time of a plan with its view and its ways; 0 where there is a problem instead."""
    start = time.process_time()
    for want in ("plan", "ways"):
        reply = json.loads(bridge.handle(json.dumps({"texts": fields, "want": want})))
        if "problems" in reply:
            return 0.0
    return time.process_time() - start


def search(tries: int, rng: random.Random) -> list[Case]:
    """The slowest scenarios, the slowest first."""
    worst: list[Case] = []
    for place in range(tries):
        if place < len(KNOWN):
            fields = dict(KNOWN[place])
        elif rng.random() < 0.3 or not worst:
            fields = {field.name: some_text(field, rng) for field in rng.sample(FIELDS, 12)}
        else:
            fields = dict(rng.choice(worst).fields)
        if place >= len(KNOWN):
            fields |= {
                field.name: some_text(field, rng) for field in rng.sample(FIELDS, rng.randint(1, 2))
            }
        fields["forecast.seed"] = str(next(_SEEDS))  # no answer from a cache
        worst.append(Case(seconds(fields), place, tuple(fields.items())))
        worst = sorted(worst, reverse=True)[:12]
    return worst


def measure(fields: Texts) -> dict[str, Any]:
    """Seconds of each answer, and the most memory, in a process of its own."""
    run = subprocess.run(
        [sys.executable, "-m", "tests.bench.worst", "--one"],
        input=json.dumps(fields),
        capture_output=True,
        text=True,
        check=True,
    )
    measured: dict[str, Any] = json.loads(run.stdout)
    return measured


def one() -> None:
    """Answer the scenario on standard input; print seconds and megabytes."""
    fields, taken = json.load(sys.stdin), {}
    for want in ("plan", "ways", "json"):
        start = time.process_time()
        bridge.handle(json.dumps({"texts": fields, "want": want}))
        taken[want] = time.process_time() - start
    taken["mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(taken))


def described(fields: Texts) -> str:
    """The link of the scenario, a long history in it shortened."""
    try:
        query = texts.write_query(texts.read_texts(fields))
    except ScenarioError:
        query = texts.write_query(Scenario())
    return "&".join(each if len(each) <= 100 else each[:99] + "…" for each in query.split("&"))


def main() -> int:
    """Search, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tries", type=int, default=400)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--one", action="store_true", help="measure the scenario on standard input")
    arguments = parser.parse_args()
    if arguments.one:
        one()
        return 0
    print("   plan  ways   json     MB")
    too_much = False
    known = [dict(fields) for fields in KNOWN]
    slowest = [dict(case.fields) for case in search(arguments.tries, random.Random(arguments.seed))]
    for fields in (*known, *slowest[:5]):
        took = measure(fields)
        over = took["plan"] + took["ways"] > MOST_S or took["mb"] > MOST_MB
        too_much |= over
        print(
            f"{took['plan']:7.2f} {took['ways']:13.2f} {took['json']:6.2f} {took['mb']:6.0f} {'OVER' if over else '    '} {described(fields)}",
            flush=True,
        )
    return 1 if too_much else 0


if __name__ == "__main__":
    sys.exit(main())
