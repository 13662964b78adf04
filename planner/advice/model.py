"""Say whether the model can be used at all: its age, who may use it, where it runs."""

from collections.abc import Iterator
from datetime import date

from planner import facts
from planner.advice.caveat import Caveat
from planner.plan import Plan

_SOON_DAYS = 60  # an end of service this near is worth a word


def _retired(plan: Plan) -> Iterator[Caveat]:
    if plan.model.status == "retired":
        yield _with_successor(
            plan.model,
            code="model-retired",
            severity="blocks",
            message=(
                f"{plan.model.name} was retired on {plan.model.retires_on}: its requests fail. "
                "The plan shows what it cost."
            ),
        )


def _retires_soon(plan: Plan) -> Iterator[Caveat]:
    model = plan.model
    if model.status == "retired" or facts.successor(model).id == model.id:
        return
    if model.status == "deprecated" and model.retires_on is None:
        yield _end_unknown(model)
    today = plan.start.date() if plan.start else date.fromisoformat(facts.checked_on())
    end = model.retires_on or model.retires_not_before
    if end and (date.fromisoformat(end) - today).days <= _SOON_DAYS:
        judge = _end_announced if model.retires_on else _end_possible
        yield judge(model, end, today)


def _end_unknown(model: facts.Model) -> Caveat:
    return _with_successor(
        model,
        code="model-retires-soon",
        severity="warns",
        message=(
            f"{model.name} is deprecated, and sources disagree on when it ends; "
            "its requests may fail any day."
        ),
    )


def _end_announced(model: facts.Model, end: str, today: date) -> Caveat:
    # requests fail on the very day of the end
    if date.fromisoformat(end) <= today:
        return _with_successor(
            model,
            code="model-retired",
            severity="blocks",
            message=f"{model.name} retired on {end}, before this run: its requests fail.",
        )
    return _with_successor(
        model,
        code="model-retires-soon",
        severity="warns",
        message=f"{model.name} is deprecated and retires on {end}; requests fail from then on.",
    )


def _end_possible(model: facts.Model, end: str, today: date) -> Caveat:
    # a promise still holds on its last day
    past = ", which is past" if date.fromisoformat(end) < today else ""
    return _with_successor(
        model,
        code="model-retires-soon",
        severity="notes",
        message=(
            f"{model.name} is only promised until {end}{past}; it may be retired at short notice."
        ),
    )


def _with_successor(model: facts.Model, *, code: str, severity: str, message: str) -> Caveat:
    """A caveat whose remedy is the model that takes over."""
    newer = facts.successor(model)
    return Caveat(
        code=code,
        severity=severity,
        message=message,
        fix={"workload.model": newer.id},
        fix_label=f"Use {newer.name}",
    )


def _limited_access(plan: Plan) -> Iterator[Caveat]:
    if plan.model.limited_access and plan.model.status != "retired":
        # the family closest to the models of limited access that anybody may use
        public = next(
            model
            for model in facts.models()
            if model.status == "active" and model.family == "fable"
        )
        yield Caveat(
            code="model-limited-access",
            severity="warns",
            message=f"{plan.model.name} is open to verified organisations only.",
            fix={"workload.model": public.id},
            fix_label=f"Use {public.name}",
        )


def _geo(plan: Plan) -> Iterator[Caveat]:
    if plan.scenario.pricing.geo == "us" and plan.model.us_multiplier is None:
        newer = _bound_to_the_us(plan.model)
        yield Caveat(
            code="geo-unsupported",
            severity="blocks",
            message=(
                f"{plan.model.name} cannot be bound to the United States: "
                "requests with inference_geo fail."
            ),
            fix={"workload.model": newer.id} if newer else {},
            fix_label=f"Use {newer.name}" if newer else "",
        )


def _bound_to_the_us(model: facts.Model) -> facts.Model | None:
    """The newest model of the family that can be, and that anybody may use."""
    return next(
        (
            newer
            for newer in facts.models()
            if newer.family == model.family
            and newer.us_multiplier is not None
            and newer.status == "active"
            and not newer.limited_access
        ),
        None,
    )


RULES = (_retired, _retires_soon, _limited_access, _geo)
