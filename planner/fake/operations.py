"""What each operation of the API does, and what goes wrong with it."""

from __future__ import annotations

import threading
import time
from typing import Any

from planner.fake import body as bodies
from planner.fake import wire
from planner.fake.answers import CutError
from planner.fake.batch import Batch
from planner.fake.desk import Desk
from planner.fake.scenario import Fault

BEFORE = {"drop", "error", "html", "garbage", "redirect", "kill"}  # nothing is done then
DEAF = {"stop-reading", "early"}  # faults that leave the rest of a body unread


class DeafError(Exception):
    """Nothing more of the body is read: no batch will come of it."""


def create(desk: Desk) -> None:
    """One POST of a batch. How many are under way at once is counted."""
    api = desk.provider
    with api.lock:
        api.creating += 1
        api.most_creating = max(api.most_creating, api.creating)
        fault = api.fault("create")
    is_deaf, batch = False, None
    try:
        batch = made(desk, fault)
    except DeafError:
        is_deaf = True
    finally:  # before anything is answered: the next create may come at once
        with api.lock:
            api.creating -= 1
    if is_deaf:
        turn_away(desk, fault)
    if batch is None:
        return
    if fault.get("do") == "hang":
        time.sleep(fault["seconds"])
    desk.send(200, desk.show(batch))


def made(desk: Desk, fault: Fault) -> Batch | None:
    """The batch of a create; None when that was answered already."""
    api, do = desk.provider, fault.get("do")
    if do in DEAF and int(desk.headers.get("content-length") or 0) > fault["bytes"]:
        desk.rfile.read(fault["bytes"])
        raise DeafError
    # Parsed outside the lock: it takes a while for a large body, and polls go on meanwhile.
    body = desk.body(float(fault.get("bytes_per_second", 0.0)))
    requests = accepted(desk, body, fault)
    if requests is None:
        return None
    if do == "hang-late":
        time.sleep(fault["seconds"])
    sent = (requests, len(body), desk.headers["anthropic-version"], desk.account["workspace"])
    if do == "late":
        delay_s = fault.get("seconds", 0.0) + fault.get("delay_per_byte_s", 0.0) * len(body)
        threading.Timer(delay_s, make_late, (desk, *sent, fault)).start()
        raise CutError
    with api.lock:
        if do in ("foreign", "foreign-too") and fault.get("when") != "after":
            strangers(desk, requests, fault)
        if do == "foreign":
            raise CutError
        batch = api.make(*sent, fault)
        if do == "foreign-too" and fault.get("when") == "after":
            strangers(desk, requests, fault)
        if api.scenario["keep_params"]:
            api.bodies.append(body)
    if do in (
        "kill-after",
        "lose-answer",
        "foreign-too",
        "error-after",
        "html-after",
        "json-after",
    ):
        desk.fail(fault)
        return None
    return batch


def turn_away(desk: Desk, fault: Fault) -> None:
    """Say, or do not say, that a body is too large, and leave its rest on the line for a while."""
    if fault["do"] == "early":
        desk.refuse(413, "request_too_large", "Request exceeds the maximum size")
        desk.wfile.flush()
    time.sleep(fault.get("seconds", 0.05))
    raise CutError


def accepted(desk: Desk, body: bytes, fault: Fault) -> list[dict[str, Any]] | None:
    """The requests of a body that is taken; None for one that was refused."""
    api = desk.provider
    if len(body) > api.scenario["max_bytes"] and fault.get("do") not in BEFORE:
        desk.refuse(413, "request_too_large", "Request exceeds the maximum size")
        return None
    try:
        requests = bodies.requests_in(body, api.scenario["max_requests"])
    except bodies.BodyError as wrong:
        desk.refuse(400, "invalid_request_error", str(wrong))
        return None
    with api.lock:
        api.newest_size = len(requests)
        if fault.get("do") in BEFORE:
            desk.fail(fault)
            return None
        limit = api.scenario["queue_limit"]
        if limit is not None and api.queued() + len(requests) > limit:
            wait = api.scenario["queue_retry_after"]
            headers = {} if wait is None else {"retry-after": str(wait)}
            full = "Too many requests in the batch processing queue"
            desk.refuse(429, "rate_limit_error", full, headers=headers)
            return None
    return requests


def strangers(desk: Desk, requests: list[dict[str, Any]], fault: Fault) -> None:
    """Somebody else makes batches, of our size unless said."""
    ids = fault.get("ids")
    if fault.get("alike"):
        ids = [request["custom_id"] for request in requests]
    for _ in range(fault.get("count", 1)):
        desk.provider.make_foreign(fault.get("size", len(requests)), ids, fault)


def make_late(desk: Desk, *sent: Any) -> None:
    """Make a batch when nobody waits for its answer any more."""
    with desk.provider.lock:
        desk.provider.make(*sent)


def list_batches(desk: Desk, query: dict[str, str]) -> None:
    """A page of the batches of the workspace."""
    api = desk.provider
    with api.lock:
        fault = api.fault("list")
        if "after_id" in query:
            fault = api.fault("next-page") or fault
        do = fault.get("do")
        if do in BEFORE:
            desk.fail(fault)
            return
        if do == "neighbour":
            api.make_foreign(fault.get("size", api.newest_size))
        answer = page(desk, query, fault)
    if do == "hang":
        time.sleep(fault["seconds"])
    if answer is None:
        desk.refuse(400, "invalid_request_error", "limit: 1 to 1000; after_id: a batch's")
    else:
        desk.send(200, answer)


def page(desk: Desk, query: dict[str, str], fault: Fault) -> dict[str, Any] | None:
    """A page of the list; None for a query that makes no sense."""
    listed = desk.provider.listed(desk.account["workspace"])
    ids = [batch.id for batch in listed]
    limit = int(query.get("limit", "20"))
    cursor = query.get("after_id") or query.get("before_id")
    if not 1 <= limit <= 1000 or (cursor and cursor not in ids):
        return None
    most = min(limit, fault.get("rows", limit))
    if "before_id" in query:
        end = ids.index(query["before_id"])
        rows, more = listed[max(0, end - most) : end], end > most
    else:
        start = ids.index(query["after_id"]) + 1 if "after_id" in query else 0
        start = max(0, start - fault.get("back", 0))
        rows, more = listed[start : start + most], len(ids) > start + most
    if fault.get("do") == "empty":
        rows, more = [], False
    return {
        "data": [{**desk.show(batch), **fault.get("shows", {})} for batch in rows],
        "has_more": fault.get("has_more", more),
        "first_id": rows[0].id if rows else None,
        "last_id": rows[-1].id if rows else None,
    }


def retrieve(desk: Desk, batch: Batch) -> None:
    """One poll: time passes for the batch."""
    api = desk.provider
    with api.lock:
        fault = api.fault("retrieve", batch)
    do = fault.get("do")
    if do == "hang":
        time.sleep(fault["seconds"])
    with api.lock:
        if do in BEFORE:
            desk.fail(fault)
            return
        if do == "vanish":
            api.vanish(batch)
            desk.refuse(404, "not_found_error", f"No batch {batch.id}")
            return
        if do in ("archived", "no-url") and batch.ended is None:
            api.end(batch)
        if do not in ("status", "archived", "no-url"):
            api.poll(batch)
        shown = desk.show(batch)
    if do == "status":
        shown["processing_status"] = fault["value"]
    elif do in ("archived", "no-url"):
        shown["results_url"] = None
        shown["archived_at"] = wire.stamp(api.now()) if do == "archived" else None
    elif do == "counts":
        shown["request_counts"] |= fault["counts"]
    desk.send(200, shown)


def results(desk: Desk, batch: Batch) -> None:
    """The results of a batch that has ended."""
    api = desk.provider
    with api.lock:
        fault = api.fault("results", batch)
        lines = list(api.result_lines(batch)) if batch.ended is not None else None
        if fault.get("do") == "vanish":
            api.vanish(batch)
            lines = None
    if lines is None:
        desk.refuse(404, "not_found_error", "The batch has not ended.")
    elif fault.get("do") in BEFORE:
        desk.fail(fault)
    else:
        if fault.get("do") == "hang":
            time.sleep(fault["seconds"])
        sent = desk.send_results(lines, fault)
        with api.lock:
            api.books.hand_over(sent)


def cancel(desk: Desk, batch: Batch) -> None:
    """Ask for the end of a batch, which comes with its next polls."""
    api = desk.provider
    with api.lock:
        fault = api.fault("cancel", batch)
        if fault.get("do") in BEFORE:
            desk.fail(fault)
        elif batch.ended is not None:
            desk.refuse(400, "invalid_request_error", "The batch has already ended.")
        else:
            batch.cancel_initiated = batch.cancel_initiated or api.now()
            if fault:
                desk.fail(fault)
            else:
                desk.send(200, desk.show(batch))


def delete(desk: Desk, batch: Batch) -> None:
    """Remove a batch that has ended."""
    api = desk.provider
    with api.lock:
        fault = api.fault("delete", batch)
        if fault:
            desk.fail(fault)
        elif batch.ended is None:
            desk.refuse(400, "invalid_request_error", "Cancel the batch first.")
        else:
            api.vanish(batch)
            desk.send(200, {"id": batch.id, "type": "message_batch_deleted"})
