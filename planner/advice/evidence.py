"""Say how little the forecast of the time rests on."""

from collections.abc import Iterator, Sequence

from planner import facts
from planner.advice.caveat import Caveat, Change
from planner.model.history import LeftOut, left_out
from planner.plan import Plan
from planner.words import count, counted

_PUBLIC: Change = {"duration.model": "observed"}
_PUBLIC_LABEL = "Use public observations"
_OWN_SAY_MORE = " Your own batches say more: choose “My own batches” once you have some."
_LARGE_BATCH = 1000  # requests; public observations of such batches are counted
_SMALL_BATCH = 200  # requests; the many public observations of small batches speak for these
_FEW_SAMPLES = 10
_NAMED = 5  # rows that are named; of more their number is enough
_LONG_HISTORY = 500  # rows, about 8,000 characters


def _evidence(plan: Plan) -> Iterator[Caveat]:
    yield from _BY_MODEL[plan.scenario.duration.model](plan)
    yield from _unused(plan)


def _unused(plan: Plan) -> Iterator[Caveat]:
    duration = plan.scenario.duration
    if duration.history and duration.model != "history":
        yield Caveat(
            code="history-unused",
            severity="notes",
            message=(
                f"{counted(len(duration.history), 'batch', 'batches')} of your own "
                f"{'has' if len(duration.history) == 1 else 'have'} no part in the time: choose "
                "“My own batches” to judge by them."
            ),
            fix={"duration.model": "history"},
            fix_label="Use my own batches",
        )


def _observed(plan: Plan) -> Iterator[Caveat]:
    large = sum(row.used and (row.requests or 0) >= _LARGE_BATCH for row in facts.observations())
    if plan.largest_batch.requests > _SMALL_BATCH:
        yield Caveat(
            code="evidence-thin",
            severity="notes",
            message=(
                f"The time rests on {plan.durations.samples} public observations; only {large} of "
                f"them had {count(_LARGE_BATCH)} requests or more."
                + ("" if plan.scenario.duration.history else _OWN_SAY_MORE)
            ),
        )


def _guide(_: Plan) -> Iterator[Caveat]:
    yield Caveat(
        code="guide-unsupported",
        severity="warns",
        message=(
            "No measurement supports this table of durations; it is kept so that old plans can be "
            "compared."
        ),
        fix=_PUBLIC,
        fix_label=_PUBLIC_LABEL,
    )


def _formula(_: Plan) -> Iterator[Caveat]:
    yield Caveat(
        code="formula-assumed",
        severity="notes",
        message=(
            "The formula knows no slow hours: it says one time, with no chance of being later."
        ),
    )


def _history(plan: Plan) -> Iterator[Caveat]:
    rows = plan.scenario.duration.history
    out = left_out(rows)
    used = len(rows) - len(out)
    if used < _FEW_SAMPLES:
        yield Caveat(
            code="history-short",
            severity="notes",
            message=(
                f"{counted(used, 'batch', 'batches')} of your own {'says' if used == 1 else 'say'} "
                f"little about bad days.{_bound(used)}"
            ),
        )
    if out:
        yield Caveat(code="history-left-out", severity="notes", message=_left_out(out))


def _bound(rows: int) -> str:
    """What the slowest row bounds: the next batch is as likely to be any in the order."""
    if not rows:
        return " The public ones are used."
    return f" From {counted(rows, 'row')} the slowest bounds {counted(rows, 'run')} in {count(rows + 1)}."


def _left_out(out: Sequence[LeftOut]) -> str:
    """Which rows, and why."""
    reasons = {
        "expired": "longer than the 24 h that a batch may live",
        "cancelled": "over sooner than any batch that was worked on: cancelled, or mistyped",
    }
    told = []
    for why, words in reasons.items():
        numbers = [count(left.row) for left in out if left.why == why]
        if numbers:
            more = f" and {count(len(numbers) - _NAMED)} more" if len(numbers) > _NAMED else ""
            named = ", ".join(numbers[:_NAMED])
            told.append(f"{'row' if len(numbers) == 1 else 'rows'} {named}{more} ({words})")
    return f"Not counted in your history: {'; '.join(told)}."


_BY_MODEL = {"observed": _observed, "guide": _guide, "formula": _formula, "history": _history}


def _long_link(plan: Plan) -> Iterator[Caveat]:
    rows = len(plan.scenario.duration.history)
    if rows > _LONG_HISTORY:
        yield Caveat(
            code="history-link-long",
            severity="notes",
            message=(
                f"A link with {count(rows)} rows of history is longer than many chats accept; "
                "keep them in a scenario file too."
            ),
        )


RULES = (_evidence, _long_link)
