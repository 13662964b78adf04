"""Runs are recalled for the same question, and for another model where its speed changes nothing."""

from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner import scenario
from planner.model import recall, simulate
from planner.model.durations import observed
from planner.model.simulate import Rules, Run
from planner.plan import make_plan
from planner.scenario import Scenario, parse
from tests.planner.model.test_simulate import AT_ONCE, rules
from tests.strategies import scenarios

MODELS = ("claude-haiku-5-5", "claude-sonnet-5-5", "claude-opus-5-5", "claude-fable-5-2")


@pytest.fixture(autouse=True)
def empty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is known of other tests' runs."""
    forget(monkeypatch)


def forget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recall, "_kept", deque(maxlen=recall._kept.maxlen))


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The seeds of all that is simulated."""
    seeds, simulate = list[int](), recall.simulate

    def count(*question: Any, runs: int, seed: int) -> tuple[Run, ...]:
        seeds.append(seed)
        return simulate(*question, runs=runs, seed=seed)

    monkeypatch.setattr(recall, "simulate", count)
    return seeds


def asked(model: str) -> Scenario:
    workload = {"model": model, "requests": 50_000, "output_tokens": 100}
    return parse({"workload": workload, "batches": {"requests_per_batch": 5000, "concurrent": 2}})


def test_models_of_one_pace_share_runs(counted: list[int]) -> None:
    """Where each batch takes longer than its longest answer, whoever writes it."""
    one, other = (make_plan(asked(model)) for model in ("claude-sonnet-5-5", "claude-haiku-5-5"))
    assert one.forecast.runs is other.forecast.runs
    assert len(counted) == 1


def test_models_of_another_pace_have_runs_of_their_own(counted: list[int]) -> None:
    """They are as slow as batches of their family were."""
    one, other = (make_plan(asked(model)) for model in ("claude-sonnet-5-5", "claude-opus-5-5"))
    assert one.forecast.p50.makespan_s < other.forecast.p50.makespan_s
    assert len(counted) == 2


@pytest.mark.parametrize("order", [1, -1])
def test_a_model_whose_answers_take_longer_has_runs_of_its_own(
    counted: list[int], order: int
) -> None:
    """Whether the quicker or the slower one was asked for first."""
    times_s = {}
    for writing in (AT_ONCE, replace(AT_ONCE, tokens_per_s=1e-6))[::order]:
        some = replace(rules(), writing=writing)
        (run, _) = recall.simulated(((10,),), observed(), some, runs=2, seed=1)
        times_s[writing.tokens_per_s] = run.makespan_s
    assert times_s[1e-6] > times_s[AT_ONCE.tokens_per_s]
    assert len(counted) == 2


def in_seconds(longest_s: float) -> Rules:
    """Rules by which the longest answer of a batch of ten takes so long."""
    speed = AT_ONCE.tokens_per_s * AT_ONCE.longest_s(10) / longest_s
    return replace(rules(), writing=replace(AT_ONCE, tokens_per_s=speed))


def test_answers_that_end_a_moment_before_their_batch(counted: list[int]) -> None:
    """They change nothing; one that ends with its batch may be what it waited for."""
    runs = recall.simulated(((10,),), observed(), rules(), runs=2, seed=1)
    shortest_s = min(seconds for run in runs for _, seconds in run.records.times_s())
    before = recall.simulated(((10,),), observed(), in_seconds(shortest_s - 0.1), runs=2, seed=1)
    assert before is runs
    for rules_of in (in_seconds(50_000), rules()):
        recall.simulated(((10,),), observed(), rules_of, runs=2, seed=2)
    assert len(counted) == 3


def test_what_was_used_is_kept_once(counted: list[int]) -> None:
    """However often a question is asked, it takes the room of one; the one used longest ago goes."""
    most = recall._kept.maxlen or 0

    def ask(*seeds: int) -> int:
        before = len(counted)
        for seed in seeds:
            recall.simulated(((10,),), observed(), rules(), runs=2, seed=seed)
        return len(counted) - before

    assert ask(*range(most)) == most
    assert ask(most - 1, most - 1, 0) == 0
    assert ask(most) == 1
    assert ask(0) == 0
    assert ask(1) == 1


def test_the_least_runs_are_those_to_which_more_were_cut(
    counted: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of work that is too much, fewer runs than the least are none, and other numbers are other runs."""
    monkeypatch.setattr(simulate, "MOST_BATCHES", 1)
    asked = [
        recall.simulated(((10,),), observed(), rules(), runs=runs, seed=1) for runs in (3, 2, 4, 1)
    ]
    assert [len(runs) for runs in asked] == [2, 2, 2, 1]
    assert asked[1] is asked[0]
    assert asked[1] == simulate.simulate(((10,),), observed(), rules(), runs=2, seed=1)
    assert len(counted) == 3


@given(scenarios(most_batches=5), st.permutations(MODELS))
@settings(max_examples=10)
def test_what_is_recalled_is_what_would_be_simulated(
    asked: Scenario, models: Sequence[str]
) -> None:
    """To the last digit, whichever model was asked for before."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        forget(monkeypatch)
        one, other = (
            scenario.replace(asked, {"workload.model": model, "workload.max_tokens": 0})
            for model in models[:2]
        )
        make_plan(one)
        known = make_plan(other).forecast.runs
        forget(monkeypatch)
        assert make_plan(other).forecast.runs == known


def test_the_last_used_are_kept(counted: list[int]) -> None:
    """Of thirteen questions the one that was asked for longest ago is simulated again."""
    room = recall._kept.maxlen
    assert room
    for seed in (*range(room), 0, room, 0, 1):
        recall.simulated(((10,),), observed(), rules(), runs=2, seed=seed)
    assert counted == [*range(room), room, 1]


@pytest.mark.parametrize(
    "change", [{"runs": 3}, {"seed": 2}, {"concurrent": 2}, {"stages": ((11,),)}]
)
def test_another_question_has_runs_of_its_own(counted: list[int], change: dict[str, Any]) -> None:
    """Other batches, rules, numbers of runs or another seed."""
    question = {"stages": ((10,),), "concurrent": 1, "runs": 2, "seed": 1}
    for each in (question, question | change, question):
        recall.simulated(
            each["stages"],
            observed(),
            rules(concurrent=each["concurrent"]),
            runs=each["runs"],
            seed=each["seed"],
        )
    assert len(counted) == 2
