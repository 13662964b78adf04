"""Each promise of the programs, in each language, from one table."""

from collections.abc import Callable

import pytest

from tests.programs.cases import CASES, Case
from tests.programs.harness import Bench
from tests.programs.written import other


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_promise(case: Case, language: str, bench: Callable[..., Bench]) -> None:
    """What the case states, and the laws of every complete run."""
    there = bench(case.scenario)
    ids = [f"r{number}" for number in range(case.requests)]
    there.write(*ids)
    done = there.run(language, *case.flags.split())
    assert done.code == case.code, done.said
    for words in case.says:
        assert words.lower() in done.said.lower()
    if done.code == 3:
        assert "Stopped: " in done.said and "to go on: " in done.said
        assert "stop" in [event["event"] for event in there.lines("journal.jsonl")]
    if case.then is not None:
        # A run stopped by one program is finished by the other.
        done = there.run(other(language), *case.then.split())
        assert done.code == case.end, done.said
    there.is_complete(ids)
    assert there.given_up() == case.given_up
    if case.creates is not None:
        assert there.api.calls["create"] == case.creates
    if case.batches is not None:
        assert len(there.api.batches) == case.batches
    case.check(there)
