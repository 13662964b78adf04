"""What an operation finds at the door: the provider, whose key it is, the body, the answers."""

from __future__ import annotations

from typing import Any, BinaryIO, cast

from planner.fake import body as bodies
from planner.fake import wire
from planner.fake.answers import Answers
from planner.fake.batch import Batch
from planner.fake.provider import Provider
from planner.fake.scenario import Fault


class Desk(Answers):
    """One connection. A subclass names the provider behind it and the address in front of it."""

    provider: Provider
    address: str
    account: dict[str, Any]

    def log_message(self, format: str, *args: Any) -> None:  # noqa: ARG002 - as the base class has it
        status = args[1] if len(args) > 1 else ""
        self.provider.log.append(f"{self.command} {self.path} {status}")

    def body(self, bytes_per_second: float = 0.0) -> bytes:
        chunked = "chunked" in self.headers.get("transfer-encoding", "")
        length = None if chunked else int(self.headers.get("content-length") or 0)
        return bodies.read(cast(BinaryIO, self.rfile), length, bytes_per_second)

    def fail(self, fault: Fault) -> None:
        if fault["do"].startswith("kill"):
            self.provider.kill()
        super().fail(fault)

    def account_headers(self) -> dict[str, str]:
        if not self.account or not self.provider.scenario["account_headers"]:
            return {}
        return {
            "anthropic-organization-id": self.account["organization"],
            "anthropic-workspace-id": self.account["workspace"],
        }

    def show(self, batch: Batch) -> dict[str, Any]:
        return wire.batch_shown(batch, self.provider.scenario["results_at"] or self.address)
