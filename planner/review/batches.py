"""A batch as a journal or the provider's list tells of it, and the moments in it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

COUNTS = ("succeeded", "errored", "expired", "canceled")
_MOMENT = re.compile(
    r"(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|z|[+-]\d\d:?\d\d)", re.ASCII
)


@dataclass(kw_only=True, slots=True)
class Batch:
    """One batch. Moments are RFC 3339 as they were told, "" where unknown.

    number, stored and usd are those of the journal; listed: the provider's list has it.
    """

    id: str
    requests: int = 0
    created_at: str = ""
    ended_at: str = ""
    status: str = ""
    canceled: bool = False
    archived: bool = False
    listed: bool = False
    number: int | None = None
    stored: bool = False
    usd: str | None = None
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def seconds(self) -> float | None:
        """How long it took, None while it runs or where a moment is unknown."""
        created, ended = moment_of(self.created_at), moment_of(self.ended_at)
        if created is None or ended is None:
            return None
        return round((ended - created).total_seconds(), 3)

    @property
    def ended(self) -> bool:
        return bool(self.ended_at) or self.status == "ended"


def moment_of(text: object) -> datetime | None:
    """A moment in RFC 3339 with its offset, or None for what is none."""
    match = _MOMENT.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        return None
    whole, fraction, zone = match.groups("")
    zone = "+00:00" if zone in "Zz" else zone
    try:
        return datetime.fromisoformat(f"{whole}.{fraction[:6]:0<6}{zone}")
    except ValueError:
        return None


def listed_batch(row: Mapping[str, Any]) -> Batch | None:
    """A batch of the provider's list; None for a row that is none."""
    if not isinstance(row.get("id"), str) or not isinstance(row.get("request_counts"), Mapping):
        return None
    counts = row["request_counts"]
    known = {name: number_in(counts, name) for name in COUNTS}
    return Batch(
        id=row["id"],
        requests=sum(known.values()) + number_in(counts, "processing"),
        created_at=text_in(row, "created_at"),
        ended_at=text_in(row, "ended_at"),
        status=text_in(row, "processing_status"),
        canceled=bool(row.get("cancel_initiated_at")),
        archived=bool(row.get("archived_at")),
        listed=True,
        counts=known,
    )


def number_in(holder: Mapping[str, Any], name: str) -> int:
    """A count; whatever else stands there counts as none."""
    value = holder.get(name)
    return value if type(value) is int and value > 0 else 0


def text_in(holder: Mapping[str, Any], name: str) -> str:
    """A text; whatever else stands there is none."""
    value = holder.get(name)
    return value if isinstance(value, str) else ""
