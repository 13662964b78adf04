"""The hand behind the curtain: what a test asks of a fake API that runs as a process."""

from __future__ import annotations

import json
from typing import Any

from planner.fake.provider import Provider


def answer(api: Provider, method: str, parts: list[str], body: bytes) -> dict[str, Any] | None:
    """The answer to `/_control/…`; None for what it does not know."""
    match method, parts:
        case "GET", ["state"]:
            return report(api)
        case "POST", ["scenario"]:
            api.set_scenario(json.loads(body))
            return {}
        case "POST", ["foreign"]:
            with api.lock:
                return {"id": api.make_foreign(json.loads(body)["requests"]).id}
    return None


def report(api: Provider) -> dict[str, Any]:
    """Counts and books as JSON."""
    with api.lock:
        batches = [
            {
                "id": batch.id,
                "requests": len(batch.entries),
                "bytes": batch.bytes,
                "foreign": batch.foreign,
                "ended": batch.ended is not None,
            }
            for batch in api.batches
        ]
        return {
            "calls": dict(api.calls),
            "batches": batches,
            "accepted": api.books.accepted.total(),
            "ids": len(api.books.accepted),
            "billed": api.books.billed.total(),
            "spent_usd": str(api.books.spent_usd()),
            "paid_twice": api.books.paid_twice()[:50],
            "needless": api.books.needless[:50],
            "most_queued": api.most_queued,
            "most_creating": api.most_creating,
            "largest": api.largest,
        }
