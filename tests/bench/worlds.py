"""`python -m tests.bench.worlds`: how well the forecast keeps its word.

Prints four tables: *exact*, one size and one batch, histories of four laws; *worlds*, hidden laws
with related batches; *loop*, the same known by the journals of earlier runs alone; *public rows*, one
log left out at a time. With `--write` the last goes to
content/left-out.json, from which the method page shows it. `--stable` compares each scenario file
with so many runs.
"""

import argparse
import dataclasses
import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from statistics import mean, median
from unittest import mock

from planner import facts, plan
from planner.model import simulate
from planner.scenario import Scenario, parse, replace
from tests.hidden_worlds import (
    CLASSES,
    ROWS,
    Kept,
    bimodal,
    exact,
    gamma,
    judge,
    lognormal,
    weibull,
    worlds,
)
from tests.journal_loop import RUNS, Looped, loop
from tests.left_out import CHOICES, Score, score

ROOT = Path(__file__).resolve().parents[2]
LEFT_OUT = ROOT / "content" / "left-out.json"
LAWS = {
    "lognormal": partial(lognormal, 0.8),
    "weibull": partial(weibull, 1.2),
    "gamma": partial(gamma, 3),
    "bimodal": partial(bimodal, 0.2, 5),
}


def show_exact(histories: int) -> None:
    """The mean true chance of the times of a forecast: 0.50, 0.85, 0.95 if it is right."""
    for rows in (20, 5):
        for name, law in LAWS.items():
            p50, p85, p95 = exact(law, rows, histories, seed=rows)
            print(f"exact   {rows:3} rows {name:10} {p50:.3f} {p85:.3f} {p95:.3f}", flush=True)


def show_worlds(count: int, runs: int) -> None:
    """Shares of true runs that kept each time, and the width of the band against the truth's."""
    kept = [
        judge(world, ROWS[place // 4 % len(ROWS)], runs, seed=1000 + place)
        for place, world in enumerate(worlds(count, seed=1))
    ]
    for label, group in _groups(kept):
        shares = (mean(getattr(each, name) for each in group) for name in ("p50", "p85", "p95"))
        words = " ".join(f"{share:.3f}" for share in shares)
        width = median(each.width for each in group)
        print(f"worlds  {label:18} {words}  band {width:.2f}  n={len(group)}", flush=True)


def _groups(kept: list[Kept]) -> Iterator[tuple[str, list[Kept]]]:
    yield "all", kept
    for name in CLASSES:
        yield name, [each for each in kept if each.name == name]
    for rows in ROWS:
        yield f"{rows} rows", [each for each in kept if each.rows == rows]


def loops(count: int, runs: int) -> list[Looped]:
    """The loop of plan, run and review in so many hidden worlds."""
    return [
        loop(world, RUNS[place // 4 % len(RUNS)], runs, seed=5000 + place)
        for place, world in enumerate(worlds(count, seed=1))
    ]


def show_loop(count: int, runs: int) -> None:
    """Shares of true next runs that kept each time, by what the person had: runs, each reviewed."""
    kept = loops(count, runs)
    groups = [("all", kept), *((name, [e for e in kept if e.name == name]) for name in CLASSES)]
    groups += [(f"{number} runs", [e for e in kept if e.runs == number]) for number in RUNS]
    for label, group in groups:
        shares = (mean(getattr(each, name) for each in group) for name in ("p50", "p85", "p95"))
        words = " ".join(f"{share:.3f}" for share in shares)
        rows = mean(each.rows for each in group)
        print(f"loop    {label:18} {words}  rows {rows:.0f}  n={len(group)}", flush=True)


def show_public(*, write: bool) -> None:
    """Loss and shares met, for the planner's choice and others."""
    scores = [score(choice) for choice in CHOICES]
    for each in scores:
        print(
            f"public  {each.label:42} loss {each.loss:.3f} "
            f"met {each.p50:.3f} {each.p85:.3f} {each.p95:.3f}  logs {each.logs}"
        )
    if write:
        LEFT_OUT.write_text(_document(scores), "utf-8")


def _document(scores: list[Score]) -> str:
    rows = [
        {
            name: round(value, 4) if isinstance(value, float) else value
            for name, value in row.items()
        }
        for row in map(dataclasses.asdict, scores)
    ]
    about = {"about": "Written by tests/bench/worlds.py --write", "checked_on": facts.checked_on()}
    return json.dumps(about | {"choices": rows}, indent=1) + "\n"


def show_stable(runs: int) -> None:
    """How far P50, P85 and P95 of each scenario file are from those of many runs, in per cent."""
    for path in sorted((ROOT / "tests" / "scenarios").glob("*.json")):
        some = parse(json.loads(path.read_text("utf-8")))
        shown = _times(some)
        batches = len(plan.make_plan(some).batches)
        count = min(runs, 2_000_000 // batches)
        bounds = {"MOST_BATCHES": 10**9, "replications": lambda _, count=count: count}
        with mock.patch.multiple(simulate, **bounds):
            many = _times(replace(some, {"forecast.seed": 99}))
        off = " ".join(f"{100 * (a / b - 1):+6.1f}" for a, b in zip(shown, many, strict=True))
        print(f"stable  {path.stem:34} {off}  of {count:,} runs", flush=True)


def _times(some: Scenario) -> list[float]:
    forecast = plan.make_plan(some).forecast
    return [forecast.done_by(chance) for chance in (0.5, 0.85, 0.95)]


def main() -> None:
    """Print what is asked for; all but `--stable` by default."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--histories", type=int, default=400)
    parser.add_argument("--worlds", type=int, default=200)
    parser.add_argument("--runs", type=int, default=300)
    parser.add_argument("--stable", type=int, default=0, metavar="RUNS")
    parser.add_argument("--public", action="store_true", help="the public rows only")
    parser.add_argument("--write", action="store_true", help="write content/left-out.json")
    arguments = parser.parse_args()
    if arguments.stable:
        show_stable(arguments.stable)
        return
    if not arguments.public:
        show_exact(arguments.histories)
        show_worlds(arguments.worlds, arguments.runs)
        show_loop(arguments.worlds, arguments.runs)
    show_public(write=arguments.write)


if __name__ == "__main__":
    main()
