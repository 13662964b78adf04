"""Show what became of a run, on the page: `reviewed.*` slots and lists, and the chart `actual`."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from planner.review.actual import Actual, History
from planner.review.batches import Batch
from planner.review.duplicates import Finding
from planner.review.findings import findings_of
from planner.review.reading import Found
from planner.review.standing import Standing, standing_of
from planner.scenario import Scenario
from planner.show.changes import steps
from planner.show.reviewed import in_short
from planner.show.rows import Cells
from planner.show.run_chart import run_chart
from planner.words import count, counted, deadline, duration, money, share, share_of_runs

_MOST_ROWS = 200
_SEVERITY = {
    "error": ("blocks", "Error"),
    "warning": ("warns", "Warning"),
    "note": ("notes", "Note"),
}


def view_of(found: Found, actual: Actual, history: History) -> dict[str, Any]:
    """The part of the page: `{"slots", "lists", "charts"}`."""
    standing = standing_of(found, actual)
    return {
        "slots": {
            "reviewed.sentence": in_short(actual),
            "reviewed.place": _place(actual),
            "reviewed.cost": _cost(actual),
            "reviewed.standing": " ".join(_standing(standing)) if standing else "",
            "reviewed.deadline": _chance(standing, actual) if standing else "",
            "reviewed.learnt": _learnt(history),
            "reviewed.more": _more(len(actual.own)),
        },
        "lists": {
            "reviewed.findings": [_finding(each) for each in findings_of(found, actual)],
            "reviewed.batches": [_batch(each) for each in actual.own[:_MOST_ROWS]],
            "reviewed.failures": _failures(actual),
            "reviewed.left_out": [
                {"text": f"{batch_id}: {why}"} for batch_id, why in history.left_out[:_MOST_ROWS]
            ],
            "reviewed.odd": [{"text": text} for text in found.odd[:_MOST_ROWS]],
        },
        "charts": {"actual": run_chart(actual)},
    }


def changes_of(base: Scenario, following: Scenario) -> list[Cells]:
    """What the next plan does otherwise, a row for each field."""
    return [{"text": step} for step in steps(base, following)]


def _place(actual: Actual) -> str:
    plan = actual.planned
    if plan is None:
        return ""
    forecast = plan.forecast
    half, most = duration(forecast.p50.makespan_s), duration(forecast.p85.makespan_s)
    planned = f"The plan above: {half} at P50, {most} at P85."
    if actual.place is None:
        return planned
    slower = share_of_runs(1 - actual.place, forecast.replications)
    return f"Faster than {slower} of the simulated runs. {planned}"


def _cost(actual: Actual) -> str:
    plan = actual.planned
    if actual.usd is None:
        return "What it cost is not in these files: its results, or its journal, tell."
    paid = f"{money(actual.usd)} paid by usage"
    if plan is None:
        return paid
    planned, requests = plan.cost.batch_usd, plan.scenario.workload.requests
    each = ""
    if actual.succeeded and requests != actual.succeeded:
        mine, theirs = actual.usd * 1000 / actual.succeeded, planned * 1000 / requests
        each = f"; for a thousand requests {money(mine)}, planned {money(theirs)}"
    return f"{paid}, {money(planned)} planned{each}"


def _standing(standing: Standing) -> Iterator[str]:
    ended = counted(standing.ended, "batch", "batches")
    yield (
        f"{ended} with {counted(standing.ended_requests, 'request')} ended, {standing.at_work} with "
        f"{count(standing.at_work_requests)} at work."
    )
    if standing.requests:
        sent = standing.ended_requests + standing.at_work_requests
        yield f"The input has {counted(standing.requests, 'request')}; {count(sent)} were sent."
    if standing.doubts:
        yield f"{counted(standing.doubts, 'batch', 'batches')} may or may not have been made."
    if standing.elapsed_s is not None and standing.done_by_now is not None:
        yield (
            f"It has run for {duration(standing.elapsed_s)}: by then {share(standing.done_by_now)} of "
            "the simulated runs were done."
        )


def _chance(standing: Standing, actual: Actual) -> str:
    plan = actual.planned
    if plan is None or not standing.deadline_s:
        return ""
    goal = plan.scenario.goal
    due = deadline(goal.deadline_h, goal.deadline_at)
    if standing.elapsed_s is not None and standing.elapsed_s > standing.deadline_s:
        return f"The deadline, {due}, has passed."
    if standing.deadline_chance is None:
        return "It takes longer than every simulated run: the plan cannot say when it ends."
    chance = share_of_runs(standing.deadline_chance, standing.runs_left)
    return f"As it stands it is {chance} likely to be done {due}."


def _learnt(history: History) -> str:
    if not history.rows:
        return "No batch says how long the next one takes."
    said = counted(len(history.rows), "batch says", "batches say")
    left = f"; {counted(len(history.left_out), 'is', 'are')} left out" if history.left_out else ""
    return f"{said} how long the next run takes{left}."


def _more(batches: int) -> str:
    if batches <= _MOST_ROWS:
        return ""
    return f"And {counted(batches - _MOST_ROWS, 'batch', 'batches')} more."


def _finding(finding: Finding) -> Cells:
    severity, label = _SEVERITY[finding.severity]
    return {
        "severity": severity,
        "label": label,
        "rule": finding.rule,
        "message": finding.message,
        "usd": money(finding.usd) if finding.usd else "",
        "remedy": finding.remedy,
    }


def _batch(batch: Batch) -> Cells:
    done = ", ".join(f"{count(number)} {name}" for name, number in batch.counts.items() if number)
    return {
        "id": batch.id,
        "requests": count(batch.requests),
        "made": batch.created_at.replace("T", " ")[:16] or "unknown",
        "took": "at work" if batch.seconds is None else duration(batch.seconds),
        "done": done,
        "usd": money(Decimal(batch.usd)) if batch.usd else "",
    }


def _failures(actual: Actual) -> list[Cells]:
    every = max(1, actual.succeeded + actual.given_up)
    return [
        {"reason": reason, "requests": count(number), "share": share(number / every)}
        for reason, number in actual.reasons
    ]
