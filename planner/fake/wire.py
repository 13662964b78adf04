"""The shapes of the API's answers."""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Any

from planner.fake.batch import Batch
from planner.fake.books import Entry

VERSIONS = ("2023-06-01", "2026-10-21")
DAY_S = 86_400


def stamp(seconds: float | None) -> str | None:
    """A moment as the API writes it."""
    if seconds is None:
        return None
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def batch_shown(batch: Batch, results_at: str) -> dict[str, Any]:
    """A batch as `GET` and `POST` show it; its results are below the address `results_at`."""
    results = f"{results_at}/v1/messages/batches/{batch.id}/results"
    return {
        "id": batch.id,
        "type": "message_batch",
        "processing_status": batch.status(),
        "request_counts": batch.counts(),
        "created_at": stamp(batch.created),
        "expires_at": stamp(batch.created + DAY_S),
        "ended_at": stamp(batch.ended),
        "cancel_initiated_at": stamp(batch.cancel_initiated),
        "archived_at": None,
        "results_url": results if batch.ended is not None else None,
    }


def error(kind: str, message: str, code: str | None = None) -> dict[str, Any]:
    """The body of an answer that is no success."""
    inner: dict[str, Any] = {"type": kind, "message": message}
    if code:
        inner["details"] = {"error_code": code}
    return {"type": "error", "error": inner, "request_id": "req_0123"}


def input_tokens(params: dict[str, Any]) -> int:
    """Tokens of a prompt, roughly: four bytes of the request each."""
    return max(9, len(json.dumps(params, ensure_ascii=False).encode("utf-8", "replace")) // 4)


def judge(params: dict[str, Any], version: str, retired: Collection[str]) -> dict[str, Any]:
    """What becomes of a request by its parameters alone: a success, or what is wrong with it."""
    wrong = ""
    if params.get("stream") or "speed" in params:
        wrong = "stream and speed are not supported in a batch"
    elif not params.get("max_tokens"):
        wrong = "max_tokens: must be at least 1"
    elif version == "2026-10-21" and {"temperature", "top_p", "top_k"} & params.keys():
        wrong = "temperature: no such parameter"
    if wrong:
        return {"type": "errored", "error": "invalid_request_error", "message": wrong}
    if params.get("model") in retired:
        unknown = f"model: {params['model']}"
        return {"type": "errored", "error": "not_found_error", "message": unknown}
    return {"type": "succeeded"}


def result_of(entry: Entry) -> dict[str, Any]:
    """The `result` of one request; the class of an error is nested twice."""
    outcome = entry.outcome
    if outcome["type"] == "errored":
        told = error(outcome.get("error", "api_error"), outcome.get("message", "It failed."))
        return {"type": "errored", "error": told}
    if outcome["type"] != "succeeded":
        return {"type": outcome["type"]}
    # U+2028 and U+0085 end a line for str.splitlines and for some readers, but not in JSON Lines.
    text = outcome.get("text", f"Answer to {entry.custom_id}:\u2028second\u0085third\nfourth")
    message = {
        "id": f"msg_{entry.custom_id}",
        "type": "message",
        "role": "assistant",
        "model": outcome.get("model", entry.model),
        "content": outcome.get("content", [{"type": "text", "text": text}]),
        "stop_reason": outcome.get("stop_reason", "end_turn"),
        "stop_sequence": None,
        "usage": entry.usage(),
    }
    return {"type": "succeeded", "message": message}


def result_line(entry: Entry) -> bytes:
    """One line of the results, its newline with it."""
    if "raw" in entry.outcome:
        return str(entry.outcome["raw"]).encode() + b"\n"
    result = {"custom_id": entry.custom_id, "result": result_of(entry)}
    text = json.dumps(result, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "backslashreplace") + b"\n"  # half a pair has no UTF-8
