"""Say what looks wrong with a run: with the money at risk, and what to do."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from planner import facts
from planner.model.durations import observed
from planner.review.actual import Actual, days_left
from planner.review.batches import Batch, moment_of
from planner.review.duplicates import Finding, possible_duplicates, usd_of
from planner.review.reading import Found
from planner.words import count, counted, duration, share

CLOCKS = timedelta(minutes=5)  # clocks of one provider differ by less
EXPIRING_DAYS = 7
_SLOW = 0.95  # slower than such a share of the batches on record


def findings_of(found: Found, actual: Actual) -> list[Finding]:
    """Everything that looks wrong, the worst first."""
    order = ("error", "warning", "note")
    every = [finding for rule in _RULES for finding in rule(found, actual)]
    return sorted(every, key=lambda finding: order.index(finding.severity))


def _not_in_journal(found: Found, actual: Actual) -> Iterator[Finding]:
    """The provider has it, the journal does not, and it was made while the run went on."""
    if not found.journal or not found.lists:
        return
    last = moment_of(found.journal.last_at) or _latest_created(actual.own)
    sizes = {each.requests for each in actual.own}
    for batch in actual.others:
        created = moment_of(batch.created_at)
        if created is None or batch.id in found.journal.strangers:
            continue
        if (actual.began and created < actual.began - CLOCKS) or (last and created > last + CLOCKS):
            continue
        ours = batch.requests in sizes or bool(found.journal.doubts)
        yield Finding(
            rule="not-in-journal",
            severity="warning" if ours else "note",
            batches=(batch.id,),
            usd=usd_of(batch, actual) if ours else None,
            message=(
                f"{batch.id} with {counted(batch.requests, 'request')} was made while the run went "
                "on, and the journal does not know it."
            ),
            remedy="If nobody else of the workspace made it, start the program again: it looks "
            "for batches whose making is in doubt. Cancel what nobody needs.",
        )


def _latest_created(batches: tuple[Batch, ...]) -> datetime | None:
    return max((at for each in batches if (at := moment_of(each.created_at))), default=None)


def _not_at_provider(found: Found, actual: Actual) -> Iterator[Finding]:
    """The journal has its id, and the list, which goes back that far, does not."""
    if not found.journal or not found.lists:
        return
    listed = [at for each in found.listed.values() if (at := moment_of(each.created_at))]
    oldest = min(listed, default=None) if found.has_more else None
    newest = max(listed, default=None)
    for batch in actual.own:
        created = moment_of(batch.created_at)
        if batch.listed or created is None or (oldest and created <= oldest):
            continue
        if batch.ended or (newest and created < newest):
            unsaved = not batch.stored
            yield Finding(
                rule="not-at-provider",
                severity="warning" if unsaved else "note",
                batches=(batch.id,),
                usd=usd_of(batch, actual) if unsaved else None,
                message=f"{batch.id} is in the journal, and not in the provider's list.",
                remedy="It was deleted, or the list is of another workspace: list with the key "
                "that made it." + ("" if unsaved else " Its results are in the folder."),
            )


def _results_expire(_found: Found, actual: Actual) -> Iterator[Finding]:
    """Within seven days of their end, and not yet in the folder."""
    days = int(facts.limit("results_days").value)
    expiring = []
    for batch in actual.own:
        left = days_left(batch, actual.seen_at, days)
        if left is not None and left <= EXPIRING_DAYS and not batch.stored and batch.ended:
            expiring.append((batch, left))
    if not expiring:
        return
    gone = sum(1 for batch, left in expiring if left <= 0 or batch.archived)
    soonest = min((left for _, left in expiring if left > 0), default=0.0)
    yield Finding(
        rule="results-expire",
        severity="error" if gone else "warning",
        batches=tuple(batch.id for batch, _ in expiring),
        usd=_sum(actual, [batch for batch, _ in expiring]),
        message=(
            f"The results of {counted(len(expiring), 'batch', 'batches')} end {days} days after "
            "they were made: "
            + (f"those of {gone} are gone" if gone else f"the first in {duration(soonest * 86400)}")
            + "."
        ),
        remedy="Fetch them now; what is gone must be sent again.",
    )


def _still_running(_found: Found, actual: Actual) -> Iterator[Finding]:
    running = [each for each in actual.own if not each.ended]
    if running:
        requests = sum(each.requests for each in running)
        yield Finding(
            rule="still-running",
            severity="note",
            batches=tuple(each.id for each in running),
            usd=None,
            message=(
                f"{counted(len(running), 'batch', 'batches')} with "
                f"{counted(requests, 'request')} had not ended when this was written."
            ),
            remedy="The API shows no count before a batch ends. Review again later.",
        )


def _slow(_found: Found, actual: Actual) -> Iterator[Finding]:
    """Batches that took longer than nearly all on record of their size."""
    planned = actual.planned
    # of the curves that may be true the one in the middle
    curve = (planned.durations if planned else observed()).curve_at(0.5)
    for batch in actual.own:
        took, created = batch.seconds, moment_of(batch.created_at)
        if took is None and created and actual.seen_at and not batch.ended:
            took = (actual.seen_at - created).total_seconds()
        usual = curve.seconds(max(1, batch.requests), _SLOW)
        if took is not None and took > usual:
            yield Finding(
                rule="slow",
                severity="note",
                batches=(batch.id,),
                usd=None,
                message=(
                    f"{batch.id} took {duration(took)}; {share(_SLOW)} of batches of its size are "
                    f"expected within {duration(usual)}."
                ),
                remedy="Waiting has always paid so far; cancelling loses what is not done.",
            )


def _failed(kind: str, rule: str, remedy: str) -> Callable[[Found, Actual], Iterator[Finding]]:
    def failures(_found: Found, actual: Actual) -> Iterator[Finding]:
        batches = [each for each in actual.own if each.counts.get(kind)]
        failed = sum(each.counts[kind] for each in batches)
        every = sum(each.requests for each in batches)
        if failed:
            yield Finding(
                rule=rule,
                severity="error" if 2 * failed > every else "warning",
                batches=tuple(each.id for each in batches),
                usd=Decimal(0),  # fact failures_unbilled
                message=f"{counted(failed, 'request')} of {count(every)} {kind}; not billed.",
                remedy=remedy,
            )

    return failures


def _told(name: str, rule: str, words: str, remedy: str) -> Callable[..., Iterator[Finding]]:
    def answers(_found: Found, actual: Actual) -> Iterator[Finding]:
        number = getattr(actual, name)
        if number:
            each = actual.usd / actual.succeeded if actual.usd and actual.succeeded else None
            yield Finding(
                rule=rule,
                severity="warning",
                batches=(),
                usd=None if each is None else each * number,
                message=f"{counted(number, 'answer')} of {count(actual.succeeded)} {words}.",
                remedy=remedy,
            )

    return answers


def _sum(actual: Actual, batches: list[Batch]) -> Decimal | None:
    known = [usd for each in batches if (usd := usd_of(each, actual)) is not None]
    return sum(known, Decimal(0)) if known else None


_RULES: tuple[Callable[[Found, Actual], Iterator[Finding]], ...] = (
    possible_duplicates,
    _not_in_journal,
    _not_at_provider,
    _results_expire,
    _still_running,
    _slow,
    _failed(
        "expired",
        "expired-requests",
        "Send them again; smaller batches, or fewer at once, leave more time for each.",
    ),
    _failed(
        "errored",
        "errored-requests",
        "Look at result.error.error.type: mend what is invalid, send the rest again.",
    ),
    _told(
        "truncated",
        "truncated-answers",
        "were cut at max_tokens, and are paid for",
        "Raise max_tokens, and send them again.",
    ),
    _told(
        "refused",
        "refused-answers",
        "were refused by the model",
        "Read what was asked; another model may answer.",
    ),
)
