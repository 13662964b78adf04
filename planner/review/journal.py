"""Sum up the journal of a run, whole or as far as it is written.

The format is that of the planner's programs: `run_batches.py` tells it at its beginning. Formats 1
and 2 are read; events that say nothing about batches are passed over. A line that cannot be read is
noted with its number, and costs nothing else: to look at a run is not to go on with it.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from planner.measure.lines import ReadError
from planner.measure.results import tokens_in
from planner.review.batches import COUNTS, Batch, number_in, text_in

FORMATS = (1, 2)
_MOST_USD = 10**12  # no batch costs that: what says more is none of a program's sums


@dataclass(slots=True)
class Journal:
    """What the lines tell so far. `batches` by their ids; `strangers` are not the run's."""

    began_at: str = ""
    requests: int = 0  # of the whole input
    last_at: str = ""
    batches: dict[str, Batch] = field(default_factory=dict)
    doubts: set[int] = field(default_factory=set)  # numbers of batches that may have been made
    strangers: set[str] = field(default_factory=set)
    succeeded: int = 0
    given_up: int = 0
    truncated: int = 0
    refused: int = 0
    usd: Decimal = Decimal(0)
    unpriced: int = 0
    sorted: int = 0  # batches whose results were counted
    reasons: Counter[str] = field(default_factory=Counter)
    tried: Counter[str] = field(default_factory=Counter)  # attempts: succeeded, again, or a class
    output_tokens: int = 0  # of the answers that succeeded
    halved: bool = False  # a batch was too large for the provider
    done: int | None = None
    stopped: str = ""
    unreadable: list[int] = field(default_factory=list)
    _cut: dict[int, int] = field(default_factory=dict)  # requests of a batch by its number
    _ids: dict[int, str] = field(default_factory=dict)

    def submit(self, event: Mapping[str, Any]) -> None:
        """A batch is about to be sent."""
        self.doubts.add(_number(event))

    def take(self, event: Mapping[str, Any]) -> None:
        """One line. Raises ReadError for a journal that this planner cannot read."""
        self.last_at = max(self.last_at, text_in(event, "at"))
        change = _CHANGES.get(text_in(event, "event"))
        if change is not None:
            change(self, event)

    def of_number(self, event: Mapping[str, Any]) -> Batch | None:
        """The batch of an event."""
        return self.batches.get(self._ids.get(_number(event), ""))

    def cut(self, event: Mapping[str, Any]) -> None:
        """A batch was cut."""
        self._cut[_number(event)] = number_in(event, "requests")

    def made(self, event: Mapping[str, Any]) -> None:
        """A batch was made, or found."""
        batch_id, number = text_in(event, "id"), _number(event)
        if batch_id:
            self._ids[number] = batch_id
            self.doubts.discard(number)
            self.batches[batch_id] = Batch(
                id=batch_id,
                requests=self._cut.get(number, 0),
                created_at=text_in(event, "created_at"),
                status="in_progress",
                number=number,
            )


def _number(event: Mapping[str, Any]) -> int:
    """The number of the batch that an event is about; 0 where it names none."""
    number = event.get("batch")
    return number if type(number) is int else 0


def _run(journal: Journal, event: Mapping[str, Any]) -> None:
    form = event.get("format")
    if form not in FORMATS:
        raise ReadError(
            f"this journal has format {str(form)[:20]}, and this planner reads "
            f"{' and '.join(map(str, FORMATS))}. Use a newer planner"
        )
    journal.began_at = text_in(event, "at")
    whole: Any = event.get("input")
    journal.requests = number_in(whole, "requests") if isinstance(whole, Mapping) else 0


def _not_made(journal: Journal, event: Mapping[str, Any]) -> None:
    journal.doubts.discard(_number(event))


def _let_go(journal: Journal, event: Mapping[str, Any]) -> None:
    journal.strangers.add(text_in(event, "id"))


def _halved(journal: Journal, event: Mapping[str, Any]) -> None:
    journal.doubts.discard(_number(event))
    journal.halved = True
    halves = event.get("into")
    for half in halves if isinstance(halves, list) else ():
        if isinstance(half, Mapping):
            journal.cut(half)


def _ended(journal: Journal, event: Mapping[str, Any]) -> None:
    batch = journal.of_number(event) or journal.batches.get(text_in(event, "id"))
    if batch is not None:
        counts: Any = event.get("counts")
        batch.ended_at, batch.status = text_in(event, "ended_at"), "ended"
        batch.archived = bool(event.get("archived"))
        if isinstance(counts, Mapping):
            batch.counts = {name: number_in(counts, name) for name in COUNTS}


def _stored(journal: Journal, event: Mapping[str, Any]) -> None:
    batch = journal.of_number(event)
    if batch is not None:
        batch.stored = True


def _sorted(journal: Journal, event: Mapping[str, Any]) -> None:
    batch = journal.of_number(event)
    usd = _usd(event.get("usd"))
    journal.sorted += 1
    journal.usd += usd
    if batch is not None:
        batch.usd, batch.stored = str(usd), True
    usage: Any = event.get("usage")
    if isinstance(usage, Mapping):
        journal.output_tokens += tokens_in(usage, "output_tokens")
    # where nothing succeeds the account is in trouble: that says nothing about such requests
    if number_in(event, "succeeded"):
        journal.tried += Counter({name: number_in(event, name) for name in ("succeeded", "again")})
        journal.tried += _reasons(event)
    _counted(journal, event)


def _counted(journal: Journal, event: Mapping[str, Any]) -> None:
    for name in ("succeeded", "given_up", "truncated", "refused", "unpriced"):
        setattr(journal, name, getattr(journal, name) + number_in(event, name))
    journal.reasons += _reasons(event)


def _reasons(event: Mapping[str, Any]) -> Counter[str]:
    """Requests that were given up, by class."""
    reasons: Any = event.get("reasons")
    if not isinstance(reasons, Mapping):
        return Counter()
    return Counter({reason: number_in(reasons, reason) for reason in reasons})


def _again(journal: Journal, event: Mapping[str, Any]) -> None:
    journal.given_up = number_in(event, "given_up")
    journal.done = None


def _cancel(journal: Journal, _event: Mapping[str, Any]) -> None:
    for batch in journal.batches.values():
        batch.canceled = batch.canceled or not batch.ended


def _stop(journal: Journal, event: Mapping[str, Any]) -> None:
    journal.stopped = text_in(event, "why")


def _resume(journal: Journal, _event: Mapping[str, Any]) -> None:
    journal.stopped = ""


def _done(journal: Journal, event: Mapping[str, Any]) -> None:
    code = event.get("code")
    journal.done, journal.stopped = code if isinstance(code, int) else 0, ""


def _usd(text: object) -> Decimal:
    try:
        usd = Decimal(text) if isinstance(text, str) and len(text) < 40 else Decimal(0)
    except InvalidOperation:
        return Decimal(0)
    return usd if usd.is_finite() and 0 < usd < _MOST_USD else Decimal(0)


_CHANGES = {
    "run": _run,
    "resume": _resume,
    "cut": Journal.cut,
    "submit": Journal.submit,
    "created": Journal.made,
    "adopted": Journal.made,
    "not_made": _not_made,
    "refused": _not_made,
    "let_go": _let_go,
    "halved": _halved,
    "ended": _ended,
    "stored": _stored,
    "sorted": _sorted,
    "again": _again,
    "rest": _counted,
    "cancel": _cancel,
    "stop": _stop,
    "done": _done,
}
