"""The door of the fake API: who is let in, and which operation it is."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from planner.fake import control, operations, wire
from planner.fake.answers import CutError
from planner.fake.desk import Desk

BATCHES = ["v1", "messages", "batches"]


class Door(Desk):
    """Lets one connection in, and finds the operation that it asks for."""

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

    def control(self, parts: list[str]) -> None:
        told = control.answer(self.provider, self.command, parts, self.body())
        self.send(404 if told is None else 200, told or {})
