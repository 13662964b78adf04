"""Say which requests end without an answer: expired, given up, or without hope from the start."""

from collections.abc import Iterator

from planner import facts, scenario
from planner.advice.caveat import Caveat, Change
from planner.model.cut import RISKY_EXPIRY
from planner.model.simulate import RUN_BATCHES
from planner.plan import Plan
from planner.words import count, counted, plain, share


def _expiry(plan: Plan) -> Iterator[Caveat]:
    chance = plan.forecast.expiry_probability
    if chance < RISKY_EXPIRY:
        return
    fix, label = _free_cut(plan)
    hours = plain(float(facts.limit("expiry_h").value))
    yield Caveat(
        code="expiry-risk",
        severity="warns",
        message=(
            f"In {share(chance)} of the simulated runs a batch reaches its {hours} h end with "
            f"requests undone. They end unbilled{_afterwards(plan)}."
        ),
        fix=fix,
        fix_label=label,
    )


def _free_cut(plan: Plan) -> tuple[Change, str]:
    """The remedy of letting the planner cut, where the scenario asks for batches of a size."""
    if not plan.scenario.batches.requests_per_batch:
        return {}, ""
    return {"batches.requests_per_batch": 0, "batches.concurrent": 0}, "Let the planner cut"


def _afterwards(plan: Plan) -> str:
    planned = plan.rounds[0].failed_permanent + plan.rounds[-1].failed_transient
    lost = int(plan.forecast.mean_given_up - planned)
    if lost >= 1:
        return f"; on average {counted(lost, 'request')} more than planned stay unanswered"
    return " and are sent again" if plan.scenario.retries.max else ""


def _stopped(plan: Plan) -> Iterator[Caveat]:
    stopped = plan.forecast.stopped_share
    if stopped:
        yield Caveat(
            code="simulation-stopped",
            severity="warns",
            message=(
                f"In {share(stopped)} of the simulated runs so many batches are sent again that there "
                f"would be more than {count(RUN_BATCHES)}. The simulation stops there: such a run takes "
                "longer than is shown, and ends after every deadline."
            ),
        )


def _given_up(plan: Plan) -> Iterator[Caveat]:
    lost, retries = plan.rounds[-1].failed_transient, plan.scenario.retries.max
    if not lost:
        return
    better = _retries_for_all(plan)
    helps = better > retries
    yield Caveat(
        code="retries-too-few",
        severity="warns",
        message=(
            f"After {counted(retries, 'retry', 'retries')} about {counted(lost, 'request')} "
            "would still be unanswered and given up."
        ),
        fix={"retries.max": better} if helps else {},
        fix_label=f"Retry {counted(better, 'time')}" if helps else "",
    )


def _retries_for_all(plan: Plan) -> int:
    """How many retries leave less than half a request; as many as are allowed if none does."""
    left = plan.scenario.workload.requests * plan.scenario.retries.transient_rate
    retries, most = 0, scenario.field("retries.max").high
    while left >= 0.5 and retries < most:
        left *= plan.scenario.retries.transient_rate
        retries += 1
    return retries


def _permanent(plan: Plan) -> Iterator[Caveat]:
    lost = plan.rounds[0].failed_permanent
    if lost:
        yield Caveat(
            code="permanent-failures",
            severity="notes",
            message=(
                f"About {counted(lost, 'request')} can never succeed. Parameters are validated "
                "only after a batch has been made: try one request of each shape in real time "
                "first."
            ),
        )


RULES = (_expiry, _stopped, _given_up, _permanent)
