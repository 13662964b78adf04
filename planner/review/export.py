"""Write a review as JSON values; the names are those of the contract."""

from typing import Any

from planner import facts
from planner.measure.export import usd_text
from planner.plan import Plan
from planner.review.actual import Actual, History, history_of
from planner.review.batches import COUNTS, Batch
from planner.review.duplicates import Finding
from planner.review.findings import findings_of
from planner.review.lessons import next_scenario
from planner.review.reading import Found
from planner.scenario import Scenario, to_json


def export(found: Found, actual: Actual, base: Scenario) -> dict[str, Any]:
    """The whole review as JSON values. Money is text, times are seconds."""
    history = learnt(actual)
    return {
        "batches": [_batch(each) for each in actual.own],
        "history": [list(row) for row in history.rows],
        "left_out": [{"id": batch_id, "why": why} for batch_id, why in history.left_out],
        "actual": {
            "makespan_s": actual.makespan_s,
            "usd": None if actual.usd is None else usd_text(actual.usd),
            "requests": {"succeeded": actual.succeeded, "given_up": actual.given_up},
            "running": actual.running,
            "reasons": dict(actual.reasons),
        },
        "planned": _planned(actual.planned),
        "place": actual.place,
        "findings": [_finding(each) for each in findings_of(found, actual)],
        "odd": found.odd,
        "scenario": to_json(next_scenario(found, history, base)),
    }


def learnt(actual: Actual) -> History:
    """What the next plan learns of the batches."""
    return history_of(actual, float(facts.limit("expiry_h").value))


def _batch(batch: Batch) -> dict[str, Any]:
    return {
        "id": batch.id,
        "requests": batch.requests,
        "created_at": batch.created_at or None,
        "ended_at": batch.ended_at or None,
        "seconds": batch.seconds,
        "counts": {name: batch.counts.get(name, 0) for name in COUNTS},
    }


def _planned(plan: Plan | None) -> dict[str, Any] | None:
    if plan is None:
        return None
    return {
        "p50_s": plan.forecast.p50.makespan_s,
        "p85_s": plan.forecast.p85.makespan_s,
        "usd": usd_text(plan.cost.batch_usd),
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "severity": finding.severity,
        "batches": [*finding.batches],
        "usd": None if finding.usd is None else usd_text(finding.usd),
        "message": finding.message,
        "remedy": finding.remedy,
    }
