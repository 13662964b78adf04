"""A Message Batches API on 127.0.0.1 that fails on cue and keeps count.

It speaks the wire format of the real API: one JSON POST to create, `GET` to poll, cursors to list, JSON Lines
for results, both ways of sending the key, both API versions. All counts but `processing` stay zero until a batch
has ended, results come in another order than the requests, and `params` are judged only in the results.

In a test:

    with FakeApi({"faults": [{"on": "create", "nth": 1, "do": "lose-answer"}]}) as api:
        run_program(env={"ANTHROPIC_BASE_URL": api.url, "ANTHROPIC_API_KEY": api.key})
        assert api.paid_twice() == []

As a process: `python tests/fake_api.py --port 8123 --scenario scenario.json`, then `GET /_control/state` and
`POST /_control/scenario`.

A scenario is a JSON object; every key has a default (see `DEFAULTS`).

`faults`: a list; each names the operation (`on`: create, retrieve, list, results, cancel, delete), which calls of
that operation (`nth` from 1, `times`, default 1; `times: -1` for ever; `batch`: only the batch with that number,
and then `nth` counts its calls), and what happens (`do`):

    drop          the connection closes; nothing was done
    lose-answer   it is done, then the connection closes
    late          the connection closes; it is done `seconds` later
    foreign       the connection closes; somebody else makes a batch of the same size
    foreign-too   somebody else makes a batch first (`count` of them, of `size`); then as `lose-answer`
    error         HTTP `status` with `type`, `message`, `error_code`, `retry_after` or `headers`; nothing was done
    error-after   it is done, then as `error`
    html          HTTP `status` (200) with an HTML page; nothing was done
    html-after    it is done, then as `html`
    garbage       HTTP 200, `application/json`, a body that is no JSON; nothing was done
    hang          it is done, and the answer comes after `seconds`
    cut           results: the connection closes after `bytes` bytes, or `share` of the body
    short         results: the last `lines` lines are missing, and the body ends as if whole
    slow          results: sent in `pieces`, `seconds` in all
    status        retrieve: `processing_status` is `value`
    archived      retrieve: ended, and the results are no longer there
    no-url        retrieve: ended, but `results_url` is null

`outcomes`: a list; the first that fits decides what becomes of a request. `id` is a regular expression for the
whole custom_id, `attempt` the number of times that this id has been accepted. `type` is succeeded, errored
(with `error`, `message`), expired, canceled, missing, or any other word; `stop_reason`, `output_tokens`, `usage`,
`content` and `text` shape a success. `retriable`: to send such a request again is not needless, whatever its class.
"""

from __future__ import annotations

import argparse
import io
import json
import random
import re
import sys
import threading
import time
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, urlsplit

VERSIONS = ("2023-06-01", "2026-10-21")
CUSTOM_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")
# What the first attempt may end in so that a second attempt is in order.
MAY_BE_SENT_AGAIN = {
    "api_error",
    "overloaded_error",
    "rate_limit_error",
    "timeout_error",
    "expired",
    "missing",
}

DEFAULTS: dict[str, Any] = {
    "key": "sk-test-0123456789",
    "polls": 1,  # a batch has ended at the first poll after this many
    "seconds": 0.0,  # and not before this long after it was made,
    "seconds_per_request": 0.0,  # and as much longer for each of its requests
    "queue_limit": None,  # requests in batches that have not ended; beyond it 429
    "queue_retry_after": None,
    "max_bytes": 256_000_000,  # beyond it 413
    "max_requests": 100_000,
    "list_delay": 0.0,  # a new batch is listed only after this many seconds
    "clock_offset": 0.0,  # seconds by which the API's clock is ahead
    "keep_params": True,  # keep what was sent; False for runs of a gigabyte
    "retired": [],
    "faults": [],
    "outcomes": [],
    "seed": 1,
}


@dataclass
class Entry:
    """One request of a batch: what was asked and what becomes of it."""

    custom_id: str
    model: str
    input_tokens: int
    attempt: int
    outcome: dict[str, Any]


@dataclass
class Batch:
    id: str
    number: int
    created: float
    entries: list[Entry]
    foreign: bool = False
    polls_left: int = 0
    cancel_initiated: float | None = None
    ended: float | None = None
    bytes: int = 0
    calls: Counter[str] = field(default_factory=Counter)


class CutError(Exception):
    """Close the connection now."""


class FakeApi:
    """The server. Use it as a context manager; read its counts when the program has ended."""

    def __init__(self, scenario: dict[str, Any] | None = None, *, port: int = 0) -> None:
        self.lock = threading.RLock()
        self.batches: list[Batch] = []
        self.calls: Counter[str] = Counter()
        self.log: deque[str] = deque(maxlen=2000)
        self.headers: list[dict[str, str]] = []
        self.params: dict[str, list[Any]] = {}
        self.bodies: list[bytes] = []
        self.accepted: Counter[str] = Counter()  # custom_id -> batches that hold it
        self.billed: Counter[str] = Counter()  # custom_id -> answers that cost money
        self.needless: list[str] = []  # accepted again though the last attempt stands
        self.standing: dict[str, str] = {}  # custom_id -> open, succeeded, or why it failed
        self.creating = 0
        self.most_creating = 0  # creates under way at once
        self.most_queued = 0
        self.largest = {"requests": 0, "bytes": 0}
        self.set_scenario(scenario or {})

        api = self

        class Handler(_Handler):
            server_api = api

        self.server = _Server(("127.0.0.1", port), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)

    def set_scenario(self, scenario: dict[str, Any]) -> None:
        unknown = sorted(set(scenario) - set(DEFAULTS))
        if unknown:
            raise ValueError(f"unknown scenario keys: {', '.join(unknown)}")
        with self.lock:
            self.scenario = {**DEFAULTS, **scenario}
            self.key: str = self.scenario["key"]
            self.rules = [
                {**rule, "id": re.compile(rule.get("id", ".*"))}
                for rule in self.scenario["outcomes"]
            ]

    def __enter__(self) -> FakeApi:
        self.thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.server.shutdown()
        self.server.server_close()

    # --- counts -------------------------------------------------------------------------------------------------

    def own(self) -> list[Batch]:
        return [batch for batch in self.batches if not batch.foreign]

    def paid_twice(self) -> list[str]:
        return sorted(custom_id for custom_id, times in self.billed.items() if times > 1)

    def state(self) -> dict[str, Any]:
        with self.lock:
            return {
                "calls": dict(self.calls),
                "batches": [
                    {
                        "id": b.id,
                        "requests": len(b.entries),
                        "bytes": b.bytes,
                        "foreign": b.foreign,
                        "ended": b.ended is not None,
                    }
                    for b in self.batches
                ],
                "accepted": sum(self.accepted.values()),
                "ids": len(self.accepted),
                "billed": sum(self.billed.values()),
                "paid_twice": self.paid_twice()[:50],
                "needless": self.needless[:50],
                "most_queued": self.most_queued,
                "most_creating": self.most_creating,
                "largest": self.largest,
            }

    # --- what the API does --------------------------------------------------------------------------------------

    def now(self) -> float:
        return time.time() + float(self.scenario["clock_offset"])

    def fault(self, operation: str, batch: Batch | None = None) -> dict[str, Any]:
        """The fault that is due on this call, or an empty one."""
        self.calls[operation] += 1
        if batch:
            batch.calls[operation] += 1
        for fault in self.scenario["faults"]:
            if fault["on"] != operation:
                continue
            count = self.calls[operation]
            if "batch" in fault:
                if batch is None or batch.number != fault["batch"]:
                    continue
                count = batch.calls[operation]
            first, times = fault.get("nth", 1), fault.get("times", 1)
            if first <= count and (times < 0 or count < first + times):
                return dict(fault)
        return {}

    def make(self, requests: list[dict[str, Any]], size: int, version: str) -> Batch:
        entries = []
        for request in requests:
            custom_id, params = request["custom_id"], request["params"]
            self.accepted[custom_id] += 1
            if self.standing.get(custom_id, "missing") not in MAY_BE_SENT_AGAIN:
                self.needless.append(custom_id)
            self.standing[custom_id] = "open"
            if self.scenario["keep_params"]:
                self.params.setdefault(custom_id, []).append(params)
            attempt = self.accepted[custom_id]
            model = str(params.get("model", ""))
            entries.append(
                Entry(
                    custom_id, model, 9, attempt, self.outcome(custom_id, attempt, params, version)
                )
            )
        return self.add(entries, size)

    def make_foreign(self, size: int) -> Batch:
        count = len(self.batches)
        entries = [
            Entry(f"theirs-{count}-{n}", "claude-sonnet-5-5", 9, 1, {"type": "succeeded"})
            for n in range(size)
        ]
        batch = self.add(entries, 0)
        batch.foreign = True
        return batch

    def add(self, entries: list[Entry], size: int) -> Batch:
        number = len(self.batches) + 1
        batch = Batch(
            f"msgbatch_{number:06d}",
            number,
            self.now(),
            entries,
            polls_left=int(self.scenario["polls"]),
            bytes=size,
        )
        if self.batches and batch.created <= self.batches[-1].created:
            batch.created = self.batches[-1].created + 1e-6
        self.batches.append(batch)
        self.most_queued = max(self.most_queued, self.queued())
        self.largest["requests"] = max(self.largest["requests"], len(entries))
        self.largest["bytes"] = max(self.largest["bytes"], size)
        return batch

    def outcome(
        self, custom_id: str, attempt: int, params: dict[str, Any], version: str
    ) -> dict[str, Any]:
        for rule in self.rules:
            if rule["id"].fullmatch(custom_id) and rule.get("attempt", attempt) == attempt:
                return {key: value for key, value in rule.items() if key not in ("id", "attempt")}
        wrong = ""
        if params.get("stream") or "speed" in params:
            wrong = "stream and speed are not supported in a batch"
        elif not params.get("max_tokens"):
            wrong = "max_tokens: must be at least 1"
        elif version == "2026-10-21" and {"temperature", "top_p", "top_k"} & params.keys():
            wrong = "temperature: no such parameter"
        if wrong:
            return {"type": "errored", "error": "invalid_request_error", "message": wrong}
        if params.get("model") in self.scenario["retired"]:
            return {
                "type": "errored",
                "error": "not_found_error",
                "message": f"model: {params['model']}",
            }
        return {"type": "succeeded"}

    def queued(self) -> int:
        return sum(
            len(batch.entries)
            for batch in self.batches
            if batch.ended is None and not batch.foreign
        )

    def poll(self, batch: Batch) -> None:
        """Let time pass for one batch: it ends after its polls and its seconds."""
        if batch.ended is None:
            takes = float(self.scenario["seconds"]) + len(batch.entries) * float(
                self.scenario["seconds_per_request"]
            )
            now = self.now()
            if batch.polls_left <= 0 and now - batch.created >= takes:
                self.end(batch, batch.created + takes if takes else None)
            batch.polls_left -= 1

    def end(self, batch: Batch, at: float | None = None) -> None:
        batch.ended = self.now() if at is None else at
        for entry in batch.entries:
            if (
                batch.cancel_initiated is not None
                and entry.outcome["type"] == "succeeded"
                and entry.outcome.get("cancelable", True)
            ):
                entry.outcome = {"type": "canceled"}
            kind = entry.outcome["type"]
            if batch.foreign:
                continue
            if kind == "succeeded":
                self.billed[entry.custom_id] += 1
            self.standing[entry.custom_id] = (
                "missing" if entry.outcome.get("retriable") else entry.outcome.get("error", kind)
            )

    def show(self, batch: Batch) -> dict[str, Any]:
        counts = {
            "processing": len(batch.entries),
            "succeeded": 0,
            "errored": 0,
            "canceled": 0,
            "expired": 0,
        }
        if batch.ended is not None:
            counts["processing"] = 0
            for entry in batch.entries:
                kind = entry.outcome["type"]
                counts[kind if kind in counts else "errored"] += 1
        status = (
            "ended"
            if batch.ended is not None
            else "canceling"
            if batch.cancel_initiated
            else "in_progress"
        )
        return {
            "id": batch.id,
            "type": "message_batch",
            "processing_status": status,
            "request_counts": counts,
            "created_at": stamp(batch.created),
            "expires_at": stamp(batch.created + 86_400),
            "ended_at": stamp(batch.ended),
            "cancel_initiated_at": stamp(batch.cancel_initiated),
            "archived_at": None,
            "results_url": f"{self.url}/v1/messages/batches/{batch.id}/results"
            if batch.ended is not None
            else None,
        }

    def result_lines(self, batch: Batch) -> Iterator[bytes]:
        entries = list(batch.entries)
        random.Random(f"{self.scenario['seed']} {batch.number}").shuffle(entries)
        for entry in entries:
            if entry.outcome["type"] != "missing":
                result = {"custom_id": entry.custom_id, "result": result_of(entry)}
                text = json.dumps(result, ensure_ascii=False, separators=(",", ":"))
                yield (
                    text.encode("utf-8", "backslashreplace") + b"\n"
                )  # half a surrogate pair has no UTF-8


def result_of(entry: Entry) -> dict[str, Any]:
    outcome = entry.outcome
    if outcome["type"] == "errored":
        error = {
            "type": outcome.get("error", "api_error"),
            "message": outcome.get("message", "It failed."),
        }
        return {
            "type": "errored",
            "error": {"type": "error", "error": error, "request_id": "req_0123"},
        }
    if outcome["type"] != "succeeded":
        return {"type": outcome["type"]}
    # U+2028 and U+0085 end a line for str.splitlines and for some readers, but not in JSON Lines.
    text = outcome.get("text", f"Answer to {entry.custom_id}:\u2028second\u0085third\nfourth")
    usage = {
        "input_tokens": entry.input_tokens,
        "output_tokens": outcome.get("output_tokens", 7),
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0,
        "service_tier": "batch",
        **outcome.get("usage", {}),
    }
    message = {
        "id": f"msg_{entry.custom_id}",
        "type": "message",
        "role": "assistant",
        "model": entry.model,
        "content": outcome.get("content", [{"type": "text", "text": text}]),
        "stop_reason": outcome.get("stop_reason", "end_turn"),
        "stop_sequence": None,
        "usage": usage,
    }
    return {"type": "succeeded", "message": message}


def stamp(seconds: float | None) -> str | None:
    if seconds is None:
        return None
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


class _Server(ThreadingHTTPServer):
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A program that was killed leaves its connection; anything else is a defect of this server."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server_api: FakeApi
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 1 << 16

    def log_message(self, format: str, *args: Any) -> None:  # noqa: ARG002 - the name of the base class
        self.server_api.log.append(f"{self.command} {self.path} {args[1] if len(args) > 1 else ''}")

    def do_GET(self) -> None:
        self.answer(b"")

    def do_DELETE(self) -> None:
        self.answer(b"")

    def do_POST(self) -> None:
        self.answer(self.rfile.read(int(self.headers.get("content-length") or 0)))

    def answer(self, body: bytes) -> None:
        try:
            self.route(body)
        except (CutError, BrokenPipeError, ConnectionResetError):
            self.close_connection = True
            self.wfile = io.BytesIO()  # what is buffered is not sent

    def route(self, body: bytes) -> None:
        api = self.server_api
        url = urlsplit(self.path)
        query = {key: values[-1] for key, values in parse_qs(url.query).items()}
        parts = [part for part in url.path.split("/") if part]
        if parts[:1] == ["_control"]:
            self.control(parts[1:], body)
            return
        with api.lock:
            api.headers.append({name.lower(): value for name, value in self.headers.items()})
            if len(api.headers) > 1000:
                del api.headers[:500]
        if self.headers.get("anthropic-version") not in VERSIONS:
            self.refuse(400, "invalid_request_error", "anthropic-version: header is required")
            return
        bearer = self.headers.get("authorization", "")
        if self.headers.get("x-api-key") != api.key and bearer != f"Bearer {api.key}":
            self.refuse(401, "authentication_error", "invalid x-api-key")
            return
        match (self.command, parts[:3], parts[3:]):
            case ("POST", ["v1", "messages", "batches"], []):
                self.create(body)
            case ("GET", ["v1", "messages", "batches"], []):
                self.list(query)
            case (method, ["v1", "messages", "batches"], [batch_id, *rest]):
                with api.lock:
                    batch = next((b for b in api.batches if b.id == batch_id), None)
                if batch is None:
                    self.refuse(404, "not_found_error", f"No batch {batch_id}")
                    return
                match (method, rest):
                    case ("GET", []):
                        self.retrieve(batch)
                    case ("GET", ["results"]):
                        self.results(batch)
                    case ("POST", ["cancel"]):
                        self.cancel(batch)
                    case ("DELETE", []):
                        self.delete(batch)
                    case _:
                        self.refuse(405, "invalid_request_error", "Method not allowed")
            case _:
                self.refuse(404, "not_found_error", "Not found")

    def control(self, parts: list[str], body: bytes) -> None:
        api = self.server_api
        if parts == ["state"]:
            self.send(200, api.state())
        elif parts == ["scenario"] and self.command == "POST":
            api.set_scenario(json.loads(body))
            self.send(200, {})
        elif parts == ["foreign"] and self.command == "POST":
            with api.lock:
                self.send(200, {"id": api.make_foreign(json.loads(body)["requests"]).id})
        else:
            self.send(404, {})

    # --- operations ---------------------------------------------------------------------------------------------

    def create(self, body: bytes) -> None:
        api = self.server_api
        with api.lock:
            api.creating += 1
            api.most_creating = max(api.most_creating, api.creating)
            fault = api.fault("create")
        try:
            do = fault.get("do")
            if do in ("drop", "error", "html", "garbage"):
                self.fail(fault)
                return
            # Parsed outside the lock: it takes a while for a large body, and polls go on meanwhile.
            if len(body) > api.scenario["max_bytes"]:
                self.refuse(413, "request_too_large", "Request exceeds the maximum size")
                return
            try:
                requests = json.loads(body)["requests"]
                ids = [request["custom_id"] for request in requests]
                for request in requests:
                    if set(request) != {"custom_id", "params"} or not isinstance(
                        request["params"], dict
                    ):
                        raise ValueError("requests: Extra inputs are not permitted")
            except (ValueError, KeyError, TypeError) as error:
                self.refuse(400, "invalid_request_error", f"The body is no batch: {error}")
                return
            if not ids or len(ids) > api.scenario["max_requests"]:
                self.refuse(
                    400,
                    "invalid_request_error",
                    f"requests: from 1 to {api.scenario['max_requests']}",
                )
                return
            if len(set(ids)) < len(ids) or not all(
                isinstance(i, str) and CUSTOM_ID.fullmatch(i) for i in ids
            ):
                self.refuse(400, "invalid_request_error", "custom_id: malformed or repeated")
                return
            with api.lock:
                limit = api.scenario["queue_limit"]
                if limit is not None and api.queued() + len(ids) > limit:
                    headers = (
                        {}
                        if api.scenario["queue_retry_after"] is None
                        else {"retry-after": str(api.scenario["queue_retry_after"])}
                    )
                    self.refuse(
                        429,
                        "rate_limit_error",
                        "Too many requests in the batch processing queue",
                        headers=headers,
                    )
                    return
                if do == "foreign":
                    api.make_foreign(len(ids))
                    raise CutError
                if do == "foreign-too":
                    for _ in range(fault.get("count", 1)):
                        api.make_foreign(fault.get("size", len(ids)))
                    do = "lose-answer"
                version = self.headers["anthropic-version"]
                if do == "late":
                    threading.Timer(
                        fault["seconds"], self.make_late, (requests, len(body), version)
                    ).start()
                    raise CutError
                batch = api.make(requests, len(body), version)
                if api.scenario["keep_params"]:
                    api.bodies.append(body)
            if do in ("lose-answer", "error-after", "html-after"):
                self.fail(fault)
                return
        finally:
            with api.lock:
                api.creating -= 1
        if do == "hang":
            time.sleep(fault["seconds"])
        self.send(200, api.show(batch))

    def make_late(self, requests: list[dict[str, Any]], size: int, version: str) -> None:
        with self.server_api.lock:
            self.server_api.make(requests, size, version)

    def list(self, query: dict[str, str]) -> None:
        api = self.server_api
        with api.lock:
            fault = api.fault("list")
            if fault:
                self.fail(fault)
                return
            seen_until = api.now() - float(api.scenario["list_delay"])
            newest_first = [b for b in reversed(api.batches) if b.created <= seen_until]
            limit = int(query.get("limit", "20"))
            if not 1 <= limit <= 1000:
                self.refuse(400, "invalid_request_error", "limit: from 1 to 1000")
                return
            ids = [batch.id for batch in newest_first]
            if "after_id" in query:
                if query["after_id"] not in ids:
                    self.refuse(400, "invalid_request_error", "after_id: no such batch")
                    return
                start = ids.index(query["after_id"]) + 1
                page, more = newest_first[start : start + limit], len(ids) > start + limit
            elif "before_id" in query:
                end = ids.index(query["before_id"])
                page, more = newest_first[max(0, end - limit) : end], end > limit
            else:
                page, more = newest_first[:limit], len(ids) > limit
            first, last = (page[0].id, page[-1].id) if page else (None, None)
            self.send(
                200,
                {
                    "data": [api.show(b) for b in page],
                    "has_more": more,
                    "first_id": first,
                    "last_id": last,
                },
            )

    def retrieve(self, batch: Batch) -> None:
        api = self.server_api
        with api.lock:
            fault = api.fault("retrieve", batch)
            do = fault.get("do")
        if do == "hang":
            time.sleep(fault["seconds"])
            fault = {}
        with api.lock:
            if do in ("archived", "no-url") and batch.ended is None:
                api.end(batch)
            if do in ("status", "archived", "no-url"):
                shown = api.show(batch)
                if do == "status":
                    shown["processing_status"] = fault["value"]
                else:
                    shown["results_url"] = None
                    shown["archived_at"] = stamp(api.now()) if do == "archived" else None
                self.send(200, shown)
                return
            if fault:
                self.fail(fault)
                return
            api.poll(batch)
            self.send(200, api.show(batch))

    def cancel(self, batch: Batch) -> None:
        api = self.server_api
        with api.lock:
            fault = api.fault("cancel", batch)
            if batch.ended is not None:
                self.refuse(400, "invalid_request_error", "The batch has already ended.")
                return
            if fault.get("do") not in ("drop", "error", "html"):
                batch.cancel_initiated = batch.cancel_initiated or api.now()
            if fault:
                self.fail(fault)
                return
            self.send(200, api.show(batch))

    def delete(self, batch: Batch) -> None:
        api = self.server_api
        with api.lock:
            fault = api.fault("delete", batch)
            if fault:
                self.fail(fault)
                return
            if batch.ended is None:
                self.refuse(400, "invalid_request_error", "Cancel the batch first.")
                return
            api.batches.remove(batch)
            self.send(200, {"id": batch.id, "type": "message_batch_deleted"})

    def results(self, batch: Batch) -> None:
        api = self.server_api
        with api.lock:
            fault = api.fault("results", batch)
            if batch.ended is None:
                self.refuse(404, "not_found_error", "The batch has not ended.")
                return
            lines = list(api.result_lines(batch))
        do = fault.get("do")
        if do == "hang":
            time.sleep(fault["seconds"])
        elif fault and do not in ("cut", "short", "slow"):
            self.fail(fault)
            return
        if do == "short":
            lines = lines[: -fault.get("lines", 1)]
        body = b"".join(lines)
        self.send_response(200)
        self.send_header("content-type", "application/x-jsonl")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        if do == "cut":
            self.wfile.write(body[: fault.get("bytes", int(len(body) * fault.get("share", 0.5)))])
            self.wfile.flush()
            raise CutError
        if do == "slow":
            pieces = fault.get("pieces", 10)
            step = max(1, -(-len(body) // pieces))
            for start in range(0, len(body), step):
                self.wfile.write(body[start : start + step])
                self.wfile.flush()
                time.sleep(fault.get("seconds", 0.5) / pieces)
            return
        self.wfile.write(body)

    # --- answers ------------------------------------------------------------------------------------------------

    def fail(self, fault: dict[str, Any]) -> None:
        do = fault["do"]
        if do in ("drop", "lose-answer"):
            raise CutError
        if do in ("html", "html-after"):
            page = b"<!DOCTYPE html><html><body><h1>A page of some proxy</h1></body></html>\n"
            self.send_bytes(fault.get("status", 200), page, "text/html; charset=utf-8")
            return
        if do == "garbage":
            self.send_bytes(200, b'{"id": "msgbatch_', "application/json")
            return
        if do in ("error", "error-after"):
            status = fault.get("status", 500)
            headers = dict(fault.get("headers", {}))
            if "retry_after" in fault:
                headers["retry-after"] = str(fault["retry_after"])
            kind = fault.get("type", "api_error")
            self.refuse(
                status, kind, fault.get("message", "On cue."), fault.get("error_code"), headers
            )
            return
        raise ValueError(f"no such fault: {do}")

    def refuse(
        self,
        status: int,
        kind: str,
        message: str,
        code: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        error: dict[str, Any] = {"type": kind, "message": message}
        if code:
            error["details"] = {"error_code": code}
        self.send(status, {"type": "error", "error": error, "request_id": "req_0123"}, headers)

    def send(self, status: int, value: object, headers: dict[str, str] | None = None) -> None:
        self.send_bytes(status, json.dumps(value).encode(), "application/json", headers)

    def send_bytes(
        self, status: int, body: bytes, kind: str, headers: dict[str, str] | None = None
    ) -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.send_header("request-id", "req_0123")
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def main() -> None:
    parser = argparse.ArgumentParser(
        description="A Message Batches API on 127.0.0.1 that fails on cue."
    )
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--scenario", help="a JSON file")
    arguments = parser.parse_args()
    scenario = {}
    if arguments.scenario:
        scenario = json.loads(Path(arguments.scenario).read_text("utf-8"))
    with FakeApi(scenario, port=arguments.port) as api:
        print(api.url, flush=True)
        api.thread.join()


if __name__ == "__main__":
    main()
