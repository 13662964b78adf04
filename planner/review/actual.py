"""Put together what the files tell: the run's batches, what they took, what they cost."""

from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from planner.plan import Plan
from planner.review.batches import Batch, moment_of
from planner.review.reading import Found

MOST_ROWS = 10_000  # of a history


@dataclass(frozen=True, kw_only=True, slots=True)
class Actual:
    """What became of the run. `own` are its batches, `others` those of the list that are not.

    Without a journal every batch of the list is the run's. seen_at: the latest moment that is known.
    usd is None where nothing tells what was paid; place is the share of the simulated runs that
    were faster.
    """

    own: tuple[Batch, ...]
    others: tuple[Batch, ...]
    has_journal: bool
    began: datetime | None
    first_created: datetime | None
    seen_at: datetime | None
    running: bool
    makespan_s: float | None
    usd: Decimal | None
    succeeded: int
    given_up: int
    truncated: int
    refused: int
    reasons: tuple[tuple[str, int], ...]
    planned: Plan | None
    place: float | None


def actual_of(found: Found, planned: Plan | None, now: str = "") -> Actual:
    """What the files tell, beside a plan if there is one. `now`: RFC 3339, where it is known."""
    own, others = _batches(found)
    journal = found.journal
    created = [moment for each in own if (moment := moment_of(each.created_at))]
    ended = [moment for each in own if (moment := moment_of(each.ended_at))]
    running = any(not each.ended for each in own) or (journal is not None and journal.done is None)
    makespan = None
    if created and ended and not any(not each.ended for each in own):
        makespan = round((max(ended) - min(created)).total_seconds(), 3)
    whole = makespan is not None and not running
    results = found.results
    known = journal is not None and journal.sorted > 0
    return Actual(
        own=own,
        others=others,
        has_journal=journal is not None,
        began=moment_of(journal.began_at) if journal else min(created, default=None),
        first_created=min(created, default=None),
        seen_at=_latest(found, own, others, now),
        running=running,
        makespan_s=makespan,
        usd=journal.usd if journal and known else found.results_usd if results.succeeded else None,
        succeeded=_succeeded(found, own),
        given_up=_given_up(found, own),
        truncated=journal.truncated if journal and known else results.stop_reasons["max_tokens"],
        refused=journal.refused if journal and known else results.stop_reasons["refusal"],
        reasons=tuple(_reasons(found).most_common()),
        planned=planned,
        place=_place(planned, makespan) if whole else None,
    )


def _batches(found: Found) -> tuple[tuple[Batch, ...], tuple[Batch, ...]]:
    """The run's batches and the others, in the order of their making; a list knows the newest."""
    if found.journal is None:
        return _in_order(found.listed.values()), ()
    own = []
    for batch in found.journal.batches.values():
        listed = found.listed.get(batch.id)
        own.append(batch if listed is None else _joined(batch, listed))
    others = [each for each in found.listed.values() if each.id not in found.journal.batches]
    return _in_order(own), _in_order(others)


def _joined(batch: Batch, listed: Batch) -> Batch:
    """A batch of the journal with what the list knows besides."""
    return replace(
        batch,
        requests=listed.requests or batch.requests,
        created_at=listed.created_at or batch.created_at,
        ended_at=batch.ended_at or listed.ended_at,
        status="ended" if batch.ended else listed.status,
        canceled=batch.canceled or listed.canceled,
        archived=batch.archived or listed.archived,
        counts=batch.counts or listed.counts,
        listed=True,
    )


def _in_order(batches: object) -> tuple[Batch, ...]:
    return tuple(sorted(batches, key=lambda each: (each.created_at, each.id)))  # type: ignore[call-overload]


def _latest(
    found: Found, own: tuple[Batch, ...], others: tuple[Batch, ...], now: str
) -> datetime | None:
    if moment_of(now):
        return moment_of(now)
    texts = [text for each in (*own, *others) for text in (each.created_at, each.ended_at)]
    texts += [found.journal.last_at] if found.journal else []
    return max((moment for text in texts if (moment := moment_of(text))), default=None)


def _succeeded(found: Found, own: tuple[Batch, ...]) -> int:
    if found.journal and found.journal.sorted:
        return found.journal.succeeded
    if own:
        return sum(each.counts.get("succeeded", 0) for each in own)
    return found.results.succeeded


def _given_up(found: Found, own: tuple[Batch, ...]) -> int:
    if found.journal is not None:
        return found.journal.given_up
    if own:
        names = ("errored", "expired", "canceled")
        return sum(each.counts.get(name, 0) for each in own for name in names)
    return found.results.lines - found.results.succeeded


def _reasons(found: Found) -> Counter[str]:
    journal = found.journal
    return journal.reasons if journal and journal.sorted else found.results.errors


def _place(planned: Plan | None, makespan: float | None) -> float | None:
    if planned is None or makespan is None:
        return None
    times = planned.forecast.makespans_s
    return bisect_left(times, makespan) / len(times)


# What the next plan learns


@dataclass(frozen=True, slots=True)
class History:
    """Rows of requests, seconds, and when the batch was made; and what was left out, with why."""

    rows: tuple[tuple[int, float, str], ...]
    left_out: tuple[tuple[str, str], ...]


def history_of(actual: Actual, expiry_h: float) -> History:
    """The batches whose time says something about the next one's; the newest, if there are many."""
    rows: list[tuple[int, float, str]] = []
    left_out: list[tuple[str, str]] = []
    for batch in (*actual.own, *actual.others):
        why = _why_not(batch, expiry_h)
        if why:
            left_out.append((batch.id, why))
        else:
            rows.append((batch.requests, batch.seconds or 0.0, batch.created_at))
    rows.sort(key=lambda row: row[2])
    return History(tuple(rows[-MOST_ROWS:]), tuple(left_out))


def _why_not(batch: Batch, expiry_h: float) -> str:
    seconds = batch.seconds
    if not batch.ended:
        return "it is still running"
    if seconds is None:
        return "when it was made or ended is not known"
    if batch.canceled:
        return "it was canceled"
    if batch.counts.get("expired") or seconds >= expiry_h * 3600:
        return f"it ran into its end after {expiry_h:g} hours"
    if not batch.requests:
        return "how many requests it had is not known"
    return "its times make no sense" if seconds <= 0 else ""


def days_left(batch: Batch, now: datetime | None, days: int) -> float | None:
    """Days until the results of a batch are no longer to be had; None where that is not known."""
    created = moment_of(batch.created_at)
    if created is None or now is None:
        return None
    return (created + timedelta(days=days) - now) / timedelta(days=1)
