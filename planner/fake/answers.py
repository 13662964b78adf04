"""What is sent back over HTTP: JSON, errors, pages of a proxy, results cut, short, slow, spoilt."""

from __future__ import annotations

import io
import json
import time
from http.server import BaseHTTPRequestHandler

from planner.fake import wire
from planner.fake.scenario import Fault

PAGE = b"<!DOCTYPE html><html><body><h1>A page of some proxy</h1></body></html>\n"


class CutError(Exception):
    """Close the connection now."""


class Answers(BaseHTTPRequestHandler):
    """The sending half of the door."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 1 << 16

    def account_headers(self) -> dict[str, str]:
        """The headers that say whose account answers."""
        return {}

    def send(self, status: int, value: object, headers: dict[str, str] | None = None) -> None:
        self.send_bytes(status, json.dumps(value).encode(), "application/json", headers)

    def send_bytes(
        self, status: int, body: bytes, kind: str, headers: dict[str, str] | None = None
    ) -> None:
        self.send_head(status, kind, len(body), headers)
        self.wfile.write(body)

    def send_head(
        self, status: int, kind: str, length: int, headers: dict[str, str] | None = None
    ) -> None:
        self.send_response(status)
        fixed = {"content-type": kind, "content-length": str(length), "request-id": "req_0123"}
        for name, value in {**fixed, **self.account_headers(), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()

    def refuse(
        self,
        status: int,
        kind: str,
        message: str,
        code: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        """An error in the API's form."""
        self.send(status, wire.error(kind, message, code), headers)

    def fail(self, fault: Fault) -> None:
        """The answer of a fault after which, or instead of which, nothing else is answered."""
        do = fault["do"]
        if do in ("html", "html-after"):
            self.send_bytes(fault.get("status", 200), PAGE, "text/html; charset=utf-8")
        elif do == "json-after":
            self.send(200, fault["body"])
        elif do == "garbage":
            self.send_bytes(200, b'{"id": "msgbatch_', "application/json")
        elif do == "redirect":
            self.send(fault.get("status", 307), {}, {"location": fault["url"]})
        elif do in ("error", "error-after"):
            headers = dict(fault.get("headers", {}))
            if "retry_after" in fault:
                headers["retry-after"] = str(fault["retry_after"])
            status, kind = fault.get("status", 500), fault.get("type", "api_error")
            message = fault.get("message", "On cue.")
            self.refuse(status, kind, message, fault.get("error_code"), headers)
        else:
            raise CutError

    def send_results(self, lines: list[bytes], fault: Fault) -> list[bytes]:
        """The body of the results, with what goes wrong on the way. The lines that went out."""
        lines = spoilt(lines, fault)
        body = b"".join(lines)
        self.send_head(200, "application/x-jsonl", len(body))
        do, pieces = fault.get("do"), fault.get("pieces", 10)
        if do in ("cut", "stall"):
            self.wfile.write(body[: fault.get("bytes", int(len(body) * fault.get("share", 0.5)))])
            self.wfile.flush()
            if do == "stall":
                time.sleep(fault["seconds"])
            raise CutError
        if do == "slow":
            step = max(1, -(-len(body) // pieces))
            for start in range(0, len(body), step):
                self.wfile.write(body[start : start + step])
                self.wfile.flush()
                time.sleep(fault.get("seconds", 0.5) / pieces)
            return lines
        self.wfile.write(body)
        self.wfile.flush()
        return lines

    def drop(self) -> None:
        """Close the connection; what is buffered is not sent."""
        self.close_connection = True
        self.wfile = io.BytesIO()


def spoilt(lines: list[bytes], fault: Fault) -> list[bytes]:
    """The lines that a fault leaves, ending as if they were whole."""
    match fault.get("do"):
        case "short":
            return lines[: fault.get("keep", -fault.get("lines", 1))]
        case "stray":
            after = fault.get("after", 0)
            strays = [raw(text) for text in fault["lines"]]
            return [*lines[:after], *strays, *lines[after:]]
        case "twice":
            return [*lines[:1], *lines[:1], *lines[2:]]
        case "spoil":
            count: int = fault.get("lines", 1)
            return [*[raw(fault["text"])] * count, *lines[count:]]
    return lines


def raw(text: str) -> bytes:
    """A line as it stands; a byte that is no UTF-8 stands in the text as half a surrogate pair."""
    return text.encode("utf-8", "surrogateescape") + b"\n"
