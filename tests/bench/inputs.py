"""`python -m tests.bench.inputs`: 200,000 random inputs through every door; none may raise anything
but ScenarioError.

Forms, links, files and `--set` get what is right, nearly right, and anything at all. What is a
scenario comes back from its own link and file equal; one in a hundred is planned and shown. Prints
how many were what, and the first input that failed; exit code 1 then.
"""

import argparse
import json
import random
import sys
import traceback
from collections import Counter
from collections.abc import Callable
from typing import Any

from planner import bridge, scenario
from planner.errors import ScenarioError
from planner.scenario import FIELDS, Scenario, texts

PIECES = (
    *"0123456789.,_ :;%kKmMeE+-'\"xX\n\t\0&=#?/\\@é\u202f\u00a0\u0661\ud800\U0001f600",
    "1e4", "1e999", "-0", "NaN", "inf", "٣", "10,000", "1_000", "85 %", "48h", "2 million", "$500", "true", "null",
    "2026-11-22T22:00+01:00", "2026-02-30T22:00Z", "0001-01-01T00:00+23:59", "8150:1200", "9" * 400, "%ff", "%00", "__proto__",
)  # fmt: skip
NAMES = (*(field.name for field in FIELDS), "workload", "workload.", ".", "workload.requests.x", "")


def some_text(rng: random.Random) -> str:
    """A text that somebody might type, or nobody."""
    return "".join(rng.choice(PIECES) for _ in range(rng.choice((0, 1, 1, 2, 3, 8, 30))))


def right_text(rng: random.Random) -> tuple[str, str]:
    """A field with a text that its own bounds allow."""
    field = rng.choice(FIELDS)
    if field.choices:
        return field.name, rng.choice(field.choices)[0]
    if field.high > field.low and field.kind.control == "text":
        low, high = float(field.low), float(field.high)
        number = low + (high - low) * rng.random() ** 6
        return field.name, str(
            int(number)
        ) if field.kind.inputmode == "numeric" else f"{number:.6f}"
    return field.name, rng.choice(("true", "false", "", "8150:1200;1:1", "2026-11-22T22:00+01:00"))


def some_texts(rng: random.Random) -> dict[str, str]:
    """A form, or the settings of a command line."""
    right = dict(right_text(rng) for _ in range(rng.randrange(6)))
    wrong = {rng.choice(NAMES): some_text(rng) for _ in range(rng.choice((0, 0, 1, 3)))}
    return right | wrong


def some_query(rng: random.Random) -> str:
    """A link's query string, whole or mangled."""
    query = "&".join(f"{name}={text}" for name, text in some_texts(rng).items())
    if rng.random() < 0.3:
        place = rng.randrange(len(query) + 1)
        query = query[:place] + some_text(rng) + query[place + rng.randrange(4) :]
    return query


def some_value(rng: random.Random, depth: int = 3) -> Any:
    """Any JSON value."""
    plain: tuple[Callable[[], Any], ...] = (
        lambda: rng.choice((None, True, False, 0, 1, -1, 1.5, 1e308, float("nan"), float("inf"), 10**400, "", "1", [], {})),
        lambda: some_text(rng),
        lambda: rng.randrange(-10, 10**9),
        lambda: rng.uniform(-1, 1e6),
    )  # fmt: skip
    if depth and rng.random() < 0.2:
        return [some_value(rng, depth - 1) for _ in range(rng.randrange(4))]
    if depth and rng.random() < 0.2:
        return {some_text(rng): some_value(rng, depth - 1) for _ in range(rng.randrange(4))}
    return rng.choice(plain)()


def some_tree(rng: random.Random) -> Any:
    """The JSON of a scenario file, nearly right or anything at all."""
    if rng.random() < 0.1:
        return some_value(rng)
    tree: dict[str, Any] = {}
    for _ in range(rng.randrange(6)):
        group, _, key = rng.choice(NAMES).partition(".")
        inner = tree.setdefault(group, {}) if rng.random() < 0.95 else some_value(rng)
        if isinstance(inner, dict):
            inner[key] = some_value(rng)
    return tree


def read(rng: random.Random) -> Scenario:
    """One random input through one of the doors."""
    door = rng.randrange(4)
    if door == 0:
        return texts.read_texts(some_texts(rng))
    if door == 1:
        return texts.read_query(some_query(rng))
    if door == 2:
        return scenario.parse(some_tree(rng))
    document = json.dumps(some_tree(rng))
    cut = rng.randrange(len(document) + 1) if rng.random() < 0.2 else len(document)
    return texts.read_texts(some_texts(rng), texts.read_json(document[:cut]))


def check(rng: random.Random, seen: Counter[str]) -> None:
    """Read one input; what is a scenario comes back, and now and then is planned and shown."""
    try:
        some = read(rng)
    except ScenarioError as error:
        seen["problem"] += 1
        assert error.problems and all(problem.message for problem in error.problems)
        return
    seen["scenario"] += 1
    assert texts.read_query(texts.write_query(some)) == some
    assert texts.read_texts(texts.write_texts(some)) == some
    assert scenario.parse(json.loads(json.dumps(scenario.to_json(some)))) == some
    if rng.random() < 0.01:
        for want in ("plan", "ways", "programs", "json"):
            question = {"query": texts.write_query(some), "want": want, "before": some_query(rng)}
            json.loads(bridge.handle(json.dumps(question)))
        seen["planned"] += 1


def main() -> int:
    """Run, count, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    seen: Counter[str] = Counter()
    for number in range(arguments.inputs):
        try:
            check(random.Random(f"{arguments.seed}-{number}"), seen)
        except Exception:
            traceback.print_exc()
            print(f"input {number} of seed {arguments.seed} failed")
            return 1
    print(", ".join(f"{count:,} {what}" for what, count in sorted(seen.items())))
    return 0


if __name__ == "__main__":
    sys.exit(main())
