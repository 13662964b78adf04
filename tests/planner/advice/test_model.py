"""Models that are gone, going, closed, or not where they should be."""

import pytest

from planner import facts
from planner.advice.caveat import Caveat
from planner.advice.caveats import caveats
from planner.plan import make_plan
from planner.scenario import replace
from tests.planner.advice.examples import caveat_of, caveats_of, has, plan_of

SUCCESSOR = {"fix": {"workload.model": "claude-sonnet-5-5"}, "fix_label": "Use Claude Sonnet 5.5"}


def test_a_model_that_is_retired() -> None:
    """It blocks the run; the newest of the family takes over."""
    assert caveat_of("model-retired") == Caveat(
        code="model-retired",
        severity="blocks",
        message=(
            "Claude Sonnet 4 was retired on 2026-06-15: its requests fail. The plan shows what it "
            "cost."
        ),
        **SUCCESSOR,
    )


def test_a_model_whose_end_is_announced() -> None:
    """A warning, with the day."""
    assert caveat_of("model-retires-soon") == Caveat(
        code="model-retires-soon",
        severity="warns",
        message=(
            "Claude Sonnet 4.5 is deprecated and retires on 2026-11-30; requests fail from then on."
        ),
        **SUCCESSOR,
    )


def test_a_model_whose_end_is_not_known() -> None:
    """Mythos Preview is deprecated, and sources disagree on its end: a warning, no block."""
    raw = {"workload": {"model": "claude-mythos-preview"}}
    caveat = caveat_of("model-retires-soon", raw)
    assert (caveat.severity, caveat.fix) == ("warns", {"workload.model": "claude-mythos-5-2"})
    assert "sources disagree on when it ends" in caveat.message
    assert not has("model-retired", raw)


def test_a_model_that_retires_before_the_run() -> None:
    """On the day itself its requests fail: that blocks."""
    raw = {
        "workload": {"model": "claude-sonnet-4-5"},
        "goal": {"start_at": "2026-11-30T00:00+00:00"},
    }
    assert caveat_of("model-retired", raw) == Caveat(
        code="model-retired",
        severity="blocks",
        message=("Claude Sonnet 4.5 retired on 2026-11-30, before this run: its requests fail."),
        **SUCCESSOR,
    )


@pytest.mark.parametrize(
    ("start", "code", "severity"),
    [
        ("2026-09-30T12:00+00:00", None, None),
        ("2026-10-01T12:00+00:00", "model-retires-soon", "warns"),
        ("2026-11-29T12:00+00:00", "model-retires-soon", "warns"),
        ("2026-11-30T12:00+00:00", "model-retired", "blocks"),
        ("2026-12-01T12:00+00:00", "model-retired", "blocks"),
    ],
)
def test_edge_of_a_retirement(start: str, code: str | None, severity: str | None) -> None:
    """Sonnet 4.5 retires on 2026-11-30: said sixty days before; that day or later a run fails."""
    plan = plan_of({"workload": {"model": "claude-sonnet-4-5"}, "goal": {"start_at": start}})
    ends = [
        (caveat.code, caveat.severity)
        for caveat in caveats(plan)
        if caveat.code.startswith("model-reti")
    ]
    assert ends == ([(code, severity)] if code else [])


@pytest.mark.parametrize(
    ("start", "words"),
    [
        ("2026-10-15T12:00+00:00", "until 2026-10-15; it may"),
        ("2026-10-16T12:00+00:00", "until 2026-10-15, which is past; it may"),
    ],
)
def test_a_model_that_is_only_promised(start: str, words: str) -> None:
    """A promise that runs out is a note, not a warning; it holds on its last day."""
    raw = {"workload": {"model": "claude-haiku-4-5"}, "goal": {"start_at": start}}
    assert caveat_of("model-retires-soon", raw) == Caveat(
        code="model-retires-soon",
        severity="notes",
        message=f"Claude Haiku 4.5 is only promised {words} be retired at short notice.",
        fix={"workload.model": "claude-haiku-5-5"},
        fix_label="Use Claude Haiku 5.5",
    )


def test_a_model_that_is_young() -> None:
    """A model with a year to go has no caveat of its age."""
    assert not has("model-retires-soon", {})


def test_a_model_that_is_not_open_to_all() -> None:
    """The model next to it that is open to all is the remedy."""
    assert caveat_of("model-limited-access") == Caveat(
        code="model-limited-access",
        severity="warns",
        message="Claude Mythos 5.2 is open to verified organisations only.",
        fix={"workload.model": "claude-fable-5-2"},
        fix_label="Use Claude Fable 5.2",
    )


@pytest.mark.parametrize("model", facts.models(), ids=lambda model: model.id)
def test_who_may_use_a_model(model: facts.Model) -> None:
    """Only models of limited access have the caveat, and only while they are there."""
    closed = model.limited_access and model.status != "retired"
    assert has("model-limited-access", {"workload": {"model": model.id, "requests": 1}}) is closed


def test_a_model_that_cannot_be_bound_to_a_place() -> None:
    """Its requests fail, so that blocks; a newer one of the family can be bound."""
    assert caveat_of("geo-unsupported") == Caveat(
        code="geo-unsupported",
        severity="blocks",
        message=(
            "Claude Haiku 4.5 cannot be bound to the United States: requests with inference_geo "
            "fail."
        ),
        fix={"workload.model": "claude-haiku-5-5"},
        fix_label="Use Claude Haiku 5.5",
    )


def test_a_model_that_can_be_bound_to_a_place() -> None:
    """Newer models can, and older ones need not."""
    assert not has("geo-unsupported", {"pricing": {"geo": "us"}})
    assert not has("geo-unsupported", {"workload": {"model": "claude-haiku-4-5"}})


@pytest.mark.parametrize("model", facts.models(), ids=lambda model: model.id)
def test_every_successor_can_take_over(model: facts.Model) -> None:
    """The longest prompt and answer of an old model fit the one that is proposed instead."""
    answer = model.batch_max_output_tokens
    work = {
        "model": model.id,
        "output_tokens": answer,
        "input_tokens": min(model.context_tokens - answer, 1_000_000),
    }
    plan = plan_of({"workload": {**work, "requests": 10}, "limits": {"monthly_spend_usd": 10**8}})
    for code in ("model-retired", "model-retires-soon", "model-limited-access"):
        for caveat in caveats_of(plan, code):
            make_plan(replace(plan.scenario, caveat.fix))
