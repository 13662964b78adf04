"""Suspect batches that were made twice: a create whose answer was lost, and that was sent again."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from planner.review.actual import Actual
from planner.review.batches import Batch, moment_of
from planner.review.reading import Found
from planner.words import count, duration

NEAR = timedelta(minutes=15)  # two batches of one create are made within


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One thing that looks wrong. `usd`: money at risk or lost, None where it is not known."""

    rule: str
    severity: str
    batches: tuple[str, ...]
    usd: Decimal | None
    message: str
    remedy: str


def possible_duplicates(found: Found, actual: Actual) -> Iterator[Finding]:
    """The same count, made within 15 minutes, overlapping.

    With a journal each batch that it does not know is held against the one that was most likely
    made again; the run's own batches are known apart. Without one all of a count are told together.
    """
    if not actual.has_journal:
        yield from _groups(found, actual)
        return
    strangers = found.journal.strangers if found.journal else set()
    for other in actual.others:
        if other.id not in strangers:  # whose results have proved whose they are
            like = [own for own in actual.own if _alike(found, own, other)]
            if like:
                yield _finding(
                    found, actual, min(like, key=lambda own: _distance(own, other)), other
                )


def _groups(found: Found, actual: Actual) -> Iterator[Finding]:
    left = [*actual.own]
    while left:
        group = [left.pop(0)]
        for batch in [*left]:
            if any(_alike(found, each, batch) for each in group):
                group.append(batch)
                left.remove(batch)
        if len(group) > 1:
            yield _finding(found, actual, *group)


def _alike(found: Found, first: Batch, second: Batch) -> bool:
    if first.requests != second.requests or not first.requests:
        return False
    one, other = moment_of(first.created_at), moment_of(second.created_at)
    if one is None or other is None or abs(other - one) > NEAR:
        return False
    ids = [_ids_of(found, each) for each in (first, second)]
    if ids[0] is not None and ids[1] is not None:
        return ids[0] == ids[1]  # their results prove it
    ended = [moment_of(each.ended_at) for each in (first, second)]
    return all(end is None or end > max(one, other) for end in ended)


def _ids_of(found: Found, batch: Batch) -> set[int] | None:
    """The ids of a batch's results, where a file of results has its name."""
    return next((ids for name, ids in found.ids.items() if batch.id in name), None)


def _distance(own: Batch, other: Batch) -> tuple[int, float]:
    """How unlikely it is that `own` was made again as `other`, or `other` as `own`."""
    created, made = moment_of(own.created_at), moment_of(other.created_at)
    assert created and made
    # what was lost was made before what was sent again
    return int(made > created), abs((created - made).total_seconds())


def _finding(found: Found, actual: Actual, *batches: Batch) -> Finding:
    proved = all(_ids_of(found, each) is not None for each in batches)
    # several of one count are more likely the batches of one plan
    likely = len(batches) == 2
    first, last = batches[0], batches[-1]
    names = " and ".join(each.id for each in batches[:5])
    return Finding(
        rule="possible-duplicate",
        severity="error" if proved else "warning" if likely else "note",
        batches=tuple(each.id for each in batches),
        usd=usd_of(first, actual),
        message=(
            f"{names} have {count(first.requests)} requests each, and were made within "
            f"{duration(_apart(first, last))} of each other"
            + (", with the same ids: paid for twice." if proved else ": maybe paid for twice.")
        ),
        remedy=(
            "Compare the ids of their results. If they are the same, cancel the one that nobody "
            "waits for, and send creates without the SDK's retries."
        ),
    )


def _apart(first: Batch, second: Batch) -> float:
    one, other = moment_of(first.created_at), moment_of(second.created_at)
    return abs((other - one).total_seconds()) if one and other else 0.0


def usd_of(batch: Batch, actual: Actual) -> Decimal | None:
    """What a batch cost: by the journal, else by the mean of the run, else by the plan."""
    if batch.usd is not None:
        return Decimal(batch.usd)
    if actual.usd and actual.succeeded:
        return actual.usd / actual.succeeded * batch.requests
    if actual.planned:
        planned = actual.planned
        return planned.cost.batch_usd / planned.scenario.workload.requests * batch.requests
    return None
