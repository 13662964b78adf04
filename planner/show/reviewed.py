"""Tell a person what became of a run."""

from collections.abc import Iterator

from planner.review.actual import Actual, History
from planner.review.duplicates import Finding
from planner.review.findings import findings_of
from planner.review.lessons import next_scenario
from planner.review.reading import Found
from planner.scenario import Scenario
from planner.show.changes import steps
from planner.show.links import command
from planner.words import count, counted, duration, money, share_of_runs

_MOST_ROWS = 20
_MOST_CHARS = 8000  # of a command that is printed


def report(found: Found, actual: Actual, history: History, base: Scenario) -> list[str]:
    """The report, line by line: what it took and cost, what looks wrong, what the next plan learns.

    `base` is the plan that learns.
    """
    return [
        *_summary(actual),
        *_against(actual),
        *(line for each in findings_of(found, actual) for line in _finding(each)),
        *_batches(actual),
        *_left_out(history),
        *_next_time(base, next_scenario(found, history, base)),
        *found.odd,
    ]


def _summary(actual: Actual) -> Iterator[str]:
    yield in_short(actual)
    if actual.reasons:
        each = ", ".join(f"{reason} {count(number)}" for reason, number in actual.reasons[:8])
        yield f"    Failed by class: {each}"


def in_short(actual: Actual) -> str:
    """What became of it, in one sentence."""
    state = "running" if actual.running else "ended"
    took = f" after {duration(actual.makespan_s)}" if actual.makespan_s is not None else ""
    batches = f"{counted(len(actual.own), 'batch', 'batches')}, {state}{took}: "
    paid = f"; {money(actual.usd)} paid" if actual.usd is not None else ""
    done = f"{count(actual.succeeded)} succeeded, {count(actual.given_up)} given up{paid}"
    return f"{batches if actual.own else ''}{done}"


def _against(actual: Actual) -> Iterator[str]:
    plan = actual.planned
    if plan is None:
        return
    yield (
        f"Planned: {duration(plan.forecast.p50.makespan_s)} at P50, "
        f"{duration(plan.forecast.p85.makespan_s)} at P85, {money(plan.cost.batch_usd)}"
    )
    if actual.place is not None:
        runs = plan.forecast.replications
        yield f"    Faster than {share_of_runs(1 - actual.place, runs)} of the simulated runs"


def _finding(finding: Finding) -> Iterator[str]:
    usd = f" ({money(finding.usd)})" if finding.usd else ""
    yield f"{finding.severity}: {finding.rule}{usd}: {finding.message}"
    yield f"    {finding.remedy}"


def _batches(actual: Actual) -> Iterator[str]:
    for batch in actual.own[:_MOST_ROWS]:
        took = "running" if batch.seconds is None else duration(batch.seconds)
        done = ", ".join(f"{number:,} {name}" for name, number in batch.counts.items() if number)
        yield f"{batch.id}  {batch.requests:,}  {batch.created_at}  {took}  {done}".rstrip()
    if len(actual.own) > _MOST_ROWS:
        yield f"and {counted(len(actual.own) - _MOST_ROWS, 'batch', 'batches')} more"


def _left_out(history: History) -> Iterator[str]:
    for batch_id, why in history.left_out[:_MOST_ROWS]:
        yield f"Left out of the history: {batch_id}, {why}"


def _next_time(base: Scenario, following: Scenario) -> Iterator[str]:
    told = steps(base, following)
    if told:
        yield "What to change next time:"
        yield from (f"    {step}" for step in told)
        words = command(following)
        yield f"    {words if len(words) <= _MOST_CHARS else 'The scenario is in what --json prints'}"
