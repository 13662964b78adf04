"""Say what the next plan takes from a run: how long batches took, how many requests failed, how long
the answers were, and how large a batch may be.

Batches join those that the plan knew already, so that a person who reviews each run learns of all.
Failures and answers are those of the results where there are any, otherwise of the journal. The cut
is left to the planner, but for batches that the provider found too large and the program halved.
"""

from typing import Any

from planner.measure.becomes import answers_of, with_answers
from planner.measure.results import passes
from planner.review.actual import MOST_ROWS, History
from planner.review.batches import moment_of
from planner.review.journal import Journal
from planner.review.reading import Found
from planner.scenario import Scenario
from planner.scenario.history import Row

_NO_FAILURE = ("succeeded", "again", "canceled")  # what a person cancelled did not fail


def next_scenario(found: Found, history: History, base: Scenario) -> Scenario:
    """The base with what the run tells."""
    answers = _times(history, base)
    if found.journal is not None:
        answers |= _failures(found.journal) | _lengths(found.journal) | _largest(found.journal)
    return with_answers(base, answers | answers_of(found.results))


def _times(history: History, base: Scenario) -> dict[str, Any]:
    """The batches of the run with those that were known; one that was known is not doubled."""
    if not history.rows:
        return {}
    known = base.duration.history if base.duration.model == "history" else ()
    # a list may tell its moments to the nanosecond, a scenario does not take them so
    told = [(*row[:2], _in_iso(row[2])) for row in history.rows]
    alone = with_answers(base, {"duration.history": told}).duration.history
    # of one run, batches of one size may be made within a second: those are not one batch
    here = {_batch_of(row) for row in alone}
    before = dict.fromkeys(row for row in known if _batch_of(row) not in here)
    ordered = sorted((*before, *alone), key=lambda row: row[2] if len(row) > 2 else "")
    return {"duration.model": "history", "duration.history": ordered[-MOST_ROWS:]}


def _in_iso(moment: str) -> str:
    at = moment_of(moment)
    return at.isoformat() if at else moment


def _batch_of(row: Row) -> tuple[Any, ...]:
    """By what a row is known again: its size and when it was made, or all that it says."""
    return (row[0], *row[2:]) if row[2:] else row


def _failures(journal: Journal) -> dict[str, Any]:
    """The shares of failures of all attempts, those that may pass and those that never do."""
    tried = journal.tried
    failed = {reason: number for reason, number in tried.items() if reason not in _NO_FAILURE}
    passing = tried["again"] + sum(failed[reason] for reason in failed if passes(reason))
    judged = tried["succeeded"] + tried["again"] + sum(failed.values())
    if not judged:
        return {}
    lasting = judged - tried["succeeded"] - passing
    return {
        "retries.transient_rate": passing / judged,
        "retries.permanent_rate": lasting / judged,
    }


def _lengths(journal: Journal) -> dict[str, Any]:
    if not journal.succeeded or not journal.output_tokens:
        return {}
    return {"workload.output_tokens": max(1, round(journal.output_tokens / journal.succeeded))}


def _largest(journal: Journal) -> dict[str, Any]:
    """The most requests that a batch had, where larger ones were refused."""
    if not journal.halved:
        return {}
    largest = max((batch.requests for batch in journal.batches.values()), default=0)
    return {"batches.requests_per_batch": largest} if largest else {}
