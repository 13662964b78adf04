"""Requests and files as the tests of `measure` want them."""

import json
from collections.abc import Iterable
from typing import Any

from planner.measure.measured import Measured
from planner.measure.measurement import Measurement
from planner.scenario import Scenario


def request(number: int = 1, prompt: object = "Name a town.", **params: Any) -> dict[str, Any]:
    """A whole request without faults, but for the params that are given; None leaves one out."""
    wanted = {
        "model": "claude-sonnet-5-5",
        "max_tokens": 500,
        "messages": [{"role": "user", "content": prompt}],
        **params,
    }
    kept = {name: value for name, value in wanted.items() if value is not None}
    return {"custom_id": f"request-{number}", "params": kept}


def lines_of(values: Iterable[object]) -> bytes:
    """JSON Lines."""
    return "".join(json.dumps(value) + "\n" for value in values).encode()


def measure(
    data: bytes, name: str = "requests.jsonl", piece: int = 1000, base: Scenario | None = None
) -> Measured:
    """What one file holds, fed in pieces."""
    measurement = Measurement(base)
    measurement.begin(name)
    for start in range(0, len(data), piece):
        measurement.feed(data[start : start + piece])
    measurement.end()
    return measurement.measured()


def rules_of(measured: Measured) -> list[tuple[int, str, str]]:
    """Line, rule and severity of each finding."""
    return [(each.line, each.rule, each.severity) for each in measured.findings.kept]
