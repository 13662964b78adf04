"""The door of the fake API: who is let in, and which operation it is."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.fake_api import body as bodies
from tests.fake_api import control, operations, wire
from tests.fake_api.answers import Answers, CutError
from tests.fake_api.provider import Batch, Provider

BATCHES = ["v1", "messages", "batches"]


class Door(Answers):
    """One connection. A subclass names the provider behind it and the address in front of it."""

    provider: Provider
    address: str
    account: dict[str, Any]

    def log_message(self, format: str, *args: Any) -> None:  # noqa: ARG002 - the name of the base class
        status = args[1] if len(args) > 1 else ""
        self.provider.log.append(f"{self.command} {self.path} {status}")

    def do_GET(self) -> None:
        self.answer()

    def do_DELETE(self) -> None:
        self.answer()

    def do_POST(self) -> None:
        self.answer()

    def answer(self) -> None:
        self.account = {}
        try:
            self.route()
        except (CutError, BrokenPipeError, ConnectionResetError):
            self.drop()

    def body(self, bytes_per_second: float = 0.0) -> bytes:
        chunked = "chunked" in self.headers.get("transfer-encoding", "")
        length = None if chunked else int(self.headers.get("content-length") or 0)
        return bodies.read(self.rfile, length, bytes_per_second)  # type: ignore[arg-type]  # a socket's file

    def account_headers(self) -> dict[str, str]:
        if not self.account or not self.provider.scenario["account_headers"]:
            return {}
        return {
            "anthropic-organization-id": self.account["organization"],
            "anthropic-workspace-id": self.account["workspace"],
        }

    def enter(self) -> bool:
        """Whether the key is let in; if not, it was told."""
        scenario = self.provider.scenario
        keys = {scenario["key"]: {n: scenario[n] for n in ("workspace", "organization")}}
        keys |= scenario["accounts"]
        bearer = self.headers.get("authorization", "").removeprefix("Bearer ")
        self.account = keys.get(self.headers.get("x-api-key") or bearer, {})
        with self.provider.lock:
            self.provider.headers.append({name.lower(): v for name, v in self.headers.items()})
        if self.headers.get("anthropic-version") not in wire.VERSIONS:
            self.body()
            self.refuse(400, "invalid_request_error", "anthropic-version: header is required")
        elif not self.account:
            self.body()
            self.refuse(401, "authentication_error", "invalid x-api-key")
        else:
            return True
        return False

    def route(self) -> None:
        url = urlsplit(self.path)
        path = url.path.removeprefix(self.provider.scenario["prefix"])
        parts = [part for part in path.split("/") if part]
        if parts[:1] == ["_control"]:
            self.control(parts[1:])
            return
        if not self.enter():
            return
        match (self.command, parts[:3], parts[3:]):
            case ("POST", what, []) if what == BATCHES:
                operations.create(self)
            case ("GET", what, []) if what == BATCHES:
                query = {name: values[-1] for name, values in parse_qs(url.query).items()}
                operations.list_batches(self, query)
            case (method, what, [batch_id, *rest]) if what == BATCHES:
                self.one(method, batch_id, rest)
            case _:
                self.body()
                self.refuse(404, "not_found_error", "Not found")

    def one(self, method: str, batch_id: str, rest: list[str]) -> None:
        """An operation on one batch."""
        table = {
            ("GET", ()): operations.retrieve,
            ("GET", ("results",)): operations.results,
            ("POST", ("cancel",)): operations.cancel,
            ("DELETE", ()): operations.delete,
        }
        operation = table.get((method, tuple(rest)))
        self.body()
        with self.provider.lock:
            batch = next((b for b in self.provider.batches if b.id == batch_id), None)
        if operation is None:
            self.refuse(405, "invalid_request_error", "Method not allowed")
        elif batch is None or batch.workspace != self.account["workspace"]:
            self.refuse(404, "not_found_error", f"No batch {batch_id}")
        else:
            operation(self, batch)

    def show(self, batch: Batch) -> dict[str, Any]:
        return wire.batch_shown(batch, self.provider.scenario["results_at"] or self.address)

    def control(self, parts: list[str]) -> None:
        told = control.answer(self.provider, self.command, parts, self.body())
        self.send(404 if told is None else 200, told or {})
